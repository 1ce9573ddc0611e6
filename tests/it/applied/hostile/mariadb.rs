//! Traps in MariaDB.

use sqlx::Connection as _;

use super::{Traps, detail, everything, open, statistics};
use crate::services::{self, Service};

/// The login's password.
const PASSWORD: &str = "over-privileged";

/// Traps by `mallory_DB`, the owner of the schema, and a view by the administrator over one of them.
const TRAPS: &str = r"
CREATE USER 'gloss_DB'@'%' IDENTIFIED BY 'over-privileged'; GRANT ALL ON *.* TO 'gloss_DB'@'%' WITH GRANT OPTION;
CREATE USER 'mallory_DB'@'%' IDENTIFIED BY 'x'; GRANT ALL ON DB.* TO 'mallory_DB'@'%';
ALTER DATABASE DB CHARACTER SET gbk;
CREATE TABLE plain (id int PRIMARY KEY, name varchar(20) CHARACTER SET utf8mb4,
  twice int AS (id * 2) VIRTUAL, thrice int AS (id * 3) STORED);
INSERT INTO plain (id, name) VALUES (1, 'one'), (2, 'two');
DELIMITER //
CREATE DEFINER='mallory_DB'@'%' FUNCTION in_invoker() RETURNS int SQL SECURITY INVOKER DETERMINISTIC
  BEGIN SELECT 1 INTO OUTFILE 'FOLDER/invoker'; RETURN 1; END//
CREATE DEFINER='mallory_DB'@'%' FUNCTION in_filter() RETURNS int SQL SECURITY INVOKER DETERMINISTIC
  BEGIN SELECT 1 INTO OUTFILE 'FOLDER/filter'; RETURN 1; END//
CREATE DEFINER='mallory_DB'@'%' FUNCTION in_swapped() RETURNS int SQL SECURITY INVOKER DETERMINISTIC
  BEGIN SELECT 1 INTO OUTFILE 'FOLDER/swapped'; RETURN 1; END//
CREATE DEFINER='mallory_DB'@'%' TRIGGER before_plain BEFORE UPDATE ON plain FOR EACH ROW
  BEGIN SELECT 1 INTO OUTFILE 'FOLDER/trigger' ; END//
DELIMITER ;
CREATE DEFINER='mallory_DB'@'%' SQL SECURITY INVOKER VIEW looks AS SELECT in_invoker() AS n;
CREATE ALGORITHM=TEMPTABLE DEFINER='mallory_DB'@'%' SQL SECURITY INVOKER VIEW filtered AS
  SELECT DISTINCT name FROM plain WHERE in_filter() = 1;
CREATE SQL SECURITY DEFINER VIEW of_the_administrator AS SELECT n FROM looks;
CREATE TABLE swapped (n int);
";

/// Creates the traps and returns them with the URL of the targeted login.
async fn trapped() -> Option<(&'static Service, Traps, String, String)> {
    let service = services::mariadb().await?;
    let (_, database) = service.fresh_database().await;
    let traps = Traps::new();
    let script = TRAPS.replace("DB", &database).replace("FOLDER", &traps.folder());
    service.run(Some(&database), &script).await;
    let url = service.url_for(&format!("gloss_{database}:{PASSWORD}"), &database);
    Some((service, traps, url, database))
}

#[tokio::test]
async fn code_of_mariadb_table_owners_never_runs() {
    let Some((_, traps, url, database)) = trapped().await else { return };
    let warnings = everything(&url, &database, 2).await;
    assert_eq!(traps.sprung(), [""; 0]);
    let [warning] = warnings.as_slice() else { panic!("one warning: {warnings:?}") };
    assert!(warning.contains("ALL PRIVILEGES") && warning.contains("least-rights.md"), "{warning}");
}

#[tokio::test]
async fn safe_mariadb_tables_and_views_are_sampled() {
    let Some((service, traps, url, database)) = trapped().await else { return };
    let target = open(&url, false);
    let plain = statistics(&*target, &detail(&*target, &database, "plain").await).await;
    let samples: Vec<&[String]> = plain.columns.iter().map(|column| column.samples.as_slice()).collect();
    assert_eq!(samples, [["1", "2"], ["one", "two"], ["2", "4"], ["3", "6"]]);
    for view in ["looks", "filtered", "of_the_administrator"] {
        let found = statistics(&*target, &detail(&*target, &database, view).await).await;
        assert!(found.columns.is_empty(), "{view}: {found:?}");
    }
    // A table is replaced by a view.
    let swapped = detail(&*target, &database, "swapped").await;
    let script = format!(
        "DROP TABLE swapped; CREATE DEFINER='mallory_{database}'@'%' SQL SECURITY INVOKER VIEW swapped AS SELECT \
            in_swapped() AS n"
    );
    service.run(Some(&database), &script).await;
    drop(target.statistics(&swapped, super::SampleLimits::default()).await);
    assert_eq!(traps.sprung(), [""; 0]);

    // With sampling of views enabled, all rows are read and the traps are triggered.
    let target = open(&url, true);
    let found = statistics(&*target, &detail(&*target, &database, "looks").await).await;
    assert_eq!((found.sampled_rows, traps.sprung()), (1, vec!["invoker".to_owned()]));
}

/// A table whose rows are on another server is read with rights that its owner chose.
#[tokio::test]
async fn remote_mariadb_tables_are_not_read() {
    let Some(service) = services::mariadb().await else { return };
    let (url, database) = service.fresh_database().await;
    let mut admin = sqlx::MySqlConnection::connect(&url.replace("mariadb", "mysql")).await.unwrap();
    if sqlx::raw_sql("INSTALL SONAME 'ha_federatedx'").execute(&mut admin).await.is_err() {
        return services::skipped("this MariaDB has no federated tables");
    }
    let script = format!(
        "CREATE TABLE here (a int); INSERT INTO here VALUES (7);
         CREATE TABLE far (a int) ENGINE=FEDERATED CONNECTION='mysql://root@127.0.0.1:{}/{database}/here'",
        service.port
    );
    service.run(Some(&database), &script).await;
    for (sample_views, rows) in [(false, 0), (true, 1)] {
        let target = open(&url, sample_views);
        let found = statistics(&*target, &detail(&*target, &database, "far").await).await;
        assert_eq!(found.sampled_rows, rows, "{found:?}");
    }
}
