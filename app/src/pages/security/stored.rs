use leptos::prelude::*;

/// A column, and what is in it.
type Field = (&'static str, &'static str);

/// One for each link that can still be opened.
const SECRETS: [Field; 9] = [
    ("id", "12 random bytes, made by the server: the part of the link before the #."),
    (
        "access_hash",
        "SHA-256 of the proof that somebody has the link key. The server compares with it; neither the proof nor the key can be computed from it.",
    ),
    ("reveal_hash", "SHA-256 of the proof that somebody has the link key and the passphrase."),
    ("share", "The server's half of the key, 32 bytes. Useless without the link key."),
    (
        "envelope",
        "The encrypted text, filled up to a rounded length. Its first four bytes are not encrypted: they say which version of the format it is, and whether there is a passphrase.",
    ),
    ("views_left", "How often it can still be opened. Never 0: with the last view this record is deleted."),
    ("bad_tries", "Wrong passphrases in a row."),
    ("locked_until", "Until when no passphrase is tried, after too many wrong ones."),
    ("expires_at", "When it ends at the latest."),
];

/// One for each link that was made, for its sender.
const RECEIPTS: [Field; 12] = [
    ("id", "The same as above."),
    (
        "access_hash",
        "The same as above. Whoever has the whole link is told how the secret ended, and nobody else is.",
    ),
    ("receipt_hash", "SHA-256 of the receipt token. Whoever has the receipt link sees this record."),
    (
        "request_hash",
        "SHA-256 of the request with which the link was made. If an answer is lost and the same request comes again, no second secret is made.",
    ),
    ("state", "Live, viewed or burned."),
    ("max_views", "How often it could be opened."),
    ("views_used", "How often it was opened."),
    ("viewed_at", "When: the time of each view."),
    ("wrong_passphrases", "How many wrong ones were tried in all."),
    ("created_at", "When it was made."),
    ("expires_at", "When its time was, or is, up."),
    ("ended_at", "When it was opened to the last view, or burned."),
];

/// One for each view, for five minutes.
const CLAIMS: [Field; 4] = [
    ("claim_hash", "SHA-256 of the id, both proofs and the browser's claim."),
    ("share", "The server's half of the key once more, for the same request if it comes again."),
    ("views_left", "How many views were left after this one."),
    ("expires_at", "The end of the five minutes."),
];

pub(super) fn stored() -> impl IntoView {
    view! {
        <h2 id="stored">"What the server stores, field by field"</h2>
        <p>"There are three tables, and these are all their columns."</p>
        <h3>"The secret"</h3>
        <p>"Until the last view, until its sender burns it, or until its time is up, whichever comes first."</p>
        {table("The table secrets", &SECRETS)}
        <h3>"The receipt"</h3>
        <p>"Until seven days after the expiry that the sender chose. It holds no encrypted text and no half of a key."</p>
        {table("The table receipts", &RECEIPTS)}
        <h3>"The claim"</h3>
        <p>"For five minutes after a view, so that a connection that breaks does not cost it. It opens nothing for anybody who does not have the encrypted text and the link already."</p>
        {table("The table claims", &CLAIMS)}
        <p>"Where the database is SQLite, "<code>"receipts"</code>" has a number, "<code>"secrets"</code>" and "<code>"claims"</code>" have it in a column "<code>"receipt"</code>" and some zeros in a column "<code>"padding"</code>", "<code>"secrets"</code>" does without "<code>"access_hash"</code>", and the half of the key in "<code>"claims"</code>" is hidden with what only the browser that asked can repeat."</p>
        <p>"Beside them the database keeps a list of the versions of its tables, and nothing else. The log has one line for each request: a running number, the method, the kind of page or call, the status, and how long it took."</p>
    }
}

fn table(caption: &'static str, fields: &'static [Field]) -> impl IntoView {
    let rows = fields
        .iter()
        .map(|(name, what)| {
            // On a phone a long name is broken where it has a joint.
            let name = name.split_inclusive('_').map(|part| view! { {part}<wbr/> }).collect_view();
            view! { <tr><th scope="row"><code>{name}</code></th><td>{*what}</td></tr> }
        })
        .collect_view();
    view! {
        <table class="fields">
            <caption class="visually-hidden">{caption}</caption>
            <thead><tr><th scope="col">"Column"</th><th scope="col">"What is in it"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

pub(super) fn never() -> impl IntoView {
    view! {
        <h2 id="never">"What the server never has"</h2>
        <ul>
            <li>"The link key. One exception is not in its hands, see "<a href="#remains">"below"</a>": a mail gateway that rewrites the link."</li>
            <li>"The passphrase. It cannot guess at it either, since every proof depends on the link key too."</li>
            <li>"The text, or its exact length."</li>
            <li>"Names, mail addresses, accounts, cookies."</li>
        </ul>
        <p>"The internet address of whoever asks reaches the server with each request, as it reaches every web server. It is written into no table and into no line of the log."</p>
    }
}
