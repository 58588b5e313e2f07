//! What could run or load something in a page.

use html5ever::tendril::TendrilSink as _;
use html5ever::{Attribute, ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use ureq::http::HeaderMap;

use super::{Manifest, integrity};

/// Elements that frame, embed, redirect or send something, and those whose content is not looked at here.
const FOREIGN: [&str; 15] = [
    "applet", "audio", "base", "embed", "form", "frame", "frameset", "iframe", "math", "object", "portal",
    "style", "svg", "template", "video",
];
/// What a `link` may be for, where what it names is loaded.
const LOADED: [&str; 6] = ["stylesheet", "modulepreload", "preload", "icon", "apple-touch-icon", "manifest"];
/// Made anew for each operator, and data only.
const DYNAMIC: [&str; 1] = ["/manifest.webmanifest"];

/// How a browser is told to read a page; read otherwise, the same bytes are another page.
const MEDIA_TYPE: &str = "text/html; charset=utf-8";
/// Headers by which a browser goes or loads elsewhere.
const FOREIGN_HEADERS: [&str; 2] = ["refresh", "link"];

/// Reads a page as a browser does, and names whatever the build has not put there.
pub(super) fn check(manifest: &Manifest, headers: &HeaderMap, bytes: &[u8], mut note: impl FnMut(String)) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("content-type") != Some(MEDIA_TYPE) {
        note(format!("not served as {MEDIA_TYPE}"));
    }
    for name in FOREIGN_HEADERS.into_iter().filter(|name| headers.contains_key(*name)) {
        note(format!("the header {name}"));
    }
    let Ok(html) = std::str::from_utf8(bytes) else { return note("not UTF-8".to_owned()) };
    let policy = header("content-security-policy");
    if !policy.is_some_and(|policy| is_policy(&manifest.page_policy, policy)) {
        note("another content security policy".to_owned());
    }
    let document = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    // A node that is dropped takes its descendants apart, whoever else holds them: so the document outlives this.
    let mut nodes = vec![Handle::clone(&document.document)];
    let mut built = false;
    while let Some(node) = nodes.pop() {
        nodes.extend(node.children.borrow().iter().cloned());
        if let NodeData::Element { name, attrs, .. } = &node.data {
            let text = text_of(&node);
            built |=
                &*name.local == "script" && manifest.inline_scripts.contains(&integrity(text.as_bytes()));
            check_element(manifest, &name.local, &attrs.borrow(), &text, &mut note);
        }
    }
    // Every page has one: a page without is not what it seems.
    if !built {
        note("none of the scripts that were built".to_owned());
    }
}

/// The text that stands directly in an element.
fn text_of(node: &Handle) -> String {
    let children = node.children.borrow();
    let text = children.iter().filter_map(|child| match &child.data {
        NodeData::Text { contents } => Some(contents.borrow().to_string()),
        _ => None,
    });
    text.collect()
}

fn check_element(
    manifest: &Manifest,
    name: &str,
    attributes: &[Attribute],
    text: &str,
    note: &mut impl FnMut(String),
) {
    let attribute = |wanted: &str| {
        attributes
            .iter()
            .find(|attribute| attribute.name.ns.is_empty() && &*attribute.name.local == wanted)
            .map(|attribute| &*attribute.value)
    };
    if FOREIGN.contains(&name) {
        note(format!("<{name}>"));
    }
    for Attribute { name: own, value } in attributes {
        let own = own.local.to_ascii_lowercase();
        if own.starts_with("on") || &*own == "srcdoc" {
            note(format!("<{name} {own}>"));
        }
        let target: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        if target.to_ascii_lowercase().starts_with("javascript:") {
            note(format!("<{name} {own}=\"javascript:…\">"));
        }
    }
    if attribute("http-equiv").is_some() {
        note(format!("<{name} http-equiv>"));
    }
    for source in [attribute("src"), attribute("srcset")].into_iter().flatten() {
        if !manifest.files.contains_key(source) {
            note(format!("<{name}> loads {source:?}"));
        }
    }
    match name {
        "link" => {
            let target = attribute("href").unwrap_or_default();
            check_link(manifest, attribute("rel").unwrap_or_default(), target, note);
        }
        "script" if attribute("src").is_none() => {
            let data = attribute("type") == Some("application/ld+json");
            if !data && !manifest.inline_scripts.contains(&integrity(text.as_bytes())) {
                note(format!("an unknown script: {:?}", text.chars().take(80).collect::<String>()));
            }
        }
        _ => {}
    }
}

fn check_link(manifest: &Manifest, rels: &str, target: &str, note: &mut impl FnMut(String)) {
    for rel in rels.split_whitespace() {
        let known = manifest.files.contains_key(target) || rel == "manifest" && DYNAMIC.contains(&target);
        if !(rel == "canonical" || LOADED.contains(&rel) && known) {
            note(format!("<link rel={rel:?}> loads {target:?}"));
        }
    }
}

/// The policy of the build, with a nonce of its own.
fn is_policy(template: &str, policy: &str) -> bool {
    let Some((before, after)) = template.split_once("{nonce}") else { return template == policy };
    policy.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)).is_some_and(|nonce| {
        !nonce.is_empty()
            && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "boot()";

    fn found(policy: &str, html: &str) -> Vec<String> {
        let manifest = Manifest {
            version: String::new(),
            pages: Vec::new(),
            files: [("/pkg/a.js".to_owned(), String::new()), ("/icon.svg".to_owned(), String::new())].into(),
            inline_scripts: [integrity(SCRIPT.as_bytes())].into(),
            page_policy: "script-src 'nonce-{nonce}'".to_owned(),
            worker_policy: String::new(),
        };
        let mut found = Vec::new();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", MEDIA_TYPE.parse().unwrap());
        headers.insert("content-security-policy", policy.parse().unwrap());
        let html = format!("{html}<script>{SCRIPT}</script>");
        check(&manifest, &headers, html.as_bytes(), |difference| found.push(difference));
        found
    }

    #[test]
    fn what_was_built_passes() {
        let html = format!(
            "<!DOCTYPE html><html><head><link rel=icon href=/icon.svg><link rel=modulepreload href=/pkg/a.js>\
             <link rel=canonical href=https://x.example/><script nonce=x>{SCRIPT}</script>\
             <script type=application/ld+json>{{}}</script></head><body><img src=/icon.svg>\
             <a href=mailto:x@y.example>x</a></body></html>"
        );
        assert_eq!(found("script-src 'nonce-aZ-_09'", &html), Vec::<String>::new());
    }

    #[test]
    fn a_page_that_a_browser_would_read_otherwise_is_none() {
        let manifest = |page_policy: &str| Manifest {
            version: String::new(),
            pages: Vec::new(),
            files: [].into(),
            inline_scripts: [integrity(SCRIPT.as_bytes())].into(),
            page_policy: page_policy.to_owned(),
            worker_policy: String::new(),
        };
        let page = format!("<script>{SCRIPT}</script>");
        let notes = |headers: &[(&'static str, &str)], bytes: &[u8]| {
            let mut map = HeaderMap::new();
            map.insert("content-security-policy", "x".parse().unwrap());
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            let mut found = 0;
            check(&manifest("x"), &map, bytes, |_| found += 1);
            found
        };
        let html = ("content-type", MEDIA_TYPE);
        assert_eq!(notes(&[html], page.as_bytes()), 0);
        let utf16: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(
            notes(&[html], &utf16) > 0
                && notes(&[html], b"\xFF\xFE") > 0
                && notes(&[html], b"<!-- <script> -->") > 0
        );
        assert!(notes(&[("content-type", "text/html; charset=utf-16le")], page.as_bytes()) > 0);
        assert!(notes(&[("content-type", "application/xhtml+xml")], page.as_bytes()) > 0);
        assert!(notes(&[html, ("refresh", "0;url=//evil.example")], page.as_bytes()) > 0);
        assert!(notes(&[html, ("link", "</x.css>; rel=stylesheet")], page.as_bytes()) > 0);
    }

    #[test]
    fn whatever_else_could_run_or_load_something_is_named() {
        for html in [
            "<script>boot();steal()</script>",
            "<script src=/pkg/other.js></script>",
            "<script src=https://evil.example/pkg/a.js></script>",
            "<svg><script>boot() </script></svg>",
            "<p OnClick=x()>",
            "<a href=' java\tscript:x()'>x</a>",
            "<base href=//evil.example>",
            "<meta http-equiv=refresh content=0>",
            "<iframe src=/pkg/a.js></iframe>",
            "<form action=/><input></form>",
            "<img src=//evil.example/x>",
            "<img srcset=x>",
            "<link rel=prefetch href=/icon.svg>",
            "<link rel='icon stylesheet' href=/other.css>",
            "<style>*{}</style>",
            "<template><script>x</script></template>",
            "<svg><script src=/pkg/a.js>steal()</script></svg>",
            "<svg><script xlink:type='application/ld+json'>steal()</script></svg>",
            "<svg><script href=/evil.js>boot()</script></svg>",
            "<math><mtext></mtext></math>",
            "<link rel=stylesheet href=/manifest.webmanifest>",
            "<img src=/icon.svg srcset=//evil.example/x>",
        ] {
            assert!(!found("script-src 'nonce-a'", html).is_empty(), "{html}");
        }
        for policy in ["script-src 'nonce-a' *", "script-src 'nonce-'", "script-src 'nonce-a' 'nonce-b'", ""]
        {
            assert!(!found(policy, "").is_empty(), "{policy}");
        }
    }
}
