//! Connection URLs: read, and shown without their password.
//!
//! The rule: a URL whose parts cannot be told apart for certain is refused, and shown as its scheme alone, since
//! any other part of it may be the password.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use crate::{domain::profile::DbBackend, port::target::TargetError};

/// A connection URL, taken apart.
pub(super) enum Address {
    /// A file.
    Sqlite {
        /// Where it is.
        path: PathBuf,
        /// Whether the URL says that nothing is to be written: `?mode=ro` or `?immutable=1`.
        read_only: bool,
    },
    /// A PostgreSQL server.
    Postgres(Url),
    /// A MySQL or MariaDB server.
    MySql(Url),
}

/// What the URL's scheme says the database is.
///
/// # Errors
/// [`TargetError::Misconfigured`] where the scheme is none of the known ones.
pub fn backend_of(url: &str) -> Result<DbBackend, TargetError> {
    let scheme = scheme_of(url).map(str::to_ascii_lowercase);
    match scheme.as_deref() {
        Some("sqlite") => Ok(DbBackend::Sqlite),
        Some("postgres" | "postgresql") => Ok(DbBackend::Postgres),
        Some("mysql" | "mariadb") => Ok(DbBackend::MySql),
        Some(other) => Err(misconfigured(format!(
            "the scheme {other}:// is not known; use sqlite://, postgres://, postgresql://, mysql:// or mariadb://"
        ))),
        None => Err(misconfigured(
            "the URL has no scheme; write sqlite:///path/file.db, postgres://user:password@host:port/database or \
             mysql://user:password@host:port",
        )),
    }
}

/// The URL as it may be shown: without password, and without parameters that may hold one. Only the scheme where
/// the URL cannot be read.
#[must_use]
pub fn display_url(url: &str) -> String {
    let only_scheme = || scheme_of(url).map_or_else(|| "…".to_owned(), |scheme| format!("{scheme}://…"));
    match backend_of(url) {
        Ok(DbBackend::Sqlite) => {
            let path = after_scheme(url).split(['?', '#']).next().unwrap_or_default();
            let authority = path.split('/').next().unwrap_or_default();
            if authority.contains('@') { only_scheme() } else { format!("sqlite://{path}") }
        }
        Ok(_) => server_url(url).ok().and_then(without_secrets).unwrap_or_else(only_scheme),
        Err(_) => only_scheme(),
    }
}

impl Address {
    /// # Errors
    /// [`TargetError::Misconfigured`], which never repeats the URL.
    pub(super) fn parse(url: &str) -> Result<Self, TargetError> {
        match backend_of(url)? {
            DbBackend::Sqlite => Ok(Self::Sqlite { path: sqlite_path(url)?, read_only: forbids_writes(url) }),
            DbBackend::Postgres => server_url(url).map(Self::Postgres),
            DbBackend::MySql => server_url(url).map(Self::MySql),
        }
    }

    pub(super) const fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite { .. } => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
            Self::MySql(_) => DbBackend::MySql,
        }
    }
}

/// How the variables begin that hold Gloss's own secrets.
const OWN: &str = "GLOSS_";

/// The URL with the password itself where it names one by `env:NAME`, read from the environment each time.
///
/// # Errors
/// [`TargetError::Misconfigured`] where nothing has that name.
pub(super) fn with_password(url: &str) -> Result<SecretString, TargetError> {
    let (Address::Postgres(mut parsed) | Address::MySql(mut parsed)) = Address::parse(url)? else {
        return Ok(url.into());
    };
    let password = parsed.password().map(percent_decoded).unwrap_or_default();
    let Some(variable) = password.strip_prefix("env:").map(str::trim) else { return Ok(url.into()) };
    if variable.get(..OWN.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN)) {
        return Err(misconfigured(format!(
            "the password is taken from an environment variable of Gloss's own, {OWN}…; use another name"
        )));
    }
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
        misconfigured(format!(
            "the password is taken from the environment variable `{variable}`, which is not set where Gloss runs; set it \
             and start Gloss again"
        ))
    })?;
    let encoded = value.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    parsed.set_password(Some(&encoded)).map_err(|()| misconfigured("the URL has no host; name it"))?;
    Ok(SecretString::from(String::from(parsed)))
}

/// The host without the brackets of an IPv6 address.
pub(super) fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| percent_decoded(host))
}

fn misconfigured(text: impl Into<String>) -> TargetError {
    TargetError::Misconfigured(text.into())
}

/// What stands before the first colon, where that can be a scheme.
fn scheme_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let first = scheme.chars().next()?;
    let valid = first.is_ascii_alphabetic()
        && scheme.len() <= 20
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    valid.then_some(scheme)
}

fn after_scheme(url: &str) -> &str {
    let rest = url.split_once(':').map_or("", |(_, rest)| rest);
    rest.strip_prefix("//").unwrap_or(rest)
}

fn sqlite_path(url: &str) -> Result<PathBuf, TargetError> {
    let path = after_scheme(url).split(['?', '#']).next().unwrap_or_default();
    let path = percent_decoded(path);
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(misconfigured("the URL names no file; write sqlite:///path/file.db"));
    }
    if path.contains('\0') {
        return Err(misconfigured("the path of the file holds a zero byte; correct it"));
    }
    if !Path::new(&path).is_absolute() {
        return Err(misconfigured(
            "the path of the file is not absolute; write sqlite:///path/file.db, with three slashes",
        ));
    }
    Ok(PathBuf::from(path))
}

/// Whether a SQLite URL says, as SQLite's own may, that its file is not to be written.
fn forbids_writes(url: &str) -> bool {
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    query.split('&').any(|parameter| matches!(parameter, "mode=ro" | "immutable=1"))
}

fn server_url(url: &str) -> Result<Url, TargetError> {
    let hint = "write scheme://user:password@host:port/database, with special characters in the password \
                percent-encoded (@ is %40, / is %2F, : is %3A, # is %23, ? is %3F)";
    let parsed = Url::parse(url).map_err(|_| misconfigured(format!("the URL cannot be read; {hint}")))?;
    let unclear = [Some(parsed.path()), parsed.query(), parsed.fragment()].into_iter().flatten().any(|part| {
        // What follows an unencoded / ? or # in a password looks like a path, and brings the @ with it.
        part.contains('@')
    });
    if unclear || !parsed.has_authority() {
        return Err(misconfigured(format!("the URL cannot be read for certain; {hint}")));
    }
    Ok(parsed)
}

fn without_secrets(mut url: Url) -> Option<String> {
    if url.password().is_some() {
        url.set_password(None).ok()?;
    }
    url.set_fragment(None);
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| {
            let key = key.to_ascii_lowercase();
            !["pass", "pwd", "secret", "token", "credential"].iter().any(|word| key.contains(word))
        })
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    Some(url.into())
}

/// `%2F` as `/`. A percent sign that no two hexadecimal digits follow stands for itself.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(byte) = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_password() {
        for (url, shown) in [
            ("postgres://ann:s3cret@db.example:5432/shop", "postgres://ann@db.example:5432/shop"),
            ("postgres://ann:s3%40cret@db.example/shop", "postgres://ann@db.example/shop"),
            ("mysql://ann@db/shop?password=s3cret&ssl-mode=REQUIRED", "mysql://ann@db/shop?ssl-mode=REQUIRED"),
            ("postgresql://db/shop?sslpassword=s3cret", "postgresql://db/shop"),
            ("postgres://ann:s3/cret@db/shop", "postgres://…"),
            ("postgres://ann:3/cret@db/shop", "postgres://…"),
            ("postgres://ann:3?cret@db/shop", "postgres://…"),
            ("postgres://ann:3#cret@db/shop", "postgres://…"),
            ("postgres:ann:s3cret@db/shop", "postgres://…"),
            ("oracle://ann:s3cret@db", "oracle://…"),
            ("ann:s3cret@db", "ann://…"),
            ("s3cret", "…"),
            ("sqlite:///data/shop.db?key=s3cret", "sqlite:///data/shop.db"),
            ("sqlite://ann:s3cret@db/x", "sqlite://…"),
            ("mariadb://ann:s3cret@[::1]:3307", "mariadb://ann@[::1]:3307"),
        ] {
            assert_eq!(display_url(url), shown, "{url}");
            let text = Address::parse(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!text.contains("s3") && !text.contains("cret"), "{url}: {text}");
        }
    }

    #[test]
    fn a_file_is_found_in_its_url() {
        let path = |url| match Address::parse(url) {
            Ok(Address::Sqlite { path, .. }) => path.display().to_string(),
            _ => panic!("{url} is no file"),
        };
        assert_eq!(path("sqlite:///a/b.db"), "/a/b.db");
        assert_eq!(path("sqlite:///a/b%20c%3F.db?mode=ro"), "/a/b c?.db");
        assert_eq!(path("sqlite:///a/100%.db"), "/a/100%.db");
        assert_eq!(path("sqlite:///ä/ü.db"), "/ä/ü.db");
        for nothing in ["sqlite://", "sqlite://b.db", "sqlite::memory:", "sqlite://:memory:"] {
            assert!(Address::parse(nothing).is_err(), "{nothing}");
        }
    }

    #[test]
    fn a_file_that_is_not_to_be_written_says_so_in_its_url() {
        for (url, wanted) in [
            ("sqlite:///a/b.db", false),
            ("sqlite:///a/b.db?mode=rw", false),
            ("sqlite:///a/mode=ro", false),
            ("sqlite:///a/b.db#?mode=ro", false),
            ("sqlite:///a/b.db?mode=ro", true),
            ("sqlite:///a/b.db?cache=shared&immutable=1#x", true),
        ] {
            assert!(
                matches!(Address::parse(url), Ok(Address::Sqlite { read_only, .. }) if read_only == wanted),
                "{url}"
            );
        }
    }

    #[test]
    fn a_password_can_be_the_name_of_a_variable() {
        // Whatever runs the tests has a PATH; it has slashes and colons in it.
        let path = std::env::var("PATH").unwrap();
        for url in ["postgres://ann:env:PATH@db/shop", "mysql://ann:env%3APATH@db/shop"] {
            assert_eq!(display_url(url), url.replace(":env:PATH", "").replace(":env%3APATH", ""));
            let resolved = with_password(url).unwrap();
            let parsed = Url::parse(secrecy::ExposeSecret::expose_secret(&resolved)).unwrap();
            assert_eq!(percent_decoded(parsed.password().unwrap()), path);
            assert_eq!((parsed.username(), parsed.host_str(), parsed.path()), ("ann", Some("db"), "/shop"));
        }
        for plain in ["postgres://ann:s3cret@db/shop", "postgres://ann@db", "sqlite:///env:PATH"] {
            assert_eq!(secrecy::ExposeSecret::expose_secret(&with_password(plain).unwrap()), plain);
        }
        let text = with_password("postgres://ann:env:NO_SUCH_NAME@db").unwrap_err().to_string();
        assert!(text.contains("`NO_SUCH_NAME`") && text.contains("not set"), "{text}");
    }

    #[test]
    fn an_unknown_scheme_is_told() {
        let text = backend_of("oracle://x").unwrap_err().to_string();
        assert!(text.contains("oracle") && text.contains("mariadb://"), "{text}");
        assert!(backend_of("no scheme").is_err());
        assert_eq!(backend_of("MariaDB://x").unwrap(), DbBackend::MySql);
    }
}
