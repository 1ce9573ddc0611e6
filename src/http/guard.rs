//! The check of the Host and Origin headers.
//!
//! A web page of another site can make a browser send requests to a server on loopback: directly, which the Origin
//! header shows, or by a domain that resolves to 127.0.0.1 (DNS rebinding), which the Host header shows. The rule: both
//! are refused before a route sees the request, including the handshake of a WebSocket. A request for an image or a
//! script has no Origin; for it the header `Sec-Fetch-Site` counts. Settings can allow more hosts and origins.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{paths::is_open, refusal::Refusal, request_id::REQUEST_ID, value};
use crate::domain::Code;

/// Response headers that pages of allowed origins may read.
pub const EXPOSED: [HeaderName; 3] = [header::RETRY_AFTER, header::WWW_AUTHENTICATE, super::request_id::REQUEST_ID];
/// How long a browser may cache the answer to a preflight request.
const PREFLIGHT_AGE: Duration = Duration::from_hours(1);
/// The content security policy of responses that are not pages: they may load nothing.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The allowed hosts and origins.
#[derive(Debug, Clone)]
pub struct HostPolicy {
    /// The allowed hosts; `None` allows all.
    known: Option<Vec<String>>,
    /// The allowed origins besides the server's own.
    origins: Vec<Uri>,
}

impl HostPolicy {
    /// Creates the policy of a server that listens at `address`. On loopback only the names of this machine and
    /// `configured_host` are allowed; elsewhere all hosts are.
    pub fn new(address: SocketAddr, configured_host: &str) -> Self {
        let known = address.ip().is_loopback().then(|| {
            let configured = configured_host.trim_matches(['[', ']']).to_ascii_lowercase();
            [this_machine(), vec![configured]].concat()
        });
        Self { known, origins: Vec::new() }
    }

    /// Allows these hosts too. If there are any, only they, the names of this machine and the listener's address are
    /// allowed, on any address.
    #[must_use]
    pub fn with_hosts(mut self, hosts: &[Authority], listener: IpAddr) -> Self {
        if !hosts.is_empty() {
            let known = self.known.get_or_insert_with(|| [this_machine(), vec![listener.to_string()]].concat());
            known.extend(hosts.iter().map(bare_host));
        }
        self
    }

    /// Allows requests from pages of these origins.
    #[must_use]
    pub fn with_origins(mut self, origins: Vec<Uri>) -> Self {
        self.origins = origins;
        self
    }

    /// Returns the CORS layer for the allowed origins; `None` if there are none.
    pub fn cors(&self) -> Option<CorsLayer> {
        let origins: Vec<HeaderValue> =
            self.origins.iter().filter_map(|origin| spelled(origin)?.parse().ok()).collect();
        if origins.is_empty() {
            return None;
        }
        let headers = [
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            REQUEST_ID,
            HeaderName::from_static("x-graphql-event-stream-token"),
        ];
        let cors = CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers(headers)
            .expose_headers(EXPOSED)
            .max_age(PREFLIGHT_AGE);
        Some(cors)
    }

    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
        let host = authority_of(uri, headers).map(|authority| bare_host(&authority));
        if let Some(known) = &self.known
            && !host.as_ref().is_some_and(|host| known.contains(host))
        {
            return Err("this Host is not allowed; use localhost or 127.0.0.1, or add the host to --allowed-hosts");
        }
        // A page of another port counts as a page of another site.
        let asked = authority_of(uri, headers);
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let allowed = origins.all(|origin| {
            let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok()) else { return false };
            asked.as_ref().is_some_and(|asked| is_origin_of(&origin, asked))
                || self.origins.iter().any(|allowed| is_same_origin(allowed, &origin))
        });
        let has_origin = headers.contains_key(header::ORIGIN);
        if allowed && (has_origin || !is_of_another_site(headers) || opens_a_page(method, uri, headers)) {
            Ok(())
        } else {
            Err("requests from other origins are not allowed; add the origin to --allowed-origins")
        }
    }
}

/// Whether `Sec-Fetch-Site` says that a page of another origin caused the request.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// Whether the request is a navigation to one of our public pages.
fn opens_a_page(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let is = |name: &str, text: &str| headers.get(name).is_some_and(|value| value.as_bytes() == text.as_bytes());
    *method == Method::GET
        && is("sec-fetch-mode", "navigate")
        && is("sec-fetch-dest", "document")
        && is_open(uri.path())
}

/// The host names that always mean this machine.
fn this_machine() -> Vec<String> {
    vec!["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string(), Ipv6Addr::LOCALHOST.to_string()]
}

/// Whether the host of a request always means this machine.
pub fn asks_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    authority_of(uri, headers).is_some_and(|authority| {
        let host = bare_host(&authority);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

/// Formats an origin as browsers do: in lower case and without a default port.
fn spelled(origin: &Uri) -> Option<String> {
    let (scheme, authority) = (origin.scheme_str()?, origin.authority()?);
    let host = authority.host().to_ascii_lowercase();
    Some(match authority.port_u16().filter(|port| Some(*port) != usual_port(origin)) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    matches!((spelled(one), spelled(other)), (Some(one), Some(other)) if one == other)
}

fn usual_port(origin: &Uri) -> Option<u16> {
    match origin.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    }
}

/// Returns the requested host, with its port if there is one; `None` if the request names none or several.
fn authority_of(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?.parse::<Authority>().ok()?;
    hosts.next().is_none().then_some(host)
}

/// Whether `origin` is the origin of the requested host.
fn is_origin_of(origin: &Uri, asked: &Authority) -> bool {
    let Some(usual_port) = usual_port(origin) else { return false };
    let place = |authority: &Authority| (bare_host(authority), authority.port_u16().unwrap_or(usual_port));
    origin.authority().is_some_and(|origin| place(origin) == place(asked))
}

/// Returns the host in lower case, without port and brackets; an address in its canonical form.
fn bare_host(authority: &Authority) -> String {
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    host.parse::<IpAddr>().map_or(host, |address| address.to_string())
}

/// Passes a request on or refuses it. Adds security headers to every response, and `no-store` where the route has not
/// set a Cache-Control.
pub async fn check(State(policy): State<HostPolicy>, request: Request, next: Next) -> Response {
    let mut response = match policy.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(reason) => Refusal::new(StatusCode::FORBIDDEN, Code::Forbidden, reason).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, value("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, value("DENY"));
    headers.insert(header::REFERRER_POLICY, value("no-referrer"));
    headers.insert("cross-origin-resource-policy", value("same-origin"));
    headers.insert("cross-origin-opener-policy", value("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(value("no-store"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(value(POLICY));
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
        policy.check(&Method::GET, &Uri::from_static("/graphql"), &headers).is_ok()
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
    fn named_hosts_and_origins_are_let_in_and_no_others() {
        let hosts = ["Gloss.example".parse().unwrap(), "db.example:8443".parse().unwrap()];
        let origins = || vec!["https://studio.example".parse().unwrap(), "http://localhost:5173/".parse().unwrap()];
        for address in ["127.0.0.1:8787", "192.0.2.7:8787"] {
            let address: SocketAddr = address.parse().unwrap();
            let policy = HostPolicy::new(address, &address.ip().to_string());
            let policy = policy.with_hosts(&hosts, address.ip()).with_origins(origins());
            for host in ["gloss.example", "GLOSS.example:80", "db.example", "localhost:8787", &address.to_string()] {
                assert!(verdict(&policy, host, None), "{address}: {host}");
            }
            assert!(!verdict(&policy, "evil.example", None));
            for origin in ["https://studio.example", "https://STUDIO.example:443", "http://localhost:5173"] {
                assert!(verdict(&policy, "gloss.example", Some(origin)), "{address}: {origin}");
            }
            for origin in ["http://studio.example", "https://studio.example:8443", "http://localhost:5174", "null"] {
                assert!(!verdict(&policy, "gloss.example", Some(origin)), "{address}: {origin}");
            }
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
