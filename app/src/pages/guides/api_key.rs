use leptos::prelude::*;

use super::{Meta, frame, guide};

pub(in crate::pages) const META: Meta = guide(
    "/guides/api-key",
    "How to share an API key",
    "Share an API key or a token with a developer or a freelancer: one key a person, few rights, an end date, and a link that opens once.",
    |site| {
        frame(
            site,
            "How to share an API key",
            "A key of its own for each person, sent in a link that opens once, and revoked when it is no longer needed.",
            text(),
        )
    },
);

fn text() -> impl IntoView {
    view! {
        <h2>"Make a key for this person"</h2>
        <ul>
            <li>"Do not pass on your own key. With a key for each person you see who used it, and can revoke one without stopping the others."</li>
            <li>"Give it the fewest rights that are enough: read instead of write, one project instead of all, test data instead of real data."</li>
            <li>"Give it an end date, if the service has such a setting, and a name that says whom it is for."</li>
        </ul>
        <h2>"Send it"</h2>
        <ol>
            <li>"Paste the key alone. Which service it is for, and what it may do, goes into your message."</li>
            <li>"A key that comes in two parts, such as an id and a secret, needs only the secret part here."</li>
            <li>"Leave it at one view, and choose a day or less."</li>
            <li>"Send the link to the person directly, and not into a ticket or a channel that others read."</li>
        </ol>
        <h2>"At the other end"</h2>
        <p>"The key belongs in a password manager, in the secret store of the service that uses it, or in a local "<code>".env"</code>" file that is never committed. Not in source code, and not in a command that the shell keeps in its history."</p>
        <h2>"Afterwards"</h2>
        <ul>
            <li>"If your receipt says that the link was opened, but not by your recipient, revoke the key and make a new one."</li>
            <li>"Revoke it when the job ends. Put the date into your calendar while you are at it."</li>
        </ul>
        <h2>"When not to"</h2>
        <p>"Pipelines and deployments fetch their secrets again and again. They need the secret store of your platform, and not a link. For a webhook secret or a first token that one person enters once, a link is right."</p>
    }
}
