use leptos::prelude::*;

use super::{Meta, frame, guide};
use shared_crypto::format;

pub(in crate::pages) const META: Meta = guide(
    "/guides/env-file",
    "How to share an .env file",
    "Hand the values of an .env file to a new developer: what to take out first, how to send it, and how to store it at the other end.",
    |site| {
        let most = u64::try_from(site.limits.max_secret_bytes).unwrap_or(u64::MAX);
        frame(
            site,
            "How to share an .env file",
            "Take out what the other person does not need, then paste the rest as it is.",
            text(&format::size(most)),
        )
    },
);

fn text(most: &str) -> impl IntoView + use<> {
    let room = format!("There is room for {most}.");
    view! {
        <h2>"Before you send it"</h2>
        <ul>
            <li>"Keep a file such as "<code>".env.example"</code>" in the repository, with all the names and no values. Then only the values that are really secret have to be sent."</li>
            <li>"Take out what belongs to production. A developer who starts today needs the values of the development environment."</li>
            <li>"Take out what is yours alone: personal tokens are made anew by each person."</li>
        </ul>
        <h2>"Send it"</h2>
        <ol>
            <li>"Copy all the lines and paste them in one go, or add the file itself. They arrive as they were, with their line ends, spaces and quotes. "{room}</li>
            <li>"Leave it at one view. If the file is for two people, make two links: then each receipt tells you about one person."</li>
            <li>"Choose a time in which the other person is at the desk. One day is a good choice for a first day at work."</li>
            <li>"A file with many secrets in it deserves a passphrase, said on the phone."</li>
        </ol>
        <h2>"At the other end"</h2>
        <ul>
            <li>"Check first that "<code>".env"</code>" stands in "<code>".gitignore"</code>"."</li>
            <li>"Save the text as "<code>".env"</code>" and let nobody else on the machine read it: "<code>"chmod 600 .env"</code></li>
            <li>"If the link was opened already, say so at once. All values in it have to be changed."</li>
        </ul>
        <h2>"When not to"</h2>
        <p>"If the values change often, or if a whole team needs them, use a secret store from which everybody fetches them. A link does not follow when a value changes."</p>
    }
}
