//! Zones as texts name them: `GMT+1:00`, `+0100`, `Z`, and the names that Java knows in English.
//!
//! A name stands for the offset that its zone has by today's rules, summer time included if the name says so.

use super::symbols::starts_with;

/// Names and offsets in seconds, in the order in which Java tries them. Names that begin with an earlier one are left
/// out: they are never reached.
const NAMES: &str = include_str!("zones.txt");

/// A zone at the beginning of a text: its offset in milliseconds and its length. Names may begin the text in any case.
pub(super) fn read_name(text: &str) -> Option<(i64, usize)> {
    NAMES.lines().find_map(|line| {
        let (name, seconds) = line.split_once('\t')?;
        let seconds: i64 = seconds.parse().ok()?;
        starts_with(text, name).then_some((seconds * 1000, name.len()))
    })
}

/// How the digits of an offset stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// `h:mm` or `hh:mm`
    HourColonMinute,
    /// `hhmm`
    HourMinute,
    /// `hh`
    Hour,
    /// `hh:mm`
    TwoHoursColonMinute,
}

/// An offset without its sign: milliseconds and length.
pub(super) fn read_digits(text: &str, form: Digits) -> Option<(i64, usize)> {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        let b = *bytes.get(at)?;
        b.is_ascii_digit().then(|| i64::from(b - b'0'))
    };
    let mut at = 1;
    let mut hours = digit(0)?;
    // Java looks at the character behind the first digit even if it takes none.
    bytes.get(1)?;
    match digit(1) {
        Some(second) => {
            hours = hours * 10 + second;
            at = 2;
        }
        None if form == Digits::HourColonMinute => {}
        None => return None,
    }
    if hours > 23 {
        return None;
    }
    let mut minutes = 0;
    if form != Digits::Hour {
        if form != Digits::HourMinute {
            if bytes.get(at) != Some(&b':') {
                return None;
            }
            at += 1;
        }
        minutes = digit(at)? * 10 + digit(at + 1)?;
        at += 2;
        if minutes > 59 {
            return None;
        }
    }
    Some(((hours * 60 + minutes) * 60_000, at))
}
