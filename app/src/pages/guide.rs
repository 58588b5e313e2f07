//! The guide: what a one-time link is, and how to use one well.

mod questions;

use leptos::prelude::*;

use super::{Meta, Question};
use questions::QUESTIONS;

pub(super) const META: Meta = Meta {
    questions: &QUESTIONS,
    ..Meta::text(
        "/one-time-secret-link",
        "One-time secret links: how they work",
        "What makes a link one-time, what to use it for, how to use it safely, and what it cannot protect against. With questions and answers.",
        |_| view().into_any(),
    )
};

fn view() -> impl IntoView {
    view! {
        <h1>"One-time secret links: how they work, and how to use them well"</h1>
        <p class="lead">"A password in a chat or a mail stays there for years. A one-time link stays too, but after it was opened there is nothing behind it."</p>
        <div class="prose">
            {what_makes_it_one_time()}
            {workflow()}
            {best_uses()}
            {safe_use()}
            {limits()}
            <h2 id="questions">"Questions and answers"</h2>
            {QUESTIONS.iter().map(|Question { ask, answer }| view! { <h3>{*ask}</h3> <p>{*answer}</p> }).collect_view()}
            <p class="next"><a class="button" href="/">"Send a secret"</a></p>
        </div>
    }
}

fn what_makes_it_one_time() -> impl IntoView {
    view! {
        <h2>"What makes a link one-time"</h2>
        <p>"The link has two parts. The part before the "<code>"#"</code>" says where the encrypted secret is. The part after the "<code>"#"</code>" holds a key, and browsers do not send that part to a server."</p>
        <p>"That key alone does not decrypt the secret. The server keeps a second half, and gives it out once for each view that the sender allowed. With the last view, the server deletes the encrypted secret in the same step. From then on the link leads to nothing, whoever has it."</p>
        <p>"A view is the release of that second half, and only that. It takes a click on the page, and a proof that whoever clicks has the whole link. These do not count:"</p>
        <ul>
            <li>"loading or reloading the page,"</li>
            <li>"the preview that a chat program makes of a link,"</li>
            <li>"a wrong passphrase,"</li>
            <li>"a link from which a part is missing."</li>
        </ul>
    }
}

fn workflow() -> impl IntoView {
    view! {
        <h2>"From start to end"</h2>
        <ol>
            <li>"Paste the secret. Choose how long it may live and how often it may be opened. One view and one day are set for you."</li>
            <li>"If it matters a lot, add a passphrase. Whoever opens the link then needs both."</li>
            <li>"Create the link and send it to one person. If there is a passphrase, say it on the phone or send it by another service."</li>
            <li>"Keep the receipt link for yourself. It shows whether the secret was opened and when, and it can delete the secret while that still helps."</li>
            <li>"The recipient opens the link, sees how often and until when it can be opened, and clicks Reveal secret."</li>
            <li>"The recipient stores the secret where it belongs, such as a password manager, and closes the page."</li>
        </ol>
    }
}

fn best_uses() -> impl IntoView {
    view! {
        <h2>"What it is good for"</h2>
        <h3>"Handing over to a client"</h3>
        <p>"The project is done, and the client needs the passwords of the hosting, the domain and the mail accounts. Send each as a link of its own, then see in the receipts which ones were picked up. "<a href="/guides/client">"More about clients"</a></p>
        <h3>"Setting up a developer"</h3>
        <p>"A new colleague needs the values of the "<code>".env"</code>" file on the first day, and never again from you. "<a href="/guides/env-file">"More about .env files"</a></p>
        <h3>"Access for a freelancer"</h3>
        <p>"Make an account or a key only for this person and this job, send it as a link, and remove it when the job ends. "<a href="/guides/api-key">"More about API keys"</a></p>
        <h3>"Support"</h3>
        <p>"Somebody cannot log in and needs a temporary password or a recovery code now. A link that lives for ten minutes is enough. "<a href="/guides/password">"More about passwords"</a></p>
    }
}

fn safe_use() -> impl IntoView {
    view! {
        <h2>"How to use it safely"</h2>
        <ul>
            <li>"Send as little as possible: the password in the link, and the user name and the address of the service in another message."</li>
            <li>"Allow one view, and the shortest time in which the other person will get to it."</li>
            <li>"Add a passphrase when many people can read the channel, or when the mail goes through a filter that opens links. Never send it beside the link."</li>
            <li>"Send the link to a person, not to a group or a ticket that others can read."</li>
            <li>"Do not put the link through a link shortener or a translation service. They would get all of it."</li>
            <li>"Look at the receipt. If the secret was opened and it was not your recipient, change it at once."</li>
            <li>"Prefer secrets that can be changed: a temporary password, a key that can be revoked."</li>
        </ul>
    }
}

fn limits() -> impl IntoView {
    view! {
        <h2>"What it cannot protect against"</h2>
        <ul>
            <li>"Somebody who gets the whole link before your recipient does. They can open it. Your recipient then finds it opened, so you hear of it, but it was read. A passphrase prevents this."</li>
            <li>"The recipient. Whoever reads a secret can copy it, photograph it or pass it on."</li>
            <li>"A device that somebody else controls: malware or a browser extension sees what is on the screen."</li>
            <li>"A server that is run by somebody dishonest, or was broken into. It could send your browser other code than it should. "<a href="/security">"The security page"</a>" says what that means."</li>
            <li>"A link that went to the wrong place on your side: into a public ticket, a shared document, a chat with the wrong person."</li>
        </ul>
        <p>"And it is not the right tool for what has to be kept or read again: long-term storage, access for a team, secrets of CI and deployments, backups. Use a password manager or a secret store for those."</p>
    }
}
