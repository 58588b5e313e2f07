//! Metadata of a page for browsers, search engines and link previews.

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use serde_json::json;

use crate::pages::{Page, Question};
use crate::site::Site;

/// The title in the preview of a link to a secret or a receipt. The preview shows nothing else.
const PREVIEW_TITLE: &str = "Somebody sent you a secret";

/// Renders the elements of `<head>` that depend on the page or the site, without scripts and styles.
pub(super) fn metadata(page: Page, site: &Site, nonce: &str) -> impl IntoView + use<> {
    let title = title(page, site);
    let canonical = site.public_url.as_ref().zip(page.path()).map(|(origin, path)| format!("{origin}{path}"));
    let questions = page.questions();
    let faq = (!questions.is_empty()).then(|| {
        let data = json_ld(questions);
        view! { <script type="application/ld+json" nonce=nonce.to_owned() inner_html=data></script> }
    });
    view! {
        <title>{title.clone()}</title>
        <meta name="description" content=page.description()/>
        {(!page.is_indexed()).then(|| view! { <meta name="robots" content="noindex, nofollow, noarchive"/> })}
        {open_graph(page, title, site, canonical.clone())}
        {canonical.map(|url| view! { <link rel="canonical" href=url/> })}
        <meta name="application-name" content=site.operator.site_name.clone()/>
        <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
        <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
        <link rel="manifest" href="/manifest.webmanifest"/>
        {faq}
    }
}

/// Returns the title. It includes the name of the site on pages that search engines index, but not on a secret's page.
pub(super) fn title(page: Page, site: &Site) -> String {
    if page.is_indexed() {
        format!("{} · {}", page.title(), site.operator.site_name)
    } else {
        page.title().to_owned()
    }
}

fn open_graph(page: Page, title: String, site: &Site, url: Option<String>) -> impl IntoView + use<> {
    let indexed = page.is_indexed().then(|| {
        (
            property("og:site_name", site.operator.site_name.clone()),
            property("og:description", page.description().to_owned()),
        )
    });
    let title = if matches!(page, Page::Secret | Page::Receipt) { PREVIEW_TITLE.to_owned() } else { title };
    (
        property("og:type", "website".to_owned()),
        property("og:title", title),
        indexed,
        url.map(|url| property("og:url", url)),
    )
}

/// Renders a property of Open Graph. Its attribute is not part of HTML, so the macro `view!` does not know it.
fn property(name: &'static str, content: String) -> impl IntoView {
    let property = custom_attribute("property", name);
    view! { <meta {..property} content=content/> }
}

/// Returns questions and answers as JSON-LD (schema.org). It escapes each `<`, so that none can end the script element.
fn json_ld(questions: &[Question]) -> String {
    let questions: Vec<_> = questions
        .iter()
        .map(|Question { ask, answer }| {
            json!({
                "@type": "Question",
                "name": ask,
                "acceptedAnswer": { "@type": "Answer", "text": answer },
            })
        })
        .collect();
    let page = json!({ "@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions });
    page.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_question_does_not_end_the_script() {
        let data = json_ld(&[Question { ask: "</script><script>", answer: "<!-- \"a\" & b" }]);
        assert!(!data.contains('<'), "{data}");
        let read: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read["mainEntity"][0]["name"], "</script><script>");
        assert_eq!(read["mainEntity"][0]["acceptedAnswer"]["text"], "<!-- \"a\" & b");
    }
}
