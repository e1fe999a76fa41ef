//! Messages that are Connect's logical types: decimals, dates, times of day and instants.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::data::{Decimal, Value};
use connect_api::error::exception;
use num_bigint::BigInt;

use super::calendar::{MAX_YEAR, date_of, days_of, days_of_month};
use super::plan::LogicalType;

const MILLIS_PER_DAY: i64 = 86_400_000;
const DATE_TIME: &str = "java.time.DateTimeException";

/// The parts of such a message in the order of [`LogicalType::parts`].
#[derive(Default)]
pub(super) struct Parts {
    pub numbers: [i64; 4],
    /// The unscaled value of a decimal, which is its first part.
    pub bytes: Option<Bytes>,
}

/// The value of a message.
///
/// # Errors
/// It stands for no value of the type; texts are the JVM's.
pub(super) fn value(type_: LogicalType, parts: &Parts) -> Result<Value, ConnectError> {
    let [a, b, c, d] = parts.numbers;
    match type_ {
        LogicalType::Decimal => {
            let bytes = parts.bytes.as_deref().unwrap_or_default();
            decimal(bytes, b as i32, c as i32).map(|d| Value::Decimal(Box::new(d)))
        }
        LogicalType::Date => date(a, b, c).map(Value::Timestamp),
        LogicalType::Time => time(a, b, c, d).map(Value::Timestamp),
        LogicalType::Timestamp => timestamp(a, b).map(Value::Timestamp),
    }
}

fn illegal(text: String) -> ConnectError {
    ConnectError::record(exception::ILLEGAL_ARGUMENT, text)
}

const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

fn timestamp(seconds: i64, nanos: i64) -> Result<i64, ConnectError> {
    if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return Err(illegal(format!(
            "Timestamp is not valid. See proto definition for valid values. Seconds ({seconds}) must be in range \
             [-62,135,596,800, +253,402,300,799]. Nanos ({nanos}) must be in range [0, +999,999,999]."
        )));
    }
    Ok(seconds * 1000 + nanos / 1_000_000)
}

fn time(hours: i64, minutes: i64, seconds: i64, nanos: i64) -> Result<i64, ConnectError> {
    for (name, value, last) in [
        ("HourOfDay", hours, 23),
        ("MinuteOfHour", minutes, 59),
        ("SecondOfMinute", seconds, 59),
        ("NanoOfSecond", nanos, 999_999_999),
    ] {
        if !(0..=last).contains(&value) {
            let text = format!("Invalid value for {name} (valid values 0 - {last}): {value}");
            return Err(ConnectError::record(DATE_TIME, text));
        }
    }
    Ok(((hours * 60 + minutes) * 60 + seconds) * 1000 + nanos / 1_000_000)
}

/// As a strict `java.util.GregorianCalendar`, which names the first field that is wrong.
fn date(year: i64, month: i64, day: i64) -> Result<i64, ConnectError> {
    for (name, value, last) in [
        ("YEAR", year, MAX_YEAR),
        ("MONTH", month, 12),
        ("DAY_OF_MONTH", day, 31),
    ] {
        if !(1..=last).contains(&value) {
            return Err(illegal(name.to_owned()));
        }
    }
    let days = days_of(year, month, day);
    let found = date_of(days);
    if found.month != month {
        return Err(illegal(format!(
            "MONTH: {} -> {}",
            month - 1,
            found.month - 1
        )));
    }
    if found.day != day {
        return Err(illegal(format!("DAY_OF_MONTH: {day} -> {}", found.day)));
    }
    debug_assert!(day <= days_of_month(year, month));
    Ok(days * MILLIS_PER_DAY)
}

fn decimal(bytes: &[u8], precision: i32, scale: i32) -> Result<Decimal, ConnectError> {
    if bytes.is_empty() {
        return Err(ConnectError::record(
            exception::NUMBER_FORMAT,
            "Zero length BigInteger",
        ));
    }
    let precision = usize::try_from(precision).map_err(|_| illegal("Digits < 0".to_owned()))?;
    let decimal = Decimal::from_unscaled_bytes(bytes, scale);
    // A byte holds less than two and a half digits; counting them is dear.
    if precision == 0 || precision >= bytes.len() * 5 / 2 {
        return Ok(decimal);
    }
    Ok(rounded(decimal, precision))
}

/// To so many digits, halves away from zero (`MathContext`).
fn rounded(decimal: Decimal, precision: usize) -> Decimal {
    let digits = decimal.unscaled.magnitude().to_string();
    if digits.len() <= precision {
        return decimal;
    }
    let (kept, dropped) = digits.split_at(precision);
    let mut unscaled: BigInt = kept.parse().unwrap_or_default();
    if dropped.as_bytes()[0] >= b'5' {
        unscaled += 1;
    }
    if decimal.unscaled.sign() == num_bigint::Sign::Minus {
        unscaled = -unscaled;
    }
    let scale = decimal.scale.saturating_sub_unsigned(dropped.len() as u32);
    // 999 to two digits is 1000, one digit too many again.
    rounded(Decimal { unscaled, scale }, precision)
}

/// The parts of a date.
///
/// # Errors
/// A `DataException` if it has a time of day.
pub(super) fn date_parts(millis: i64) -> Result<[i64; 3], ConnectError> {
    if millis.rem_euclid(MILLIS_PER_DAY) != 0 {
        return Err(ConnectError::data(
            "Kafka Connect Date type should not have any time fields set to non-zero values.",
        ));
    }
    let date = date_of(millis.div_euclid(MILLIS_PER_DAY));
    // Java counts years from 1 in both eras.
    let year = if date.year > 0 {
        date.year
    } else {
        1 - date.year
    };
    Ok([year, date.month, date.day])
}

/// The parts of a time of day.
///
/// # Errors
/// A `DataException` if it is none.
pub(super) fn time_parts(millis: i64) -> Result<[i64; 4], ConnectError> {
    if !(0..=MILLIS_PER_DAY).contains(&millis) {
        return Err(ConnectError::data(
            "Time values must use number of millis greater than 0 and less than 86400000",
        ));
    }
    let seconds = millis / 1000 % 86_400;
    Ok([
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000 * 1_000_000,
    ])
}

/// The parts of an instant.
///
/// # Errors
/// An `IllegalArgumentException` if a `google.protobuf.Timestamp` cannot hold it.
pub(super) fn timestamp_parts(millis: i64) -> Result<[i64; 2], ConnectError> {
    let (seconds, nanos) = (millis.div_euclid(1000), millis.rem_euclid(1000) * 1_000_000);
    timestamp(seconds, nanos)?;
    Ok([seconds, nanos])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_to_their_precision() {
        for (bytes, precision, scale, expected) in [
            (&[0x04, 0xD2][..], 0, 2, "12.34"),
            (&[0x04, 0xD2], 4, 2, "12.34"),
            (&[0x04, 0xD2], 3, 2, "12.3"),
            (&[0x03, 0xE7], 2, 0, "1.0E+3"),
            (&[0xFF], 1, 1, "-0.1"),
            (&[0xF1], 1, 0, "-2E+1"),
        ] {
            let decimal = decimal(bytes, precision, scale).unwrap();
            assert_eq!(decimal.to_string(), expected);
        }
        assert_eq!(
            decimal(&[], 0, 0).unwrap_err().trace(),
            "java.lang.NumberFormatException: Zero length BigInteger\n"
        );
        assert_eq!(
            decimal(&[1], -1, 0).unwrap_err().message(),
            Some("Digits < 0")
        );
    }

    #[test]
    fn dates_are_those_of_javas_calendar() {
        for ((year, month, day), expected) in [
            ((1970, 1, 1), Ok(0)),
            ((2024, 2, 29), Ok(19_782)),
            ((1582, 10, 15), Ok(-141_427)),
            ((1582, 10, 4), Ok(-141_428)),
            ((1582, 10, 10), Err("DAY_OF_MONTH: 10 -> 20")),
            ((1, 1, 1), Ok(-719_164)),
            ((2023, 2, 29), Err("MONTH: 1 -> 2")),
            ((0, 1, 1), Err("YEAR")),
            ((2024, 0, 1), Err("MONTH")),
            ((2024, 13, 1), Err("MONTH")),
            ((2024, 1, 0), Err("DAY_OF_MONTH")),
            ((2024, 1, 32), Err("DAY_OF_MONTH")),
        ] {
            let found = date(year, month, day);
            match expected {
                Ok(days) => {
                    let millis: i64 = days * MILLIS_PER_DAY;
                    assert_eq!(found.as_ref().ok(), Some(&millis), "{year}-{month}-{day}");
                    assert_eq!(date_parts(millis).ok(), Some([year, month, day]));
                }
                Err(text) => assert_eq!(found.unwrap_err().message(), Some(text)),
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        assert_eq!(time(23, 59, 59, 999_999_999).ok(), Some(86_399_999));
        assert_eq!(
            time(24, 0, 0, 0).unwrap_err().trace(),
            "java.time.DateTimeException: Invalid value for HourOfDay (valid values 0 - 23): 24\n"
        );
        assert_eq!(timestamp(-1, 999_000_000).ok(), Some(-1));
        assert!(timestamp(LAST_SECOND + 1, 0).is_err());
        assert!(timestamp(0, -1).is_err());
        assert_eq!(timestamp_parts(-1).ok(), Some([-1, 999_000_000]));
        assert!(timestamp_parts(i64::MAX).is_err());
        assert!(time_parts(-1).is_err());
        assert_eq!(time_parts(86_399_999).ok(), Some([23, 59, 59, 999_000_000]));
        assert!(date_parts(1).is_err());
    }
}
