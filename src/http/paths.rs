//! The role that each path needs.
//!
//! The rule: a path that is not named here needs the role ADMIN, so that a route that someone forgets to name is not
//! public.

use super::pages;
use crate::graphql::Role;

/// Returns the role that a path needs; `None` if the path is public.
pub fn role_of(path: &str) -> Option<Role> {
    match path {
        // The handlers of `/session` check the token and the cookie themselves.
        "/healthz" | "/readyz" | "/graphiql" | "/session" => None,
        _ if path.starts_with("/assets/") || pages::is_studio(path) => None,
        "/graphql" | "/metrics" => Some(Role::Viewer),
        _ if path.starts_with("/export/") => Some(Role::Viewer),
        _ => Some(Role::Admin),
    }
}

/// Whether a path is public.
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
