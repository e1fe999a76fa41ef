//! No key of a transformation is accepted and then ignored.

use connect_api::config::Config;
use connect_testkit::assert_keys_are_read;
use connect_transforms::PLUGINS;

/// What each class requires.
fn required(class: &str) -> Config {
    let simple = class.rsplit('.').next().unwrap_or(class);
    let entries: &[(&str, &str)] = match simple.split('$').next().unwrap_or(simple) {
        "Cast" => &[("spec", "int8")],
        "DropHeaders" => &[("headers", "h")],
        "ExtractField" | "HoistField" => &[("field", "f")],
        "HeaderFrom" => &[("fields", "f"), ("headers", "h"), ("operation", "move")],
        "InsertField" => &[("topic.field", "t")],
        "InsertHeader" => &[("header", "h"), ("value.literal", "1")],
        "MaskField" | "ValueToKey" => &[("fields", "f")],
        "RegexRouter" => &[("regex", "a"), ("replacement", "b")],
        "SetSchemaMetadata" => &[("schema.name", "n")],
        "TimestampConverter" => &[("target.type", "unix")],
        "HasHeaderKey" => &[("name", "h")],
        "TopicNameMatches" => &[("pattern", "a")],
        _ => &[],
    };
    entries.iter().copied().collect()
}

#[test]
fn defined_keys_are_read() {
    for plugin in PLUGINS {
        assert_keys_are_read(plugin, &required(plugin.class));
    }
}

#[test]
fn keys_that_the_jvm_does_not_list_are_checked_too() {
    let class = "io.debezium.transforms.ExtractNewRecordState";
    let plugin = PLUGINS.iter().find(|p| p.class == class).expect(class);
    let config: Config = [("replace.null.with.default", "no")].into_iter().collect();
    let values = (plugin.config_def)().validate(&config);
    let value = values
        .iter()
        .find(|v| v.name == "replace.null.with.default");
    assert_eq!(
        value.map(|v| &*v.errors[0]),
        Some(
            "Invalid value no for configuration replace.null.with.default: Expected value to be either true or false"
        )
    );
}
