//! Schemas and values as short texts, for tables.

use connect_api::data::{Schema, Type, Value};

/// `type?(Name v1)<parameter=value>{fields}`; a question mark means optional, and parameters of the converters' own
/// stand without their namespace.
pub fn schema(schema: &Schema) -> String {
    let mut text = schema.type_().name().to_lowercase();
    match schema.type_() {
        Type::Array => text += &format!("[{}]", part(schema.value_schema())),
        Type::Map => {
            let (key, value) = (part(schema.key_schema()), part(schema.value_schema()));
            text += &format!("[{key}: {value}]");
        }
        _ => {}
    }
    if schema.is_optional() {
        text.push('?');
    }
    match (schema.name(), schema.version()) {
        (Some(name), Some(version)) => text += &format!("({name} v{version})"),
        (Some(name), None) => text += &format!("({name})"),
        (None, Some(version)) => text += &format!("(v{version})"),
        (None, None) => {}
    }
    if let Some(parameters) = schema.parameters() {
        let parameters = parameters
            .iter()
            .map(|(name, value)| {
                let name = [
                    "io.confluent.connect.protobuf.",
                    "io.confluent.connect.avro.",
                ]
                .iter()
                .find_map(|space| name.strip_prefix(space))
                .unwrap_or(name);
                format!("{name}={value}")
            })
            .collect::<Vec<_>>();
        text += &format!("<{}>", parameters.join(","));
    }
    if let Some(default) = schema.default() {
        text += &format!(" = {}", value(default));
    }
    if schema.type_() == Type::Struct {
        let fields = schema
            .fields()
            .iter()
            .map(|field| {
                // A schema inside itself is written once.
                if field
                    .schema
                    .recursive_part()
                    .is_some_and(|part| part.shares_fields_with(schema))
                {
                    return format!("{}: ...", field.name);
                }
                format!("{}: {}", field.name, self::schema(&field.schema))
            })
            .collect::<Vec<_>>();
        text += &format!("{{{}}}", fields.join(", "));
    }
    text
}

fn part(part: Option<&connect_api::data::SchemaRef>) -> String {
    part.map_or_else(|| "none".to_owned(), |part| schema(part))
}

/// Numbers with the letter of their type, `-` for null, `@` before milliseconds.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Boolean(b) => b.to_string(),
        Value::Int8(n) => format!("{n}b"),
        Value::Int16(n) => format!("{n}s"),
        Value::Int32(n) => n.to_string(),
        Value::Int64(n) => format!("{n}L"),
        Value::Float32(n) => format!("{n:?}f"),
        Value::Float64(n) => format!("{n:?}"),
        Value::String(text) => format!("{:?}", &**text),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        Value::Decimal(decimal) => format!("{decimal}d"),
        Value::BigInteger(n) => format!("{n}n"),
        Value::Timestamp(millis) => format!("@{millis}"),
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(self::value).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Map(map) => {
            let entries = map
                .iter()
                .map(|(k, v)| format!("{}: {}", self::value(k), self::value(v)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Struct(s) => {
            let fields = s.schema().fields().iter().zip(s.values());
            let fields = fields.map(|(field, v)| format!("{}={}", field.name, self::value(v)));
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }
    }
}
