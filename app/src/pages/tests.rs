use std::collections::HashSet;

use chrono::TimeDelta;

use super::*;
use crate::shell::render;
use crate::site::{Assets, Contact, LegalText, Operator};
use vault::{CLAIM_RETRY_WINDOW, RECEIPT_RETENTION, SecretLimits};

fn site() -> Site {
    Site {
        public_url: Some("https://secrets.example".to_owned()),
        limits: SecretLimits::default(),
        needs_token: false,
        assets: Assets {
            css: "/pkg/test.css".to_owned(),
            js: "/pkg/test.js".to_owned(),
            wasm: "/pkg/test.wasm".to_owned(),
            wasm_integrity: "sha256-".to_owned(),
        },
        operator: Operator::default(),
    }
}

fn every_page(site: &Site) -> Vec<(Page, String)> {
    Page::ALL.into_iter().map(|page| (page, render(page, site, "nonce"))).collect()
}

/// What stands between two marks, each time.
fn between<'a>(html: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    html.split(start).skip(1).map(|rest| rest.split_once(end).unwrap().0).collect()
}

/// The page without the states that are hidden at first.
fn shown(html: &str) -> String {
    html.split("<section")
        .map(|section| match section.split_once('>') {
            Some((tag, rest)) if tag.ends_with(" hidden") => rest.split_once("</section>").unwrap().1,
            _ => section,
        })
        .collect()
}

#[test]
fn a_path_is_a_page() {
    for (path, page) in [
        ("/", Page::Home),
        ("/s/wMHCw8TFxsfIycrL", Page::Secret),
        ("/s/wMHCw8TFxsfIycrL%23k=EAAB", Page::Secret),
        ("/s/wMHCw8TFxsfIycrL%23k=EAAB/", Page::Secret),
        ("/s/wMHCw8TFxsfIycrL/%23k=EAAB", Page::Secret),
        ("/s/wMHCw8TFxsfIycrL%2523k=EAAB&url=https://a/b", Page::Secret),
        ("/s/a/b%23k=EAAB", Page::NotFound),
        ("/guides%23k=EAAB", Page::NotFound),
        ("/s/", Page::NotFound),
        ("/s//", Page::NotFound),
        ("/s/a/b", Page::NotFound),
        ("/receipt", Page::Receipt),
        ("/receipt%23t=YGFi", Page::Receipt),
        ("/receipt/%23t=YGFi/", Page::Receipt),
        ("/receipt%2523t=YGFi", Page::Receipt),
        ("/receipts", Page::NotFound),
        ("/receipt/x%23t=YGFi", Page::NotFound),
        ("/one-time-secret-link", Page::Guide),
        ("/security", Page::Security),
        ("/guides", Page::Guides),
        ("/guides/password", Page::Password),
        ("/guides/api-key", Page::ApiKey),
        ("/guides/env-file", Page::EnvFile),
        ("/guides/client", Page::Client),
        ("/guides/chat-and-email", Page::ChatAndEmail),
        ("/guides/", Page::NotFound),
        ("/about", Page::About),
        ("/privacy", Page::Privacy),
        ("/terms", Page::Terms),
        ("//s/x", Page::NotFound),
        ("(not found)", Page::NotFound),
    ] {
        assert_eq!(Page::at(path), page, "{path}");
    }
    for page in Page::ALL {
        assert_eq!(Page::at(page.route()), page);
    }
}

#[test]
fn titles_and_descriptions_are_each_pages_own_and_fit() {
    let site = site();
    let (mut titles, mut descriptions) = (HashSet::new(), HashSet::new());
    for (page, html) in every_page(&site) {
        let [title] = between(&html, "<title>", "</title>")[..] else { panic!("{page:?}") };
        assert!(title.chars().count() <= 60, "{title}");
        assert!(titles.insert(title.to_owned()), "{title}");
        let description = page.description();
        assert!((20..=155).contains(&description.chars().count()), "{description}");
        assert!(descriptions.insert(description), "{description}");
    }
}

#[test]
fn every_page_has_one_heading_at_the_top_and_no_style_of_its_own() {
    for (page, html) in every_page(&site()) {
        assert_eq!(shown(&html).matches("<h1").count(), 1, "{page:?}");
        assert!(!html.contains(" style=") && !html.contains("<style"), "{page:?}");
        for script in between(&html, "<script", ">") {
            assert!(script.contains(r#"nonce="nonce""#), "{page:?}: {script}");
        }
        let ids = between(&html, " id=\"", "\"");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{page:?}: {ids:?}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let site = site();
    for (page, html) in every_page(&site) {
        let ids = between(&html, " id=\"", "\"");
        for href in between(&html, "href=\"", "\"") {
            if let Some(id) = href.strip_prefix('#') {
                assert!(ids.contains(&id), "{page:?}: {href}");
            } else if href.starts_with("https:") {
                assert!(href.starts_with("https://secrets.example/"), "{page:?}: {href}");
            } else if Page::at(href) == Page::NotFound {
                let file = format!("{}/../public{href}", env!("CARGO_MANIFEST_DIR"));
                let known = href.starts_with("/pkg/")
                    || matches!(href, "/manifest.webmanifest" | "/api/v1/openapi.json");
                assert!(known || std::path::Path::new(&file).is_file(), "{page:?}: {href}");
            }
        }
    }
}

#[test]
fn only_pages_with_islands_load_a_script() {
    for (page, html) in every_page(&site()) {
        assert_eq!(html.contains("<leptos-island"), page.has_islands(), "{page:?}");
        assert_eq!(html.contains("/pkg/test.wasm"), page.has_islands(), "{page:?}");
    }
}

#[test]
fn search_engines_get_whole_addresses_and_keep_out_of_the_rest() {
    let mut site = site();
    for (page, html) in every_page(&site) {
        let canonical =
            page.path().map(|path| format!(r#"rel="canonical" href="https://secrets.example{path}""#));
        assert_eq!(canonical.as_ref().is_some_and(|link| html.contains(link)), page.is_indexed(), "{page:?}");
        assert_eq!(html.contains("noindex"), !page.is_indexed(), "{page:?}");
    }
    site.public_url = None;
    for (page, html) in every_page(&site) {
        assert!(!html.contains("rel=\"canonical\"") && !html.contains("og:url"), "{page:?}");
    }
}

#[test]
fn a_preview_of_a_secret_says_that_there_is_one_and_no_more() {
    for page in [Page::Secret, Page::Receipt] {
        let html = render(page, &site(), "nonce");
        let said: Vec<_> = between(&html, "<meta property=\"og:", ">");
        assert_eq!(
            said,
            ["type\" content=\"website\"", "title\" content=\"Somebody sent you a secret\""],
            "{html}"
        );
        assert!(!html.contains("canonical"));
    }
}

#[test]
fn the_questions_are_in_the_metadata_as_on_the_page() {
    let html = render(Page::Guide, &site(), "nonce");
    let [data] = between(&html, r#"<script type="application/ld+json" nonce="nonce">"#, "</script>")[..]
    else {
        panic!("{html}")
    };
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["@type"], "FAQPage");
    assert_eq!(data["mainEntity"].as_array().unwrap().len(), Page::Guide.questions().len());
    for Question { ask, answer } in Page::Guide.questions() {
        assert!(html.contains(&format!("<h3>{ask}</h3>")) && html.contains(answer), "{ask}");
    }
}

#[test]
fn the_operators_words_are_text_and_take_the_place_of_ours() {
    let ours = render(Page::Privacy, &site(), "nonce");
    let mut site = site();
    site.operator = Operator {
        site_name: "Our <Secrets>".to_owned(),
        name: Some("Example & Co".to_owned()),
        contact: Some(Contact::Mail("ops@secrets.example".to_owned())),
        privacy: LegalText::parse("<b>One</b>\n\nTwo"),
        terms: None,
    };
    let html = render(Page::Privacy, &site, "nonce");
    assert!(html.contains("<p>&lt;b&gt;One&lt;/b&gt;</p>") && html.contains("<p>Two</p>"), "{html}");
    assert!(ours.contains("claim") || ours.contains("five minutes"));
    assert!(!html.contains("five minutes"));
    assert!(html.contains("Privacy · Our &lt;Secrets&gt;</title>"), "{html}");
    let html = render(Page::About, &site, "nonce");
    assert!(html.contains("Example &amp; Co") && html.contains(r#"href="mailto:ops@secrets.example""#));
}

/// The columns of every table, read from the migrations of the server.
fn columns() -> HashSet<String> {
    let folder = format!("{}/../server/migrations/postgres", env!("CARGO_MANIFEST_DIR"));
    let mut columns = HashSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let sql = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for table in between(&sql, "CREATE TABLE ", "\n)") {
            let words = table.lines().skip(1).filter_map(|line| line.split_whitespace().next());
            columns.extend(words.filter(|word| word.starts_with(char::is_lowercase)).map(str::to_owned));
        }
        columns.extend(between(&sql, "ADD COLUMN ", " ").into_iter().map(str::to_owned));
    }
    columns
}

#[test]
fn the_security_page_names_every_column_and_no_other() {
    let html = render(Page::Security, &site(), "nonce");
    let cells = between(&html, r#"<th scope="row"><code>"#, "</code>");
    let named: HashSet<_> =
        cells.into_iter().map(|cell| cell.replace("<wbr>", "").replace("<!>", "")).collect();
    assert_eq!(named, columns());
}

#[test]
fn the_times_in_the_text_are_those_of_the_code() {
    assert_eq!((CLAIM_RETRY_WINDOW, RECEIPT_RETENTION), (TimeDelta::minutes(5), TimeDelta::days(7)));
    for page in [Page::Security, Page::Privacy] {
        let html = render(page, &site(), "nonce");
        assert!(html.contains("ive minutes") && html.contains("even days"), "{page:?}");
    }
}
