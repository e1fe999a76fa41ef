//! The report of `check`: a line for each key, never a value of one that is right.

use std::fmt;

use crate::providers::Secrets;

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Honoured,
    /// Known, and does nothing here.
    NoEffect,
    /// Nothing reads it; likely misspelt.
    Unknown,
    /// Worth knowing.
    Note,
    /// The worker or the connector would not start.
    Error,
}

/// The keys of one file.
#[derive(Debug, Default)]
pub struct Section {
    pub title: String,
    lines: Vec<Line>,
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    fate: Fate,
    key: String,
    text: String,
}

#[derive(Debug, Default)]
pub struct Report {
    pub worker: Section,
    pub connectors: Vec<Section>,
}

impl Fate {
    const fn name(self) -> &'static str {
        match self {
            Fate::Honoured => "honoured",
            Fate::NoEffect => "no effect",
            Fate::Unknown => "unknown",
            Fate::Note => "note",
            Fate::Error => "ERROR",
        }
    }
}

impl Section {
    pub fn new(title: String) -> Self {
        Self {
            title,
            lines: Vec::new(),
        }
    }

    /// Without a key the reason concerns the whole file.
    pub fn add(&mut self, fate: Fate, key: &str, why: &str) {
        let text = match (key, why) {
            (key, "") => key.to_owned(),
            ("", why) => why.to_owned(),
            // Kafka's sentences name their key themselves.
            (key, why) if fate == Fate::Error && why.contains(key) => why.to_owned(),
            (key, why) => format!("{key} – {why}"),
        };
        let is_told = |line: &Line| line.fate == fate && line.text == text;
        // One error may concern several keys.
        if self.lines.iter().any(is_told) {
            return;
        }
        self.lines.push(Line {
            fate,
            key: key.to_owned(),
            text,
        });
    }

    /// Puts references in the place of what they stand for.
    pub fn hide(&mut self, secrets: &Secrets) {
        for line in &mut self.lines {
            line.text = secrets.hide(&line.text);
        }
    }

    /// Whether something was said about the key.
    pub fn names(&self, key: &str) -> bool {
        self.lines.iter().any(|line| line.key == key)
    }

    pub fn has_errors(&self) -> bool {
        self.count(Fate::Error) > 0
    }

    fn count(&self, fate: Fate) -> usize {
        self.lines.iter().filter(|line| line.fate == fate).count()
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for line in &self.lines {
            // Further lines of a text stand under its first one.
            let text = line.text.trim_end().replace('\n', "\n             ");
            writeln!(f, "  {:<9}  {text}", line.fate.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.worker)?;
        for connector in &self.connectors {
            write!(f, "\n{connector}")?;
        }
        let sections = || std::iter::once(&self.worker).chain(&self.connectors);
        let count = |fate| sections().map(|section| section.count(fate)).sum::<usize>();
        write!(
            f,
            "\nerrors: {}, unknown keys: {}; ",
            count(Fate::Error),
            count(Fate::Unknown)
        )?;
        if self.worker.has_errors() {
            writeln!(f, "the worker would not start (exit code 2)")
        } else if self.connectors.iter().any(Section::has_errors) {
            writeln!(f, "a connector of these files would not run (exit code 3)")
        } else {
            writeln!(
                f,
                "a worker with these files starts (neither Kafka nor a target was asked)"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_aligns() {
        let mut report = Report {
            worker: Section::new("worker w.properties".to_owned()),
            connectors: vec![Section::new("connector c.json".to_owned())],
        };
        report.worker.add(Fate::Honoured, "bootstrap.servers", "");
        report.worker.add(Fate::NoEffect, "plugin.path", "built in");
        report.connectors[0].add(Fate::Unknown, "topic", "");
        report.connectors[0].add(
            Fate::Error,
            "tasks.max",
            "Invalid value x for tasks.max:\nno",
        );
        assert_eq!(
            report.to_string(),
            "worker w.properties\n  honoured   bootstrap.servers\n  no effect  plugin.path – built in\n\n\
             connector c.json\n  unknown    topic\n  ERROR      Invalid value x for tasks.max:\n             no\n\n\
             errors: 1, unknown keys: 1; a connector of these files would not run (exit code 3)\n"
        );
    }
}
