//! Merges of one model or source into files of every style.

use proptest::prelude::*;

use super::merge::{Merge, Unsafe};
use crate::{
    cli::dbt::yaml::{Documents, Node, Value},
    domain::dbt::{Entry, Level, template},
};

/// The columns `id` and `at`, both described.
fn orders() -> Entry {
    let mut table = Entry::new(Level::Table, "orders", Some("Each order"));
    table.entries.push(Entry::new(Level::Column, "id", Some("Key")));
    table.entries.push(Entry::new(Level::Column, "at", Some("When\n\nUTC")));
    table
}

/// Merges the table into the first model or source of each document.
fn merged(text: &str, table: &Entry, replaces: bool) -> (Result<Option<String>, Unsafe>, Vec<String>) {
    let documents = Documents::parse(text).unwrap();
    let mut merge = Merge::new(&documents, replaces);
    let mut source = Entry::new(Level::Source, "shop", None);
    source.entries.push(table.clone());
    let entry = |list: &str, at: usize| {
        let entry = if list == "sources" { source.clone() } else { table.clone() };
        (at == 0).then_some(entry)
    };
    let said: Vec<Value> = documents.roots.iter().map(|root| merge.root(root, entry, &[])).collect();
    let left = merge.left.clone();
    (merge.text(&said), left)
}

/// Checks that a merge gives this text, and that another merge then changes nothing.
fn gives(before: &str, after: &str) {
    let (text, left) = merged(before, &orders(), false);
    assert!(left.is_empty(), "{left:?}");
    let text = text.unwrap_or_else(|_| panic!("unsafe: {before}")).unwrap_or_else(|| before.to_owned());
    assert_eq!(text, after, "{text}");
    let (again, _) = merged(&text, &orders(), false);
    assert!(again.unwrap().is_none(), "{text}");
}

#[test]
fn comments_order_and_quotes_stay() {
    gives(
        "# ours
models:
    -   name: 'orders' # all of them
        columns:
            # keys

            - data_tests: [unique]
              name: \"id\"

    # the end
",
        "# ours
models:
    -   name: 'orders' # all of them
        description: \"Each order\"
        columns:
            # keys

            - data_tests: [unique]
              name: \"id\"
              description: \"Key\"
            - name: at
              description: |-
                When

                UTC

    # the end
",
    );
}

#[test]
fn a_comment_stays_with_what_it_is_below() {
    gives(
        "models:
  - name: orders
    # ours: ask before you change it
  # the next one
  - name: others
",
        "models:
  - name: orders
    description: \"Each order\"
    # ours: ask before you change it
    columns:
      - name: id
        description: \"Key\"
      - name: at
        description: |-
          When

          UTC
  # the next one
  - name: others
",
    );
}

#[test]
fn lists_may_stand_below_their_key() {
    gives(
        "models:
- name: orders
  columns:
  - name: at
    description: |+
      a

  - name: id",
        "models:
- name: orders
  description: \"Each order\"
  columns:
  - name: at
    description: |+
      a

  - name: id
    description: \"Key\"",
    );
    let described = "models:\n- name: orders\n  description: |+\n    a\n\n";
    let columns = "  columns:
  - name: id
    description: \"Key\"
  - name: at
    description: |-
      When

      UTC
";
    gives(described, &[described, columns].concat());
}

#[test]
fn empty_descriptions_and_lists_are_filled() {
    for empty in ["", " ''", " \"\"", " ~", " null", " |", " >-"] {
        let before = format!(
            "models:
  - name: orders
    description:{empty} # later
    columns: # soon
      - name: id
        description:{empty}
      - {{name: at, description: x}}
"
        );
        let after = "models:
  - name: orders
    description: \"Each order\" # later
    columns: # soon
      - name: id
        description: \"Key\"
      - {name: at, description: x}
";
        gives(&before, after);
    }
    for empty in ["", " []", " [ ]", " ~", " null"] {
        let before = format!(
            "models:
  - name: orders
    description: no
    columns:{empty} # none
    tests: []
"
        );
        let after = "models:
  - name: orders
    description: no
    columns: # none
      - name: id
        description: \"Key\"
      - name: at
        description: |-
          When

          UTC
    tests: []
";
        gives(&before, after);
    }
}

#[test]
fn flow_style_stays_flow_style() {
    let columns = r#"[{name: id, description: "Key"}, {name: at, description: "When\n\nUTC"}]"#;
    let after = format!("models: [{{name: orders, description: \"Each order\", columns: {columns}}}, ]\n");
    gives("models: [{name: orders}, ]\n", &after);
    for empty in ["", " []", " ~"] {
        gives(
            &format!("models: [{{name: orders,\n  description: x, columns:{empty} }}]"),
            &format!("models: [{{name: orders,\n  description: x, columns: {columns} }}]"),
        );
    }
    gives(
        r#"{"models": [{"name": "orders", "description": "", "columns": [{"name": "id"}, ]}]}"#,
        &[
            r#"{"models": [{"name": "orders", "description": "Each order", "columns": [{"name": "id", "#,
            r#"description: "Key"}, {name: at, description: "When\n\nUTC"}, ]}]}"#,
        ]
        .concat(),
    );
}

#[test]
fn sources_have_identifiers_and_windows_has_line_ends() {
    let before = "version: 2
sources:
- name: raw
  tables:
  - name: other
    identifier: ORDERS
    columns:
    - name: ID
";
    let after = "version: 2
sources:
- name: raw
  tables:
  - name: other
    description: \"Each order\"
    identifier: ORDERS
    columns:
    - name: ID
      description: \"Key\"
    - name: at
      description: |-
        When

        UTC
";
    gives(&before.replace('\n', "\r\n"), &after.replace('\n', "\r\n"));
}

#[test]
fn several_documents_and_what_is_complete_stay() {
    let complete = "\u{feff}--- # one
seeds: &all
  - name: orders
    description: '{{ doc(\"orders\") }}'
    columns: [{name: id, description: &d Ключ}, {name: at, description: *d}]
...
---
snapshots: null
";
    gives(complete, complete);
}

#[test]
fn what_an_alias_shares_is_left() {
    let (text, left) = merged("models:\n  - &a\n    name: orders\n  - *a\n", &orders(), false);
    assert!(text.unwrap().is_none());
    assert_eq!(left, ["orders: an alias shares it"]);
    let columns = "models:
  - name: orders
    columns: &c
      - name: id
  - name: x
    columns: *c
";
    let (text, left) = merged(columns, &orders(), false);
    assert_eq!(text.unwrap().unwrap(), columns.replacen("orders\n", "orders\n    description: \"Each order\"\n", 1));
    assert_eq!(left, ["columns: an alias shares them"]);
    // What is merged from another mapping is stated.
    let base = "b: &b {description: x, columns: [{name: id, description: y}, {name: at, description: z}]}
models:
  - name: orders
    <<: *b
";
    let (text, left) = merged(base, &orders(), false);
    assert!(text.unwrap().is_none() && left.is_empty(), "{left:?}");
}

#[test]
fn descriptions_are_replaced_only_if_asked_for() {
    let before = "models:
  - name: orders
    description: >-  # long
      one
      two

    columns:
      - name: id
        description: 'a

          b' # c
      - name: at
        description: \"{{ doc('at') }}\"
";
    gives(before, before);
    let (text, left) = merged(before, &orders(), true);
    let after = "models:
  - name: orders
    description: \"Each order\"  # long

    columns:
      - name: id
        description: \"Key\" # c
      - name: at
        description: \"When\\n\\nUTC\"
";
    assert_eq!(text.unwrap().unwrap(), after);
    assert!(left.is_empty());
}

/// Returns all descriptions of a node, in their order.
fn descriptions(documents: &Documents<'_>, node: &Node) -> Vec<String> {
    let mut found: Vec<String> =
        documents.get(node, "description").and_then(Node::text).map(str::to_owned).into_iter().collect();
    for key in ["models", "columns"] {
        found.extend(documents.items(documents.get(node, key)).iter().flat_map(|it| descriptions(documents, it)));
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_back(text in any::<String>(), name in any::<String>(), other in "[ \\n\\r\\t{}%#:'\"a|>-]*") {
        let before = [
            "models:\n  - name: orders\n",
            "models: [{name: orders}]",
            "models:\r\n- name: orders\r\n  columns: []\r\n",
            "models:\n- name: orders\n  description: |+\n\n  columns:\n",
        ];
        let mut table = Entry::new(Level::Table, "orders", Some(&text));
        table.entries.push(Entry::new(Level::Column, &name, Some(&other)));
        for before in before {
            let Ok(Some(after)) = merged(before, &table, false).0 else {
                panic!("{before:?}: {:?}", merged(before, &table, false).0)
            };
            let documents = Documents::parse(&after).unwrap();
            let expected = [template(&text), template(&other)];
            prop_assert_eq!(descriptions(&documents, &documents.roots[0]), expected, "{}", after);
        }
    }

    #[test]
    fn any_file_is_merged_or_left(parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..24)) {
        let text: String = parts.concat();
        if Documents::parse(&text).is_ok() && let (Ok(Some(after)), _) = merged(&text, &orders(), false) {
            prop_assert!(!matches!(merged(&after, &orders(), false).0, Ok(Some(_))), "{text:?}\n{after:?}");
            // Only lines are added, except in flow style and where something is empty.
            if !text.contains(['[', '{', '~', '|', '\'']) {
                let mut lines = after.lines();
                for line in text.lines().filter(|line| !line.trim_end().ends_with("description:")) {
                    prop_assert!(lines.any(|it| it == line), "{text:?}\n{after:?}");
                }
            }
        }
    }
}

/// Parts of files.
const PARTS: [&str; 26] = [
    "models:\n",
    "sources:\n",
    "- name: orders\n",
    "  - name: orders\n",
    "  columns:\n",
    "    columns:\n",
    "  tables:\n",
    "    - name: id\n",
    "      - name: at\n",
    "    description:\n",
    "  description: x\n",
    "      description: |\n",
    "        lit\n\n",
    "# c\n",
    "\n",
    "  &a ",
    " *a\n",
    "[",
    "]",
    "{name: orders}",
    ", ",
    " ~\n",
    "'é'\n",
    "\r\n",
    "---\n",
    "? ",
];
