//! Reads lists that the API returns in pages.

use serde_json::{Value, json};

use super::{CliError, Client, operation::Operation};

/// The largest page of the API.
const PAGE: usize = 200;

/// Reads the first `limit` records of a list. The operation takes `$first` and `$after`; `connection` is the JSON
/// pointer to the list in its data, as in `/runByNumber/events`. Returns the records, or `None` if the list is null,
/// and whether there are more.
///
/// # Errors
/// Returns the errors of [`Client::data`].
pub async fn read(
    client: &Client,
    operation: Operation,
    variables: &Value,
    connection: &str,
    limit: usize,
) -> Result<Option<(Vec<Value>, bool)>, CliError> {
    let mut records = Vec::new();
    let mut after = variables["after"].clone();
    loop {
        let mut asked = variables.clone();
        asked["first"] = json!(PAGE.min(limit - records.len()));
        asked["after"] = after;
        let mut data = client.data(operation, asked).await?;
        let page = data.pointer_mut(connection).map(Value::take).unwrap_or_default();
        let Some(nodes) = page["nodes"].as_array() else { return Ok(None) };
        records.extend(nodes.iter().cloned());
        let has_more = page["pageInfo"]["hasNextPage"] == true;
        if !has_more || records.len() >= limit {
            return Ok(Some((records, has_more)));
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Reads a number of records to show: at least 1.
///
/// # Errors
/// Returns how to write it.
pub fn limit(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or("write a whole number, 1 or more")
}
