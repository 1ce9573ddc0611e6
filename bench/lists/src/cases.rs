//! The requests: the page that all servers answer, and the other lists of Gloss.

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    Result,
    fill::{BIG_RUN, CALLER, FREQUENT_LABEL, FREQUENT_TEXT, RARE_LABEL, RARE_TEXT},
    http,
    store::Store,
};

/// The page: the newest 50 analyze runs, with eleven fields.
pub const PAGE: &str = "{ runs(first: 50, filter: { kinds: [ANALYZE] }) { edges { cursor node { id number kind command \
    status scopeSummary model dbProfileName startedAt durationSeconds progress { total done } } } \
    pageInfo { hasNextPage endCursor } } }";
/// The eleven fields.
const FIELDS: &str = "id number kind command status scopeSummary model dbProfileName startedAt durationSeconds \
    progress { total done }";
/// The row after which the deep page starts.
const DEEP: i64 = 500_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// A request to Gloss.
pub struct Case {
    pub name: String,
    pub query: String,
    pub variables: Value,
}

impl Case {
    fn new(name: impl Into<String>, query: impl Into<String>, variables: Value) -> Self {
        Self { name: name.into(), query: query.into(), variables }
    }

    /// The page itself, to which the other cases are compared.
    pub fn page() -> Self {
        Self::new("the page", PAGE, json!({}))
    }
}

/// Returns the selection of a list of runs with what is asked of it.
fn runs(selected: &str) -> String {
    format!(
        "query Runs($first: Int, $after: String, $filter: RunFilter, $orderBy: RunOrder) {{ \
         runs(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{ {selected} }} }}"
    )
}

fn page_of(fields: &str) -> String {
    runs(&format!("edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }}"))
}

/// Returns all cases except the page.
pub async fn all(address: &str, store: &Store) -> Result<Vec<Case>> {
    let facts = Facts::read(address, store).await?;
    let mut cases = Vec::new();
    let page = page_of(FIELDS);
    cases.push(Case::new("{ __typename }", "{ __typename }", json!({})));
    for (fields, names) in [(1, "number"), (11, FIELDS)] {
        for first in [1, 10, 50, 200] {
            let variables = json!({ "first": first, "filter": { "kinds": ["ANALYZE"] } });
            let plural = |count: i64| if count == 1 { "" } else { "s" };
            let name = format!("{first} row{}, {fields} field{}", plural(first), plural(fields));
            cases.push(Case::new(name, page_of(names), variables));
        }
    }
    let after = facts.cursor(address).await?;
    let deep = json!({ "first": 50, "after": after, "filter": { "kinds": ["ANALYZE"] } });
    cases.push(Case::new(format!("page after row {}", facts.deep), page.clone(), deep));
    for field in ["STARTED_AT", "NUMBER", "DURATION", "STATUS", "COMMAND", "MODEL", "DB_PROFILE"] {
        for direction in ["DESC", "ASC"] {
            let variables = json!({ "first": 50, "orderBy": { "field": field, "direction": direction } });
            cases.push(Case::new(format!("order {field} {direction}"), page.clone(), variables));
        }
    }
    let filters = facts.filters();
    for (name, filter) in &filters {
        cases.push(Case::new(*name, page.clone(), json!({ "first": 50, "filter": filter })));
    }
    for (name, filter) in [("no filter", json!({}))].iter().chain(&filters) {
        let name = format!("totalCount, {name}");
        cases.push(Case::new(name, runs("totalCount"), json!({ "first": 0, "filter": filter })));
    }
    let facets = runs("kindCounts { kind count } statusCounts { status count }");
    let counted = [
        ("no filter", json!({})),
        ("kind", json!({ "kinds": ["ANALYZE"] })),
        ("dates", facts.month()),
        ("search, frequent", json!({ "search": FREQUENT_TEXT })),
    ];
    for (name, filter) in counted {
        let name = format!("kindCounts and statusCounts, {name}");
        cases.push(Case::new(name, facets.clone(), json!({ "first": 0, "filter": filter })));
    }
    suggestions(&facts, &mut cases);
    Ok(cases)
}

/// Adds the lists of suggestions of the run that has the most.
fn suggestions(facts: &Facts, cases: &mut Vec<Case>) {
    let list = |selected: &str| {
        format!(
            "query Suggestions($id: ID!, $filter: SuggestionFilter, $orderBy: SuggestionOrder) {{ run(id: $id) {{ \
             suggestions(first: 50, filter: $filter, orderBy: $orderBy) {{ {selected} }} }} }}"
        )
    };
    let page = list(
        "edges { cursor node { id asset { kind display } description confidence band substance existingComment \
         finalText version review { state } } } pageInfo { hasNextPage endCursor }",
    );
    let mut add = |name: &str, query: &str, filter: Value, order: Value| {
        let variables = json!({ "id": facts.big_run, "filter": filter, "orderBy": order });
        cases.push(Case::new(format!("suggestions, {name}"), query, variables));
    };
    let none = || Value::Null;
    let details = list(
        "edges { cursor node { id asset { kind display } description confidence alternatives { text confidence } \
         evidence { source detail } } } pageInfo { hasNextPage endCursor }",
    );
    let facets = list(
        "totalCount facets { states { unreviewed accepted edited skipped } bands { high medium low } \
         kinds { kind count } substances { substance count } tables(first: 50) { table count } }",
    );
    add("50 rows", &page, json!({}), none());
    add("50 rows with alternatives and evidence", &details, json!({}), none());
    add("states", &page, json!({ "states": ["UNREVIEWED"] }), none());
    add("bands", &page, json!({ "bands": ["LOW"] }), none());
    add("kinds and substances", &page, json!({ "kinds": ["TABLE"], "substances": ["INFORMATIVE"] }), none());
    add("hasComment", &page, json!({ "hasComment": true }), none());
    add("table", &page, json!({ "table": facts.table }), none());
    add("search, frequent", &page, json!({ "search": "customer" }), none());
    add("search, rare", &page, json!({ "search": facts.table }), none());
    add("name", &page, json!({ "name": "addresses" }), none());
    for field in ["CONFIDENCE", "NAME", "REVIEW_STATE"] {
        let order = json!({ "field": field, "direction": "DESC" });
        add(&format!("order {field} DESC"), &page, json!({}), order);
    }
    add("totalCount and facets", &facets, json!({}), none());
    add(
        "totalCount and facets, states and bands",
        &facets,
        json!({ "states": ["UNREVIEWED"], "bands": ["LOW"] }),
        none(),
    );
    add("totalCount and facets, search", &facets, json!({ "search": "customer" }), none());
}

/// What the cases ask for, as it is in the store.
struct Facts {
    db_profile: Value,
    /// The number of analyze runs before the deep page, and the time of the last of them.
    deep: i64,
    deep_ms: i64,
    newest_ms: i64,
    big_run: Value,
    table: String,
}

impl Facts {
    async fn read(address: &str, store: &Store) -> Result<Self> {
        let profiles = http::data(address, "{ dbProfiles { id name } }", &json!({})).await?;
        let db_profile = profiles["dbProfiles"][0]["id"].clone();
        let query = "query($n: Int!) { runByNumber(number: $n) { id } }";
        let big_run = http::data(address, query, &json!({ "n": BIG_RUN })).await?["runByNumber"]["id"].take();
        let file = Connection::open_with_flags(store.file(), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let analyzed: i64 =
            file.query_row("SELECT sum(n) FROM run_tally WHERE kind = 'ANALYZE'", [], |row| row.get(0))?;
        let deep = DEEP.min(analyzed * 9 / 10);
        let nth = "SELECT listed_at FROM run WHERE kind = 'ANALYZE' ORDER BY listed_at DESC, id DESC LIMIT 1 OFFSET ?";
        let deep_ms = file.query_row(nth, [deep - 1], |row| row.get(0))?;
        let newest_ms = file.query_row(nth, [0], |row| row.get(0))?;
        let last = "SELECT table_name FROM suggestion WHERE run_id = ? ORDER BY position DESC LIMIT 1";
        let table = file.query_row(last, [BIG_RUN], |row| row.get(0))?;
        Ok(Self { db_profile, deep, deep_ms, newest_ms, big_run, table })
    }

    /// Returns the cursor of the last row before the deep page: of the newest run that is not newer.
    async fn cursor(&self, address: &str) -> Result<Value> {
        let query = runs("pageInfo { endCursor }");
        let filter = json!({ "kinds": ["ANALYZE"], "startedBefore": moment(self.deep_ms + 1) });
        let mut data = http::data(address, &query, &json!({ "first": 1, "filter": filter })).await?;
        Ok(data["runs"]["pageInfo"]["endCursor"].take())
    }

    /// A month, one year before the newest run.
    fn month(&self) -> Value {
        let from = self.newest_ms - 365 * DAY_MS;
        json!({ "startedAfter": moment(from), "startedBefore": moment(from + 30 * DAY_MS) })
    }

    fn filters(&self) -> Vec<(&'static str, Value)> {
        let mut month_of_kind = self.month();
        month_of_kind["kinds"] = json!(["ANALYZE"]);
        vec![
            ("kind", json!({ "kinds": ["ANALYZE"] })),
            ("status", json!({ "statuses": ["READY_FOR_REVIEW"] })),
            ("kind and status", json!({ "kinds": ["ANALYZE"], "statuses": ["FAILED"] })),
            (
                "2 kinds and 3 statuses",
                json!({ "kinds": ["ANALYZE", "RERUN"],
                "statuses": ["SUCCESS", "FAILED", "CANCELLED"] }),
            ),
            ("profile", json!({ "dbProfileIds": [self.db_profile] })),
            ("kind and profile", json!({ "kinds": ["ASK"], "dbProfileIds": [self.db_profile] })),
            ("labels, frequent", json!({ "labels": [FREQUENT_LABEL] })),
            ("labels, rare", json!({ "labels": [RARE_LABEL] })),
            ("startedBy", json!({ "startedBy": [CALLER] })),
            ("hasFailures", json!({ "hasFailures": true })),
            ("dates", self.month()),
            ("dates and kind", month_of_kind),
            ("search, rare", json!({ "search": RARE_TEXT })),
            ("search, frequent", json!({ "search": FREQUENT_TEXT })),
            ("search, nothing", json!({ "search": "no run says this" })),
            ("search, frequent, and kind", json!({ "search": FREQUENT_TEXT, "kinds": ["ASK"] })),
        ]
    }
}

fn moment(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis).unwrap_or_default().to_rfc3339()
}
