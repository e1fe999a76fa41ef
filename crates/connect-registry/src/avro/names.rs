//! Names that the JVM's converter gives, in schemas of both kinds.

pub(super) const NAMESPACE: &str = "io.confluent.connect.avro";
/// A struct without a name.
pub(super) const DEFAULT_NAME: &str = "ConnectDefault";
pub(super) const DEFAULT_FULL_NAME: &str = "io.confluent.connect.avro.ConnectDefault";
/// Record of values without a schema.
pub(super) const ANYTHING: &str = "Anything";
/// Record of the entries of a map whose keys are no strings.
pub(super) const MAP_ENTRY: &str = "MapEntry";
pub(super) const KEY: &str = "key";
pub(super) const VALUE: &str = "value";

// Properties of Avro schemas.
pub(super) const CONNECT_NAME: &str = "connect.name";
pub(super) const CONNECT_DOC: &str = "connect.doc";
pub(super) const CONNECT_VERSION: &str = "connect.version";
pub(super) const CONNECT_DEFAULT: &str = "connect.default";
pub(super) const CONNECT_PARAMETERS: &str = "connect.parameters";
pub(super) const CONNECT_INTERNAL_TYPE: &str = "connect.internal.type";
pub(super) const CONNECT_TYPE: &str = "connect.type";
pub(super) const LOGICAL_TYPE: &str = "logicalType";
pub(super) const SCALE: &str = "scale";
pub(super) const PRECISION: &str = "precision";
/// Begin of properties that are parameters of the same name.
pub(super) const AVRO_PREFIX: &str = "avro";

// Parameters of Connect schemas.
pub(super) const RECORD_DOC: &str = "io.confluent.connect.avro.record.doc";
pub(super) const ENUM_DOC_PREFIX: &str = "io.confluent.connect.avro.enum.doc.";
pub(super) const FIELD_DOC_PREFIX: &str = "io.confluent.connect.avro.field.doc.";
pub(super) const ENUM_DEFAULT_PREFIX: &str = "io.confluent.connect.avro.enum.default.";
/// Says that a default comes of an Avro field.
pub(super) const FIELD_DEFAULT_FLAG: &str = "io.confluent.connect.avro.field.default";
/// Where `discard.type.doc.default` has the documentation of a record and of an enum.
pub(super) const DISCARDED_RECORD_DOC: &str = "connect.record.doc";
pub(super) const DISCARDED_ENUM_DOC: &str = "connect.enum.doc";
pub(super) const FIXED_SIZE: &str = "connect.fixed.size";
pub(super) const DECIMAL_PRECISION: &str = "connect.decimal.precision";
/// The precision that is not written down.
pub(super) const DEFAULT_PRECISION: i64 = 64;
pub(super) const ENUM: &str = "io.confluent.connect.avro.Enum";
/// Name of the struct that a union becomes.
pub(super) const UNION: &str = "io.confluent.connect.avro.Union";
/// The parameters that all formats share.
pub(super) const GENERALIZED_ENUM: &str = "org.apache.kafka.connect.data.Enum";
pub(super) const GENERALIZED_UNION: &str = "org.apache.kafka.connect.data.Union";
pub(super) const UNION_PREFIX: &str = "connect_union_";
pub(super) const UNION_FIELD_PREFIX: &str = "connect_union_field_";

/// A name in which what Avro does not take is replaced, as on the JVM: it is encoded as in a URL, an `x` stands before a
/// digit, and whatever is illegal then becomes an underscore.
pub(super) fn scrub(name: &str) -> String {
    let is_fine = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let starts_with_digit = name.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if !starts_with_digit && name.bytes().all(is_fine) {
        return name.to_owned();
    }
    let mut scrubbed = String::with_capacity(name.len() + 8);
    if starts_with_digit {
        scrubbed.push('x');
    }
    for byte in name.bytes() {
        match byte {
            b if is_fine(b) => scrubbed.push(char::from(b)),
            // These the encoding leaves alone, or writes as a plus; none is legal in a name.
            b'-' | b'.' | b'*' | b' ' => scrubbed.push('_'),
            b => scrubbed.push_str(&format!("_{b:02X}")),
        }
    }
    scrubbed
}

/// Namespace and name of a full name.
pub(super) fn split(full: &str) -> (Option<&str>, &str) {
    match full.rsplit_once('.') {
        Some((space, name)) => (Some(space), name),
        None => (None, full),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_scrubbed_as_on_the_jvm() {
        for (name, expected) in [
            ("plain_1", "plain_1"),
            ("_a", "_a"),
            ("", ""),
            ("1st", "x1st"),
            ("a-b.c d*", "a_b_c_d_"),
            ("a$b", "a_24b"),
            ("größe", "gr_C3_B6_C3_9Fe"),
        ] {
            assert_eq!(scrub(name), expected);
        }
    }
}
