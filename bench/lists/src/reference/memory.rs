//! The same bytes from memory: the cost of HTTP alone.

use std::path::Path;

use axum::{Router, body::Bytes, http::header::CONTENT_TYPE, routing::post};

use crate::Result;

pub fn router(page: &Path) -> Result<Router> {
    let page = Bytes::from(std::fs::read(page)?);
    let answer = move |_request: Bytes| {
        let page = page.clone();
        async move { ([(CONTENT_TYPE, "application/json")], page) }
    };
    Ok(Router::new().route("/graphql", post(answer)))
}
