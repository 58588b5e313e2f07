//! ACCEPTANCE 69: what clients are told of a server, and `security.txt`.

use app::site::Contact;
use clap::Parser as _;
use reqwest::Method;
use serde_json::json;
use server::config::{Config, Hsts, RateLimiting};
use shared_crypto::messages::ServerConfig;

use super::Site;
use crate::support::{Bed, Line, Postgres, Proxy, Sqlite};

suite! {
    postgres: config_is_served_while_the_database_is_away
}
suite! {
    sqlite: config_tells_the_limits_and_what_is_switched_on,
    only_get_and_head_are_served_on_config,
    security_txt_is_served_where_a_contact_is_configured,
    hsts_names_the_host_alone_unless_configured
}

const PATH: &str = "/api/v1/config";

async fn get(site: &Site, path: &str) -> super::Answer {
    site.send(site.client.get(format!("{}{path}", site.url))).await
}

async fn config_tells_the_limits_and_what_is_switched_on(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    let answer = get(&site, PATH).await;
    let (status, media_type) = (answer.status, answer.header("content-type"));
    assert_eq!((status, media_type), (200, Some("application/json")));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(
        answer.json(),
        json!({
            "version": env!("CARGO_PKG_VERSION"), "max_secret_bytes": 1_048_576, "max_files": 16,
            "min_ttl_seconds": 60, "max_ttl_seconds": 2_592_000, "fixed_ttl_seconds": null,
            "max_views": 100, "fixed_max_views": null,
            "creation_token": false, "requests": false, "notifications": false,
        })
    );

    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "a-token-of-one-of-us\n").unwrap();
    let strict = Site::start_with(bed, |config| {
        config.max_secret_bytes = 65_536;
        config.max_ttl = 3600;
        config.max_views = 1;
        let args = ["ikrypt-server", "--creation-tokens-file", tokens.to_str().unwrap()];
        config.protection.creation_tokens = Config::parse_from(args).protection.creation_tokens;
    })
    .await;
    let told: ServerConfig = serde_json::from_str(&get(&strict, PATH).await.body).unwrap();
    assert_eq!((told.max_secret_bytes, told.max_ttl_seconds, told.max_views), (65_536, 3600, 1));
    assert!(told.creation_token);
}

async fn only_get_and_head_are_served_on_config(bed: &Bed<Sqlite>) {
    let site = Site::start(bed).await;
    for (method, status) in [
        (Method::HEAD, 200),
        (Method::POST, 405),
        (Method::PUT, 405),
        (Method::DELETE, 405),
        (Method::OPTIONS, 405),
    ] {
        let request = site.client.request(method.clone(), format!("{}{PATH}", site.url));
        let answer = site.send(request.header("origin", "https://evil.example")).await;
        assert_eq!(answer.status, status, "{method}");
        assert!(answer.header("content-security-policy").unwrap().ends_with("sandbox"), "{method}");
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{method}");
    }
}

async fn config_is_served_while_the_database_is_away(bed: &Bed<Postgres>) {
    let proxy = Proxy::before(&bed.database).await;
    let site = Site::over(std::sync::Arc::new(proxy.store(&bed.database).await)).await;
    proxy.set(Line::Dead);
    assert_eq!(get(&site, PATH).await.status, 200);
}

async fn security_txt_is_served_where_a_contact_is_configured(bed: &Bed<Sqlite>) {
    const PATH: &str = "/.well-known/security.txt";
    let with = async |contact: Option<Contact>| {
        let site = Site::start_with(bed, |config| {
            config.protection.rate_limit = RateLimiting::Off;
            config.operator.contact = contact;
            config.http.public_urls = vec!["https://secrets.example".to_owned()];
        })
        .await;
        get(&site, PATH).await
    };
    assert_eq!(with(None).await.status, 404);
    assert_eq!(with(Some(Contact::Web("http://secrets.example/contact".to_owned()))).await.status, 404);
    let answer = with(Some(Contact::Mail("security@secrets.example".to_owned()))).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let field = |name: &str| answer.body.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    assert_eq!(field("Contact: "), "mailto:security@secrets.example");
    assert_eq!(field("Canonical: "), format!("https://secrets.example{PATH}"));
    assert_eq!(field("Preferred-Languages: "), "en");
    let now = chrono::DateTime::parse_from_rfc2822(answer.header("date").unwrap()).unwrap();
    let expires = chrono::DateTime::parse_from_rfc3339(field("Expires: ")).unwrap();
    assert!((100..365).contains(&(expires - now).num_days()), "{expires}");
}

async fn hsts_names_the_host_alone_unless_configured(bed: &Bed<Sqlite>) {
    let with = async |url: &str, hsts: Option<Hsts>| {
        let site = Site::start_with(bed, |config| {
            config.http.public_urls = vec![url.to_owned()];
            config.http.hsts = hsts.unwrap_or(config.http.hsts);
        })
        .await;
        let answer = get(&site, "/health/live").await;
        answer.header("strict-transport-security").map(str::to_owned)
    };
    let https = "https://secrets.example";
    assert_eq!(with(https, None).await.as_deref(), Some("max-age=63072000"));
    let all = with(https, Some(Hsts::Subdomains)).await;
    assert_eq!(all.as_deref(), Some("max-age=63072000; includeSubDomains"));
    assert_eq!(with(https, Some(Hsts::Off)).await, None);
    assert_eq!(with("http://localhost:3000", None).await, None);
}
