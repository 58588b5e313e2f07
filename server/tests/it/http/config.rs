//! `GET /api/v1/config`, `security.txt` and HSTS.

use app::site::Contact;
use clap::Parser as _;
use reqwest::Method;
use serde_json::json;
use server::config::{Config, Hsts, RateLimiting};
use shared_crypto::messages::ServerConfig;

use super::TestServer;
use crate::support::{Postgres, Proxy, ProxyMode, Sqlite, TestStore};

suite! {
    postgres: config_is_served_during_a_database_outage
}
suite! {
    sqlite: config_returns_limits_and_enabled_features,
    config_refuses_methods_other_than_get_and_head,
    security_txt_is_served_if_a_contact_is_configured,
    hsts_covers_only_the_host_by_default
}

const PATH: &str = "/api/v1/config";

async fn config_returns_limits_and_enabled_features(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    let response = server.get(PATH).await;
    let (status, media_type) = (response.status, response.header("content-type"));
    assert_eq!((status, media_type), (200, Some("application/json")));
    assert_eq!(response.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(
        response.json(),
        json!({
            "version": env!("CARGO_PKG_VERSION"), "max_secret_bytes": 1_048_576, "max_files": 16,
            "min_ttl_seconds": 60, "max_ttl_seconds": 2_592_000, "fixed_ttl_seconds": null,
            "max_views": 100, "fixed_max_views": null,
            "creation_token": false, "requests": false, "notifications": false,
        })
    );

    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "a-creation-token-for-this-test\n").unwrap();
    let strict_server = TestServer::start_with_config(test, |config| {
        config.max_secret_bytes = 65_536;
        config.max_ttl = 3600;
        config.max_views = 1;
        let args = ["ikrypt-server", "--creation-tokens-file", tokens.to_str().unwrap()];
        config.protection.creation_tokens = Config::parse_from(args).protection.creation_tokens;
    })
    .await;
    let config: ServerConfig = serde_json::from_str(&strict_server.get(PATH).await.body).unwrap();
    assert_eq!((config.max_secret_bytes, config.max_ttl_seconds, config.max_views), (65_536, 3600, 1));
    assert!(config.creation_token);
}

async fn config_refuses_methods_other_than_get_and_head(test: &TestStore<Sqlite>) {
    let server = TestServer::start(test).await;
    for (method, status) in [
        (Method::HEAD, 200),
        (Method::POST, 405),
        (Method::PUT, 405),
        (Method::DELETE, 405),
        (Method::OPTIONS, 405),
    ] {
        let request = server.client.request(method.clone(), format!("{}{PATH}", server.url));
        let response = server.send(request.header("origin", "https://evil.example")).await;
        assert_eq!(response.status, status, "{method}");
        assert!(response.header("content-security-policy").unwrap().ends_with("sandbox"), "{method}");
        assert!(
            response.headers.keys().all(|name| !name.as_str().starts_with("access-control-")),
            "{method}"
        );
    }
}

async fn config_is_served_during_a_database_outage(test: &TestStore<Postgres>) {
    let proxy = Proxy::start(&test.database).await;
    let server = TestServer::with_store(std::sync::Arc::new(proxy.store(&test.database).await)).await;
    proxy.set_mode(ProxyMode::Closed);
    assert_eq!(server.get(PATH).await.status, 200);
}

async fn security_txt_is_served_if_a_contact_is_configured(test: &TestStore<Sqlite>) {
    const PATH: &str = "/.well-known/security.txt";
    let request_with = async |contact: Option<Contact>| {
        let server = TestServer::start_with_config(test, |config| {
            config.protection.rate_limit = RateLimiting::Off;
            config.operator.contact = contact;
            config.http.public_urls = vec!["https://secrets.example".to_owned()];
        })
        .await;
        server.get(PATH).await
    };
    assert_eq!(request_with(None).await.status, 404);
    assert_eq!(
        request_with(Some(Contact::Web("http://secrets.example/contact".to_owned()))).await.status,
        404
    );
    let response = request_with(Some(Contact::Mail("security@secrets.example".to_owned()))).await;
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let field = |name: &str| response.body.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    assert_eq!(field("Contact: "), "mailto:security@secrets.example");
    assert_eq!(field("Canonical: "), format!("https://secrets.example{PATH}"));
    assert_eq!(field("Preferred-Languages: "), "en");
    let now = chrono::DateTime::parse_from_rfc2822(response.header("date").unwrap()).unwrap();
    let expires = chrono::DateTime::parse_from_rfc3339(field("Expires: ")).unwrap();
    assert!((100..365).contains(&(expires - now).num_days()), "{expires}");
}

async fn hsts_covers_only_the_host_by_default(test: &TestStore<Sqlite>) {
    let hsts_with = async |url: &str, hsts: Option<Hsts>| {
        let server = TestServer::start_with_config(test, |config| {
            config.http.public_urls = vec![url.to_owned()];
            config.http.hsts = hsts.unwrap_or(config.http.hsts);
        })
        .await;
        let response = server.get("/health/live").await;
        response.header("strict-transport-security").map(str::to_owned)
    };
    let https = "https://secrets.example";
    assert_eq!(hsts_with(https, None).await.as_deref(), Some("max-age=63072000"));
    let with_subdomains = hsts_with(https, Some(Hsts::Subdomains)).await;
    assert_eq!(with_subdomains.as_deref(), Some("max-age=63072000; includeSubDomains"));
    assert_eq!(hsts_with(https, Some(Hsts::Off)).await, None);
    assert_eq!(hsts_with("http://localhost:3000", None).await, None);
}
