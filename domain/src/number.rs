//! Numbers as databases write them, of any length. They are compared exactly, never through a floating-point type.

use std::{cmp::Ordering, fmt};

/// A number or an infinity, parsed from text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    size: Size,
}

/// The absolute value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Zero,
    /// `0.digits` times ten to this power. The digits neither begin nor end with a zero.
    Finite(i64, String),
    Infinite,
}

/// Maximum number of zeros that are written out; larger numbers are written with a power of ten.
const WRITTEN_OUT: i64 = 40;

impl Number {
    /// Parses `12`, `-3.50`, `1.5e+20` or `Infinity`. Returns `None` for anything else, including `NaN`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if ["infinity", "inf"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return Some(Self { negative, size: Size::Infinite });
        }
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self { negative: false, size: Size::Zero });
        }
        let leading = digits.len() - significant.len();
        let length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        let point = length(whole.len()) - length(leading) + i64::from(power);
        Some(Self { negative, size: Size::Finite(point, significant.trim_end_matches('0').to_owned()) })
    }

    /// Returns whether the number is finite.
    #[must_use]
    pub const fn is_finite(&self) -> bool {
        !matches!(self.size, Size::Infinite)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.size.cmp(&other.size),
            (true, true) => other.size.cmp(&self.size),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i32> for Number {
    fn from(number: i32) -> Self {
        Self::parse(&number.to_string()).unwrap_or(Self { negative: false, size: Size::Zero })
    }
}

/// Writes all digits, with a power of ten if too many zeros would be needed.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let (point, digits) = match &self.size {
            Size::Zero => return f.write_str("0"),
            Size::Infinite => return f.write_str("infinity"),
            Size::Finite(point, digits) => (*point, digits.as_str()),
        };
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        if point <= 0 && -point <= WRITTEN_OUT {
            write!(f, "0.{}{digits}", zeros(-point))
        } else if (length..=length + WRITTEN_OUT).contains(&point) {
            write!(f, "{digits}{}", zeros(point - length))
        } else if (1..length).contains(&point) {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
            write!(f, "{whole}.{fraction}")
        } else {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(f, "{first}{dot}{rest}e{}", point - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_compare_exactly() {
        let ordered = [
            "-Infinity",
            "-1e30",
            "-12345678901234567890.2",
            "-12345678901234567890.1",
            "-0.001",
            "0",
            "1e-300",
            "0.10",
            "1",
            "1.05",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "1234567890123456789012345678901234567890.5",
            "1e300",
            "Infinity",
        ];
        let numbers: Vec<Number> = ordered.iter().map(|text| Number::parse(text).unwrap()).collect();
        assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(Number::parse("1.50"), Number::parse("+0001.5"));
        assert_eq!(Number::parse("-0.0"), Number::parse("0"));
        assert!(["", ".", "NaN", "1-2", "0x10", "1e", "ten"].iter().all(|text| Number::parse(text).is_none()));
    }

    #[test]
    fn all_digits_are_written() {
        let shown = |text: &str| Number::parse(text).unwrap().to_string();
        assert_eq!(shown("1498392753700442114"), "1498392753700442114");
        assert_eq!(shown("12345678901234567890.120"), "12345678901234567890.12");
        assert_eq!((shown("-0.50"), shown("007"), shown("0.0010")), ("-0.5".into(), "7".into(), "0.001".into()));
        assert_eq!((shown("1e20"), shown("1.5e300")), ("100000000000000000000".into(), "1.5e300".into()));
    }
}
