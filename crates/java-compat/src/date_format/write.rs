//! Instants as texts.

use std::fmt::Write as _;

use super::pattern::{Field, Item};
use super::symbols::{DAYS, ERAS, HALVES, MONTHS, short};
use java_time::calendar::{
    CUTOVER, Date, MILLIS_PER_DAY, days_from_gregorian, days_from_julian, new_year, on_or_before,
    weekday,
};

pub(super) fn write(items: &[Item], millis: i64) -> String {
    let instant = Instant::of(millis);
    let mut text = String::with_capacity(32);
    for item in items {
        match item {
            Item::Literal(c) => text.push(*c),
            Item::Field(field, count) => instant.write(&mut text, *field, *count),
        }
    }
    text
}

struct Instant {
    days: i64,
    /// Of the day.
    millis: i64,
    date: Date,
}

impl Instant {
    fn of(millis: i64) -> Self {
        let days = millis.div_euclid(MILLIS_PER_DAY);
        Self {
            days,
            millis: millis.rem_euclid(MILLIS_PER_DAY),
            date: Date::of(days),
        }
    }

    fn write(&self, text: &mut String, field: Field, count: usize) {
        let hour = self.millis / 3_600_000;
        let Date { year, month, day } = self.date;
        let name = |name: &'static str| if count >= 4 { name } else { short(name) };
        let number = match field {
            Field::Era => return text.push_str(ERAS[usize::from(year > 0)]),
            Field::Year => {
                let of_era = if year > 0 { year } else { 1 - year };
                return padded_year(text, of_era, count);
            }
            Field::WeekYear => return padded_year(text, self.week_year(), count),
            Field::Month if count >= 3 => {
                return text.push_str(name(MONTHS[month as usize - 1]));
            }
            Field::DayOfWeek => return text.push_str(name(DAYS[weekday(self.days) as usize])),
            Field::AmPm => return text.push_str(HALVES[usize::from(hour >= 12)]),
            Field::ZoneName => {
                return text.push_str(if count >= 4 {
                    "Coordinated Universal Time"
                } else {
                    "UTC"
                });
            }
            Field::ZoneOffset => return text.push_str("+0000"),
            Field::IsoZone => return text.push('Z'),
            Field::Month => month,
            Field::WeekOfYear => weeks(new_year(self.week_year()), self.days),
            Field::WeekOfMonth => weeks(self.days - self.days_of_month(), self.days),
            Field::DayOfYear => self.days - new_year(year) + 1,
            Field::DayOfMonth => day,
            Field::DayOfWeekInMonth => self.days_of_month() / 7 + 1,
            Field::IsoDayOfWeek => (weekday(self.days) + 6) % 7 + 1,
            Field::HourOfDay0 => hour,
            Field::HourOfDay1 => (hour + 23) % 24 + 1,
            Field::Hour0 => hour % 12,
            Field::Hour1 => (hour + 11) % 12 + 1,
            Field::Minute => self.millis / 60_000 % 60,
            Field::Second => self.millis / 1000 % 60,
            Field::Millisecond => self.millis % 1000,
        };
        padded(text, number, count);
    }

    /// The year to which the week belongs: that of its Saturday, because a week with a first of January in it is the
    /// first of its year.
    fn week_year(&self) -> i64 {
        Date::of(on_or_before(self.days, 0) + 6).year
    }

    /// Days since the first of the month; fewer than its number says in the month that lost ten.
    fn days_of_month(&self) -> i64 {
        let Date { year, month, .. } = self.date;
        let first = match days_from_gregorian(year, month) {
            gregorian if gregorian >= CUTOVER => gregorian,
            _ => days_from_julian(year, month),
        };
        self.days - first
    }
}

/// The number of the week in which a day stands, if the first one holds `first`.
fn weeks(first: i64, day: i64) -> i64 {
    (on_or_before(day, 0) - on_or_before(first, 0)) / 7 + 1
}

/// Two letters mean two digits, any other number of letters all.
fn padded_year(text: &mut String, year: i64, count: usize) {
    if count == 2 {
        text.push_str(if year < 0 { "-" } else { "" });
        padded(text, year.abs() % 100, 2);
    } else {
        padded(text, year, count);
    }
}

fn padded(text: &mut String, number: i64, count: usize) {
    // Writing to a String cannot fail.
    let _ = match number {
        0.. => write!(text, "{number:0count$}"),
        _ => write!(text, "-{:0count$}", number.unsigned_abs()),
    };
}
