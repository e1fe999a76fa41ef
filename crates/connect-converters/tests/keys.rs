//! No key of a converter is accepted and then ignored.

use connect_api::config::Config;
use connect_converters::PLUGINS;
use connect_testkit::assert_keys_are_read;

#[test]
fn defined_keys_are_read() {
    for plugin in PLUGINS {
        assert_keys_are_read(plugin, &Config::new());
    }
}
