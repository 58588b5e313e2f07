use leptos::prelude::*;

use super::{Meta, frame, guide};

pub(in crate::pages) const META: Meta = guide(
    "/guides/client",
    "How to exchange passwords with a client",
    "Get passwords from a client or hand them over at the end of a project, without accounts and without leaving them in a mailbox.",
    |site| {
        frame(
            site,
            "How to exchange passwords with a client",
            "Clients need no account and no software: they click a link, or they paste into this page.",
            text(),
        )
    },
);

fn text() -> impl IntoView {
    view! {
        <h2>"When the client sends something to you"</h2>
        <ol>
            <li>"Ask for an account of your own, if the service has such a thing. Then no password has to be sent."</li>
            <li>"If not, send the client the address of this page, before a password arrives in a mail. Say: \"Please paste it here, and send me the link that you get.\""</li>
            <li>"Open the link soon, store what is in it in your password manager, and say that it arrived."</li>
        </ol>
        <h2>"When you hand over to the client"</h2>
        <ol>
            <li>"Write a list of what is handed over: hosting, domain, mail accounts, shop, analytics. The list holds names and user names, no passwords, and may be an ordinary document."</li>
            <li>"Make one link for each password. The receipts then show which ones were picked up, and one lost link spoils only one password."</li>
            <li>"Choose three or seven days, since clients do not always read their mail on the same day."</li>
            <li>"Add a passphrase, the same for all links if you like, and say it on the phone."</li>
        </ol>
        <h2>"What to tell the client"</h2>
        <p>"People are right to be careful with links. Announce it by the way you usually talk, and say what will happen: \"You will get a link to a page that says 'Somebody sent you a secret'. It asks you to click 'Reveal secret'. It never asks for your name, a login or a payment. It opens once, so have your password manager ready.\""</p>
        <h2>"Afterwards"</h2>
        <ul>
            <li>"Links that nobody opened: burn them with their receipt links, and make new ones when the client is ready."</li>
            <li>"Ask the client to change the passwords that you know, and to remove your access."</li>
            <li>"Delete your own copies, unless your contract says otherwise."</li>
        </ul>
    }
}
