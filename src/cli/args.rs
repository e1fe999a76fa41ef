//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::logging::{LogFile, Output, Rotation, Style};

/// Kafka Connect without the JVM.
#[derive(Debug, Parser)]
#[command(name = "turnbuckle", disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs one worker that keeps its state in memory, as connect-standalone does.
    Standalone(Standalone),
    /// Tells what becomes of every key of worker and connector files, and starts nothing.
    Check(WorkerFiles),
    /// Shows what converters and transformations make of records and what the sink would send; writes nothing.
    ///
    /// Exit code 0 if every record passed (dropped ones did), 1 if one failed, 2 if nothing could be previewed.
    Preview(Preview),
    /// Asks a worker whether it is healthy; exit code 1 if it is not.
    Healthcheck(Healthcheck),
    /// Shows a stream becoming a graph, with a broker and a graph of its own; needs no service.
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    Demo(Demo),
    /// Runs the demo's broker and graph alone.
    #[cfg_attr(not(feature = "demo"), command(hide = true))]
    DevServer(DevServer),
    /// Prints generated documentation.
    #[command(hide = true)]
    Docs {
        #[arg(value_enum)]
        page: DocsPage,
    },
}

#[derive(Debug, Args)]
pub struct Standalone {
    #[command(flatten)]
    pub files: WorkerFiles,

    #[command(flatten)]
    pub log: LogArgs,
}

/// What a worker is made of.
#[derive(Debug, Args)]
pub struct WorkerFiles {
    /// Sets a worker property over file and environment; may be repeated.
    #[arg(long = "override", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub overrides: Vec<(String, String)>,

    /// The worker's properties file; an empty text means none.
    #[arg(value_name = "worker.properties")]
    pub worker: String,

    /// Connectors to create at start: properties or JSON, or folders of such files.
    #[arg(value_name = "connector file")]
    pub connectors: Vec<String>,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["input", "topic"])))]
pub struct Preview {
    /// Records, one JSON object a line (see docs/preview.md); - is standard input.
    #[arg(long, value_name = "records.jsonl")]
    pub input: Option<String>,

    /// Reads this topic, in no group and committing nothing: the newest records, up to --max (10).
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,

    /// Reads the topic from its beginning to its end.
    #[arg(long, requires = "topic", conflicts_with = "offset")]
    pub from_beginning: bool,

    /// Reads this partition only.
    #[arg(long, requires = "topic", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,

    /// Reads the partition from this offset to its end.
    #[arg(long, requires = "partition", value_parser = clap::value_parser!(i64).range(0..))]
    pub offset: Option<i64>,

    /// Ends after this many records.
    #[arg(long, value_name = "COUNT")]
    pub max: Option<usize>,

    /// Shows what the sink would send for each record, without connecting to its target.
    #[arg(long)]
    pub statements: bool,

    /// Prints one JSON object a record.
    #[arg(long)]
    pub json: bool,

    /// The worker's properties file: for converters that the connector does not name, and for the way to Kafka.
    #[arg(long, value_name = "worker.properties")]
    pub worker: Option<String>,

    /// Sets a worker property over file and environment; may be repeated.
    #[arg(long = "override", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub overrides: Vec<(String, String)>,

    /// The connector: properties or JSON.
    #[arg(value_name = "connector file")]
    pub connector: String,
}

#[derive(Debug, Args)]
pub struct Healthcheck {
    /// The worker's REST API; without it the first of its listeners, seen from this machine. Over https any certificate
    /// will do.
    #[arg(long, value_name = "http://host:port")]
    pub url: Option<String>,

    /// How long an answer may take.
    #[arg(long, value_name = "milliseconds", default_value_t = 5000)]
    pub timeout_ms: u64,

    /// The file that the worker was started with, for its listeners. The environment counts, too.
    #[arg(value_name = "worker.properties", default_value = "")]
    pub worker: String,
}

#[derive(Args, Debug)]
#[cfg_attr(
    not(feature = "demo"),
    allow(dead_code, reason = "refused without the feature")
)]
pub struct Demo {
    /// Stays up when everything is written, for records and queries of your own.
    #[arg(long)]
    pub keep: bool,

    /// Shows the worker's log on standard error, and not only its warnings.
    #[arg(long)]
    pub verbose: bool,

    #[command(flatten)]
    pub ports: DevPorts,
}

#[derive(Args, Debug)]
#[cfg_attr(
    not(feature = "demo"),
    allow(dead_code, reason = "refused without the feature")
)]
pub struct DevServer {
    /// Makes this topic; may be repeated. Producing to a topic that does not exist fails.
    #[arg(long = "topic", value_name = "NAME[:PARTITIONS]", value_parser = topic)]
    pub topics: Vec<(String, i32)>,

    #[command(flatten)]
    pub ports: DevPorts,
}

/// Where the embedded broker and graph listen, on 127.0.0.1.
#[derive(Args, Clone, Copy, Debug)]
#[cfg_attr(
    not(feature = "demo"),
    allow(dead_code, reason = "refused without the feature")
)]
pub struct DevPorts {
    /// The broker's port; 0 is a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub kafka_port: u16,

    /// The graph's port; 0 is a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub bolt_port: u16,
}

/// The log. How much it says is set by `TURNBUCKLE_LOG`, or by the images' variables; see docs/logging.md.
#[derive(Args, Clone, Debug, Default)]
#[command(
    next_help_heading = "Log (levels: TURNBUCKLE_LOG=LEVEL,LOGGER=LEVEL… or CONNECT_LOG4J_…)"
)]
pub struct LogArgs {
    /// How log lines look.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Writes the log to this file instead of standard output.
    #[arg(long, value_name = "PATH")]
    pub log_file: Option<PathBuf>,

    /// Begins a new file in this rhythm; PATH then leads to the newest of PATH.2026-11-21 and its like (UTC).
    #[arg(long, value_enum, default_value_t = LogRotation::Never, requires = "log_file")]
    pub log_rotation: LogRotation,

    /// Keeps this many files and deletes older ones, whose names begin as PATH does; without it all are kept.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), requires = "log_rotation")]
    pub log_keep: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    #[default]
    /// [time] LEVEL [connector|task-0] message field=value (logger)
    Text,
    /// One object per line.
    Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogRotation {
    #[default]
    Never,
    Hourly,
    Daily,
}

impl LogArgs {
    pub fn output(&self) -> Output {
        let rotation = match self.log_rotation {
            LogRotation::Never => Rotation::Never,
            LogRotation::Hourly => Rotation::Hourly,
            LogRotation::Daily => Rotation::Daily,
        };
        Output {
            hide: crate::providers::hide_in_log,
            style: match self.log_format {
                LogFormat::Text => Style::Text,
                LogFormat::Json => Style::Json,
            },
            file: self.log_file.clone().map(|path| LogFile {
                path,
                rotation,
                keep: self.log_keep.map(|n| n as usize),
            }),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DocsPage {
    WorkerKeys,
    /// What becomes of the keys of Java's Kafka clients.
    ClientKeys,
    Loggers,
    /// Metrics by their names.
    Metrics,
    ConfigProviders,
    /// Transformations and predicates with their keys.
    Transforms,
    /// Kafka's converters with their keys.
    Converters,
    /// The keys of the converters with a schema registry.
    SchemaRegistry,
}

fn topic(text: &str) -> Result<(String, i32), String> {
    let (name, partitions) = match text.split_once(':') {
        Some((name, partitions)) => (name, partitions.parse().ok().filter(|n| *n > 0)),
        None => (text, Some(1)),
    };
    match partitions {
        Some(partitions) if !name.is_empty() => Ok((name.to_owned(), partitions)),
        _ => Err("expected a name, and behind a colon a number of partitions".to_owned()),
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected key=value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standalone(args: &[&str]) -> Option<WorkerFiles> {
        let args = ["turnbuckle", "standalone"].iter().chain(args);
        match Cli::try_parse_from(args).ok()?.command {
            Command::Standalone(standalone) => Some(standalone.files),
            _ => None,
        }
    }

    #[test]
    fn overrides_may_stand_anywhere_and_repeat() {
        let args = [
            "--override",
            "a=b=c",
            "w.properties",
            "x.json",
            "--override",
            "k=",
            "y",
        ];
        let parsed = standalone(&args).expect("a command line");
        let expected = [("a", "b=c"), ("k", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parsed.overrides, expected);
        assert_eq!(parsed.worker, "w.properties");
        assert_eq!(parsed.connectors, ["x.json", "y"]);
    }

    #[test]
    fn a_worker_file_is_needed_but_may_be_empty() {
        assert!(standalone(&[]).is_none());
        assert_eq!(standalone(&[""]).map(|s| s.worker), Some(String::new()));
        assert!(standalone(&["--override", "novalue", "w"]).is_none());
    }

    #[test]
    fn topics_may_say_their_partitions() {
        for (text, expected) in [
            ("a", Ok(("a", 1))),
            ("a:3", Ok(("a", 3))),
            ("a:0", Err(())),
            ("a:b", Err(())),
            (":2", Err(())),
        ] {
            let parsed = topic(text);
            let parsed = parsed.as_ref().map(|(name, n)| (name.as_str(), *n));
            assert_eq!(parsed.map_err(|_| ()), expected, "{text}");
        }
    }
}
