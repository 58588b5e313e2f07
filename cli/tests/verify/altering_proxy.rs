//! A proxy that alters responses.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use tokio::net::TcpListener;
use ureq::Agent;

/// A response on its way to the client.
pub(crate) struct ProxiedResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Which encodings the proxy accepts from the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// None.
    Plain,
    /// Those that the client accepts.
    AsClient,
}

/// Alters a response. Gets the path and the headers of the request.
pub(crate) type Alter = fn(&str, &HeaderMap, &mut ProxiedResponse);

/// Starts a proxy that forwards every `GET` to the server, and returns its address. `alter` is an [`Alter`].
pub(crate) async fn start_proxy(
    server: SocketAddr,
    encoding: Encoding,
    alter: impl Fn(&str, &HeaderMap, &mut ProxiedResponse) + Send + Sync + 'static,
) -> SocketAddr {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let (agent, alter) = (Agent::new_with_config(config), Arc::new(alter));
    let handle = move |request: Request| async move {
        let forward = move || {
            let mut response = fetch(&agent, server, encoding, &request);
            alter(request.uri().path(), request.headers(), &mut response);
            response
        };
        let ProxiedResponse { status, headers, body } = tokio::task::spawn_blocking(forward).await.unwrap();
        let mut response = Response::builder().status(status).body(Body::from(body)).unwrap();
        *response.headers_mut() = headers;
        response
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
    address
}

fn fetch(agent: &Agent, server: SocketAddr, encoding: Encoding, request: &Request) -> ProxiedResponse {
    let mut forwarded = agent.get(format!("http://{server}{}", request.uri()));
    for (name, value) in request.headers() {
        if encoding == Encoding::Plain && name == "accept-encoding" {
            continue;
        }
        forwarded = forwarded.header(name, value);
    }
    let mut response = forwarded.call().unwrap();
    let mut headers = response.headers().clone();
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    let body = response.body_mut().with_config().limit(100_000_000).read_to_vec().unwrap();
    assert!(encoding == Encoding::AsClient || !headers.contains_key("content-encoding"));
    ProxiedResponse { status: response.status().as_u16(), headers, body }
}

/// Returns whether a response is a page.
pub(crate) fn is_page(response: &ProxiedResponse) -> bool {
    response.headers.get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

/// Adds an attribute to the links of a page that reports clicks on them.
pub(crate) fn add_ping(response: &mut ProxiedResponse) {
    if is_page(response) {
        let html = String::from_utf8(std::mem::take(&mut response.body)).unwrap();
        response.body = html.replace("<a href=", "<a ping=\"/collect\" href=").into_bytes();
    }
}

/// Returns whether a header contains a text.
pub(crate) fn has_header(headers: &HeaderMap, name: &str, part: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(part))
}
