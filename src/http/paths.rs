//! The role that each path needs.
//!
//! The rule: a path that is not named here is for administrators, so that a new route cannot be forgotten in the open.

use super::pages;
use crate::graphql::Role;

/// The role that a path needs; `None` for what anybody may have.
pub fn role_of(path: &str) -> Option<Role> {
    match path {
        // A session's own handlers look at the token and the cookie.
        "/healthz" | "/readyz" | "/graphiql" | "/session" => None,
        _ if path.starts_with("/assets/") || pages::is_studio(path) => None,
        "/graphql" | "/metrics" => Some(Role::Viewer),
        _ if path.starts_with("/export/") => Some(Role::Viewer),
        _ => Some(Role::Admin),
    }
}

/// Whether anybody may have a path.
pub fn is_open(path: &str) -> bool {
    role_of(path).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_nobody_named_is_for_administrators() {
        for open in ["/", "/runs", "/runs/12", "/graphiql", "/session", "/assets/x.js", "/healthz", "/readyz"] {
            assert_eq!(role_of(open), None, "{open}");
        }
        assert_eq!(role_of("/export/comparison"), Some(Role::Viewer));
        for unknown in ["/export", "/assets", "/graphql/", "/Graphiql", "/new", "/runsx", "//runs"] {
            assert_eq!(role_of(unknown), Some(Role::Admin), "{unknown}");
        }
    }
}
