//! The page to try the API on. It loads nothing from elsewhere and its pictures go to this server alone.

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/// A page to try it on.
#[utoipa::path(get, path = "/", tag = "server", responses((status = 200, content_type = "text/html", body = String)))]
pub(super) async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], include_str!("page/index.html"))
}

/// The files that the page is made of: parts of it, and no routes for anyone else.
pub(super) fn parts<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let part = |kind: &'static str, text: &'static str| get(move || async move { ([(CONTENT_TYPE, kind)], text) });
    Router::new()
        .route("/page.css", part("text/css; charset=utf-8", include_str!("page/page.css")))
        .route("/page.js", part("text/javascript; charset=utf-8", include_str!("page/page.js")))
        .route("/icon.svg", part("image/svg+xml", include_str!("../../../www/icon.svg")))
}
