//! The suite that every kind of database passes, over a schema of names and types that are hard to handle.

use std::fmt::Write as _;

use gloss::{
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, ForeignKey, TableDetail, TableStatistics},
    },
    port::target::{SampleLimits, Target},
    target::quote::{ansi, backtick},
};

use super::{open, open_with_views, rights, sqlite_url};
use crate::services;

/// The differences between the databases.
struct Fixture {
    quote: fn(&str) -> String,
    /// The schema that contains the tables.
    schema: String,
    /// A second schema, if the database supports one.
    other: Option<String>,
    database: Option<String>,
    materialized: bool,
    /// The spelling of types: the key, a text of 20 characters, a number with two decimals, JSON, bytes, and an
    /// enumeration.
    types: [&'static str; 6],
    /// The prefix of the result of `test`.
    greeting: &'static str,
}

const RESERVED: &str = "Order";
const WEIRD: &str = "we\"ird. ta`ble ä名'";
const NEWLINE: &str = "new\nline";

/// Returns the statements that create the hostile schema, without comments and features of a single database.
fn tables(fixture: &Fixture) -> String {
    let q = fixture.quote;
    let at = |table: &str| format!("{}.{}", q(&fixture.schema), q(table));
    let [key, text, money, json, bytes, mood] = fixture.types;
    let mut script = format!(
        "CREATE TABLE {reserved} ({id} {key} NOT NULL PRIMARY KEY, {select} {text} NOT NULL, {price} {money}, \
           {double} {money} GENERATED ALWAYS AS ({price} * 2) STORED, {data} {json}, {raw} {bytes}, {mood_name} \
           {mood}, {code} {text} UNIQUE);\n\
         CREATE TABLE {weird} ({a} {key} NOT NULL, {c} {text} NOT NULL, {e} {text}, {g} {text}, {newline} {text}, \
           PRIMARY KEY ({a}, {c}));\n\
         CREATE TABLE {child} ({id} {key} NOT NULL PRIMARY KEY, {order_id} {key} REFERENCES {reserved_ref} ({id}), {a} \
           {key}, {c} {text}, CONSTRAINT {key_name} FOREIGN KEY ({order_id}) REFERENCES {reserved_ref} ({id}), \
           FOREIGN KEY ({a}, {c}) REFERENCES {weird_ref} ({a}, {c}), UNIQUE ({a}, {c}));\n\
         CREATE TABLE {empty} ({id} {key} NOT NULL PRIMARY KEY, {c} {text});\n\
         CREATE VIEW {view} AS SELECT {id} AS {top}, {select} FROM {reserved};\n\
         CREATE TABLE {hidden} (kind {text}, x {key});\n",
        reserved = at(RESERVED),
        weird = at(WEIRD),
        child = at("child"),
        empty = at("empty"),
        view = at("a view"),
        hidden = at("gloss_comments"),
        // SQLite accepts no schema here.
        reserved_ref = if fixture.other.is_some() { at(RESERVED) } else { q(RESERVED) },
        weird_ref = if fixture.other.is_some() { at(WEIRD) } else { q(WEIRD) },
        id = q("id"),
        select = q("select"),
        price = q("price"),
        double = q("Double Price"),
        data = q("data"),
        raw = q("raw"),
        mood_name = q("mood"),
        code = q("code"),
        a = q("a b"),
        c = q("c.d"),
        e = q("e\"f"),
        g = q("g`h"),
        newline = q(NEWLINE),
        order_id = q("order id"),
        key_name = q("to order"),
        top = q("TOP"),
    );
    if let Some(other) = &fixture.other {
        writeln!(
            script,
            "CREATE TABLE {}.{} ({} {key} NOT NULL PRIMARY KEY REFERENCES {} ({}), \
               FOREIGN KEY ({}) REFERENCES {} ({}));",
            q(other),
            q("far"),
            q("id"),
            at(RESERVED),
            q("id"),
            q("id"),
            at(RESERVED),
            q("id"),
        )
        .unwrap();
    }
    for id in 1..=20 {
        let (price, code) =
            if id % 4 == 0 { ("NULL".to_owned(), "NULL".to_owned()) } else { (format!("{id}.50"), format!("'c{id}'")) };
        let moods = ["'happy'", "'sad'"];
        writeln!(
            script,
            "INSERT INTO {} ({}, {}, {}, {}, {}, {}, {}) \
               VALUES ({id}, 'value {}', {price}, '{{\"n\": {id}}}', NULL, {}, {code});",
            at(RESERVED),
            q("id"),
            q("select"),
            q("price"),
            q("data"),
            q("raw"),
            q("mood"),
            q("code"),
            "x".repeat(3),
            moods[id % 2],
        )
        .unwrap();
    }
    writeln!(script, "INSERT INTO {} VALUES (1, 'k', 'it''s', '`', 'ä'), (2, 'k', NULL, NULL, NULL);", at(WEIRD))
        .unwrap();
    script
}

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my shop's.db");
    let fixture = Fixture {
        quote: ansi,
        schema: "main".to_owned(),
        other: None,
        database: Some("my shop's".to_owned()),
        materialized: false,
        types: ["INTEGER", "VARCHAR(20)", "DECIMAL(10,2)", "JSON", "BLOB", "TEXT"],
        greeting: "SQLite 3.",
    };
    let script = tables(&fixture)
        + &format!(
            "DROP TABLE gloss_comments;
             CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
               column_name TEXT DEFAULT '', comment TEXT NOT NULL);
             INSERT INTO gloss_comments VALUES ('TABLE', 'Order', NULL, 'Orders, it''s so'),
               ('COLUMN', 'Order', 'select', 'What was chosen'), ('VIEW', 'a view', '', 'Looks'),
               ('DATABASE', '', '', 'The shop'), ('SCHEMA', '', '', 'All of it');
             CREATE VIEW broken AS SELECT * FROM {};
             CREATE VIRTUAL TABLE words USING fts5(body);
             INSERT INTO words VALUES ('some words');",
            ansi("no such table")
        );
    services::load_sqlite(&file, &script).await;
    let page = include_str!("../../../docs/least-rights.md");
    assert!(page.contains("shop.db?mode=ro"), "the recipe's URL");
    let target = open_with_views(&(sqlite_url(&file) + "?mode=ro"));
    conforms(&fixture, &*target).await;
    assert!(!target.can_write_comments().await.unwrap());
    let target = open(&sqlite_url(&file), None).unwrap();
    view_is_not_read(&fixture, &*target).await;

    assert_eq!(target.databases().await.unwrap()[0].comment.as_deref(), Some("The shop"));
    assert_eq!(target.schemas(None).await.unwrap()[0].comment.as_deref(), Some("All of it"));
    let tables = target.tables(None, "main").await.unwrap();
    let view = tables.iter().find(|table| table.name == "a view").unwrap();
    assert_eq!(view.comment.as_deref(), Some("Looks"));
    let broken = target.details(None, "main", &["broken".to_owned(), RESERVED.to_owned()]).await.unwrap();
    assert_eq!((broken[0].columns.len(), broken[1].columns.len()), (0, 8));
    let words: Vec<_> = tables.iter().filter(|table| table.name.starts_with("words")).collect();
    assert_eq!(words.len(), 1, "the shadow tables of a virtual table are hidden");
    let words = target.details(None, "main", &["words".to_owned()]).await.unwrap();
    assert_eq!(statistics(&*target, &words[0]).await.columns[0].samples, ["some words"]);
    assert!(target.can_write_comments().await.unwrap());
}

#[tokio::test]
async fn postgres() {
    let Some(service) = services::postgres().await else { return };
    let (_, database) = service.fresh_database().await;
    let fixture = Fixture {
        quote: ansi,
        schema: "We.ird \"Schema\" 🙂".to_owned(),
        other: Some("other".to_owned()),
        database: Some(database.clone()),
        materialized: true,
        types: ["integer", "character varying(20)", "numeric(10,2)", "jsonb", "bytea", "public.\"Mood\""],
        greeting: "PostgreSQL 1",
    };
    let at = |name: &str| format!("{}.{}", ansi(&fixture.schema), ansi(name));
    let (owner, login) = (format!("owner_{database}"), format!("reader_{database}"));
    let script = format!(
        "CREATE ROLE {owner}; ALTER DATABASE {database} OWNER TO {owner}; SET SESSION AUTHORIZATION {owner};
         CREATE SCHEMA {}; CREATE SCHEMA other; CREATE TYPE public.\"Mood\" AS ENUM ('happy', 'sad');\n",
        ansi(&fixture.schema)
    ) + &tables(&fixture)
        + &format!(
            "COMMENT ON TABLE {0} IS 'Orders, it''s so'; COMMENT ON COLUMN {0}.\"select\" IS 'What was chosen';
             CREATE MATERIALIZED VIEW {1} AS SELECT * FROM {0}; COMMENT ON SCHEMA {2} IS 'All of it';
             COMMENT ON DATABASE {database} IS 'The shop';
             CREATE TABLE parts (id int, at date) PARTITION BY RANGE (id);
             CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
             INSERT INTO parts SELECT n, date '2024-02-01' + n FROM generate_series(1, 50) n;
             CREATE TABLE exotic (p point, r int4range, a text[], u uuid, b boolean, i inet, t timestamptz, f float8,
               z interval, x xml, v tsvector, l text);
             INSERT INTO exotic VALUES ('(1,2)', '[1,5)', '{{a,b}}', '00000000-0000-0000-0000-000000000001', true,
               '10.0.0.1', '2024-01-02 03:04:05+02', 'NaN', '1 day', '<a/>', 'a b', repeat('ä', 300));
             CREATE VIEW fails AS SELECT id, 1 / (id - 5) AS q, id * 2 AS d FROM parts;
             ANALYZE {0}; RESET SESSION AUTHORIZATION;\n",
            at(RESERVED),
            at("mat"),
            ansi(&fixture.schema),
        )
        + &rights::postgres(&login, &owner, &database, &[ansi(&fixture.schema), ansi("other"), ansi("public")]);
    service.run(Some(&database), &script).await;
    let url = service.url_for(&format!("{login}:{}", rights::PASSWORD), &database);
    view_is_not_read(&fixture, &*open(&url, None).unwrap()).await;
    let target = open_with_views(&url);
    conforms(&fixture, &*target).await;

    let databases = open(&service.url_for("postgres", ""), None).unwrap().databases().await.unwrap();
    let own = databases.iter().find(|found| found.name == database).unwrap();
    assert_eq!(own.comment.as_deref(), Some("The shop"));
    assert!(databases.iter().all(|found| !found.name.starts_with("template")));
    let schemas = target.schemas(None).await.unwrap();
    let names: Vec<&str> = schemas.iter().map(|schema| schema.name.as_str()).collect();
    assert_eq!(names, [&fixture.schema, "other", "public"]);
    assert_eq!(schemas[0].comment.as_deref(), Some("All of it"));
    let tables = target.tables(None, "public").await.unwrap();
    let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["exotic", "fails", "parts", "parts_1"]);
    let partition = &tables[3];
    assert_eq!(partition.partition_of.as_ref().map(|parent| parent.table.as_str()), Some("parts"));
    assert!(tables[..3].iter().all(|table| table.partition_of.is_none()));
    assert!(target.can_write_comments().await.unwrap());

    let names = ["exotic", "fails", "parts"].map(str::to_owned);
    let details = target.details(None, "public", &names).await.unwrap();
    let exotic = statistics(&*target, &details[0]).await;
    let of = |name: &str| exotic.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!(of("a").samples, ["{a,b}"]);
    assert_eq!(of("t").minimum.as_deref(), Some("2024-01-02 01:04:05+00"));
    assert_eq!((of("u").minimum.clone(), of("u").samples.len()), (None, 1));
    assert_eq!(of("l").samples[0].chars().count(), 80);
    // One column of the view divides by zero: only that column has no values.
    let fails = statistics(&*target, &details[1]).await;
    assert_eq!(fails.columns.iter().map(|column| column.distinct).collect::<Vec<_>>(), [Some(50), None, Some(50)]);
    assert_eq!(statistics(&*target, &details[2]).await.sampled_rows, 50);
    // A database named explicitly, if the URL names none.
    let whole = open(&service.url_for("postgres", ""), None).unwrap();
    assert_eq!(whole.schemas(Some(&database)).await.unwrap(), target.schemas(None).await.unwrap());
}

#[tokio::test]
async fn mariadb() {
    let Some(service) = services::mariadb().await else { return };
    let (_, database) = service.fresh_database().await;
    let other = format!("{database} ö`'ther");
    let fixture = Fixture {
        quote: backtick,
        schema: database.clone(),
        other: Some(other.clone()),
        database: None,
        materialized: false,
        types: ["int(11)", "varchar(20)", "decimal(10,2)", "longtext", "longblob", "enum('happy','sad')"],
        greeting: "MariaDB ",
    };
    let at = |name: &str| format!("{}.{}", backtick(&database), backtick(name));
    let script = format!("CREATE DATABASE {} COMMENT 'All of it';\n", backtick(&other))
        + &tables(&fixture)
        + &format!(
            "ALTER TABLE {0} COMMENT 'Orders, it''s so'; ALTER TABLE {0} MODIFY `select` varchar(20) NOT NULL COMMENT \
                'What was chosen';
             CREATE TABLE {1} (g geometry, b bit(3), y year, d date, s set('a','b'), z datetime);
             INSERT INTO {1} VALUES (POINT(1, 2), b'101', 2024, '2024-02-03', 'a,b', '2024-01-01 10:00:00');",
            at(RESERVED),
            at("exotic"),
        )
        + &rights::mysql(&format!("reader_{database}"), &[backtick(&database), backtick(&other)]);
    service.run(None, &script).await;
    let url = service.url_for(&format!("reader_{database}:{}", rights::PASSWORD), &database);
    view_is_not_read(&fixture, &*open(&url, None).unwrap()).await;
    let target = open_with_views(&url);
    conforms(&fixture, &*target).await;

    assert_eq!(target.databases().await.unwrap()[0].name, "def");
    let schemas = target.schemas(Some("def")).await.unwrap();
    assert!(schemas.iter().any(|schema| schema.name == other && schema.comment.as_deref() == Some("All of it")));
    assert!(schemas.iter().all(|schema| !["mysql", "sys", "information_schema"].contains(&schema.name.as_str())));
    assert!(target.can_write_comments().await.unwrap());
    let exotic = target.details(None, &database, &["exotic".to_owned()]).await.unwrap();
    let found = statistics(&*target, &exotic[0]).await;
    assert_eq!(found.columns.len(), 6);
    assert_eq!(found.columns[3].minimum.as_deref(), Some("2024-02-03"));
    assert!(found.columns[0].samples.is_empty() && found.columns[1].samples.is_empty());
    // A pinned schema is the only reachable one.
    let pinned = open(&url, Some(&other)).unwrap();
    assert_eq!(pinned.schemas(None).await.unwrap().len(), 1);
    assert!(pinned.tables(None, &database).await.unwrap().is_empty());
}

/// Checks that another owner's view is not sampled by default, but a table is.
async fn view_is_not_read(fixture: &Fixture, target: &dyn Target) {
    let names = ["a view", RESERVED].map(str::to_owned);
    let details = target.details(fixture.database.as_deref(), &fixture.schema, &names).await.unwrap();
    assert_eq!(statistics(target, &details[0]).await, TableStatistics::default());
    assert_eq!(statistics(target, &details[1]).await.sampled_rows, 20);
}

/// Checks the behaviour that all databases share.
async fn conforms(fixture: &Fixture, target: &dyn Target) {
    assert_eq!(target.excess_rights().await.unwrap(), [""; 0]);
    let greeting = target.test().await.unwrap();
    assert!(greeting.starts_with(fixture.greeting), "{greeting}");
    let database = fixture.database.as_deref();

    assert!(target.schemas(database).await.unwrap().iter().any(|schema| schema.name == fixture.schema));
    assert!(target.tables(database, "no such schema").await.unwrap().is_empty());
    let tables = target.tables(database, &fixture.schema).await.unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let mut expected = vec![RESERVED, WEIRD, "a view", "child", "empty"];
    expected.extend(fixture.materialized.then_some("mat"));
    expected.sort_unstable();
    let known = |name: &&str| !["broken", "exotic", "words"].contains(name);
    assert_eq!(names.into_iter().filter(known).collect::<Vec<_>>(), expected, "sorted, without gloss_comments");
    let kind = |name: &str| tables.iter().find(|table| table.name == name).unwrap().kind;
    assert_eq!((kind("a view"), kind(WEIRD)), (AssetKind::View, AssetKind::Table));
    if fixture.materialized {
        assert_eq!(kind("mat"), AssetKind::MaterializedView);
    }
    let reserved = tables.iter().find(|table| table.name == RESERVED).unwrap();
    assert_eq!(reserved.comment.as_deref(), Some("Orders, it's so"));
    assert_eq!(reserved.row_estimate, Some(20));

    let asked = ["child", "no such table", RESERVED, WEIRD, "a view", "empty"].map(str::to_owned);
    let details = target.details(database, &fixture.schema, &asked).await.unwrap();
    let names: Vec<&str> = details.iter().map(|detail| detail.table.name.as_str()).collect();
    assert_eq!(names, ["child", RESERVED, WEIRD, "a view", "empty"], "in the order asked for");
    assert!(details.iter().all(|detail| detail.database == fixture.database));
    assert!(target.details(database, &fixture.schema, &[]).await.unwrap().is_empty());
    structure(fixture, &details);
    samples(target, &details).await;
}

fn column<'a>(detail: &'a TableDetail, name: &str) -> &'a Column {
    detail.columns.iter().find(|column| column.name == name).unwrap_or_else(|| panic!("no column {name:?}"))
}

fn structure(fixture: &Fixture, details: &[TableDetail]) {
    let [child, reserved, weird, view, empty] = details else { panic!("five") };
    let names: Vec<&str> = reserved.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "select", "price", "Double Price", "data", "raw", "mood", "code"]);
    let id = column(reserved, "id");
    assert!(id.primary_key && id.unique && !id.nullable);
    let select = column(reserved, "select");
    assert_eq!(select.comment.as_deref(), Some("What was chosen"));
    assert!(!select.nullable && !select.unique && !select.primary_key);
    let code = column(reserved, "code");
    assert!(code.unique && code.nullable && !code.primary_key);
    let types: Vec<&str> = ["id", "code", "Double Price", "data", "raw", "mood"]
        .iter()
        .map(|name| column(reserved, name).data_type.as_str())
        .collect();
    let spelled = fixture.types.map(|spelling| spelling.trim_start_matches("public."));
    assert_eq!(types, spelled);
    let mut referrers = vec!["child".to_owned()];
    referrers.extend(fixture.other.as_ref().map(|other| format!("{other}.far")));
    referrers.sort();
    assert_eq!(reserved.referenced_by, referrers);

    assert_eq!(weird.columns.iter().filter(|column| column.primary_key).count(), 2);
    assert!(weird.columns.iter().all(|column| !column.unique), "a key of two columns makes neither column unique");
    assert_eq!(weird.columns.last().map(|column| column.name.as_str()), Some(NEWLINE));
    assert_eq!(weird.referenced_by, ["child"]);

    let pair = |name: &str| (name.to_owned(), name.to_owned());
    let together = ForeignKey { schema: None, table: WEIRD.into(), columns: vec![pair("a b"), pair("c.d")] };
    let single = child.foreign_keys[0].clone();
    assert_eq!(single, ForeignKey::single("order id", RESERVED, "id"));
    assert_eq!(child.foreign_keys.last(), Some(&together), "two columns are one key");
    assert!(child.foreign_keys[..child.foreign_keys.len() - 1].iter().all(|key| *key == single));
    assert!(child.unique_keys.contains(&vec!["a b".to_owned(), "c.d".to_owned()]));
    assert!(child.unique_keys.contains(&vec!["id".to_owned()]));
    assert!(child.referenced_by.is_empty() && !column(child, "a b").unique);

    assert_eq!(view.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["TOP", "select"]);
    assert_eq!(view.table.row_estimate, None);
    assert_eq!(empty.columns.len(), 2);
}

async fn statistics(target: &dyn Target, detail: &TableDetail) -> TableStatistics {
    target.statistics(detail, SampleLimits::default()).await.unwrap()
}

async fn samples(target: &dyn Target, details: &[TableDetail]) {
    let [_, reserved, weird, view, empty] = details else { panic!("five") };
    let found = statistics(target, reserved).await;
    assert_eq!(found, statistics(target, reserved).await, "the same each time");
    assert!(found.complete);
    assert_eq!(found.sampled_rows, 20);
    assert_eq!(found.columns.len(), reserved.columns.len());
    let of = |name: &str| -> &ColumnStatistics { found.columns.iter().find(|column| column.name == name).unwrap() };
    assert_eq!((of("id").minimum.as_deref(), of("id").maximum.as_deref()), (Some("1"), Some("20")));
    assert_eq!((of("id").null_share, of("id").distinct, of("id").samples.len()), (Some(0.0), Some(20), 10));
    assert_eq!((of("price").null_share, of("price").distinct), (Some(0.25), Some(15)));
    assert!(of("price").minimum.as_deref().unwrap().starts_with("1.5"));
    assert!(of("price").maximum.as_deref().unwrap().starts_with("19.5"));
    assert_eq!(of("select").samples, ["value xxx"]);
    assert_eq!((of("raw").null_share, of("raw").samples.len()), (Some(1.0), 0));
    assert_eq!(of("mood").samples, ["happy", "sad"]);
    assert_eq!((of("data").distinct, of("data").samples.len()), (Some(20), 10));

    let weird = statistics(target, weird).await;
    assert_eq!(weird.columns[2].samples, ["it's"]);
    assert_eq!(weird.columns[3].samples, ["`"]);
    assert_eq!(weird.columns[4].null_share, Some(0.5));

    let view = statistics(target, view).await;
    assert_eq!((view.sampled_rows, view.columns[0].maximum.as_deref()), (20, Some("20")));

    let empty = statistics(target, empty).await;
    assert_eq!((empty.sampled_rows, empty.complete, empty.columns.len()), (0, true, 2));
    assert_eq!((empty.columns[0].null_share, empty.columns[0].minimum.clone()), (None, None));

    let few = SampleLimits { rows: 5, ..SampleLimits::default() };
    let few = target.statistics(reserved, few).await.unwrap();
    assert_eq!((few.sampled_rows, few.complete, few.columns[0].distinct), (5, false, Some(5)));
}
