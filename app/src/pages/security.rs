//! The protocol for people.

mod remains;
mod stored;

use leptos::prelude::*;

use super::Meta;

pub(super) const META: Meta = Meta::text(
    "/security",
    "What is encrypted, stored and deleted",
    "What your browser encrypts, what the server stores field by field, what it never has, what deleting means, and what remains possible.",
    |_| view().into_any(),
);

fn view() -> impl IntoView {
    view! {
        <h1>"What is encrypted, what is stored, and what remains possible"</h1>
        <p class="lead">"Your browser encrypts. The server keeps the encrypted text and half of a key. The other half is in the link, in a part that is not sent to the server."</p>
        <nav class="prose contents" aria-label="On this page">
            <ul>
                <li><a href="#encrypted">"What is encrypted where"</a></li>
                <li><a href="#stored">"What the server stores, field by field"</a></li>
                <li><a href="#never">"What the server never has"</a></li>
                <li><a href="#deleting">"What deleting means"</a></li>
                <li><a href="#remains">"What remains possible"</a></li>
                <li><a href="#check">"How to check it yourself"</a></li>
            </ul>
        </nav>
        <div class="prose">
            {encrypted().into_any()}
            {stored::stored().into_any()}
            {stored::never().into_any()}
            {remains::deleting().into_any()}
            {remains::remains().into_any()}
            {remains::check().into_any()}
        </div>
    }
}

fn encrypted() -> impl IntoView {
    view! {
        <h2 id="encrypted">"What is encrypted where"</h2>
        <p>"When you create a link, your browser draws three random values of 32 bytes each:"</p>
        <ul>
            <li>"the link key, which goes into the link after the "<code>"#"</code>" and nowhere else,"</li>
            <li>"the server's half, which goes to the server,"</li>
            <li>"the receipt token, which goes into your receipt link. It has nothing to do with the key."</li>
        </ul>
        <p>"From the link key, the server's half and the passphrase, if there is one, your browser derives one key (HKDF with SHA-256), and encrypts with it (AES-256-GCM). It needs all of them to do that, and so does whoever wants to decrypt. A passphrase is first made slow to guess (Argon2id, with 64 MiB of memory and three passes)."</p>
        <p>"Before encryption the text is filled up with zeros. Everything up to 1,019 bytes has the same length afterwards, so that the server cannot tell a short password from a long one. Longer texts are rounded up, by a sixteenth at most."</p>
        <p>"When somebody opens the link, their browser:"</p>
        <ol>
            <li>"checks the link itself. Every link carries a check against damage, so a broken one is found before anything is asked of the server."</li>
            <li>"sends a proof that it has the link key, and gets the encrypted text. The proof is derived from the key in one direction only: the key cannot be computed from it. This is no view."</li>
            <li>"waits for a click. Then it sends a second proof, that it has the link key and the passphrase, and gets the server's half. This is the view."</li>
            <li>"decrypts. If a single bit was changed on the way or on the server, it shows nothing and says so."</li>
        </ol>
        <p>"If the answer to the click is lost, the browser asks again with the same random number, its claim. For five minutes the same claim gets the same answer and uses up no second view."</p>
    }
}
