//! What `GET /metrics` answers, and what the JVM's worker says over JMX, as series.

use std::collections::BTreeMap;

use super::kafka::{class_path, java};
use super::process::run_tool;
use super::worker::Worker;

/// One sample.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

#[derive(Clone, Debug)]
pub struct Scrape(pub Vec<Series>);

impl Scrape {
    pub fn of(worker: &Worker) -> Scrape {
        let answer = worker.rest().get("/metrics").expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let lines = answer.text();
        let samples = lines.lines().filter(|line| !line.starts_with('#'));
        Scrape(samples.map(parse).collect())
    }

    /// The one value with these labels, and perhaps others; none if there is no such series.
    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |s: &&Series| {
            let fits = |(k, v): &(&str, &str)| s.labels.get(*k).is_some_and(|found| found == v);
            s.name == name && labels.iter().all(fits)
        };
        let mut found = self.0.iter().filter(has);
        let first = found.next();
        assert!(found.next().is_none(), "several series {name} {labels:?}");
        first.map(|s| s.value)
    }

    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found = self.find(name, labels);
        found.unwrap_or_else(|| panic!("no series {name} {labels:?}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|s| s.name == name)
    }
}

fn parse(line: &str) -> Series {
    let (series, value) = line.rsplit_once(' ').expect("a value");
    let value = value
        .parse()
        .unwrap_or_else(|_| panic!("no number: {line}"));
    let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
    let mut labels = BTreeMap::new();
    let mut rest = rest.strip_suffix('}').expect("the end of labels");
    while let Some((label, after)) = rest.split_once("=\"") {
        let mut text = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            match chars.next().expect("the end of a label") {
                (at, '"') => break at,
                (_, '\\') => match chars.next().expect("what is escaped").1 {
                    'n' => text.push('\n'),
                    other => text.push(other),
                },
                (_, other) => text.push(other),
            }
        };
        labels.insert(label.trim_start_matches(',').to_owned(), text);
        rest = &after[end + 1..];
    }
    let name = name.to_owned();
    Series {
        name,
        labels,
        value,
    }
}

/// Options of a JVM that lets [`mbeans`] look.
pub fn jmx_options(port: u16) -> String {
    format!(
        "-Dcom.sun.management.jmxremote.port={port} -Dcom.sun.management.jmxremote.authenticate=false \
         -Dcom.sun.management.jmxremote.ssl=false -Djava.rmi.server.hostname=127.0.0.1"
    )
}

/// Every attribute of the MBeans of a worker: object name, attribute, value.
pub fn mbeans(port: u16) -> Vec<(String, String, String)> {
    // Some attributes are of Connect's own classes.
    let mut java = java("64m", &class_path().expect("the jars of Kafka"));
    java.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/support/jmx/MBeans.java"
    ));
    java.arg(port.to_string());
    let printed = run_tool(java).expect("the MBeans");
    let lines = printed.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        Some((
            parts.next()?.to_owned(),
            parts.next()?.to_owned(),
            parts.next()?.to_owned(),
        ))
    });
    lines.collect()
}
