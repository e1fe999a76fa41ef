//! Files that every schema can import without a reference: the JVM's converter brings them along.

use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;

/// Types, fields and numbers of the files that the descriptor library does not have itself.
const FILES: [(&str, &str); 20] = [
    (META, include_str!("known/confluent/meta.proto")),
    (DECIMAL, include_str!("known/confluent/type/decimal.proto")),
    (
        "confluent/type/variant.proto",
        include_str!("known/confluent/type/variant.proto"),
    ),
    (
        "google/type/calendar_period.proto",
        include_str!("known/google/type/calendar_period.proto"),
    ),
    (
        "google/type/color.proto",
        include_str!("known/google/type/color.proto"),
    ),
    (DATE, include_str!("known/google/type/date.proto")),
    (
        "google/type/datetime.proto",
        include_str!("known/google/type/datetime.proto"),
    ),
    (
        "google/type/dayofweek.proto",
        include_str!("known/google/type/dayofweek.proto"),
    ),
    (
        "google/type/decimal.proto",
        include_str!("known/google/type/decimal.proto"),
    ),
    (
        "google/type/expr.proto",
        include_str!("known/google/type/expr.proto"),
    ),
    (
        "google/type/fraction.proto",
        include_str!("known/google/type/fraction.proto"),
    ),
    (
        "google/type/interval.proto",
        include_str!("known/google/type/interval.proto"),
    ),
    (
        "google/type/latlng.proto",
        include_str!("known/google/type/latlng.proto"),
    ),
    (
        "google/type/localized_text.proto",
        include_str!("known/google/type/localized_text.proto"),
    ),
    (
        "google/type/money.proto",
        include_str!("known/google/type/money.proto"),
    ),
    (
        "google/type/month.proto",
        include_str!("known/google/type/month.proto"),
    ),
    (
        "google/type/phone_number.proto",
        include_str!("known/google/type/phone_number.proto"),
    ),
    (
        "google/type/postal_address.proto",
        include_str!("known/google/type/postal_address.proto"),
    ),
    (
        "google/type/quaternion.proto",
        include_str!("known/google/type/quaternion.proto"),
    ),
    (TIME, include_str!("known/google/type/timeofday.proto")),
];

pub(super) const META: &str = "confluent/meta.proto";
pub(super) const DECIMAL: &str = "confluent/type/decimal.proto";
pub(super) const DATE: &str = "google/type/date.proto";
pub(super) const TIME: &str = "google/type/timeofday.proto";
pub(super) const TIMESTAMP: &str = "google/protobuf/timestamp.proto";
pub(super) const WRAPPERS: &str = "google/protobuf/wrappers.proto";

pub(super) const DECIMAL_TYPE: &str = "confluent.type.Decimal";
pub(super) const DATE_TYPE: &str = "google.type.Date";
pub(super) const TIME_TYPE: &str = "google.type.TimeOfDay";
pub(super) const TIMESTAMP_TYPE: &str = "google.protobuf.Timestamp";

/// The extension that holds a field's own meta data.
pub(super) const FIELD_META: &str = "confluent.field_meta";

/// The file under that path, if it is one of those.
pub(super) fn file(path: &str) -> Option<FileDescriptorProto> {
    if let Some(file) = DescriptorPool::global().get_file_by_name(path) {
        return Some(file.file_descriptor_proto().clone());
    }
    let (_, text) = FILES.iter().find(|(known, _)| *known == path)?;
    protox_parse::parse(path, text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_builds_with_what_it_imports() {
        for (path, _) in FILES {
            let mut pool = DescriptorPool::new();
            add(&mut pool, path);
            assert!(pool.get_file_by_name(path).is_some(), "{path}");
        }
    }

    fn add(pool: &mut DescriptorPool, path: &str) {
        let file = file(path).unwrap();
        for import in &file.dependency {
            add(pool, import);
        }
        pool.add_file_descriptor_proto(file).unwrap();
    }
}
