//! Methods, origins, media types and security headers.

use reqwest::Method;
use server::config::RateLimiting;

use super::{TestServer, create_body, open_body, sealed_secret};
use crate::support::TestStore;

suite! {
    api_refuses_methods_other_than_post_and_sends_no_cors_headers,
    cross_site_request_is_refused_and_a_request_without_origin_is_served,
    same_origin_request_is_served_if_a_proxy_changes_the_host_header,
    html_accept_header_never_causes_a_redirect,
    body_that_is_not_plain_json_is_refused,
    every_response_has_security_headers,
}

async fn api_refuses_methods_other_than_post_and_sends_no_cors_headers(test: &TestStore) {
    let server = TestServer::start(test).await;
    for call in ["create", "open", "reveal", "receipt", "burn"] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::TRACE, Method::OPTIONS]
        {
            let request = server.client.request(method.clone(), format!("{}/api/v1/{call}", server.url));
            let response = server.send(request.header("origin", "https://evil.example")).await;
            assert_eq!(response.status, 405, "{method} {call}");
            assert!(response.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
        }
    }
}

async fn cross_site_request_is_refused_and_a_request_without_origin_is_served(test: &TestStore) {
    let server = TestServer::start(test).await;
    let body = create_body(&sealed_secret(), 1).to_string();
    let request_with = |headers: &[(&str, &str)]| {
        let request = server.post("create").header("content-type", "application/json").body(body.clone());
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for cross_site in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", server.url.as_str()), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://a.example"), ("host", "b.example")],
    ] {
        server.send(request_with(cross_site)).await.assert_error(403, "cross_site");
    }
    assert_eq!(test.rows("receipts").await, 0);
    for allowed in [
        &[][..],
        &[("origin", server.url.as_str())],
        &[("origin", server.url.as_str()), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
    ] {
        assert_eq!(server.send(request_with(allowed)).await.status, 201);
    }
}

async fn same_origin_request_is_served_if_a_proxy_changes_the_host_header(test: &TestStore) {
    let server = TestServer::start(test).await;
    let two_names = TestServer::start_with_config(test, |config| {
        config.protection.rate_limit = RateLimiting::Off;
        config.http.public_urls = ["https://a.example", "http://b.example:8080"].map(str::to_owned).to_vec();
    })
    .await;
    let status = async |server: &TestServer, origin: &str, host: &str, fetch_site: Option<&str>| {
        let request = server.post("create").header("content-type", "application/json");
        let request = request.header("origin", origin).header("host", host);
        let request =
            fetch_site.iter().fold(request, |request, value| request.header("sec-fetch-site", *value));
        server.send(request.body(create_body(&sealed_secret(), 1).to_string())).await.status
    };
    for (origin, host, fetch_site, expected) in [
        ("https://a.example", "a.example:443", Some("same-origin"), 201),
        ("https://a.example", "a.example:443", None, 201),
        ("https://a.example", "10.0.0.7:3000", Some("same-origin"), 201),
        ("https://[2001:db8::1]", "[2001:DB8::1]:443", None, 201),
        ("https://a.example", "10.0.0.7:3000", None, 403),
        ("https://a.example", "a.example:443", Some("same-site"), 403),
        ("null", "a.example", None, 403),
    ] {
        assert_eq!(
            status(&server, origin, host, fetch_site).await,
            expected,
            "{origin} {host} {fetch_site:?}"
        );
    }
    for (origin, host, fetch_site, expected) in [
        ("https://a.example", "10.0.0.7:3000", None, 201),
        ("http://b.example:8080", "10.0.0.7:3000", None, 201),
        ("https://c.example", "c.example", None, 201),
        ("https://c.example", "a.example", Some("same-origin"), 201),
        ("https://c.example", "a.example", None, 403),
        ("https://b.example:8080", "10.0.0.7:3000", None, 403),
        ("http://a.example", "10.0.0.7:3000", None, 403),
    ] {
        assert_eq!(
            status(&two_names, origin, host, fetch_site).await,
            expected,
            "{origin} {host} {fetch_site:?}"
        );
    }
}

async fn html_accept_header_never_causes_a_redirect(test: &TestStore) {
    let server = TestServer::start(test).await;
    let (secret, id) = server.secret(1).await;
    for (call, body, status) in [
        ("open", open_body(&secret, &id), 200),
        ("open", open_body(&sealed_secret(), &id), 404),
        ("create", create_body(&sealed_secret(), 1), 201),
    ] {
        let request = server.post(call).header("content-type", "application/json").body(body.to_string());
        let response = server
            .send(request.header("accept", "text/html").header("referer", "https://evil.example/x"))
            .await;
        assert_eq!((response.status, response.header("location")), (status, None));
    }
}

async fn body_that_is_not_plain_json_is_refused(test: &TestStore) {
    let server = TestServer::start(test).await;
    let body = create_body(&sealed_secret(), 1).to_string();
    server.send(server.post("create").body(body.clone())).await.assert_error(415, "unsupported_media_type");
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json+x", ""]
    {
        let request = server.post("create").header("content-type", media_type).body(body.clone());
        server.send(request).await.assert_error(415, "unsupported_media_type");
    }
    let request =
        server.post("create").header("content-type", "application/json").header("content-encoding", "gzip");
    server.send(request.body(body.clone())).await.assert_error(415, "unsupported_media_type");
    assert_eq!(test.rows("receipts").await, 0);
    let request = server.post("create").header("content-type", "application/json; charset=utf-8").body(body);
    assert_eq!(server.send(request).await.status, 201);
}

async fn every_response_has_security_headers(test: &TestStore) {
    let server = TestServer::start(test).await;
    let responses = [
        ("/", server.get("/").await),
        ("/s/x", server.get("/s/x").await),
        ("/nothing", server.get("/nothing").await),
        ("/pkg/nothing.js", server.get("/pkg/nothing.js").await),
        ("/health/live", server.get("/health/live").await),
        ("/api/v1/nothing", server.send(server.post("nothing")).await),
        ("/api/v1/open", server.call_raw("open", "{").await),
    ];
    for (path, response) in &responses {
        for name in [
            "content-security-policy",
            "referrer-policy",
            "x-content-type-options",
            "permissions-policy",
            "x-frame-options",
        ] {
            assert!(response.header(name).is_some(), "{path} lacks {name}");
        }
        assert!(response.header("server").is_none() && response.header("set-cookie").is_none(), "{path}");
        assert_eq!(response.header("cache-control"), Some("no-store"), "{path}");
        let is_hidden = path.starts_with("/s/") || path.starts_with("/api/");
        assert_eq!(response.header("x-robots-tag").is_some(), is_hidden, "{path}");
    }
    let policy = |response: &super::Response| response.header("content-security-policy").unwrap().to_owned();
    assert!(policy(&responses[0].1).contains("script-src 'self' 'nonce-"));
    assert_ne!(
        policy(&responses[0].1),
        policy(&server.get("/").await),
        "every response must have a new nonce"
    );
    assert!(policy(&responses[5].1).ends_with("sandbox") && policy(&responses[6].1).ends_with("sandbox"));
}
