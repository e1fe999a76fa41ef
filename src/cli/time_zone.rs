//! The zone that texts of dates are in: found once at start, where the JVM looks for it.

use std::fs;
use std::path::Path;

use java_time::zone::{self, Zone};

const TZ: &str = "TZ";

/// Finds the zone of this process and sets it; gives a warning if `TZ` names none.
pub fn settle() -> Option<String> {
    let tz = std::env::var(TZ).ok();
    let (zone, warning) = match found(tz.as_deref(), Path::new("/")) {
        Ok(zone) => (zone, None),
        Err(why) => (Zone::fixed(0), Some(why)),
    };
    zone::set_own(zone);
    warning
}

/// The zone that `TZ` names or, without it, `/etc/localtime` of a system with that root.
///
/// # Errors
/// What `TZ` should hold instead.
fn found(tz: Option<&str>, root: &Path) -> Result<Zone, String> {
    let Some(tz) = tz.filter(|tz| !tz.is_empty()) else {
        return Ok(of_system(root).unwrap_or_else(|| Zone::fixed(0)));
    };
    let name = tz.strip_prefix(':').unwrap_or(tz);
    if name == "/etc/localtime" {
        return Ok(of_system(root).unwrap_or_else(|| Zone::fixed(0)));
    }
    let name = below_zoneinfo(name).unwrap_or(name);
    let name = name.strip_prefix("posix/").unwrap_or(name);
    Zone::named(name)
        .or_else(|| of_posix(name))
        .ok_or_else(|| format!("{TZ}={tz} is no time zone; texts of dates are in GMT. Zones have names as Europe/Berlin"))
}

/// `UTC-5`, `<+03>-3` or `CET-1CEST`: the offset of standard time, whose sign is the other way round.
fn of_posix(text: &str) -> Option<Zone> {
    let offset = match text.strip_prefix('<') {
        Some(text) => text.split_once('>')?.1,
        None => {
            let offset = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            (text.len() - offset.len() >= 3).then_some(offset)?
        }
    };
    let end = offset.find(|c: char| c.is_ascii_alphabetic() || "<,".contains(c));
    let offset = &offset[..end.unwrap_or(offset.len())];
    let (west, offset) = match offset.strip_prefix('-') {
        Some(offset) => (-1, offset),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 24 || minutes > 59 {
        return None;
    }
    Some(Zone::fixed(
        -west * (i64::from(hours) * 60 + i64::from(minutes)),
    ))
}

fn below_zoneinfo(path: &str) -> Option<&str> {
    path.split_once("zoneinfo/").map(|(_, name)| name)
}

/// `/etc/localtime` is a link to the file of a zone, or a copy of one.
fn of_system(root: &Path) -> Option<Zone> {
    let local_time = root.join("etc/localtime");
    if let Ok(target) = fs::read_link(&local_time) {
        return Zone::named(below_zoneinfo(target.to_str()?)?);
    }
    let content = fs::read(local_time).ok()?;
    let zoneinfo = root.join("usr/share/zoneinfo");
    let same = |name: &&str| fs::read(zoneinfo.join(name)).is_ok_and(|zone| zone == content);
    zone::names().find(same).and_then(Zone::named)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of an instant in the summer of 2023.
    fn at(zone: &Zone) -> (i64, String) {
        let (offset, name) = zone.at(1_690_000_000_000);
        (offset / 60_000, name.to_owned())
    }

    /// As a JVM 17 answers, but for the two forms at the end.
    #[test]
    fn tz_is_read_as_by_the_jvm() {
        for (tz, minutes, name) in [
            ("Europe/Berlin", 120, "CEST"),
            (":Europe/Berlin", 120, "CEST"),
            ("posix/Europe/Berlin", 120, "CEST"),
            ("EST5EDT", -240, "EDT"),
            ("CST", -300, "CDT"),
            ("UTC", 0, "UTC"),
            ("UTC0", 0, "GMT"),
            ("GMT0", 0, "GMT"),
            ("UTC-5", 300, "GMT+05:00"),
            ("UTC+5", -300, "GMT-05:00"),
            ("GMT+5", 300, "GMT+05:00"),
            ("GMT+5:30", 330, "GMT+05:30"),
            ("EST5", -300, "GMT-05:00"),
            ("CET-1:30", 90, "GMT+01:30"),
            ("<+03>-3", 180, "GMT+03:00"),
            ("Etc/GMT-3", 180, "GMT+03:00"),
            // There it depends on the season of the start.
            ("CET-1CEST,M3.5.0,M10.5.0/3", 60, "GMT+01:00"),
            ("/usr/share/zoneinfo/Europe/Berlin", 120, "CEST"),
        ] {
            let zone = found(Some(tz), Path::new("/nowhere")).unwrap_or_else(|why| panic!("{why}"));
            assert_eq!(at(&zone), (minutes, name.to_owned()), "{tz}");
        }
    }

    #[test]
    fn a_tz_that_names_no_zone_is_told() {
        for tz in [
            "europe/berlin",
            "Nowhere",
            "Nowhere/X-5",
            "Z",
            " ",
            ":",
            "A-1",
            "ABC99",
            "<+03",
        ] {
            let why = found(Some(tz), Path::new("/nowhere")).expect_err(tz);
            assert!(
                why.starts_with(&format!("TZ={tz} is no time zone; ")),
                "{why}"
            );
        }
    }

    #[test]
    fn without_tz_the_zone_is_that_of_the_system() {
        let root = std::env::temp_dir().join(format!("turnbuckle-zone-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        assert_eq!(
            at(&found(None, &root).expect("a zone")),
            (0, "GMT".to_owned())
        );
        fs::create_dir_all(root.join("etc")).expect("a folder");
        let local_time = root.join("etc/localtime");
        let link = |to: &str| std::os::unix::fs::symlink(to, &local_time).expect("a link");
        link("/usr/share/zoneinfo/Europe/Berlin");
        for tz in [None, Some(""), Some(":/etc/localtime")] {
            assert_eq!(
                at(&found(tz, &root).expect("a zone")),
                (120, "CEST".to_owned())
            );
        }
        fs::remove_file(&local_time).expect("a link");
        let zones = root.join("usr/share/zoneinfo/Asia");
        fs::create_dir_all(&zones).expect("a folder");
        fs::write(zones.join("Tokyo"), "tokyo").expect("a file");
        fs::write(&local_time, "tokyo").expect("a file");
        assert_eq!(
            at(&found(None, &root).expect("a zone")),
            (540, "JST".to_owned())
        );
        fs::write(&local_time, "of nowhere").expect("a file");
        assert_eq!(
            at(&found(None, &root).expect("a zone")),
            (0, "GMT".to_owned())
        );
        let _ = fs::remove_dir_all(&root);
    }
}
