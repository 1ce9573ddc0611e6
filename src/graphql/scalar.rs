//! The scalars that no library provides.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};

use crate::domain::clock::Moment;

/// The largest integer that every JSON parser represents exactly.
const MAX: i64 = (1 << 53) - 1;

/// The description of a valid `DateTime`, for error messages.
pub const MOMENT: &str =
    "a DateTime has a date, a time and a UTC offset, as in 2030-01-31T09:00:00Z or 2030-01-31T09:00:00+01:00";

/// Checks a constant of one of these scalars.
///
/// # Errors
/// Returns a description of a valid value.
pub fn check(scalar: &str, value: &Value) -> Result<(), String> {
    match scalar {
        "DateTime" if Moment::parse(value.clone()).is_err() => Err(MOMENT.to_owned()),
        "Long" if !Long::is_valid(value) => Err(format!("a Long is an integer from -{MAX} to {MAX}")),
        _ => Ok(()),
    }
}

/// An integer of up to 53 bits, as a JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long(pub i64);

/// An integer of up to 53 bits, as a JSON number.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_i64()
                .filter(|number| (-MAX..=MAX).contains(number))
                .map(Self)
                .ok_or_else(|| InputValueError::custom(format!("pass an integer from -{MAX} to {MAX}"))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(number) if number.as_i64().is_some_and(|number| (-MAX..=MAX).contains(&number)))
    }

    fn to_value(&self) -> Value {
        Value::Number(Number::from(self.0))
    }
}
