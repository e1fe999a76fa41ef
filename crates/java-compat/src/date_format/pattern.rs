//! The letters of a pattern.

use std::fmt;

/// A part of a compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// What stands there as it is, letter by letter.
    Literal(char),
    /// A pattern letter and how often it stands there.
    Field(Field, usize),
}

/// The pattern letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `G`
    Era,
    /// `y`
    Year,
    /// `Y`
    WeekYear,
    /// `M` and `L`, which differ in no English name
    Month,
    /// `w`
    WeekOfYear,
    /// `W`
    WeekOfMonth,
    /// `D`
    DayOfYear,
    /// `d`
    DayOfMonth,
    /// `F`
    DayOfWeekInMonth,
    /// `E`
    DayOfWeek,
    /// `u`
    IsoDayOfWeek,
    /// `a`
    AmPm,
    /// `H`, 0 to 23
    HourOfDay0,
    /// `k`, 1 to 24
    HourOfDay1,
    /// `K`, 0 to 11
    Hour0,
    /// `h`, 1 to 12
    Hour1,
    /// `m`
    Minute,
    /// `s`
    Second,
    /// `S`
    Millisecond,
    /// `z`
    ZoneName,
    /// `Z`
    ZoneOffset,
    /// `X`
    IsoZone,
}

impl Field {
    const fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'G' => Field::Era,
            'y' => Field::Year,
            'Y' => Field::WeekYear,
            'M' | 'L' => Field::Month,
            'w' => Field::WeekOfYear,
            'W' => Field::WeekOfMonth,
            'D' => Field::DayOfYear,
            'd' => Field::DayOfMonth,
            'F' => Field::DayOfWeekInMonth,
            'E' => Field::DayOfWeek,
            'u' => Field::IsoDayOfWeek,
            'a' => Field::AmPm,
            'H' => Field::HourOfDay0,
            'k' => Field::HourOfDay1,
            'K' => Field::Hour0,
            'h' => Field::Hour1,
            'm' => Field::Minute,
            's' => Field::Second,
            'S' => Field::Millisecond,
            'z' => Field::ZoneName,
            'Z' => Field::ZoneOffset,
            'X' => Field::IsoZone,
            _ => return None,
        })
    }

    /// Whether such a field takes as many digits as it has letters when another number follows it.
    pub const fn is_number(self) -> bool {
        !matches!(
            self,
            Field::Era
                | Field::DayOfWeek
                | Field::AmPm
                | Field::ZoneName
                | Field::ZoneOffset
                | Field::IsoZone
        )
    }
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

/// The message of Java's `IllegalArgumentException`.
impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

pub(super) fn compile(pattern: &str) -> Result<Vec<Item>, PatternError> {
    let mut items = Vec::new();
    let mut chars = pattern.chars().peekable();
    let mut in_quotes = false;
    while let Some(c) = chars.next() {
        if c == '\'' {
            // Two of them are one, inside quotes and outside.
            if chars.next_if_eq(&'\'').is_some() {
                items.push(Item::Literal(c));
            } else {
                in_quotes = !in_quotes;
            }
            continue;
        }
        if in_quotes || !c.is_ascii_alphabetic() {
            items.push(Item::Literal(c));
            continue;
        }
        let Some(field) = Field::of(c) else {
            return Err(PatternError(format!("Illegal pattern character '{c}'")));
        };
        let mut count = 1;
        while chars.next_if_eq(&c).is_some() {
            count += 1;
        }
        if field == Field::IsoZone && count > 3 {
            return Err(PatternError(format!(
                "invalid ISO 8601 format: length={count}"
            )));
        }
        items.push(Item::Field(field, count));
    }
    if in_quotes {
        return Err(PatternError("Unterminated quote".to_owned()));
    }
    Ok(items)
}
