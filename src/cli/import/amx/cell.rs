//! The cells of a history, whatever type they have: AMX's own files have been written by many versions.

use rusqlite::{
    Row,
    types::{Value, ValueRef},
};

use crate::domain::text::{cut, one_line};

/// The longest name or other text in one line that an import takes, in characters.
const LINE: usize = 190;

/// Returns a column's value. Text that is no UTF-8 is read as far as possible.
pub fn value(row: &Row<'_>, column: &str) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    })
}

/// Returns a column's text; `None` if it is null or blank.
pub fn text(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
    let text = match value(row, column)? {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::Null => return Ok(None),
    };
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// Returns a column's text in one line of limited length.
pub fn line(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
    let line = text(row, column)?.map(|text| cut(&one_line(&text), LINE));
    Ok(line.filter(|line| !line.is_empty()))
}

/// Returns a column's finite number.
pub fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<f64>> {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let number = match value(row, column)? {
        Value::Integer(number) => Some(number as f64),
        Value::Real(number) => Some(number),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Null | Value::Blob(_) => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()))
}

/// Returns a column's key; `None` if it is no whole number.
pub fn key(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<i64>> {
    Ok(match value(row, column)? {
        Value::Integer(number) => Some(number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    })
}
