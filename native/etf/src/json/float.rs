//! Floats as text, in the fewest digits that are this number; of two that are equally near, the
//! even one, as Erlang takes.

use std::borrow::Cow;
use std::ops::Range;

pub(super) use zmij::Buffer;

/// What is written without an exponent, with a point in any case.
const PLAIN: Range<f64> = 1e-4..1e16;

/// A float with a point, so that it is one when read back.
pub(super) fn text(value: f64, buffer: &mut Buffer) -> Cow<'_, str> {
    if value == 0.0 || PLAIN.contains(&value.abs()) {
        return Cow::Borrowed(buffer.format_finite(value));
    }
    let (digits, exponent) = shortest(value.abs());
    let sign = if value.is_sign_negative() { "-" } else { "" };
    Cow::Owned(format!("{sign}{}", scientific(&digits, exponent)))
}

/// With an exponent.
pub(super) fn scientific(digits: &str, exponent: i32) -> String {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{first}.{rest}e{exponent}")
}

/// The digits of a float that is not negative, and the exponent of the first of them.
pub(super) fn shortest(value: f64) -> (String, i32) {
    let mut buffer = Buffer::new();
    let text = buffer.format_finite(value);
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let zeros = digits.len() - significant.len();
    let exponent: i32 = exponent.parse().unwrap_or_default();
    match significant.trim_end_matches('0') {
        "" => ("0".to_owned(), 0),
        // A float has few digits.
        digits => (
            digits.to_owned(),
            exponent + whole.len() as i32 - 1 - zeros as i32,
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: f64) -> String {
        text(value, &mut Buffer::new()).into_owned()
    }

    /// As the standard library writes it, which takes the larger of two that are equally near.
    fn as_of_std(value: f64) -> String {
        let text = format!("{value:?}");
        match text.split_once('e') {
            Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0e{exponent}"),
            _ => text,
        }
    }

    /// Whether two texts differ in nothing but the last digit, and that by one.
    fn are_next(even: &str, odd: &str) -> bool {
        let last = |text: &str| text.split('e').next().unwrap().bytes().last().unwrap();
        let differ = even.bytes().zip(odd.bytes()).filter(|(a, b)| a != b);
        even.len() == odd.len()
            && differ.count() == 1
            && last(even).is_multiple_of(2)
            && last(odd) == last(even) + 1
    }

    #[test]
    fn exponents_are_written_where_they_are_due() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100_000.0, "100000.0"),
            (1e-4, "0.0001"),
            (9.99e-5, "9.99e-5"),
            (-1e-5, "-1.0e-5"),
            (1.2e-7, "1.2e-7"),
            (9e15, "9000000000000000.0"),
            (1e16, "1.0e16"),
            (f64::MAX, "1.7976931348623157e308"),
            (f64::from_bits(1), "5.0e-324"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn of_two_that_are_equally_near_the_even_one_is_written() {
        assert_eq!(
            written(-29_976_513_246.0 - 13.0 / 128.0),
            "-29976513246.101562"
        );
        // Unless that is another number.
        assert_eq!(written(0.5_f64.powi(24)), "5.960464477539063e-8");
    }

    proptest! {
        #[test]
        fn any_float_is_written_as_of_std(bits: u64, whole: i32, by in 1..1_000_000_u32) {
            for value in [f64::from_bits(bits), f64::from(whole) / f64::from(by), f64::from(whole) / 1024.0] {
                if !value.is_finite() {
                    continue;
                }
                let (written, expected) = (written(value), as_of_std(value));
                prop_assert_eq!(written.parse(), Ok(value));
                prop_assert!(written == expected || are_next(&written, &expected), "{} {}", written, expected);
            }
        }
    }
}
