//! Which Host and Origin are let in.
//!
//! A web page of another site can make a browser talk to a server on loopback: directly (its Origin gives
//! it away) or by a name of its own that resolves to 127.0.0.1 (the Host gives it away). The rule: both are
//! refused before a route sees the request, a WebSocket's handshake too.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{answer::Refusal, value};

/// Who may ask, by the names that a request gives.
#[derive(Debug, Clone)]
pub struct HostPolicy {
    /// On loopback only these hosts are known; elsewhere any name may lead here.
    known: Option<Vec<String>>,
}

impl HostPolicy {
    /// For a listener at an address, and the host as the settings spell it.
    pub fn new(address: SocketAddr, configured_host: &str) -> Self {
        let known = address.ip().is_loopback().then(|| {
            let configured = configured_host.trim_matches(['[', ']']).to_ascii_lowercase();
            vec!["localhost".to_owned(), "127.0.0.1".to_owned(), Ipv6Addr::LOCALHOST.to_string(), configured]
        });
        Self { known }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
        let host = authority_of(uri, headers).map(|authority| bare_host(&authority));
        if let Some(known) = &self.known
            && !host.as_ref().is_some_and(|host| known.contains(host))
        {
            return Err("this Host is not served here; use localhost or 127.0.0.1");
        }
        // A page of another port is a page of another site.
        let asked = authority_of(uri, headers);
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let allowed = origins.all(|origin| {
            let origin = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
            origin.zip(asked.as_ref()).is_some_and(|(origin, asked)| is_origin_of(&origin, asked))
        });
        if allowed { Ok(()) } else { Err("requests from pages of another origin are refused") }
    }
}

/// The host that was asked for, with its port if it has one.
fn authority_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.parse::<Authority>().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Whether a page of this origin was served from the host that is asked.
fn is_origin_of(origin: &Uri, asked: &Authority) -> bool {
    let usual_port = match origin.scheme_str() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return false,
    };
    let place = |authority: &Authority| (bare_host(authority), authority.port_u16().unwrap_or(usual_port));
    origin.authority().is_some_and(|origin| place(origin) == place(asked))
}

/// In lower case, without port and brackets, an address in its usual spelling.
fn bare_host(authority: &Authority) -> String {
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    host.parse::<IpAddr>().map_or(host, |address| address.to_string())
}

/// Lets a request through or refuses it, and tells browsers to keep the answers to their own origin.
pub async fn check(State(policy): State<HostPolicy>, request: Request, next: Next) -> Response {
    let mut response = match policy.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", reason).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, value("nosniff"));
    headers.insert("cross-origin-resource-policy", value("same-origin"));
    headers.insert(header::REFERRER_POLICY, value("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(policy: &HostPolicy, host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        policy.check(&Uri::from_static("/graphql"), &headers).is_ok()
    }

    #[test]
    fn loopback_knows_its_names_only() {
        let policy = HostPolicy::new("127.0.0.1:8787".parse().unwrap(), "gloss.localhost");
        for host in
            ["localhost", "LOCALHOST:1", "127.0.0.1:8787", "[::1]:9", "[0:0:0:0:0:0:0:1]", "gloss.localhost:8787"]
        {
            assert!(verdict(&policy, host, None), "{host}");
            assert!(verdict(&policy, host, Some(&format!("http://{host}"))), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "localhost@evil.example",
            "127.0.0.2",
        ] {
            assert!(!verdict(&policy, host, None), "{host}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "https://localhost.evil.example",
            "file://",
            "localhost",
            "",
            "http://127.0.0.1",
            "http://localhost:5173",
        ] {
            assert!(!verdict(&policy, "localhost", Some(origin)), "{origin}");
        }
    }

    #[test]
    fn elsewhere_any_host_but_only_its_own_origin() {
        let policy = HostPolicy::new("0.0.0.0:8787".parse().unwrap(), "0.0.0.0");
        assert!(verdict(&policy, "gloss.example", None));
        assert!(verdict(&policy, "gloss.example", Some("https://gloss.example")));
        assert!(!verdict(&policy, "gloss.example", Some("https://evil.example")));
        assert!(!verdict(&policy, "gloss.example", Some("null")));
    }
}
