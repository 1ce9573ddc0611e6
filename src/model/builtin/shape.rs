//! Shapes: what the sampled values of a column look like.
//!
//! The rule: a shape is recognized only if nine of ten samples have it. Shapes that words may have by chance (two
//! letters, ten digits) must fit every sample and need a name that suggests them. To add a shape, add a variant, a test
//! in [`Shape::fits`] and a noun in [`Shape::noun`]. No sample value ever leaves this module.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

/// The shape of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An e-mail address: `name@example.com`.
    Email,
    /// A URL: `https://…`.
    Url,
    /// A UUID: 36 characters with hyphens.
    Uuid,
    /// An IP address, version 4 or 6.
    Ip,
    /// A MAC address: six pairs of hexadecimal digits.
    Mac,
    /// A country code of ISO 3166-1 alpha-2.
    Country2,
    /// Three capital letters, if the name suggests a country.
    Country3,
    /// A currency code of ISO 4217.
    Currency,
    /// A language code: `en`, `pt-BR`, if the name suggests a language or locale.
    Language,
    /// Digits with the punctuation of telephone numbers.
    Phone,
    /// A postal code, if the name suggests one.
    PostalCode,
    /// A date: `2026-11-23`.
    IsoDate,
    /// A date and time: `2026-11-23T10:15:00Z` and similar forms.
    IsoTimestamp,
    /// A time of day: `10:15:00`.
    Time,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// A JSON object or array.
    Json,
    /// Hexadecimal digits of the length of a digest.
    HexDigest,
    /// At least 24 characters of Base64.
    Base64,
    /// A percentage: `12.5%`.
    Percent,
    /// A yes-or-no value: `Y`/`N`, `true`/`false`, `0`/`1`.
    YesNo,
    /// A MIME type: `image/png`.
    Mime,
    /// A file name or path: `report.pdf`, `/var/log/x.log`.
    File,
    /// A version number: `1.4.0`.
    Version,
}

/// Shapes that need no matching name, the more specific ones first.
const EVIDENT: &[Shape] = &[
    Shape::Email,
    Shape::Url,
    Shape::Uuid,
    Shape::Mac,
    Shape::Ip,
    Shape::IsoTimestamp,
    Shape::IsoDate,
    Shape::Time,
    Shape::Json,
    Shape::HexDigest,
    Shape::Percent,
    Shape::Mime,
];

/// Shapes that need a name that suggests them, with the words that do.
const NAMED: &[(Shape, &[&str])] = &[
    (Shape::Country2, &["country", "nationality", "two-letter ISO code"]),
    (Shape::Country3, &["country", "nationality", "three-letter ISO code"]),
    (Shape::Currency, &["currency", "ISO"]),
    (Shape::Language, &["language", "locale"]),
    (Shape::Phone, &["phone", "telephone", "fax", "mobile", "mobile phone", "number", "contact"]),
    (Shape::PostalCode, &["ZIP", "postal", "postal code", "ZIP code", "zip"]),
    (
        Shape::EpochMillis,
        &["at", "time", "timestamp", "date", "created", "updated", "deleted", "epoch", "milliseconds"],
    ),
    (Shape::EpochSeconds, &["at", "time", "timestamp", "date", "created", "updated", "deleted", "epoch", "seconds"]),
    (Shape::Base64, &["token", "signature", "image", "payload", "data", "content", "hash", "key", "secret"]),
    (
        Shape::File,
        &["file", "file name", "filename", "path", "image", "attachment", "document", "photo", "picture", "logo"],
    ),
    (Shape::Version, &["version", "release", "firmware", "build", "revision"]),
];

const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET \
    FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ \
    IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
    MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS \
    PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL \
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP \
    BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF \
    GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR \
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP \
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY \
    TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL";

/// Returns whether a value stands for none.
fn is_placeholder(value: &str) -> bool {
    const PLACEHOLDERS: &[&str] = &["", "-", "--", "?", "n/a", "na", "none", "null", "nil", "unknown", "tbd", "(none)"];
    PLACEHOLDERS.iter().any(|placeholder| value.eq_ignore_ascii_case(placeholder))
}

impl Shape {
    /// The shape of samples in a column whose name has these words; `None` if there is none.
    pub fn of(samples: &[String], name: &[String]) -> Option<Self> {
        let values: Vec<&str> =
            samples.iter().map(|value| value.trim()).filter(|value| !is_placeholder(value)).collect();
        if values.is_empty() {
            return None;
        }
        let all = |shape: Self| values.iter().all(|value| shape.fits(value));
        // One value in ten may be out of shape: people mistype, and systems leave test data behind.
        let most = |shape: Self| values.iter().filter(|value| shape.fits(value)).count() * 10 >= values.len() * 9;
        if let Some(shape) = EVIDENT.iter().copied().find(|shape| most(*shape)) {
            return Some(shape);
        }
        if all(Self::YesNo) && Self::opposite(&values) {
            return Some(Self::YesNo);
        }
        if values.len() >= 3 && all(Self::Currency) {
            return Some(Self::Currency);
        }
        let says = |words: &[&str]| name.iter().any(|word| words.contains(&word.as_str()));
        NAMED.iter().find(|(shape, words)| says(words) && all(*shape)).map(|(shape, _)| *shape)
    }

    /// Returns whether the values are two opposites of the same kind.
    fn opposite(values: &[&str]) -> bool {
        let pairs = [["y", "n"], ["yes", "no"], ["t", "f"], ["true", "false"], ["0", "1"]];
        let lower: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
        lower.len() == 2
            && pairs.iter().any(|pair| lower.iter().all(|value| pair.contains(&value.as_str())) && lower[0] != lower[1])
    }

    /// Returns whether a value has the shape.
    fn fits(self, value: &str) -> bool {
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        match self {
            Self::Email => value.split_once('@').is_some_and(|(who, host)| {
                !who.is_empty() && host.contains('.') && !host.contains('@') && !value.contains(char::is_whitespace)
            }),
            Self::Url => ["http://", "https://", "ftp://", "s3://", "www."]
                .iter()
                .any(|start| value.to_lowercase().starts_with(start)),
            Self::Uuid => {
                value.len() == 36 && value.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && hex(&value.replace('-', ""))
            }
            Self::Ip => value.parse::<Ipv4Addr>().is_ok() || value.parse::<Ipv6Addr>().is_ok_and(|_| value.len() > 3),
            Self::Mac => {
                value.len() == 17 && value.split([':', '-']).filter(|pair| pair.len() == 2 && hex(pair)).count() == 6
            }
            Self::Country2 => value.len() == 2 && COUNTRIES.split(' ').any(|code| code.eq_ignore_ascii_case(value)),
            Self::Country3 => value.len() == 3 && value.bytes().all(|b| b.is_ascii_uppercase()),
            Self::Currency => CURRENCIES.split(' ').any(|code| code == value),
            Self::Language => {
                let base = value.split(['-', '_']).next().unwrap_or_default();
                (2..=3).contains(&base.len()) && base.bytes().all(|b| b.is_ascii_lowercase()) && value.len() <= 11
            }
            Self::Phone => {
                (5..=15).contains(&digits)
                    && value.chars().all(|c| c.is_ascii_digit() || "+-() ./x".contains(c))
                    && !value.contains("--")
            }
            Self::PostalCode => {
                (3..=10).contains(&value.len())
                    && value.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-')
            }
            Self::IsoDate => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok() && value.len() == 10,
            Self::IsoTimestamp => {
                DateTime::parse_from_rfc3339(value).is_ok()
                    || ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f%#z"]
                        .iter()
                        .any(|form| NaiveDateTime::parse_from_str(value, form).is_ok())
            }
            Self::Time => {
                value.contains(':')
                    && ["%H:%M:%S%.f", "%H:%M"].iter().any(|form| NaiveTime::parse_from_str(value, form).is_ok())
            }
            Self::EpochSeconds => value.parse::<i64>().is_ok_and(|n| (100_000_000..5_000_000_000).contains(&n)),
            Self::EpochMillis => value.parse::<i64>().is_ok_and(|n| (100_000_000_000..5_000_000_000_000).contains(&n)),
            // Samples are cut to 80 characters, so a long one may be incomplete.
            Self::Json => {
                value.starts_with(['{', '['])
                    && (serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok()
                        || (value.chars().count() >= 79 && (value.starts_with("{\"") || value.starts_with("[{"))))
            }
            Self::HexDigest => matches!(value.len(), 32 | 40 | 64) && hex(value) && digits < value.len(),
            Self::Base64 => {
                value.len() >= 24 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b))
            }
            Self::Percent => value.strip_suffix('%').is_some_and(|number| number.trim().parse::<f64>().is_ok()),
            Self::YesNo => matches!(
                value.to_lowercase().as_str(),
                "y" | "n" | "yes" | "no" | "t" | "f" | "true" | "false" | "0" | "1"
            ),
            Self::Mime => value.split_once('/').is_some_and(|(kind, rest)| {
                ["application", "audio", "image", "text", "video", "font", "multipart", "model"].contains(&kind)
                    && !rest.is_empty()
            }),
            Self::File => {
                value.rsplit_once('.').is_some_and(|(stem, end)| {
                    !stem.is_empty()
                        && (1..=5).contains(&end.len())
                        && end.bytes().all(|b| b.is_ascii_alphanumeric())
                        && !end.bytes().all(|b| b.is_ascii_digit())
                }) || (value.starts_with('/') && value.len() > 1)
            }
            Self::Version => {
                let plain = value.strip_prefix('v').unwrap_or(value);
                let parts: Vec<&str> = plain.split('-').next().unwrap_or_default().split('.').collect();
                (2..=4).contains(&parts.len())
                    && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
            }
        }
    }

    /// Plain words for values of this shape, in the plural.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Email => "e-mail addresses",
            Self::Url => "URLs",
            Self::Uuid => "UUIDs",
            Self::Ip => "IP addresses",
            Self::Mac => "MAC addresses",
            Self::Country2 => "two-letter country codes",
            Self::Country3 => "three-letter country codes",
            Self::Currency => "ISO 4217 currency codes",
            Self::Language => "language codes",
            Self::Phone => "telephone numbers",
            Self::PostalCode => "postal codes",
            Self::IsoDate => "ISO dates",
            Self::IsoTimestamp => "ISO timestamps",
            Self::Time => "times of day",
            Self::EpochSeconds => "Unix times in seconds",
            Self::EpochMillis => "Unix times in milliseconds",
            Self::Json => "JSON documents",
            Self::HexDigest => "hexadecimal digests",
            Self::Base64 => "Base64 text",
            Self::Percent => "percentages",
            Self::YesNo => "yes-or-no values",
            Self::Mime => "MIME types",
            Self::File => "file names",
            Self::Version => "version numbers",
        }
    }

    /// Returns whether a single value of this shape may identify a person or grant access.
    pub const fn is_personal(self) -> bool {
        matches!(
            self,
            Self::Email
                | Self::Phone
                | Self::Ip
                | Self::Mac
                | Self::Uuid
                | Self::HexDigest
                | Self::Base64
                | Self::Json
                | Self::Url
                | Self::PostalCode
        )
    }

    /// Returns whether the values are points in time.
    pub const fn is_moment(self) -> bool {
        matches!(self, Self::IsoDate | Self::IsoTimestamp | Self::EpochSeconds | Self::EpochMillis)
    }
}
