//! Limits of creates and of uploaded bytes, with and without creation tokens.

use std::time::Instant;

use serde_json::Value;
use server::config::{Config, CreationTokens};

use super::{Response, TestServer, create_body, creation_tokens, limit, sealed_secret, sealed_text};
use crate::support::{Sqlite, TestStore};

suite! {
    sqlite: requests_without_a_token_use_no_capacity_of_token_holders,
    wrong_tokens_of_one_client_are_rate_limited,
    refused_creates_do_not_count_toward_the_global_limit,
    uploaded_bytes_are_limited_per_network
}

const TOKEN: &str = "0123456789abcdefghij";

/// Starts a server behind a trusted proxy, so that a test can send requests as many clients.
async fn server_behind_proxy(test: &TestStore<Sqlite>, change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::start_with_config(test, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        change(config);
    })
    .await
}

/// Reads a file with two creation tokens.
fn tokens() -> CreationTokens {
    creation_tokens(&format!("{TOKEN}\nanother-{TOKEN}\n"))
}

/// Sends a create from this client address with these headers.
async fn create(server: &TestServer, client: &str, headers: &[(&str, &str)], body: String) -> Response {
    let request = server.post("create").header("x-forwarded-for", client).body(body);
    server.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn requests_without_a_token_use_no_capacity_of_token_holders(test: &TestStore<Sqlite>) {
    let server = server_behind_proxy(test, |config| {
        config.protection.creation_tokens = Some(tokens());
        config.protection.creates_per_minute = limit(40);
        config.protection.creates_per_minute_in_all = limit(60);
        config.protection.mebibytes_per_hour = limit(1);
    })
    .await;
    let holder = format!("Bearer {TOKEN}");
    let valid = || create_body(&sealed_secret(), 1).to_string();
    // More than ten times the global limit of creates, from seven networks, one of which is the token holder's.
    for network in 0..7 {
        let client = format!("198.51.{network}.7");
        for attempt in 0..100 {
            let (headers, body) = match attempt % 4 {
                0 => (&[][..], String::new()),
                1 => (&[JSON][..], valid()),
                2 => (&[("authorization", "Basic dXNlcjpwYXNzd29yZA=="), JSON][..], valid()),
                _ => (&[("content-type", "text/plain")][..], " ".repeat(100_000)),
            };
            let response = create(&server, &client, headers, body).await;
            assert!(matches!(response.status, 401 | 429), "{response:?}");
        }
    }
    for client in ["198.51.0.7", "198.51.6.7", "198.51.6.8", "203.0.113.9", "2001:db8::1"] {
        let response = create(&server, client, &[("authorization", &holder), JSON], valid()).await;
        assert_eq!(response.status, 201, "{client}: {response:?}");
    }
    assert_eq!(test.rows("receipts").await, 5);
}

async fn wrong_tokens_of_one_client_are_rate_limited(test: &TestStore<Sqlite>) {
    let server = server_behind_proxy(test, |config| {
        config.protection.creation_tokens = Some(tokens());
        config.protection.creates_per_minute = limit(3);
    })
    .await;
    let (holder, other) = (format!("Bearer {TOKEN}"), format!("Bearer another-{TOKEN}"));
    let send = async |client: &str, token: &str| {
        let body = create_body(&sealed_secret(), 1).to_string();
        create(&server, client, &[("authorization", token), JSON], body).await.status
    };
    assert_eq!(send("203.0.113.1", &holder).await, 201);
    for guess in 0..3 {
        assert_eq!(send("203.0.113.1", &format!("Bearer guess-{guess}-of-sixteen")).await, 401);
    }
    assert_eq!(send("203.0.113.1", "Bearer guess-3-of-sixteen").await, 429);
    // Token holders at the same address are served, also those without an earlier request.
    assert_eq!(send("203.0.113.1", &other).await, 201);
    assert_eq!(send("203.0.113.1", &holder).await, 201);
    assert_eq!(send("203.0.113.2", &other).await, 201);
    // Only wrong tokens count toward this limit, for each address separately.
    assert_eq!(send("203.0.113.1", "Bearer guess-4-of-sixteen").await, 429);
    assert_eq!(send("203.0.113.2", "Bearer guess-5-of-sixteen").await, 401);
    assert_eq!(test.rows("receipts").await, 4);
}

async fn refused_creates_do_not_count_toward_the_global_limit(test: &TestStore<Sqlite>) {
    let server =
        server_behind_proxy(test, |config| config.protection.creates_per_minute_in_all = limit(3)).await;
    let valid = create_body(&sealed_secret(), 1).to_string();
    let with = |field: &str, value: Value| {
        let mut body = create_body(&sealed_secret(), 1);
        body[field] = value;
        body.to_string()
    };
    for (status, headers, body) in [
        (415, &[][..], valid.clone()),
        (415, &[JSON, ("content-encoding", "gzip")], valid.clone()),
        (413, &[JSON], " ".repeat(3 << 20)),
        (400, &[JSON], String::new()),
        (400, &[JSON], "{}".to_owned()),
        (400, &[JSON], valid[..valid.len() / 2].to_owned()),
        (400, &[JSON], with("ttl_seconds", 1.into())),
        (400, &[JSON], with("envelope", "AAAA".into())),
        (403, &[JSON, ("sec-fetch-site", "cross-site")], valid.clone()),
    ] {
        for client in 0..4 {
            let client = format!("203.0.{client}.1");
            assert_eq!(create(&server, &client, headers, body.clone()).await.status, status, "{headers:?}");
        }
    }
    // Three at once, and one more for every 20 s that pass.
    let (started, mut created) = (Instant::now(), 0);
    loop {
        match create(&server, "203.0.113.9", &[JSON], with("max_views", 2.into())).await.status {
            201 => created += 1,
            status => break assert_eq!(status, 429),
        }
    }
    let regained = started.elapsed().as_secs() / 20 + 1;
    assert!(created >= 3 && created < 3 + regained, "{created} were created");
    assert_eq!(test.rows("receipts").await, i64::try_from(created).unwrap());
}

async fn uploaded_bytes_are_limited_per_network(test: &TestStore<Sqlite>) {
    let server = server_behind_proxy(test, |config| config.protection.mebibytes_per_hour = limit(2)).await;
    let large = sealed_text("x".repeat(1 << 20));
    let large = create_body(&large, 1).to_string();
    // 1.4 MiB each: a network may upload four times the 2 MiB of an address, so five fit.
    for network in ["198.51.100.", "2001:db8:1:"] {
        let client = |host: usize| match network {
            "198.51.100." => format!("{network}{host}"),
            _ => format!("{network}{host}::1"),
        };
        for host in 0..12 {
            let status = create(&server, &client(host), &[JSON], large.clone()).await.status;
            assert_eq!(status, if host < 5 { 201 } else { 429 }, "{network} {host}");
        }
        // A small secret still fits.
        let small = create_body(&sealed_secret(), 1).to_string();
        assert_eq!(create(&server, &client(100), &[JSON], small).await.status, 201);
    }
    for other_network in ["198.51.101.1", "2001:db8:2:1::1"] {
        assert_eq!(
            create(&server, other_network, &[JSON], large.clone()).await.status,
            201,
            "{other_network}"
        );
    }
}
