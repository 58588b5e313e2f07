//! The list of the guides, and what they share: a way back at the top, the form at the end.

pub(super) mod api_key;
pub(super) mod chat_and_email;
pub(super) mod client;
pub(super) mod env_file;
pub(super) mod password;

use leptos::prelude::*;

use super::{Meta, Page, form};
use crate::site::Site;

pub(super) const META: Meta = Meta::text(
    "/guides",
    "Guides to sending secrets",
    "Short guides to sending a password, an API key or an .env file, to clients, and in chat and e-mail.",
    |_| view().into_any(),
);

const GUIDES: [Page; 5] = [Page::Password, Page::ApiKey, Page::EnvFile, Page::Client, Page::ChatAndEmail];

fn view() -> impl IntoView {
    view! {
        <h1>"Guides to sending secrets"</h1>
        <p class="lead">"Each takes two minutes to read, and ends in the form."</p>
        <div class="prose">
            <ul class="guides">
                {GUIDES
                    .into_iter()
                    .map(|page| view! { <li><a href=page.route()>{page.title()}</a><br/>{page.description()}</li> })
                    .collect_view()}
            </ul>
            <p>"How it all works, with questions and answers, is in "<a href="/one-time-secret-link">"the guide to one-time secret links"</a>"."</p>
            <p class="next"><a class="button" href="/">"Send a secret"</a></p>
        </div>
    }
}

/// A guide: text, and the form at its end.
const fn guide(
    route: &'static str,
    title: &'static str,
    description: &'static str,
    view: fn(&Site) -> AnyView,
) -> Meta {
    Meta { islands: true, ..Meta::text(route, title, description, view) }
}

fn frame(site: &Site, title: &'static str, lead: &'static str, text: impl IntoView + 'static) -> AnyView {
    view! {
        <p class="way-back"><a href="/guides">"Guides"</a></p>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        <div class="prose">{text.into_any()}</div>
        <section class="prose" aria-labelledby="send-now">
            <h2 id="send-now">"Send it now"</h2>
            {form(site, false)}
        </section>
    }
    .into_any()
}
