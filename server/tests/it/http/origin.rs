//! ACCEPTANCE 6 and 55, and the media types of 5.

use reqwest::Method;
use server::config::RateLimiting;

use super::{Site, create_body, open_body, sealed};
use crate::support::Bed;

suite! {
    only_post_is_served_and_no_other_origin_is_let_in,
    another_sites_page_is_refused_and_a_program_is_served,
    own_page_is_served_whatever_a_proxy_makes_of_host,
    an_answer_is_never_turned_into_a_redirect,
    only_plain_json_is_taken,
    every_answer_has_its_security_headers,
}

async fn only_post_is_served_and_no_other_origin_is_let_in(bed: &Bed) {
    let site = Site::start(bed).await;
    for call in ["create", "open", "reveal", "receipt", "burn"] {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::TRACE, Method::OPTIONS]
        {
            let request = site.client.request(method.clone(), format!("{}/api/v1/{call}", site.url));
            let answer = site.send(request.header("origin", "https://evil.example")).await;
            assert_eq!(answer.status, 405, "{method} {call}");
            assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")));
        }
    }
}

async fn another_sites_page_is_refused_and_a_program_is_served(bed: &Bed) {
    let site = Site::start(bed).await;
    let body = create_body(&sealed(), 1).to_string();
    let with = |headers: &[(&str, &str)]| {
        let request = site.post("create").header("content-type", "application/json").body(body.clone());
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", site.url.as_str()), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://a.example"), ("host", "b.example")],
    ] {
        site.send(with(foreign)).await.assert_refused(403, "cross_site");
    }
    assert_eq!(bed.rows("receipts").await, 0);
    for own in [
        &[][..],
        &[("origin", site.url.as_str())],
        &[("origin", site.url.as_str()), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
    ] {
        assert_eq!(site.send(with(own)).await.status, 201);
    }
}

async fn own_page_is_served_whatever_a_proxy_makes_of_host(bed: &Bed) {
    let site = Site::start(bed).await;
    let two_names = Site::start_with(bed, |config| {
        config.protection.rate_limit = RateLimiting::Off;
        config.http.public_urls = ["https://a.example", "http://b.example:8080"].map(str::to_owned).to_vec();
    })
    .await;
    let status = async |site: &Site, origin: &str, host: &str, fetch_site: Option<&str>| {
        let request = site.post("create").header("content-type", "application/json");
        let request = request.header("origin", origin).header("host", host);
        let request =
            fetch_site.iter().fold(request, |request, value| request.header("sec-fetch-site", *value));
        site.send(request.body(create_body(&sealed(), 1).to_string())).await.status
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
        assert_eq!(status(&site, origin, host, fetch_site).await, expected, "{origin} {host} {fetch_site:?}");
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

async fn an_answer_is_never_turned_into_a_redirect(bed: &Bed) {
    let site = Site::start(bed).await;
    let (sealed, id) = site.secret(1).await;
    for (call, body, status) in [
        ("open", open_body(&sealed, &id), 200),
        ("open", open_body(&super::sealed(), &id), 404),
        ("create", create_body(&super::sealed(), 1), 201),
    ] {
        let request = site.post(call).header("content-type", "application/json").body(body.to_string());
        let answer = site
            .send(request.header("accept", "text/html").header("referer", "https://evil.example/x"))
            .await;
        assert_eq!((answer.status, answer.header("location")), (status, None));
    }
}

async fn only_plain_json_is_taken(bed: &Bed) {
    let site = Site::start(bed).await;
    let body = create_body(&sealed(), 1).to_string();
    site.send(site.post("create").body(body.clone())).await.assert_refused(415, "unsupported_media_type");
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/json+x", ""]
    {
        let request = site.post("create").header("content-type", media_type).body(body.clone());
        site.send(request).await.assert_refused(415, "unsupported_media_type");
    }
    let request =
        site.post("create").header("content-type", "application/json").header("content-encoding", "gzip");
    site.send(request.body(body.clone())).await.assert_refused(415, "unsupported_media_type");
    assert_eq!(bed.rows("receipts").await, 0);
    let request = site.post("create").header("content-type", "application/json; charset=utf-8").body(body);
    assert_eq!(site.send(request).await.status, 201);
}

async fn every_answer_has_its_security_headers(bed: &Bed) {
    let site = Site::start(bed).await;
    let get = |path: &str| site.client.get(format!("{}{path}", site.url));
    let answers = [
        ("/", site.send(get("/")).await),
        ("/s/x", site.send(get("/s/x")).await),
        ("/nothing", site.send(get("/nothing")).await),
        ("/pkg/nothing.js", site.send(get("/pkg/nothing.js")).await),
        ("/health/live", site.send(get("/health/live")).await),
        ("/api/v1/nothing", site.send(site.post("nothing")).await),
        ("/api/v1/open", site.raw("open", "{").await),
    ];
    for (path, answer) in &answers {
        for name in [
            "content-security-policy",
            "referrer-policy",
            "x-content-type-options",
            "permissions-policy",
            "x-frame-options",
        ] {
            assert!(answer.header(name).is_some(), "{path} lacks {name}");
        }
        assert!(answer.header("server").is_none() && answer.header("set-cookie").is_none(), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let hidden = path.starts_with("/s/") || path.starts_with("/api/");
        assert_eq!(answer.header("x-robots-tag").is_some(), hidden, "{path}");
    }
    let policy = |answer: &super::Answer| answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy(&answers[0].1).contains("script-src 'self' 'nonce-"));
    assert_ne!(
        policy(&answers[0].1),
        policy(&site.send(get("/")).await),
        "the nonce is new for every answer"
    );
    assert!(policy(&answers[5].1).ends_with("sandbox") && policy(&answers[6].1).ends_with("sandbox"));
}
