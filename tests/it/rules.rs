//! Descriptions tell what a database enforces, computes and shows in its rows: checks, defaults, generated columns,
//! partitions, tables one key away, and columns that go together.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::{
    harness::{ScriptedModel, Server, SqliteTarget, llm_input},
    neighbours::{Found, accept, described},
    services,
};

const BOOKINGS: &str = "
    CREATE TABLE t001 (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE bookings (
        id INTEGER PRIMARY KEY,
        t001_id INTEGER REFERENCES t001 (id),
        seats INTEGER NOT NULL DEFAULT 1 CHECK (seats BETWEEN 1 AND 9),
        price REAL CHECK (price >= 0),
        fare REAL GENERATED ALWAYS AS (seats * price) VIRTUAL,
        status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid')),
        departure_date TEXT, arrival_date TEXT, first_departure TEXT,
        channel TEXT, seen_at DATETIME DEFAULT CURRENT_TIMESTAMP,
        CHECK (arrival_date >= departure_date));
    CREATE TRIGGER note_booking AFTER INSERT ON bookings BEGIN SELECT 1; END;
    CREATE VIEW paid_bookings AS SELECT departure_date AS day, channel AS via FROM bookings WHERE status = 'paid';
    INSERT INTO t001 (id) VALUES (1), (2), (3), (4);";

fn bookings() -> SqliteTarget {
    let mut script = BOOKINGS.to_owned();
    for row in 0..40 {
        let (leaves, arrives) =
            (format!("2026-03-{:02}", row % 20 + 1), format!("2026-03-{:02}", row % 20 + row % 3 + 1));
        let at = row % 3 + 1;
        writeln!(
            script,
            "INSERT INTO bookings (t001_id, price, departure_date, arrival_date, first_departure, channel) \
             VALUES ({at}, {row}, '{leaves}', '{arrives}', '{leaves}', 'web');"
        )
        .unwrap();
    }
    SqliteTarget::new(&script)
}

fn evidence(found: &Value) -> String {
    found["evidence"].to_string()
}

#[tokio::test]
async fn what_a_database_enforces_and_its_rows_show_is_told() {
    let target = bookings();
    let server = Server::start().await;
    let profile = server.create_db_profile("travel", &target.url()).await;
    let first = described(&server, &profile, &["t001"], json!({})).await;
    accept(&server, &first["main.t001"], "Companies of the group.").await;
    let all = described(&server, &profile, &[], json!({})).await;
    let of = |column: &str| &all[&format!("main.bookings.{column}")];
    let says = |column: &str, part: &str| {
        let text = of(column)["finalText"].as_str().unwrap();
        assert!(text.contains(part), "{part:?} is missing in {text:?}");
    };
    says("seats", "From 1 to 9.");
    says("price", "Not negative.");
    says("fare", "Computed from seats and price.");
    says("status", "One of open or paid. The default is open.");
    says("arrival_date", "Not before `departure_date`.");
    says("first_departure", "Equal to `departure_date` in every row seen.");
    says("channel", "Has the value web in every row seen.");
    says("seen_at", "Set to the current time unless a value is given.");
    says("t001_id", "About t001: Companies of the group.");
    assert!(evidence(of("t001_id")).contains("3 of 4 rows of t001 occur"), "{}", of("t001_id"));
    assert!(evidence(of("arrival_date")).contains("Never before `departure_date`"), "{}", of("arrival_date"));
    assert!(evidence(&all["main.bookings"]).contains("note_booking"), "{}", all["main.bookings"]);
    // The rows of a view are not read, but those of its tables are.
    let via = &all["main.paid_bookings.via"];
    assert!(evidence(via).contains("1 distinct value"), "{via}");
    assert!(evidence(&all["main.paid_bookings.day"]).contains("ISO dates"), "{}", all["main.paid_bookings.day"]);

    // Models see the same.
    let model = ScriptedModel::builder().start().await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    described(&server, &profile, &["bookings"], json!({ "llmProfileId": llm })).await;
    let asked = model.recorded();
    let prompt = asked.iter().find(|one| one.asks_for("main.bookings.fare")).unwrap().text("user");
    for part in [
        "generated as \"seats * price\"",
        // Whatever comes from a database cannot end the list of facts.
        "rows satisfy \"arrival_date ›= departure_date\"",
        "triggers \"note_booking\"",
        "\"t001\" is described as \"Companies of the group.\"",
    ] {
        assert!(prompt.contains(part), "{part:?} is missing in {prompt}");
    }
    let column = asked.iter().find(|one| one.asks_for("main.bookings.status")).unwrap().text("user");
    assert!(column.contains("defaults to \"'open'\""), "{column}");
}

#[tokio::test]
async fn excluded_tables_lend_no_statistics_to_views() {
    let target = bookings();
    let server = Server::start().await;
    let profile = server.create_db_profile("travel", &target.url()).await;
    let scope = json!({ "targets": [{ "dbProfileId": profile, "exclude": ["bookings"] }] });
    let all: Found = described(&server, &profile, &[], scope).await;
    assert!(!all.contains_key("main.bookings"));
    let via = &all["main.paid_bookings.via"];
    assert!(!evidence(via).contains("distinct") && !via.to_string().contains("web"), "{via}");
}

#[tokio::test]
async fn a_partition_is_described_as_a_part_of_its_whole() {
    let Some(service) = services::postgres().await else { return };
    let (url, _) = service.fresh_database().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let script = "
        CREATE TABLE meter_readings (id integer, read_on date NOT NULL, kwh numeric) PARTITION BY RANGE (read_on);
        COMMENT ON COLUMN meter_readings.kwh IS 'Energy since the meter was installed.';
        CREATE TABLE mr_y26 PARTITION OF meter_readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE TABLE mr_rest PARTITION OF meter_readings DEFAULT;";
    sqlx::raw_sql(script).execute(&mut connection).await.unwrap();
    let server = Server::start().await;
    let profile = server.create_db_profile("meters", &url).await;
    let tables = ["meter_readings", "mr_y26", "mr_rest"].map(|name| json!({ "name": name }));
    let scope = json!([{ "dbProfileId": profile, "schemas": [{ "name": "public", "tables": tables }] }]);
    let all = described(&server, &profile, &[], json!({ "targets": scope })).await;
    let text = |name: &str| all[&format!("public.{name}")]["finalText"].as_str().unwrap().to_owned();
    assert!(text("meter_readings").contains("Partitioned by range of read_on."), "{}", text("meter_readings"));
    let part = text("mr_y26");
    assert!(part.starts_with("One row per meter reading"), "{part}");
    let rows = "Partition of meter_readings, with the rows from '2026-01-01' to before '2027-01-01'.";
    assert!(part.contains(rows), "{part}");
    assert!(text("mr_rest").contains("with the rows that no other partition takes."), "{}", text("mr_rest"));
    assert_eq!(text("mr_y26.kwh"), "Energy since the meter was installed.");
}
