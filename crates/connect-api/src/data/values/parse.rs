//! The value parser: from text to the narrowest value that it can mean.

use bytestring::ByteString;
use java_compat::number::with_ascii_digits;

use super::merge::{Merger, align};
use super::temporal::parse_temporal;
use super::token::{Tokens, is_blank, trim};
use crate::data::{
    Decimal, Map, SchemaAndValue, SchemaBuilder, SchemaRef, Type, Value, decimal_schema, required,
};
use crate::error::ConnectError;

/// Reads text as `Values.parseString` does: a number becomes the smallest type that holds it, `[…]` and `{…}` lists
/// and maps, the three ISO forms dates, and whatever is none of these a string, whole and untrimmed.
///
/// It never fails. Beware what Kafka does and headers rely on: of a text that begins with a number only what stands
/// before the first delimiter counts (`8080:80` is 8080), fractions become float32, and what follows a list is lost.
pub fn parse_string(text: &ByteString) -> SchemaAndValue {
    if text.is_empty() {
        return string(text.clone());
    }
    let mut parser = Parser {
        text,
        tokens: Tokens::new(text),
        depth: 0,
    };
    // Outside of containers the parser falls back to a string by itself.
    parser.value(false).unwrap_or_else(|_| string(text.clone()))
}

/// Deeper nesting than this is a string. The JVM has no bound but its stack, which ends the task.
const MAX_DEPTH: usize = 250;

struct Parser<'a> {
    text: &'a ByteString,
    tokens: Tokens<'a>,
    depth: usize,
}

fn string(text: ByteString) -> SchemaAndValue {
    SchemaAndValue::new(Some(required(Type::String)), Value::String(text))
}

fn typed(type_: Type, value: Value) -> SchemaAndValue {
    SchemaAndValue::new(Some(required(type_)), value)
}

fn broken(what: &str) -> ConnectError {
    ConnectError::data(what)
}

impl<'a> Parser<'a> {
    /// `embedded`: within a list or map, where a bare word is an error instead of a string.
    fn value(&mut self, embedded: bool) -> Result<SchemaAndValue, ConnectError> {
        if !self.tokens.has_next() {
            return Ok(SchemaAndValue::NULL);
        }
        if embedded && self.tokens.consume("\"") {
            return Ok(self.quoted());
        }
        if self.literal(embedded, "null") {
            return Ok(SchemaAndValue::NULL);
        }
        for (word, meaning) in [("true", true), ("false", false)] {
            if self.literal(embedded, word) {
                return Ok(typed(Type::Boolean, Value::Boolean(meaning)));
            }
        }
        let start = self.tokens.mark();
        match self.container() {
            Ok(Some(container)) => return Ok(container),
            Ok(None) => {}
            Err(error) if embedded => return Err(error),
            Err(_) => self.tokens.rewind(start),
        }
        let token = self.tokens.next();
        if is_blank(token) {
            return Ok(string(self.text.slice_ref(token)));
        }
        self.bare(embedded, trim(token))
    }

    /// A word that, outside of containers, must be the whole text.
    fn literal(&mut self, embedded: bool, word: &str) -> bool {
        let start = self.tokens.mark();
        if self.tokens.consume(word) && (embedded || !self.tokens.has_next()) {
            return true;
        }
        self.tokens.rewind(start);
        false
    }

    /// Up to the next quote that is not escaped. Only dates, times and timestamps are more than text here.
    fn quoted(&mut self) -> SchemaAndValue {
        let mut content = String::new();
        while self.tokens.has_next() && !self.tokens.consume("\"") {
            content.push_str(self.tokens.next());
        }
        let content = ByteString::from(content);
        if trim(&content).starts_with(|c: char| c.is_ascii_digit()) {
            let parsed = parse_string(&content);
            if matches!(parsed.value, Value::Timestamp(_)) {
                return parsed;
            }
        }
        string(content)
    }

    fn container(&mut self) -> Result<Option<SchemaAndValue>, ConnectError> {
        let is_array = self.tokens.consume("[");
        if !is_array && !self.tokens.consume("{") {
            return Ok(None);
        }
        if self.depth == MAX_DEPTH {
            return Err(broken("Too many nested lists or maps"));
        }
        self.depth += 1;
        let container = if is_array { self.array() } else { self.map() };
        self.depth -= 1;
        container.map(Some)
    }

    fn array(&mut self) -> Result<SchemaAndValue, ConnectError> {
        let mut items = Vec::new();
        let mut merger = Merger::default();
        while self.tokens.has_next() {
            if self.tokens.consume("]") {
                return finish_array(items, merger.into_schema());
            }
            if self.tokens.consume(",") {
                return Err(broken("Unable to parse an empty array element"));
            }
            let element = self.value(true)?;
            merger.add(&element);
            items.push(element.value);
            let behind = self.tokens.mark();
            if self.tokens.consume("]") {
                self.tokens.rewind(behind);
            } else if !self.tokens.consume(",") {
                return Err(broken("Array elements missing ',' delimiter"));
            }
        }
        Err(broken("Array is missing terminating ']'"))
    }

    fn map(&mut self) -> Result<SchemaAndValue, ConnectError> {
        let mut entries = Vec::new();
        let (mut keys, mut values) = (Merger::default(), Merger::default());
        while self.tokens.has_next() {
            if self.tokens.consume("}") {
                return finish_map(entries, keys.into_schema(), values.into_schema());
            }
            if self.tokens.consume(",") {
                return Err(broken("Unable to parse a map entry with no key or value"));
            }
            let key = self.value(true)?;
            if key.value.is_null() {
                return Err(broken("Map entry may not have a null key"));
            }
            if !self.tokens.consume(":") {
                return Err(broken("Map entry is missing ':'"));
            }
            let value = self.value(true)?;
            self.tokens.consume(",");
            keys.add(&key);
            values.add(&value);
            entries.push((key.value, value.value));
        }
        Err(broken("Map is missing terminating '}'"))
    }

    /// A token outside of quotes: a date, a number, or (not within containers) the beginning of a string.
    fn bare(&mut self, embedded: bool, token: &'a str) -> Result<SchemaAndValue, ConnectError> {
        // Numbers may have digits of any script; no date that has them is one.
        let ascii = with_ascii_digits(token);
        let first = ascii.as_bytes()[0];
        if first.is_ascii_digit() {
            // Unescaped colons cut a time into five tokens.
            let start = self.tokens.mark();
            if let Some(rest) = self.tokens.next_n(4) {
                if let Some(temporal) = parse_temporal(&format!("{token}{rest}")) {
                    return Ok(temporal);
                }
                self.tokens.rewind(start);
            }
            if let Some(temporal) = parse_temporal(token) {
                return Ok(temporal);
            }
        }
        if (first.is_ascii_digit() || matches!(first, b'+' | b'-'))
            && let Some(number) = number(&ascii)
        {
            return Ok(number);
        }
        if embedded {
            return Err(broken("Failed to parse embedded value"));
        }
        Ok(string(self.text.clone()))
    }
}

fn finish_array(
    items: Vec<Value>,
    schema: Option<SchemaRef>,
) -> Result<SchemaAndValue, ConnectError> {
    let Some(schema) = schema else {
        let schema = SchemaBuilder::array_of_mixed().build()?;
        return Ok(SchemaAndValue::new(Some(schema), Value::Array(items)));
    };
    let items = items
        .into_iter()
        .map(|item| align(&schema, item))
        .collect::<Result<_, _>>()?;
    let schema = SchemaBuilder::array(schema).build()?;
    Ok(SchemaAndValue::new(Some(schema), Value::Array(items)))
}

/// Without a common schema of the keys, values have none either.
fn finish_map(
    entries: Vec<(Value, Value)>,
    keys: Option<SchemaRef>,
    values: Option<SchemaRef>,
) -> Result<SchemaAndValue, ConnectError> {
    let values = keys.as_ref().and(values);
    let mut aligned = Vec::with_capacity(entries.len());
    // A repeated key's earlier value is gone before anything is aligned.
    for (key, value) in Map::from_entries(entries).into_entries() {
        let key = keys.as_ref().map_or(Ok(key.clone()), |s| align(s, key))?;
        let value = match &values {
            Some(schema) => align(schema, value)?,
            None => value,
        };
        aligned.push((key, value));
    }
    let schema = match (keys, values) {
        (Some(keys), Some(values)) => SchemaBuilder::map(keys, values),
        (keys, values) => SchemaBuilder::map_of_mixed(keys, values),
    };
    let map = Value::Map(Map::from_entries(aligned));
    Ok(SchemaAndValue::new(Some(schema.build()?), map))
}

fn number(token: &str) -> Option<SchemaAndValue> {
    let decimal: Decimal = token.parse().ok()?;
    if let Some(n) = whole(&decimal) {
        return Some(if let Ok(n) = i8::try_from(n) {
            typed(Type::Int8, Value::Int8(n))
        } else if let Ok(n) = i16::try_from(n) {
            typed(Type::Int16, Value::Int16(n))
        } else if let Ok(n) = i32::try_from(n) {
            typed(Type::Int32, Value::Int32(n))
        } else {
            typed(Type::Int64, Value::Int64(n))
        });
    }
    if decimal.scale != 0 {
        let f: f32 = token.parse().ok()?;
        if f.is_finite() {
            return Some(typed(Type::Float32, Value::Float32(f)));
        }
        let d: f64 = token.parse().ok()?;
        if d.is_finite() {
            return Some(typed(Type::Float64, Value::Float64(d)));
        }
    }
    let schema = decimal_schema(decimal.scale).build().ok()?;
    Some(SchemaAndValue::new(
        Some(schema),
        Value::Decimal(Box::new(decimal)),
    ))
}

/// The number if it has no fraction and fits 64 bits, whatever its scale.
fn whole(decimal: &Decimal) -> Option<i64> {
    if decimal.scale == 0 {
        return i64::try_from(&decimal.unscaled).ok();
    }
    if decimal.unscaled == 0.into() {
        return Some(0);
    }
    // Digits before the point; also keeps absurd exponents from being written out.
    let digits = decimal.precision() as i64 - i64::from(decimal.scale);
    if !(1..=19).contains(&digits) {
        return None;
    }
    let text = decimal.to_plain_string();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => &text,
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<Type>, Value) {
        let parsed = parse_string(&ByteString::from(text));
        (parsed.schema.map(|s| s.type_()), parsed.value)
    }

    #[test]
    fn numbers_get_the_smallest_type() {
        for (text, type_, value) in [
            ("1", Type::Int8, Value::Int8(1)),
            ("  1  ", Type::Int8, Value::Int8(1)),
            ("5.", Type::Int8, Value::Int8(5)),
            ("1.0", Type::Int8, Value::Int8(1)),
            ("-129", Type::Int16, Value::Int16(-129)),
            ("1e3", Type::Int16, Value::Int16(1000)),
            ("2147483648", Type::Int64, Value::Int64(2_147_483_648)),
            ("0.1", Type::Float32, Value::Float32(0.1)),
            ("1.5e300", Type::Float64, Value::Float64(1.5e300)),
            ("1e-400", Type::Float32, Value::Float32(0.0)),
            ("8080:80", Type::Int16, Value::Int16(8080)),
        ] {
            assert_eq!(parsed(text), (Some(type_), value), "{text}");
        }
        assert_eq!(parsed("1e999999999").0, Some(Type::Bytes));
    }

    #[test]
    fn anything_odd_is_the_whole_text() {
        for text in [
            ".5",
            "1f",
            "0x10",
            "a b",
            "[1,,2]",
            "{a:1}",
            "[1, null]",
            "true}",
            "[",
            "{\"a\"",
            "   ",
        ] {
            assert_eq!(parsed(text), (Some(Type::String), Value::from(text)));
        }
        let deep = "[".repeat(100_000);
        assert_eq!(parsed(&deep).0, Some(Type::String));
    }

    #[test]
    fn lists_take_the_widest_number() {
        let wide = Value::Array(vec![
            Value::Float64(f64::from(0.1f32)),
            Value::Float64(1e300),
        ]);
        assert_eq!(parsed("[0.1, 1e300]"), (Some(Type::Array), wide));
        let mixed = Value::Array(vec![Value::Int8(1), Value::from("a"), Value::Int8(2)]);
        assert_eq!(parsed("[1, \"a\", 2]"), (Some(Type::Array), mixed));
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[\\[\\]{}:,\"\\\\ 0-9a-z.+eEtTnZ-]{0,40}") {
            parse_string(&ByteString::from(text));
        }

        #[test]
        fn no_date_breaks_it(text in "[0-9]{1,17}-[0-9]{1,10}-[0-9]{1,10}(T[0-9]{1,9}:[0-9]{1,9}:[0-9]{1,9}\\.[0-9]{1,9}Z)?") {
            parse_string(&ByteString::from(text));
        }

        #[test]
        fn any_text_is_read(text: String) {
            parse_string(&ByteString::from(text));
        }

        #[test]
        fn whole_numbers_read_back(n: i64) {
            let text = crate::data::values::convert_to_string(&Value::Int64(n)).unwrap_or_default();
            proptest::prop_assert_eq!(super::super::java_text(&parse_string(&text.clone().into()).value), text);
        }
    }
}
