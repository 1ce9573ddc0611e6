//! Substance: whether a description says more than the asset itself does.
//!
//! The rule: substance is one function of the text and of what it describes, the same for every model. Words are
//! compared by their stems, in lower case, without stop words, and with abbreviations expanded by the vocabulary.
//! Substance rates what the model wrote: editing a description in a review does not change it. To add a word without
//! content, add it to [`FORM`]; to add a synonym of a type, add it to [`TYPES`].

use std::{collections::HashSet, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    asset::AssetPath,
    search::{STOP_WORDS, stem},
    spelling::spelled,
    vocabulary::{self, Context, Grasp, Token},
    words,
};

/// The substance of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Substance {
    /// It states a meaning, a unit, allowed values, a rule, or a target that the name does not reveal.
    Informative,
    /// It states nothing beyond the names, the type and words of form.
    RestatesName,
    /// It states nothing beyond the existing comment.
    RestatesComment,
}

spelled!(Substance {
    Informative => "INFORMATIVE", RestatesName => "RESTATES_NAME", RestatesComment => "RESTATES_COMMENT",
});

/// The asset that a text describes.
#[derive(Debug, Clone, Copy)]
pub struct Described<'a> {
    /// The asset.
    pub asset: &'a AssetPath,
    /// A column's type, as the database spells it.
    pub data_type: Option<&'a str>,
    /// The existing comment.
    pub comment: Option<&'a str>,
}

/// Words that give a description its form but no content, in addition to the stop words.
const FORM: &[&str] = &[
    "attribute",
    "been",
    "belong",
    "belonging",
    "contain",
    "content",
    "corresponding",
    "define",
    "denote",
    "describe",
    "description",
    "detail",
    "entity",
    "entry",
    "give",
    "given",
    "globally",
    "id",
    "identifier",
    "identify",
    "identification",
    "if",
    "indicate",
    "indicator",
    "item",
    "key",
    "me",
    "note",
    "object",
    "particular",
    "per",
    "primary",
    "property",
    "record",
    "recorded",
    "refer",
    "reference",
    "related",
    "relation",
    "represent",
    "respective",
    "row",
    "s",
    "schema",
    "set",
    "single",
    "specific",
    "specify",
    "specified",
    "state",
    "surrogate",
    "value",
    "variable",
    "view",
    "whether",
    "unique",
    "uniquely",
];

/// The stems of these words.
static FORM_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| FORM.iter().map(|word| stem(word)).collect());

/// The subjects of a clause that states ignorance, such as "the purpose is unknown".
const SUBJECTS: &[&str] = &["name", "meaning", "purpose", "use", "usage", "function", "what it", "what they"];
/// The predicates of such a clause.
const UNKNOWN: &[&str] = &[
    "not tell",
    "not say",
    "not reveal",
    "not explain",
    "not known",
    "not clear",
    "not documented",
    "not specified",
    "not evident",
    "unknown",
    "unclear",
    "undocumented",
    "unspecified",
    "be determined",
    "be inferred",
];

/// The shortest word that counts as a part of a name that was not taken apart.
const PART_FROM: usize = 3;

/// Words that complete another one without adding anything: the phone's number.
const COMPLETIONS: &[(&[&str], &str)] = &[
    (&["phone", "telephone", "fax", "mobile"], "number"),
    (&["e-mail", "IP", "MAC"], "address"),
    (&["ZIP", "postal"], "code"),
    (&["updated", "modified", "changed"], "last"),
    (&["sort"], "position"),
    (&["from"], "source"),
    (&["to"], "target"),
];

/// How clauses begin that state only what the structure shows.
const STRUCTURE_STARTS: &[&str] = &[
    "the default is ",
    "set to the current time ",
    "partition of ",
    "partitioned by ",
    "never before ",
    "no value occurs twice",
];
/// How clauses begin that compare a column with a number, a text or another column.
const COMPARED: &[&str] =
    &["greater than ", "at least ", "less than ", "at most ", "after ", "before ", "not before ", "not after "];
/// How clauses end that tell what a sample shows.
const OBSERVED: &[&str] = &["in every row seen", "in almost every row seen"];
/// Clauses that state only what the structure shows.
const STRUCTURE: &[&str] = &[
    "also the primary key",
    "may be null",
    "not negative",
    "not null",
    "null where there is none",
    "part of the primary key",
    "primary key",
    "unique",
];

/// Words for types in descriptions, by the words of the types' names.
const TYPES: &[(&[&str], &[&str])] = &[
    (
        &[
            "bigint",
            "bigserial",
            "int",
            "int2",
            "int4",
            "int8",
            "integer",
            "mediumint",
            "serial",
            "smallint",
            "smallserial",
            "tinyint",
        ],
        &["integer", "number", "numeric", "whole"],
    ),
    (
        &["decimal", "double", "float", "float4", "float8", "money", "number", "numeric", "real"],
        &["decimal", "number", "numeric"],
    ),
    (
        &[
            "bpchar",
            "char",
            "character",
            "citext",
            "clob",
            "longtext",
            "mediumtext",
            "nchar",
            "nvarchar",
            "string",
            "text",
            "tinytext",
            "varchar",
        ],
        &["character", "string", "text"],
    ),
    (&["bit", "bool", "boolean"], &["boolean", "false", "flag", "true"]),
    (&["tinyint"], &["flag"]),
    (&["date"], &["date", "day"]),
    (&["datetime", "timestamp", "timestamptz"], &["date", "datetime", "moment", "time", "timestamp"]),
    (&["time", "timetz"], &["time"]),
    (&["json", "jsonb"], &["json"]),
    (&["uniqueidentifier", "uuid"], &["uuid"]),
    (&["binary", "blob", "bytea", "image", "longblob", "varbinary"], &["binary", "byte"]),
];

/// Determines the substance of a text.
#[must_use]
pub fn substance(text: &str, of: Described<'_>) -> Substance {
    if of.comment.is_some_and(|comment| restates_comment(text, comment)) {
        Substance::RestatesComment
    } else if restates_name(text, of.asset, of.data_type) {
        Substance::RestatesName
    } else {
        Substance::Informative
    }
}

/// Returns whether the comment contains all content words of the text. False if the text has none.
fn restates_comment(text: &str, comment: &str) -> bool {
    let mut known = HashSet::new();
    tokens(comment).iter().for_each(|token| learn(&mut known, token));
    let told = content(text);
    !told.is_empty() && told.iter().all(|token| is_told(token, |word| known.contains(word)))
}

/// Returns whether every content word of a text is a word of form or occurs in the name of the asset, its table or its
/// type.
#[must_use]
pub fn restates_name(text: &str, asset: &AssetPath, data_type: Option<&str>) -> bool {
    let mut known = HashSet::new();
    // Words that are written together and could not be taken apart: `updatelog`.
    let mut unread: Vec<String> = Vec::new();
    for name in names(asset) {
        let tokens = tokens(name);
        let strange = tokens.iter().filter(|token| matches!(token.grasp, Grasp::Likely | Grasp::Cryptic));
        unread.extend(strange.map(|token| token.raw.clone()));
        for pair in tokens.windows(2) {
            known.insert(stem(&format!("{}{}", pair[0].raw, pair[1].raw)));
        }
        tokens.iter().for_each(|token| learn(&mut known, token));
        let completed = COMPLETIONS.iter().filter(|(words, _)| tokens.iter().any(|it| words.contains(&&*it.text)));
        known.extend(completed.map(|(_, completion)| stem(completion)));
    }
    let text = without_known_paths(text, |word| known.contains(word));
    for word in data_type.map(type_words).unwrap_or_default() {
        known.insert(stem(&word));
        let called = TYPES.iter().filter(|(types, _)| types.contains(&word.as_str())).flat_map(|(_, called)| *called);
        known.extend(called.map(|word| stem(word)));
    }
    let is_part = |token: &Token| {
        let one = words::singular(&token.raw);
        one.len() >= PART_FROM && unread.iter().any(|name| name.contains(&one))
    };
    let is_known = |word: &str| FORM_STEMS.contains(word) || known.contains(word);
    stated(&text).all(|clause| content(clause).iter().all(|token| is_told(token, is_known) || is_part(token)))
}

/// The text without the paths of columns in brackets that hold a known word: `(res_company.id)` says no more than the
/// name `company_id`.
fn without_known_paths(text: &str, is_known: impl Fn(&str) -> bool + Copy) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once('(') {
        let Some((path, behind)) = after.split_once(')') else { break };
        let is_path = path.contains('.') && !path.contains(char::is_whitespace);
        kept.push_str(before);
        if !(is_path && content(path).iter().any(|token| is_told(token, is_known))) {
            kept.extend(["(", path, ")"]);
        }
        rest = behind;
    }
    kept + rest
}

/// The clauses of a text. A full stop within a word or a number ends none.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let ends = |(at, mark): &(usize, &str)| {
            *mark == ";" || rest[at + mark.len()..].chars().next().is_none_or(char::is_whitespace)
        };
        let (clause, after) = match rest.match_indices(['.', ';']).find(ends) {
            Some((at, mark)) => (&rest[..at], &rest[at + mark.len()..]),
            None => (rest, ""),
        };
        rest = after;
        Some(clause)
    })
}

/// The clauses of a text without those that state only the structure, or only that something is not known, such as "the
/// name does not tell what for".
fn stated(text: &str) -> impl Iterator<Item = &str> {
    clauses(text).filter(|clause| {
        let clause = clause.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| clause.contains(phrase));
        !(says(SUBJECTS) && says(UNKNOWN)) && !is_structure(clause.trim())
    })
}

/// Returns whether a clause, in lower case, states only what the structure or a sample of the rows shows.
#[must_use]
pub fn is_structure(clause: &str) -> bool {
    let compares = COMPARED.iter().any(|start| {
        let rest = clause.strip_prefix(start);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '`' | '\'')))
    });
    STRUCTURE.contains(&clause)
        || compares
        || STRUCTURE_STARTS.iter().any(|start| clause.starts_with(start))
        || OBSERVED.iter().any(|end| clause.ends_with(end))
}

/// The names of a column and its table, of a table, or of a schema or database.
fn names(asset: &AssetPath) -> impl Iterator<Item = &str> {
    let own = match (&asset.table, &asset.schema) {
        (Some(_), _) => None,
        (None, Some(schema)) => Some(schema),
        (None, None) => asset.database.as_ref(),
    };
    [asset.column.as_ref(), asset.table.as_ref(), own].into_iter().flatten().map(String::as_str)
}

/// The words and numbers of a type's name. The values of an enumeration are left out, since they are worth mentioning.
fn type_words(data_type: &str) -> Vec<String> {
    let (name, bounds) = data_type.split_once('(').unwrap_or((data_type, ""));
    let numbers =
        bounds.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty() && !bounds.contains('\''));
    let name = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    name.chain(numbers.map(str::to_owned)).collect()
}

fn tokens(text: &str) -> Vec<Token> {
    vocabulary::read(text, &Context::default())
}

/// The words of a text that are not stop words.
fn content(text: &str) -> Vec<Token> {
    tokens(text).into_iter().filter(|token| !STOP_WORDS.contains(&token.raw.as_str())).collect()
}

/// All spellings of a word: itself, and each meaning in the vocabulary.
fn spellings(token: &Token) -> impl Iterator<Item = &str> {
    let others: &[&'static str] = match &token.grasp {
        Grasp::Ambiguous(others) => others,
        _ => &[],
    };
    [token.raw.as_str(), token.text.as_str()].into_iter().chain(others.iter().copied())
}

fn learn(known: &mut HashSet<String>, token: &Token) {
    for spelling in spellings(token) {
        known.insert(stem(&words::singular(spelling)));
        known.extend(words::split(spelling).iter().map(|word| stem(&words::singular(word))));
    }
}

/// Returns whether the stem of a word, or of one of its meanings, is known.
fn is_told(token: &Token, is_known: impl Fn(&str) -> bool) -> bool {
    let is_known = |word: &str| is_known(&stem(word)) || is_known(&stem(&words::singular(word)));
    spellings(token).any(|spelling| {
        let are_told = |parts: Vec<String>| {
            !parts.is_empty() && parts.iter().all(|word| STOP_WORDS.contains(&word.as_str()) || is_known(word))
        };
        is_known(spelling) || are_told(words::split(spelling))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::AssetKind;

    fn column(table: &str, column: &str) -> AssetPath {
        AssetPath {
            kind: AssetKind::Column,
            database: None,
            schema: Some("public".into()),
            table: Some(table.into()),
            column: Some(column.into()),
        }
    }

    #[test]
    fn what_descriptions_say() {
        use Substance::{Informative, RestatesComment, RestatesName};
        let cases = [
            // Names, split and expanded, the table's name, and words of form.
            ("customer", "cust_id", "integer", None, "Uniquely identifies a customer.", RestatesName),
            ("customer", "customer_id", "integer", None, "The unique identifier of the customer.", RestatesName),
            ("employee", "HireDate", "date", None, "Hire date of the employee.", RestatesName),
            ("employee", "HireDate", "date", None, "Stores the date on which the employee was hired.", RestatesName),
            ("users", "email_addr", "varchar(160)", None, "E-mail address of the user.", RestatesName),
            (
                "users",
                "email_addr",
                "varchar(160)",
                None,
                "Text of up to 160 characters: the email address.",
                Informative,
            ),
            (
                "users",
                "email_addr",
                "varchar(160)",
                None,
                "The e-mail address; a string of 160 characters",
                RestatesName,
            ),
            ("users", "is_active", "boolean", None, "Whether the user is active.", RestatesName),
            (
                "users",
                "is_active",
                "boolean",
                None,
                "A flag that indicates if the user is active (true or false).",
                RestatesName,
            ),
            ("orders", "qty", "int", None, "This column holds the quantity.", RestatesName),
            ("orders", "created_at", "timestamp", None, "The date and time when the order was created.", RestatesName),
            ("order_items", "unitprice", "numeric(10,2)", None, "Unit price of the order item.", RestatesName),
            ("t", "x", "int", None, "", RestatesName),
            ("t", "x", "int", None, "The column of the table.", RestatesName),
            ("album", "ArtistId", "int", None, "Refers to the artist of the album (Artist.ArtistId).", RestatesName),
            ("lead", "company_id", "int", None, "Refers to the company of the lead (res_company.id).", RestatesName),
            ("lead", "buyer", "int", None, "Refers to the buyer of the lead (res_company.id).", Informative),
            // What is not known is no meaning.
            ("t", "x9q", "int", None, "Holds integers; the name x9q does not tell what for.", RestatesName),
            ("t", "x9q", "int", None, "Meaning not clear from the name x9q; the values are integers.", RestatesName),
            ("t", "x9q", "int", None, "The purpose of this column is unknown.", RestatesName),
            ("t", "x9q", "int", None, "Number of seats; the purpose of the name is unclear.", Informative),
            ("t", "state", "text", None, "Unknown until the device reports.", Informative),
            // Meanings, units, allowed values, targets, rules.
            ("orders", "total", "numeric", None, "Total in euros, taxes included.", Informative),
            ("orders", "status", "text", None, "Status of the order: open, paid or shipped.", Informative),
            ("orders", "status", "enum('open','paid')", None, "Status of the order: open or paid.", Informative),
            ("employee", "ReportsTo", "int", None, "The manager of the employee.", Informative),
            ("orders", "buyer", "int", None, "Refers to the customer who placed the order.", Informative),
            ("users", "is_active", "boolean", None, "False once the account has been closed.", Informative),
            ("users", "is_active", "boolean", None, "Whether the user is not active.", Informative),
            ("t", "x9q", "int", None, "Number of seats.", Informative),
            // The existing comment.
            (
                "users",
                "mail",
                "text",
                Some("Billing address, lower case"),
                "Lower-case billing address.",
                RestatesComment,
            ),
            (
                "users",
                "mail",
                "text",
                Some("Customers' billing e-mails"),
                "The billing email of a customer.",
                RestatesComment,
            ),
            ("users", "mail", "text", Some("Billing address"), "Billing address in lower case.", Informative),
            ("users", "mail", "text", Some("do not use"), "Mail of the user.", RestatesName),
            ("users", "mail", "text", Some("Mail of the user."), "Mail of the user.", RestatesComment),
            ("users", "mail", "text", Some("x"), "The column.", RestatesName),
            ("users", "mail", "text", Some("  "), "Mail.", RestatesName),
            // Words of other languages are not words of form.
            ("kunden", "name", "text", None, "Name der Kunden", Informative),
            ("顧客", "名前", "text", None, "名前", RestatesName),
            ("顧客", "名前", "text", None, "顧客の電話番号", Informative),
        ];
        for (table, name, data_type, comment, text, wanted) in cases {
            let asset = column(table, name);
            let of = Described { asset: &asset, data_type: Some(data_type), comment };
            assert_eq!(substance(text, of), wanted, "{table}.{name} {data_type} {comment:?}: {text}");
        }
    }

    #[test]
    fn tables_and_schemas_have_names_too() {
        let table = AssetPath { kind: AssetKind::Table, column: None, ..column("order_items", "x") };
        let schema = AssetPath { kind: AssetKind::Schema, table: None, ..table.clone() };
        for (asset, text, wanted) in [
            (&table, "One row per order item.", Substance::RestatesName),
            (&table, "Holds the items of orders.", Substance::RestatesName),
            (&table, "One row per order item, with price.", Substance::Informative),
            (&schema, "The public schema.", Substance::RestatesName),
            (&schema, "Orders and items.", Substance::Informative),
        ] {
            let of = Described { asset, data_type: None, comment: None };
            assert_eq!(substance(text, of), wanted, "{text}");
        }
    }
}
