//! What a page says of itself to browsers, search engines and previews.

use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use serde_json::json;

use super::Site;
use crate::pages::{Page, Question};

/// What every preview of a link to a secret or a receipt says, and all it says.
const SHARED: &str = "Somebody sent you a secret";

/// Everything in `<head>` that differs from page to page or from site to site, scripts and styles apart.
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

/// Pages that search engines may keep carry the site's name; what somebody was sent does not.
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
    let title = if matches!(page, Page::Secret | Page::Receipt) { SHARED.to_owned() } else { title };
    (
        property("og:type", "website".to_owned()),
        property("og:title", title),
        indexed,
        url.map(|url| property("og:url", url)),
    )
}

/// Open Graph's attribute is not one of HTML, so the macro does not know it.
fn property(name: &'static str, content: String) -> impl IntoView {
    let property = custom_attribute("property", name);
    view! { <meta {..property} content=content/> }
}

/// Questions and answers as schema.org has them. No `<` remains that could end the script.
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
    fn nothing_in_a_question_ends_the_script() {
        let data = json_ld(&[Question { ask: "</script><script>", answer: "<!-- \"a\" & b" }]);
        assert!(!data.contains('<'), "{data}");
        let read: serde_json::Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read["mainEntity"][0]["name"], "</script><script>");
        assert_eq!(read["mainEntity"][0]["acceptedAnswer"]["text"], "<!-- \"a\" & b");
    }
}
