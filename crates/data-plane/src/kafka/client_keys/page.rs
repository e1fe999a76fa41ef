//! The table of keys for people: the generated part of `docs/client-keys.md`.

use std::fmt::Write as _;

use super::table::{self, ADMIN, CONSUMER, Entry, Form, PRODUCER, Roles, Rule};

/// The tables of `docs/client-keys.md`.
pub fn client_keys_page() -> String {
    let mut page = String::new();
    let mut entries: Vec<_> = table::all().collect();
    entries.sort_by_key(|e| e.key);
    let _ = write!(
        page,
        "## Honoured\n\n| key | clients | default | becomes |\n| --- | --- | --- | --- |\n"
    );
    for entry in &entries {
        let becomes = match &entry.rule {
            Rule::To(native, form) => translation(native, form),
            Rule::Ours(_, what) => (*what).to_owned(),
            Rule::Inert(_) | Rule::Refused(_) => continue,
        };
        let default = default(entry);
        let clients = clients(entry.roles);
        let _ = writeln!(
            page,
            "| `{}` | {clients} | {default} | {becomes} |",
            entry.key
        );
    }
    let _ = write!(
        page,
        "\n## Accepted without effect\n\n| key | clients | why |\n| --- | --- | --- |\n"
    );
    for entry in &entries {
        if let Rule::Inert(why) = entry.rule {
            let clients = clients(entry.roles);
            let _ = writeln!(page, "| `{}` | {clients} | {why} |", entry.key);
        }
    }
    let _ = write!(
        page,
        "\n## Refused\n\n| key | clients | why |\n| --- | --- | --- |\n"
    );
    for entry in &entries {
        if let Rule::Refused(why) = entry.rule {
            let clients = clients(entry.roles);
            let _ = writeln!(page, "| `{}` | {clients} | {why} |", entry.key);
        }
    }
    page
}

/// What becomes of a client key, in words; none if it is no key of a client here.
pub fn client_key_effect(key: &str) -> Option<String> {
    let entry = table::find(table::ALL, key)?;
    Some(match &entry.rule {
        Rule::To(native, form) => format!("Becomes {}.", translation(native, form)),
        Rule::Ours(_, what) => (*what).to_owned(),
        Rule::Inert(why) => format!("Without effect: {why}."),
        Rule::Refused(why) => format!("Refused: {why}."),
    })
}

fn clients(roles: Roles) -> String {
    if roles == table::ALL {
        return "all".to_owned();
    }
    let names = [
        (CONSUMER, "consumer"),
        (PRODUCER, "producer"),
        (ADMIN, "admin"),
    ];
    let names: Vec<_> = names
        .iter()
        .filter(|(role, _)| roles & role != 0)
        .map(|(_, name)| *name)
        .collect();
    names.join(", ")
}

fn default(entry: &Entry) -> String {
    match entry.default {
        None | Some("") => "–".to_owned(),
        Some(value) => format!("`{}`", value.replace(',', ", ")),
    }
}

fn translation(native: &[&str], form: &Form) -> String {
    let names: Vec<_> = native.iter().map(|n| format!("`{n}`")).collect();
    let names = names.join(", ");
    match form {
        Form::Number { least, most, .. } => format!("{names}, {least} to {most}"),
        Form::Words(words) => {
            let words: Vec<_> = words.iter().map(|(java, _)| format!("`{java}`")).collect();
            format!("{names}: {}", words.join(", "))
        }
        Form::Text | Form::Bool | Form::Decimal { .. } => names,
    }
}
