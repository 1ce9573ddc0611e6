//! Traps in PostgreSQL.

use std::time::Duration;

use gloss::{
    domain::asset::{AssetKind, AssetPath},
    port::target::TargetError,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{Traps, detail, everything, open, statistics};
use crate::services::{self, Service};

/// The login's password.
const PASSWORD: &str = "over-privileged";

/// Traps of every kind in the schemas `evil` and `public`, laid by the database's owner `mallory_DB` for the login
/// `gloss_DB`, which may have any rights.
const TRAPS: &str = r#"
CREATE EXTENSION postgres_fdw;
CREATE ROLE mallory_DB;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO mallory_DB;
ALTER DATABASE DB OWNER TO mallory_DB;
SET SESSION AUTHORIZATION mallory_DB;
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE FUNCTION evil.trap(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF session_user OPERATOR(pg_catalog.=) 'gloss_DB'::pg_catalog.text
     OR pg_catalog.current_setting('application_name'::pg_catalog.text, true) OPERATOR(pg_catalog.=)
     'postgres_fdw'::pg_catalog.text THEN
    EXECUTE pg_catalog.format('COPY (SELECT 1) TO %L', pg_catalog.concat('FOLDER/', name));
  END IF;
END $$;
CREATE FUNCTION evil.number(value int, name text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap(name); RETURN value; END $$;

-- Operators and functions on types of the server's own.
DO $$ DECLARE o record; BEGIN
  FOR o IN SELECT * FROM (VALUES (1, '=', 'name', 'text'), (2, '<>', 'name', 'text'), (3, '!~', 'name', 'text'),
    (4, '=', 'oid', 'oid'), (5, '=', 'text', 'text'), (6, '=', 'name', 'name'), (7, '=', 'smallint', 'smallint'),
    (8, '=', '"char"', '"char"'), (9, '<>', 'name', 'name')) AS v (n, op, l, r)
  LOOP
    EXECUTE format('CREATE FUNCTION evil.compare_%s(%s, %s) RETURNS boolean LANGUAGE plpgsql AS %L', o.n, o.l, o.r,
      format('BEGIN PERFORM evil.trap(''operator-%s''); RETURN $1 OPERATOR(pg_catalog.%s) $2; END', o.n, o.op));
    EXECUTE format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.compare_%s)', o.op, o.l,
    o.r, o.n);
  END LOOP;
END $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('current_setting'); RETURN pg_catalog.current_setting($1); END $$;
CREATE FUNCTION evil.current_database() RETURNS name LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('current_database'); RETURN pg_catalog.current_database(); END $$;
CREATE FUNCTION public.more(real, int) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('operator-public'); RETURN $1 OPERATOR(pg_catalog.>) $2::real; END $$;
CREATE OPERATOR public.> (LEFTARG = real, RIGHTARG = int, FUNCTION = public.more);

-- Types with casts of the owner's own.
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE FUNCTION mood_text(mood) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('cast-enum'); RETURN 'own'; END $$;
CREATE CAST (mood AS text) WITH FUNCTION mood_text(mood) AS IMPLICIT;
CREATE DOMAIN gloom AS mood CHECK (evil.number(1, 'domain') > 0);
CREATE TYPE pair AS (a mood, b int);
CREATE FUNCTION pair_text(pair) RETURNS text LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('cast-composite'); RETURN 'own'; END $$;
CREATE CAST (pair AS text) WITH FUNCTION pair_text(pair) AS IMPLICIT;
CREATE FUNCTION apart(double precision, double precision) RETURNS double precision IMMUTABLE LANGUAGE plpgsql AS
  $$ BEGIN PERFORM evil.trap('range'); RETURN $2 - $1; END $$;
CREATE TYPE span AS RANGE (SUBTYPE = double precision, SUBTYPE_DIFF = apart);
CREATE TABLE plain (id int PRIMARY KEY, feeling mood, gloomy gloom, both_of pair, feelings mood[], span span,
  twice int GENERATED ALWAYS AS (id + evil.number(1, 'generated')) STORED, code text DEFAULT evil.number(1, 'default'),
  CHECK (evil.number(id, 'check') > 0));
INSERT INTO plain SELECT n, 'happy', 'happy', ROW('sad', n)::pair, '{happy}', '[1,2]' FROM generate_series(1, 10) n;
CREATE TABLE child (plain_id int REFERENCES plain, number real);

-- What is looked at when a statement is planned.
CREATE TABLE indexed (a int, b int);
CREATE INDEX ON indexed ((a + evil.number(1, 'index')));
CREATE TABLE partly_indexed (a int);
CREATE INDEX ON partly_indexed (a) WHERE a > evil.number(1, 'index-predicate');
CREATE TABLE counted (a int, b int);
CREATE STATISTICS counted_ab ON (a + evil.number(1, 'statistics')), b FROM counted;
CREATE TABLE parts (a int, b int) PARTITION BY RANGE ((a + evil.number(1, 'partition')));
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE tops (a int);
CREATE TABLE below (b int) INHERITS (tops);
CREATE INDEX ON below ((b + evil.number(1, 'index-of-child')));
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
CREATE INDEX ON kept ((a + evil.number(1, 'index-of-materialized')));
INSERT INTO indexed VALUES (1, 1); INSERT INTO counted VALUES (1, 1); INSERT INTO parts VALUES (1, 1);
INSERT INTO tops VALUES (1); INSERT INTO below VALUES (1, 1);

-- Views, and tables that are elsewhere.
CREATE VIEW looks AS SELECT evil.number(1, 'view') AS n, id FROM plain;
CREATE VIEW looks_again AS SELECT n FROM looks;
CREATE VIEW called AS SELECT evil.number(2, 'view-remote') AS n;
CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port 'PORT', dbname 'DB');
CREATE USER MAPPING FOR PUBLIC SERVER back OPTIONS (user 'postgres');
CREATE FOREIGN TABLE far (n int) SERVER back OPTIONS (schema_name 'public', table_name 'called');
CREATE TABLE mixed (n int) PARTITION BY LIST (n);
CREATE FOREIGN TABLE mixed_far PARTITION OF mixed FOR VALUES IN (2)
  SERVER back OPTIONS (schema_name 'public', table_name 'called');
ANALYZE plain, child, indexed;
RESET SESSION AUTHORIZATION;
CREATE VIEW trusted_name AS SELECT n FROM looks;
CREATE VIEW trusted_call AS SELECT evil.number(3, 'view-of-superuser') AS n;
"#;

/// Settings that the owner can impose on every connection.
const SETTINGS: &str = "
SET SESSION AUTHORIZATION mallory_DB;
ALTER DATABASE DB SET search_path = evil, pg_catalog, public;
ALTER DATABASE DB SET standard_conforming_strings = off;
ALTER DATABASE DB SET client_encoding = 'LATIN1';
ALTER DATABASE DB SET default_transaction_read_only = on;
ALTER DATABASE DB SET default_transaction_isolation = 'serializable';
ALTER DATABASE DB SET transform_null_equals = on;
ALTER DATABASE DB SET quote_all_identifiers = on;
ALTER DATABASE DB SET datestyle = 'German';
ALTER DATABASE DB SET constraint_exclusion = on;
ALTER DATABASE DB SET row_security = on;
";

/// A database with traps, and the targeted login.
struct Trapped {
    service: &'static Service,
    traps: Traps,
    database: String,
    url: String,
}

impl Trapped {
    /// Creates the database. `rights` are the login's rights beyond logging in.
    async fn new(rights: &str, more: &str) -> Option<Self> {
        let service = services::postgres().await?;
        let (_, database) = service.fresh_database().await;
        let (traps, login) = (Traps::new(), format!("gloss_{database}:{PASSWORD}"));
        let url = service.url_for(&login, &database);
        let trapped = Self { service, traps, database, url };
        trapped.run(&format!("CREATE ROLE gloss_DB LOGIN {rights} PASSWORD '{PASSWORD}';\n{TRAPS}\n{more}")).await;
        Some(trapped)
    }

    /// Runs a script as the administrator.
    async fn run(&self, script: &str) {
        let script = script
            .replace("DB", &self.database)
            .replace("FOLDER", &self.traps.folder())
            .replace("PORT", &self.service.port.to_string());
        self.service.run(Some(&self.database), &script).await;
    }
}

#[tokio::test]
async fn code_of_postgres_table_owners_never_runs() {
    for settings in [SETTINGS, ""] {
        let Some(trapped) = Trapped::new("SUPERUSER", settings).await else { return };
        let mut warnings = everything(&trapped.url, "public", 10).await;
        assert_eq!(trapped.traps.sprung(), [""; 0]);
        // Warnings about tables that were not sampled are expected.
        warnings.retain(|warning| !warning.starts_with("The rows of"));
        let [warning] = warnings.as_slice() else { panic!("one warning: {warnings:?}") };
        assert!(warning.contains("SUPERUSER") && warning.contains("least-rights.md"), "{warning}");
    }
}

#[tokio::test]
async fn safe_postgres_tables_and_views_are_sampled() {
    let views = "CREATE SCHEMA house; CREATE TABLE house.t AS SELECT 7 AS a; CREATE VIEW house.safe AS SELECT a FROM \
        house.t;
        CREATE VIEW house.unsafe AS SELECT id FROM public.plain;
        CREATE TABLE house.truths (b boolean, c char(5), i inet); INSERT INTO house.truths VALUES (true, 'ab', \
        '10.0.0.1');";
    let Some(trapped) = Trapped::new("SUPERUSER", views).await else { return };
    let target = open(&trapped.url, false);
    let plain = statistics(&*target, &detail(&*target, "public", "plain").await).await;
    let samples: Vec<&[String]> = plain.columns.iter().map(|column| column.samples.as_slice()).collect();
    assert_eq!(
        (plain.sampled_rows, samples[1], samples[2]),
        (10, &["happy".to_owned()][..], &["happy".to_owned()][..])
    );
    assert_eq!(
        (samples[3].len(), samples[4], samples[5]),
        (10, &["{happy}".to_owned()][..], &["[1,2]".to_owned()][..])
    );
    let safe = statistics(&*target, &detail(&*target, "house", "safe").await).await;
    assert_eq!(safe.columns[0].samples, ["7"], "a superuser's view of a superuser's table");
    let truths = statistics(&*target, &detail(&*target, "house", "truths").await).await;
    let samples: Vec<&str> = truths.columns.iter().map(|column| column.samples[0].as_str()).collect();
    assert_eq!(samples, ["true", "ab", "10.0.0.1/32"]);
    let unsafe_ones = [
        ("house", "unsafe"),
        ("public", "looks"),
        ("public", "looks_again"),
        ("public", "trusted_name"),
        ("public", "far"),
    ];
    for (schema, table) in unsafe_ones {
        let found = statistics(&*target, &detail(&*target, schema, table).await).await;
        assert!(found.columns.is_empty(), "{schema}.{table}: {found:?}");
    }
    assert_eq!(trapped.traps.sprung(), [""; 0]);

    // With sampling of views enabled, all rows are read and the traps are triggered.
    let target = open(&trapped.url, true);
    for (table, trap) in [("looks", "view"), ("indexed", "index"), ("parts", "partition"), ("far", "view-remote")] {
        let found = statistics(&*target, &detail(&*target, "public", table).await).await;
        assert!(found.sampled_rows > 0, "{table}");
        assert!(trapped.traps.sprung().contains(&trap.to_owned()), "{trap}: {:?}", trapped.traps.sprung());
    }
}

#[tokio::test]
async fn row_policies_of_postgres_table_owners_never_run() {
    let policy = "CREATE TABLE shut (a int); INSERT INTO shut VALUES (1);
        ALTER TABLE shut OWNER TO mallory_DB; ALTER TABLE shut ENABLE ROW LEVEL SECURITY;
        CREATE POLICY open ON shut USING (evil.number(a, 'policy') > 0);
        GRANT SELECT ON shut, plain TO gloss_DB; GRANT pg_write_server_files TO gloss_DB;";
    let Some(trapped) = Trapped::new("", policy).await else { return };
    let target = open(&trapped.url, false);
    let found = statistics(&*target, &detail(&*target, "public", "shut").await).await;
    assert_eq!((trapped.traps.sprung(), found.sampled_rows), (Vec::new(), 0));
    let plain = statistics(&*target, &detail(&*target, "public", "plain").await).await;
    assert_eq!(plain.sampled_rows, 10);
    let asked = open(&trapped.url, true);
    let found = statistics(&*asked, &detail(&*asked, "public", "shut").await).await;
    assert_eq!((trapped.traps.sprung(), found.sampled_rows), (vec!["policy".to_owned()], 1));
}

/// The owner holds a lock, so that the reader waits, and replaces the table meanwhile.
#[tokio::test]
async fn a_table_of_postgres_that_changes_under_its_reader_is_not_read() {
    let Some(trapped) = Trapped::new("SUPERUSER", "").await else { return };
    let target = open(&trapped.url, false);
    let admin = trapped.service.url_for("postgres", &trapped.database);
    let swaps = [
        ("ALTER TABLE t RENAME TO was; CREATE VIEW t AS SELECT evil.number(1, 'swapped-view') AS a", "swapped-view"),
        ("CREATE INDEX ON t ((a + evil.number(1, 'new-index')))", "new-index"),
        ("ALTER TABLE t RENAME TO was; CREATE TABLE t (a mood); INSERT INTO t VALUES ('sad')", "cast-enum"),
    ];
    for (swap, trap) in swaps {
        let (mut owner, mut watch) =
            (PgConnection::connect(&admin).await.unwrap(), PgConnection::connect(&admin).await.unwrap());
        let be = format!("SET SESSION AUTHORIZATION mallory_{}; CREATE TABLE t (a int)", trapped.database);
        sqlx::raw_sql(AssertSqlSafe(be)).execute(&mut owner).await.unwrap();
        let table = detail(&*target, "public", "t").await;
        sqlx::raw_sql("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE").execute(&mut owner).await.unwrap();
        let reader = std::sync::Arc::clone(&target);
        let read = tokio::spawn(async move { reader.statistics(&table, super::SampleLimits::default()).await });
        let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.t'::regclass";
        let waiting = async {
            while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut watch).await.unwrap() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the reader waits");
        sqlx::raw_sql(AssertSqlSafe(format!("{swap}; COMMIT"))).execute(&mut owner).await.unwrap();
        drop(read.await.unwrap());
        assert_eq!(trapped.traps.sprung(), [""; 0], "{trap}");
        let rest = "DROP TABLE IF EXISTS was; DO $$ BEGIN EXECUTE (SELECT format('DROP %s public.t',
            CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END) FROM pg_class WHERE relname = 't'); END $$";
        trapped.run(rest).await;
    }
}

#[tokio::test]
async fn foreign_event_triggers_never_run_when_a_postgres_comment_is_written() {
    let trigger = "CREATE FUNCTION evil.on_comment() RETURNS event_trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM evil.trap('event-trigger'); END $$;
        CREATE EVENT TRIGGER watch ON ddl_command_start WHEN TAG IN ('COMMENT') EXECUTE FUNCTION evil.on_comment();
        ALTER FUNCTION evil.on_comment() OWNER TO mallory_DB;";
    let Some(trapped) = Trapped::new("SUPERUSER", trigger).await else { return };
    let target = open(&trapped.url, false);
    let asset = AssetPath {
        kind: AssetKind::Table,
        database: None,
        schema: Some("public".to_owned()),
        table: Some("plain".to_owned()),
        column: None,
    };
    let refused = target.write_comment(&asset, Some("x")).await;
    assert_eq!(trapped.traps.sprung(), [""; 0]);
    assert!(matches!(&refused, Err(TargetError::Refused(why)) if why.contains("event trigger watch")), "{refused:?}");
    trapped
        .run(
            "ALTER FUNCTION evil.on_comment() OWNER TO postgres; CREATE OR REPLACE FUNCTION evil.on_comment()
        RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;",
        )
        .await;
    target.write_comment(&asset, Some("x")).await.unwrap();
}
