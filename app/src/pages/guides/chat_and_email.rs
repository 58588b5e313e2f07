use leptos::prelude::*;

use super::{Meta, frame, guide};

pub(in crate::pages) const META: Meta = guide(
    "/guides/chat-and-email",
    "How to send a secret in chat or e-mail",
    "What previews, mail filters and link rewriting do to a one-time link, and how to send one so that it arrives whole and unopened.",
    |site| {
        frame(
            site,
            "How to send a secret in chat or e-mail",
            "Messages are kept for years. Send a link instead of the secret, and nothing is behind it afterwards.",
            text(),
        )
    },
);

fn text() -> impl IntoView {
    view! {
        <h2>"Previews and filters"</h2>
        <p>"Chat programs load a link to show a preview of it, and mail filters load it to look for malware. Neither uses up a view: the page that they get is the same for every secret, and a view takes a click. A preview says \"Somebody sent you a secret\", and nothing else."</p>
        <p>"Some mail filters go further. They run a whole browser and may press buttons. If your recipient's mail goes through such a filter, add a passphrase: the filter does not know it, and a wrong one uses up no view."</p>
        <h2>"Send it"</h2>
        <ol>
            <li>"Copy the link with the button and paste it on a line of its own. Do not retype it, and do not shorten it: the service that shortens it would get the whole link, key included."</li>
            <li>"Write a sentence about what it is. A bare link from a colleague looks like a trick."</li>
            <li>"Send it to one person, in a direct message. In a channel, anybody who is faster can open it."</li>
            <li>"Never put the passphrase into the same chat or the same mail. The phone is best."</li>
        </ol>
        <h2>"If the link arrives damaged"</h2>
        <p>"Some programs break long links, or leave a character out. Every link carries a check of its own: the page says \"This link is damaged\" before it asks the server for anything, and no view is used. Small damage, such as a full stop behind the link, is put right by itself."</p>
        <p>"Some mail gateways turn the "<code>"#"</code>" into "<code>"%23"</code>". Then the key is sent to the server as part of the address. The secret still opens, this software keeps no record of that address, and the page tells your recipient that it happened. If that matters for your secret, use another way next time."</p>
        <h2>"Afterwards"</h2>
        <ul>
            <li>"The message can stay where it is: once the last view is used, the link in it opens nothing."</li>
            <li>"If you sent it to the wrong person, open your receipt link at once and burn the secret."</li>
            <li>"If you sent the receipt link by mistake: whoever has it can burn the secret, but not read it. Burn it and send a new one."</li>
        </ul>
    }
}
