//! Dates and times: from numbers, from structs and from ISO text, as Bolt values.
//!
//! The driver takes them in chrono's types only, whose calendar ends with the year 262,142; what lies beyond is
//! the record's fault. Nanoseconds are kept everywhere.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use connect_api::ConnectError;
use neo4rs::{
    BoltDate, BoltDateTime, BoltDateTimeZoneId, BoltLocalDateTime, BoltLocalTime, BoltTime,
    BoltType,
};

use crate::error::no_date_time;
use crate::value::Converted;

const DAY: i64 = 86_400_000;

/// Days of a `Date`, which is held in milliseconds.
pub fn date_of_millis(millis: i64) -> Converted {
    let date = DateTime::from_timestamp_millis(millis).map(|moment| moment.date_naive());
    date.map(bolt_date).ok_or_else(|| out_of_range(millis))
}

/// A `Time`: what of the milliseconds lies within a day.
pub fn time_of_millis(millis: i64) -> Converted {
    let of_day = millis.rem_euclid(DAY);
    time_of(0, 0, of_day / 1000, of_day % 1000 * 1_000_000)
}

/// A `Timestamp`, as local date-time in UTC.
pub fn local_date_time_of_millis(millis: i64) -> Converted {
    local_date_time_of(millis.div_euclid(1000), millis.rem_euclid(1000) * 1_000_000)
}

/// Seconds since the epoch and nanoseconds, as local date-time in UTC.
pub fn local_date_time_of(seconds: i64, nanos: i64) -> Converted {
    u32::try_from(nanos)
        .ok()
        .and_then(|nanos| DateTime::from_timestamp(seconds, nanos))
        .map(|moment| bolt_local_date_time(moment.naive_utc()))
        .ok_or_else(|| out_of_range(seconds))
}

/// Milliseconds since the epoch, as date-time in UTC.
pub fn utc_date_time(millis: i64) -> Converted {
    DateTime::from_timestamp_millis(millis)
        .map(|moment| BoltType::DateTime(BoltDateTime::from(moment)))
        .ok_or_else(|| out_of_range(millis))
}

pub fn date_of(year: i64, month: i64, day: i64) -> Converted {
    ymd(year, month, day)
        .map(bolt_date)
        .ok_or_else(|| no_date_time(format!("Invalid date {year}-{month}-{day}")))
}

/// A local time; the seconds may count from midnight on.
pub fn time_of(hours: i64, minutes: i64, seconds: i64, nanos: i64) -> Converted {
    let of_day = hours * 3600 + minutes * 60 + seconds;
    seconds_of_day(of_day, nanos)
        .map(|time| BoltType::LocalTime(BoltLocalTime::from(time)))
        .ok_or_else(|| no_date_time(format!("Invalid time {hours}:{minutes}:{seconds}")))
}

/// `2024-02-29`.
pub fn date(text: &str) -> Converted {
    read(text, |cursor| cursor.date().map(bolt_date))
}

/// `12:34`, `12:34:56`, `12:34:56.789`.
pub fn local_time(text: &str) -> Converted {
    read(text, |cursor| {
        let time = cursor.time()?;
        Some(BoltType::LocalTime(BoltLocalTime::from(time)))
    })
}

/// `2024-02-29T12:34:56`.
pub fn local_date_time(text: &str) -> Converted {
    read(text, |cursor| cursor.date_time().map(bolt_local_date_time))
}

/// `12:34:56+01:00`.
pub fn time(text: &str) -> Converted {
    read(text, |cursor| {
        let time = cursor.time()?;
        Some(BoltType::Time(BoltTime::from((time, cursor.offset()?))))
    })
}

/// `2024-02-29T12:34:56+03:00`, with or without a zone behind it in brackets, which is then kept.
pub fn date_time(text: &str) -> Converted {
    read(text, |cursor| {
        let local = cursor.date_time()?;
        let moment = cursor.offset()?.from_local_datetime(&local).single()?;
        let Some(zone) = cursor.zone() else {
            return Some(BoltType::DateTime(BoltDateTime::from(moment)));
        };
        if zone == "Z" || zone == "UTC" && moment.offset().local_minus_utc() == 0 {
            return Some(zoned(local, zone));
        }
        // Offset and zone may disagree; the moment counts, as in Java.
        let zone_rules: chrono_tz::Tz = zone.parse().ok()?;
        Some(zoned(moment.with_timezone(&zone_rules).naive_local(), zone))
    })
}

fn zoned(local: NaiveDateTime, zone: &str) -> BoltType {
    BoltType::DateTimeZoneId(BoltDateTimeZoneId::from((local, zone)))
}

fn bolt_date(date: NaiveDate) -> BoltType {
    BoltType::Date(BoltDate::from(date))
}

fn bolt_local_date_time(moment: NaiveDateTime) -> BoltType {
    BoltType::LocalDateTime(BoltLocalDateTime::from(moment))
}

fn ymd(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )
}

fn seconds_of_day(seconds: i64, nanos: i64) -> Option<NaiveTime> {
    // chrono takes up to two seconds' worth of nanoseconds for leap seconds, which Bolt has not.
    let nanos = u32::try_from(nanos).ok().filter(|&n| n < 1_000_000_000)?;
    NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(seconds).ok()?, nanos)
}

fn out_of_range(number: i64) -> ConnectError {
    no_date_time(format!("{number} is out of the range of dates"))
}

/// Reads the whole text, or says that it cannot in Java's words.
fn read(text: &str, parse: impl FnOnce(&mut Cursor<'_>) -> Option<BoltType>) -> Converted {
    let mut cursor = Cursor { rest: text };
    match parse(&mut cursor) {
        Some(value) if cursor.rest.is_empty() => Ok(value),
        _ => Err(crate::error::no_date_time_text(text)),
    }
}

/// What is left of a text.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    /// Between `min` and `max` digits.
    fn digits(&mut self, min: usize, max: usize) -> Option<&'a str> {
        let all = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let n = all.min(max);
        if n < min {
            return None;
        }
        let (digits, rest) = self.rest.split_at(n);
        self.rest = rest;
        Some(digits)
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        self.digits(digits, digits)?.parse().ok()
    }

    fn sign(&mut self) -> Option<i64> {
        let sign = match self.rest.bytes().next()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        Some(sign)
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let sign = self.sign().unwrap_or(1);
        let year: i64 = self.digits(4, 9)?.parse().ok()?;
        self.take('-')?;
        let month = self.number(2)?;
        self.take('-')?;
        ymd(sign * year, month, self.number(2)?)
    }

    fn time(&mut self) -> Option<NaiveTime> {
        let hours = self.number(2)?;
        self.take(':')?;
        let minutes = self.number(2)?;
        let (mut seconds, mut nanos) = (0, 0);
        if self.take(':').is_some() {
            seconds = self.number(2)?;
            if self.take('.').is_some() {
                let digits = self.digits(1, 9)?;
                let scale = 10i64.pow(9 - digits.len() as u32);
                nanos = digits.parse::<i64>().ok()? * scale;
            }
        }
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        seconds_of_day(hours * 3600 + minutes * 60 + seconds, nanos)
    }

    fn date_time(&mut self) -> Option<NaiveDateTime> {
        let date = self.date()?;
        if self.take('T').is_none() {
            self.take('t')?;
        }
        Some(date.and_time(self.time()?))
    }

    fn offset(&mut self) -> Option<FixedOffset> {
        if self.take('Z').is_some() || self.take('z').is_some() {
            return FixedOffset::east_opt(0);
        }
        let sign = self.sign()?;
        let mut seconds = self.number(2)? * 3600;
        if self.take(':').is_some() {
            seconds += self.number(2)? * 60;
            if self.take(':').is_some() {
                seconds += self.number(2)?;
            }
        }
        FixedOffset::east_opt(i32::try_from(sign * seconds).ok()?)
    }

    /// A zone in brackets at the end.
    fn zone(&mut self) -> Option<&'a str> {
        let zone = self.rest.strip_prefix('[')?.strip_suffix(']')?;
        self.rest = "";
        Some(zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).expect("a moment")
    }

    #[test]
    fn iso_text_is_read_whole() {
        let local = moment("2024-02-29T12:34:56.000000001Z").naive_utc();
        let expected: [(Converted, BoltType); 9] = [
            (date("2024-02-29"), bolt_date(local.date())),
            (
                local_date_time("2024-02-29T12:34:56.000000001"),
                bolt_local_date_time(local),
            ),
            (
                local_time("12:34:56.000000001"),
                BoltType::LocalTime(BoltLocalTime::from(local.time())),
            ),
            (
                local_time("18:00"),
                BoltType::LocalTime(BoltLocalTime::from(
                    NaiveTime::from_hms_opt(18, 0, 0).expect("a time"),
                )),
            ),
            (
                time("12:34:56.000000001-03:00"),
                BoltType::Time(BoltTime::from((
                    local.time(),
                    FixedOffset::west_opt(3 * 3600).expect("an offset"),
                ))),
            ),
            (
                date_time("2024-02-29T12:34:56.000000001+03:00"),
                BoltType::DateTime(BoltDateTime::from(moment(
                    "2024-02-29T12:34:56.000000001+03:00",
                ))),
            ),
            (
                date_time("2024-02-29T12:34:56.000000001+03:00[Europe/Istanbul]"),
                zoned(local, "Europe/Istanbul"),
            ),
            // The moment counts where offset and zone disagree.
            (
                date_time("2024-02-29T09:34:56.000000001Z[Europe/Istanbul]"),
                zoned(local, "Europe/Istanbul"),
            ),
            (
                utc_date_time(1_709_210_096_789),
                BoltType::DateTime(BoltDateTime::from(moment("2024-02-29T12:34:56.789Z"))),
            ),
        ];
        for (read, value) in expected {
            assert_eq!(read.expect("read"), value);
        }
    }

    #[test]
    fn what_is_no_date_is_the_records_fault() {
        for wrong in [
            date("2024-02-30"),
            date("2024-2-3"),
            date("2024-02-29 "),
            date(""),
            date("20240229"),
            local_time("24:00"),
            local_time("12:60"),
            local_time("12:34:56."),
            local_time("12:34:56.1234567890"),
            local_date_time("2024-02-29"),
            time("12:34"),
            date_time("2024-02-29T12:34:56+03:00[Nowhere/Land]"),
            date_time("2024-02-29T12:34:56+03:00Europe/Istanbul"),
            date_of(2023, 2, 29),
            time_of(24, 0, 0, 0),
            utc_date_time(i64::MAX),
            date_of_millis(i64::MIN),
            local_date_time_of(0, -1),
        ] {
            let error = wrong.expect_err("refused");
            assert_eq!(error.class(), connect_api::ErrorClass::Record);
        }
    }
}
