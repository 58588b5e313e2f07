//! Pages that the server's own code renders, unaltered and altered.

mod altered;
mod encoding;
mod headers;

use app::pages::Page as AppPage;
use app::shell::render;
use app::site::{Assets, Contact, LegalText, Operator, Site};
use vault::{MIN_TTL, SecretLimits};

use std::collections::BTreeSet;

use super::browser::{BROWSERS, Browser};
use super::compare::{POLICY, compare_page};
use super::format;
use super::manifest::{Manifest, Page};
use super::settings::Settings;
use super::template::Format;
use crate::client::GetResponse;

/// A nonce in the form that the server generates.
const NONCE: &str = "AAECAwQFBgcICQoLDA0ODw";

fn assets() -> Assets {
    Assets {
        css: "/pkg/ikrypt.251.css".to_owned(),
        js: "/pkg/ikrypt.251.js".to_owned(),
        wasm: "/pkg/ikrypt.30412807.wasm".to_owned(),
        wasm_integrity: "sha256-251/30412807".to_owned(),
    }
}

fn manifest() -> Manifest {
    serde_json::from_str(&server::http::handlers::manifest::manifest(&assets())).unwrap()
}

/// A site on which every setting differs from its default.
fn custom_site() -> Site {
    Site {
        public_url: Some("https://secrets.example".to_owned()),
        limits: SecretLimits { max_secret_bytes: 1_500_000, max_ttl: 604_799, max_views: 7 },
        needs_token: true,
        assets: assets(),
        operator: Operator {
            site_name: "A \"B\" & <b>'C'</b> {site_name} 🔑".to_owned(),
            name: Some("Example & Sons <script>".to_owned()),
            contact: Some(Contact::Web("https://example.org/it's?a=1&b=2".to_owned())),
            privacy: None,
            terms: LegalText::parse("Be <kind>.\n\n\"Two\nlines\" & more.\n\nThree."),
        },
    }
}

fn default_site() -> Site {
    Site {
        public_url: None,
        limits: SecretLimits::default(),
        needs_token: false,
        assets: assets(),
        operator: Operator::default(),
    }
}

fn settings(site: &Site) -> Settings {
    serde_json::from_str(&server::http::handlers::settings::settings(site)).unwrap()
}

fn response(manifest: &Manifest, page: &Page, body: Vec<u8>) -> GetResponse {
    let policy = manifest.page_policy.replace("{nonce}", NONCE);
    let own = [("content-type", "text/html; charset=utf-8"), (POLICY, &*policy), ("date", "today")];
    let headers = manifest
        .headers()
        .chain(own)
        .map(|(name, value)| (name.parse::<ureq::http::HeaderName>().unwrap(), value.parse().unwrap()));
    GetResponse { status: page.status, headers: headers.collect(), body }
}

fn compare(manifest: &Manifest, page: &Page, site: &Site, response: &GetResponse) -> Vec<String> {
    compare_page(manifest, page, &settings(site), (&BROWSERS[0], response), &mut BTreeSet::new())
}

fn sites() -> Vec<Site> {
    let changed = |change: &dyn Fn(&mut Site)| {
        let mut site = default_site();
        change(&mut site);
        site
    };
    let mut sites = vec![
        custom_site(),
        default_site(),
        changed(&|site| site.public_url = Some("http://localhost:3000".to_owned())),
        changed(&|site| site.needs_token = true),
        changed(&|site| site.operator.name = Some("251 times".to_owned())),
        changed(&|site| site.operator.contact = Some(Contact::Mail("o'ps@secrets.example".to_owned()))),
        changed(&|site| site.operator.privacy = LegalText::parse("One.")),
        changed(&|site| {
            site.operator = Operator { privacy: LegalText::parse("A\n\nB"), ..custom_site().operator }
        }),
    ];
    for max_ttl in
        [60, 599, 600, 3_599, 3_600, 86_399, 86_400, 172_800, 259_200, 604_800, 2_592_000, 31_536_000]
    {
        sites.push(changed(&|site| site.limits.max_ttl = max_ttl));
    }
    for max_views in [1, 2, 3, 4, 5, 9, 10, 11, 251, 255] {
        sites.push(changed(&|site| site.limits.max_views = max_views));
    }
    for max_secret_bytes in [1, 2, 1_023, 1_024, 1_025, 1_048_575, 1_048_577, 67_108_864] {
        sites.push(changed(&|site| site.limits.max_secret_bytes = max_secret_bytes));
    }
    sites
}

#[test]
fn every_page_with_any_settings_matches_its_template() {
    let manifest = manifest();
    assert_eq!(manifest.pages.len(), AppPage::ALL.len());
    for site in sites() {
        assert_eq!(settings(&site).validate(), Ok(()), "{site:?}");
        for (page, app_page) in manifest.pages.iter().zip(AppPage::ALL) {
            let response = response(&manifest, page, render(app_page, &site, NONCE).into_bytes());
            assert_eq!(
                compare(&manifest, page, &site, &response),
                Vec::<String>::new(),
                "{app_page:?} {site:?}"
            );
        }
    }
}

#[test]
fn settings_that_the_server_refuses_are_reported() {
    let default = server::http::handlers::settings::settings(&default_site());
    let changed = |name: &str, value: serde_json::Value| {
        let mut settings: serde_json::Value = serde_json::from_str(&default).unwrap();
        settings[name] = value;
        serde_json::from_value::<Settings>(settings)
            .map_err(|error| error.to_string())
            .and_then(|settings| settings.validate())
    };
    for (name, value) in [
        ("site_name", serde_json::json!("")),
        ("site_name", serde_json::json!("two\nlines")),
        ("site_name", serde_json::json!("x".repeat(41))),
        ("operator", serde_json::json!(" ")),
        ("contact", serde_json::json!({ "web": "javascript:x()" })),
        ("contact", serde_json::json!({ "web": "https://x.example/ \"" })),
        ("contact", serde_json::json!({ "web": "//evil.example" })),
        ("contact", serde_json::json!({ "mail": "a@b?body=<x>" })),
        ("contact", serde_json::json!({ "phone": "1" })),
        ("public_url", serde_json::json!("https://x.example/path")),
        ("public_url", serde_json::json!("javascript:x()")),
        ("privacy", serde_json::json!([])),
        ("terms", serde_json::json!(["one", ""])),
        ("terms", serde_json::json!("text")),
        ("max_views", serde_json::json!(0)),
        ("max_views", serde_json::json!(256)),
        ("max_ttl", serde_json::json!("60\" onclick=\"x()")),
        ("max_ttl", serde_json::json!(MIN_TTL - 1)),
        ("max_secret_bytes", serde_json::json!(67_108_865)),
    ] {
        assert!(changed(name, value.clone()).is_err(), "{name}: {value}");
    }
    assert_eq!(changed("site_name", serde_json::json!("Ours")), Ok(()));
    assert_eq!(changed("max_ttl", serde_json::json!(MIN_TTL)), Ok(()));
}

#[test]
fn limits_are_worded_as_on_the_pages() {
    let written = |number: u64, format| {
        let mut text = String::new();
        format::write_number(number, format, &mut text);
        text
    };
    for (number, size, duration, times) in [
        (0, "0 bytes", "0 seconds", "0 times"),
        (1, "1 byte", "1 second", "once"),
        (2, "2 bytes", "2 seconds", "twice"),
        (90, "90 bytes", "1 minute", "90 times"),
        (3_600, "3.6 KB", "1 hour", "3600 times"),
        (172_800, "168.8 KB", "2 days", "172800 times"),
        (1_500_000, "1.5 MB", "17 days", "1500000 times"),
        (67_108_864, "64 MB", "776 days", "67108864 times"),
    ] {
        assert_eq!(written(number, Format::Size), size);
        assert_eq!(written(number, Format::Duration), duration);
        assert_eq!(written(number, Format::Times), times);
    }
}
