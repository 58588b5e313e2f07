use leptos::prelude::*;

use super::{Meta, operator};
use crate::site::Site;

pub(super) const META: Meta = Meta::text(
    "/privacy",
    "Privacy",
    "What this site stores, for how long, what it logs, and what it never learns about you.",
    |site| match &site.operator.privacy {
        Some(text) => view! { <h1>"Privacy"</h1> {operator::own_text(text)} }.into_any(),
        None => view(site).into_any(),
    },
);

fn view(site: &Site) -> impl IntoView + use<> {
    view! {
        <h1>"Privacy"</h1>
        <p class="lead">"No accounts, no cookies, no statistics about visitors. What you send is encrypted before it leaves your browser."</p>
        <div class="prose">
            <h2>"Who is responsible"</h2>
            {operator::who(&site.operator)}
            {operator::contact(&site.operator)}
            <h2>"What is stored"</h2>
            <ul>
                <li>"The encrypted secret, until its last view, until its sender deletes it, or until its time is up."</li>
                <li>"A receipt for the sender: when the secret was made, when it was opened, how it ended, and how many wrong passphrases were tried. It holds nothing of the content. It is deleted seven days after the expiry that the sender chose."</li>
                <li>"For five minutes after each view, a value of 32 bytes with which the same browser can repeat its request if the answer got lost."</li>
            </ul>
            <p><a href="/security">"The security page"</a>" lists these records field by field."</p>
            <h2>"What is not stored"</h2>
            <p>"The text of a secret, its passphrase, the part of a link after the "<code>"#"</code>", names, mail addresses, and the addresses of devices on the internet."</p>
            <h2>"While you use it"</h2>
            <p>"To answer you, the server has to receive your device's internet address, as every web server has to. This software does not write it into its database or its log. To hold back those who ask too often, it counts requests for each address, in memory: for minutes, and for up to an hour after something was sent."</p>
            <p>"For each request the log has one line: what kind of page or call it was, how it ended, and how long it took. Not the address of the page, not the number of the secret, and nothing of what was sent. The operator may collect these lines, and counts of what happens, on other machines."</p>
            <p>"The operator may have other machines in front of this software, such as a proxy or a content delivery network. What these note down is the operator's to say."</p>
            <h2>"In your browser"</h2>
            <p>"This site sets no cookies. The only thing it keeps in your browser is whether you want it light or dark, if you choose that at the foot of a page. Your browser itself may keep the addresses of pages that you visited. Nothing is loaded from other servers."</p>
            <h2>"Backups"</h2>
            <p>"If the operator makes backups of the database, encrypted records can stay in them after they were deleted here. They cannot be read without the link."</p>
            <h2>"Asking for information or deletion"</h2>
            <p>"The server does not know who made a secret or who opened it, so it cannot look up what belongs to you. With the receipt link you can see all that is known about a secret that you sent, and delete it yourself."</p>
        </div>
    }
}
