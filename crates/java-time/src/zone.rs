//! [`Zone`]: a time zone by Java's name, with Java's names for its standard and its summer time.
//!
//! Offsets are those of the IANA database that is compiled in (chrono-tz), so that they do not depend on what is installed.
//! Its own abbreviations are numbers for most of the world; Java's are kept in `names.txt`.

use std::borrow::Cow;
use std::sync::OnceLock;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::{OffsetComponents, Tz, TzOffset};

use crate::calendar::{Date, MILLIS_PER_DAY, new_year, weekday};

/// Names of standard and summer time (US English), and the zones that have them.
const NAMES: &str = include_str!("names.txt");

/// Short names that only Java has, for the zones that they stand for (`ZoneId.SHORT_IDS`).
const SHORT_IDS: [(&str, &str); 25] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];

/// 1 January 1900, before which Java knows no changes: a zone then has the standard time that it has now.
const FIRST_KNOWN: i64 = -2_208_988_800_000;
/// 1 January 2100, from which on the database knows no changes; the last rules go on in Java.
const LAST_KNOWN: i64 = 4_102_444_800_000;
/// A January and a July of the rules that hold now.
const TODAYS_RULES: [i64; 2] = [2_524_608_000_000, 2_540_246_400_000];

/// Zones whose winter is less than their standard time in the database, and is their standard time in Java.
const STANDARD_IN_WINTER: [Tz; 4] = [
    Tz::Africa__Casablanca,
    Tz::Africa__El_Aaiun,
    Tz::Eire,
    Tz::Europe__Dublin,
];

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// The same offset at all times, in milliseconds.
    Fixed {
        offset: i64,
        name: Cow<'static, str>,
    },
    Rules {
        tz: Tz,
        standard_name: &'static str,
        summer_name: &'static str,
        /// Of standard time, now.
        raw_offset: i64,
    },
}

impl Zone {
    pub const UTC: Zone = Zone(Kind::Fixed {
        offset: 0,
        name: Cow::Borrowed("UTC"),
    });

    /// The zone of a name: `Europe/Berlin`, `CST`, `GMT+5:30` (`TimeZone.getTimeZone`).
    pub fn named(id: &str) -> Option<Self> {
        // The last three follow cities in the database of today.
        for (name, hours) in [("UTC", 0), ("EST", -5), ("MST", -7), ("HST", -10)] {
            if id == name {
                return Some(Self(Kind::Fixed {
                    offset: hours * 3_600_000,
                    name: Cow::Borrowed(name),
                }));
            }
        }
        let names = NAMES.lines().find_map(|line| {
            let mut parts = line.split('\t');
            let (standard, summer) = (parts.next()?, parts.next()?);
            let has_id = parts.next()?.split(' ').any(|known| known == id);
            has_id.then_some((standard, summer))
        });
        let Some((standard_name, summer_name)) = names else {
            return Self::custom(id);
        };
        let short = SHORT_IDS.iter().find(|(short, _)| *short == id);
        let tz: Tz = short.map_or(id, |(_, zone)| zone).parse().ok()?;
        let offsets = TODAYS_RULES.map(|millis| total(&offset_in(tz, millis)));
        let raw_offset = match STANDARD_IN_WINTER.contains(&tz) {
            true => 0,
            false => offsets[0].min(offsets[1]),
        };
        Some(Self(Kind::Rules {
            tz,
            standard_name,
            summer_name,
            raw_offset,
        }))
    }

    /// An offset from UTC in minutes.
    pub fn fixed(minutes: i64) -> Self {
        let name = match minutes {
            0 => Cow::Borrowed("GMT"),
            _ => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
                Cow::Owned(format!("GMT{sign}{hours:02}:{minutes:02}"))
            }
        };
        Self(Kind::Fixed {
            offset: minutes * 60_000,
            name,
        })
    }

    /// `GMT+h`, `GMT+hh`, `GMT+h:mm`, `GMT+hh:mm`, `GMT+hmm`, `GMT+hhmm`
    fn custom(id: &str) -> Option<Self> {
        let digits = id.strip_prefix("GMT")?;
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, digits.strip_prefix('+')?),
        };
        let (hours, minutes) = match digits.split_once(':') {
            Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
            Some(_) => return None,
            None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
            None => (digits, "0"),
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.len() <= 2;
            let digits = digits && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<i64>().ok()).flatten()
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if hours > 23 || minutes > 59 {
            return None;
        }
        let minutes = hours * 60 + minutes;
        Some(Self::fixed(if negative { -minutes } else { minutes }))
    }

    /// Milliseconds to add to an instant, and the name of the time that then holds.
    pub fn at(&self, millis: i64) -> (i64, &str) {
        match &self.0 {
            Kind::Fixed { offset, name } => (*offset, name),
            Kind::Rules {
                standard_name,
                raw_offset,
                ..
            } if millis < FIRST_KNOWN => (*raw_offset, standard_name),
            Kind::Rules {
                tz,
                standard_name,
                summer_name,
                ..
            } => {
                let offset = offset_in(*tz, millis);
                let summer = match STANDARD_IN_WINTER.contains(tz) {
                    true => total(&offset) > 0,
                    false => offset.dst_offset().num_seconds() > 0,
                };
                let name = if summer { summer_name } else { standard_name };
                (total(&offset), name)
            }
        }
    }

    /// The instant of a local time, both in milliseconds. Of a time that comes twice it is the second; one that is
    /// skipped counts on from before the gap.
    pub fn instant(&self, local: i64) -> i64 {
        let offset_at = |millis: i64| self.at(millis).0;
        // Whatever the zone, the change is over a day later and not begun a day before.
        let before = offset_at(local.saturating_sub(MILLIS_PER_DAY));
        let after = offset_at(local.saturating_add(MILLIS_PER_DAY));
        let by_after = local.wrapping_sub(after);
        if offset_at(by_after) == after {
            return by_after;
        }
        local.wrapping_sub(before)
    }
}

fn total(offset: &TzOffset) -> i64 {
    i64::from(offset.fix().local_minus_utc()) * 1000
}

fn offset_in(tz: Tz, millis: i64) -> TzOffset {
    let known = DateTime::from_timestamp_millis(within_rules(millis)).unwrap_or_default();
    tz.offset_from_utc_datetime(&known.naive_utc())
}

/// An instant that the database knows: far ones become the same day of a year with the same days of the week.
fn within_rules(millis: i64) -> i64 {
    if millis < LAST_KNOWN {
        return millis;
    }
    let days = millis.div_euclid(MILLIS_PER_DAY);
    let first = new_year(Date::of(days).year);
    let next = new_year(Date::of(days).year + 1);
    // The days of the week repeat after 28 years, as long as no leap day is left out.
    let like = (2060..2088).find(|&year| {
        let (start, end) = (new_year(year), new_year(year + 1));
        weekday(start) == weekday(first) && end - start == next - first
    });
    let start = like.map_or(first, new_year);
    (start + days - first) * MILLIS_PER_DAY + millis.rem_euclid(MILLIS_PER_DAY)
}

/// The names of all zones that have a file in the database.
pub fn names() -> impl Iterator<Item = &'static str> {
    let ids = NAMES.lines().filter_map(|line| line.rsplit('\t').next());
    let short = |id: &&str| SHORT_IDS.iter().any(|(short, _)| short == id);
    ids.flat_map(|ids| ids.split(' '))
        .filter(move |id| !short(id))
}

static OWN: OnceLock<Zone> = OnceLock::new();

/// Sets the zone of this process; later calls change nothing.
pub fn set_own(zone: Zone) {
    let _already_set = OWN.set(zone);
}

/// The zone of this process; UTC unless it was set.
pub fn own() -> &'static Zone {
    OWN.get().unwrap_or(&Zone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_java() {
        let check = |id: &str, millis: i64, hours: f64, name: &str| {
            let zone = Zone::named(id).unwrap_or_else(|| panic!("{id}"));
            let offset = (hours * 3_600_000.0) as i64;
            assert_eq!(zone.at(millis), (offset, name), "{id} {millis}");
        };
        check("Europe/Berlin", 1_700_000_000_000, 1.0, "CET");
        check("Europe/Berlin", 1_690_000_000_000, 2.0, "CEST");
        check("Europe/Berlin", -2_300_000_000_000, 1.0, "CET");
        check("Europe/Dublin", 1_690_000_000_000, 1.0, "IST");
        check("Europe/Dublin", 1_700_000_000_000, 0.0, "GMT");
        check("America/Sao_Paulo", 1_700_000_000_000, -3.0, "BRT");
        check("Europe/Berlin", 7_276_000_000_000, 2.0, "CEST");
        check("Australia/Sydney", 253_402_214_400_000, 11.0, "AEDT");
        check("Africa/Casablanca", 1_711_000_000_000, 0.0, "WET");
        // Where the database and Java differ, the database's.
        check("Africa/Windhoek", 1_450_000_000_000, 2.0, "CAT");
        check("EST", 1_690_000_000_000, -5.0, "EST");
        check("CST", 1_690_000_000_000, -5.0, "CDT");
        check("Asia/Kolkata", 0, 5.5, "IST");
        check("GMT+5:30", 0, 5.5, "GMT+05:30");
        check("GMT-330", 0, -3.5, "GMT-03:30");
        check("GMT+0", 0, 0.0, "GMT");
        for no in [
            "", "Nowhere", "GMT+", "GMT+24", "GMT+1:5", "GMT+1:60", "GMT+é00", "+01",
        ] {
            assert!(Zone::named(no).is_none(), "{no}");
        }
    }

    #[test]
    fn local_times_that_come_twice_or_never() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        // 26 March 2023: 02:30 does not exist; 29 October: it comes twice.
        assert_eq!(berlin.instant(1_679_797_800_000), 1_679_794_200_000);
        assert_eq!(berlin.instant(1_698_546_600_000), 1_698_543_000_000);
        for millis in (-5_000_000_000_000..5_000_000_000_000).step_by(7_654_321_000) {
            let (offset, _) = berlin.at(millis);
            let back = berlin.instant(millis + offset);
            assert!(back == millis || back - millis == 3_600_000, "{millis}");
        }
        for millis in [i64::MIN, i64::MAX] {
            berlin.instant(millis);
        }
    }
}
