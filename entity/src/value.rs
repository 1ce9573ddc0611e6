//! The types of columns that hold a value of the domain.
//!
//! The rule: reading checks. A stored text or number that Gloss never wrote is an error of the query, not a guess.

use std::sync::Arc;

use domain::spelling::Spelled;
pub use sea_orm::prelude::ChronoUnixTimestampMillis as Millis;
use sea_orm::{
    ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};
use serde::{Serialize, de::DeserializeOwned};

/// A value of an enumeration, stored as the API spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word<T>(pub T);

/// A value stored as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText<T>(pub T);

impl<T: Spelled> From<Word<T>> for Value {
    fn from(word: Word<T>) -> Self {
        word.0.spelling().into()
    }
}

impl<T: Serialize> From<JsonText<T>> for Value {
    fn from(json: JsonText<T>) -> Self {
        serde_json::to_string(&json.0).expect("the domain's values have a form in JSON").into()
    }
}

/// A key may hold a word. No database generates one.
impl<T> TryFromU64 for Word<T> {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("Word"))
    }
}

/// Implements what a column needs, given how its text is read.
macro_rules! stored_as_text {
    ($name:ident, $bound:path, $read:expr) => {
        impl<T: $bound> TryGetable for $name<T> {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = String::try_get_by(row, index)?;
                $read(&text).map(Self).map_err(|source| {
                    DbErr::TryIntoErr { from: "String", into: std::any::type_name::<T>(), source: Arc::new(source) }
                        .into()
                })
            }
        }

        impl<T: $bound> ValueType for $name<T> {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let text = <String as ValueType>::try_from(value)?;
                $read(&text).map(Self).map_err(|_| ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> ArrayType {
                String::array_type()
            }

            fn column_type() -> ColumnType {
                String::column_type()
            }
        }

        impl<T> Nullable for $name<T> {
            fn null() -> Value {
                String::null()
            }
        }
    };
}

stored_as_text!(Word, Spelled, |text: &str| text.parse::<T>());
stored_as_text!(JsonText, DeserializeOwned, |text: &str| serde_json::from_str::<T>(text));

#[cfg(test)]
mod tests {
    use domain::{run::RunError, scope::RunScope, status::RunStatus};
    use sea_orm::ColumnTrait;

    use super::*;
    use crate::run::Column;

    #[test]
    fn columns_keep_the_types_of_what_they_store() {
        let type_of = |column: Column| column.def().get_column_type().clone();
        for column in [Column::Status, Column::Provider, Column::Scope, Column::Error] {
            assert_eq!(type_of(column), type_of(Column::StartedBy), "{column:?}");
        }
        for column in [Column::CreatedAt, Column::FinishedAt] {
            assert_eq!(type_of(column), type_of(Column::Id), "{column:?}");
        }
    }

    #[test]
    fn values_are_stored_as_text() {
        assert_eq!(Value::from(Word(RunStatus::ReadyForReview)), Value::from("READY_FOR_REVIEW"));
        assert_eq!(Value::from(JsonText(vec!["a", "b"])), Value::from(r#"["a","b"]"#));
        assert_eq!(Value::from(None::<Word<RunStatus>>), Value::String(None));
        assert_eq!(Value::from(None::<JsonText<RunError>>), Value::String(None));
    }

    #[test]
    fn what_gloss_never_wrote_is_refused() {
        for text in ["", "running", "RUNNING "] {
            assert!(<Word<RunStatus> as ValueType>::try_from(text.into()).is_err(), "{text:?}");
        }
        for text in ["", "null", "[]", "{"] {
            assert!(<JsonText<RunError> as ValueType>::try_from(text.into()).is_err(), "{text:?}");
        }
        assert!(<Millis as ValueType>::try_from(i64::MAX.into()).is_err());
        assert!(<JsonText<RunScope> as ValueType>::try_from(Value::String(None)).is_err());
    }
}
