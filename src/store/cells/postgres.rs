//! Cells from PostgreSQL: the server sends the rows as one text, so that the driver's work hardly grows with their
//! number.
//!
//! The rules: a connection belongs to one reading at a time and is dropped if that fails. The driver's pool would ask
//! the server before and after each use whether the connection is alive, which costs more than a page. A row is written
//! as PostgreSQL writes a record; a text that does not have this form is a failure.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
};

use sea_orm::{
    Value,
    sea_query::ColumnType,
    sqlx::{
        Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Error, Row as _,
        postgres::{PgArguments, PgConnectOptions, PgConnection},
        query_with,
    },
};
use tokio::time::timeout;

use crate::{
    domain::run::{Cell, CellRow, CellTable},
    store::address::ANSWER_TIMEOUT,
};

/// The connections to a PostgreSQL store; each is made when it is first needed.
#[derive(Debug)]
pub struct Reader {
    options: PgConnectOptions,
    idle: Mutex<Vec<PgConnection>>,
}

impl Reader {
    /// Creates a reader without connections.
    pub fn new(options: &PgConnectOptions) -> Self {
        Self { options: options.clone(), idle: Mutex::default() }
    }

    /// Closes the connections.
    pub async fn close(&self) {
        let connections = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in connections {
            // The server notices in either case.
            let _closed = connection.close().await;
        }
    }

    /// Returns the rows of a statement that gives records of columns of these types as one text; `None` if it fails.
    pub async fn read(&self, sql: String, values: Vec<Value>, types: &[ColumnType]) -> Option<Vec<CellRow>> {
        let arguments = arguments(values)?;
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reading = async {
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let row = query_with(AssertSqlSafe(sql), arguments).fetch_one(&mut connection).await?;
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            let records: Option<&str> = row.try_get(0)?;
            // No rows aggregate to null.
            rows_of(records.unwrap_or_default(), types).ok_or_else(|| Error::Protocol("not a list of records".into()))
        };
        let read = timeout(ANSWER_TIMEOUT, reading).await.ok()?;
        read.inspect_err(|error| tracing::debug!(%error, "a statement is sent again through the driver")).ok()
    }
}

/// Binds the values; `None` if one is of a type that no list binds.
fn arguments(values: Vec<Value>) -> Option<PgArguments> {
    let mut arguments = PgArguments::default();
    for value in values {
        let added = match value {
            Value::Bool(flag) => arguments.add(flag),
            Value::Int(number) => arguments.add(number),
            Value::BigInt(number) => arguments.add(number),
            Value::BigUnsigned(number) => arguments.add(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))),
            Value::Double(number) => arguments.add(number),
            // PostgreSQL cannot hold the character NUL, as in `connection.rs`.
            Value::String(text) => arguments.add(text.map(|text| text.replace('\0', "\u{FFFD}"))),
            _ => return None,
        };
        added.ok()?;
    }
    Some(arguments)
}

/// Reads rows from records that follow each other, `(1,"a text",)(2,,t)`; `None` if the text has another form.
fn rows_of(records: &str, types: &[ColumnType]) -> Option<Vec<CellRow>> {
    let mut table = CellTable::new(types.len());
    table.reserve(records.len() / 64, records.len());
    let mut rest = records;
    while !rest.is_empty() {
        let mut before = '(';
        for of in types {
            let (value, after) = value(rest.strip_prefix(before)?)?;
            table.push(match &value {
                None => Cell::Null,
                Some(value) => cell(value, of)?,
            });
            (before, rest) = (',', after);
        }
        rest = rest.strip_prefix(')')?;
    }
    Some(table.into_rows())
}

/// Splits off the first value, which ends before a comma or a parenthesis; `None` within stands for null. A value with
/// special characters is in quotes; within them, a quote and a backslash are doubled.
fn value(text: &str) -> Option<(Option<Cow<'_, str>>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.bytes().position(|byte| matches!(byte, b',' | b')'))?;
        let (value, rest) = text.split_at(end);
        return Some(((end > 0).then_some(Cow::Borrowed(value)), rest));
    };
    let special = |text: &str| text.bytes().position(|byte| matches!(byte, b'"' | b'\\'));
    let mut end = special(quoted)?;
    let mut value = Cow::Borrowed(&quoted[..end]);
    loop {
        let rest = &quoted[end..];
        let doubled = rest.as_bytes().get(1) == rest.as_bytes().first();
        if !doubled {
            return Some((Some(value), rest.strip_prefix('"')?));
        }
        let next = 2 + special(&rest[2..])?;
        // One of the two, and what follows.
        value.to_mut().push_str(&rest[1..next]);
        end += next;
    }
}

/// Reads a value by the type of its column.
fn cell<'a>(value: &'a str, of: &ColumnType) -> Option<Cell<'a>> {
    Some(match of {
        ColumnType::Integer | ColumnType::BigInteger => Cell::Int(value.parse().ok()?),
        ColumnType::Double => Cell::Real(value.parse().ok()?),
        ColumnType::Boolean => Cell::Int((value == "t").into()),
        _ => Cell::Text(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_rows() {
        let types = [ColumnType::BigInteger, ColumnType::Text, ColumnType::Double, ColumnType::Boolean];
        let rows = |records: &str| {
            rows_of(records, &types).map(|rows| rows.iter().map(|row| format!("{:?}", row.from(0))).collect::<Vec<_>>())
        };
        let none: [&str; 0] = [];
        assert_eq!(rows("").unwrap(), none);
        let records = r#"(-7,plain,1e-07,t)(9223372036854775807,"",,f)(,"ü, (""q"") \\",NaN,)(1,"""",2,f)"#;
        let expected = [
            r#"[Int(-7), Text("plain"), Real(1e-7), Int(1)]"#,
            r#"[Int(9223372036854775807), Text(""), Null, Int(0)]"#,
            r#"[Null, Text("ü, (\"q\") \\"), Real(NaN), Null]"#,
            r#"[Int(1), Text("\""), Real(2.0), Int(0)]"#,
        ];
        assert_eq!(rows(records).unwrap(), expected);
        for broken in ["(1,a,2)", "(1,a,2,t", "(1,\"a,2,t)", "(x,a,2,t)", "1,a,2,t", "(1,\"a\\,2,t)", "(1,a,2,t,3)"] {
            assert_eq!(rows(broken), None, "{broken}");
        }
    }
}
