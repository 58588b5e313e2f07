use leptos::prelude::*;

use crate::pages::Page;

const HEADER: [(Page, &str); 3] =
    [(Page::Guide, "How it works"), (Page::Guides, "Guides"), (Page::Security, "Security")];

const FOOTER: [(Page, &str); 7] = [
    (Page::Guide, "How it works"),
    (Page::Security, "Security"),
    (Page::Guides, "Guides"),
    (Page::Api, "API"),
    (Page::About, "About"),
    (Page::Privacy, "Privacy"),
    (Page::Terms, "Terms"),
];

/// Header, main and footer of every page.
#[component]
pub(crate) fn Layout(
    /// The page between header and footer.
    page: Page,
    /// What the site is called.
    site_name: String,
    children: Children,
) -> impl IntoView {
    let links = move |list: &[(Page, &'static str)]| {
        list.iter().map(|&(target, text)| view! { <li>{link(page, target, text)}</li> }).collect_view()
    };
    view! {
        {(!page.reads_fragment()).then(|| view! { <a class="skip" href="#main">"Skip to the content"</a> })}
        <header class="site-header">
            <a class="brand" href="/" target=target_of_links(page) rel="noopener">{site_name}</a>
            <nav aria-label="Main"><ul class="links">{links(&HEADER)}</ul></nav>
        </header>
        <main id="main" tabindex="-1">{children()}</main>
        <footer class="site-footer">
            <nav aria-label="More about this site"><ul class="links">{links(&FOOTER)}</ul></nav>
            // The script that reads it shows it.
            <p class="theme" hidden>
                <label for="theme">"Appearance"</label>
                <select id="theme" autocomplete="off">
                    <option value="">"As the system"</option>
                    <option value="light">"Light"</option>
                    <option value="dark">"Dark"</option>
                </select>
            </p>
            <p>"One-time secret links. Encrypted in your browser, deleted after the last view."</p>
        </footer>
    }
}

/// A link to another page, marked where that is this page.
fn link(page: Page, to: Page, text: &'static str) -> impl IntoView {
    let aside = target_of_links(page);
    view! {
        <a href=to.route() target=aside rel="noopener" aria-current=(page == to).then_some("page")>
            {text}
            {aside.map(|_| view! { <span class="visually-hidden">" (in a new tab)"</span> })}
        </a>
    }
}

/// A revealed secret is in its page's memory and nowhere else: links there must not replace the page.
fn target_of_links(page: Page) -> Option<&'static str> {
    (page == Page::Secret).then_some("_blank")
}
