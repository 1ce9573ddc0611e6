//! What a column's type says, whatever the database calls it.
//!
//! The rule: only what the describer makes a difference of is told apart. A database's own spelling is one
//! more word in [`DataType::of`].

/// The kinds of type that a description cares about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Whole numbers.
    Integer,
    /// Other numbers.
    Decimal,
    /// True or false.
    Boolean,
    /// Text.
    Text,
    /// A day.
    Date,
    /// A day and a time.
    Timestamp,
    /// A time of day.
    Time,
    /// JSON.
    Json,
    /// Bytes.
    Binary,
    /// A UUID.
    Uuid,
    /// Anything else, or no type at all.
    Other,
}

impl DataType {
    /// Reads a type as the database spells it.
    pub fn of(spelling: &str) -> Self {
        let lower = spelling.to_lowercase();
        let base = lower.split('(').next().unwrap_or_default().trim();
        let has = |part: &str| base.contains(part);
        if lower.starts_with("tinyint(1)") || has("bool") || base == "bit" {
            Self::Boolean
        } else if has("json") {
            Self::Json
        } else if has("uuid") || has("uniqueidentifier") {
            Self::Uuid
        } else if has("timestamp") || has("datetime") {
            Self::Timestamp
        } else if has("date") {
            Self::Date
        } else if base.starts_with("time") {
            Self::Time
        } else if has("interval") || has("point") || has("range") || has("geo") || has("[]") {
            Self::Other
        } else if has("int") || has("serial") || base == "year" {
            Self::Integer
        } else if ["numeric", "decimal", "real", "float", "double", "money", "number"].iter().any(|part| has(part)) {
            Self::Decimal
        } else if has("char") || has("text") || has("clob") || has("string") || base == "enum" || base == "set" {
            Self::Text
        } else if has("blob") || has("bytea") || has("binary") || has("image") {
            Self::Binary
        } else {
            Self::Other
        }
    }

    /// Whether values are numbers.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Whether values are numbers, or may be for all that the type says.
    pub const fn may_be_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Other)
    }

    /// Whether values are points in time.
    pub const fn is_moment(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }

    /// Plain words for values of this type, in the plural.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Integer => "whole numbers",
            Self::Decimal => "numbers",
            Self::Boolean => "true or false",
            Self::Text => "text",
            Self::Date => "dates",
            Self::Timestamp => "timestamps",
            Self::Time => "times of day",
            Self::Json => "JSON documents",
            Self::Binary => "binary data",
            Self::Uuid => "UUIDs",
            Self::Other => "values",
        }
    }
}

/// The values of `enum('a','b')`, where the type lists them.
pub fn enum_values(spelling: &str) -> Vec<String> {
    let Some(list) =
        spelling.get(..5).filter(|start| start.eq_ignore_ascii_case("enum(")).and_then(|_| spelling.get(5..))
    else {
        return Vec::new();
    };
    let list = list.strip_suffix(')').unwrap_or(list);
    list.split("','")
        .map(|value| value.trim_matches('\'').replace("''", "'"))
        .filter(|value| !value.is_empty())
        .collect()
}
