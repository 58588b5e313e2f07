//! Pages with other headers, and bodies that a browser would read as another page.

use ureq::http::HeaderMap;

use super::*;

#[test]
fn page_that_a_browser_would_read_differently_is_reported() {
    let manifest = manifest();
    let page = &manifest.pages[0];
    let html = render(AppPage::Home, &default_site(), NONCE);
    let differences = |change: &dyn Fn(&mut GetResponse)| {
        let mut response = response(&manifest, page, html.clone().into_bytes());
        change(&mut response);
        compare(&manifest, page, &default_site(), &response)
    };
    let with = |name: &'static str, value: &str| {
        let value: ureq::http::HeaderValue = value.parse().unwrap();
        differences(&|response| drop(response.headers.insert(name, value.clone())))
    };
    assert_eq!(differences(&|_| {}), Vec::<String>::new());
    for (name, value) in [
        ("content-type", "text/html; charset=utf-16le"),
        ("content-type", "application/xhtml+xml"),
        ("content-encoding", "zstd"),
        (POLICY, "script-src 'nonce-AAECAwQFBgcICQoLDA0ODw' *"),
        (POLICY, ""),
    ] {
        assert!(!with(name, value).is_empty(), "{name}: {value}");
    }
    let policy = manifest.page_policy.replace("{nonce}", NONCE);
    for other in ["connect-src *", "img-src *"] {
        let [name, _] = other.split(' ').collect::<Vec<_>>()[..] else { panic!("{other}") };
        assert!(!with(POLICY, &policy.replace(&format!("{name} 'self'"), other)).is_empty(), "{other}");
    }
    for nonce in ["", "x", "AAECAwQFBgcICQoLDA0OD-", "AAECAwQFBgcICQoLDA0ODw' 'unsafe-inline"] {
        assert!(!with(POLICY, &policy.replace(NONCE, nonce)).is_empty(), "{nonce}");
    }
    let utf16: Vec<u8> = html.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in [utf16, b"\xFF\xFE".to_vec(), Vec::new(), html.to_uppercase().into_bytes()] {
        assert!(!differences(&|response| response.body.clone_from(&body)).is_empty());
    }
    assert!(!differences(&|response| response.status = 203).is_empty());
}

#[test]
fn header_that_browsers_act_on_is_reported_and_proxy_header_is_listed() {
    let manifest = manifest();
    let page = &manifest.pages[0];
    let html = render(AppPage::Home, &default_site(), NONCE);
    let compare = |change: &dyn Fn(&mut HeaderMap)| {
        let mut response = response(&manifest, page, html.clone().into_bytes());
        change(&mut response.headers);
        let mut ignored = BTreeSet::new();
        (
            compare_page(
                &manifest,
                page,
                &settings(&default_site()),
                (&BROWSERS[0], &response),
                &mut ignored,
            ),
            ignored,
        )
    };
    for (name, value) in [
        ("refresh", "0;url=//evil.example"),
        ("link", "</x.css>; rel=stylesheet"),
        ("set-cookie", "id=1"),
        ("speculation-rules", "\"/rules.json\""),
        ("service-worker-allowed", "/"),
        ("reporting-endpoints", "default=\"https://evil.example\""),
        ("report-to", "{}"),
        ("nel", "{}"),
        ("attribution-reporting-register-source", "{}"),
        ("content-security-policy-report-only", "default-src 'none'; report-uri //evil.example"),
        ("content-location", "//evil.example"),
        ("content-disposition", "attachment"),
        ("sourcemap", "//evil.example"),
        ("x-sourcemap", "//evil.example"),
        ("origin-trial", "x"),
        ("clear-site-data", "\"*\""),
        ("accept-ch", "sec-ch-ua-model"),
        ("access-control-allow-origin", "*"),
        ("a-header-of-the-future", "x"),
    ] {
        let (differences, _) = compare(&|headers| drop(headers.insert(name, value.parse().unwrap())));
        assert!(differences.iter().any(|text| text.contains(name)), "{name}: {differences:?}");
    }
    for (name, value) in [
        ("referrer-policy", "unsafe-url"),
        ("x-frame-options", "ALLOWALL"),
        ("permissions-policy", "camera=*"),
        ("cross-origin-opener-policy", "unsafe-none"),
        (POLICY, "default-src 'none'; report-uri //evil.example"),
    ] {
        let (replaced, _) = compare(&|headers| drop(headers.insert(name, value.parse().unwrap())));
        let (doubled, _) = compare(&|headers| _ = headers.append(name, value.parse().unwrap()));
        let (removed, _) = compare(&|headers| drop(headers.remove(name)));
        assert!(!replaced.is_empty() && !doubled.is_empty() && !removed.is_empty(), "{name}");
    }
    let (differences, ignored) = compare(&|headers| {
        for name in ["via", "age", "x-request-id", "cf-ray", "alt-svc", "strict-transport-security"] {
            headers.insert(name, "1".parse().unwrap());
        }
    });
    assert_eq!(differences, Vec::<String>::new());
    let named: Vec<_> = ignored.iter().map(String::as_str).collect();
    assert_eq!(
        named,
        ["age", "alt-svc", "cf-ray", "date", "strict-transport-security", "via", "x-request-id"]
    );
}
