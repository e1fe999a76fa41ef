//! Java's default calendar in UTC: Gregorian from 15 October 1582 on, Julian before.

pub(super) const MILLIS_PER_DAY: i64 = 86_400_000;

/// Days from the epoch to 15 October 1582, the first Gregorian day.
const CUTOVER: i64 = -141_427;

/// An instant as fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// The year as Java prints it: counted from 1 in both eras, so that 1 BC is 1.
    pub year: i64,
    /// From 1.
    pub month: u32,
    pub day: u32,
    /// Sunday is 0.
    pub weekday: usize,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub milli: u32,
}

impl Fields {
    pub fn of(millis: i64) -> Self {
        let days = millis.div_euclid(MILLIS_PER_DAY);
        let rest = millis.rem_euclid(MILLIS_PER_DAY) as u32;
        let (year, month, day) = if days >= CUTOVER {
            gregorian(days)
        } else {
            julian(days)
        };
        Self {
            year: if year > 0 { year } else { 1 - year },
            month,
            day,
            weekday: (days + 4).rem_euclid(7) as usize,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            milli: rest % 1000,
        }
    }
}

/// Days since the epoch of a date whose month and day may lie outside their ranges (a lenient `Calendar`).
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let months = year * 12 + (month - 1);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let in_gregorian = days_from_gregorian(year, month) + day - 1;
    if in_gregorian >= CUTOVER && year >= 1582 {
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

fn days_from_gregorian(year: i64, month: i64) -> i64 {
    let (year, day_of_year) = march_year(year, month);
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - 719_468
}

fn days_from_julian(year: i64, month: i64) -> i64 {
    let (year, day_of_year) = march_year(year, month);
    365 * year + year.div_euclid(4) + day_of_year - 719_470
}

fn from_march(year: i64, day_of_year: i64) -> (i64, u32, u32) {
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = if month <= 2 { year + 1 } else { year };
    (year, month as u32, day as u32)
}

fn gregorian(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day = days.rem_euclid(146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    from_march(year + era * 400, day - (365 * year + year / 4 - year / 100))
}

fn julian(days: i64) -> (i64, u32, u32) {
    let days = days + 719_470;
    let cycle = days.div_euclid(1461);
    let day = days.rem_euclid(1461);
    let year = (day - day / 1460) / 365;
    from_march(year + cycle * 4, day - 365 * year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(days: i64) -> (i64, u32, u32) {
        let f = Fields::of(days * MILLIS_PER_DAY);
        (f.year, f.month, f.day)
    }

    #[test]
    fn known_days() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(19_675), (2023, 11, 14));
        assert_eq!(date(-1), (1969, 12, 31));
        assert_eq!(date(2_932_896), (9999, 12, 31));
        assert_eq!(date(CUTOVER), (1582, 10, 15));
        assert_eq!(date(CUTOVER - 1), (1582, 10, 4));
        assert_eq!(days_of(1, 1, 1), -719_164);
        assert_eq!(days_of(2023, 13, 32), days_of(2024, 2, 1));
        assert_eq!(days_of(2024, 0, 1), days_of(2023, 12, 1));
    }

    #[test]
    fn days_and_fields_agree() {
        for days in (-900_000..900_000).step_by(13) {
            let (year, month, day) = date(days);
            if days_of(year, month.into(), day.into()) != days {
                // Years before 1 are printed without their era.
                assert!(days < days_of(1, 1, 1), "{year}-{month}-{day}");
            }
        }
    }
}
