//! Error texts for failures of a target.
//!
//! The rule: a message of a driver or server is never repeated, since it may hold a statement, a value or a password.
//! The error code selects one of Gloss's own texts.

use std::{io, time::Duration};

use sqlx::mysql::MySqlDatabaseError;

use crate::{domain::profile::DbBackend, port::target::TargetError};

/// The location of a target, for error texts.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) backend: DbBackend,
    /// `host:port`, the folder of a Unix socket, or the path of a file.
    pub(super) address: String,
    /// The user name; empty for a file.
    pub(super) user: String,
    /// The database that the connection names, if any.
    pub(super) database: Option<String>,
}

impl Place {
    /// Returns the name of the kind of database.
    pub(super) const fn noun(&self) -> &'static str {
        match self.backend {
            DbBackend::Sqlite => "SQLite",
            DbBackend::Postgres => "PostgreSQL",
            DbBackend::MySql => "MySQL or MariaDB",
        }
    }

    /// Returns the error for an answer that did not arrive within `limit`.
    pub(super) fn too_slow(&self, limit: Duration) -> TargetError {
        TargetError::TimedOut(format!(
            "{} at {} did not answer within {} seconds; try again when it is less busy",
            self.noun(),
            self.address,
            limit.as_secs().max(1)
        ))
    }

    /// Returns the error for a connection that was not established within `limit`.
    pub(super) fn no_connection(&self, limit: Duration) -> TargetError {
        TargetError::Unreachable(format!(
            "cannot connect to {} at {} within {} seconds; check the address, the network and that the server is \
             running",
            self.noun(),
            self.address,
            limit.as_secs().max(1)
        ))
    }

    /// Returns the error for a relay socket that could not be created.
    pub(super) fn no_relay(&self, error: &io::Error) -> TargetError {
        TargetError::Unreachable(format!(
            "cannot prepare the connection to {} at {}: the folder for temporary files does not allow sockets ({}); \
             choose another with TMPDIR",
            self.noun(),
            self.address,
            error.kind()
        ))
    }

    /// Returns the error for an answer beyond the size limit.
    pub(super) fn too_much(&self) -> TargetError {
        TargetError::Unreachable(format!(
            "{} at {} sent a larger answer than Gloss accepts, so Gloss closed the connection; check that the URL \
             points to the right server",
            self.noun(),
            self.address
        ))
    }

    /// Returns the error for an answer that the driver could not parse.
    pub(super) fn not_understood(&self) -> TargetError {
        TargetError::Unreachable(format!(
            "{} at {} sent an invalid answer; check that the URL points to the right kind of server",
            self.noun(),
            self.address
        ))
    }

    /// Returns the error for an error of sqlx.
    pub(super) fn explain(&self, error: &sqlx::Error) -> TargetError {
        match error {
            sqlx::Error::Io(error) => self.explain_io(error),
            sqlx::Error::Tls(_) => TargetError::Unreachable(format!(
                "cannot establish a TLS connection to {} at {}; check its certificate and the URL's SSL mode",
                self.noun(),
                self.address
            )),
            sqlx::Error::Database(error) => match self.backend {
                DbBackend::Sqlite => self.explain_sqlite(error.code().and_then(|code| code.parse().ok())),
                DbBackend::Postgres => self.explain_postgres(error.code().as_deref().unwrap_or_default()),
                DbBackend::MySql => self.explain_mysql(
                    error.try_downcast_ref::<MySqlDatabaseError>().map_or(0, MySqlDatabaseError::number),
                ),
            },
            sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => TargetError::Misconfigured(format!(
                "cannot set up the connection to {} at {} with the settings of the URL; check its parameters",
                self.noun(),
                self.address
            )),
            sqlx::Error::PoolTimedOut => TargetError::TimedOut(format!(
                "all connections to {} at {} are busy; try again in a moment",
                self.noun(),
                self.address
            )),
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => TargetError::Refused(format!(
                "{} at {} has an object whose name is not valid UTF-8; rename that object",
                self.noun(),
                self.address
            )),
            _ => TargetError::Unreachable(format!(
                "the connection to {} at {} broke, or its answer was invalid; try again, and check that the URL points \
                 to the right kind of server",
                self.noun(),
                self.address
            )),
        }
    }

    pub(super) fn explain_io(&self, error: &io::Error) -> TargetError {
        let why = match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "connection refused; check that the server is running and the address is correct"
            }
            io::ErrorKind::TimedOut => "no answer; check the address and the network",
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                "the host is not reachable; check the address and the network"
            }
            io::ErrorKind::PermissionDenied => "permission denied; check the permissions of the file or socket",
            io::ErrorKind::NotFound => "it does not exist; check the address",
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => {
                "the server closed the connection; check that it is running, then try again"
            }
            _ if error.to_string().contains("lookup") => "unknown host name; check the address",
            _ => "the connection failed; check the address and the network",
        };
        TargetError::Unreachable(format!("cannot connect to {} at {}: {why}", self.noun(), self.address))
    }

    fn explain_postgres(&self, code: &str) -> TargetError {
        let (noun, at, user) = (self.noun(), &self.address, &self.user);
        match code {
            "28P01" => self.wrong_password(),
            "28000" => TargetError::Unreachable(format!(
                "{noun} at {at} rejected the user {user}; check the user name and the server's access rules"
            )),
            "3D000" => self.no_database(),
            "42501" => self.not_allowed(),
            "42P01" | "3F000" | "42703" => self.gone(),
            "57014" | "55P03" => TargetError::TimedOut(format!(
                "{noun} at {at} cancelled the statement at its time limit; try again when it is less busy"
            )),
            "53300" => TargetError::Unreachable(format!(
                "{noun} at {at} accepts no more connections; try again when others are closed"
            )),
            "57P03" | "57P01" | "57P02" => {
                TargetError::Unreachable(format!("{noun} at {at} is starting or shutting down; try again in a moment"))
            }
            code if code.starts_with("08") => {
                TargetError::Unreachable(format!("the connection to {noun} at {at} broke; try again"))
            }
            code => self.refused(code),
        }
    }

    fn explain_mysql(&self, number: u16) -> TargetError {
        let (noun, at, user) = (self.noun(), &self.address, &self.user);
        match number {
            1045 | 1698 => self.wrong_password(),
            1130 => TargetError::Unreachable(format!(
                "{noun} at {at} does not accept connections from this machine; allow them for the user {user}"
            )),
            1044 => TargetError::Unreachable(match &self.database {
                Some(database) => format!(
                    "{noun} at {at} denied the user {user} access to the database {database}; grant access, or choose \
                     another database"
                ),
                None => format!("{noun} at {at} denied the user {user} access to that database; grant access"),
            }),
            1049 => self.no_database(),
            1142 | 1143 | 1227 | 1356 | 1370 => self.not_allowed(),
            1146 | 1054 | 1051 => self.gone(),
            3024 | 1969 | 1205 | 1317 => TargetError::TimedOut(format!(
                "{noun} at {at} cancelled the statement at its time limit; try again when it is less busy"
            )),
            1040 | 1203 | 1226 => TargetError::Unreachable(format!(
                "{noun} at {at} accepts no more connections; try again when others are closed"
            )),
            1053 => TargetError::Unreachable(format!("{noun} at {at} is shutting down; try again in a moment")),
            number => self.refused(&number.to_string()),
        }
    }

    fn explain_sqlite(&self, code: Option<i32>) -> TargetError {
        let path = &self.address;
        // The low byte is the primary result code; the higher bytes refine it.
        match code.map(|code| code & 0xff) {
            Some(26) => TargetError::Misconfigured(format!("{path} is not a SQLite database; check the path")),
            Some(14 | 23 | 3) => {
                TargetError::Unreachable(format!("cannot open the file {path}; check its permissions"))
            }
            Some(5 | 6) => TargetError::TimedOut(format!("the file {path} is locked by another program; try again")),
            Some(8) => TargetError::Unreachable(format!(
                "the file {path} cannot be read without changing it, because the program that wrote to it did not \
                 close it; open it once with that program"
            )),
            Some(9) => TargetError::TimedOut(format!("reading {path} reached its time limit; try again")),
            Some(10) => TargetError::Unreachable(format!("reading {path} failed; check the disk")),
            Some(11) => TargetError::Refused(format!("the file {path} is damaged; restore it from a backup")),
            Some(1) => self.gone(),
            code => self.refused(&code.unwrap_or_default().to_string()),
        }
    }

    /// Returns whether an error of MySQL or MariaDB is transient or concerns the connection. This module has texts
    /// for these.
    pub(super) const fn may_pass(number: u16) -> bool {
        matches!(number, 1040 | 1045 | 1053 | 1130 | 1203 | 1205 | 1213 | 1226 | 1317 | 1698 | 1927 | 1969 | 3024)
    }

    fn wrong_password(&self) -> TargetError {
        TargetError::Unreachable(format!(
            "the password for user {} was rejected by {} at {}; check the user and the password in the profile's URL",
            self.user,
            self.noun(),
            self.address
        ))
    }

    /// Returns the error for a database that does not exist.
    pub(super) fn no_database(&self) -> TargetError {
        let name = self.database.as_ref().map_or_else(|| "such database".to_owned(), |name| format!("database {name}"));
        TargetError::Refused(format!("{} at {} has no {name}; check the name", self.noun(), self.address))
    }

    fn not_allowed(&self) -> TargetError {
        TargetError::Refused(format!(
            "{} at {} denied this to the user {}; grant it read privileges",
            self.noun(),
            self.address,
            self.user
        ))
    }

    fn gone(&self) -> TargetError {
        TargetError::Refused(format!(
            "a requested object at {} at {} no longer exists or cannot be read; reload the catalog",
            self.noun(),
            self.address
        ))
    }

    fn refused(&self, code: &str) -> TargetError {
        TargetError::Refused(format!(
            "{} at {} reported an error (code {code}); see its log",
            self.noun(),
            self.address
        ))
    }
}

/// Returns the address of a server: the folder of its socket, or `host:port`.
pub(super) fn address(host: &str, port: u16) -> String {
    match host {
        socket if socket.starts_with('/') => socket.to_owned(),
        ip if ip.contains(':') => format!("[{ip}]:{port}"),
        name => format!("{name}:{port}"),
    }
}

/// Returns the error for a database other than the pinned one.
pub(super) fn beyond_pin(asked: &str, pinned: &str) -> TargetError {
    TargetError::Refused(format!(
        "the database {asked} is not reachable: this profile is pinned to {pinned}; use that database, or change the \
         profile"
    ))
}
