//! Dates, times and timestamps in the three fixed patterns of Kafka's notation, and as `java.util.Date` prints them; both in
//! the zone of the process, as Kafka's classes take the JVM's.

use std::fmt::{self, Write};

use java_time::calendar::{Date, MILLIS_PER_DAY, days_of, weekday};
use java_time::zone::{self, Zone};

use crate::data::{SchemaAndValue, SchemaRef, Value, date_schema, time_schema, timestamp_schema};

/// Reads a time, timestamp or date; which one is tried depends on the length alone.
///
/// Like Java's `SimpleDateFormat` it is lenient: fields may have any number of digits and any size, and what follows
/// a complete date is ignored.
pub(super) fn parse_temporal(token: &str) -> Option<SchemaAndValue> {
    parse_in(zone::own(), token)
}

fn parse_in(zone: &Zone, token: &str) -> Option<SchemaAndValue> {
    // Escaped colons still have their backslashes; nothing longer can be one of the forms.
    if token.len() > 96 {
        return None;
    }
    let token = token.replace("\\:", ":");
    let (schema, millis) = match token.encode_utf16().count() {
        13 => (time_schema(false), Scanner(&token).time()?),
        24 => (timestamp_schema(false), Scanner(&token).timestamp()?),
        10 => (date_schema(false), Scanner(&token).date()?),
        _ => return None,
    };
    let schema: SchemaRef = schema.ok()?;
    let instant = Value::Timestamp(zone.instant(millis));
    Some(SchemaAndValue::new(Some(schema), instant))
}

/// Wraps around where Java's calendar does; only absurd years come there.
fn midnight(year: i64, month: i64, day: i64) -> i64 {
    days_of(year, month, day).wrapping_mul(MILLIS_PER_DAY)
}

/// What is left to read.
struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    /// `HH:mm:ss.SSS'Z'`
    fn time(&mut self) -> Option<i64> {
        let hours = self.number(':')?;
        let minutes = self.number(':')?;
        let seconds = self.number('.')?;
        let millis = self.number('Z')?;
        Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis)
    }

    /// `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`
    fn timestamp(&mut self) -> Option<i64> {
        let year = self.number('-')?;
        let month = self.number('-')?;
        let day = self.number('T')?;
        Some(midnight(year, month, day).wrapping_add(self.time()?))
    }

    /// `yyyy-MM-dd`
    fn date(&mut self) -> Option<i64> {
        let year = self.number('-')?;
        let month = self.number('-')?;
        let day = self.digits()?;
        Some(midnight(year, month, day))
    }

    /// A number and the character behind it.
    fn number(&mut self, behind: char) -> Option<i64> {
        let number = self.digits()?;
        self.0 = self.0.strip_prefix(behind)?;
        Some(number)
    }

    fn digits(&mut self) -> Option<i64> {
        let text = self.0.trim_start_matches([' ', '\t']);
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let digits = &text[..end];
        if digits.is_empty() {
            return None;
        }
        // Java narrows to 32 bits: wrapping what fits 64, saturating what does not.
        let number = match digits.parse::<i64>() {
            Ok(number) => number as i32,
            Err(_) => i32::MAX,
        };
        self.0 = &text[end..];
        let number = i64::from(number);
        Some(if negative { -number } else { number })
    }
}

/// A local time as fields.
struct Fields {
    days: i64,
    date: Date,
    hour: u32,
    minute: u32,
    second: u32,
    milli: u32,
}

impl Fields {
    fn of(local_millis: i64) -> Self {
        let days = local_millis.div_euclid(MILLIS_PER_DAY);
        let rest = local_millis.rem_euclid(MILLIS_PER_DAY) as u32;
        Self {
            days,
            date: Date::of(days),
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            milli: rest % 1000,
        }
    }

    /// As Java prints it: counted from 1 in both eras, so that 1 BC is 1.
    fn year(&self) -> i64 {
        match self.date.year {
            year if year > 0 => year,
            year => 1 - year,
        }
    }
}

/// Writes a `java.util.Date` in the form its value suggests, since it may stand for a date, a time or both.
pub(super) fn write_temporal(out: &mut impl Write, millis: i64) -> fmt::Result {
    write_in(zone::own(), out, millis)
}

/// The form goes by the instant, which is midnight in UTC where a date is meant; the text is in the zone nevertheless.
fn write_in(zone: &Zone, out: &mut impl Write, millis: i64) -> fmt::Result {
    let f = Fields::of(millis.wrapping_add(zone.at(millis).0));
    let date = millis >= MILLIS_PER_DAY;
    if date {
        write!(out, "{:04}-{:02}-{:02}", f.year(), f.date.month, f.date.day)?;
        if millis % MILLIS_PER_DAY == 0 {
            return Ok(());
        }
        out.write_str("T")?;
    }
    write!(
        out,
        "{:02}:{:02}:{:02}.{:03}Z",
        f.hour, f.minute, f.second, f.milli
    )
}

/// Writes what `java.util.Date.toString` gives: `Tue Nov 14 22:13:20 UTC 2023`.
pub(super) fn write_java_date(out: &mut impl Write, millis: i64) -> fmt::Result {
    write_java_date_in(zone::own(), out, millis)
}

fn write_java_date_in(zone: &Zone, out: &mut impl Write, millis: i64) -> fmt::Result {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (offset, name) = zone.at(millis);
    let f = Fields::of(millis.wrapping_add(offset));
    write!(
        out,
        "{} {} {:02} {:02}:{:02}:{:02} {name} {}",
        DAYS[weekday(f.days) as usize],
        MONTHS[f.date.month as usize - 1],
        f.date.day,
        f.hour,
        f.minute,
        f.second,
        f.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        match parse_temporal(text)?.value {
            Value::Timestamp(millis) => Some(millis),
            _ => None,
        }
    }

    #[test]
    fn reads_the_three_forms_leniently() {
        for (text, expected) in [
            ("22:13:20.123Z", Some(80_000_123)),
            ("2023-11-14T22:13:20.123Z", Some(1_700_000_000_123)),
            ("2023-11-14T22\\:13\\:20.123Z", Some(1_700_000_000_123)),
            ("2023-11-14", Some(19_675 * MILLIS_PER_DAY)),
            ("2023-11-9x", Some(19_670 * MILLIS_PER_DAY)),
            ("99:99:99.999Z", Some(362_439_999)),
            ("2023/11/14", None),
            ("2023-11-145", None),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_by_value() {
        for (value, text) in [
            (0, "00:00:00.000Z"),
            (-1, "23:59:59.999Z"),
            (MILLIS_PER_DAY, "1970-01-02"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        ] {
            let mut out = String::new();
            write_temporal(&mut out, value).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn the_zone_of_the_process_is_that_of_texts() {
        let lines =
            include_str!("../../../../../tests/goldens/time-zones/time_zones.jsonl").lines();
        let mut wrong = Vec::new();
        for line in lines {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let zone = Zone::named(case["zone"].as_str().unwrap()).unwrap();
            let instant = case["instant"].as_i64().unwrap();
            let found = match case["text"].as_str() {
                Some(text) => {
                    let read = parse_in(&zone, text).unwrap();
                    let schema = read.schema.unwrap();
                    assert_eq!(schema.name(), case["schema"].as_str(), "{line}");
                    read.value == Value::Timestamp(instant)
                }
                None => {
                    let (mut java, mut values) = (String::new(), String::new());
                    write_java_date_in(&zone, &mut java, instant).unwrap();
                    write_in(&zone, &mut values, instant).unwrap();
                    case["java"] == java && case["values"] == values
                }
            };
            if !found {
                wrong.push(line);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
