//! The rights of the login, parsed from `SHOW GRANTS`.

use sqlx::{MySqlConnection, Row};

use crate::domain::text::some_of;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The rights that Gloss needs.
const NEEDED: &[&str] = &["USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "ALTER", "LOCK TABLES"];

/// One grant: its rights and the object that they apply to.
struct Grant {
    rights: Vec<String>,
    on: String,
}

async fn grants(connection: &mut MySqlConnection) -> Result<Vec<Grant>> {
    let rows = sqlx::raw_sql("SHOW GRANTS").fetch_all(connection).await?;
    let mut grants = Vec::with_capacity(rows.len());
    for row in &rows {
        grants.extend(parse(&row.try_get::<String, _>(0)?));
    }
    Ok(grants)
}

/// Parses a line of `SHOW GRANTS`. Returns `None` if it grants a role.
fn parse(line: &str) -> Option<Grant> {
    let (rights, rest) = line.strip_prefix("GRANT ")?.split_once(" ON ")?;
    // The last ` TO ` counts, since a schema's name may contain one.
    let (on, to) = rest.rsplit_once(" TO ")?;
    let mut depth = 0_usize;
    // Columns of a right are listed in parentheses, and their commas do not separate rights.
    let parts = rights.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let right = |part: &str| part.split('(').next().unwrap_or_default().trim().to_owned();
    let mut rights: Vec<String> = parts.map(right).collect();
    rights.extend(to.contains(" WITH GRANT OPTION").then(|| "GRANT OPTION".to_owned()));
    Some(Grant { rights, on: on.to_owned() })
}

/// Returns whether any grant of the login includes the right to alter tables.
pub(super) async fn can_write_comments(connection: &mut MySqlConnection) -> Result<bool> {
    let grants = grants(connection).await?;
    Ok(grants.iter().flat_map(|grant| &grant.rights).any(|right| right == "ALL PRIVILEGES" || right == "ALTER"))
}

/// Returns the login's rights that Gloss does not need: `ALL PRIVILEGES on *.*`.
pub(super) async fn excess(connection: &mut MySqlConnection) -> Result<Vec<String>> {
    let grants = grants(connection).await?;
    let excess = grants.iter().filter_map(|grant| {
        let rights = grant.rights.iter().map(String::as_str);
        let rights: Vec<&str> = rights.filter(|right| !NEEDED.contains(right)).collect();
        (!rights.is_empty()).then(|| format!("{} on {}", some_of(&rights, ", "), grant.on))
    });
    Ok(excess.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        for (line, rights, on) in [
            ("GRANT USAGE ON *.* TO `g`@`%` IDENTIFIED BY PASSWORD '*1'", vec!["USAGE"], "*.*"),
            ("GRANT SELECT (a, b), SHOW VIEW ON `s` TO `g`@`%`", vec!["SELECT", "SHOW VIEW"], "`s`"),
            ("GRANT ALL PRIVILEGES ON *.* TO `r`@`%` WITH GRANT OPTION", vec!["ALL PRIVILEGES", "GRANT OPTION"], "*.*"),
            ("GRANT SELECT ON `a TO b`.* TO `g`@`%`", vec!["SELECT"], "`a TO b`.*"),
        ] {
            let grant = parse(line).unwrap();
            assert_eq!((grant.rights, grant.on.as_str()), (rights.into_iter().map(str::to_owned).collect(), on));
        }
        assert!(parse("GRANT `role` TO `g`@`%`").is_none());
    }
}
