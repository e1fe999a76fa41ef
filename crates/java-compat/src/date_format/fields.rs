//! [`Fields`]: what a text said of an instant, and the instant that Java's lenient calendar makes of it.

use java_time::calendar::{
    CUTOVER, CUTOVER_YEAR, Date, MILLIS_PER_DAY, days_from_gregorian, days_from_julian, new_year,
    on_or_before,
};

/// The fields of `java.util.Calendar`; values are Java's (months from 0, Sunday is 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Era,
    Year,
    WeekYear,
    Month,
    WeekOfYear,
    WeekOfMonth,
    DayOfMonth,
    DayOfYear,
    DayOfWeek,
    DayOfWeekInMonth,
    AmPm,
    Hour,
    HourOfDay,
    Minute,
    Second,
    Millisecond,
    /// From UTC, in milliseconds.
    ZoneOffset,
}

const SLOTS: usize = Slot::ZoneOffset as usize + 1;
const SUNDAY: i64 = 1;

/// Values with the order in which they were set; of contradicting ones the later win.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    values: [i64; SLOTS],
    /// 0: not set.
    stamps: [u32; SLOTS],
    last_stamp: u32,
}

impl Fields {
    pub fn set(&mut self, slot: Slot, value: i64) {
        self.last_stamp += 1;
        self.values[slot as usize] = value;
        self.stamps[slot as usize] = self.last_stamp;
    }

    /// Days of the ISO week, from Monday as 1.
    pub fn set_iso_day_of_week(&mut self, day: i64) {
        self.set(Slot::DayOfWeek, from_iso(day));
    }

    pub fn add_years(&mut self, years: i64) {
        self.values[Slot::Year as usize] += years;
        self.values[Slot::WeekYear as usize] += years;
    }

    fn stamp(&self, slot: Slot) -> u32 {
        self.stamps[slot as usize]
    }

    fn is_set(&self, slot: Slot) -> bool {
        self.stamp(slot) != 0
    }

    /// The value, 0 if not set.
    fn get(&self, slot: Slot) -> i64 {
        self.values[slot as usize]
    }

    fn get_or(&self, slot: Slot, default: i64) -> i64 {
        if self.is_set(slot) {
            self.get(slot)
        } else {
            default
        }
    }

    /// Two fields that say something only together count as set when the later of them was.
    fn stamp_of_both(&self, a: Slot, b: Slot) -> u32 {
        match (self.stamp(a), self.stamp(b)) {
            (0, _) | (_, 0) => 0,
            (a, b) => a.max(b),
        }
    }

    /// The instant in milliseconds since the epoch.
    pub fn instant(&self) -> i64 {
        let time = self.time_of_day();
        let more_days = time.div_euclid(MILLIS_PER_DAY);
        let time = time.rem_euclid(MILLIS_PER_DAY);
        let days = if self.stamp(Slot::WeekYear) > self.stamp(Slot::Year) {
            self.day_of_week_date() + more_days
        } else {
            self.day(more_days)
        };
        days.wrapping_mul(MILLIS_PER_DAY)
            .wrapping_add(time)
            .wrapping_sub(self.get(Slot::ZoneOffset))
    }

    fn time_of_day(&self) -> i64 {
        let half_day = self.stamp_of_both(Slot::Hour, Slot::AmPm);
        let of_day = self.stamp(Slot::HourOfDay);
        let mut best = half_day.max(of_day);
        if best == 0 {
            best = self.stamp(Slot::Hour).max(self.stamp(Slot::AmPm));
        }
        let hours = if best == 0 || best == of_day {
            self.get(Slot::HourOfDay)
        } else {
            self.get(Slot::Hour) + 12 * self.get(Slot::AmPm)
        };
        let minutes = hours * 60 + self.get(Slot::Minute);
        let seconds = minutes * 60 + self.get(Slot::Second);
        seconds * 1000 + self.get(Slot::Millisecond)
    }

    /// The day, if a week-based year was set and no other after it.
    fn day_of_week_date(&self) -> i64 {
        let mut week = self.get_or(Slot::WeekOfYear, 1);
        let mut day = self.get_or(Slot::DayOfWeek, SUNDAY);
        if !(1..=7).contains(&day) {
            // Days of the ISO week that lie in another week.
            if day >= 8 {
                day -= 1;
                week += day / 7;
                day = day % 7 + 1;
            } else {
                let weeks = (7 - day) / 7;
                day += 7 * weeks;
                week -= weeks;
            }
            day = from_iso(day);
        }
        let first = on_or_before(new_year(self.get(Slot::WeekYear)), SUNDAY - 1);
        first + 7 * (week - 1) + (day - SUNDAY)
    }

    fn day(&self, more_days: i64) -> i64 {
        let mut year = self.get_or(Slot::Year, 1970);
        if self.is_set(Slot::Era) && self.get(Slot::Era) == 0 {
            year = 1 - year;
        }
        let rule = self.date_rule();
        let gregorian = more_days + self.day_in(year, rule, days_from_gregorian);
        let julian = more_days + self.day_in(year, rule, days_from_julian);
        if year > CUTOVER_YEAR && gregorian >= CUTOVER {
            return gregorian;
        }
        if year < CUTOVER_YEAR && julian < CUTOVER {
            return julian;
        }
        let from_new_year = matches!(rule, Rule::DayOfYear | Rule::WeekOfYear(_));
        if from_new_year && year <= CUTOVER_YEAR {
            return julian;
        }
        let gregorian = if year < CUTOVER_YEAR {
            julian
        } else {
            gregorian
        };
        if gregorian >= CUTOVER {
            gregorian
        } else {
            julian
        }
    }

    /// Which fields say what day it is.
    fn date_rule(&self) -> Rule {
        let of_week = self.stamp(Slot::DayOfWeek);
        let by_week = (of_week != 0).then_some(());
        let of_month = self.stamp(Slot::DayOfMonth);
        let of_year = self.stamp(Slot::DayOfYear);
        let week_of_month = self.stamp_of_both(Slot::WeekOfMonth, Slot::DayOfWeek);
        let in_month = self.stamp_of_both(Slot::DayOfWeekInMonth, Slot::DayOfWeek);
        let week_of_year = self.stamp_of_both(Slot::WeekOfYear, Slot::DayOfWeek);
        let complete = [of_month, week_of_month, in_month, of_year, week_of_year];
        let mut best = complete.into_iter().max().unwrap_or(0);
        let (mut of_month, mut week_of_month, mut in_month) = (of_month, week_of_month, in_month);
        if best == 0 {
            // Nothing complete: a week alone, or a weekday alone as the first one of the month.
            week_of_month = self.stamp(Slot::WeekOfMonth);
            in_month = self.stamp(Slot::DayOfWeekInMonth).max(of_week);
            best = week_of_month
                .max(in_month)
                .max(self.stamp(Slot::WeekOfYear));
            if best == 0 {
                of_month = self.stamp(Slot::Month);
                best = of_month;
            }
        }
        let week_of_year = self.stamp(Slot::WeekOfYear);
        if best == of_month {
            return Rule::DayOfMonth;
        }
        let in_a_month = (best == week_of_month && self.stamp(Slot::WeekOfMonth) >= week_of_year)
            || (best == in_month && self.stamp(Slot::DayOfWeekInMonth) >= week_of_year);
        if in_a_month {
            let by_week_of_month = if week_of_month == in_month {
                self.stamp(Slot::WeekOfMonth) >= self.stamp(Slot::DayOfWeekInMonth)
            } else {
                best == week_of_month
            };
            return if by_week_of_month {
                Rule::WeekOfMonth(by_week)
            } else {
                Rule::DayOfWeekInMonth(by_week)
            };
        }
        if best == of_year {
            Rule::DayOfYear
        } else {
            Rule::WeekOfYear(by_week)
        }
    }

    /// Days since the epoch in one of the two calendars, whose months `first` knows.
    fn day_in(&self, year: i64, rule: Rule, first: fn(i64, i64) -> i64) -> i64 {
        let in_month = !matches!(rule, Rule::DayOfYear | Rule::WeekOfYear(_));
        let month = if in_month { self.get(Slot::Month) } else { 0 };
        let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12) + 1);
        let start = first(year, month);
        let of_week = self.get_or(Slot::DayOfWeek, SUNDAY) - 1;
        // The first week holds the first day, whatever day it is.
        let first_week = on_or_before(start, SUNDAY - 1);
        let in_first_week = |by_week: Option<()>| match by_week {
            Some(()) => on_or_before(first_week + 6, of_week),
            None => first_week,
        };
        match rule {
            Rule::DayOfMonth => start + self.get_or(Slot::DayOfMonth, 1) - 1,
            Rule::DayOfYear => start + self.get(Slot::DayOfYear) - 1,
            Rule::WeekOfMonth(by_week) => {
                in_first_week(by_week) + i64::from(weeks(self.get(Slot::WeekOfMonth) - 1))
            }
            Rule::WeekOfYear(by_week) => {
                in_first_week(by_week) + 7 * (self.get(Slot::WeekOfYear) - 1)
            }
            Rule::DayOfWeekInMonth(_) => {
                let nth = self.get_or(Slot::DayOfWeekInMonth, 1);
                if nth >= 0 {
                    return on_or_before(start + i64::from(weeks(nth)) - 1, of_week);
                }
                let next = first(year + month / 12, month % 12 + 1);
                on_or_before(next - 1 + i64::from(weeks(nth + 1)), of_week)
            }
        }
    }
}

/// Days of weeks, in the 32 bits that Java has for them.
fn weeks(n: i64) -> i32 {
    (n as i32).wrapping_mul(7)
}

/// What says which day it is; `Some` where a weekday was set too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    DayOfMonth,
    WeekOfMonth(Option<()>),
    DayOfWeekInMonth(Option<()>),
    DayOfYear,
    WeekOfYear(Option<()>),
}

fn from_iso(day: i64) -> i64 {
    match day {
        1..=6 => day + 1,
        7 => SUNDAY,
        // Another week; see there.
        other => other,
    }
}

/// The year of an instant, as Java counts it in its own era.
pub(super) fn year_of(millis: i64) -> i64 {
    Date::of(millis.div_euclid(MILLIS_PER_DAY)).year
}
