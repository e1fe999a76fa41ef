//! Names of Protobuf and of Connect, each made from the other.

/// The name of a map's schema from that of its entries' message: `pkg.SomeThingEntry` becomes `pkg.some_thing`.
pub(super) fn map_field(entry: &str) -> String {
    let (package, name) = match entry.rsplit_once('.') {
        Some((package, name)) => (Some(package), name),
        None => (None, entry),
    };
    let Some(stem) = name.strip_suffix("Entry") else {
        return entry.to_owned();
    };
    let mut field = String::with_capacity(entry.len() + 4);
    if let Some(package) = package {
        field.push_str(package);
        field.push('.');
    }
    for (i, c) in stem.chars().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            field.push('_');
        }
        field.push(c.to_ascii_lowercase());
    }
    field
}

/// The name of the message of a map's entries: `some_thing` becomes `SomeThingEntry`.
pub(super) fn map_entry(field: &str) -> String {
    if !field.contains('_') {
        return format!("{field}Entry");
    }
    let mut entry = String::with_capacity(field.len() + 5);
    for word in field.split('_') {
        let mut chars = word.chars();
        entry.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        entry.extend(chars.map(|c| c.to_ascii_lowercase()));
    }
    entry + "Entry"
}

/// A name in which what Protobuf does not take is replaced, as on the JVM: what is no letter, digit or underscore is
/// encoded as in a URL, and every `%` of that becomes an underscore; an `x` stands before a digit or underscore.
pub(super) fn scrub(name: &str) -> String {
    let is_fine = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let Some(first) = name.bytes().next() else {
        return String::new();
    };
    if first.is_ascii_alphabetic() && name.as_bytes().iter().all(is_fine) {
        return name.to_owned();
    }
    let mut scrubbed = String::with_capacity(name.len() + 8);
    if first.is_ascii_digit() || first == b'_' {
        scrubbed.push('x');
    }
    for byte in name.bytes() {
        match byte {
            b if is_fine(&b) => scrubbed.push(char::from(b)),
            // These the encoding leaves alone, or writes as a plus; none is legal in a name.
            b'-' | b'.' | b'*' | b' ' => scrubbed.push('_'),
            b => scrubbed.push_str(&format!("_{b:02X}")),
        }
    }
    scrubbed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_named_after_their_field() {
        for (entry, field) in [
            ("MapTypeEntry", "map_type"),
            ("AEntry", "a"),
            ("pkg.Outer.MapTypeEntry", "pkg.Outer.map_type"),
            ("ConnectDefault2Entry", "connect_default2"),
            ("Other", "Other"),
        ] {
            assert_eq!(map_field(entry), field);
        }
        for (field, entry) in [
            ("map_type", "MapTypeEntry"),
            ("ConnectDefault2", "ConnectDefault2Entry"),
            ("connect_default2", "ConnectDefault2Entry"),
            ("a", "aEntry"),
        ] {
            assert_eq!(map_entry(field), entry);
        }
    }

    #[test]
    fn names_are_scrubbed_as_on_the_jvm() {
        for (name, scrubbed) in [
            ("fine_Name1", "fine_Name1"),
            ("", ""),
            ("foo bar", "foo_bar"),
            ("_foo", "x_foo"),
            ("1st", "x1st"),
            ("$foo$bar$", "_24foo_24bar_24"),
            ("a.b-c", "a_b_c"),
            ("ä", "_C3_A4"),
        ] {
            assert_eq!(scrub(name), scrubbed);
        }
    }
}
