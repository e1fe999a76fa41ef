//! [`Line`]: how one event is written, as text or JSON.
//!
//! Text is laid out as Kafka's own configuration of its log does it: `[time] LEVEL [context]message (logger)`, where the
//! context is `[my-sink|task-0] ` or `[my-sink|worker] `. Shippers and habits that know the one read the other.

use std::borrow::Cow;
use std::fmt::{self, Debug, Write as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::Hide;
use super::names::shown;

/// The spans that say whose line it is.
pub(super) const CONTEXT: &str = data_plane::task::LOG_CONTEXT;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Text,
    /// One object per line.
    Json,
}

/// Whom an event concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Whose {
    connector: Option<String>,
    task: Option<u64>,
}

/// Keeps with each span whom it concerns.
pub(super) struct Contexts;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Contexts {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut said = Said::default();
        attributes.record(&mut said);
        if said.whose.connector.is_some()
            && let Some(span) = context.span(id)
        {
            span.extensions_mut().insert(said.whose);
        }
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    whose: Whose,
    fields: Vec<(&'static str, Shape)>,
}

/// The value of a field.
enum Shape {
    /// A text; quoted, as it may hold anything.
    Text(String),
    /// Something that shows itself.
    Shown(String),
    Value(Value),
}

impl Said {
    fn hide(&mut self, hide: Hide) {
        let fields = self.fields.iter_mut().filter_map(|(_, shape)| match shape {
            Shape::Text(text) | Shape::Shown(text) => Some(text),
            Shape::Value(_) => None,
        });
        for text in fields.chain([&mut self.message]) {
            let hidden = match hide(text) {
                Cow::Owned(hidden) => hidden,
                Cow::Borrowed(_) => continue,
            };
            *text = hidden;
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            "connector" => self.whose.connector = Some(value.to_owned()),
            name => self.fields.push((name, Shape::Text(value.to_owned()))),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            "connector" => self.whose.connector = Some(value),
            name => self.fields.push((name, Shape::Shown(value))),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "task" => self.whose.task = Some(value),
            name => self.fields.push((name, Shape::Value(value.into()))),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let value = Value::from(value);
        self.fields.push((field.name(), Shape::Value(value)));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        // Wider ones than a number of JSON holds do not occur.
        self.record_u64(field, u64::try_from(value).unwrap_or(u64::MAX));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let value = Value::from(value);
        self.fields.push((field.name(), Shape::Value(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let value = Value::from(value);
        self.fields.push((field.name(), Shape::Value(value)));
    }
}

/// Writes events, one line each; a text with a trace has more.
pub(super) struct Line {
    pub style: Style,
    pub hide: Hide,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        if said.whose.connector.is_none()
            && let Some(scope) = context.event_scope()
        {
            // The innermost one that knows.
            let known = scope
                .into_iter()
                .find_map(|span| span.extensions().get::<Whose>().cloned());
            said.whose = known.unwrap_or_default();
        }
        said.hide(self.hide);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let (level, logger) = (event.metadata().level(), shown(event.metadata().target()));
        match self.style {
            Style::Text => write_text(&mut writer, &time, level, logger, &said),
            Style::Json => write_json(&mut writer, &time, level, logger, said),
        }
    }
}

/// `time` is `2026-11-21T17:32:37.123456Z`.
fn write_text(
    out: &mut Writer<'_>,
    time: &str,
    level: &tracing::Level,
    logger: &str,
    said: &Said,
) -> fmt::Result {
    let part = |range| time.get(range).unwrap_or_default();
    let (date, clock, ms) = (part(0..10), part(11..19), part(20..23));
    write!(out, "[{date} {clock},{ms}] {level} {}", said.whose)?;
    // A trace comes behind the line that it belongs to, as in Java.
    let (first, rest) = match said.message.split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (said.message.as_str(), None),
    };
    let mut out = Plain(out);
    out.write_str(first)?;
    for (name, value) in &said.fields {
        match value {
            Shape::Text(text) => write!(out, " {name}={text:?}")?,
            Shape::Shown(text) => write!(out, " {name}={text}")?,
            Shape::Value(value) => write!(out, " {name}={value}")?,
        }
    }
    writeln!(out, " ({logger})")?;
    match rest {
        Some(rest) => writeln!(out, "{rest}"),
        None => Ok(()),
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.connector, self.task) {
            (Some(connector), Some(task)) => write!(f, "[{connector}|task-{task}] "),
            (Some(connector), None) => write!(f, "[{connector}|worker] "),
            (None, _) => Ok(()),
        }
    }
}

/// Keeps what could steer a terminal out of the log.
struct Plain<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Plain<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
        let mut rest = text;
        while let Some(at) = rest.find(steers) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let c = from.chars().next().unwrap_or_default();
            write!(self.0, "{}", c.escape_default())?;
            rest = &from[c.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

fn write_json(
    out: &mut Writer<'_>,
    time: &str,
    level: &tracing::Level,
    logger: &str,
    said: Said,
) -> fmt::Result {
    let mut line = Map::new();
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("timestamp", time.into());
    put("level", level.as_str().into());
    put("logger", logger.into());
    if let Some(connector) = said.whose.connector {
        put("connector", connector.into());
    }
    if let Some(task) = said.whose.task {
        put("task", task.into());
    }
    put("message", said.message.into());
    let fields = said.fields.into_iter().map(|(name, value)| {
        let value = match value {
            Shape::Text(text) | Shape::Shown(text) => Value::from(text),
            Shape::Value(value) => value,
        };
        (name.to_owned(), value)
    });
    let fields: Map<String, Value> = fields.collect();
    if !fields.is_empty() {
        put("fields", fields.into());
    }
    writeln!(out, "{}", Value::Object(line))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing::{error, info, warn};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sheet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("one writer").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(style: Style, say: impl FnOnce()) -> String {
        let sheet = Sheet::default();
        let writer = sheet.clone();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Line {
                style,
                hide: |text| match text.contains("hunter2") {
                    true => text.replace("hunter2", "***").into(),
                    false => text.into(),
                },
            })
            .with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(Contexts.and_then(lines));
        tracing::subscriber::with_default(subscriber, say);
        let bytes = sheet.0.lock().expect("one writer").clone();
        String::from_utf8(bytes).expect("text")
    }

    /// Without the time, whose shape is checked.
    fn text(say: impl FnOnce()) -> String {
        let text = written(Style::Text, say);
        let (time, rest) = text.split_at("[2026-11-21 17:32:37,123] ".len());
        let shape: String = time
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(shape, "[0000-00-00 00:00:00,000] ");
        rest.to_owned()
    }

    #[test]
    fn a_line_is_laid_out_as_kafkas() {
        assert_eq!(
            text(
                || info!(target: "data_plane::task::log", n = 3, who = "a b", shown = %"x", "done")
            ),
            "INFO done n=3 who=\"a b\" shown=x (data_plane::task)\n"
        );
        assert_eq!(
            text(|| warn!(target: "t", connector = "my sink", "a change")),
            "WARN [my sink|worker] a change (t)\n"
        );
        assert_eq!(
            text(|| error!(target: "t", connector = %"c", task = 1u32, "{}", "failed: E\n\tat x")),
            "ERROR [c|task-1] failed: E (t)\n\tat x\n"
        );
    }

    #[test]
    fn what_is_to_be_hidden_stands_in_no_part_of_a_line() {
        assert_eq!(
            text(
                || warn!(target: "t", x = "hunter2", y = %"a hunter2", "{}", "no hunter2\nat hunter2")
            ),
            "WARN no *** x=\"***\" y=a *** (t)\nat ***\n"
        );
    }

    #[test]
    fn lines_inside_a_task_are_the_tasks() {
        let line = text(|| {
            let _task = data_plane::task::log_span("c", 2).entered();
            let _inner = tracing::info_span!("inner", n = 1).entered();
            info!(target: "neo4rs::pool", "hello");
        });
        assert_eq!(line, "INFO [c|task-2] hello (neo4rs)\n");
    }

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(
            text(|| info!(target: "t", x = "\u{1b}[2J", "a\u{1b}]0;b\rc")),
            "INFO a\\u{1b}]0;b\\rc x=\"\\u{1b}[2J\" (t)\n"
        );
    }

    #[test]
    fn json_has_one_object_per_line() {
        let lines = written(Style::Json, || {
            data_plane::task::log_span("c", 0).in_scope(|| {
                warn!(target: "data_plane::kafka::x", ok = false, n = -1, "two\nlines");
            });
            info!(target: "t", "plain");
        });
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect();
        assert_eq!(lines.len(), 2);
        let mut first = lines[0].clone();
        let time = first.as_object_mut().and_then(|o| o.remove("timestamp"));
        assert!(time.is_some_and(|t| t.as_str().is_some_and(|t| t.ends_with('Z'))));
        assert_eq!(
            first,
            serde_json::json!({
                "level": "WARN", "logger": "data_plane::kafka", "connector": "c", "task": 0,
                "message": "two\nlines", "fields": {"ok": false, "n": -1},
            })
        );
        assert!(lines[1].get("fields").is_none() && lines[1].get("connector").is_none());
    }
}
