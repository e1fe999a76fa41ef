//! [`Decimal`]: Java's `BigDecimal` as far as Connect needs it.

use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};

/// `unscaled × 10^-scale`. Equality is Java's `equals`: 2.0 and 2.00 differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    pub unscaled: BigInt,
    pub scale: i32,
}

impl Decimal {
    pub fn new(unscaled: impl Into<BigInt>, scale: i32) -> Self {
        Self {
            unscaled: unscaled.into(),
            scale,
        }
    }

    /// From the big-endian two's complement form that `Decimal` schemas store; no bytes are zero.
    pub fn from_unscaled_bytes(bytes: &[u8], scale: i32) -> Self {
        Self {
            unscaled: BigInt::from_signed_bytes_be(bytes),
            scale,
        }
    }

    /// Big-endian two's complement of the unscaled value, as short as possible (`BigInteger.toByteArray`).
    pub fn to_unscaled_bytes(&self) -> Vec<u8> {
        self.unscaled.to_signed_bytes_be()
    }

    /// Number of decimal digits of the unscaled value; 1 for zero (`BigDecimal.precision`).
    pub fn precision(&self) -> usize {
        self.unscaled.magnitude().to_string().len()
    }

    /// Digits without an exponent (`BigDecimal.toPlainString`).
    pub fn to_plain_string(&self) -> String {
        let digits = self.unscaled.magnitude().to_string();
        let sign = if self.unscaled.sign() == Sign::Minus {
            "-"
        } else {
            ""
        };
        if self.scale <= 0 {
            if self.unscaled.sign() == Sign::NoSign {
                return "0".to_owned();
            }
            return format!(
                "{sign}{digits}{}",
                "0".repeat(self.scale.unsigned_abs() as usize)
            );
        }
        let scale = self.scale as usize;
        if digits.len() > scale {
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            return format!("{sign}{whole}.{fraction}");
        }
        format!("{sign}0.{}{digits}", "0".repeat(scale - digits.len()))
    }
}

/// Java's canonical text (`BigDecimal.toString`): plain while the scale is not negative and the adjusted exponent
/// is at least −6, else scientific with `E`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.magnitude().to_string();
        let adjusted = digits.len() as i64 - 1 - i64::from(self.scale);
        if self.scale >= 0 && adjusted >= -6 {
            return f.write_str(&self.to_plain_string());
        }
        if self.unscaled.sign() == Sign::Minus {
            f.write_str("-")?;
        }
        let (first, rest) = digits.split_at(1);
        f.write_str(first)?;
        if !rest.is_empty() {
            write!(f, ".{rest}")?;
        }
        if adjusted != 0 {
            write!(f, "E{}{adjusted}", if adjusted > 0 { "+" } else { "" })?;
        }
        Ok(())
    }
}

/// The text is no decimal number in Java's sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a decimal number: {0:?}")]
pub struct NotADecimal(String);

/// Reads what `new BigDecimal(String)` reads: optional sign, digits with an optional point, optional exponent.
impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let wrong = || NotADecimal(text.to_owned());
        let text = &*java_compat::number::with_ascii_digits(text);
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (
                &text[..at],
                parse_exponent(&text[at + 1..]).ok_or_else(wrong)?,
            ),
            None => (text, 0),
        };
        let (negative, mantissa) = match mantissa.as_bytes().first() {
            Some(b'-') => (true, &mantissa[1..]),
            Some(b'+') => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(wrong());
        }
        let digits = format!("{whole}{fraction}");
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let scale = i32::try_from(fraction.len() as i64 - exponent).map_err(|_| wrong())?;
        let mut unscaled = BigInt::from_str(&digits).map_err(|_| wrong())?;
        if negative {
            unscaled = -unscaled;
        }
        Ok(Self { unscaled, scale })
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_that_of_java() {
        let cases: [(i64, i32, &str, &str); 12] = [
            (1_234_567_890, 4, "123456.7890", "123456.7890"),
            (185, 2, "1.85", "1.85"),
            (12300, 2, "123.00", "123.00"),
            (1, 9, "1E-9", "0.000000001"),
            (7, 8, "7E-8", "0.00000007"),
            (0, 7, "0E-7", "0.0000000"),
            (5, -3, "5E+3", "5000"),
            (-15, 1, "-1.5", "-1.5"),
            (-123, -2, "-1.23E+4", "-12300"),
            (0, -2, "0E+2", "0"),
            (1, 6, "0.000001", "0.000001"),
            (12, 8, "1.2E-7", "0.00000012"),
        ];
        for (unscaled, scale, text, plain) in cases {
            let decimal = Decimal::new(unscaled, scale);
            assert_eq!(decimal.to_string(), text);
            assert_eq!(decimal.to_plain_string(), plain);
        }
    }

    #[test]
    fn reads_what_java_reads() {
        for (text, unscaled, scale) in [
            ("1.50", 150, 2),
            ("-7", -7, 0),
            ("+.5", 5, 1),
            ("1e5", 1, -5),
            ("2.5E-3", 25, 4),
            ("5.", 5, 0),
        ] {
            assert_eq!(text.parse(), Ok(Decimal::new(unscaled, scale)), "{text}");
        }
        for text in [
            "",
            ".",
            "1e",
            "e5",
            "1.2.3",
            "0x1",
            " 1",
            "1e99999999999",
            "--1",
            "1_0",
        ] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_reads_back(unscaled: i128, scale in -40i32..40) {
            let decimal = Decimal::new(unscaled, scale);
            proptest::prop_assert_eq!(decimal.to_string().parse::<Decimal>(), Ok(decimal));
        }

        #[test]
        fn bytes_read_back(unscaled: i128) {
            let decimal = Decimal::new(unscaled, 3);
            proptest::prop_assert_eq!(Decimal::from_unscaled_bytes(&decimal.to_unscaled_bytes(), 3), decimal);
        }
    }
}
