//! Parses connection URLs and formats them without their password.
//!
//! The rules: a URL whose parts are ambiguous is rejected and displayed as its scheme alone, since any other part may
//! be the password. A connection uses only what the URL says: each kind of database has a closed list of parameters,
//! and missing parts get no defaults from the environment.
//!
//! To add a parameter: add an arm to the `options` of its database and a line to [`parameters`].

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    domain::profile::DbBackend,
    port::{environment::EnvNames, target::TargetError},
};

/// A parsed connection URL.
pub(super) enum Address {
    /// A SQLite file.
    Sqlite {
        /// The file's path.
        path: PathBuf,
        /// Whether the URL forbids writes: `?mode=ro` or `?immutable=1`.
        read_only: bool,
    },
    /// A PostgreSQL server.
    Postgres(ServerAddress),
    /// A MySQL or MariaDB server.
    MySql(ServerAddress),
}

/// The server and login that a URL names.
pub(super) struct ServerAddress {
    /// The host name or address, or the folder of a Unix socket.
    pub(super) host: String,
    /// The port; `None` if the URL names none.
    pub(super) port: Option<u16>,
    /// The user name.
    pub(super) user: String,
    /// The password, or `env:NAME` for a variable that holds it.
    pub(super) password: Option<SecretString>,
    /// The database in the URL's path.
    pub(super) database: Option<String>,
    /// The other parameters, all from the closed list, in the URL's order.
    pub(super) parameters: Vec<(String, String)>,
}

/// Returns the parameters that this kind of database accepts, and whether each value may be displayed.
const fn parameters(backend: DbBackend) -> &'static [(&'static str, bool)] {
    match backend {
        DbBackend::Sqlite => &[("mode", true), ("immutable", true)],
        DbBackend::Postgres => &[
            ("sslmode", true),
            ("ssl-mode", true),
            ("sslrootcert", false),
            ("ssl-root-cert", false),
            ("ssl-ca", false),
            ("sslcert", false),
            ("ssl-cert", false),
            ("sslkey", false),
            ("ssl-key", false),
            ("host", true),
            ("port", true),
            ("application_name", false),
        ],
        DbBackend::MySql => &[
            ("sslmode", true),
            ("ssl-mode", true),
            ("sslca", false),
            ("ssl-ca", false),
            ("sslcert", false),
            ("ssl-cert", false),
            ("sslkey", false),
            ("ssl-key", false),
            ("socket", true),
        ],
    }
}

/// Returns the kind of database that the URL's scheme names.
///
/// # Errors
/// Returns [`TargetError::Misconfigured`] if the scheme is unknown.
pub fn backend_of(url: &str) -> Result<DbBackend, TargetError> {
    let scheme = scheme_of(url).map(str::to_ascii_lowercase);
    match scheme.as_deref() {
        Some("sqlite") => Ok(DbBackend::Sqlite),
        Some("postgres" | "postgresql") => Ok(DbBackend::Postgres),
        Some("mysql" | "mariadb") => Ok(DbBackend::MySql),
        Some(other) => Err(misconfigured(format!(
            "the scheme {other}:// is not supported; use sqlite://, postgres://, postgresql://, mysql:// or mariadb://"
        ))),
        None => Err(misconfigured(
            "the URL has no scheme; write sqlite:///path/file.db, postgres://user:password@host:port/database or \
             mysql://user:password@host:port",
        )),
    }
}

/// Returns the URL in a form that is safe to display: host, port, user, database and the parameters that hold no
/// secret. If the URL cannot be parsed, only its scheme is returned.
#[must_use]
pub fn display_url(url: &str) -> String {
    let only_scheme = || scheme_of(url).map_or_else(|| "…".to_owned(), |scheme| format!("{scheme}://…"));
    match backend_of(url) {
        Ok(DbBackend::Sqlite) => {
            let path = after_scheme(url).split(['?', '#']).next().unwrap_or_default();
            let authority = path.split('/').next().unwrap_or_default();
            if authority.contains('@') { only_scheme() } else { format!("sqlite://{path}") }
        }
        Ok(backend) => server_url(url).ok().and_then(|url| without_secrets(url, backend)).unwrap_or_else(only_scheme),
        Err(_) => only_scheme(),
    }
}

/// Returns the database that a PostgreSQL URL names. It is the only reachable one unless the profile pins another.
pub(super) fn database_of(url: &str) -> Option<String> {
    match Address::parse(url) {
        Ok(Address::Postgres(server)) => server.database,
        _ => None,
    }
}

impl Address {
    /// Parses a connection URL.
    ///
    /// # Errors
    /// Returns [`TargetError::Misconfigured`] if the URL is invalid or ambiguous. The message never repeats the URL.
    pub(super) fn parse(url: &str) -> Result<Self, TargetError> {
        match backend_of(url)? {
            DbBackend::Sqlite => {
                let path = sqlite_path(url)?;
                Ok(Self::Sqlite { path, read_only: forbids_writes(url)? })
            }
            DbBackend::Postgres => server_address(url, DbBackend::Postgres).map(Self::Postgres),
            DbBackend::MySql => server_address(url, DbBackend::MySql).map(Self::MySql),
        }
    }

    /// Replaces a password of the form `env:NAME` by the value of that variable, which is read on every call.
    ///
    /// # Errors
    /// Returns [`TargetError::Misconfigured`] if the variable is not allowed or not set.
    pub(super) fn with_password(mut self, names: &EnvNames) -> Result<Self, TargetError> {
        if let Some(variable) = self.variable() {
            let value = names.read(variable).map_err(|error| from_variable(&error))?;
            if let Self::Postgres(server) | Self::MySql(server) = &mut self {
                server.password = Some(value);
            }
        }
        Ok(self)
    }

    /// Checks that the password's variable, if there is one, may be read by profiles.
    ///
    /// # Errors
    /// Returns [`TargetError::Misconfigured`] if the variable is not allowed.
    pub(super) fn check_variable(&self, names: &EnvNames) -> Result<(), TargetError> {
        self.variable().map_or(Ok(()), |variable| names.check(variable)).map_err(|error| from_variable(&error))
    }

    /// Returns the password, which may be a reference to a variable.
    pub(super) const fn password(&self) -> Option<&SecretString> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres(server) | Self::MySql(server) => server.password.as_ref(),
        }
    }

    /// Returns the name of the variable that holds the password, if the password is given as `env:NAME`.
    fn variable(&self) -> Option<&str> {
        self.password()?.expose_secret().strip_prefix("env:").map(str::trim)
    }

    pub(super) const fn backend(&self) -> DbBackend {
        match self {
            Self::Sqlite { .. } => DbBackend::Sqlite,
            Self::Postgres(_) => DbBackend::Postgres,
            Self::MySql(_) => DbBackend::MySql,
        }
    }
}

fn from_variable(error: &impl std::fmt::Display) -> TargetError {
    misconfigured(format!("the password is taken from {error}"))
}

/// Returns the host, without the brackets of an IPv6 address.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| percent_decoded(host))
}

fn misconfigured(text: impl Into<String>) -> TargetError {
    TargetError::Misconfigured(text.into())
}

/// Returns the text before the first colon if it is a valid scheme.
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
        return Err(misconfigured("the URL has no file path; write sqlite:///path/file.db"));
    }
    if path.contains('\0') {
        return Err(misconfigured("the path of the file contains a zero byte; remove it"));
    }
    if !Path::new(&path).is_absolute() {
        return Err(misconfigured(
            "the path of the file is not absolute; write sqlite:///path/file.db, with three slashes",
        ));
    }
    Ok(PathBuf::from(path))
}

/// Returns whether a SQLite URL forbids writes with SQLite's own URI parameters.
fn forbids_writes(url: &str) -> Result<bool, TargetError> {
    let query = url.split('#').next().and_then(|url| url.split_once('?')).map_or("", |(_, query)| query);
    let mut read_only = false;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match (known(DbBackend::Sqlite, &key)?, value.as_ref()) {
            ("mode", "ro") | ("immutable", "1") => read_only = true,
            ("mode", "rw") | ("immutable", "0") => {}
            (key, _) => {
                let values = if key == "mode" { "ro or rw" } else { "0 or 1" };
                return Err(misconfigured(format!("the URL's parameter {key} has an invalid value; use {values}")));
            }
        }
    }
    Ok(read_only)
}

/// Returns a parameter's name from the closed list.
///
/// # Errors
/// Returns [`TargetError::Misconfigured`] if the list lacks it: a parameter that Gloss does not know may change what
/// a statement means.
fn known(backend: DbBackend, key: &str) -> Result<&'static str, TargetError> {
    let list = parameters(backend);
    if let Some((name, _)) = list.iter().find(|(name, _)| *name == key) {
        return Ok(name);
    }
    let can_be_shown = key.len() <= 40 && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[]".contains(c));
    let named = if can_be_shown { format!(" {key}") } else { String::new() };
    let why = match key {
        "charset" | "collation" => ": the connection is always utf8mb4",
        "timezone" | "time-zone" | "timeZone" => ": the connection is always in UTC",
        "user" | "password" | "dbname" => "; write scheme://user:password@host:port/database",
        _ => "",
    };
    let names: Vec<&str> = list.iter().map(|(name, _)| *name).collect();
    Err(misconfigured(format!(
        "the URL has a parameter{named} that Gloss does not accept; remove it{why}. Accepted parameters: {}",
        names.join(", ")
    )))
}

fn server_address(url: &str, backend: DbBackend) -> Result<ServerAddress, TargetError> {
    let parsed = server_url(url)?;
    let mut parameters = Vec::new();
    let (mut host, mut port) = (host_of(&parsed), parsed.port());
    for (key, value) in parsed.query_pairs() {
        match known(backend, &key)? {
            "host" | "socket" => host = Some(value.into_owned()),
            "port" => {
                let wrong =
                    || misconfigured("the URL's parameter port is not a port number; use a number from 1 to 65535");
                port = Some(value.parse().map_err(|_| wrong())?);
            }
            known => parameters.push((known.to_owned(), value.into_owned())),
        }
    }
    let host = host.filter(|host| !host.is_empty()).ok_or_else(|| {
        misconfigured("the URL has no host; write scheme://user:password@host:port/database, also for localhost")
    })?;
    let user = percent_decoded(parsed.username());
    if user.is_empty() {
        return Err(misconfigured("the URL has no user; write scheme://user:password@host:port/database"));
    }
    let password = parsed.password().map(percent_decoded).filter(|password| !password.is_empty());
    let database = percent_decoded(parsed.path().trim_start_matches('/'));
    Ok(ServerAddress {
        host,
        port,
        user,
        password: password.map(SecretString::from),
        database: (!database.is_empty()).then_some(database),
        parameters,
    })
}

fn server_url(url: &str) -> Result<Url, TargetError> {
    let hint = "write scheme://user:password@host:port/database, with special characters in the password \
                percent-encoded (@ is %40, / is %2F, : is %3A, # is %23, ? is %3F)";
    let parsed = Url::parse(url).map_err(|_| misconfigured(format!("the URL is invalid; {hint}")))?;
    // After an unencoded /, ? or # in a password, the rest of the password and the @ look like a path or query.
    let unclear = [Some(parsed.path()), parsed.query()].into_iter().flatten().any(|part| part.contains('@'));
    if unclear || parsed.fragment().is_some() || !parsed.has_authority() {
        return Err(misconfigured(format!("the URL is ambiguous; {hint}")));
    }
    Ok(parsed)
}

fn without_secrets(mut url: Url, backend: DbBackend) -> Option<String> {
    if url.password().is_some() {
        url.set_password(None).ok()?;
    }
    let is_shown = |key: &str| parameters(backend).contains(&(key, true));
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| is_shown(key))
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    Some(url.into())
}

/// Decodes percent escapes (`%2F` to `/`). A percent sign without two hexadecimal digits after it is kept.
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
            (
                "postgres://ann@db/shop?sslkey=s3cret&apikey=s3cret&auth=s3cret&sslmode=require",
                "postgres://ann@db/shop?sslmode=require",
            ),
            ("postgres://ann:s3/cret@db/shop", "postgres://…"),
            ("postgres://ann:3/cret@db/shop", "postgres://…"),
            ("postgres://ann:3?cret@db/shop", "postgres://…"),
            ("postgres://ann:3#cret@db/shop", "postgres://…"),
            ("postgres://ann@db/shop#s3cret", "postgres://…"),
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
            ("sqlite:///a/b.db?mode=rw&immutable=1#x", true),
        ] {
            assert!(
                matches!(Address::parse(url), Ok(Address::Sqlite { read_only, .. }) if read_only == wanted),
                "{url}"
            );
        }
    }

    #[test]
    fn a_password_can_be_the_name_of_a_variable() {
        // Cargo sets this variable for every test, and `CARGO_*` allows it.
        let value = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        let names = EnvNames::new(["CARGO_*", "NO_SUCH_NAME"]).unwrap();
        let password = |url: &str| match Address::parse(url).and_then(|address| address.with_password(&names)) {
            Ok(Address::Postgres(server) | Address::MySql(server)) => {
                Ok(server.password.map(|password| password.expose_secret().to_owned()))
            }
            Ok(Address::Sqlite { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        for url in ["postgres://ann:env:CARGO_MANIFEST_DIR@db/shop", "mysql://ann:env%3ACARGO_MANIFEST_DIR@db/shop"] {
            assert_eq!(password(url), Ok(Some(value.clone())));
            assert!(!display_url(url).contains("CARGO"), "{}", display_url(url));
        }
        assert_eq!(password("postgres://ann:s3cret@db/shop"), Ok(Some("s3cret".to_owned())));
        assert_eq!(password("postgres://ann@db"), Ok(None));
        let text = password("postgres://ann:env:NO_SUCH_NAME@db").unwrap_err();
        assert!(text.contains("`NO_SUCH_NAME`") && text.contains("not set"), "{text}");
        let text = password("postgres://ann:env:PATH@db").unwrap_err();
        assert!(text.contains("`PATH`") && text.contains("--env-names"), "{text}");
    }

    #[test]
    fn parameters_are_a_closed_list() {
        for (url, named) in [
            ("mysql://ann@db/shop?charset=gbk", "charset"),
            ("mysql://ann@db/shop?collation=big5_chinese_ci", "collation"),
            ("mysql://ann@db/shop?timezone=%27%2C", "timezone"),
            ("mysql://ann@db/shop?ssl-mode=REQUIRED&CHARSET=gbk", "CHARSET"),
            ("postgres://ann@db/shop?options=-csearch_path%3Devil", "options"),
            ("postgres://ann@db/shop?options[search_path]=evil", "options[search_path]"),
            ("postgres://ann@db/shop?user=bob", "user"),
            ("postgres://ann@db/shop?hostaddr=10.0.0.1", "hostaddr"),
            ("sqlite:///a/b.db?key=x", "key"),
            ("sqlite:///a/b.db?mode=rwc", "mode"),
        ] {
            let text = Address::parse(url).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(text.contains(named) && !text.contains("evil") && !text.contains("gbk"), "{url}: {text}");
        }
        for url in ["postgres:///shop", "postgres://ann@/shop", "mysql://db/shop", "postgres://:x@db/shop"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        for url in ["postgres://ann@localhost/shop?host=/run/postgresql", "postgres://ann@%2Frun%2Fpostgresql/shop"] {
            assert!(
                matches!(Address::parse(url), Ok(Address::Postgres(server)) if server.host == "/run/postgresql"),
                "{url}"
            );
        }
    }

    #[test]
    fn an_unknown_scheme_is_told() {
        let text = backend_of("oracle://x").unwrap_err().to_string();
        assert!(text.contains("oracle") && text.contains("mariadb://"), "{text}");
        assert!(backend_of("no scheme").is_err());
        assert_eq!(backend_of("MariaDB://x").unwrap(), DbBackend::MySql);
    }
}
