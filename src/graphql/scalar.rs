//! Scalars of the schema that no library brings.

use async_graphql::{InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};

/// The largest whole number that a JSON number holds exactly everywhere.
const MAX: i64 = (1 << 53) - 1;

/// A whole number of up to 53 bits, as a JSON number: counts that outgrow Int.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long(pub i64);

/// A whole number of up to 53 bits, as a JSON number: counts that outgrow Int.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_i64()
                .filter(|number| (-MAX..=MAX).contains(number))
                .map(Self)
                .ok_or_else(|| InputValueError::custom(format!("give a whole number from -{MAX} to {MAX}"))),
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
