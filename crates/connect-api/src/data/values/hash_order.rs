//! The order in which a Java `HashMap` gives its entries.
//!
//! On the JVM nearly every map of a record is one: converters and transformations make them. Text made of a map
//! therefore has its order, and users see that order in files and topics.

use num_bigint::{BigInt, Sign};

use crate::data::{Map, Value};

/// The entries in the order of a `HashMap` that got them one after the other.
///
/// Buckets that Java turns into trees (more than eight keys of one bucket) keep the order of insertion here.
pub(super) fn in_hash_order(map: &Map) -> impl Iterator<Item = (&Value, &Value)> {
    let bucket = |key: &Value| bucket(java_hash(key), map.len());
    let mut entries: Vec<(usize, (&Value, &Value))> = Vec::with_capacity(map.len());
    entries.extend(map.iter().map(|entry| (bucket(entry.0), entry)));
    // Stable: within a bucket the order of insertion stays.
    entries.sort_by_key(|(bucket, _)| *bucket);
    entries.into_iter().map(|(_, entry)| entry)
}

/// Puts what is known by distinct texts into the order of a `HashMap` or `HashSet` that got it one after the other.
pub fn sort_by_hash<T>(items: &mut [T], text: impl Fn(&T) -> &str) {
    let len = items.len();
    items.sort_by_key(|item| bucket(string_hash(text(item)), len));
}

/// The place of a hash in a table that grew with `len` entries.
fn bucket(hash: i32, len: usize) -> usize {
    let mut capacity: usize = 16;
    while len > capacity / 4 * 3 {
        capacity *= 2;
    }
    let hash = hash as u32;
    (hash ^ (hash >> 16)) as usize & (capacity - 1)
}

/// `Object.hashCode` of a value. Byte arrays and structs, which hash by identity or by schema, give 0.
fn java_hash(value: &Value) -> i32 {
    match value {
        Value::Null | Value::Bytes(_) | Value::Struct(_) => 0,
        Value::Boolean(b) => {
            if *b {
                1231
            } else {
                1237
            }
        }
        Value::Int8(n) => (*n).into(),
        Value::Int16(n) => (*n).into(),
        Value::Int32(n) => *n,
        Value::Int64(n) | Value::Timestamp(n) => fold(*n as u64),
        Value::Float32(f) => f.to_bits() as i32,
        Value::Float64(d) => fold(d.to_bits()),
        Value::String(text) => string_hash(text),
        Value::Decimal(d) => big_hash(&d.unscaled).wrapping_mul(31).wrapping_add(d.scale),
        Value::BigInteger(n) => big_hash(n),
        Value::Array(items) => items.iter().fold(1, |hash: i32, item| {
            hash.wrapping_mul(31).wrapping_add(java_hash(item))
        }),
        Value::Map(map) => map.iter().fold(0, |hash: i32, (k, v)| {
            hash.wrapping_add(java_hash(k) ^ java_hash(v))
        }),
    }
}

fn fold(bits: u64) -> i32 {
    (bits ^ (bits >> 32)) as i32
}

fn string_hash(text: &str) -> i32 {
    if text.is_ascii() {
        return text.bytes().fold(0, |hash: i32, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
    }
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(unit.into())
    })
}

fn big_hash(n: &BigInt) -> i32 {
    let words = n.magnitude().to_u32_digits();
    let hash = words.iter().rev().fold(0, |hash: i32, word| {
        hash.wrapping_mul(31).wrapping_add(*word as i32)
    });
    if n.sign() == Sign::Minus {
        hash.wrapping_neg()
    } else {
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hash_as_in_java() {
        for (text, hash) in [
            ("", 0),
            ("a", 97),
            ("Aa", 2112),
            ("BB", 2112),
            ("hello", 99_162_322),
            ("é", 233),
            ("aé", 3240),
        ] {
            assert_eq!(string_hash(text), hash);
        }
    }

    #[test]
    fn entries_come_by_bucket() {
        let map: Map = ["name", "age", "id", "email"]
            .into_iter()
            .map(|k| (Value::from(k), Value::Null))
            .collect();
        let keys: Vec<_> = in_hash_order(&map)
            .filter_map(|(k, _)| k.as_str())
            .collect();
        assert_eq!(keys, ["name", "id", "age", "email"]);
    }
}
