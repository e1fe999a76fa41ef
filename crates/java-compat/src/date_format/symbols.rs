//! The names of eras, months, days and halves of days.

pub(super) const ERAS: [&str; 2] = ["BC", "AD"];
/// Read as well, but never written.
pub(super) const LONG_ERAS: [&str; 2] = ["Before Christ", "Anno Domini"];
pub(super) const HALVES: [&str; 2] = ["AM", "PM"];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Sunday first, as Java counts.
pub(super) const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Months and days are cut to three letters.
pub(super) fn short(name: &str) -> &str {
    &name[..3]
}

/// The name that a text begins with, in any case: its place and its length. Of two such names the longer wins.
pub(super) fn find(text: &str, names: &[&str], has_short: bool) -> Option<(usize, usize)> {
    let whole = |name: &&str| starts_with(text, name).then_some(name.len());
    let cut = |name: &&str| (has_short && starts_with(text, short(name))).then_some(3);
    let place = names
        .iter()
        .enumerate()
        .filter_map(|(i, name)| Some((i, whole(name).or_else(|| cut(name))?)));
    place.max_by_key(|(_, length)| *length)
}

/// In any case, for ASCII names.
pub(super) fn starts_with(text: &str, name: &str) -> bool {
    text.as_bytes()
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
}
