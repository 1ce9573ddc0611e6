//! The builtin describer: its texts for Chinook and the demo, and the properties that hold for any input.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write as _, path::Path, sync::Arc};

use gloss::{
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, ForeignKey, Problems, Rules, Table, TableDetail, TableStatistics},
        profile::LlmProvider,
        run::{RunOptions, Verbosity},
        suggestion::Draft,
    },
    model::builtin::BuiltinDescriber,
    port::model::{DescribeRequest, Describer, Subject},
};
use proptest::prelude::*;
use sqlx::{Connection, Executor, Row, SqliteConnection};

pub fn options() -> RunOptions {
    RunOptions::defaults(LlmProvider::Builtin)
}

fn describe(table: &TableDetail, statistics: Option<&TableStatistics>, options: &RunOptions) -> Vec<Option<Draft>> {
    let subjects = std::iter::once(Subject::Table).chain((0..table.columns.len()).map(Subject::Column)).collect();
    let request = DescribeRequest {
        table: Arc::new(table.clone()),
        statistics: statistics.cloned().map(Arc::new),
        subjects,
        options: options.clone(),
        lineage: Arc::default(),
        names: Arc::default(),
        neighbours: Arc::default(),
        documented: Arc::default(),
        revisions: Vec::new(),
        about: None,
        requests: 1,
        is_retry: false,
    };
    futures_util::FutureExt::now_or_never(BuiltinDescriber.describe(&request))
        .expect("the describer never waits")
        .expect("the describer never fails")
        .drafts
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Reads tables and their statistics from SQLite, as a target would.
pub async fn catalog(database: &mut SqliteConnection) -> Vec<(TableDetail, TableStatistics)> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY \
            type, name",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let mut all = Vec::new();
    for (name, kind) in tables {
        let mut columns = Vec::new();
        for row in sqlx::query("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?)")
            .bind(&name)
            .fetch_all(&mut *database)
            .await
            .unwrap()
        {
            columns.push(Column {
                name: row.get(0),
                data_type: row.get(1),
                nullable: row.get::<i64, _>(2) == 0,
                primary_key: row.get::<i64, _>(3) > 0,
                ..Column::default()
            });
        }
        let mut foreign_keys = Vec::new();
        for row in sqlx::query("SELECT \"from\", \"table\", coalesce(\"to\", '') FROM pragma_foreign_key_list(?)")
            .bind(&name)
            .fetch_all(&mut *database)
            .await
            .unwrap()
        {
            foreign_keys.push(ForeignKey::single(row.get(0), row.get(1), row.get(2)));
        }
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {}", quoted(&name))))
            .fetch_one(&mut *database)
            .await
            .unwrap();
        let mut statistics = TableStatistics { sampled_rows: rows, complete: true, ..TableStatistics::default() };
        for column in &columns {
            let (c, t) = (quoted(&column.name), quoted(&name));
            let row = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT avg({c} IS NULL), count(DISTINCT {c}), CAST(min({c}) AS TEXT), CAST(max({c}) AS TEXT) FROM {t}"
            )))
            .fetch_one(&mut *database)
            .await
            .unwrap();
            let samples: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
                "SELECT DISTINCT substr(CAST({c} AS TEXT), 1, 80) FROM {t} WHERE {c} IS NOT NULL LIMIT 10"
            )))
            .fetch_all(&mut *database)
            .await
            .unwrap();
            statistics.columns.push(ColumnStatistics {
                name: column.name.clone(),
                null_share: row.get(0),
                distinct: row.get(1),
                minimum: row.get(2),
                maximum: row.get(3),
                copy_of: None,
                not_before: None,
                samples,
            });
        }
        let kind = if kind == "view" { AssetKind::View } else { AssetKind::Table };
        let table = Table { name, kind, comment: None, row_estimate: Some(rows), partition_of: None };
        let primary: Vec<String> =
            columns.iter().filter(|column| column.primary_key).map(|column| column.name.clone()).collect();
        all.push((
            TableDetail {
                database: None,
                schema: "main".to_owned(),
                table,
                columns,
                foreign_keys,
                unique_keys: vec![primary],
                referenced_by: Vec::new(),
                definition: None,
                rules: Rules::default(),
                problems: Problems::default(),
            },
            statistics,
        ));
    }
    let keys: Vec<(String, String)> = all
        .iter()
        .flat_map(|(detail, _)| detail.foreign_keys.iter().map(|key| (detail.table.name.clone(), key.table.clone())))
        .collect();
    for (detail, _) in &mut all {
        detail.referenced_by = keys
            .iter()
            .filter(|(from, to)| *to == detail.table.name && from != to)
            .map(|(from, _)| from.clone())
            .collect();
        detail.referenced_by.sort();
        detail.referenced_by.dedup();
    }
    all
}

/// Returns every text with its confidence, one per line.
pub fn written(catalog: &[(TableDetail, TableStatistics)], options: &RunOptions) -> String {
    let mut out = String::new();
    for (detail, statistics) in catalog {
        let names = std::iter::once("").chain(detail.columns.iter().map(|column| column.name.as_str()));
        for (name, draft) in names.zip(describe(detail, options.profile_data.then_some(statistics), options)) {
            let draft = draft.unwrap();
            let dot = if name.is_empty() { "" } else { "." };
            for (index, one) in draft.alternatives.iter().enumerate() {
                let place = if index == 0 { format!("{}{dot}{name}", detail.table.name) } else { "    or".to_owned() };
                writeln!(out, "{place} [{:.2}] {}", one.confidence, one.text).unwrap();
            }
        }
    }
    out
}

async fn chinook() -> Option<Vec<(TableDetail, TableStatistics)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/chinook/sqlite.sql");
    let Ok(script) = std::fs::read_to_string(&path) else {
        crate::services::skipped(&format!("{} is not here", path.display()));
        return None;
    };
    let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    database.execute(sqlx::AssertSqlSafe(script)).await.unwrap();
    Some(catalog(&mut database).await)
}

#[tokio::test]
async fn chinook_reads_well() {
    let Some(catalog) = chinook().await else { return };
    insta::assert_snapshot!("chinook", written(&catalog, &RunOptions { alternatives: 1, ..options() }));
}

fn column(name: &str, data_type: &str) -> Column {
    Column { name: name.to_owned(), data_type: data_type.to_owned(), nullable: true, ..Column::default() }
}

fn table(name: &str, columns: Vec<Column>) -> TableDetail {
    TableDetail {
        database: None,
        schema: "public".to_owned(),
        table: Table {
            name: name.to_owned(),
            kind: AssetKind::Table,
            comment: None,
            row_estimate: None,
            partition_of: None,
        },
        columns,
        foreign_keys: Vec::new(),
        unique_keys: Vec::new(),
        referenced_by: Vec::new(),
        definition: None,
        rules: Rules::default(),
        problems: Problems::default(),
    }
}

/// Returns the first alternative for a column that is alone in its table.
fn text_of(table_name: &str, name: &str, data_type: &str) -> String {
    let drafts = describe(&table(table_name, vec![column(name, data_type)]), None, &options());
    drafts[1].clone().unwrap().alternatives[0].text.clone()
}

#[test]
fn names_of_every_kind_are_read() {
    let cases = [
        ("tbl_cust", "custemailaddr", "varchar(80)"),
        ("orders", "OrderDate", "date"),
        ("orders", "HTTPServerID", "integer"),
        ("orders", "is_gift", "boolean"),
        ("orders", "has_attachment", "boolean"),
        ("orders", "has_children", "boolean"),
        ("users", "email_verified", "boolean"),
        ("users", "email_verified_at", "timestamp"),
        ("users", "last_updated", "timestamptz"),
        ("users", "created_by", "text"),
        ("users", "num_logins", "integer"),
        ("users", "password_hash", "text"),
        ("offers", "expires_at", "timestamptz"),
        ("prices", "valid_from", "date"),
        ("prices", "price_eur", "numeric(10,2)"),
        ("requests", "duration_ms", "bigint"),
        ("requests", "resp_time", "integer"),
        ("readings", "temp_c", "real"),
        ("readings", "rssi_dbm", "integer"),
        ("patients", "dob", "date"),
        ("claims", "dx_cd", "text"),
        ("payments", "amt", "numeric"),
        ("payments", "ccy", "char(3)"),
        ("people", "ssn", "text"),
        ("files", "size_bytes", "bigint"),
        ("files", "sha256", "text"),
        ("addresses", "address_line_2", "text"),
        ("sessions", "ip", "inet"),
        ("stores", "lat", "double precision"),
        ("customers", "qzx", "integer"),
        ("customers", "zz1_vv", "text"),
        ("dim_prod", "prod_desc", "text"),
        ("jobs", "st", "text"),
    ];
    let mut out = String::new();
    for (table, name, data_type) in cases {
        writeln!(out, "{table}.{name} {data_type}: {}", text_of(table, name, data_type)).unwrap();
    }
    insta::assert_snapshot!(out);
}

/// Returns the first alternatives for tables of columns, one per line.
fn texts_of(tables: &[(&str, &[(&str, &str)])]) -> String {
    let mut out = String::new();
    for (name, columns) in tables {
        let detail = table(name, columns.iter().map(|(name, data_type)| column(name, data_type)).collect());
        let names = std::iter::once("").chain(columns.iter().map(|(name, _)| *name));
        for (column, draft) in names.zip(describe(&detail, None, &options())) {
            writeln!(out, "{name}.{column}: {}", draft.unwrap().alternatives[0].text).unwrap();
        }
    }
    out
}

#[test]
fn names_without_separators_are_taken_apart() {
    let text = texts_of(&[
        (
            "workorderrouting",
            &[
                ("workorderid", "integer"),
                ("operationsequence", "smallint"),
                ("scheduledenddate", "timestamp"),
                ("actualresourcehrs", "numeric(9,4)"),
                ("plannedcost", "numeric"),
                ("modifieddate", "timestamp"),
            ],
        ),
        (
            "salesorderheader",
            &[
                ("salesorderid", "integer"),
                ("onlineorderflag", "boolean"),
                ("billtoaddressid", "integer"),
                ("creditcardapprovalcode", "varchar(15)"),
                ("taxamt", "numeric"),
                ("totaldue", "numeric"),
                ("rowguid", "uuid"),
            ],
        ),
        ("vemployee", &[("jobtitle", "text"), ("vacationhours", "smallint"), ("loginid", "text")]),
        ("tblcustomers", &[("custno", "integer"), ("addressline2", "text")]),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn names_in_other_languages_stay_whole() {
    let text = texts_of(&[
        ("bestellung", &[("bestellnummer", "integer"), ("lieferdatum", "date"), ("bestand", "integer")]),
        ("commande", &[("numeroclient", "integer"), ("datelivraison", "date"), ("partage", "integer")]),
        ("pedido", &[("numerocliente", "integer"), ("fechaentrega", "date"), ("planeta", "text")]),
    ]);
    for name in ["bestellnummer", "lieferdatum", "bestand", "numeroclient", "partage", "numerocliente", "fechaentrega"]
    {
        assert!(text.to_lowercase().contains(&format!(": {name}")), "{name} is taken apart in {text}");
    }
}

#[test]
fn a_comment_is_kept_and_a_worthless_one_is_not() {
    let mut one = table("orders", vec![column("amt", "numeric"), column("note", "text")]);
    one.columns[0].comment = Some("gross amount,\n  tax included".to_owned());
    one.columns[1].comment = Some("TODO".to_owned());
    let drafts = describe(&one, None, &options());
    let kept = drafts[1].as_ref().unwrap();
    assert_eq!(kept.alternatives[0].text, "Gross amount, tax included.");
    assert!(kept.alternatives[0].confidence >= 0.9);
    assert!(kept.evidence.iter().any(|one| one.source == "comment"));
    assert_eq!(drafts[2].as_ref().unwrap().alternatives[0].text, "Note on the order.");
}

#[test]
fn an_abbreviation_spelled_out_in_the_table_has_one_sense() {
    let one = table("ord_ln", vec![column("ord_id", "integer"), column("ln_no", "integer")]);
    let drafts = describe(&one, None, &RunOptions { alternatives: 5, ..options() });
    let texts: Vec<&str> = drafts[2].as_ref().unwrap().alternatives.iter().map(|one| one.text.as_str()).collect();
    assert!(texts.len() > 1 && texts.iter().all(|text| !text.contains("last name")), "{texts:?}");
}

#[test]
fn a_table_that_refers_to_itself_and_others_says_whether_it_must() {
    let customer = Column { nullable: false, ..column("customer_id", "integer") };
    let mut one = table("orders", vec![customer, column("parent_id", "integer")]);
    one.foreign_keys =
        vec![ForeignKey::single("customer_id", "customers", "id"), ForeignKey::single("parent_id", "orders", "id")];
    one.referenced_by = vec!["order_lines".to_owned(), "orders".to_owned()];
    let text = describe(&one, None, &options())[0].clone().unwrap().alternatives[0].text.clone();
    assert!(text.contains("Each row refers to a customer and may refer to a parent order."), "{text}");
    assert!(text.ends_with("Referred to by order_lines."), "{text}");
}

#[test]
fn a_cryptic_name_gets_a_modest_text_and_a_low_confidence() {
    let drafts = describe(&table("xq_7", vec![column("zzk", "integer")]), None, &options());
    for draft in drafts.iter().flatten() {
        assert!(draft.alternatives[0].confidence < 0.35, "{draft:?}");
    }
}

#[test]
fn sampled_values_of_people_and_secrets_stay_out() {
    let names = ["email", "first_name", "api_token", "phone", "ip_address", "notes"];
    let one = table("customers", names.iter().map(|name| column(name, "text")).collect());
    let secret = ["ada@example.com", "Ada", "s3cr3t", "+1 202 555 0100", "192.0.2.7", "likes tea"];
    let columns = names
        .iter()
        .zip(secret)
        .map(|(name, value)| ColumnStatistics {
            name: (*name).to_owned(),
            null_share: Some(0.0),
            distinct: Some(2),
            minimum: Some(value.to_owned()),
            maximum: Some(value.to_owned()),
            copy_of: None,
            not_before: None,
            samples: vec![value.to_owned(), value.to_owned()],
        })
        .collect();
    let statistics = TableStatistics { sampled_rows: 100, complete: true, columns, ..TableStatistics::default() };
    let everything = RunOptions { alternatives: 5, verbosity: Verbosity::Comprehensive, ..options() };
    let all = format!("{:?}", describe(&one, Some(&statistics), &everything)[..6].to_vec());
    for value in &secret[..5] {
        assert!(!all.contains(value), "{value} in {all}");
    }
}

#[test]
fn verbosity_and_alternatives_are_obeyed() {
    let mut one = table("orders", vec![column("customer_id", "integer")]);
    one.foreign_keys = vec![ForeignKey::single("customer_id", "customers", "id")];
    let first = |verbosity| {
        let drafts = describe(&one, None, &RunOptions { verbosity, alternatives: 2, ..options() });
        let draft = drafts[1].clone().unwrap();
        assert_eq!(draft.alternatives.len(), 2);
        draft.alternatives[0].text.clone()
    };
    assert_eq!(first(Verbosity::Brief), "Refers to the customer of the order.");
    assert_eq!(first(Verbosity::Detailed), "Refers to the customer of the order (customers.id).");
}

#[test]
fn it_costs_nothing_and_leaves_out_what_does_not_exist() {
    let request = DescribeRequest {
        table: Arc::new(table("orders", vec![column("id", "integer")])),
        statistics: None,
        subjects: vec![Subject::Column(0), Subject::Column(7)],
        options: RunOptions { instructions: Some("in verse".to_owned()), ..options() },
        lineage: Arc::default(),
        names: Arc::default(),
        neighbours: Arc::default(),
        documented: Arc::default(),
        revisions: Vec::new(),
        about: None,
        requests: 1,
        is_retry: false,
    };
    let answer = futures_util::FutureExt::now_or_never(BuiltinDescriber.describe(&request)).unwrap().unwrap();
    assert_eq!((answer.usage.requests, answer.usage.total_tokens(), answer.usage.cost_usd), (1, 0, Some(0.0)));
    assert!(answer.drafts[1].is_none());
    let reasoning = answer.drafts[0].as_ref().unwrap().reasoning.clone().unwrap();
    assert!(reasoning.contains("cannot follow instructions"), "{reasoning}");
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(_[a-z0-9]{1,6}){0,4}",
        "([A-Z][a-z]{0,6}){1,5}[0-9]{0,2}",
        "(is|has|num|last|created|valid)_[a-z]{2,8}(_(at|by|id|cnt|ms|pct|flag|json|date|to|from))?",
        "\\PC{0,24}",
        any::<String>(),
    ]
}

fn any_column() -> impl Strategy<Value = ((Column, Option<ForeignKey>), ColumnStatistics)> {
    let data_type = prop_oneof![
        Just("integer"),
        Just("TEXT"),
        Just("numeric(10,2)"),
        Just("boolean"),
        Just("timestamp"),
        Just("date"),
        Just("jsonb"),
        Just("enum('a','b')"),
        Just("enum("),
        Just(""),
        Just("écu"),
    ];
    let value = prop_oneof![
        "\\PC{0,30}",
        "[0-9]{1,12}",
        "[A-Z]{2,3}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        Just("NaN".to_owned()),
        any::<String>()
    ];
    let values = prop::collection::vec(value, 0..6);
    let flags = any::<(bool, bool, bool, bool)>();
    (any_name(), data_type, flags, any_name(), prop::option::of(any_name()), values, any::<(f64, i64)>()).prop_map(
        |(
            name,
            data_type,
            (nullable, primary_key, unique, refers),
            target,
            comment,
            samples,
            (null_share, distinct),
        )| {
            let key = refers.then(|| ForeignKey::single(&name, &target, "id"));
            let statistics = ColumnStatistics {
                name: name.clone(),
                null_share: Some(null_share),
                distinct: Some(distinct),
                minimum: samples.first().cloned(),
                maximum: samples.last().cloned(),
                copy_of: None,
                not_before: None,
                samples,
            };
            let data_type = data_type.to_owned();
            let values = if unique { Vec::new() } else { statistics.samples.clone() };
            let column =
                Column { name, data_type, values, nullable, comment, primary_key, unique, ..Column::default() };
            ((column, key), statistics)
        },
    )
}

proptest! {
    #[test]
    fn any_table_gets_a_sound_description(
        name in any_name(),
        kind in prop_oneof![Just(AssetKind::Table), Just(AssetKind::View), Just(AssetKind::MaterializedView)],
        comment in prop::option::of(any_name()),
        columns in prop::collection::vec(any_column(), 0..6),
        referenced_by in prop::collection::vec(any_name(), 0..8),
        sampled_rows in any::<i64>(),
        alternatives in 1..=5,
        verbosity in prop_oneof![Just(Verbosity::Brief), Just(Verbosity::Detailed), Just(Verbosity::Comprehensive)],
    ) {
        let (columns, statistics): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let (columns, keys): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let one = TableDetail {
            database: None,
            schema: "public".to_owned(),
            table: Table { name, kind, comment, row_estimate: Some(sampled_rows), partition_of: None },
            columns,
            foreign_keys: keys.into_iter().flatten().collect(),
            unique_keys: Vec::new(),
            referenced_by,
            definition: None,
            rules: Rules::default(),
            problems: Problems::default(),
        };
        let statistics =
            TableStatistics { sampled_rows, complete: true, columns: statistics, ..TableStatistics::default() };
        let options = RunOptions { alternatives, verbosity, ..options() };
        let drafts = describe(&one, Some(&statistics), &options);
        prop_assert_eq!(drafts.len(), one.columns.len() + 1);
        for draft in drafts.iter().flatten() {
            let texts: std::collections::BTreeSet<&str> =
                draft.alternatives.iter().map(|one| one.text.as_str()).collect();
            prop_assert_eq!(texts.len(), draft.alternatives.len(), "alternatives repeat: {:?}", draft);
            prop_assert!((1..=usize::try_from(alternatives).unwrap()).contains(&draft.alternatives.len()));
            for one in &draft.alternatives {
                prop_assert!(one.text.chars().any(char::is_alphanumeric), "empty: {:?}", draft);
                prop_assert!((0.0..=1.0).contains(&one.confidence));
                prop_assert!(!one.text.contains(['\n', '\r', '\0']), "control character: {:?}", one.text);
            }
            prop_assert!(!draft.evidence.is_empty());
        }
        prop_assert_eq!(drafts, describe(&one, Some(&statistics), &options));
    }
}

#[test]
fn an_ambiguous_abbreviation_says_so_and_offers_its_other_sense() {
    let drafts = describe(&table("jobs", vec![column("st", "text")]), None, &options());
    let draft = drafts[1].as_ref().unwrap();
    let texts: Vec<&str> = draft.alternatives.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["ST of the job.", "Status of the job.", "State of the job."]);
    assert!(draft.alternatives[0].confidence < 0.5);
    assert!(draft.reasoning.as_ref().unwrap().contains("`st` may mean status"), "{draft:?}");
}

#[test]
fn the_neighbours_decide_what_an_abbreviation_means() {
    let weather = table("reading", vec![column("temp", "real"), column("humidity", "real"), column("sensor", "text")]);
    let drafts = describe(&weather, None, &options());
    assert_eq!(drafts[1].as_ref().unwrap().alternatives[0].text, "Temperature of the reading.");
}

/// Options that the builtin describer ignores cause one warning, wherever they are set.
#[tokio::test]
async fn ignored_options_cause_a_warning() {
    let target = crate::harness::SqliteTarget::with_tables(1, 2);
    let server = crate::harness::Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let warnings = async |run: &str| -> Vec<String> {
        let events = server.events(run, 0).await;
        let warned = events.iter().filter(|event| event["type"] == "WARNING");
        warned.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    };
    let input =
        |options: serde_json::Value| serde_json::json!({ "targets": [{ "dbProfileId": db }], "options": options });
    let silent = server.start_run(input(serde_json::json!({ "verbosity": "BRIEF", "instructions": "  " }))).await;
    assert_eq!(warnings(&silent).await, [""; 0]);
    let run = server.start_run(input(serde_json::json!({ "instructions": "In French.", "temperature": 0.9 }))).await;
    let told = warnings(&run).await;
    assert!(told.len() == 1 && told[0].contains("ignores `instructions`, `temperature`;"), "{told:?}");
    let rerun = "mutation($run: ID!) { rerun(input: { runId: $run, instructions: \"In French.\" }) { runs { id } } }";
    let again = server.data(rerun, serde_json::json!({ "run": silent })).await;
    let told = warnings(again["rerun"]["runs"][0]["id"].as_str().unwrap()).await;
    assert!(told.len() == 1 && told[0].contains("ignores `instructions`;"), "{told:?}");
    let generate = "mutation($input: GenerateInput!) { generate(input: $input) { runs { id } } }";
    let draft = serde_json::json!({ "dbProfileId": db, "schema": "main", "table": "t01",
        "options": { "instructions": "In French." } });
    let drafted = server.data(generate, serde_json::json!({ "input": draft })).await;
    let told = warnings(drafted["generate"]["runs"][0]["id"].as_str().unwrap()).await;
    assert_eq!(told.len(), 1, "{told:?}");
}
