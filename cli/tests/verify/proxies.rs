//! Proxies and servers that alter nothing.

use axum::http::HeaderValue;

use super::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_a_proxy_pass_and_are_listed() {
    let site = Site::start(&[]).await;
    let proxied = site.verify_altered(|_, _, response| {
        response.headers.insert("via", HeaderValue::from_static("1.1 proxy"));
        response.headers.insert("cf-ray", HeaderValue::from_static("1"));
    });
    let proxied = proxied.await;
    assert_eq!((proxied.code, &*proxied.stderr), (Some(0), ""), "{proxied:?}");
    assert!(proxied.stdout.contains("cf-ray, ") && proxied.stdout.contains(", via"), "{proxied:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn overloaded_server_is_not_reported_as_altered() {
    let site = Site::start(&[]).await;
    let output = site.verify_altered(|path, _, response| {
        if path == "/about" {
            response.status = 503;
        }
    });
    assert_eq!(output.await.code, Some(7));
}
