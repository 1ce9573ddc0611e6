//! Adds titles, labels, actors, apply times and waiting reasons to runs, and the columns and indexes that lists need
//! to filter by them.

use sea_orm_migration::prelude::*;

use super::{add_column, belongs_to, columns, create_indexes, create_table, execute};
use sea_orm_migration::schema::big_integer;

const INDEXES: &[(&str, &[&str])] = &[
    ("run_by_starter", &["started_by", "listed_at", "id"]),
    ("run_by_failures", &["has_failures", "listed_at", "id"]),
];

/// The tally's key gains two columns, so the tally is created again.
const BEFORE_SQLITE: [&str; 5] = [
    "UPDATE run SET has_failures = 1 WHERE rows_failed > 0",
    "DROP TRIGGER run_tally_insert",
    "DROP TRIGGER run_tally_delete",
    "DROP TRIGGER run_tally_update",
    "DROP TABLE run_tally",
];
const BEFORE_POSTGRES: [&str; 4] = [
    "UPDATE run SET has_failures = true WHERE rows_failed > 0",
    "DROP TRIGGER run_tally_follow ON run",
    "DROP FUNCTION run_tally_follow()",
    "DROP TABLE run_tally",
];

/// 0 stands for no profile or schedule, since a column of a primary key cannot be null. A title or a label changes
/// the searched text.
const AFTER_SQLITE: [&str; 5] = [
    "INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures, n)
        SELECT kind, status, coalesce(db_profile_id, 0), coalesce(llm_profile_id, 0), coalesce(schedule_id, 0),
            started_by, has_failures, count(*)
        FROM run GROUP BY 1, 2, 3, 4, 5, 6, 7",
    "CREATE TRIGGER run_tally_insert AFTER INSERT ON run BEGIN
        INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures, n)
        VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
            coalesce(NEW.schedule_id, 0), NEW.started_by, NEW.has_failures, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
    "CREATE TRIGGER run_tally_delete AFTER DELETE ON run BEGIN
        UPDATE run_tally SET n = n - 1
        WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
            AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0)
            AND started_by = OLD.started_by AND has_failures = OLD.has_failures;
    END",
    "CREATE TRIGGER run_tally_update
    AFTER UPDATE OF kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures ON run
    BEGIN
        UPDATE run_tally SET n = n - 1
        WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
            AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0)
            AND started_by = OLD.started_by AND has_failures = OLD.has_failures;
        INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures, n)
        VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
            coalesce(NEW.schedule_id, 0), NEW.started_by, NEW.has_failures, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    END",
    "CREATE TRIGGER run_search_update AFTER UPDATE OF search_text ON run BEGIN
        INSERT INTO run_search (run_search, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);
        INSERT INTO run_search (rowid, search_text) VALUES (NEW.id, NEW.search_text);
    END",
];
const AFTER_POSTGRES: [&str; 3] = [
    "INSERT INTO run_tally (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures, n)
        SELECT kind, status, coalesce(db_profile_id, 0), coalesce(llm_profile_id, 0), coalesce(schedule_id, 0),
            started_by, has_failures, count(*)
        FROM run GROUP BY 1, 2, 3, 4, 5, 6, 7",
    "CREATE FUNCTION run_tally_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN
            UPDATE run_tally SET n = n - 1
            WHERE kind = OLD.kind AND status = OLD.status AND db_profile_id = coalesce(OLD.db_profile_id, 0)
                AND llm_profile_id = coalesce(OLD.llm_profile_id, 0) AND schedule_id = coalesce(OLD.schedule_id, 0)
                AND started_by = OLD.started_by AND has_failures = OLD.has_failures;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO run_tally
                (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures, n)
            VALUES (NEW.kind, NEW.status, coalesce(NEW.db_profile_id, 0), coalesce(NEW.llm_profile_id, 0),
                coalesce(NEW.schedule_id, 0), NEW.started_by, NEW.has_failures, 1)
            ON CONFLICT (kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures)
                DO UPDATE SET n = run_tally.n + 1;
        END IF;
        RETURN NULL;
    END $$",
    "CREATE TRIGGER run_tally_follow
        AFTER INSERT OR DELETE
            OR UPDATE OF kind, status, db_profile_id, llm_profile_id, schedule_id, started_by, has_failures ON run
        FOR EACH ROW EXECUTE FUNCTION run_tally_follow()",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns(&["cancelled_by?", "title?", "waiting?"], ColumnDef::text) {
            add_column(manager, "run", column).await?;
        }
        add_column(manager, "run", columns(&["apply_since?"], ColumnDef::big_integer).remove(0)).await?;
        let defaults = [
            ColumnDef::new("labels").text().not_null().default("[]").to_owned(),
            ColumnDef::new("has_failures").boolean().not_null().default(false).to_owned(),
            ColumnDef::new("apply_ms").big_integer().not_null().default(0).to_owned(),
        ];
        for column in defaults {
            add_column(manager, "run", column).await?;
        }
        add_column(manager, "run_event", columns(&["actor?"], ColumnDef::text).remove(0)).await?;
        create_indexes(manager, "run", INDEXES).await?;

        let mut table = Table::create();
        table.table("run_label").col(big_integer("run_id"));
        for mut column in columns(&["label"], ColumnDef::text) {
            table.col(&mut column);
        }
        table.primary_key(Index::create().col("run_id").col("label"));
        table.foreign_key(&mut belongs_to("run_label", "run_id", "run"));
        create_table(manager, table).await?;
        create_indexes(manager, "run_label", &[("run_by_label", &["label", "run_id"])]).await?;

        execute(manager, &BEFORE_SQLITE, &BEFORE_POSTGRES).await?;
        let mut table = Table::create();
        table.table("run_tally");
        let parts = ["kind", "status", "db_profile_id", "llm_profile_id", "schedule_id", "started_by", "has_failures"];
        let blocks = [
            columns(&parts[..2], ColumnDef::text),
            columns(&parts[2..5], ColumnDef::big_integer),
            columns(&parts[5..6], ColumnDef::text),
            columns(&parts[6..], ColumnDef::boolean),
        ];
        let mut key = Index::create();
        for mut column in blocks.concat() {
            table.col(&mut column);
        }
        for part in parts {
            key.col(part);
        }
        create_table(manager, table.primary_key(&mut key).col(big_integer("n")).take()).await?;
        execute(manager, &AFTER_SQLITE, &AFTER_POSTGRES).await
    }
}
