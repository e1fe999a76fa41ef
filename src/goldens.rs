//! Holds configuration providers and properties files against what the JVM's classes did (`tests/goldens/transforms`).
//!
//! Another folder of such vectors is taken from the environment variable `GOLDENS_DIR`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::config::Config;
use connect_testkit::Vectors;
use serde_json::{Value as Json, json};

use crate::config::layers::WorkerProperties;
use crate::config::properties;
use crate::providers::{ProviderError, Providers, Variables, resolve_worker};

#[test]
fn goldens() {
    let dir = std::env::temp_dir().join(format!("turnbuckle-goldens-{}", std::process::id()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kinds = ["config_provider", "properties"];
    let vectors = Vectors::read(root, &["transforms", "transforms-random"], &kinds);
    vectors.check(|case| {
        let got = match case["kind"] == "properties" {
            true => properties_case(case),
            false => provider_case(case, &dir),
        };
        match same(&got, &case["expect"]) {
            true => Ok(()),
            false => Err(format!("{got}, not {}", case["expect"])),
        }
    });
}

/// Texts that only make sense with a JVM count by their class.
fn same(got: &Json, expected: &Json) -> bool {
    for kind in ["error", "configure_error"] {
        let expected = &expected[kind];
        if expected["jvm_text"] == true {
            return got[kind]["class"] == expected["class"];
        }
    }
    got == expected
}

fn properties_case(case: &Json) -> Json {
    let read = match (case["text"].as_str(), case["bytes"].as_str()) {
        (Some(text), _) => properties::parse(text),
        (_, Some(bytes)) => properties::parse_bytes(&STANDARD.decode(bytes).expect("Base64")),
        other => panic!("no input: {other:?}"),
    };
    match read {
        Ok(read) => {
            let map: BTreeMap<String, String> =
                read.into_iter().map(|p| (p.key, p.value)).collect();
            json!({ "ok": map })
        }
        Err(_) => json!({"error": {
            "class": "java.lang.IllegalArgumentException",
            "message": "Malformed \\uxxxx encoding.",
        }}),
    }
}

fn provider_case(case: &Json, dir: &Path) -> Json {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir).expect("a folder");
    for (name, content) in case["files"].as_object().into_iter().flatten() {
        let bytes = match content.as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => STANDARD
                .decode(content["base64"].as_str().expect("Base64"))
                .expect("Base64"),
        };
        let file = dir.join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, bytes).expect("a file");
    }
    let place = dir.to_string_lossy().into_owned();
    let case: Json =
        serde_json::from_str(&case.to_string().replace("@DIR@", &place)).expect("a case");
    let got = match case["op"].as_str() {
        Some("get") => get(&case),
        Some("resolve") => resolve(&case),
        Some("worker") => worker(&case),
        other => panic!("unknown op {other:?}"),
    };
    serde_json::from_str(&got.to_string().replace(&place, "@DIR@")).expect("JSON")
}

fn config(json: &Json) -> Config {
    let members = json.as_object().into_iter().flatten();
    members
        .map(|(k, v)| (k.as_str(), v.as_str().expect("a text")))
        .collect()
}

fn map(config: &Config) -> BTreeMap<&str, &str> {
    config.iter().collect()
}

fn variables(case: &Json) -> Variables {
    let variables = config(&case["env"]);
    let owned = |(k, v): (&str, &str)| (k.to_owned(), v.to_owned());
    variables.iter().map(owned).collect()
}

fn failed(kind: &str, error: &ProviderError) -> Json {
    json!({kind: {"class": error.exception, "message": error.message}})
}

fn get(case: &Json) -> Json {
    let mut providers = Providers::default();
    let class = case["class"].as_str().expect("a class");
    if let Err(error) = providers.configure("p", class, &config(&case["config"]), &variables(case))
    {
        return failed("configure_error", &error);
    }
    let keys = case["keys"].as_array();
    let keys = keys.map(|keys| keys.iter().filter_map(Json::as_str).collect());
    match providers.get("p", case["path"].as_str().expect("a path"), keys.as_ref()) {
        Ok(data) => {
            let ttl = providers.ttl("p").map(|ttl| ttl.as_millis() as u64);
            json!({"ok": {"data": data, "ttl": ttl}})
        }
        Err(error) => failed("error", &error),
    }
}

fn resolve(case: &Json) -> Json {
    let mut providers = Providers::default();
    for (alias, provider) in case["providers"].as_object().into_iter().flatten() {
        let class = provider["class"].as_str().expect("a class");
        let made =
            providers.configure(alias, class, &config(&provider["config"]), &variables(case));
        if let Err(error) = made {
            return failed("configure_error", &error);
        }
    }
    match providers.resolve(&config(&case["values"])) {
        Ok(resolved) => json!({"ok": map(&resolved.config)}),
        Err(error) => failed("error", &error),
    }
}

fn worker(case: &Json) -> Json {
    let properties = WorkerProperties::default().with_values(config(&case["values"]));
    match resolve_worker(&properties, &variables(case)) {
        Ok(resolved) => json!({"ok": map(&resolved.properties.config)}),
        Err((_, error)) => failed("configure_error", &error),
    }
}
