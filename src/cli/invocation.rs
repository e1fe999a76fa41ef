//! Under which name the program was called. Links named as Kafka's scripts behave like those scripts.

use std::ffi::OsString;
use std::path::Path;

/// Kafka's own sentence, for a script without arguments.
const STANDALONE_USAGE: &str = "USAGE: connect-standalone [-daemon] connect-standalone.properties [connector1.properties connector2.json ...]";

const NO_DISTRIBUTED_MODE: &str = "connect-distributed: the distributed mode is to come; nothing was started. \
     Until then run connect-standalone, one worker for each set of connector files (see docs/from-the-jvm.md)";

/// What is to be run.
#[derive(Debug, PartialEq, Eq)]
pub struct Invocation {
    /// As if `turnbuckle` had been called, the program's name first.
    pub arguments: Vec<OsString>,
    /// Whether it is to run in the background, as `-daemon` of Kafka's scripts has it.
    pub daemon: bool,
}

impl Invocation {
    /// Whose exit codes are not those of Kafka's scripts.
    pub fn is_preview(&self) -> bool {
        self.arguments.get(1).is_some_and(|word| word == "preview")
    }
}

/// Reads the command line, program name first.
///
/// # Errors
/// Why the name cannot be served; the exit code is that of usage.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, &'static str> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let name = arguments.first().map(script_name);
    match name.as_deref() {
        Some("connect-standalone") => connect_standalone(&arguments[1..]),
        Some("connect-distributed") => Err(NO_DISTRIBUTED_MODE),
        _ => Ok(Invocation {
            arguments,
            daemon: false,
        }),
    }
}

/// `-daemon` counts as the first argument only, as in the script.
fn connect_standalone(arguments: &[OsString]) -> Result<Invocation, &'static str> {
    let (daemon, files) = match arguments.split_first() {
        Some((first, rest)) if first == "-daemon" => (true, rest),
        _ => (false, arguments),
    };
    if files.is_empty() {
        return Err(STANDALONE_USAGE);
    }
    let as_turnbuckle = ["turnbuckle", "standalone"].map(OsString::from);
    Ok(Invocation {
        arguments: as_turnbuckle.into_iter().chain(files.to_vec()).collect(),
        daemon,
    })
}

/// The last part of the program's path, without `.sh`.
fn script_name(program: &OsString) -> String {
    let name = Path::new(program).file_name().unwrap_or(program);
    let name = name.to_string_lossy();
    name.strip_suffix(".sh").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(words: &[&str]) -> Result<(bool, String), &'static str> {
        let read = read(words.iter().map(OsString::from))?;
        let words: Vec<String> = read
            .arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        Ok((read.daemon, words.join(" ")))
    }

    #[test]
    fn links_named_as_the_script_run_a_standalone_worker() {
        for program in [
            "connect-standalone",
            "connect-standalone.sh",
            "./connect-standalone.sh",
            "/opt/kafka/bin/connect-standalone",
        ] {
            let expected = "turnbuckle standalone w.properties c.json".to_owned();
            let files = ["w.properties", "c.json"];
            assert_eq!(
                called(&[program, files[0], files[1]]),
                Ok((false, expected.clone())),
                "{program}"
            );
            assert_eq!(
                called(&[program, "-daemon", files[0], files[1]]),
                Ok((true, expected)),
                "{program}"
            );
        }
    }

    #[test]
    fn a_script_without_arguments_tells_its_usage() {
        for words in [
            &["connect-standalone.sh"] as &[&str],
            &["connect-standalone", "-daemon"],
        ] {
            assert_eq!(called(words), Err(STANDALONE_USAGE), "{words:?}");
        }
    }

    #[test]
    fn the_distributed_script_is_refused() {
        for program in ["connect-distributed", "bin/connect-distributed.sh"] {
            let words = [program, "w.properties"];
            assert_eq!(called(&words), Err(NO_DISTRIBUTED_MODE), "{program}");
        }
    }

    #[test]
    fn any_other_name_is_the_program_itself() {
        for program in ["turnbuckle", "/usr/bin/turnbuckle-0.1", "turnbuckle.sh"] {
            let expected = format!("{program} standalone -daemon");
            let words = [program, "standalone", "-daemon"];
            assert_eq!(called(&words), Ok((false, expected)), "{program}");
        }
    }
}
