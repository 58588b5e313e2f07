//! A machine between a client and a server, which alters what passes.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use tokio::net::TcpListener;
use ureq::Agent;

/// A response on its way to the client.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// How a server is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Without an encoding.
    Plain,
    /// For the encodings that the client accepts.
    AsClient,
}

/// Listens, and passes every `GET` on to the server. `alter` is given the path and the headers of the request.
pub(crate) async fn altered(
    server: SocketAddr,
    encoding: Encoding,
    alter: impl Fn(&str, &HeaderMap, &mut Answer) + Send + Sync + 'static,
) -> SocketAddr {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
    let (agent, alter) = (Agent::new_with_config(config), Arc::new(alter));
    let pass = move |request: Request| async move {
        let pass_on = move || {
            let mut answer = fetch(&agent, server, encoding, &request);
            alter(request.uri().path(), request.headers(), &mut answer);
            answer
        };
        let Answer { status, headers, body } = tokio::task::spawn_blocking(pass_on).await.unwrap();
        let mut response = Response::builder().status(status).body(Body::from(body)).unwrap();
        *response.headers_mut() = headers;
        response
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass)).await });
    address
}

fn fetch(agent: &Agent, server: SocketAddr, encoding: Encoding, request: &Request) -> Answer {
    let mut asking = agent.get(format!("http://{server}{}", request.uri()));
    for (name, value) in request.headers() {
        if encoding == Encoding::Plain && name == "accept-encoding" {
            continue;
        }
        asking = asking.header(name, value);
    }
    let mut response = asking.call().unwrap();
    let mut headers = response.headers().clone();
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    let body = response.body_mut().with_config().limit(100_000_000).read_to_vec().unwrap();
    assert!(encoding == Encoding::AsClient || !headers.contains_key("content-encoding"));
    Answer { status: response.status().as_u16(), headers, body }
}
