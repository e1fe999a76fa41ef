//! [`Settings`]: OpenTelemetry's environment variables, read once. What is asked for and not done becomes a [`Note`].

use std::collections::HashMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;

/// What is to be sent, where to, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    pub metrics: Option<Signal>,
    pub traces: Option<Signal>,
    /// `OTEL_METRIC_EXPORT_INTERVAL`.
    pub interval: Duration,
    pub sampler: Sampler,
    /// Attributes of the resource, `service.name` included.
    pub resource: Vec<(String, String)>,
}

/// Where one kind of data goes. Prints no header's value.
#[derive(Clone)]
pub struct Signal {
    pub endpoint: String,
    pub headers: Vec<(String, String)>,
    pub timeout: Duration,
    /// PEM files.
    pub certificate: Option<String>,
    pub client_certificate: Option<String>,
    pub client_key: Option<String>,
}

/// Which traces are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampler {
    Always,
    Never,
    Share(f64),
}

/// A variable that is not honoured as it stands. Names no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub variable: String,
    pub why: &'static str,
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signal")
            .field("endpoint", &self.shown_endpoint())
            .finish_non_exhaustive()
    }
}

impl Signal {
    /// Without a password that stands in it.
    pub fn shown_endpoint(&self) -> String {
        match (
            self.endpoint.split_once("://"),
            self.endpoint.rsplit_once('@'),
        ) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://[hidden]@{host}"),
            _ => self.endpoint.clone(),
        }
    }
}

/// Which variables are read, beside those of the signals; any other that begins with `OTEL_` is named in the log.
const READ: &[&str] = &[
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_METRICS_EXPORTER",
    "OTEL_TRACES_EXPORTER",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    // By OpenTelemetry's SDK itself.
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    // Meant for who makes logs or reads headers, which is not done here.
    "OTEL_LOGS_EXPORTER",
    "OTEL_PROPAGATORS",
];

/// Parts of the names of what each signal may have of its own.
const OF_SIGNALS: &[&str] = &[
    "ENDPOINT",
    "HEADERS",
    "TIMEOUT",
    "PROTOCOL",
    "COMPRESSION",
    "CERTIFICATE",
    "CLIENT_CERTIFICATE",
    "CLIENT_KEY",
    "INSECURE",
];

struct Reader<'a> {
    variables: &'a HashMap<String, String>,
    notes: Vec<Note>,
}

impl Reader<'_> {
    /// Empty counts as unset, as the specification wants it.
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// Of the signal, else of all.
    fn of(&self, signal: &str, part: &str) -> (String, Option<&str>) {
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_{part}");
        if self.get(&own).is_some() {
            let value = self.get(&own);
            return (own, value);
        }
        let all = format!("OTEL_EXPORTER_OTLP_{part}");
        let value = self.get(&all);
        (all, value)
    }

    fn note(&mut self, variable: impl Into<String>, why: &'static str) {
        let variable = variable.into();
        let note = Note { variable, why };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn millis(&mut self, variable: &str, default: u64) -> Duration {
        let parsed = self.get(variable).map(str::parse);
        Duration::from_millis(match parsed {
            None => default,
            Some(Ok(ms)) => ms,
            Some(Err(_)) => {
                self.note(variable, "not a number of milliseconds; the default counts");
                default
            }
        })
    }

    fn signal(&mut self, signal: &str, path: &str) -> Option<Signal> {
        let exporter = format!("OTEL_{signal}_EXPORTER");
        match self.get(&exporter) {
            None | Some("otlp") => {}
            Some("none") => return None,
            Some(_) => {
                self.note(
                    exporter,
                    "only otlp and none are known; nothing of this kind is sent",
                );
                return None;
            }
        }
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        let endpoint = match (self.get(&own), self.get("OTEL_EXPORTER_OTLP_ENDPOINT")) {
            (Some(own), _) => own.to_owned(),
            (None, Some(base)) => format!("{}/{path}", base.trim_end_matches('/')),
            (None, None) => return None,
        };
        if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
            self.note(
                own,
                "the endpoint is no http:// or https:// address; nothing of this kind is sent",
            );
            return None;
        }
        let (variable, protocol) = self.of(signal, "PROTOCOL");
        if protocol.is_some_and(|p| p != "http/protobuf") {
            self.note(variable, "only http/protobuf is spoken (port 4318 of a collector); nothing of this kind is sent");
            return None;
        }
        let (variable, compression) = self.of(signal, "COMPRESSION");
        if compression.is_some_and(|c| c != "none") {
            self.note(variable, "nothing is compressed");
        }
        let (variable, _) = self.of(signal, "TIMEOUT");
        let timeout = self.millis(&variable, 10_000);
        let (variable, headers) = self.of(signal, "HEADERS");
        let (headers, all_read) = pairs(headers.unwrap_or_default());
        if !all_read {
            self.note(variable, "not all of it is name=value, separated by commas");
        }
        let file = |part| self.of(signal, part).1.map(str::to_owned);
        Some(Signal {
            endpoint,
            headers,
            timeout,
            certificate: file("CERTIFICATE"),
            client_certificate: file("CLIENT_CERTIFICATE"),
            client_key: file("CLIENT_KEY"),
        })
    }

    fn sampler(&mut self) -> Sampler {
        let share = match self.get("OTEL_TRACES_SAMPLER_ARG").map(str::parse::<f64>) {
            None => 1.0,
            Some(Ok(share)) if (0.0..=1.0).contains(&share) => share,
            Some(_) => {
                self.note(
                    "OTEL_TRACES_SAMPLER_ARG",
                    "not a share from 0 to 1; all traces are sent",
                );
                1.0
            }
        };
        // A batch has many parents or none, so what is based on the parent asks its root.
        match self.get("OTEL_TRACES_SAMPLER") {
            None | Some("always_on" | "parentbased_always_on") => Sampler::Always,
            Some("always_off" | "parentbased_always_off") => Sampler::Never,
            Some("traceidratio" | "parentbased_traceidratio") => Sampler::Share(share),
            Some(_) => {
                self.note(
                    "OTEL_TRACES_SAMPLER",
                    "this sampler is not known; all traces are sent",
                );
                Sampler::Always
            }
        }
    }

    fn resource(&mut self) -> Vec<(String, String)> {
        let (mut attributes, all_read) =
            pairs(self.get("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
        if !all_read {
            self.note(
                "OTEL_RESOURCE_ATTRIBUTES",
                "not all of it is name=value, separated by commas",
            );
        }
        if let Some(name) = self.get("OTEL_SERVICE_NAME").map(str::to_owned) {
            attributes.retain(|(key, _)| key != "service.name");
            attributes.push(("service.name".to_owned(), name));
        } else if !attributes.iter().any(|(key, _)| key == "service.name") {
            attributes.push(("service.name".to_owned(), "kafka-connect".to_owned()));
        }
        attributes
    }

    fn unknown(&mut self) {
        let is_read = |name: &str| {
            let of_signal = |rest: &str| {
                OF_SIGNALS.iter().any(|part| {
                    rest == *part
                        || rest.strip_prefix("METRICS_") == Some(part)
                        || rest.strip_prefix("TRACES_") == Some(part)
                        || rest.starts_with("LOGS_")
                })
            };
            READ.contains(&name)
                || name
                    .strip_prefix("OTEL_EXPORTER_OTLP_")
                    .is_some_and(of_signal)
        };
        let mut unknown: Vec<String> = self
            .variables
            .keys()
            .filter(|n| n.starts_with("OTEL_") && !is_read(n))
            .cloned()
            .collect();
        unknown.sort();
        for variable in unknown {
            self.note(variable, "has no effect");
        }
    }
}

impl Settings {
    /// None if nothing is to be sent. The notes are to be told in any case.
    pub fn read(variables: &HashMap<String, String>) -> (Option<Self>, Vec<Note>) {
        let mut reader = Reader {
            variables,
            notes: Vec::new(),
        };
        if reader
            .get("OTEL_SDK_DISABLED")
            .is_some_and(|v| v.eq_ignore_ascii_case("true"))
        {
            return (None, Vec::new());
        }
        let metrics = reader.signal("METRICS", "v1/metrics");
        let traces = reader.signal("TRACES", "v1/traces");
        if metrics.is_none() && traces.is_none() {
            return (None, reader.notes);
        }
        let temporality = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        if reader
            .get(temporality)
            .is_some_and(|t| !t.eq_ignore_ascii_case("cumulative"))
        {
            reader.note(
                temporality,
                "counters are sent as their totals (cumulative)",
            );
        }
        let interval = reader.millis("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
        let settings = Self {
            metrics,
            traces,
            interval: interval.max(Duration::from_millis(100)),
            sampler: reader.sampler(),
            resource: reader.resource(),
        };
        reader.unknown();
        (Some(settings), reader.notes)
    }
}

/// `name=value` separated by commas, values percent-encoded; whether all of it was that.
fn pairs(text: &str) -> (Vec<(String, String)>, bool) {
    let mut all_read = true;
    let mut pairs = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let decode = |text: &str| {
            percent_decode_str(text.trim())
                .decode_utf8()
                .ok()
                .map(|t| t.into_owned())
        };
        match part
            .split_once('=')
            .map(|(name, value)| (name.trim(), decode(value)))
        {
            Some((name, Some(value))) if !name.is_empty() => pairs.push((name.to_owned(), value)),
            _ => all_read = false,
        }
    }
    (pairs, all_read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Option<Settings>, Vec<Note>) {
        let variables = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Settings::read(&variables.collect())
    }

    fn noted(notes: &[Note]) -> Vec<&str> {
        notes.iter().map(|n| n.variable.as_str()).collect()
    }

    #[test]
    fn without_an_endpoint_nothing_is_sent_and_nothing_said() {
        let (settings, notes) = read(&[("OTEL_SERVICE_NAME", "s"), ("PATH", "/bin")]);
        assert!(settings.is_none() && notes.is_empty());
        let (settings, _) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            ("OTEL_SDK_DISABLED", "TRUE"),
        ]);
        assert!(settings.is_none());
    }

    #[test]
    fn what_a_signal_has_of_its_own_wins_over_what_counts_for_all() {
        let (settings, notes) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/"),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "https://u:secret@t/in",
            ),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b,x=1"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=t"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "5000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment=test,service.name=old",
            ),
            ("OTEL_SERVICE_NAME", "sinks"),
        ]);
        assert_eq!(notes, []);
        let settings = settings.expect("settings");
        let (metrics, traces) = (
            settings.metrics.expect("metrics"),
            settings.traces.expect("traces"),
        );
        assert_eq!(metrics.endpoint, "http://c:4318/v1/metrics");
        assert_eq!(
            metrics.headers,
            [
                ("api-key".to_owned(), "a b".to_owned()),
                ("x".to_owned(), "1".to_owned())
            ]
        );
        assert_eq!(traces.endpoint, "https://u:secret@t/in");
        assert_eq!(traces.headers, [("api-key".to_owned(), "t".to_owned())]);
        assert_eq!(traces.timeout, Duration::from_secs(5));
        assert!(!format!("{traces:?}").contains("secret"), "{traces:?}");
        assert_eq!(
            (settings.interval, settings.sampler),
            (Duration::from_secs(1), Sampler::Share(0.25))
        );
        let attribute = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            settings.resource,
            [
                attribute("deployment.environment", "test"),
                attribute("service.name", "sinks")
            ]
        );
    }

    #[test]
    fn what_is_not_done_is_named() {
        let (settings, notes) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            ("OTEL_ATTRIBUTE_COUNT_LIMIT", "3"),
        ]);
        let settings = settings.expect("settings");
        assert!(settings.traces.is_none());
        assert_eq!(
            settings.metrics.expect("metrics").timeout,
            Duration::from_secs(10)
        );
        assert_eq!(
            noted(&notes),
            [
                "OTEL_EXPORTER_OTLP_COMPRESSION",
                "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                "OTEL_ATTRIBUTE_COUNT_LIMIT",
            ]
        );
    }
}
