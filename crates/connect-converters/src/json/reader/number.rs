//! Numbers of a document.

use super::super::syntax::{Syntax, Why};
use super::Reader;

/// Digits that a number may have, exponent included.
const MAX_NUMBER: usize = 1000;

/// A number of the document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// No fraction and no exponent. Beyond 64 bits the low ones are kept, as `BigInteger.longValue` does.
    Integer(i64),
    Double(f64),
}

impl Reader<'_> {
    /// The number whose first byte, a digit or minus, is next.
    #[inline]
    pub fn number(&mut self) -> Result<Number, Syntax> {
        let start = self.pos;
        let negative = self.bytes.get(start) == Some(&b'-');
        self.pos += usize::from(negative);
        let mut magnitude = 0u64;
        let digits = self.digits(&mut magnitude)?;
        if let Some(b'.' | b'e' | b'E') = self.bytes.get(self.pos) {
            return self.double(start, negative, magnitude, digits);
        }
        if digits > MAX_NUMBER {
            return Err(self.error(Why::Length));
        }
        let number = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        Ok(Number::Integer(number as i64))
    }

    /// Takes digits, at least one, onto a number that may wrap around.
    #[inline]
    fn digits(&mut self, number: &mut u64) -> Result<usize, Syntax> {
        let start = self.pos;
        while let Some(b @ b'0'..=b'9') = self.bytes.get(self.pos) {
            *number = number.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
            self.pos += 1;
        }
        if self.pos == start {
            return Err(self.error(Why::Digit));
        }
        Ok(self.pos - start)
    }

    /// The rest of a number behind its whole part.
    fn double(
        &mut self,
        start: usize,
        negative: bool,
        mut mantissa: u64,
        mut digits: usize,
    ) -> Result<Number, Syntax> {
        let mut fraction = 0;
        if self.bytes[self.pos] == b'.' {
            self.pos += 1;
            fraction = self.digits(&mut mantissa)?;
            digits += fraction;
        }
        let mut exponent = 0i64;
        let mut exponent_digits = 0;
        if let Some(b'e' | b'E') = self.bytes.get(self.pos) {
            self.pos += 1;
            let sign = self.bytes.get(self.pos).copied();
            self.pos += usize::from(matches!(sign, Some(b'+' | b'-')));
            let from = self.pos;
            exponent_digits = self.digits(&mut 0)?;
            let value = self.since(from).trim_start_matches('0');
            // Java's decimals have a 32-bit scale, and no more than ten digits of exponent.
            exponent = match value.len() {
                0 => 0,
                1..=10 => value.parse().unwrap_or(i64::MAX / 2),
                _ => i64::MAX / 2,
            };
            if sign == Some(b'-') {
                exponent = -exponent;
            }
        }
        if digits + exponent_digits > MAX_NUMBER
            || i32::try_from(fraction as i64 - exponent).is_err()
        {
            return Err(self.error(Why::Length));
        }
        let scale = exponent - fraction as i64;
        let exact = digits <= 19 && mantissa < 1 << 53;
        let magnitude = match POWERS_OF_TEN.get(scale.unsigned_abs() as usize) {
            // Both operands are exact, so one rounding gives the nearest double.
            Some(power) if exact && scale < 0 => mantissa as f64 / power,
            Some(power) if exact => mantissa as f64 * power,
            _ => {
                let text = self.since(start).trim_start_matches('-');
                let magnitude = text.parse().unwrap_or(0.0);
                if magnitude == 0.0 && is_zero(text) {
                    return Ok(Number::Double(0.0));
                }
                return Ok(Number::Double(if negative {
                    -magnitude
                } else {
                    magnitude
                }));
            }
        };
        // A decimal zero has no sign.
        let signed = if negative && mantissa != 0 {
            -magnitude
        } else {
            magnitude
        };
        Ok(Number::Double(signed))
    }
}

/// Powers of ten that a double holds exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Whether a number's text without its sign is zero, whatever its exponent.
pub(in super::super) fn is_zero(text: &str) -> bool {
    text.bytes()
        .take_while(|b| !matches!(b, b'e' | b'E'))
        .all(|b| matches!(b, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;

    use super::*;

    fn number(text: &str) -> Option<Number> {
        let doc = ByteString::from(text);
        let mut reader = Reader::new(&doc);
        reader.number().ok().filter(|_| reader.at_end())
    }

    #[test]
    fn numbers_follow_java() {
        for (text, expected) in [
            ("007", Number::Integer(7)),
            ("-0", Number::Integer(0)),
            ("9223372036854775808", Number::Integer(i64::MIN)),
            (
                "123456789012345678901234567890",
                Number::Integer(-4362896299872285998),
            ),
            ("-0.0", Number::Double(0.0)),
            ("-0e99", Number::Double(0.0)),
            ("1e400", Number::Double(f64::INFINITY)),
            ("-1e-400", Number::Double(-0.0)),
            ("0.1234567890123456789", Number::Double(0.12345678901234568)),
            ("1E+05", Number::Double(100_000.0)),
            ("00.5", Number::Double(0.5)),
        ] {
            let found = number(text).unwrap();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
        }
        for text in [
            "-",
            "1.",
            "1e",
            "1e+",
            "1e99999999999",
            "1e2147483649",
            &"1".repeat(1001),
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn doubles_are_the_nearest(mantissa in 0u64..1 << 60, scale in -30i32..30) {
            let text = format!("{mantissa}e{scale}");
            proptest::prop_assert_eq!(number(&text), Some(Number::Double(text.parse().unwrap())));
        }
    }
}
