//! Texts that Java reads as numbers.

use std::borrow::Cow;

/// The digit zero of each script in the basic plane; the other nine follow it. Java's integer parsers take any of them.
const ZEROS: [u32; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6,
    0x0D66, 0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80,
    0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0,
    0xFF10,
];

/// `Character.digit(c, 10)` of a character of the basic plane.
pub fn digit(c: char) -> Option<u32> {
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let place = ZEROS.partition_point(|&zero| zero <= u32::from(c));
    let zero = ZEROS.get(place.checked_sub(1)?)?;
    let digit = u32::from(c) - zero;
    (digit < 10).then_some(digit)
}

/// A text with digits of any script as ASCII digits, as `new BigDecimal` reads them.
pub fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let ascii = |c: char| digit(c).and_then(|d| char::from_digit(d, 10)).unwrap_or(c);
    Cow::Owned(text.chars().map(ascii).collect())
}

/// `String.trim`: off goes everything up to the blank, and no other white space.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

/// `Long.parseLong`: an optional sign and digits of any script, nothing else.
pub fn parse_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut number: i64 = 0;
    for c in digits.chars() {
        let digit = i64::from(digit(c)?);
        number = number.checked_mul(10)?.checked_sub(digit)?;
    }
    if negative {
        Some(number)
    } else {
        number.checked_neg()
    }
}

/// What `new BigInteger(text)` reads, as ASCII digits with an optional minus.
pub fn big_integer_digits(text: &str) -> Option<String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut ascii = String::with_capacity(text.len());
    if negative {
        ascii.push('-');
    }
    for c in digits.chars() {
        ascii.push(char::from_digit(digit(c)?, 10)?);
    }
    Some(ascii)
}

/// `Double.parseDouble`: blanks around, `.5`, `5.`, `1e3`, `1d`, `0x1p3`, `NaN`, `Infinity`.
pub fn parse_double(text: &str) -> Option<f64> {
    match plain(text)? {
        Plain::Decimal(text) => text.parse().ok(),
        Plain::Hexadecimal(negative, mantissa, exponent) => {
            Some(signed(negative, scaled(mantissa, exponent, 53, -1074)))
        }
    }
}

/// `Float.parseFloat`; the text is rounded once, not through a double.
pub fn parse_float(text: &str) -> Option<f32> {
    match plain(text)? {
        Plain::Decimal(text) => text.parse().ok(),
        Plain::Hexadecimal(negative, mantissa, exponent) => {
            Some(signed(negative, scaled(mantissa, exponent, 24, -149)) as f32)
        }
    }
}

fn signed(negative: bool, magnitude: f64) -> f64 {
    if negative { -magnitude } else { magnitude }
}

enum Plain<'a> {
    /// What Rust reads too.
    Decimal(&'a str),
    /// Sign, digits (the last bit stands for all that were cut off) and binary exponent.
    Hexadecimal(bool, u128, i64),
}

fn plain(text: &str) -> Option<Plain<'_>> {
    let text = trim(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, "NaN" | "Infinity") {
        return Some(Plain::Decimal(text));
    }
    if let Some(digits) = unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        return hexadecimal(text.starts_with('-'), digits);
    }
    let text = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    // What is left must begin with a digit or point: Rust would also read `inf` and `nan`.
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = unsigned
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    is_number.then_some(Plain::Decimal(text))
}

/// `1.8p-3`, behind the `0x`.
fn hexadecimal(negative: bool, text: &str) -> Option<Plain<'_>> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent = exponent
        .strip_suffix(['f', 'F', 'd', 'D'])
        .unwrap_or(exponent);
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let far = if exponent.starts_with('-') {
        -1_000_000_000
    } else {
        1_000_000_000
    };
    let mut exponent: i64 = exponent
        .parse()
        .unwrap_or(far)
        .clamp(-1_000_000_000, 1_000_000_000);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    exponent -= 4 * fraction.len() as i64;
    let mut mantissa: u128 = 0;
    for c in whole.chars().chain(fraction.chars()) {
        let digit = u128::from(c.to_digit(16)?);
        if mantissa >> 100 == 0 {
            mantissa = mantissa * 16 + digit;
        } else {
            mantissa |= u128::from(digit != 0);
            exponent += 4;
        }
    }
    Some(Plain::Hexadecimal(negative, mantissa, exponent))
}

/// `mantissa × 2^exponent`, rounded to nearest even at the precision of the target type.
fn scaled(mantissa: u128, exponent: i64, precision: i64, smallest: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = 128 - i64::from(mantissa.leading_zeros());
    // Below the normal numbers there are fewer bits to keep.
    let cut = (bits - precision).max(smallest - exponent);
    let (kept, exponent) = if cut <= 0 {
        (mantissa, exponent)
    } else if cut > 127 {
        (0, 0)
    } else {
        let rest = mantissa & ((1 << cut) - 1);
        let half = 1_u128 << (cut - 1);
        let kept = mantissa >> cut;
        let up = rest > half || (rest == half && kept & 1 == 1);
        (kept + u128::from(up), exponent + cut)
    };
    // Two steps, so that neither power leaves the range of doubles on the way.
    let first = exponent.clamp(-1000, 1000);
    let second = (exponent - first).clamp(-1000, 1000);
    kept as f64 * 2f64.powi(first as i32) * 2f64.powi(second as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_signs_and_digits() {
        let cases = [
            ("+5", Some(5)),
            ("-0", Some(0)),
            ("007", Some(7)),
            ("٣", Some(3)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            (" 1", None),
            ("1_0", None),
            ("1.0", None),
            ("𝟏", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_integer(text), expected, "{text}");
        }
    }

    #[test]
    fn doubles_have_many_forms() {
        let cases = [
            (" 1.5\t", Some(1.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1f", Some(1.0)),
            ("-1e3D", Some(-1000.0)),
            ("0x1p3", Some(8.0)),
            ("-0x.8P0f", Some(-0.5)),
            ("0x1.fffffffffffff8p0", Some(2.0)),
            ("0x1p-1074", Some(5e-324)),
            ("0x1p-1076", Some(0.0)),
            ("0x1p5000", Some(f64::INFINITY)),
            ("1e400", Some(f64::INFINITY)),
            ("Infinity", Some(f64::INFINITY)),
            ("inf", None),
            ("nan", None),
            ("0x10", None),
            ("1,5", None),
            (".", None),
            ("", None),
            ("d", None),
            ("1e", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_double(text), expected, "{text}");
        }
        assert!(parse_double("+NaN").is_some_and(f64::is_nan));
        assert_eq!(parse_float("16777217.00001"), Some(16_777_218.0));
        assert_eq!(parse_float("0x1.000001p0"), Some(1.0));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[ +\\-0-9xXpPeE.a-fdDNI]{0,24}|.{0,8}") {
            let _ = (parse_integer(&text), parse_double(&text), parse_float(&text), big_integer_digits(&text));
        }

        #[test]
        fn numbers_read_back(n: i64, d: f64) {
            proptest::prop_assert_eq!(parse_integer(&n.to_string()), Some(n));
            proptest::prop_assert_eq!(parse_double(&format!("{d:e}")), Some(d));
        }
    }
}
