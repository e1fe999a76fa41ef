//! `docs/openapi.json` describes the routes that there are.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value;

/// Workers ask each other for these.
const INTERNAL: [&str; 1] = ["/connectors/{name}/fence"];

#[test]
fn the_document_names_every_path() {
    let source = include_str!("mod.rs");
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let texts = code.split('"').skip(1).step_by(2);
    // Plugins have names of their own in the document, where names of connectors are something else.
    let routes: BTreeSet<String> = texts
        .filter(|text| text.starts_with('/') && !INTERNAL.contains(text))
        .map(|text| text.replace("/connector-plugins/{name}", "/connector-plugins/{plugin}"))
        .collect();
    let document: Value = serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap();
    let named = document["paths"].as_object().unwrap().keys().cloned();
    assert_eq!(named.collect::<BTreeSet<_>>(), routes);
}
