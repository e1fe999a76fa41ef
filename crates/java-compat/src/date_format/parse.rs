//! Texts as instants.

use std::time::{SystemTime, UNIX_EPOCH};

use super::fields::{Fields, Slot, year_of};
use super::pattern::{Field, Item};
use super::symbols::{DAYS, ERAS, HALVES, LONG_ERAS, MONTHS, find, starts_with};
use super::zone::{Digits, read_digits, read_name};
use crate::number::digit;

pub(super) fn parse(items: &[Item], text: &str) -> Option<i64> {
    let mut reader = Reader {
        text,
        at: 0,
        fields: Fields::default(),
        century: None,
        on_the_edge: false,
    };
    for (i, item) in items.iter().enumerate() {
        match item {
            Item::Literal(c) => {
                reader.at += literal(text, reader.at, *c)?;
            }
            Item::Field(field, count) => {
                let width = runs_into_digits(items.get(i + 1)).then_some(*count);
                reader.at = reader.field(*field, *count, width)?;
            }
        }
    }
    Some(reader.instant())
}

/// Whether a number ends after as many digits as it has letters, because the next field would swallow the rest.
fn runs_into_digits(next: Option<&Item>) -> bool {
    match next {
        Some(Item::Field(Field::Month, count)) => *count <= 2,
        Some(Item::Field(field, _)) => field.is_number(),
        _ => false,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    fields: Fields,
    century: Option<Century>,
    /// A two-digit year is the one in which the hundred years begin: the day decides.
    on_the_edge: bool,
}

/// The hundred years in which two-digit years lie: they began eighty years ago.
#[derive(Clone, Copy)]
struct Century {
    begin: i64,
    year: i64,
}

impl Century {
    fn now() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |d| d.as_millis() as i64);
        // Eighty years have twenty leap days.
        let begin = now - (80 * 365 + 20) * 86_400_000;
        Self {
            begin,
            year: year_of(begin),
        }
    }
}

impl Reader<'_> {
    fn instant(mut self) -> i64 {
        let instant = self.fields.instant();
        match self.century {
            Some(century) if self.on_the_edge && instant < century.begin => {
                self.fields.add_years(100);
                self.fields.instant()
            }
            _ => instant,
        }
    }

    /// Reads a field and gives the place behind it. A number has at most `width` characters from where reading stands.
    fn field(&mut self, field: Field, count: usize, width: Option<usize>) -> Option<usize> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t'));
        let begin = start + blanks.count();
        if begin == self.text.len() {
            return None;
        }
        let is_name = match field {
            Field::Era | Field::DayOfWeek | Field::AmPm => true,
            Field::Month => count > 2,
            _ => false,
        };
        if is_name {
            // Blanks are skipped before numbers only.
            return self.name(field, start);
        }
        if matches!(field, Field::ZoneName | Field::ZoneOffset) {
            return self.zone(start, begin);
        }
        if field == Field::IsoZone {
            return self.iso_zone(begin, count);
        }
        let limit = match width {
            Some(width) => nth(self.text, start, width)?,
            None => self.text.len(),
        };
        let (value, end) = number(self.text.get(..limit)?, begin)?;
        self.number(field, count, value, &self.text[begin..end]);
        Some(end)
    }

    fn number(&mut self, field: Field, count: usize, number: i32, text: &str) {
        let value = i64::from(number);
        let slot = match field {
            Field::Year | Field::WeekYear => {
                let year = if count <= 2 {
                    self.year(value, text)
                } else {
                    value
                };
                let slot = match field {
                    Field::Year => Slot::Year,
                    _ => Slot::WeekYear,
                };
                return self.fields.set(slot, year);
            }
            Field::Month => return self.fields.set(Slot::Month, number.wrapping_sub(1).into()),
            Field::HourOfDay1 => {
                let hour = if value == 24 { 0 } else { value };
                return self.fields.set(Slot::HourOfDay, hour);
            }
            Field::Hour1 => {
                let hour = if value == 12 { 0 } else { value };
                return self.fields.set(Slot::Hour, hour);
            }
            Field::IsoDayOfWeek => return self.fields.set_iso_day_of_week(value),
            Field::HourOfDay0 => Slot::HourOfDay,
            Field::Hour0 => Slot::Hour,
            Field::WeekOfYear => Slot::WeekOfYear,
            Field::WeekOfMonth => Slot::WeekOfMonth,
            Field::DayOfYear => Slot::DayOfYear,
            Field::DayOfMonth => Slot::DayOfMonth,
            Field::DayOfWeekInMonth => Slot::DayOfWeekInMonth,
            Field::Minute => Slot::Minute,
            Field::Second => Slot::Second,
            _ => Slot::Millisecond,
        };
        self.fields.set(slot, value);
    }

    /// Exactly two digits are a year of the hundred around now, everything else is the year itself.
    fn year(&mut self, value: i64, text: &str) -> i64 {
        if text.chars().count() != 2 || !text.chars().all(|c| digit(c).is_some()) {
            return value;
        }
        let century = *self.century.get_or_insert_with(Century::now);
        let edge = century.year % 100;
        self.on_the_edge = value == edge;
        let next = if value < edge { 100 } else { 0 };
        century.year / 100 * 100 + next + value
    }

    fn name(&mut self, field: Field, start: usize) -> Option<usize> {
        let text = &self.text[start..];
        let (slot, first, found) = match field {
            Field::Month => (Slot::Month, 0, find(text, &MONTHS, true)),
            Field::DayOfWeek => (Slot::DayOfWeek, 1, find(text, &DAYS, true)),
            Field::AmPm => (Slot::AmPm, 0, find(text, &HALVES, false)),
            _ => {
                let long = find(text, &LONG_ERAS, false);
                (Slot::Era, 0, long.or_else(|| find(text, &ERAS, false)))
            }
        };
        let (place, length) = found?;
        self.fields.set(slot, place as i64 + first);
        Some(start + length)
    }

    /// `z` and `Z` read alike: a sign with `hhmm`, `GMT` with or without an offset, or a name.
    fn zone(&mut self, start: usize, begin: usize) -> Option<usize> {
        let text = &self.text[begin..];
        if let Some(sign) = sign(text) {
            let (offset, length) = read_digits(&text[1..], Digits::HourMinute)?;
            self.fields.set(Slot::ZoneOffset, sign * offset);
            return Some(begin + 1 + length);
        }
        // Java looks for GMT where the blanks began.
        if text.starts_with(['G', 'g']) && starts_with(&self.text[start..], "GMT") {
            let behind = start + 3;
            let Some(sign) = sign(&self.text[behind..]) else {
                self.fields.set(Slot::ZoneOffset, 0);
                return Some(behind);
            };
            let digits = &self.text[behind + 1..];
            let (offset, length) = read_digits(digits, Digits::HourColonMinute)?;
            self.fields.set(Slot::ZoneOffset, sign * offset);
            return Some(behind + 1 + length);
        }
        let (offset, length) = read_name(text)?;
        self.fields.set(Slot::ZoneOffset, offset);
        Some(begin + length)
    }

    fn iso_zone(&mut self, begin: usize, count: usize) -> Option<usize> {
        let text = &self.text[begin..];
        if text.starts_with('Z') {
            self.fields.set(Slot::ZoneOffset, 0);
            return Some(begin + 1);
        }
        let sign = sign(text)?;
        let form = match count {
            1 => Digits::Hour,
            2 => Digits::HourMinute,
            _ => Digits::TwoHoursColonMinute,
        };
        let (offset, length) = read_digits(&text[1..], form)?;
        self.fields.set(Slot::ZoneOffset, sign * offset);
        Some(begin + 1 + length)
    }
}

fn sign(text: &str) -> Option<i64> {
    match text.as_bytes().first() {
        Some(b'+') => Some(1),
        Some(b'-') => Some(-1),
        _ => None,
    }
}

/// The length of a character that must stand at a place.
fn literal(text: &str, at: usize, c: char) -> Option<usize> {
    let found = if c.is_ascii() {
        text.as_bytes().get(at) == Some(&(c as u8))
    } else {
        text[at..].starts_with(c)
    };
    found.then(|| c.len_utf8())
}

/// The place `count` characters behind another; none if the text ends before.
fn nth(text: &str, start: usize, count: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(start..start + count);
    if bytes.is_some_and(<[u8]>::is_ascii) {
        return Some(start + count);
    }
    let mut places = text[start..].char_indices().map(|(at, _)| start + at);
    places
        .nth(count)
        .or_else(|| (text[start..].chars().count() == count).then_some(text.len()))
}

/// A whole number as `DecimalFormat` reads it, narrowed to 32 bits as Java does: what fits 64 loses its high bits, what
/// does not stops at the bounds. Scientific notation counts.
fn number(text: &str, begin: usize) -> Option<(i32, usize)> {
    match ascii_digits(text.as_bytes().get(begin..)?) {
        Some((number, length)) => Some((number as i32, begin + length)),
        None => any_number(text, begin),
    }
}

fn any_number(text: &str, begin: usize) -> Option<(i32, usize)> {
    let rest = text.get(begin..)?;
    if rest.starts_with("NaN") {
        return Some((0, begin + 3));
    }
    let (negative, unsigned) = match rest.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, rest),
    };
    let sign_length = rest.len() - unsigned.len();
    if unsigned.starts_with('∞') {
        let bound = if negative { i32::MIN } else { i32::MAX };
        return Some((bound, begin + sign_length + '∞'.len_utf8()));
    }
    let (whole, mut length) = whole(unsigned);
    if length == 0 {
        return None;
    }
    let mut magnitude = whole.ok_or_else(|| {
        let digits = digits(unsigned).0;
        digits.parse::<f64>().unwrap_or_default()
    });
    if let Some((power, more)) = unsigned[length..].strip_prefix('E').and_then(power) {
        let scientific = format!("{}e{power}", digits(unsigned).0);
        magnitude = Err(scientific.parse::<f64>().unwrap_or_default());
        length += 1 + more;
    }
    let end = begin + sign_length + length;
    Some((narrow(magnitude, negative), end))
}

/// The number that nearly every field is: ASCII digits that 64 bits hold surely, with nothing behind them that could belong
/// to it.
fn ascii_digits(text: &[u8]) -> Option<(i64, usize)> {
    let digits = text.iter().take(19).take_while(|b| b.is_ascii_digit());
    let length = digits.count();
    let more = text.get(length);
    if !(1..=18).contains(&length) || more.is_some_and(|b| *b == b'E' || !b.is_ascii()) {
        return None;
    }
    let number = text[..length]
        .iter()
        .fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    Some((number, length))
}

/// The number at the beginning of a text, if 64 bits hold it, and its length.
fn whole(text: &str) -> (Option<i64>, usize) {
    let mut number = Some(0_i64);
    let mut length = 0;
    for c in text.chars() {
        let Some(digit) = digit(c) else { break };
        let larger = |n: i64| n.checked_mul(10)?.checked_add(digit.into());
        number = number.and_then(larger);
        length += c.len_utf8();
    }
    (number, length)
}

/// A whole number, or one that did not fit or has a power of ten.
fn narrow(magnitude: Result<i64, f64>, negative: bool) -> i32 {
    match magnitude {
        Ok(n) if negative => n.wrapping_neg() as i32,
        Ok(n) => n as i32,
        Err(d) => {
            let d = if negative { -d } else { d };
            let whole = d.trunc() == d && d.abs() < 9.2e18;
            if whole { d as i64 as i32 } else { d as i32 }
        }
    }
}

/// The digits at the beginning in ASCII, and their length in the text.
fn digits(text: &str) -> (String, usize) {
    let mut ascii = String::new();
    let mut length = 0;
    for c in text.chars() {
        let Some(digit) = digit(c) else { break };
        ascii.extend(char::from_digit(digit, 10));
        length += c.len_utf8();
    }
    (ascii, length)
}

/// What stands behind an `E`.
fn power(text: &str) -> Option<(i32, usize)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (digits, length) = digits(unsigned);
    if digits.is_empty() {
        return None;
    }
    let power: i64 = digits.parse().ok()?;
    let power = i32::try_from(power).unwrap_or(100_000).min(100_000);
    let negative = unsigned.len() < text.len();
    let sign_length = text.len() - unsigned.len();
    Some((if negative { -power } else { power }, sign_length + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_reads_numbers_as_the_long_one() {
        for digits in ["0", "7", "007", "2147483648", "999999999999999999", "1"] {
            for more in ["", " ", "x", "-5", "Z", "e3", "9", "99"] {
                let text = format!("é{digits}{more}");
                let short = number(&text, 2);
                assert_eq!(short, any_number(&text, 2), "{text}");
                assert!(short.is_some(), "{text}");
            }
        }
        assert_eq!(number("12E2", 0), Some((1200, 4)));
        assert_eq!(number("12\u{663}", 0), Some((123, 4)));
        assert_eq!(
            number("9999999999999999999 ", 0),
            any_number("9999999999999999999", 0)
        );
        assert_eq!(ascii_digits(b"1234567890123456789"), None);
        assert_eq!(
            ascii_digits(b"123456789012345678"),
            Some((123_456_789_012_345_678, 18))
        );
        assert_eq!(number("x", 0), None);
    }

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(nth("2023", 0, 2), Some(2));
        assert_eq!(nth("2023", 2, 2), Some(4));
        assert_eq!(nth("2023", 2, 3), None);
        assert_eq!(nth("\u{663}\u{663}5", 0, 2), Some(4));
        assert_eq!(literal("aé", 1, 'é'), Some(2));
        assert_eq!(literal("a", 1, 'a'), None);
    }
}
