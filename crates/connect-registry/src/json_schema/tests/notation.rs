//! Schemas and values in one line each, so that tables can hold them.

use connect_api::data::{Schema, Type, Value};

/// `int64`, `string?` (optional), `[string]`, `{string: int32}`, `Name(field: int64, …)`, and behind them version `@1`,
/// default `=1`, parameters `<a=b>`, doc `/text/`. A struct inside itself is `^Name`.
pub fn schema(schema: &Schema) -> String {
    show(schema, &mut Vec::new())
}

fn show<'a>(schema: &'a Schema, around: &mut Vec<&'a Schema>) -> String {
    let name = schema.name().unwrap_or_default();
    if around.iter().any(|other| other.shares_fields_with(schema)) {
        return format!("^{name}{}", attributes(schema));
    }
    around.push(schema);
    let part = |part: Option<&'a connect_api::data::SchemaRef>, around: &mut Vec<&'a Schema>| {
        part.map_or_else(String::new, |part| show(part, around))
    };
    let shown = match schema.type_() {
        Type::Array => format!("{name}[{}]", part(schema.value_schema(), around)),
        Type::Map => {
            let keys = part(schema.key_schema(), around);
            format!("{name}{{{keys}: {}}}", part(schema.value_schema(), around))
        }
        Type::Struct => {
            let fields: Vec<_> = schema
                .fields()
                .iter()
                .map(|f| format!("{}: {}", f.name, show(&f.schema, around)))
                .collect();
            format!("{name}({})", fields.join(", "))
        }
        type_ if name.is_empty() => type_.name().to_lowercase(),
        type_ => format!("{} {name}", type_.name().to_lowercase()),
    };
    around.pop();
    format!("{shown}{}", attributes(schema))
}

fn attributes(schema: &Schema) -> String {
    let mut shown = String::new();
    if schema.is_optional() {
        shown.push('?');
    }
    if let Some(version) = schema.version() {
        shown.push_str(&format!("@{version}"));
    }
    if let Some(default) = schema.default() {
        shown.push_str(&format!("={}", value(default)));
    }
    if let Some(parameters) = schema.parameters() {
        let parameters: Vec<_> = parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
        shown.push_str(&format!("<{}>", parameters.join(" ")));
    }
    if let Some(doc) = schema.doc() {
        shown.push_str(&format!("/{doc}/"));
    }
    shown
}

/// Numbers with their type (`1i8`, `1.5f32`; INT64 and FLOAT64 without), texts in quotes, bytes as `b"…"`, `d1.50`, `t…`.
pub fn value(value_: &Value) -> String {
    match value_ {
        Value::Null => "null".to_owned(),
        Value::Boolean(b) => b.to_string(),
        Value::Int8(n) => format!("{n}i8"),
        Value::Int16(n) => format!("{n}i16"),
        Value::Int32(n) => format!("{n}i32"),
        Value::Int64(n) => n.to_string(),
        Value::Float32(f) => format!("{f:?}f32"),
        Value::Float64(d) => format!("{d:?}"),
        Value::String(text) => format!("{:?}", &**text),
        Value::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Value::Decimal(d) => format!("d{d}"),
        Value::BigInteger(n) => format!("n{n}"),
        Value::Timestamp(millis) => format!("t{millis}"),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", value(k), value(v)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Struct(s) => {
            let values: Vec<_> = s.values().iter().map(value).collect();
            format!("({})", values.join(", "))
        }
    }
}
