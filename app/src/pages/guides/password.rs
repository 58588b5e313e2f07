use leptos::prelude::*;

use super::{Meta, frame, guide};

pub(in crate::pages) const META: Meta = guide(
    "/guides/password",
    "How to send somebody a password",
    "Send a password without leaving it in a mailbox or a chat: what to put into the link, what to leave out, and what to do afterwards.",
    |site| {
        frame(
            site,
            "How to send somebody a password",
            "Put the password, and only the password, into a link that opens once.",
            text(),
        )
    },
);

fn text() -> impl IntoView {
    view! {
        <h2>"Before you send it"</h2>
        <p>"Ask whether it has to be a password at all. Many services let you invite a person, or reset a password so that the other person sets a new one. Then nobody has to send anything."</p>
        <p>"If it has to be, make a new one for this purpose, long and random. A password manager makes good ones."</p>
        <h2>"Send it"</h2>
        <ol>
            <li>"Paste the password alone. The name of the service and the user name go into your message. If a link ever falls into the wrong hands, a password without a name is worth much less."</li>
            <li>"Leave it at one view. Choose one hour if the other person is waiting, and one day if not."</li>
            <li>"Copy the link into your message. Say what it is: \"The password for the shop. The link opens once, so have your password manager ready.\""</li>
            <li>"For anything important, add a passphrase and say it on the phone."</li>
        </ol>
        <h2>"Afterwards"</h2>
        <ul>
            <li>"Look at your receipt link. It shows whether the secret was opened, and when."</li>
            <li>"If it was opened and the other person says that it was not them, change the password at once."</li>
            <li>"If it was a temporary password, ask the other person to change it after the first login."</li>
        </ul>
        <h2>"When not to"</h2>
        <p>"If several people need the same password again and again, share it in a password manager. A link is for one person, once."</p>
    }
}
