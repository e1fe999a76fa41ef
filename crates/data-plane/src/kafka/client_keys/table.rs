//! The one table of Java's client keys: what becomes of each. Its parts are in `keys/`.

use super::keys;

/// Which client a key belongs to; bits.
pub(super) type Roles = u8;
pub(super) const CONSUMER: Roles = 1;
pub(super) const PRODUCER: Roles = 2;
pub(super) const ADMIN: Roles = 4;
pub(super) const ALL: Roles = CONSUMER | PRODUCER | ADMIN;

pub(super) struct Entry {
    /// Java's name; with a `*` at the end, all names that begin so.
    pub key: &'static str,
    pub roles: Roles,
    /// Java's default. Set explicitly even where librdkafka's is the same today; none: not set unless given.
    pub default: Option<&'static str>,
    pub rule: Rule,
}

pub(super) enum Rule {
    /// librdkafka's names for it, all of which get the value.
    To(&'static [&'static str], Form),
    /// Read by our own code, for this.
    Ours(Form, &'static str),
    /// Has no meaning here, for this reason.
    Inert(&'static str),
    /// Ignoring it would change delivery, routing or security: why, and what to do instead.
    Refused(&'static str),
}

/// How a value is written.
pub(super) enum Form {
    Text,
    Bool,
    /// Java's type, and librdkafka's range: what lies outside is set to the nearest it takes.
    Number {
        of: Number,
        least: i64,
        most: i64,
        /// A value that Java gives another meaning, and how librdkafka writes that.
        special: Option<(i64, i64)>,
    },
    /// A number with a fraction.
    Decimal {
        least: f64,
        most: f64,
    },
    /// Java's words and librdkafka's.
    Words(&'static [(&'static str, &'static str)]),
}

#[derive(Clone, Copy)]
pub(super) enum Number {
    Short,
    Int,
    Long,
}

pub(super) const fn number(of: Number, least: i64, most: i64) -> Form {
    Form::Number {
        of,
        least,
        most,
        special: None,
    }
}

pub(super) const fn int(least: i64, most: i64) -> Form {
    number(Number::Int, least, most)
}

pub(super) const fn short(least: i64, most: i64) -> Form {
    number(Number::Short, least, most)
}

pub(super) const fn long(least: i64, most: i64) -> Form {
    number(Number::Long, least, most)
}

pub(super) const fn special(of: Number, least: i64, most: i64, special: (i64, i64)) -> Form {
    Form::Number {
        of,
        least,
        most,
        special: Some(special),
    }
}

pub(super) const fn set(
    roles: Roles,
    key: &'static str,
    default: &'static str,
    native: &'static [&'static str],
    form: Form,
) -> Entry {
    Entry {
        key,
        roles,
        default: Some(default),
        rule: Rule::To(native, form),
    }
}

pub(super) const fn given(
    roles: Roles,
    key: &'static str,
    native: &'static [&'static str],
    form: Form,
) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::To(native, form),
    }
}

pub(super) const fn ours(
    roles: Roles,
    key: &'static str,
    default: Option<&'static str>,
    form: Form,
    what: &'static str,
) -> Entry {
    Entry {
        key,
        roles,
        default,
        rule: Rule::Ours(form, what),
    }
}

pub(super) const fn inert(roles: Roles, key: &'static str, why: &'static str) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::Inert(why),
    }
}

pub(super) const fn refused(roles: Roles, key: &'static str, why: &'static str) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::Refused(why),
    }
}

/// Every key of every client.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    let parts = [
        keys::COMMON,
        keys::SECURITY,
        keys::OAUTH,
        keys::CONSUMER,
        keys::PRODUCER,
    ];
    parts.into_iter().flatten()
}

/// The entry of a key for one kind of client.
pub(super) fn find(role: Roles, key: &str) -> Option<&'static Entry> {
    let of_role = || all().filter(|e| e.roles & role != 0);
    let exact = of_role().find(|e| e.key == key);
    exact.or_else(|| {
        of_role().find(|e| {
            e.key
                .strip_suffix('*')
                .is_some_and(|prefix| key.starts_with(prefix))
        })
    })
}
