//! Decimals between JSON and their schema.

use connect_api::ConnectError;
use connect_api::data::{DECIMAL_SCALE, Decimal, Schema};
use num_bigint::BigInt;

/// The scale that a decimal schema declares.
pub fn decimal_scale(schema: &Schema) -> Result<i32, ConnectError> {
    let scale = schema
        .parameters()
        .and_then(|parameters| parameters.get(DECIMAL_SCALE))
        .ok_or_else(|| ConnectError::data("Invalid Decimal schema: scale parameter not found."))?;
    scale.parse().map_err(|_| {
        let cause = format!("For input string: \"{scale}\"");
        ConnectError::data("Invalid scale parameter found in Decimal schema: ").caused_by(
            ConnectError::record("java.lang.NumberFormatException", cause),
        )
    })
}

/// The whole part's low 64 bits (`BigDecimal.longValue`).
pub fn low_bits(decimal: &Decimal) -> i64 {
    // From 2⁶⁴ tens on the low bits are all zero; this also bounds the work for absurd exponents.
    if decimal.scale <= -64 || decimal.precision() as i64 <= i64::from(decimal.scale) {
        return 0;
    }
    let ten = BigInt::from(10);
    let whole = if decimal.scale <= 0 {
        &decimal.unscaled * ten.pow(decimal.scale.unsigned_abs())
    } else {
        // Division of big integers cuts towards zero, as Java's does.
        &decimal.unscaled / ten.pow(decimal.scale.unsigned_abs())
    };
    let low = whole.magnitude().iter_u64_digits().next().unwrap_or(0) as i64;
    if whole.sign() == num_bigint::Sign::Minus {
        low.wrapping_neg()
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_cut_and_the_rest_wraps() {
        for (text, expected) in [
            ("1.9", 1),
            ("-1.9", -1),
            ("0.99999999999999999999999", 0),
            ("1e3", 1000),
            ("18446744073709551617.5", 1),
            ("1e999999999", 0),
            ("1e-999999999", 0),
        ] {
            assert_eq!(low_bits(&text.parse().unwrap()), expected, "{text}");
        }
    }
}
