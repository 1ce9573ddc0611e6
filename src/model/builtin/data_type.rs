//! Classification of column types across databases.
//!
//! The rule: types are distinguished only where the describer treats them differently, and only by the whole name of a
//! built-in type; a part of another name means nothing. To add a database's spelling, add it to [`DataType::of`].

/// The categories of types that matter for a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Integers.
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
    /// A duration.
    Duration,
    /// JSON.
    Json,
    /// Bytes.
    Binary,
    /// A UUID.
    Uuid,
    /// Any other type, or no type.
    Other,
}

impl DataType {
    /// Classifies a built-in type as the database spells it. A schema before the name, the length and modifiers are
    /// ignored.
    pub fn of(spelling: &str) -> Self {
        let lower = spelling.trim().to_lowercase();
        if lower.ends_with(']') {
            return Self::Other;
        }
        if matches!(lower.as_str(), "tinyint(1)" | "bit(1)") {
            return Self::Boolean;
        }
        let is_sized = lower.contains('(');
        let base = lower.split('(').next().unwrap_or_default();
        let base = base.rsplit('.').next().unwrap_or_default().trim_matches(['"', ' ']);
        let words: Vec<&str> = base
            .split_whitespace()
            .filter(|word| !matches!(*word, "unsigned" | "signed" | "zerofill" | "identity" | "autoincrement"))
            .collect();
        match words.join(" ").as_str() {
            "bool" | "boolean" => Self::Boolean,
            "bit" if !is_sized => Self::Boolean,
            "json" | "jsonb" => Self::Json,
            "uuid" | "uniqueidentifier" | "guid" => Self::Uuid,
            "timestamp"
            | "timestamptz"
            | "datetime"
            | "datetime2"
            | "smalldatetime"
            | "datetimeoffset"
            | "timestamp without time zone"
            | "timestamp with time zone" => Self::Timestamp,
            "date" => Self::Date,
            "time" | "timetz" | "time without time zone" | "time with time zone" => Self::Time,
            "int" | "integer" | "tinyint" | "smallint" | "mediumint" | "bigint" | "int1" | "int2" | "int3" | "int4"
            | "int8" | "big int" | "long" | "serial" | "smallserial" | "bigserial" | "serial2" | "serial4"
            | "serial8" | "year" | "rowversion" => Self::Integer,
            "numeric" | "decimal" | "dec" | "fixed" | "real" | "float" | "float4" | "float8" | "double"
            | "double precision" | "money" | "smallmoney" | "number" => Self::Decimal,
            "text"
            | "tinytext"
            | "mediumtext"
            | "longtext"
            | "ntext"
            | "citext"
            | "char"
            | "character"
            | "bpchar"
            | "nchar"
            | "varchar"
            | "varchar2"
            | "nvarchar"
            | "nvarchar2"
            | "character varying"
            | "varying character"
            | "native character"
            | "national character"
            | "national character varying"
            | "national varchar"
            | "clob"
            | "string"
            | "name"
            | "enum"
            | "set" => Self::Text,
            "blob" | "tinyblob" | "mediumblob" | "longblob" | "bytea" | "binary" | "varbinary" | "image"
            | "binary varying" => Self::Binary,
            // May be followed by fields: `interval day to second`.
            base if base.split(' ').next() == Some("interval") => Self::Duration,
            _ => Self::Other,
        }
    }

    /// Returns whether the values are numbers.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Returns whether the values are numbers or may be, since the type is unknown.
    pub const fn may_be_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Other)
    }

    /// Returns whether the values are points in time.
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
            Self::Duration => "durations",
            Self::Json => "JSON documents",
            Self::Binary => "binary data",
            Self::Uuid => "UUIDs",
            Self::Other => "values",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DataType;

    #[test]
    fn whole_names_are_matched() {
        for (spelling, expected) in [
            ("integer", DataType::Integer),
            ("INT(11) UNSIGNED", DataType::Integer),
            ("UNSIGNED BIG INT", DataType::Integer),
            ("tinyint(1)", DataType::Boolean),
            ("bit(8)", DataType::Other),
            ("character varying(160)", DataType::Text),
            ("timestamp(3) with time zone", DataType::Timestamp),
            ("time without time zone", DataType::Time),
            ("interval day to second(3)", DataType::Duration),
            ("public.citext", DataType::Text),
            ("enum('int','json')", DataType::Text),
            ("double precision", DataType::Decimal),
            ("text[]", DataType::Other),
            ("paint.print_state", DataType::Other),
            ("candidate_level", DataType::Other),
            ("point", DataType::Other),
            ("booleanish", DataType::Other),
            ("times_run", DataType::Other),
            ("", DataType::Other),
        ] {
            assert_eq!(DataType::of(spelling), expected, "{spelling}");
        }
    }
}
