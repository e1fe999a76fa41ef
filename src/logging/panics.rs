//! Panics as lines of the log, of the task they happened in: in its style, with its fields, in its file.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::thread;

use tracing::{Level, enabled, error};

/// From now on. Where the log itself panics it is not asked again: then the text goes to standard error, as without it.
pub(super) fn to_the_log() {
    let plain = take_hook();
    set_hook(Box::new(move |panic| match enabled!(Level::ERROR) {
        true => say(panic),
        false => plain(panic),
    }));
}

fn say(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("no message");
    let thread = thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_default();
    // Taken only where RUST_BACKTRACE asks for it.
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => error!(thread, place, %backtrace, "panicked: {message}"),
        _ => error!(thread, place, "panicked: {message}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use crate::logging::{Output, Style, read, start};

    const CHILD: &str = "TURNBUCKLE_TEST_PANICS";

    /// In a process of its own, for there is one log and one hook in each.
    #[test]
    fn a_panic_is_a_line_of_its_task_in_the_style_of_the_log() {
        if std::env::var_os(CHILD).is_some() {
            let output = Output {
                hide: |text| text.into(),
                style: Style::Json,
                file: None,
            };
            let _log = start(&output, &read(std::iter::empty())).unwrap();
            let fails = || {
                let _task = data_plane::task::log_span("my-sink", 3).entered();
                panic!("out of cheese");
            };
            std::thread::spawn(fails).join().unwrap_err();
            return;
        }
        let name = "logging::panics::tests::a_panic_is_a_line_of_its_task_in_the_style_of_the_log";
        let ran = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(CHILD, "1")
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        assert!(ran.status.success(), "{out}{err}");
        // The runner of the tests has lines of its own, one of them without an end.
        let mut lines = out.lines().filter_map(|l| l.get(l.find('{')?..));
        let line = lines.find(|l| l.contains("out of cheese")).unwrap();
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "ERROR", "{line}");
        assert_eq!(line["message"], "panicked: out of cheese", "{line}");
        assert_eq!(
            (&line["connector"], &line["task"]),
            (&"my-sink".into(), &3.into())
        );
        assert!(!err.contains("out of cheese"), "{err}");
    }
}
