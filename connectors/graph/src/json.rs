//! Text that is JSON, as Bolt values, without a tree of JSON in between.

use std::fmt;

use connect_api::ConnectError;
use neo4rs::{
    BoltBoolean, BoltFloat, BoltInteger, BoltList, BoltMap, BoltNull, BoltString, BoltType,
};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::error::{no_content, unconvertible};

/// The first JSON value of a text, what follows it is ignored; none if it is no JSON, or the word `null`.
///
/// # Errors
/// The record's fault: a blank text, or an integer of more than 64 bits. The first is a trap of the original that
/// users' dead letter topics know, so it stays.
pub fn parse(text: &[u8]) -> Result<Option<BoltType>, ConnectError> {
    let first = text.iter().find(|b| !b.is_ascii_whitespace());
    match first {
        None => return Err(no_content()),
        // Most plain text is told from JSON by its first letter.
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f') => {}
        Some(_) => return Ok(None),
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Json>();
    match values.next() {
        Some(Ok(Json(value))) => Ok(Some(value)),
        Some(Err(error)) if error.to_string().starts_with(TOO_LARGE) => {
            Err(unconvertible("java.math.BigInteger"))
        }
        _ => Ok(None),
    }
}

/// Marks the one error that is not "this is no JSON".
const TOO_LARGE: &str = "an integer of more than 64 bits";

/// The key under which serde_json hands over a number it has not converted; see its feature `arbitrary_precision`, without
/// which a large integer would silently become a float.
const NUMBER: &str = "$serde_json::private::Number";

struct Json(BoltType);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Json)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = BoltType;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<BoltType, E> {
        Ok(BoltType::Null(BoltNull))
    }

    fn visit_bool<E>(self, value: bool) -> Result<BoltType, E> {
        Ok(BoltType::Boolean(BoltBoolean::new(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<BoltType, E> {
        Ok(BoltType::Integer(BoltInteger::new(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<BoltType, E> {
        let value = i64::try_from(value).map_err(|_| E::custom(TOO_LARGE))?;
        self.visit_i64(value)
    }

    fn visit_f64<E>(self, value: f64) -> Result<BoltType, E> {
        Ok(BoltType::Float(BoltFloat::new(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<BoltType, E> {
        Ok(BoltType::String(BoltString::new(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<BoltType, E> {
        Ok(BoltType::String(BoltString::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<BoltType, A::Error> {
        let mut list = Vec::with_capacity(items.size_hint().unwrap_or(0));
        while let Some(Json(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(BoltType::List(BoltList::from(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BoltType, A::Error> {
        let mut map = BoltMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key == NUMBER {
                let digits = entries.next_value::<String>()?;
                return number(&digits);
            }
            let Json(value) = entries.next_value()?;
            map.put(BoltString::from(key), value);
        }
        Ok(BoltType::Map(map))
    }
}

/// Without fraction and exponent an integer, else a float; a float too large to hold is infinite, as on the JVM.
fn number<E: Error>(digits: &str) -> Result<BoltType, E> {
    if digits.contains(['.', 'e', 'E']) {
        let float: f64 = digits.parse().map_err(E::custom)?;
        return Ok(BoltType::Float(BoltFloat::new(float)));
    }
    let integer: i64 = digits.parse().map_err(|_| E::custom(TOO_LARGE))?;
    Ok(BoltType::Integer(BoltInteger::new(integer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(n: i64) -> Option<BoltType> {
        Some(BoltType::Integer(BoltInteger::new(n)))
    }

    #[test]
    fn the_first_value_counts() {
        let float = |n| Some(BoltType::Float(BoltFloat::new(n)));
        let text = |s| Some(BoltType::String(BoltString::new(s)));
        let list = |items: &[i64]| {
            let items: Vec<BoltType> = items.iter().filter_map(|&n| integer(n)).collect();
            Some(BoltType::List(BoltList::from(items)))
        };
        for (input, expected) in [
            ("123", integer(123)),
            (" -7 ", integer(-7)),
            ("1.5", float(1.5)),
            ("1e3", float(1000.0)),
            ("-0.0", float(-0.0)),
            ("1e400", float(f64::INFINITY)),
            ("9223372036854775807", integer(i64::MAX)),
            ("true", Some(BoltType::Boolean(BoltBoolean::new(true)))),
            ("\"q\"", text("q")),
            ("\"a\\u00e9\\n\"", text("aé\n")),
            ("[1,2]", list(&[1, 2])),
            ("[1]x", list(&[1])),
            ("3 apples", integer(3)),
            ("3apples", None),
            ("007", None),
            ("-", None),
            ("NaN", None),
            ("null", None),
            ("nullable", None),
            ("truest", None),
            ("{\"a\":", None),
            ("simple", None),
            ("'a'", None),
        ] {
            assert_eq!(parse(input.as_bytes()).expect(input), expected, "{input}");
        }
        let Ok(Some(BoltType::Map(map))) = parse(br#"{"id":1,"id":2}"}"#) else {
            panic!("no map");
        };
        assert_eq!(map.value.get("id").cloned(), integer(2));
    }

    #[test]
    fn blank_text_and_large_integers_are_the_records_fault() {
        for blank in ["", " ", "\n\t"] {
            let error = parse(blank.as_bytes()).expect_err("refused");
            assert_eq!(
                error.exception(),
                "com.fasterxml.jackson.databind.exc.MismatchedInputException"
            );
        }
        for large in [
            "9223372036854775808",
            "{\"a\": [123456789012345678901234567890]}",
        ] {
            let error = parse(large.as_bytes()).expect_err("refused");
            assert_eq!(
                error.message(),
                Some("Unable to convert java.math.BigInteger to Neo4j Value.")
            );
        }
    }
}
