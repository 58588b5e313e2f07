//! What could run or load something in a page.

use html5ever::tendril::TendrilSink as _;
use html5ever::{Attribute, ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::{Manifest, integrity};

/// Elements that frame, embed, redirect or send something, and those whose content is not looked at here.
const FOREIGN: [&str; 13] = [
    "applet", "base", "embed", "form", "frame", "frameset", "iframe", "object", "portal", "style",
    "template", "video", "audio",
];
/// What a `link` may be for, where what it names is loaded.
const LOADED: [&str; 6] = ["stylesheet", "modulepreload", "preload", "icon", "apple-touch-icon", "manifest"];
/// Made anew for each operator, and data only.
const DYNAMIC: [&str; 1] = ["/manifest.webmanifest"];

/// Reads a page as a browser does, and names whatever the build has not put there.
pub(super) fn check(manifest: &Manifest, policy: Option<&str>, html: &str, mut note: impl FnMut(String)) {
    if !policy.is_some_and(|policy| is_policy(&manifest.page_policy, policy)) {
        note("another content security policy".to_owned());
    }
    let document = parse_document(RcDom::default(), ParseOpts::default()).one(html);
    // A node that is dropped takes its descendants apart, whoever else holds them: so the document outlives this.
    let mut nodes = vec![Handle::clone(&document.document)];
    while let Some(node) = nodes.pop() {
        nodes.extend(node.children.borrow().iter().cloned());
        if let NodeData::Element { name, attrs, .. } = &node.data {
            check_element(manifest, &name.local, &attrs.borrow(), &text_of(&node), &mut note);
        }
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
            .find(|attribute| &*attribute.name.local == wanted)
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
    if let Some(source) = attribute("src").or_else(|| attribute("srcset"))
        && !manifest.files.contains_key(source)
    {
        note(format!("<{name}> loads {source:?}"));
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
        let known = manifest.files.contains_key(target) || DYNAMIC.contains(&target);
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
        check(&manifest, Some(policy), html, |difference| found.push(difference));
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
        ] {
            assert!(!found("script-src 'nonce-a'", html).is_empty(), "{html}");
        }
        for policy in ["script-src 'nonce-a' *", "script-src 'nonce-'", "script-src 'nonce-a' 'nonce-b'", ""]
        {
            assert!(!found(policy, "").is_empty(), "{policy}");
        }
    }
}
