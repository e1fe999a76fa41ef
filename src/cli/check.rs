//! `turnbuckle check`: what becomes of every key of worker and connector files. Starts nothing and asks nobody.

mod report;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use connect_api::config::Config;
use data_plane::kafka::client_keys::{KeyNote, NoteKind};

use self::report::{Fate, Report, Section};
use super::Failure;
use super::args::WorkerFiles;
use super::files::{connector_files, resolved, worker_environment, worker_file};
use crate::config::WorkerConfig;
use crate::config::connector_file::{self, ConnectorFile};
use crate::config::environment::Environment;
use crate::config::inert;
use crate::config::layers::{WorkerProperties, layered};
use crate::config::worker::{key_report, unsecured_clients};
use crate::herder::validation::{Context, RawConfig};
use crate::plugins::{Kind, Plugins};
use crate::providers::Unresolved;
use crate::worker::connector::unknown_keys;
use crate::worker::kafka::Cluster;
use crate::worker::{Worker, check_converters, preview};

/// Prints the report.
///
/// # Errors
/// A worker with these files would not start, or one of the connectors would not run.
pub fn run(args: &WorkerFiles) -> Result<(), Failure> {
    let file = worker_file(&args.worker)?;
    let files = connector_files(&args.connectors).map_err(Failure::NotStarted)?;
    let environment = worker_environment();
    let written = layered(&file, &environment, &args.overrides)
        .map_err(|e| Failure::NotStarted(e.to_string()))?;
    let resolved = resolved(&written)?;
    let layers = resolved.properties;
    let name = match args.worker.as_str() {
        "" => "worker, without a file".to_owned(),
        path => format!("worker {path}"),
    };
    let mut report = Report::default();
    let (mut section, config) = check_worker(name, &layers, &environment);
    add_unresolved(&mut section, &resolved.unresolved);
    section.hide(&resolved.secrets);
    report.worker = section;
    let worker = config.map(|config| Worker {
        config,
        plugins: Plugins::built_in(),
        providers: Arc::new(resolved.providers),
        secrets: resolved.secrets,
        id: String::new(),
        kafka: Arc::new(Cluster),
        metrics: Arc::default(),
    });
    let mut names = BTreeSet::new();
    for path in files {
        let section = check_file(&path, worker.as_ref(), &mut names);
        report.connectors.push(section);
    }
    print!("{report}");
    if report.worker.has_errors() {
        Err(Failure::NotStarted(String::new()))
    } else if report.connectors.iter().any(Section::has_errors) {
        Err(Failure::Connector)
    } else {
        Ok(())
    }
}

/// The worker's configuration comes along if it is one.
fn check_worker(
    name: String,
    layers: &WorkerProperties,
    environment: &Environment,
) -> (Section, Option<WorkerConfig>) {
    let mut section = Section::new(name);
    let config = match worker_config(layers) {
        Ok(config) => Some(config),
        Err(errors) => {
            for (key, why) in &errors {
                section.add(Fate::Error, key, why);
            }
            None
        }
    };
    let mut notes = Vec::new();
    if let Some(config) = &config {
        match preview::own_client_notes(config) {
            Ok(found) => notes = found,
            Err(error) => section.add(Fate::Error, "", &error.to_string()),
        }
        notes.extend(preview::client_notes(config, "", &Config::new(), "."));
    }
    let keys = key_report(&layers.config);
    for (key, origin) in layers.origins() {
        if section.names(key) {
            continue;
        }
        match keys.inert.get(key) {
            Some(reason) => section.add(Fate::NoEffect, key, reason),
            None if keys.unknown.iter().any(|unknown| unknown == key) => {
                section.add(Fate::Unknown, key, origin);
            }
            None => add_read_key(&mut section, key, &notes),
        }
    }
    add_environment(&mut section, environment);
    for prefix in unsecured_clients(&layers.config) {
        let why = "these clients do not inherit the worker's security settings";
        section.add(Fate::Note, prefix, why);
    }
    (section, config)
}

/// As a start reads it; the errors with their keys.
fn worker_config(layers: &WorkerProperties) -> Result<WorkerConfig, Vec<(String, String)>> {
    let located = |key: &str, why: &str| match layers.origin(key) {
        "default" => (key.to_owned(), why.to_owned()),
        origin => (key.to_owned(), format!("{why} ({origin})")),
    };
    let config = WorkerConfig::parse(layers).map_err(|errors| {
        let errors = errors.0.iter();
        errors
            .map(|e| located(&e.key, &e.message))
            .collect::<Vec<_>>()
    })?;
    check_converters(&config, &Plugins::built_in()).map_err(|errors| {
        let errors = errors.iter();
        errors
            .map(|(key, why)| located(key, why))
            .collect::<Vec<_>>()
    })?;
    Ok(config)
}

fn add_environment(section: &mut Section, environment: &Environment) {
    for variable in &environment.service_links {
        section.add(Fate::NoEffect, variable, "of a Kubernetes Service");
    }
    for variable in &environment.jvm_options {
        section.add(Fate::NoEffect, variable, "is for a JVM");
    }
    if let Some(jaas) = &environment.jaas_file {
        let why = "names a JAAS file, which is read for the logins of the REST API alone: put others into sasl.jaas.config";
        section.add(Fate::Note, &jaas.variable, why);
    }
}

fn check_file(path: &str, worker: Option<&Worker>, names: &mut BTreeSet<String>) -> Section {
    let mut section = Section::new(format!("connector {path}"));
    let file = match read(path) {
        Ok(file) => file,
        Err(why) => {
            section.add(Fate::Error, "", &why);
            return section;
        }
    };
    section.title = format!("connector {} ({path})", file.name);
    if !names.insert(file.name.clone()) {
        let why = format!("Connector {} already exists", file.name);
        section.add(Fate::Error, "name", &why);
    }
    match worker {
        Some(worker) => check_connector(&mut section, worker, &file),
        None => section.add(Fate::Note, "", "not checked, because the worker has errors"),
    }
    section
}

fn read(path: &str) -> Result<ConnectorFile, String> {
    let bytes = fs::read(path).map_err(|e| format!("cannot be read: {e}"))?;
    connector_file::parse(path, &bytes).map_err(|e| e.to_string())
}

/// References first. What they stand for is not shown.
fn check_connector(section: &mut Section, worker: &Worker, file: &ConnectorFile) {
    match worker.providers.resolve(&file.config) {
        Err(error) => section.add(Fate::Error, "", &error.to_string()),
        Ok(resolved) => {
            check_resolved(section, worker, &file.name, &resolved.config);
            add_unresolved(section, &resolved.unresolved);
            section.hide(&resolved.secrets);
        }
    }
}

fn add_unresolved(section: &mut Section, unresolved: &[Unresolved]) {
    for Unresolved { key, reference } in unresolved {
        let why = format!("no configuration provider has {reference}; it stays as it is");
        section.add(Fate::Note, key, &why);
    }
}

/// What there is instead of a class that is not.
fn add_choice(section: &mut Section, plugins: &Plugins, key: &str, why: &str) {
    if !why.contains("could not be found") {
        return;
    }
    let (what, kind) = match key {
        "header.converter" => ("header converters", Kind::HeaderConverter),
        "key.converter" | "value.converter" => ("converters", Kind::Converter),
        key if key.starts_with("predicates.") => ("predicates", Kind::Predicate),
        key if key.starts_with("transforms.") => ("transformations", Kind::Transformation),
        _ => return,
    };
    let classes = plugins.of_kind(kind).map(|plugin| plugin.class);
    let choice = match classes.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => format!("there are no {what} yet"),
        classes => format!("{what} here: {classes}"),
    };
    section.add(Fate::Note, "", &choice);
}

/// Validation first, as in the herder; only what passes it gets as far as tasks.
fn check_resolved(section: &mut Section, worker: &Worker, name: &str, config: &Config) {
    let raw: RawConfig = config
        .iter()
        .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
        .collect();
    let context = Context {
        plugins: &worker.plugins,
        worker: &worker.config,
    };
    let infos = match context.validate(&raw) {
        Ok(infos) => infos,
        Err(error) => return section.add(Fate::Error, "connector.class", &error.to_string()),
    };
    for info in &infos.configs {
        for why in &info.value.errors {
            section.add(Fate::Error, info.name(), why);
            add_choice(section, &worker.plugins, info.name(), why);
        }
    }
    if !section.has_errors()
        && let Err(error) = worker.preview(name, config)
    {
        let why = error.to_string();
        let named = config
            .iter()
            .map(|(key, _)| key)
            .filter(|key| why.contains(key));
        let key = named.max_by_key(|key| key.len()).unwrap_or_default();
        section.add(Fate::Error, key, &why);
    }
    let Ok(plugin) = worker.plugins.find(Kind::Sink, &infos.name) else {
        return;
    };
    let unknown = unknown_keys(&worker.plugins, plugin, config);
    let notes = preview::client_notes(&worker.config, name, config, ".override.");
    for (key, _) in config
        .iter()
        .filter(|(key, _)| !section.names(key))
        .collect::<Vec<_>>()
    {
        match inert::reason(key).filter(|_| key.starts_with("confluent.")) {
            Some(reason) => section.add(Fate::NoEffect, key, reason),
            None if unknown.contains(&key) => section.add(Fate::Unknown, key, ""),
            None => add_read_key(section, key, &notes),
        }
    }
}

/// A key that something reads, unless a client has more to say about it.
fn add_read_key(section: &mut Section, key: &str, notes: &[KeyNote]) {
    let Some(note) = notes.iter().find(|note| note.key == key) else {
        return section.add(Fate::Honoured, key, "");
    };
    let fate = match note.kind {
        NoteKind::Unknown => Fate::Unknown,
        NoteKind::Inert => Fate::NoEffect,
        NoteKind::Adjusted => Fate::Note,
    };
    section.add(fate, key, &note.reason);
}
