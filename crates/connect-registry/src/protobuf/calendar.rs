//! Java's default calendar: Gregorian from 15 October 1582 on, Julian before.

/// The last year that Java's calendar takes.
pub(super) const MAX_YEAR: i64 = 292_278_994;

/// Days from the epoch to 15 October 1582, the first Gregorian day.
const CUTOVER: i64 = -141_427;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    /// Year 0 is 1 BC.
    pub year: i64,
    /// From 1.
    pub month: i64,
    pub day: i64,
}

/// The date of a day since the epoch.
pub(super) fn date_of(days: i64) -> Date {
    // Years that begin in March make the leap day the last of its year; then months have a closed form.
    let (year, day_of_year) = if days >= CUTOVER {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day = days.rem_euclid(146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        (era * 400 + year, day - (365 * year + year / 4 - year / 100))
    } else {
        let days = days + 719_470;
        let cycle = days.div_euclid(1461);
        let day = days.rem_euclid(1461);
        let year = (day - day / 1460) / 365;
        (cycle * 4 + year, day - 365 * year)
    };
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12 + 1;
    Date {
        year: year + i64::from(month <= 2),
        month,
        day,
    }
}

/// Days since the epoch of a date; a day that its month does not have counts on into the next, and one that the change of
/// calendars left out is counted as Julian.
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = march_year.div_euclid(4);
    let julian = 365 * march_year + leap_days + day_of_year - 719_470;
    let gregorian = julian + 2 - march_year.div_euclid(100) + march_year.div_euclid(400);
    if gregorian >= CUTOVER {
        gregorian
    } else {
        julian
    }
}

/// How many days a month has; the one in which the calendar changed has all its numbers.
pub(super) fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year < 1582 || year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_its_date() {
        let mut before = date_of(-800_000);
        for days in -799_999..800_000 {
            let date = date_of(days);
            let is_next = date.month == before.month && date.day == before.day + 1
                || date.day == 1 && before.day == days_of_month(before.year, before.month);
            assert!(is_next || days == CUTOVER, "{before:?} {date:?}");
            assert_eq!(days_of(date.year, date.month, date.day), days, "{date:?}");
            before = date;
        }
    }
}
