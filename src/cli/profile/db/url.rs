//! The URL of a database, with a password that never stands on the command line.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::cli::{CliError, secret};

/// The environment variable that holds a database's password.
const PASSWORD: &str = "GLOSS_DB_PASSWORD";

/// Puts the password into a URL that has none: from a file, the environment or a prompt.
///
/// # Errors
/// Returns [`CliError::Usage`] for what is no URL, and for a URL with a password.
pub fn with_password(text: &str, file: Option<PathBuf>) -> Result<SecretString, CliError> {
    let hint = "write it as in postgres://user@host:5432/database or sqlite:///path/file.db";
    let no_url = |_| match std::path::absolute(text) {
        Ok(path) if path.exists() => format!("{text:?} is a path, not a URL; write sqlite://{}", path.display()),
        _ => format!("{text:?} is not a URL; {hint}"),
    };
    let mut url = Url::parse(text).map_err(no_url).map_err(CliError::Usage)?;
    match url.password() {
        Some(password) if is_reference(password) => return Ok(text.to_owned().into()),
        Some(_) => {
            return Err(CliError::Usage(format!(
                "other users can see a password on the command line; leave it out of the URL and put it into \
                 {PASSWORD}, a file for --password-file, or type it when asked"
            )));
        }
        None => {}
    }
    if url.username().is_empty() {
        if file.is_some() {
            let message =
                format!("a password needs a user, and {text} names none; leave --password-file out, or {hint}");
            return Err(CliError::Usage(message));
        }
        return Ok(text.to_owned().into());
    }
    let prompt = format!("Password of {} (empty for none): ", url.username());
    if let Some(password) = secret::read(file.as_deref(), PASSWORD, Some(&prompt))? {
        // The library leaves `%` as it is.
        let password = password.expose_secret().replace('%', "%25");
        url.set_password(Some(&password)).map_err(|()| CliError::Usage(format!("the URL has no host; {hint}")))?;
    }
    Ok(url.as_str().to_owned().into())
}

/// Returns whether a password is `env:NAME`.
fn is_reference(password: &str) -> bool {
    ["env:", "env%3A", "env%3a"].iter().any(|prefix| password.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_comes_from_a_file_and_is_encoded() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "p@ss%25/wörd:#\n").unwrap();
        let url = with_password("postgres://ann@db.example:5432/shop", Some(file)).unwrap();
        assert_eq!(url.expose_secret(), "postgres://ann:p%40ss%2525%2Fw%C3%B6rd%3A%23@db.example:5432/shop");
        let file = folder.path().join("absent");
        let error = with_password("postgres://ann@db.example/shop", Some(file)).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[test]
    fn a_password_on_the_command_line_is_refused() {
        let error = with_password("mysql://ann:hunter2@h", None).unwrap_err().to_string();
        assert!(error.contains(PASSWORD) && !error.contains("hunter2"), "{error}");
        for url in ["postgres://ann:env:SHOP_DB_PASSWORD@h/db", "sqlite:///data/shop.db"] {
            assert_eq!(with_password(url, None).unwrap().expose_secret(), url);
        }
        assert!(with_password("shop.db", None).unwrap_err().to_string().contains("sqlite:///path/file.db"));
    }

    #[test]
    fn what_is_no_url_or_needs_no_password_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let error = with_password(path, None).unwrap_err().to_string();
        assert!(error.contains(&format!("write sqlite://{path}")), "{error}");
        let error = with_password("sqlite:///data/shop.db", Some(path.into())).unwrap_err().to_string();
        assert!(error.contains("leave --password-file out"), "{error}");
    }
}
