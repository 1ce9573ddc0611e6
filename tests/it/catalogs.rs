//! Runs over catalogs that are hard to read: broken objects, user-defined types, keys of several columns, partitions.
//! Through the API of a real server, with the builtin describer.

mod checks;
mod unreadable;

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    ask,
    harness::{Server, SqliteTarget},
    services,
};

/// A run that has ended.
struct Described {
    status: String,
    /// The texts by path.
    texts: BTreeMap<String, String>,
    /// The warnings about the catalog, without those about rights: the tests' logins are administrators.
    warnings: Vec<String>,
}

impl Described {
    fn text(&self, path: &str) -> &str {
        self.texts.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", self.texts.keys()))
    }

    fn tables(&self) -> Vec<&str> {
        self.texts.keys().filter(|path| path.matches('.').count() == 1).map(String::as_str).collect()
    }
}

/// Describes a whole target; `target` holds further fields of the run's target.
async fn describe(server: &Server, url: &str, target: serde_json::Value) -> Described {
    let db = server.create_db_profile(&format!("target {url}"), url).await;
    describe_again(server, &db, target).await
}

async fn describe_again(server: &Server, db: &str, mut target: serde_json::Value) -> Described {
    target["dbProfileId"] = json!(db);
    let run = server
        .start_run(json!({ "targets": [target], "options": { "verbosity": "COMPREHENSIVE", "alternatives": 1 } }))
        .await;
    let events = server.events(&run, 0).await;
    let warnings = events
        .iter()
        .filter(|event| event["type"] == "WARNING")
        .map(|event| event["message"].as_str().unwrap().to_owned())
        .filter(|warning| !warning.starts_with("the database user of"))
        .collect();
    let query = "query ($id: ID!) { run(id: $id) { status suggestions(first: 200) {
        nodes { asset { display } description evidence { detail } } } } }";
    let run = server.data(query, json!({ "id": run })).await["run"].take();
    let text = |node: &serde_json::Value| {
        let part = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (part(&node["asset"]["display"]), part(&node["description"]))
    };
    Described {
        status: run["status"].as_str().unwrap().to_owned(),
        texts: run["suggestions"]["nodes"].as_array().unwrap().iter().map(text).collect(),
        warnings,
    }
}

/// Creates a SQLite file and changes its schema as bytes: `~` stands for `ö` in Latin-1.
fn latin1(sql: &str, table: &str) -> SqliteTarget {
    let target = SqliteTarget::new("CREATE TABLE fine (id INTEGER PRIMARY KEY, label TEXT);");
    let hex: String = sql.bytes().map(|b| if b == b'~' { "F6".to_owned() } else { format!("{b:02X}") }).collect();
    let name: String = table.bytes().map(|b| if b == b'~' { "F6".to_owned() } else { format!("{b:02X}") }).collect();
    target.execute(&format!(
        "CREATE TABLE raw (id INTEGER PRIMARY KEY, size TEXT); PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = CAST(x'{hex}' AS TEXT), name = CAST(x'{name}' AS TEXT),
           tbl_name = CAST(x'{name}' AS TEXT) WHERE name = 'raw'; PRAGMA writable_schema = OFF;"
    ));
    target
}

/// Returns the single warning about all objects whose names are not valid UTF-8.
fn left_out(count: &str, names: &str, objects: &str, them: &str) -> String {
    format!("{count} left out because {names} not valid UTF-8: {objects}. To describe {them}, rename {them}.")
}

#[tokio::test]
async fn a_name_or_type_that_is_not_utf8_affects_only_itself() {
    let server = Server::start().await;
    let column = latin1("CREATE TABLE parts (id INTEGER PRIMARY KEY, gr~sse TEXT)", "parts");
    let found = describe(&server, &column.url(), json!({})).await;
    assert_eq!(found.status, "READY_FOR_REVIEW");
    assert_eq!(found.tables(), ["main.fine", "main.parts"]);
    assert_eq!(found.texts.keys().filter(|path| path.starts_with("main.parts.")).count(), 1);
    let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
    assert_eq!(warning, &left_out("1 object is", "its name is", r"column `main.parts.gr\xF6sse`", "it"));

    let table = latin1("CREATE TABLE gr~ssen (id INTEGER PRIMARY KEY)", "gr~ssen");
    let found = describe(&server, &table.url(), json!({})).await;
    assert_eq!((found.status.as_str(), found.tables()), ("READY_FOR_REVIEW", vec!["main.fine"]));
    assert_eq!(found.warnings, [left_out("1 object is", "its name is", r"table `main.gr\xF6ssen`", "it")]);

    let typed = latin1("CREATE TABLE parts (id INTEGER PRIMARY KEY, size W~hrung)", "parts");
    let found = describe(&server, &typed.url(), json!({})).await;
    assert_eq!(found.text("main.parts.size"), "Size of the part.");
    assert!(matches!(found.warnings.as_slice(), [one] if one.contains("type of `parts.size`")), "{:?}", found.warnings);
}

#[tokio::test]
async fn a_comment_that_is_not_utf8_is_left_out_and_never_replaced() {
    let server = Server::start().await;
    let target = SqliteTarget::new(
        "CREATE TABLE parts (id INTEGER PRIMARY KEY, size TEXT);
         CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
           column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
         INSERT INTO gloss_comments VALUES ('COLUMN', 'parts', 'size', CAST(x'4772F6' AS TEXT)),
           ('COLUMN', 'parts', 'id', 'The number on the box');",
    );
    let db = server.create_db_profile("target", &target.url()).await;
    let found = describe_again(&server, &db, json!({})).await;
    assert_eq!(found.text("main.parts.size"), "Size of the part.");
    assert!(found.text("main.parts.id").contains("The number on the box"));
    assert!(matches!(found.warnings.as_slice(), [one] if one.contains("comment of `parts.size`")));
}

#[tokio::test]
async fn a_definition_that_sqlite_cannot_execute_affects_only_its_table() {
    let server = Server::start().await;
    let target = SqliteTarget::new(
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO plain VALUES (1, 'a');
         CREATE TABLE tags (tag TEXT NOT NULL PRIMARY KEY, usn INTEGER NOT NULL) WITHOUT ROWID;
         CREATE TABLE gone (id INTEGER); CREATE VIEW broken AS SELECT id FROM gone; DROP TABLE gone;
         CREATE VIEW mending AS SELECT no_such_function(id) AS x FROM plain;
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE tags (tag TEXT NOT NULL PRIMARY KEY COLLATE unicase,
           usn INTEGER NOT NULL) WITHOUT ROWID' WHERE name = 'tags';
         INSERT INTO sqlite_schema VALUES ('table', 'spatial', 'spatial', 0, 'CREATE VIRTUAL TABLE spatial USING \
         nowhere');
         PRAGMA writable_schema = OFF;",
    );
    let found = describe(&server, &target.url(), json!({})).await;
    assert_eq!(found.status, "READY_FOR_REVIEW");
    assert_eq!(found.tables(), ["main.broken", "main.mending", "main.plain", "main.spatial", "main.tags"]);
    assert!(found.texts.contains_key("main.tags.usn"));
    let says = |words: &[&str]| {
        let all = |warning: &&String| words.iter().all(|word| warning.contains(word));
        assert_eq!(found.warnings.iter().filter(all).count(), 1, "{words:?}: {:?}", found.warnings);
    };
    says(&["rows of `tags`", "collation"]);
    says(&["`spatial`", "module `nowhere`"]);
    says(&["`broken`", "main.gone"]);
}

/// Creates a database with the encoding `SQL_ASCII` from a script in which `~` stands for `ö` in Latin-1, and returns
/// its URL.
async fn sql_ascii(service: &services::Service, script: &str) -> String {
    let (url, name) = service.fresh_database().await;
    let name = format!("{name}_ascii");
    service.run(None, &format!("CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0;")).await;
    let bytes: String = script.bytes().map(|b| if b == b'~' { "f6".to_owned() } else { format!("{b:02x}") }).collect();
    let run = format!("DO $$ BEGIN EXECUTE convert_from(decode('{bytes}', 'hex'), 'SQL_ASCII'); END $$;");
    service.run(Some(&name), &run).await;
    let mut ascii = url::Url::parse(&url).unwrap();
    ascii.set_path(&name);
    ascii.to_string()
}

#[tokio::test]
async fn invalid_bytes_in_a_sql_ascii_database_affect_only_themselves() {
    let Some(service) = services::postgres().await else { return };
    let long = "ä".repeat(200);
    let script = format!(
        "CREATE TABLE parts (id int PRIMARY KEY, size text, gr~sse int, note text);
         INSERT INTO parts VALUES (1, 'g~', 3, '{long}'), (2, 'plain', 4, 'größer');
         COMMENT ON COLUMN parts.size IS 'G~'; CREATE TYPE mood AS ENUM ('~'); ALTER TABLE parts ADD mood mood;
         CREATE TABLE t~ (id int); CREATE VIEW v~ AS SELECT id FROM parts;
         CREATE SCHEMA größe; CREATE TABLE größe.maß (id int);
         CREATE SCHEMA s~; CREATE TABLE s~.lost (id int);"
    );
    let url = sql_ascii(service, &script).await;
    let server = Server::start().await;
    let db = server.create_db_profile("target", &url).await;
    let found = describe_again(&server, &db, json!({})).await;
    assert_eq!((found.status.as_str(), found.tables()), ("READY_FOR_REVIEW", vec!["größe.maß", "public.parts"]));
    assert_eq!(found.text("public.parts.size"), "Size of the part.");
    assert_eq!(found.texts.len(), 7, "{:?}", found.texts);
    let names = r"schema `s\xF6`, table `public.t\xF6`, view `public.v\xF6`, column `public.parts.gr\xF6sse`";
    assert_eq!(found.warnings[0], left_out("4 objects are", "their names are", names, "them"));
    for part in ["comment of `parts.size`", "list of values of `parts.mood`"] {
        assert_eq!(found.warnings.iter().filter(|one| one.contains(part)).count(), 1, "{part}: {:?}", found.warnings);
    }
    assert_eq!(found.warnings.len(), 3, "{:?}", found.warnings);
    // If the scope names a table, other tables are not read.
    let named = json!({ "schemas": [{ "name": "public", "tables": [{ "name": "parts" }] }] });
    let found = describe_again(&server, &db, named).await;
    let names = r"column `public.parts.gr\xF6sse`";
    assert_eq!(found.warnings[0], left_out("1 object is", "its name is", names, "it"));
}

#[tokio::test]
async fn a_warning_shows_ten_of_many_names_that_are_not_utf8() {
    let Some(service) = services::postgres().await else { return };
    let tables: Vec<String> = (10..23).map(|n| format!("CREATE TABLE t{n}~ (id int); ")).collect();
    let script = tables.concat() + "CREATE TABLE fine (id int);";
    let server = Server::start().await;
    let found = describe(&server, &sql_ascii(service, &script).await, json!({})).await;
    assert_eq!(found.tables(), ["public.fine"]);
    let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
    assert!(
        warning.starts_with("13 objects are left out") && warning.contains(r"table `public.t19\xF6` and 3 more."),
        "{warning}"
    );
}

#[tokio::test]
async fn types_of_the_databases_own_are_what_the_catalog_says() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let script = "CREATE SCHEMA paint;
         CREATE TYPE paint.print_state AS ENUM ('queued', 'printed');
         CREATE TYPE paint.candidate_level AS ENUM ('black and white', 'it''s ok', 'happy, very', 'back\\slash');
         CREATE DOMAIN paint.point_total AS int; CREATE DOMAIN paint.points AS paint.point_total NOT NULL;
         CREATE DOMAIN paint.day AS date; CREATE DOMAIN paint.booleanish AS text;
         CREATE TABLE paint.job (job_id int PRIMARY KEY, hue paint.print_state, level paint.candidate_level,
           score paint.points, made paint.day, z paint.booleanish,
           snowflake_number bigint, balance numeric(40, 2), opens time, lasted interval, seen_at timestamptz);
         INSERT INTO paint.job VALUES
           (1, 'queued', 'it''s ok', 3, '0044-03-15 BC', 'x', 1498392753700442114, 12345678901234567890.12, '09:00',
             '2 hours', '15000-12-31 23:40+00'),
           (2, 'printed', 'happy, very', 5, '20245-01-07', 'y', 9007199254740993, 0.10, '24:00', '-1 day',
             '0001-12-31 23:40+00 BC'),
           (3, 'queued', 'it''s ok', 4, '0500-01-01 BC', 'z', 9007199254740995, 5, '00:00', '100 years', \
           '2024-06-01');";
    service.run(Some(&database), script).await;
    let server = Server::start().await;
    let found = describe(&server, &url, json!({})).await;
    for (column, text) in [
        ("hue", "One of queued or printed"),
        ("level", "One of `black and white`, `it's ok`, `happy, very` or `back\\slash`."),
        ("score", "Ranges from 3 to 5"),
        ("made", "Ranges from 0500-01-01 BC to 20245-01-07"),
        ("snowflake_number", "Ranges from 9007199254740993 to 1498392753700442114"),
        ("balance", "Ranges from 0.1 to 12345678901234567890.12"),
        ("opens", "Ranges from 00:00:00 to 24:00:00"),
        ("lasted", "Ranges from -1 days to 100 years"),
        ("seen_at", "Ranges from 0001-12-31 BC to 15000-12-31"),
    ] {
        let said = found.text(&format!("paint.job.{column}"));
        assert!(said.contains(text), "{column}: {said}");
    }
    assert!(found.text("paint.job.z").contains("Holds text"), "{}", found.text("paint.job.z"));
    // A domain over a domain that is not null.
    let query = "{ dbProfiles { name databases { schemas(name: \"paint\") { tables { nodes { columns { name nullable } \
        } } } } } }";
    let data = server.data(query, json!({})).await.to_string();
    assert!(data.contains("\"name\":\"score\",\"nullable\":false"), "{data}");
}

#[tokio::test]
async fn values_of_an_enumeration_in_mariadb_are_exact() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let script = "CREATE TABLE film (film_id int PRIMARY KEY, color_mode enum('black and white','color','tinted and \
        toned'),
         label_kind enum('5''','6'''), odd enum('a,b','c\\\\d','Ä'), parts set('date','time'), big bigint unsigned);
         INSERT INTO film VALUES (1, 'color', '5''', 'Ä', 'date', 18446744073709551615), (2, NULL, NULL, NULL, NULL, \
         9);";
    service.run(Some(&database), script).await;
    let server = Server::start().await;
    let found = describe(&server, &url, json!({ "schemas": [{ "name": database }] })).await;
    for (column, text) in [
        ("color_mode", "One of `black and white`, `color` or `tinted and toned`"),
        ("label_kind", "One of `5'` or `6'`"),
        ("odd", "One of `a,b`, `c\\d` or `Ä`"),
        ("parts", "Any combination of date and time"),
        ("big", "from 9 to 18446744073709551615"),
    ] {
        let said = found.text(&format!("{database}.film.{column}"));
        assert!(said.contains(text), "{column}: {said}");
    }
}

/// Keys of several columns: a thing that refers, one that moves (no pair is unique), a part of the thing, and links
/// with and without a unique key.
const KEYS: &str = "CREATE TABLE warehouse_bin (warehouse_id int NOT NULL, bin_no int NOT NULL,
      PRIMARY KEY (warehouse_id, bin_no));
    CREATE TABLE bin_move (bin_move_id int PRIMARY KEY, warehouse_id int NOT NULL, bin_no int NOT NULL,
      FOREIGN KEY (warehouse_id, bin_no) REFERENCES warehouse_bin (warehouse_id, bin_no));
    CREATE TABLE bin_label (warehouse_id int NOT NULL, bin_no int NOT NULL, label varchar(20),
      PRIMARY KEY (warehouse_id, bin_no),
      FOREIGN KEY (warehouse_id, bin_no) REFERENCES warehouse_bin (warehouse_id, bin_no));
    CREATE TABLE product (product_id int PRIMARY KEY);
    CREATE TABLE supplier (supplier_id int PRIMARY KEY);
    CREATE TABLE offer (product_id int NOT NULL, supplier_id int NOT NULL,
      FOREIGN KEY (product_id) REFERENCES product (product_id),
      FOREIGN KEY (supplier_id) REFERENCES supplier (supplier_id));
    CREATE TABLE contract (product_id int NOT NULL, supplier_id int NOT NULL, PRIMARY KEY (product_id, supplier_id),
      FOREIGN KEY (product_id) REFERENCES product (product_id),
      FOREIGN KEY (supplier_id) REFERENCES supplier (supplier_id));";

async fn keys_are_one_reference(server: &Server, url: &str, schema: &str) {
    let db = server.create_db_profile(&format!("target {url}"), url).await;
    let found = describe_again(server, &db, json!({ "schemas": [{ "name": schema }] })).await;
    let text = |path: &str| found.text(&format!("{schema}.{path}")).to_owned();
    for table in ["bin_move", "bin_label"] {
        let said = text(table);
        assert!(said.contains("Each row refers to a warehouse bin.") && !said.contains("pair"), "{said}");
        let said = text(&format!("{table}.bin_no"));
        let together = "Refers, together with `warehouse_id`, to warehouse_bin (warehouse_id, bin_no).";
        assert!(said.contains(together), "{said}");
    }
    assert!(text("contract").contains("one row for each pair"), "{}", text("contract"));
    assert!(text("offer").starts_with("Links products and suppliers.") && !text("offer").contains("pair"));
    let query = "query ($id: ID!, $schema: String!) { dbProfile(id: $id) { databases { schemas(name: $schema) {
        tables(name: \"bin_move\") { nodes { columns { name references } } } } } } }";
    let data = server.data(query, json!({ "id": db, "schema": schema })).await.to_string();
    assert!(data.contains("\"name\":\"bin_no\",\"references\":\"warehouse_bin (warehouse_id, bin_no)\""), "{data}");
    let question = format!("How does {schema}.bin_move join {schema}.warehouse_bin?");
    let answer = ask::asked(server, json!({ "question": question, "dbProfileIds": [db] })).await.answer;
    let step = format!(
        "1. [{schema}.bin_move.warehouse_id] and [{schema}.bin_move.bin_no] together refer to \
         [{schema}.warehouse_bin.warehouse_id] and [{schema}.warehouse_bin.bin_no]"
    );
    assert!(answer.contains(&step) && !answer.contains("2. "), "{answer}");
}

#[tokio::test]
async fn a_foreign_key_of_several_columns_is_one_reference() {
    let server = Server::start().await;
    keys_are_one_reference(&server, &SqliteTarget::new(KEYS).url(), "main").await;
    if let Some(service) = services::postgres().await {
        let (url, database) = service.fresh_database().await;
        service.run(Some(&database), KEYS).await;
        keys_are_one_reference(&server, &url, "public").await;
    }
    if let Some(service) = services::mariadb().await {
        let (url, database) = service.fresh_database().await;
        service.run(Some(&database), KEYS).await;
        keys_are_one_reference(&server, &url, &database).await;
    }
}

const PARTITIONS: &str = "CREATE TABLE customer (id int PRIMARY KEY);
    CREATE SCHEMA store;
    CREATE TABLE measure (id int, at date NOT NULL, customer_id int REFERENCES customer, shop_id int,
      PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE measure_2024 PARTITION OF measure FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
      PARTITION BY RANGE (at);
    CREATE TABLE measure_2024_1 PARTITION OF measure_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
    CREATE TABLE store.measure_rest PARTITION OF measure DEFAULT;
    CREATE TABLE shop (id int PRIMARY KEY);
    ALTER TABLE measure_2024_1 ADD FOREIGN KEY (shop_id) REFERENCES shop;
    CREATE TABLE note (note_id int PRIMARY KEY, measure_id int, measure_at date,
      FOREIGN KEY (measure_id, measure_at) REFERENCES measure (id, at));
    CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE kid (extra int) INHERITS (parent);
    INSERT INTO customer VALUES (1);
    INSERT INTO measure SELECT n, date '2024-01-01' + n, 1 FROM generate_series(0, 99) n;
    INSERT INTO measure SELECT n, date '2030-01-01', 1 FROM generate_series(1, 50) n; ANALYZE;";

#[tokio::test]
async fn partitions_are_described_through_their_parent() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    service.run(Some(&database), PARTITIONS).await;
    let server = Server::start().await;
    let db = server.create_db_profile("target", &url).await;
    let found = describe_again(&server, &db, json!({})).await;
    let expected = ["public.customer", "public.kid", "public.measure", "public.note", "public.parent", "public.shop"];
    assert_eq!(found.tables(), expected);
    let measure = found.text("public.measure");
    assert!(measure.contains("customer") && measure.contains("shop") && measure.contains("150 rows"), "{measure}");
    assert!(measure.contains("Referred to by note."), "{measure}");
    let customer = found.text("public.customer");
    assert!(customer.contains("Referred to by measure.") && !customer.contains("2024"), "{customer}");
    assert!(found.text("public.shop").contains("Referred to by measure."), "{}", found.text("public.shop"));
    let at = found.text("public.measure.at");
    assert!(at.contains("2024-01-01 to 2030-01-01"), "{at}");

    let each = describe_again(&server, &db, json!({ "partitions": "EACH" })).await;
    assert_eq!(each.tables().len(), expected.len() + 3, "{:?}", each.tables());
    let named = json!({ "schemas": [{ "name": "public", "tables": [{ "name": "measure_2024_1" }] }] });
    let named = describe_again(&server, &db, named).await;
    assert_eq!(named.tables(), ["public.measure_2024_1"]);
    assert!(named.text("public.measure_2024_1").contains("shop"));
}
