//! The HTML pages, built or not, and their headers.

use reqwest::{StatusCode, header};

use super::toy::{Toy, content_type};
use crate::services::absent;

#[tokio::test]
async fn the_studio_answers_at_each_of_its_addresses() {
    let toy = Toy::start().await;
    for path in
        ["/", "/runs", "/runs/12?tab=results", "/runs/new", "/compare?runs=1,2", "/databases/demo/main", "/settings"]
    {
        let response = toy.get(path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(content_type(&response), "text/html; charset=utf-8");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        assert!(response.text().await.unwrap().contains("<title>Gloss</title>"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_page_for_browsers_and_an_error_for_others() {
    let toy = Toy::start().await;
    let browser = toy.get("/nothing").header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
    let response = browser.send().await.unwrap();
    assert_eq!(
        (response.status(), content_type(&response).as_str()),
        (StatusCode::NOT_FOUND, "text/html; charset=utf-8")
    );
    assert!(response.text().await.unwrap().contains("<title>Gloss</title>"));
    let response = toy.get("/nothing").send().await.unwrap();
    assert_eq!(
        (response.status(), content_type(&response).as_str()),
        (StatusCode::NOT_FOUND, "application/json; charset=utf-8")
    );
}

#[tokio::test]
async fn graphiql_and_its_assets() {
    let toy = Toy::start().await;
    let response = toy.get("/graphiql").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(content_type(&response), "text/html; charset=utf-8");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-eval"), "{policy}");
    let page = response.text().await.unwrap();
    assert!(page.contains("<title>Gloss · GraphiQL</title>"));
    if page.contains("make pages") {
        return absent("the assets of GraphiQL, because the pages are not built (`make pages`)");
    }
    let script = page.split('"').find(|part| part.starts_with("/assets/graphiql-")).unwrap();
    let response = toy.get(script).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(content_type(&response), "text/javascript");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let etag = response.headers()[header::ETAG].clone();
    let again = toy.get(script).header(header::IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let plain = response.text().await.unwrap();
    assert!(plain.contains("import"), "a client that accepts no gzip gets the text");
    let packed = toy.get(script).header(header::ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    assert_eq!(
        (content_type(&packed).as_str(), packed.headers()[header::VARY].to_str().unwrap()),
        ("text/javascript", "accept-encoding")
    );
    let size = packed.bytes().await.unwrap().len();
    assert!(size * 2 < plain.len(), "{size} of {}", plain.len());
    let refused = toy.get(script).header(header::ACCEPT_ENCODING, "gzip;q=0, br").send().await.unwrap();
    assert!(!refused.headers().contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn nothing_outside_the_assets_is_served() {
    let toy = Toy::start().await;
    for path in [
        "/assets/nothing.js",
        "/assets/..%2fgraphiql.html",
        "/assets/%2e%2e/%2e%2e/%2e%2e/Cargo.toml",
        "/graphiql.html",
    ] {
        assert_eq!(toy.get(path).send().await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}
