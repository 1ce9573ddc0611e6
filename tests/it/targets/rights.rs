//! Logins with exactly the rights that `docs/least-rights.md` grants.

/// The password in the recipes.
pub const PASSWORD: &str = "choose-one";

/// Returns the statements of a recipe from the page: those to describe a database, then those to write comments.
fn statements(heading: &str) -> Vec<String> {
    let page = include_str!("../../../docs/least-rights.md");
    let section = page.split("\n## ").find_map(|section| section.strip_prefix(heading)).expect("a section");
    let blocks: Vec<String> = section
        .split("```sql\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(blocks.len(), 2, "{heading}");
    blocks
}

/// Returns PostgreSQL's recipe for this login and these schemas, which are quoted.
pub fn postgres(login: &str, owner: &str, database: &str, schemas: &[String]) -> String {
    let (mut once, mut each) = (String::new(), String::new());
    for line in statements("PostgreSQL").concat().lines() {
        let line = line.replace("shop_owner", owner).replace("gloss", login).replace("shop", database) + "\n";
        if line.contains("public") {
            each += &line;
        } else {
            once += &line;
        }
    }
    schemas.iter().fold(once, |script, schema| script + &each.replace("public", schema))
}

/// Returns the recipe of MySQL and MariaDB for this login and these schemas, which are in backticks.
pub fn mysql(login: &str, schemas: &[String]) -> String {
    let (mut once, mut each) = (String::new(), String::new());
    for line in statements("MySQL and MariaDB").concat().lines() {
        let line = line.replace("'gloss'", &format!("'{login}'")) + "\n";
        if line.contains("shop.*") {
            each += &line;
        } else {
            once += &line;
        }
    }
    schemas.iter().fold(once, |script, schema| script + &each.replace("shop.*", &format!("{schema}.*")))
}
