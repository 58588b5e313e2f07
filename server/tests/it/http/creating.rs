//! ACCEPTANCE 57: what clients without a creation token can use up, and the limits of creates and bytes.

use std::num::NonZeroU32;
use std::time::Instant;

use serde_json::Value;
use server::config::{Config, CreationTokens};
use shared_crypto::{Payload, SealingKeys, seal};

use super::{Answer, Site, create_body, sealed};
use crate::support::{Bed, Sqlite};

suite! {
    sqlite: clients_without_a_token_use_up_nothing_that_token_holders_need,
    wrong_tokens_of_one_client_are_limited,
    refused_creates_take_nothing_from_the_limit_of_all_clients,
    bytes_are_limited_for_each_network_too
}

const TOKEN: &str = "0123456789abcdefghij";

fn few(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// A server behind a proxy, so that a test can be many clients.
async fn site_behind_proxy(bed: &Bed<Sqlite>, change: impl FnOnce(&mut Config)) -> Site {
    Site::start_with(bed, |config| {
        config.protection.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        change(config);
    })
    .await
}

fn tokens() -> CreationTokens {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{TOKEN}\nanother-{TOKEN}\n")).unwrap();
    CreationTokens::read(file.path().to_str().unwrap()).unwrap()
}

fn json(body: &Value) -> String {
    body.to_string()
}

/// Sends a create from an address with these headers.
async fn create(site: &Site, client: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let request = site.post("create").header("x-forwarded-for", client).body(body);
    site.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn clients_without_a_token_use_up_nothing_that_token_holders_need(bed: &Bed<Sqlite>) {
    let site = site_behind_proxy(bed, |config| {
        config.protection.creation_tokens = Some(tokens());
        config.protection.creates_per_minute = few(40);
        config.protection.creates_per_minute_in_all = few(60);
        config.protection.mebibytes_per_hour = few(1);
    })
    .await;
    let holder = format!("Bearer {TOKEN}");
    let valid = || json(&create_body(&sealed(), 1));
    // As many as all clients together may create, and ten times that, from six networks and the holder's own address.
    for network in 0..7 {
        let client = format!("198.51.{network}.7");
        for attempt in 0..100 {
            let (headers, body) = match attempt % 4 {
                0 => (&[][..], String::new()),
                1 => (&[JSON][..], valid()),
                2 => (&[("authorization", "Basic dXNlcjpwYXNzd29yZA=="), JSON][..], valid()),
                _ => (&[("content-type", "text/plain")][..], " ".repeat(100_000)),
            };
            let answer = create(&site, &client, headers, body).await;
            assert!(matches!(answer.status, 401 | 429), "{answer:?}");
        }
    }
    for client in ["198.51.0.7", "198.51.6.7", "198.51.6.8", "203.0.113.9", "2001:db8::1"] {
        let answer = create(&site, client, &[("authorization", &holder), JSON], valid()).await;
        assert_eq!(answer.status, 201, "{client}: {answer:?}");
    }
    assert_eq!(bed.rows("receipts").await, 5);
}

async fn wrong_tokens_of_one_client_are_limited(bed: &Bed<Sqlite>) {
    let site = site_behind_proxy(bed, |config| {
        config.protection.creation_tokens = Some(tokens());
        config.protection.creates_per_minute = few(3);
    })
    .await;
    let (holder, other) = (format!("Bearer {TOKEN}"), format!("Bearer another-{TOKEN}"));
    let send = async |client: &str, token: &str| {
        let body = json(&create_body(&sealed(), 1));
        create(&site, client, &[("authorization", token), JSON], body).await.status
    };
    assert_eq!(send("203.0.113.1", &holder).await, 201);
    for guess in 0..3 {
        assert_eq!(send("203.0.113.1", &format!("Bearer guess-{guess}-of-sixteen")).await, 401);
    }
    assert_eq!(send("203.0.113.1", "Bearer guess-3-of-sixteen").await, 429);
    // Token holders of the same address are served, those too that have not been there before.
    assert_eq!(send("203.0.113.1", &other).await, 201);
    assert_eq!(send("203.0.113.1", &holder).await, 201);
    assert_eq!(send("203.0.113.2", &other).await, 201);
    // Only wrong tokens count here, and from this address only.
    assert_eq!(send("203.0.113.1", "Bearer guess-4-of-sixteen").await, 429);
    assert_eq!(send("203.0.113.2", "Bearer guess-5-of-sixteen").await, 401);
    assert_eq!(bed.rows("receipts").await, 4);
}

async fn refused_creates_take_nothing_from_the_limit_of_all_clients(bed: &Bed<Sqlite>) {
    let site = site_behind_proxy(bed, |config| config.protection.creates_per_minute_in_all = few(3)).await;
    let valid = json(&create_body(&sealed(), 1));
    let with = |field: &str, value: Value| {
        let mut body = create_body(&sealed(), 1);
        body[field] = value;
        json(&body)
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
            assert_eq!(create(&site, &client, headers, body.clone()).await.status, status, "{headers:?}");
        }
    }
    // Three at once, and one more with each 20 s that pass.
    let (started, mut created) = (Instant::now(), 0);
    loop {
        match create(&site, "203.0.113.9", &[JSON], with("max_views", 2.into())).await.status {
            201 => created += 1,
            status => break assert_eq!(status, 429),
        }
    }
    let regained = started.elapsed().as_secs() / 20 + 1;
    assert!(created >= 3 && created < 3 + regained, "{created} were created");
    assert_eq!(bed.rows("receipts").await, i64::try_from(created).unwrap());
}

async fn bytes_are_limited_for_each_network_too(bed: &Bed<Sqlite>) {
    let site = site_behind_proxy(bed, |config| config.protection.mebibytes_per_hour = few(2)).await;
    let large = seal(&Payload::text("x".repeat(1 << 20)), SealingKeys::generate().unwrap(), None).unwrap();
    let large = json(&create_body(&large, 1));
    // 1.4 MiB each, so that a network of four times 2 MiB has room for five.
    for network in ["198.51.100.", "2001:db8:1:"] {
        let client = |host: usize| match network {
            "198.51.100." => format!("{network}{host}"),
            _ => format!("{network}{host}::1"),
        };
        for host in 0..12 {
            let status = create(&site, &client(host), &[JSON], large.clone()).await.status;
            assert_eq!(status, if host < 5 { 201 } else { 429 }, "{network} {host}");
        }
        // What is small still fits.
        let small = json(&create_body(&sealed(), 1));
        assert_eq!(create(&site, &client(100), &[JSON], small).await.status, 201);
    }
    for elsewhere in ["198.51.101.1", "2001:db8:2:1::1"] {
        assert_eq!(create(&site, elsewhere, &[JSON], large.clone()).await.status, 201, "{elsewhere}");
    }
}
