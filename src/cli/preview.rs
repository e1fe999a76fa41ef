//! `turnbuckle preview`: what a connector would make of records, and what it would send.
//!
//! Exit codes are of its own: 0 if every record passed (dropped ones did), 1 if one failed, 2 if nothing could be
//! previewed.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Stdout, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::kafka::{ReadFrom, ReadLimits};
use serde_json::Value;

use super::args::Preview as Args;
use super::standalone::{Configured, worker_config};
use crate::config::connector_file::{self, ConnectorFile};
use crate::config::topics::Topics;
use crate::config::worker_keys::{KEY_CONVERTER, VALUE_CONVERTER};
use crate::plugins::Plugins;
use crate::preview::topic::{self, Source};
use crate::preview::{Form, Input, Preview, Printer, config_error};
use crate::providers::Secrets;
use crate::worker::Worker;
use crate::worker::kafka::Cluster;

const NOT_ALL_PASSED: u8 = 1;
pub const NOT_PREVIEWED: u8 = 2;

/// What `--max` is for a topic if it is not given.
const NEWEST: usize = 10;
const CLOSE: Duration = Duration::from_secs(5);
const LIMITS: ReadLimits = ReadLimits {
    records: 500,
    bytes: 16 * 1024 * 1024,
};

/// Why there is nothing to print any more.
enum Stop {
    Config(ConnectError),
    /// Files and lines.
    Input(String),
    /// Nobody reads what is printed.
    Closed,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Input(format!("cannot print: {error}")),
        }
    }
}

/// The whole command.
pub fn run(args: &Args) -> ExitCode {
    let mut printer = Printer::new(io::stdout(), form(args));
    let mut secrets = Secrets::default();
    let result = preview(args, &mut printer, &mut secrets);
    let Printer {
        kept,
        dropped,
        failed,
        ..
    } = printer;
    match result {
        Ok(()) | Err(Stop::Closed) => {
            if !args.json {
                let all = kept + dropped + failed;
                eprintln!("{all} records: {kept} kept, {dropped} dropped, {failed} failed");
            }
            match failed {
                0 => ExitCode::SUCCESS,
                _ => ExitCode::from(NOT_ALL_PASSED),
            }
        }
        Err(Stop::Config(error)) => {
            if args.json {
                // The exit code tells it too, should nobody read this.
                let json = hidden(config_error(&error), &secrets);
                let _ = writeln!(io::stdout(), "{json}");
            } else {
                eprintln!("{}", secrets.hide(error.trace().trim_end()));
            }
            ExitCode::from(NOT_PREVIEWED)
        }
        Err(Stop::Input(why)) => {
            eprintln!("{}", secrets.hide(&why));
            ExitCode::from(NOT_PREVIEWED)
        }
    }
}

/// In every text of it.
fn hidden(json: Value, secrets: &Secrets) -> Value {
    match json {
        Value::String(text) => Value::String(secrets.hide(&text)),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, hidden(member, secrets)))
            .collect(),
        other => other,
    }
}

fn form(args: &Args) -> Form {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match args.json {
        true => Form::Json,
        false => Form::Text {
            colours: io::stdout().is_terminal() && !no_colour,
        },
    }
}

fn preview(args: &Args, printer: &mut Printer<Stdout>, secrets: &mut Secrets) -> Result<(), Stop> {
    let file = connector(&args.connector)?;
    let worker = worker(args, &file.config)?;
    secrets.extend(&worker.secrets);
    let resolved = worker.providers.resolve(&file.config);
    let resolved = resolved.map_err(|error| Stop::Config(error.into()))?;
    secrets.extend(&resolved.secrets);
    for unresolved in &resolved.unresolved {
        let (key, reference) = (&unresolved.key, &unresolved.reference);
        eprintln!("{key}: no configuration provider has {reference}; it stays as it is");
    }
    let config = &resolved.config;
    let mut preview = Preview::new(&worker, config, args.statements).map_err(Stop::Config)?;
    if preview.tells_no_statements() {
        eprintln!("this sink does not tell what it would send");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = match (&args.input, &args.topic) {
        (Some(path), _) => {
            let read = lines(path, args.max, config, &mut preview, printer);
            runtime.block_on(read)
        }
        (None, Some(topic)) => {
            let read = records(
                args,
                topic,
                &worker,
                &file.name,
                config,
                &mut preview,
                printer,
            );
            runtime.block_on(read)
        }
        (None, None) => Err(Stop::Input("--input or --topic is needed".to_owned())),
    };
    runtime.shutdown_background();
    result
}

fn connector(path: &str) -> Result<ConnectorFile, Stop> {
    let bytes = fs::read(path).map_err(|e| {
        Stop::Input(format!(
            "cannot read the connector file {path}: {e}; check path and permissions"
        ))
    })?;
    connector_file::parse(path, &bytes).map_err(|e| Stop::Input(e.to_string()))
}

/// Without a worker file the connector must name its converters itself.
fn worker(args: &Args, connector: &Config) -> Result<Worker, Stop> {
    let path = args.worker.as_deref().unwrap_or_default();
    let mut overrides = args.overrides.clone();
    for key in [KEY_CONVERTER.name(), VALUE_CONVERTER.name()] {
        if args.worker.is_none() && connector.contains(key) {
            // The worker must have one, and it is not used.
            let unused = "org.apache.kafka.connect.storage.StringConverter";
            overrides.insert(0, (key.to_owned(), unused.to_owned()));
        }
    }
    let configured = worker_config(path, &overrides).map_err(|failure| {
        let advice = match args.worker {
            None => "\nThe worker's file, with --worker, may have what the connector leaves out.",
            Some(_) => "",
        };
        Stop::Input(format!("{failure}{advice}"))
    })?;
    let Configured {
        config,
        providers,
        secrets,
        jaas: _,
    } = configured;
    Ok(Worker {
        config,
        plugins: Plugins::built_in(),
        providers: Arc::new(providers),
        secrets,
        id: String::new(),
        kafka: Arc::new(Cluster),
        metrics: Arc::default(),
    })
}

/// Records of a file, or of standard input.
async fn lines(
    path: &str,
    max: Option<usize>,
    config: &Config,
    preview: &mut Preview,
    printer: &mut Printer<Stdout>,
) -> Result<(), Stop> {
    let reader: Box<dyn BufRead> = match path {
        "-" => Box::new(io::stdin().lock()),
        path => {
            let file = File::open(path);
            let file = file.map_err(|e| Stop::Input(format!("cannot read {path}: {e}")))?;
            Box::new(BufReader::new(file))
        }
    };
    let topic = match Topics::of(config) {
        Topics::Names(names) => names.into_iter().next(),
        Topics::Pattern(_) => None,
    };
    let mut input = Input::new(topic);
    let mut left = max.unwrap_or(usize::MAX);
    for (number, line) in (1..).zip(reader.lines()) {
        let bad = |why: String| Stop::Input(format!("{path}, line {number}: {why}"));
        let line = line.map_err(|e| bad(e.to_string()))?;
        if line.trim().is_empty() {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        let batch = input.read(&line).map_err(bad)?;
        preview.fetch(&batch).await.map_err(Stop::Config)?;
        for outcome in preview.run(&batch) {
            printer.print(&outcome)?;
        }
    }
    Ok(())
}

/// Records of a live topic.
async fn records(
    args: &Args,
    topic: &str,
    worker: &Worker,
    name: &str,
    config: &Config,
    preview: &mut Preview,
    printer: &mut Printer<Stdout>,
) -> Result<(), Stop> {
    let from_somewhere = args.from_beginning || args.offset.is_some();
    let max = match (args.max, from_somewhere) {
        (Some(max), _) => max,
        (None, true) => usize::MAX,
        (None, false) => NEWEST,
    };
    let source = Source {
        topic,
        partition: args.partition,
        from: match args.offset {
            Some(offset) => ReadFrom::Offset(offset),
            None if args.from_beginning => ReadFrom::Beginning,
            None => ReadFrom::Newest(i64::try_from(max).unwrap_or(i64::MAX)),
        },
    };
    let opened = topic::open(worker, name, config, &source).await;
    let mut reader = opened.map_err(Stop::Config)?;
    let mut left = max;
    let mut result = Ok(());
    'topic: while left > 0 {
        let batch = match reader.next(LIMITS).await {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            Err(error) => {
                result = Err(Stop::Config(error));
                break;
            }
        };
        if let Err(error) = preview.fetch(&batch).await {
            result = Err(Stop::Config(error));
            break;
        }
        for outcome in preview.run(&batch) {
            if left == 0 {
                break 'topic;
            }
            left -= 1;
            if let Err(error) = printer.print(&outcome) {
                result = Err(error.into());
                break 'topic;
            }
        }
    }
    reader.close(CLOSE).await;
    result
}
