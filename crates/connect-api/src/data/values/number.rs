//! Floating-point numbers as Java prints them.

use std::fmt::{self, Write};

/// `Double.toString`: `1.0`, `0.001`, `1.0E10`, `NaN`, `-Infinity`.
///
/// The digits are the shortest that read back to the same number, as Java prints them since version 19; older
/// versions sometimes print one digit more.
pub fn java_double(d: f64) -> String {
    let mut text = String::with_capacity(24);
    // Writing to a String cannot fail.
    let _ = write_java_double(&mut text, d);
    text
}

/// `Float.toString`; see [`java_double`].
pub fn java_float(f: f32) -> String {
    let mut text = String::with_capacity(16);
    let _ = write_java_float(&mut text, f);
    text
}

/// Appends [`java_double`] to a text.
///
/// # Errors
/// Only those of `out`.
pub fn write_java_double(out: &mut impl Write, d: f64) -> fmt::Result {
    if d.is_nan() || d.is_infinite() || d == 0.0 {
        return out.write_str(special(d));
    }
    let mut digits = Digits::default();
    write!(digits, "{:e}", d.abs())?;
    if digits.is_single() {
        // Java prints at least two digits and picks the nearest such number, which need not end in 0 (4.9E-324).
        let mut two = Digits::default();
        write!(two, "{:.1e}", d.abs())?;
        if two.text().parse() == Ok(d.abs()) {
            digits = two;
        }
    }
    layout(out, d < 0.0, digits.text())
}

/// Appends [`java_float`] to a text.
///
/// # Errors
/// Only those of `out`.
pub fn write_java_float(out: &mut impl Write, f: f32) -> fmt::Result {
    if f.is_nan() || f.is_infinite() || f == 0.0 {
        return out.write_str(special(f.into()));
    }
    let mut digits = Digits::default();
    write!(digits, "{:e}", f.abs())?;
    if digits.is_single() {
        let mut two = Digits::default();
        write!(two, "{:.1e}", f.abs())?;
        if two.text().parse() == Ok(f.abs()) {
            digits = two;
        }
    }
    layout(out, f < 0.0, digits.text())
}

fn special(d: f64) -> &'static str {
    if d.is_nan() {
        "NaN"
    } else if d == 0.0 {
        if d.is_sign_negative() { "-0.0" } else { "0.0" }
    } else if d > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

const ZEROS: &str = "0000000";

/// From Rust's `d.ddde-5` to Java's form: plain from 10⁻³ to below 10⁷, else with an exponent, always with a point.
fn layout(out: &mut impl Write, negative: bool, scientific: &str) -> fmt::Result {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = rest.trim_end_matches('0');
    if negative {
        out.write_str("-")?;
    }
    match exponent {
        0..=6 => {
            let whole = exponent as usize;
            let (after_first, fraction) = rest.split_at(rest.len().min(whole));
            out.write_str(first)?;
            out.write_str(after_first)?;
            out.write_str(&ZEROS[..whole - after_first.len()])?;
            out.write_str(".")?;
            out.write_str(if fraction.is_empty() { "0" } else { fraction })
        }
        -3..=-1 => {
            out.write_str("0.")?;
            out.write_str(&ZEROS[..(-exponent - 1) as usize])?;
            out.write_str(first)?;
            out.write_str(rest)
        }
        _ => {
            let fraction = if rest.is_empty() { "0" } else { rest };
            write!(out, "{first}.{fraction}E{exponent}")
        }
    }
}

/// A number's digits on the stack; the longest f64 takes 23 characters.
#[derive(Clone, Copy, Default)]
struct Digits {
    bytes: [u8; 32],
    len: usize,
}

impl Digits {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn is_single(&self) -> bool {
        self.bytes[1] == b'e'
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes
            .get_mut(self.len..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_java() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (0.1, "0.1"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (123456.789, "123456.789"),
            (9999999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12345678.9, "1.23456789E7"),
            (1e10, "1.0E10"),
            (-1.5, "-1.5"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (5e-324, "4.9E-324"),
            (2e23, "2.0E23"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (d, text) in cases {
            assert_eq!(java_double(d), text);
        }
    }

    #[test]
    fn floats_print_as_in_java() {
        let cases = [
            (0.1, "0.1"),
            (1e10, "1.0E10"),
            (16777216.0, "1.6777216E7"),
            (9.999e-4, "9.999E-4"),
            (f32::MAX, "3.4028235E38"),
            (1e-45, "1.4E-45"),
            (f32::INFINITY, "Infinity"),
        ];
        for (f, text) in cases {
            assert_eq!(java_float(f), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn doubles_read_back(d: f64) {
            proptest::prop_assert_eq!(java_double(d).parse::<f64>().ok(), Some(d));
        }

        #[test]
        fn floats_read_back(f: f32) {
            proptest::prop_assert_eq!(java_float(f).parse::<f32>().ok(), Some(f));
        }
    }
}
