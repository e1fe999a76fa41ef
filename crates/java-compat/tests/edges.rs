//! The edges that no recording shows. Java's own answers are in `tests/goldens/transforms-more`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use java_compat::date_format::DateFormat;
use java_compat::regex::{Failure, JavaRegex, Replacement};
use proptest::prelude::*;

#[test]
fn what_is_not_had_the_same_is_refused_by_name() {
    for (pattern, what) in [
        (r"\Ga", r"\G is not supported"),
        (r"\X", r"\X is not supported"),
        (r"\N{LATIN SMALL LETTER A}", r"\N{…} is not supported"),
        (r"a\b{g}", r"\b{g} is not supported"),
        (
            r"\p{InGreek}",
            "The Unicode block {InGreek} is not supported",
        ),
        (r"\p{blk=Greek}", r"\p{blk=Greek} is not supported"),
        ("a{2}{3}", "a quantifier behind another is not supported"),
        (r"(?i)(a)\1", "a back reference under (?i) is not supported"),
        (
            r"\2(a)(b)",
            "a reference to a group that comes later is not supported",
        ),
    ] {
        let error = JavaRegex::new(pattern).unwrap_err().to_string();
        assert!(error.starts_with(what), "{pattern}: {error}");
    }
    for deep in ["(", "[", "(?:["] {
        let error = JavaRegex::new(&deep.repeat(50_000))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("such deep nesting"), "{deep}");
    }
}

#[test]
fn endless_backtracking_is_an_error() {
    let regex = JavaRegex::new(r"(?=a)(a|aa)*(?<=b)c").unwrap();
    let topic = "a".repeat(60);
    assert_eq!(regex.matches(&topic), Err(Failure::TooMuchWork));
}

#[test]
fn dates_are_in_us_english() {
    let format = DateFormat::new("EEEE, MMMM d, yyyy h a G zzzz").unwrap();
    let text = "Tuesday, November 14, 2023 10 PM AD Coordinated Universal Time";
    assert_eq!(format.format(1_700_000_000_000), text);
    let read = DateFormat::new("d MMM yyyy").unwrap();
    assert_eq!(read.parse("14 Nov 2023"), Some(1_699_920_000_000));
    assert_eq!(read.parse("14 nov. 2023"), None);
    assert_eq!(read.parse("14 März 2023"), None);
}

#[test]
fn a_zone_by_name_has_todays_offset() {
    let format = DateFormat::new("yyyy-MM-dd HH:mm z").unwrap();
    // Almaty was six hours ahead until 2024, which Java knows, and is five today.
    let five_ahead = 1_642_230_000_000;
    assert_eq!(format.parse("2022-01-15 12:00 ALMT"), Some(five_ahead));
    assert_eq!(
        format.parse("2024-06-15 12:00 MSK"),
        Some(1_718_442_000_000)
    );
}

/// Java has -63518601600000: it takes the year of a week before Christ for a year of the proleptic count.
#[test]
fn a_week_year_before_christ_is_another_instant() {
    let weeks = DateFormat::new("YYYY w u G").unwrap();
    assert_eq!(weeks.parse("44 10 3 BC"), Some(-60_773_414_400_000));
}

/// Java's own answers, and how its instants wrap around.
#[test]
fn years_far_away_wrap_around_as_in_java() {
    let years = DateFormat::new("yyyy").unwrap();
    for (text, instant) in [
        ("292278995", -9_223_372_025_043_951_616),
        ("500000000", -2_668_330_240_928_751_616),
        ("9999999999", 7_603_816_050_904_096_768),
        ("-300000000", 8_979_401_906_317_551_616),
    ] {
        assert_eq!(years.parse(text), Some(instant), "{text}");
    }
    let days = DateFormat::new("yyyy-MM-dd G").unwrap();
    assert_eq!(days.format(i64::MAX), "292278994-08-17 AD");
    assert_eq!(days.format(i64::MIN), "292269055-12-02 BC");
}

proptest! {
    #[test]
    fn no_pattern_panics(pattern in r"([a-c.*+?|^$()\[\]{},0-9\\&=!<>:xpPQE-]|\\[a-zA-Z]|\(\?[:=!<>im]){0,16}", text in "[a-c\n\r ]{0,6}") {
        if let Ok(regex) = JavaRegex::new(&pattern) {
            let replacement = Replacement::new(&pattern, &regex);
            let _ = (regex.matches(&text), regex.replace_first(&text, &replacement));
        }
    }

    #[test]
    fn a_quoted_text_matches_itself_alone(text in "[^E]{0,12}", other in ".{0,4}") {
        let regex = JavaRegex::new(&format!(r"\Q{text}\E")).unwrap();
        prop_assert_eq!(regex.matches(&text), Ok(true));
        prop_assert_eq!(regex.matches(&format!("{text}{other}")), Ok(other.is_empty()));
    }

    #[test]
    fn no_date_pattern_panics(pattern in "([GyYMLwWDdFEuaHkKhmsSzZX' :.-]{0,10}|.{0,6})", text in "([0-9A-Z :.+-]{0,20}|.{0,9})", millis: i64) {
        if let Ok(format) = DateFormat::new(&pattern) {
            let written = format.format(millis);
            let _ = (format.parse(&text), format.parse(&written));
        }
    }
}
