//! Versions and version ranges as Maven orders and writes them, since that is how Kafka reads `*.plugin.version`.

use std::cmp::Ordering;

use connect_api::plugin::PluginDescriptor;

/// What a `*.plugin.version` asks for; none is any version.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRange(Vec<Restriction>);

#[derive(Clone, Debug, PartialEq)]
struct Restriction {
    lower: Option<String>,
    lower_inclusive: bool,
    upper: Option<String>,
    upper_inclusive: bool,
}

/// Why a plugin is not there in the version asked for, in Kafka's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongVersion {
    /// The text is no range.
    Unreadable(String),
    /// No version of the plugin is in the range.
    Missing(String),
}

impl WrongVersion {
    pub fn message(&self) -> &str {
        match self {
            WrongVersion::Unreadable(why) | WrongVersion::Missing(why) => why,
        }
    }
}

/// Checks a wish against the one version that a plugin has here. `listed` is as how many kinds of plugin the class
/// counts; Kafka names its version that often.
///
/// # Errors
/// The wish cannot be read or is for another version.
pub fn check(plugin: &PluginDescriptor, wanted: &str, listed: usize) -> Result<(), WrongVersion> {
    let range = VersionRange::wanted(wanted).map_err(WrongVersion::Unreadable)?;
    let Some(range) = range.filter(|range| !range.contains(plugin.version)) else {
        return Ok(());
    };
    let available = vec![plugin.version; listed.max(1)].join(", ");
    Err(WrongVersion::Missing(format!(
        "Plugin {} not found that matches the version range {range}, available versions: [{available}]",
        plugin.class
    )))
}

/// Why a wish for a version cannot be read, if it cannot.
pub fn unreadable(wanted: &str) -> Option<String> {
    VersionRange::wanted(wanted).err()
}

/// Parts of a version nest in one another, and it is walked part by part: a text without bounds would take a thread's
/// stack, and the process with it.
const MOST_CHARS: usize = 256;

impl VersionRange {
    /// A bare version is meant exactly, `latest` is whatever there is.
    ///
    /// # Errors
    /// Maven's sentence about a text that is no range.
    pub fn wanted(text: &str) -> Result<Option<Self>, String> {
        if text == "latest" {
            return Ok(None);
        }
        let text = text.trim();
        if text.chars().count() > MOST_CHARS {
            return Err(format!(
                "A version or range of more than {MOST_CHARS} characters"
            ));
        }
        // A bare version is read once more in brackets, which is where it can be wrong.
        match text.starts_with(['[', '(']) {
            true => Self::parse(text).map(Some),
            false => Self::parse(&format!("[{text}]")).map(Some),
        }
    }

    fn parse(spec: &str) -> Result<Self, String> {
        let mut restrictions: Vec<Restriction> = Vec::new();
        let mut rest = spec;
        while rest.starts_with(['[', '(']) {
            let Some(end) = rest.find([')', ']']) else {
                return Err(format!("Unbounded range: {spec}"));
            };
            let next = Restriction::parse(&rest[..=end])?;
            let before = restrictions.last().and_then(|last| last.upper.as_deref());
            let overlaps = before.is_some_and(|upper| {
                let lower = next.lower.as_deref();
                lower.is_none_or(|lower| compare(lower, upper) == Ordering::Less)
            });
            if overlaps {
                return Err(format!("Ranges overlap: {spec}"));
            }
            restrictions.push(next);
            rest = rest[end + 1..].trim();
            rest = rest.strip_prefix(',').map_or(rest, str::trim);
        }
        match rest.is_empty() {
            true => Ok(Self(restrictions)),
            false => Err(format!(
                "Only fully-qualified sets allowed in multiple set scenario: {spec}"
            )),
        }
    }

    pub fn contains(&self, version: &str) -> bool {
        self.0.iter().any(|restriction| {
            let over = restriction.lower.as_deref().is_none_or(|lower| {
                let order = compare(version, lower);
                order == Ordering::Greater || restriction.lower_inclusive && order.is_eq()
            });
            let under = restriction.upper.as_deref().is_none_or(|upper| {
                let order = compare(version, upper);
                order == Ordering::Less || restriction.upper_inclusive && order.is_eq()
            });
            over && under
        })
    }
}

impl std::fmt::Display for VersionRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, restriction) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            let bound = |bound: &Option<String>| bound.clone().unwrap_or_default();
            let open = if restriction.lower_inclusive {
                '['
            } else {
                '('
            };
            let close = if restriction.upper_inclusive {
                ']'
            } else {
                ')'
            };
            let (lower, upper) = (bound(&restriction.lower), bound(&restriction.upper));
            write!(f, "{open}{lower},{upper}{close}")?;
        }
        Ok(())
    }
}

impl Restriction {
    fn parse(spec: &str) -> Result<Self, String> {
        let (lower_inclusive, upper_inclusive) = (spec.starts_with('['), spec.ends_with(']'));
        let inner = spec[1..spec.len() - 1].trim();
        let Some((lower, upper)) = inner.split_once(',') else {
            if !lower_inclusive || !upper_inclusive {
                return Err(format!("Single version must be surrounded by []: {spec}"));
            }
            let version = Some(inner.to_owned());
            return Ok(Self {
                lower: version.clone(),
                lower_inclusive,
                upper: version,
                upper_inclusive,
            });
        };
        let bound = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (lower, upper) = (bound(lower), bound(upper));
        if let (Some(lower), Some(upper)) = (&lower, &upper) {
            let order = compare(upper, lower);
            if order == Ordering::Less || order.is_eq() && !(lower_inclusive && upper_inclusive) {
                return Err(format!("Range defies version ordering: {spec}"));
            }
        }
        Ok(Self {
            lower,
            lower_inclusive,
            upper,
            upper_inclusive,
        })
    }
}

/// Maven's order of versions: numbers by value, `1-rc1` before `1`, `1` before `1-sp`, trailing zeros are nothing.
pub fn compare(a: &str, b: &str) -> Ordering {
    compare_lists(&parse(a), &parse(b))
}

#[derive(Clone, Debug)]
enum Item {
    /// Digits without leading zeros, empty for zero.
    Number(String),
    /// Its rank, and its text where ranks are equal.
    Qualifier(usize, String),
    List(Vec<Item>),
}

const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

fn item(text: &str, before_digit: bool) -> Item {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Item::Number(text.trim_start_matches('0').to_owned());
    }
    let text = match text {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        other => other,
    };
    match QUALIFIERS.iter().position(|known| *known == text) {
        Some(rank) => Item::Qualifier(rank, String::new()),
        None => Item::Qualifier(QUALIFIERS.len(), text.to_owned()),
    }
}

/// Dots separate; hyphens, and changes between digits and letters, begin a list inside the list.
fn parse(version: &str) -> Vec<Item> {
    let version = version.to_lowercase();
    // The innermost list is the last one.
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let mut start = 0;
    let mut in_digits = false;
    let push = |open: &mut Vec<Vec<Item>>, item: Item| {
        if let Some(innermost) = open.last_mut() {
            innermost.push(item);
        }
    };
    for (i, c) in version.char_indices() {
        let text = &version[start..i];
        if c == '.' || c == '-' {
            let next = if text.is_empty() {
                item("0", false)
            } else {
                item(text, false)
            };
            push(&mut open, next);
            start = i + c.len_utf8();
            if c == '-' {
                open.push(Vec::new());
            }
        } else {
            let digit = c.is_ascii_digit();
            if digit != in_digits && !text.is_empty() {
                push(&mut open, item(text, digit));
                start = i;
                open.push(Vec::new());
            }
            in_digits = digit;
        }
    }
    if start < version.len() {
        push(&mut open, item(&version[start..], false));
    }
    let mut innermost = Vec::new();
    while let Some(mut list) = open.pop() {
        if !innermost.is_empty() {
            list.push(Item::List(innermost));
        }
        innermost = normalized(list);
    }
    innermost
}

/// Without what is as good as nothing at its end, looked for behind the lists too.
fn normalized(mut list: Vec<Item>) -> Vec<Item> {
    for i in (0..list.len()).rev() {
        match &list[i] {
            Item::List(_) => {}
            other if compare_item(Some(other), None).is_eq() => {
                list.remove(i);
            }
            _ => break,
        }
    }
    list
}

fn compare_lists(a: &[Item], b: &[Item]) -> Ordering {
    for i in 0..a.len().max(b.len()) {
        let order = compare_item(a.get(i), b.get(i));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Absent is as good as zero, as the release, as an empty list.
fn compare_item(a: Option<&Item>, b: Option<&Item>) -> Ordering {
    let place = |item: &Item| match item {
        Item::Qualifier(..) => 0,
        Item::List(_) => 1,
        Item::Number(_) => 2,
    };
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => compare_item(b, a).reverse(),
        (Some(Item::Number(n)), None) => (!n.is_empty()).cmp(&false),
        (Some(Item::Qualifier(rank, _)), None) => rank.cmp(&RELEASE),
        (Some(Item::List(items)), None) => compare_lists(items, &[]),
        (Some(Item::Number(a)), Some(Item::Number(b))) => a.len().cmp(&b.len()).then(a.cmp(b)),
        (Some(Item::Qualifier(a, text)), Some(Item::Qualifier(b, other))) => {
            a.cmp(b).then_with(|| text.cmp(other))
        }
        (Some(Item::List(a)), Some(Item::List(b))) => compare_lists(a, b),
        (Some(a), Some(b)) => place(a).cmp(&place(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_maven_orders_them() {
        let rising = [
            "1-alpha1",
            "1-beta-2",
            "1-m3",
            "1-rc1",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-zz",
            "1-1",
            "1.0.1",
            "1.2",
            "1.10",
            "2",
            "4.3.1",
            "4.3.1.1",
            "10",
        ];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [
            ("1", "1.0.0"),
            ("1-ga", "1"),
            ("1-a1", "1-alpha-1"),
            ("01", "1"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, holds, shown) in [
            ("4.3.1", true, "[4.3.1,4.3.1]"),
            (" 4.3.1 ", true, "[4.3.1,4.3.1]"),
            ("[4.3.1]", true, "[4.3.1,4.3.1]"),
            ("[4.3.1,9]", true, "[4.3.1,9]"),
            ("(,9]", true, "(,9]"),
            ("(4.3.1,)", false, "(4.3.1,)"),
            ("[1,2],[4,5)", true, "[1,2],[4,5)"),
            ("4.3.1,9", true, "[4.3.1,9]"),
            ("[1,2]", false, "[1,2]"),
            ("", false, "[,]"),
            ("a,b", false, "[a,b]"),
        ] {
            let read = VersionRange::wanted(range).unwrap().expect("a range");
            assert_eq!(
                (read.contains("4.3.1"), read.to_string()),
                (holds, shown.to_owned())
            );
        }
        assert_eq!(VersionRange::wanted("latest"), Ok(None));
    }

    #[test]
    fn a_version_of_any_length_does_no_harm() {
        for part in ["1a", "1-", "a.1", "1.", "-", "[1,", "[1],", "ß1"] {
            let longest = part.repeat(MOST_CHARS / part.chars().count());
            let read = VersionRange::wanted(&longest);
            // In a thread with a small stack, as a test has it.
            drop(read.map(|range| range.map(|range| range.contains("4.3.1"))));
            let too_long = VersionRange::wanted(&part.repeat(400_000));
            let why = "A version or range of more than 256 characters";
            assert_eq!(too_long, Err(why.to_owned()), "{part}");
        }
    }

    #[test]
    fn what_is_no_range_is_said_as_maven_says_it() {
        for (text, why) in [
            ("[", "Unbounded range: ["),
            ("[3,4", "Unbounded range: [3,4"),
            ("(1)", "Single version must be surrounded by []: (1)"),
            ("[2,1]", "Range defies version ordering: [2,1]"),
            ("[1,1)", "Range defies version ordering: [1,1)"),
            ("[1,3],[2,4]", "Ranges overlap: [1,3],[2,4]"),
            (
                "[1,2],3",
                "Only fully-qualified sets allowed in multiple set scenario: [1,2],3",
            ),
        ] {
            assert_eq!(VersionRange::wanted(text), Err(why.to_owned()));
        }
    }
}
