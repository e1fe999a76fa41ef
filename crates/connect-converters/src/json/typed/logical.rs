//! Values that JSON has no form of its own for: decimals, dates and times, bytes.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use connect_api::ConnectError;
use connect_api::data::{DATE, Decimal, Schema, TIME, TIMESTAMP, Value};
use num_bigint::BigInt;

use super::super::decimal::decimal_scale;
use super::super::reader::{Number, Reader};
use super::{Fault, Kind, data};

/// A number keeps its own scale; text is the Base64 of the unscaled value, of the schema's scale.
pub fn decimal(r: &mut Reader<'_>, schema: &Schema, kind: Kind) -> Result<Value, Fault> {
    let invalid = |cause| ConnectError::data("Invalid bytes for Decimal field").caused_by(cause);
    let decimal = match kind {
        Kind::Number => {
            let start = r.pos();
            r.number()?;
            let text = r.since(start);
            text.parse()
                .map_err(|_| ConnectError::data(format!("Not a decimal number: {text}")))?
        }
        Kind::String => {
            let Value::Bytes(bytes) = base64(&r.string()?).map_err(invalid)? else {
                return wrong_decimal(kind);
            };
            let scale = decimal_scale(schema).map_err(invalid)?;
            if bytes.is_empty() {
                let cause = ConnectError::record(
                    "java.lang.NumberFormatException",
                    "Zero length BigInteger",
                );
                return Err(invalid(cause).into());
            }
            Decimal::new(BigInt::from_signed_bytes_be(&bytes), scale)
        }
        _ => {
            r.skip_value()?;
            return wrong_decimal(kind);
        }
    };
    Ok(Value::Decimal(Box::new(decimal)))
}

pub(super) fn wrong_decimal(kind: Kind) -> Result<Value, Fault> {
    data(format!(
        "Invalid type for Decimal, underlying representation should be numeric or bytes but was {}",
        kind.name()
    ))
}

/// A date in days, a time or a timestamp in milliseconds.
pub fn temporal(r: &mut Reader<'_>, name: &str, kind: Kind) -> Result<Value, Fault> {
    const MILLIS_PER_DAY: i64 = 86_400_000;
    if kind != Kind::Number {
        r.skip_value()?;
        return wrong_temporal(name, kind);
    }
    let start = r.pos();
    let Number::Integer(n) = r.number()? else {
        return wrong_temporal(name, kind);
    };
    if name == TIMESTAMP {
        return Ok(Value::Timestamp(n));
    }
    // Only a number within 32 bits is an integer node; one beyond 64 bits has wrapped around.
    let Ok(n) = r.since(start).parse::<i32>().map(i64::from) else {
        return wrong_temporal(name, kind);
    };
    if name == DATE {
        return Ok(Value::Timestamp(n * MILLIS_PER_DAY));
    }
    if !(0..=MILLIS_PER_DAY).contains(&n) {
        return data(
            "Time values must use number of milliseconds greater than 0 and less than 86400000",
        );
    }
    Ok(Value::Timestamp(n))
}

pub(super) fn wrong_temporal(name: &str, kind: Kind) -> Result<Value, Fault> {
    let (type_, expected) = match name {
        DATE => ("Date", "integer"),
        TIME => ("Time", "integer"),
        _ => ("Timestamp", "integral"),
    };
    data(format!(
        "Invalid type for {type_}, underlying representation should be {expected} but was {}",
        kind.name()
    ))
}

/// Padding is required, bits that no byte uses are not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Text in Base64 as bytes.
///
/// # Errors
/// The text is none.
pub fn base64(text: &str) -> Result<Value, ConnectError> {
    let decoded = BASE64.decode(text).or_else(|error| {
        // Blanks may stand between the groups of four, not within.
        let mut taken = 0;
        let is_part = |c: &char| {
            let part = *c > ' ' || taken % 4 != 0;
            taken += usize::from(part);
            part
        };
        let dense: String = text.chars().filter(is_part).collect();
        if dense.len() == text.len() {
            return Err(error);
        }
        BASE64.decode(dense)
    });
    decoded.map(Value::bytes).map_err(|error| {
        ConnectError::record(
            "com.fasterxml.jackson.databind.exc.InvalidFormatException",
            format!("broken Base64 encoding: {error}"),
        )
    })
}
