//! Worker keys from the environment, as the usual container images read them.
//!
//! `CONNECT_BOOTSTRAP_SERVERS` means `bootstrap.servers`: the prefix goes, `_` becomes a dot, `__` an underscore,
//! `___` a dash, letters become small.

const PREFIX: &str = "CONNECT_";

/// What Kafka's scripts hand to the JVM or read for themselves.
const JVM_OPTIONS: [&str; 8] = [
    "EXTRA_ARGS",
    "JMX_PORT",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_OPTS",
];

/// The JVM's property for a file of logins.
const JAAS_FILE: &str = "java.security.auth.login.config";

/// A worker key that a variable sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub variable: String,
    pub key: String,
    pub value: String,
}

/// What the environment says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment {
    pub settings: Vec<Setting>,
    /// Variables that Kubernetes sets in every pod beside a Service named `connect`; they are no settings.
    pub service_links: Vec<String>,
    /// Variables that are set for a JVM and have no effect here.
    pub jvm_options: Vec<String>,
    /// The file of logins that one of these names. It is read for the REST API alone.
    pub jaas_file: Option<JaasFile>,
}

/// A JAAS file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JaasFile {
    pub variable: String,
    pub path: String,
}

/// The variables of this process whose names and values are texts; others are none of ours.
pub fn texts() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Sorts out the variables that concern the worker. Those of the images' log (`CONNECT_LOG4J_…`) do not; see
/// [`logging::read`](crate::logging::read).
pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Environment {
    let mut environment = Environment::default();
    for (variable, value) in variables {
        if JVM_OPTIONS.contains(&variable.as_str()) && !value.trim().is_empty() {
            if let Some(path) = jaas_file(&value) {
                let variable = variable.clone();
                environment.jaas_file = Some(JaasFile { variable, path });
            }
            environment.jvm_options.push(variable);
            continue;
        }
        let Some(tail) = variable.strip_prefix(PREFIX).filter(|t| !t.is_empty()) else {
            continue;
        };
        if tail.starts_with("LOG4J_") {
            continue;
        }
        if is_service_link(tail, &value) {
            environment.service_links.push(variable);
            continue;
        }
        environment.settings.push(Setting {
            key: key_of(tail),
            variable,
            value,
        });
    }
    environment
        .settings
        .sort_by(|a, b| a.variable.cmp(&b.variable));
    environment.service_links.sort();
    environment.jvm_options.sort();
    environment
}

/// The file that options of the JVM name. A second `=` there means that it is the only one.
fn jaas_file(options: &str) -> Option<String> {
    let mut values = options.split_whitespace().filter_map(|option| {
        let option = option.trim_matches(['"', '\'']);
        option
            .strip_prefix("-D")?
            .strip_prefix(JAAS_FILE)?
            .strip_prefix('=')
    });
    // The JVM takes the last one.
    let path = values.next_back()?.trim_start_matches('=');
    let path = path.trim_matches(['"', '\'']);
    let path = path
        .strip_prefix("file:")
        .map_or(path, |path| match path.strip_prefix("//") {
            Some(path) => path,
            None => path,
        });
    Some(path.to_owned())
}

fn key_of(tail: &str) -> String {
    tail.replace("___", "-")
        .replace("__", "\u{0}")
        .replace('_', ".")
        .replace('\u{0}', "_")
        .to_lowercase()
}

/// `SERVICE_HOST`, `SERVICE_PORT[_NAME]`, `PORT=tcp://…`, `PORT_8083_TCP[_ADDR|_PORT|_PROTO]`.
fn is_service_link(tail: &str, value: &str) -> bool {
    if tail == "SERVICE_HOST" || tail == "SERVICE_PORT" || tail.starts_with("SERVICE_PORT_") {
        return true;
    }
    let is_url = ["tcp://", "udp://", "sctp://"]
        .iter()
        .any(|scheme| value.starts_with(scheme));
    if tail == "PORT" {
        return is_url;
    }
    let mut parts = tail.split('_');
    let begins = parts.next() == Some("PORT")
        && parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
        && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
    begins && matches!(parts.next(), None | Some("ADDR" | "PORT" | "PROTO"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Environment {
        read(
            variables
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        )
    }

    #[test]
    fn underscores_stand_for_dots_underscores_and_dashes() {
        for (variable, key) in [
            ("CONNECT_BOOTSTRAP_SERVERS", "bootstrap.servers"),
            (
                "CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE",
                "key.converter.schemas.enable",
            ),
            ("CONNECT_A__B", "a_b"),
            ("CONNECT_A___B_C", "a-b.c"),
            ("CONNECT_PORT", "port"),
        ] {
            let environment = from(&[(variable, "x")]);
            let keys: Vec<&str> = environment.settings.iter().map(|s| &*s.key).collect();
            assert_eq!(keys, [key], "{variable}");
        }
    }

    #[test]
    fn leaves_out_what_a_service_named_connect_injects() {
        let injected = [
            ("CONNECT_PORT", "tcp://10.0.0.7:8083"),
            ("CONNECT_PORT_8083_TCP", "tcp://10.0.0.7:8083"),
            ("CONNECT_PORT_8083_TCP_ADDR", "10.0.0.7"),
            ("CONNECT_PORT_8083_TCP_PORT", "8083"),
            ("CONNECT_PORT_8083_TCP_PROTO", "tcp"),
            ("CONNECT_SERVICE_HOST", "10.0.0.7"),
            ("CONNECT_SERVICE_PORT", "8083"),
            ("CONNECT_SERVICE_PORT_REST", "8083"),
        ];
        let environment = from(&injected);
        assert_eq!(environment.settings, []);
        assert_eq!(environment.service_links.len(), injected.len());
    }

    #[test]
    fn options_of_the_jvm_are_told_apart() {
        let environment = from(&[
            ("KAFKA_OPTS", "-Djava.security.auth.login.config=/etc/jaas"),
            ("KAFKA_HEAP_OPTS", "-Xmx2G"),
            ("EXTRA_ARGS", "-name connectStandalone"),
            ("KAFKA_LOG4J_OPTS", " "),
        ]);
        assert_eq!(
            environment.jvm_options,
            ["EXTRA_ARGS", "KAFKA_HEAP_OPTS", "KAFKA_OPTS"]
        );
        let jaas = environment.jaas_file.expect("a file");
        assert_eq!((&*jaas.variable, &*jaas.path), ("KAFKA_OPTS", "/etc/jaas"));
        assert_eq!(from(&[("KAFKA_OPTS", "-Dx=y")]).jaas_file, None);
    }

    #[test]
    fn the_jaas_file_is_found_as_the_jvm_finds_it() {
        for (options, expected) in [
            (
                "-Xmx1g -Djava.security.auth.login.config=/a -Dx=y",
                Some("/a"),
            ),
            (
                "-Djava.security.auth.login.config=/a -Djava.security.auth.login.config==/b",
                Some("/b"),
            ),
            (
                "\"-Djava.security.auth.login.config=file:///c\"",
                Some("/c"),
            ),
            ("-Djava.security.auth.login.config='/d'", Some("/d")),
            ("-Djava.security.auth.login.configs=/a", None),
        ] {
            assert_eq!(jaas_file(options).as_deref(), expected, "{options}");
        }
    }

    #[test]
    fn ignores_other_variables_and_logging_of_the_images() {
        let environment = from(&[
            ("PATH", "/bin"),
            ("CONNECT_", "x"),
            ("CONNECT_LOG4J_ROOT_LOGLEVEL", "WARN"),
        ]);
        assert_eq!(environment, Environment::default());
    }
}
