//! Java's default calendar: Gregorian from 15 October 1582 on, Julian before; weeks begin on Sunday and the first one
//! of a year or month may be of one day.

pub const MILLIS_PER_DAY: i64 = 86_400_000;

/// Days from the epoch to 15 October 1582, the first Gregorian day.
pub const CUTOVER: i64 = -141_427;
pub const CUTOVER_YEAR: i64 = 1582;

/// A day of the year and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Year 0 is 1 BC.
    pub year: i64,
    /// From 1.
    pub month: i64,
    pub day: i64,
}

impl Date {
    /// The date of a day since the epoch.
    pub fn of(days: i64) -> Self {
        if days >= CUTOVER {
            gregorian(days)
        } else {
            julian(days)
        }
    }
}

/// 0 is Sunday.
pub fn weekday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// The last day of a weekday (0 is Sunday) on or before a day.
pub fn on_or_before(days: i64, of_week: i64) -> i64 {
    days - (weekday(days) - of_week).rem_euclid(7)
}

/// The first day of a year in the calendar that then held.
pub fn new_year(year: i64) -> i64 {
    if year > CUTOVER_YEAR {
        days_from_gregorian(year, 1)
    } else {
        days_from_julian(year, 1)
    }
}

/// Days since the epoch of a date whose month and day may lie outside their ranges (a lenient `Calendar`).
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let months = year * 12 + (month - 1);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let in_gregorian = days_from_gregorian(year, month) + day - 1;
    if in_gregorian >= CUTOVER && year >= CUTOVER_YEAR {
        return in_gregorian;
    }
    days_from_julian(year, month) + day - 1
}

/// Years that begin in March make the leap day the last of its year; then months have a closed form.
fn march_year(year: i64, month: i64) -> (i64, i64) {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    (year, day_of_year)
}

/// The first day of a month, from 1 to 12.
pub fn days_from_gregorian(year: i64, month: i64) -> i64 {
    let (year, day_of_year) = march_year(year, month);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - 719_468
}

pub fn days_from_julian(year: i64, month: i64) -> i64 {
    let (year, day_of_year) = march_year(year, month);
    365 * year + year.div_euclid(4) + day_of_year - 719_470
}

fn from_march(year: i64, day_of_year: i64) -> Date {
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = if month <= 2 { year + 1 } else { year };
    Date { year, month, day }
}

fn gregorian(days: i64) -> Date {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    from_march(year + era * 400, day - (365 * year + year / 4 - year / 100))
}

fn julian(days: i64) -> Date {
    let days = days + 719_470;
    let cycle = days.div_euclid(1461);
    let day = days.rem_euclid(1461);
    let year = (day - day / 1460) / 365;
    from_march(year + cycle * 4, day - 365 * year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_agree() {
        for days in (-2_000_000..2_000_000).step_by(17) {
            let date = Date::of(days);
            let first = match days >= CUTOVER {
                true => days_from_gregorian(date.year, date.month),
                false => days_from_julian(date.year, date.month),
            };
            assert_eq!(first + date.day - 1, days, "{date:?}");
            assert_eq!(days_of(date.year, date.month, date.day), days, "{date:?}");
        }
        let (year, month, day) = (1582, 10, 4);
        assert_eq!(Date::of(CUTOVER - 1), Date { year, month, day });
        assert_eq!(days_of(1, 1, 1), -719_164);
        assert_eq!(days_of(2023, 13, 32), days_of(2024, 2, 1));
        assert_eq!(days_of(2024, 0, 1), days_of(2023, 12, 1));
        assert_eq!(weekday(0), 4);
        assert_eq!(on_or_before(0, 4), 0);
        assert_eq!(on_or_before(0, 5), -6);
    }
}
