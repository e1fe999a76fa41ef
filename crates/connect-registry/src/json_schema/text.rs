//! [`Json`]: a JSON text as a tree, members in their order and numbers as they stand.

use std::collections::HashMap;

use connect_api::ByteString;
use connect_api::ConnectError;
use connect_api::data::Decimal;
use connect_converters::json::parts::{Fault, Reader, Why, enter, goes_on, write_string};

/// Schemas may not be nested deeper; those of people are less than twenty deep.
const MAX_DEPTH: usize = 200;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// The digits as they stand.
    Number(ByteString),
    String(ByteString),
    Array(Vec<Json>),
    Object(Vec<(ByteString, Json)>),
}

impl Json {
    /// # Errors
    /// A record's fault: the text is no JSON, or nested too deep.
    pub fn parse(text: &str) -> Result<Self, ConnectError> {
        let doc = ByteString::from(text);
        let r = &mut Reader::new(&doc).words_as_numbers();
        read(r, 0).map_err(|fault| match fault {
            Fault::Syntax(syntax) => {
                let why = syntax.into_error(doc.as_bytes());
                let why = why.cause().map(ToString::to_string).unwrap_or_default();
                ConnectError::data(format!("Invalid JSON Schema: {why}"))
            }
            Fault::Data(error) => *error,
        })
    }

    pub fn get(&self, name: &str) -> Option<&Json> {
        self.members()
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    /// Members of an object; of anything else none.
    pub fn members(&self) -> &[(ByteString, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&ByteString> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_i32(&self) -> Option<i32> {
        match self {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// What `toString` gives of the object that the JVM's loader makes of it.
    pub fn java_text(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Bool(b) => b.to_string(),
            Json::Number(digits) if digits.contains(['.', 'e', 'E']) => digits
                .parse::<Decimal>()
                .map_or_else(|_| digits.to_string(), |d| d.to_string()),
            Json::Number(digits) => digits.strip_prefix("-0").map_or_else(
                || digits.to_string(),
                |rest| {
                    if rest.is_empty() {
                        "0".to_owned()
                    } else {
                        digits.to_string()
                    }
                },
            ),
            Json::String(text) => text.to_string(),
            Json::Array(items) => {
                let items: Vec<_> = items.iter().map(Json::java_text).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{name}={}", value.java_text()))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    /// The tree as compact JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Json::Null => out.extend_from_slice(b"null"),
            Json::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
            Json::Number(digits) => out.extend_from_slice(digits.as_bytes()),
            Json::String(text) => write_string(out, text),
            Json::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Json::Object(members) => {
                out.push(b'{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(out, name);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    pub fn to_text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

fn read(r: &mut Reader<'_>, depth: usize) -> Result<Json, Fault> {
    if depth > MAX_DEPTH {
        let error = format!("Invalid JSON Schema: it is nested more than {MAX_DEPTH} deep");
        return Err(ConnectError::data(error).into());
    }
    Ok(match r.peek() {
        b'{' => {
            let mut members = Vec::new();
            let mut more = enter(r, b'}')?;
            while more {
                let name = r.name()?;
                let name = r.name_slice(name);
                members.push((name, read(r, depth + 1)?));
                more = goes_on(r, b'}')?;
            }
            r.leave();
            Json::Object(without_repeated(members))
        }
        b'[' => {
            let mut items = Vec::new();
            let mut more = enter(r, b']')?;
            while more {
                items.push(read(r, depth + 1)?);
                more = goes_on(r, b']')?;
            }
            r.leave();
            Json::Array(items)
        }
        b'"' => Json::String(r.string()?),
        b'-' | b'0'..=b'9' => {
            let start = r.pos();
            r.number()?;
            Json::Number(r.slice(r.since(start)))
        }
        b't' => word(r, "true", Json::Bool(true))?,
        b'f' => word(r, "false", Json::Bool(false))?,
        b'n' => word(r, "null", Json::Null)?,
        _ => return Err(r.error(Why::Value).into()),
    })
}

fn word(r: &mut Reader<'_>, word: &str, value: Json) -> Result<Json, Fault> {
    r.word(word)?;
    Ok(value)
}

/// Of a member that stands there twice the last value counts, at the place of the first.
fn without_repeated(members: Vec<(ByteString, Json)>) -> Vec<(ByteString, Json)> {
    let mut places: HashMap<ByteString, usize> = HashMap::with_capacity(members.len());
    let mut kept: Vec<(ByteString, Json)> = Vec::with_capacity(members.len());
    for (name, value) in members {
        match places.get(&name) {
            Some(place) => kept[*place].1 = value,
            None => {
                places.insert(name.clone(), kept.len());
                kept.push((name, value));
            }
        }
    }
    kept
}

/// The places of names in the order in which a Java `HashMap` gives them.
///
/// That order shows: it is the order of a struct's fields where no `connect.index` gives another one.
pub fn in_hash_order(names: &[&str]) -> Vec<usize> {
    let mut capacity: usize = 16;
    while names.len() > capacity / 4 * 3 {
        capacity *= 2;
    }
    let bucket = |name: &str| {
        let hash = name.encode_utf16().fold(0u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(unit.into())
        });
        (hash ^ (hash >> 16)) as usize & (capacity - 1)
    };
    let mut places: Vec<usize> = (0..names.len()).collect();
    places.sort_by_cached_key(|place| bucket(names[*place]));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(names: &str) -> String {
        let names: Vec<_> = names.split(' ').collect();
        let order: Vec<_> = in_hash_order(&names)
            .into_iter()
            .map(|i| names[i])
            .collect();
        order.join(" ")
    }

    #[test]
    fn names_come_in_the_order_of_a_java_map() {
        assert_eq!(sorted("zeta alpha m name id"), "zeta alpha name id m");
        assert_eq!(
            sorted(
                "a customerIdentifier street houseNumber zip city country created updated_at AaAa BBBB AaBB naïve"
            ),
            "zip a country city created houseNumber updated_at street naïve customerIdentifier AaAa BBBB AaBB"
        );
    }

    #[test]
    fn texts_of_values_are_those_of_java() {
        let json = Json::parse(r#"[1, -0, 2.50, 1e2, "x", true, null, {"a": 1}, [1, 2]]"#).unwrap();
        assert_eq!(
            json.java_text(),
            "[1, 0, 2.50, 1E+2, x, true, null, {a=1}, [1, 2]]"
        );
    }

    #[test]
    fn trees_keep_order_and_digits() {
        let text = r#"{"b":1.00,"a":[null,true,"\n"],"b2":{}}"#;
        assert_eq!(Json::parse(text).unwrap().to_text(), text);
        let repeated = Json::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(repeated.to_text(), r#"{"a":3,"b":2}"#);
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        assert!(Json::parse("{").is_err());
    }
}
