//! Documentation generated from the definitions.

use std::fmt::Write as _;

use connect_api::config::{KeyDefault, KeyInfo};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_registry::keys as registry_keys;
use data_plane::kafka::client_keys::client_keys_page;

use super::args::DocsPage;
use crate::config::inert::{INERT, REFUSED};
use crate::config::worker_keys::worker_config_def;
use crate::logging;
use crate::metrics;
use crate::plugins::{Kind, Plugins};
use crate::providers::CLASSES;

pub fn page(page: DocsPage) -> String {
    match page {
        DocsPage::WorkerKeys => worker_keys(),
        DocsPage::ClientKeys => client_keys_page(),
        DocsPage::ConfigProviders => config_providers(),
        DocsPage::Loggers => logging::page(),
        DocsPage::Metrics => metrics::page(),
        DocsPage::Transforms => transforms(),
        DocsPage::Converters => converters(),
        DocsPage::SchemaRegistry => schema_registry(),
    }
}

/// The tables of `docs/config.md`.
pub fn worker_keys() -> String {
    let mut page = String::new();
    let def = worker_config_def();
    let _ = write!(
        page,
        "## Honoured\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n"
    );
    for key in def.keys() {
        let default = match key.default {
            KeyDefault::Required => "*required*".to_owned(),
            KeyDefault::Null => "–".to_owned(),
            KeyDefault::Text(text) => format!("`{text}`"),
        };
        let type_ = key.type_.name().to_lowercase();
        let _ = writeln!(
            page,
            "| `{}` | {type_} | {default} | {} |",
            key.name, key.doc
        );
    }
    for family in def.families() {
        let _ = writeln!(
            page,
            "| `{}{}` | | – | {} |",
            family.prefix, family.tail, family.doc
        );
    }
    page.push_str(
        "\nWithout a prefix, the other connection settings of Kafka clients (`client.id`, `request.timeout.ms`, \
         `reconnect.backoff.ms` …) are\nthose of the worker's own clients.\n",
    );
    let _ = write!(
        page,
        "\n## Accepted without effect\n\nNamed once in the log at start.\n\n| key | why |\n| --- | --- |\n"
    );
    for inert in INERT {
        let tail = if inert.key.ends_with('.') { "*" } else { "" };
        let _ = writeln!(page, "| `{}{tail}` | {} |", inert.key, inert.reason);
    }
    let _ = write!(
        page,
        "\n## Refused\n\nIgnoring these would change delivery, security or routing, so the worker does not start.\n\n\
         | key | values | why |\n| --- | --- | --- |\n"
    );
    for refused in REFUSED {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            refused.key, refused.values, refused.reason
        );
    }
    page.push_str(
        "\nEvery other key is unknown: it is named in a warning and has no effect, as in Kafka.\n",
    );
    page
}

/// The tables of `docs/config-providers.md`.
pub fn config_providers() -> String {
    let mut page = String::new();
    for class in CLASSES {
        let name = class.class.rsplit('.').next().unwrap_or(class.class);
        let _ = write!(
            page,
            "## {name}\n\n`{}`\n\n`{}`: {}\n\n| `config.providers.<alias>.param.` | meaning |\n| --- | --- |\n",
            class.class, class.reference, class.doc
        );
        for key in (class.config_def)().keys() {
            let _ = writeln!(page, "| `{}` | {} |", key.name, key.doc);
        }
        page.push('\n');
    }
    page
}

/// The tables of `docs/transforms.md`.
pub fn transforms() -> String {
    let mut page = String::from("## Transformations\n");
    let plugins = Plugins::built_in();
    let mut last = "";
    for plugin in plugins.of_kind(Kind::Transformation) {
        let class = plugin.class.split('$').next().unwrap_or(plugin.class);
        if class != last {
            let nested = plugin.class.len() > class.len();
            let forms = if nested {
                ", as `$Key` and `$Value`"
            } else {
                ""
            };
            add_plugin(&mut page, class, forms, plugin);
        }
        last = class;
    }
    page.push_str("\n## Predicates\n");
    for plugin in plugins.of_kind(Kind::Predicate) {
        add_plugin(&mut page, plugin.class, "", plugin);
    }
    page
}

/// The tables of `docs/converters.md`: the classes of Apache Kafka.
pub fn converters() -> String {
    let mut page = String::from("## Converters\n");
    let all = connect_converters::PLUGINS;
    let converts_headers = |class: &str| {
        let mut of_class = all.iter().filter(|plugin| plugin.class == class);
        of_class.any(|plugin| matches!(plugin.plugin, Plugin::HeaderConverter(_)))
    };
    let mut listed: Vec<&str> = Vec::new();
    for plugin in all {
        if listed.contains(&plugin.class) {
            continue;
        }
        listed.push(plugin.class);
        let forms = match plugin.plugin {
            Plugin::HeaderConverter(_) => ", for headers",
            _ if converts_headers(plugin.class) => ", for keys, values and headers",
            _ => ", for keys and values",
        };
        add_plugin(&mut page, plugin.class, forms, plugin);
    }
    page
}

/// What a format's key that changes nothing says of itself.
const WITHOUT_EFFECT: &str = "Accepted without effect: ";

/// The tables of `docs/schema-registry.md`.
pub fn schema_registry() -> String {
    let shared = registry_keys::config_def();
    let is_shared = |key: &KeyInfo| shared.keys().any(|other| other.name == key.name);
    let honoured = registry_keys::honoured();
    let mut page = String::from("## Keys of all three: honoured\n");
    add_keys(&mut page, honoured.keys());
    for family in honoured.families() {
        let _ = writeln!(
            page,
            "| `{}{}` | | – | {} |",
            family.prefix, family.tail, family.doc
        );
    }
    page.push_str(
        "\n## Keys of all three: accepted without effect\n\n| key | why |\n| --- | --- |\n",
    );
    for key in registry_keys::INERT {
        let _ = writeln!(page, "| `{}` | {} |", key.name, key.why);
    }
    page.push_str("\n## Keys of all three: refused\n\n| key | taken nevertheless | why |\n| --- | --- | --- |\n");
    for key in registry_keys::REFUSED {
        let allowed = key.allowed.iter().map(|value| match *value {
            "" => "empty".to_owned(),
            value => format!("`{value}`"),
        });
        let allowed = allowed.collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "| `{}` | {allowed} | {} |", key.name, key.why);
    }
    for plugin in connect_registry::PLUGINS {
        let name = plugin.class.rsplit('.').next().unwrap_or(plugin.class);
        let def = (plugin.config_def)();
        let own = || def.keys().filter(|key| !is_shared(key));
        let _ = write!(page, "\n## {name}\n\n`{}`\n", plugin.class);
        add_keys(
            &mut page,
            own().filter(|key| !key.doc.starts_with(WITHOUT_EFFECT)),
        );
        let inert = own().filter_map(|key| Some((key, key.doc.strip_prefix(WITHOUT_EFFECT)?)));
        let inert: Vec<_> = inert.collect();
        if !inert.is_empty() {
            page.push_str("\n| accepted without effect | why |\n| --- | --- |\n");
        }
        for (key, why) in inert {
            let (first, rest) = why.split_at(1);
            let _ = writeln!(page, "| `{}` | {}{rest} |", key.name, first.to_uppercase());
        }
    }
    page
}

fn add_plugin(page: &mut String, class: &str, forms: &str, plugin: &PluginDescriptor) {
    let name = class.rsplit('.').next().unwrap_or(class);
    let _ = write!(page, "\n### {name}\n\n`{class}`{forms}\n");
    let def = (plugin.config_def)();
    if def.keys().next().is_none() {
        page.push_str("\nIt has no keys.\n");
        return;
    }
    add_keys(page, def.keys());
}

fn add_keys<'a>(page: &mut String, keys: impl Iterator<Item = &'a KeyInfo>) {
    page.push_str("\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for key in keys {
        let default = match key.default {
            KeyDefault::Required => "*required*".to_owned(),
            KeyDefault::Null | KeyDefault::Text("") => "–".to_owned(),
            KeyDefault::Text(text) => format!("`{text}`"),
        };
        let type_ = key.type_.name().to_lowercase();
        let _ = writeln!(
            page,
            "| `{}` | {type_} | {default} | {} |",
            key.name, key.doc
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_fresh() {
        let client_keys = data_plane::kafka::client_keys::client_keys_page();
        for (name, page, tables) in [
            (
                "metrics",
                include_str!("../../docs/metrics.md"),
                metrics::page(),
            ),
            (
                "client-keys",
                include_str!("../../docs/client-keys.md"),
                client_keys,
            ),
            (
                "worker-keys",
                include_str!("../../docs/config.md"),
                worker_keys(),
            ),
            (
                "config-providers",
                include_str!("../../docs/config-providers.md"),
                config_providers(),
            ),
            (
                "transforms",
                include_str!("../../docs/transforms.md"),
                transforms(),
            ),
            (
                "converters",
                include_str!("../../docs/converters.md"),
                converters(),
            ),
            (
                "schema-registry",
                include_str!("../../docs/schema-registry.md"),
                schema_registry(),
            ),
        ] {
            assert!(
                page.ends_with(&tables),
                "a page in docs/ is stale: replace its tables by the output of `turnbuckle docs {name}`"
            );
        }
    }
}
