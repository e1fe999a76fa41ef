//! Outcomes as lines for people, or as JSON for machines.

use std::io::{self, Write};

use connect_api::ConnectError;
use connect_api::convert::SchemaUsed;
use connect_api::sink::Statement;
use serde_json::{Value as Json, json};

use super::notation::{self, free};
use super::{Fate, Outcome};

/// How outcomes look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text { colours: bool },
    Json,
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const BOLD: &str = "1";
const DIM: &str = "2";

/// The parts of a record that have a schema of a registry, in the order of [`Outcome::schemas`].
const PARTS: [&str; 2] = ["key", "value"];

/// Prints outcomes and counts them.
pub struct Printer<W> {
    out: W,
    form: Form,
    pub kept: usize,
    pub dropped: usize,
    pub failed: usize,
}

impl<W: Write> Printer<W> {
    pub fn new(out: W, form: Form) -> Self {
        Self {
            out,
            form,
            kept: 0,
            dropped: 0,
            failed: 0,
        }
    }

    /// # Errors
    /// The output is closed.
    pub fn print(&mut self, outcome: &Outcome) -> io::Result<()> {
        *match outcome.fate {
            Fate::Kept(..) => &mut self.kept,
            Fate::Dropped(_) => &mut self.dropped,
            Fate::Failed { .. } => &mut self.failed,
        } += 1;
        match self.form {
            Form::Json => writeln!(self.out, "{}", json(outcome)),
            Form::Text { .. } => self.text(outcome),
        }
    }

    fn text(&mut self, outcome: &Outcome) -> io::Result<()> {
        let place = &outcome.place;
        let place = format!("{}-{}@{}", place.topic, place.partition, place.offset);
        let place = self.in_colour(BOLD, &place);
        match &outcome.fate {
            Fate::Dropped(by) => {
                let dropped = self.in_colour(YELLOW, "dropped");
                writeln!(self.out, "{place} {dropped} by {} ({})", by.alias, by.class)?;
                self.schemas(outcome)
            }
            Fate::Failed {
                stage,
                class,
                alias,
                error,
            } => {
                let failed = self.in_colour(RED, "failed");
                let mut by = match (alias, class) {
                    (Some(alias), Some(class)) => format!(" by {alias} ({class})"),
                    (None, Some(class)) => format!(" by {class}"),
                    _ => ", and the task with it".to_owned(),
                };
                if let Some(stage) = stage {
                    by.insert_str(0, &format!(" in {stage}"));
                }
                writeln!(self.out, "{place} {failed}{by}")?;
                self.schemas(outcome)?;
                for line in error.trace().trim_end().lines() {
                    writeln!(self.out, "  {line}")?;
                }
                Ok(())
            }
            Fate::Kept(record, statements) => {
                let kept = self.in_colour(GREEN, "kept");
                let mut changed = String::new();
                if record.topic != record.original().topic {
                    changed += &format!(" topic {}", record.topic);
                }
                if record.partition != Some(record.original().partition) {
                    let partition = record
                        .partition
                        .map_or("none".to_owned(), |p| p.to_string());
                    changed += &format!(" partition {partition}");
                }
                if let Some(timestamp) = record.timestamp {
                    changed += &format!(" {} {timestamp}", record.timestamp_type.name());
                }
                writeln!(self.out, "{place} {kept}{changed}")?;
                self.schemas(outcome)?;
                let key = notation::envelope(record.key_schema.as_ref(), &record.key);
                self.member("key", &key)?;
                let value = notation::envelope(record.value_schema.as_ref(), &record.value);
                self.member("value", &value)?;
                for header in record.headers.iter() {
                    let value = notation::envelope(header.schema.as_ref(), &header.value);
                    self.member(&format!("header {}", header.key), &value)?;
                }
                for statement in statements.iter().flatten() {
                    self.statement(statement)?;
                }
                Ok(())
            }
        }
    }

    /// Under which schemas it was written.
    fn schemas(&mut self, outcome: &Outcome) -> io::Result<()> {
        for (part, used) in PARTS.into_iter().zip(&outcome.schemas) {
            if let Some(used) = used {
                let schema = self.in_colour(DIM, "schema");
                writeln!(self.out, "  {schema} {part} {}", described(used))?;
            }
        }
        Ok(())
    }

    fn member(&mut self, name: &str, json: &Json) -> io::Result<()> {
        let name = self.in_colour(DIM, &format!("{name:<6}"));
        writeln!(self.out, "  {name} {json}")
    }

    fn statement(&mut self, statement: &Statement) -> io::Result<()> {
        let sends = self.in_colour(DIM, "sends ");
        let text = statement.text.replace('\n', "\n         ");
        writeln!(self.out, "  {sends} {text}")?;
        for (name, value) in &statement.parameters {
            let name = self.in_colour(DIM, &format!("  ${name}"));
            writeln!(self.out, "  {name} {}", free(value))?;
        }
        Ok(())
    }

    fn in_colour(&self, colour: &str, text: &str) -> String {
        match self.form {
            Form::Text { colours: true } => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// One object: `ok` holds the record, or null if it was dropped; `error` what it failed with.
fn json(outcome: &Outcome) -> Json {
    let place = &outcome.place;
    let mut json = json!({
        "input": {"topic": place.topic, "partition": place.partition, "offset": place.offset},
    });
    for (part, used) in PARTS.into_iter().zip(&outcome.schemas) {
        if let Some(used) = used {
            json["schemas"][part] = schema_json(used);
        }
    }
    match &outcome.fate {
        Fate::Kept(record, statements) => {
            json["ok"] = notation::record(record);
            if let Some(statements) = statements {
                json["statements"] = statements.iter().map(statement).collect();
            }
        }
        Fate::Dropped(by) => {
            json["ok"] = Json::Null;
            json["dropped"] = json!({"alias": *by.alias, "class": *by.class});
        }
        Fate::Failed {
            stage,
            class,
            alias,
            error,
        } => {
            json["error"] = error_json(error);
            json["failed"] = json!({"stage": stage, "class": class, "alias": alias});
        }
    }
    json
}

/// `PROTOBUF id 7, version 2 of orders-value`.
fn described(used: &SchemaUsed) -> String {
    let mut text = used.format.to_owned();
    match (used.id, &used.guid) {
        (Some(id), _) => text += &format!(" id {id}"),
        (None, Some(guid)) => text += &format!(" guid {guid}"),
        (None, None) => {}
    }
    match (&used.subject, used.version) {
        (Some(subject), Some(version)) => text += &format!(", version {version} of {subject}"),
        (Some(subject), None) => text += &format!(", subject {subject}"),
        (None, _) => {}
    }
    text
}

fn schema_json(used: &SchemaUsed) -> Json {
    let mut json = json!({"format": used.format});
    let mut set = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            json[name] = value;
        }
    };
    set("id", used.id.map(Json::from));
    set("guid", used.guid.as_deref().map(Json::from));
    set("subject", used.subject.as_deref().map(Json::from));
    set("version", used.version.map(Json::from));
    json
}

fn statement(statement: &Statement) -> Json {
    let parameters: serde_json::Map<String, Json> = statement
        .parameters
        .iter()
        .map(|(name, value)| (name.clone(), free(value)))
        .collect();
    json!({"text": statement.text, "parameters": parameters})
}

/// `{"configure_error": …}`: nothing can be previewed.
pub fn config_error(error: &ConnectError) -> Json {
    json!({"configure_error": error_json(error)})
}

fn error_json(error: &ConnectError) -> Json {
    let mut json = json!({"class": error.exception(), "message": error.message()});
    if let Some(cause) = error.cause() {
        json["cause"] = error_json(cause);
    }
    json
}
