//! Schemas of preview's JSON on one line: `struct(Name)v1{id: int64?<Tag=1>, tags: array?[string]}`.
//!
//! `?` is optional, `v` the version, `=` a default, `^` a schema inside itself. Parameters lose the long prefixes of
//! Confluent's packages.

use serde_json::Value;

const PREFIXES: &[&str] = &["io.confluent.connect.", "org.apache.kafka.connect.data."];

pub fn schema(schema: &Value) -> String {
    let Some(type_) = schema["type"].as_str() else {
        return "none".to_owned();
    };
    let mut text = type_.to_owned();
    if schema["optional"] == true {
        text.push('?');
    }
    if let Some(name) = schema["name"].as_str() {
        text += &format!("({})", short(name));
    }
    if let Some(version) = schema["version"].as_i64() {
        text += &format!("v{version}");
    }
    if let Some(parameters) = schema["parameters"].as_object() {
        let all = parameters.iter().map(|(name, value)| {
            let value = value.as_str().unwrap_or_default();
            format!("{}={value}", short(name))
        });
        text += &format!("<{}>", all.collect::<Vec<_>>().join(","));
    }
    if let Some(doc) = schema["doc"].as_str() {
        text += &format!(" doc {doc:?}");
    }
    if let Some(default) = schema.get("default") {
        text += &format!("={default}");
    }
    if schema["recursive"] == true {
        return text + "^";
    }
    text + &inside(type_, schema)
}

fn inside(type_: &str, of: &Value) -> String {
    match type_ {
        "struct" => {
            let fields = of["fields"].as_array().into_iter().flatten();
            let fields = fields.map(|field| {
                let name = field["field"].as_str().unwrap_or_default();
                format!("{}: {}", short(name), schema(field))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        "array" => format!("[{}]", schema(&of["items"])),
        "map" => format!("[{} -> {}]", schema(&of["keys"]), schema(&of["values"])),
        _ => String::new(),
    }
}

fn short(name: &str) -> &str {
    let found = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix));
    found.unwrap_or(name)
}
