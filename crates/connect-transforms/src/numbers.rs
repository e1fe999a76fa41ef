//! Java's narrowing and widening of `java.lang.Number`s.

use connect_api::data::{Decimal, Value};
use num_bigint::{BigInt, Sign};

/// `Number.longValue`; none if the value is no number.
pub(crate) fn long_value(value: &Value) -> Option<i64> {
    Some(match value {
        Value::Int8(n) => (*n).into(),
        Value::Int16(n) => (*n).into(),
        Value::Int32(n) => (*n).into(),
        Value::Int64(n) => *n,
        Value::Float32(f) => *f as i64,
        Value::Float64(d) => *d as i64,
        Value::Decimal(d) => decimal_bits(d),
        Value::BigInteger(n) => low_bits(n),
        _ => return None,
    })
}

/// `Number.intValue`, from which Java also makes bytes and shorts: floats stop at the bounds of an int, all others lose
/// their high bits.
pub(crate) fn int_value(value: &Value) -> Option<i32> {
    match value {
        Value::Float32(f) => Some(*f as i32),
        Value::Float64(d) => Some(*d as i32),
        other => long_value(other).map(|n| n as i32),
    }
}

/// `Number.floatValue`
pub(crate) fn float_value(value: &Value) -> Option<f32> {
    match value {
        Value::Float32(f) => Some(*f),
        Value::Float64(d) => Some(*d as f32),
        // One rounding, not two.
        Value::Decimal(d) => scientific(d).parse().ok(),
        Value::BigInteger(n) => n.to_string().parse().ok(),
        other => long_value(other).map(|n| n as f32),
    }
}

/// `Number.doubleValue`
pub(crate) fn double_value(value: &Value) -> Option<f64> {
    match value {
        Value::Float32(f) => Some((*f).into()),
        Value::Float64(d) => Some(*d),
        Value::Decimal(d) => Some(decimal_to_double(d)),
        Value::BigInteger(n) => n.to_string().parse().ok(),
        other => long_value(other).map(|n| n as f64),
    }
}

/// `BigDecimal.doubleValue`
pub(crate) fn decimal_to_double(decimal: &Decimal) -> f64 {
    scientific(decimal).parse().unwrap_or_default()
}

/// A text that Rust reads, however large the exponent.
fn scientific(decimal: &Decimal) -> String {
    format!("{}e{}", decimal.unscaled, -i64::from(decimal.scale))
}

/// The low 64 bits of the whole part (`BigDecimal.longValue`), without making large powers of ten.
pub(crate) fn decimal_bits(decimal: &Decimal) -> i64 {
    if decimal.scale <= 0 {
        // Ten to the 64th and beyond is a multiple of 2⁶⁴.
        let exponent = decimal.scale.unsigned_abs().min(64);
        return low_bits(&decimal.unscaled).wrapping_mul(10_i64.wrapping_pow(exponent));
    }
    let scale = decimal.scale.unsigned_abs();
    if scale as usize > decimal.precision() {
        return 0;
    }
    low_bits(&(&decimal.unscaled / BigInt::from(10).pow(scale)))
}

/// Two's complement, cut.
fn low_bits(n: &BigInt) -> i64 {
    let magnitude = n.magnitude().iter_u64_digits().next().unwrap_or(0) as i64;
    match n.sign() {
        Sign::Minus => magnitude.wrapping_neg(),
        _ => magnitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Value {
        Value::Decimal(Box::new(text.parse().expect("a decimal")))
    }

    #[test]
    fn numbers_narrow_as_in_java() {
        let cases = [
            (Value::Float64(1e20), i64::MAX, i32::MAX),
            (Value::Float32(-1e20), i64::MIN, i32::MIN),
            (Value::Float64(f64::NAN), 0, 0),
            (Value::Int64(1 << 40), 1 << 40, 0),
            (decimal("-1.99"), -1, -1),
            (decimal("1e-2000000000"), 0, 0),
            (decimal("1e2000000000"), 0, 0),
            (decimal("18446744073709551617"), 1, 1),
            (decimal("-18446744073709551617.5"), -1, -1),
            (decimal("1e19"), -8_446_744_073_709_551_616, -1_981_284_352),
        ];
        for (value, long, int) in cases {
            let found = (long_value(&value), int_value(&value));
            assert_eq!(found, (Some(long), Some(int)), "{value:?}");
        }
        assert_eq!(long_value(&Value::Boolean(true)), None);
    }

    #[test]
    fn decimals_widen_with_one_rounding() {
        assert_eq!(float_value(&decimal("1e400")), Some(f32::INFINITY));
        assert_eq!(double_value(&decimal("0.1")), Some(0.1));
        assert_eq!(
            float_value(&decimal("16777217.0000000000000000001")),
            Some(16_777_218.0)
        );
    }
}
