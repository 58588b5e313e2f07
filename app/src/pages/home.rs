use leptos::prelude::*;

use super::{Meta, form};
use crate::site::Site;

pub(super) const META: Meta = Meta {
    route: "/",
    title: "Send a secret in a link that opens once",
    description: "Paste a password or a key, get a link. It opens once, and only for somebody who has the whole link.",
    indexed: true,
    islands: true,
    questions: &[],
    view: |site| view(site).into_any(),
};

fn view(site: &Site) -> impl IntoView + use<> {
    view! {
        <h1>"Send a secret in a link that opens once"</h1>
        <p class="lead">"Only somebody with this link can open it. After the last view it is deleted."</p>
        {form(site, true)}
        <section class="prose">
            <h2>"How it works"</h2>
            <ol>
                <li>"Your browser encrypts what you paste, before anything is sent."</li>
                <li>"The server keeps the encrypted text. The key is in the link, after the "<code>"#"</code>", and browsers do not send that part to a server."</li>
                <li>"You send the link. Looking at it costs nothing: only a click on Reveal secret uses up a view."</li>
                <li>"With the last view, or when its time is up, the encrypted text is deleted from the server."</li>
            </ol>
            <p>"You also get a second link, for you alone. It shows whether the secret was opened, and when, and it can delete the secret before anybody opens it."</p>
            <h2>"What it is good for"</h2>
            <p>"Things that one person needs once: passwords, API keys, tokens, "<code>".env"</code>" values, webhook secrets, recovery codes, private set-up notes. Neither of you needs an account."</p>
            <ul>
                <li><a href="/guides/password">"Send a password"</a></li>
                <li><a href="/guides/api-key">"Send an API key"</a></li>
                <li><a href="/guides/env-file">"Send an .env file"</a></li>
                <li><a href="/guides/client">"Exchange passwords with a client"</a></li>
                <li><a href="/guides/chat-and-email">"Use a link in chat and e-mail"</a></li>
            </ul>
            <h2>"What it is not for"</h2>
            <p>"Long-term storage, access for a team, secrets of CI and deployments, backups. A secret here is gone after its last view, and nobody can bring it back. For those there are password managers and secret stores."</p>
            <p>"It does not help once somebody else has the whole link, unless you add a passphrase and send that another way. "<a href="/one-time-secret-link">"The guide"</a>" says how to use it well, and "<a href="/security">"the security page"</a>" what the server stores and what remains possible."</p>
        </section>
    }
}
