use leptos::prelude::*;

pub(super) fn deleting() -> impl IntoView {
    view! {
        <h2 id="deleting">"What deleting means"</h2>
        <ul>
            <li>"With the last view, the record with the encrypted text is deleted in the same database transaction in which the view is granted. There is no moment in which one has happened without the other."</li>
            <li>"Burning deletes it in the same way. It does not take back what was opened before."</li>
            <li>"When its time is up, it can no longer be opened from that moment on, by the database's clock. The record itself is swept away soon after, every two seconds unless the operator has set it otherwise."</li>
            <li>"If two people click at the same moment, the record is locked for one of them first, and only that one gets the last view. The same holds when several servers share one database."</li>
        </ul>
        <p>"Then there is the disk. With SQLite, what was deleted is overwritten, and a few seconds later it is in none of the database's files. With PostgreSQL, encrypted bytes stay in the files, in the write-ahead log and on replicas for a while, until the database reuses the space. Backups keep what they hold for as long as they are kept, and a backup that is put back brings secrets back that were opened already. This page does not know which of the two databases stands behind it, or whether there are backups: the operator does."</p>
        <p>"All of these remains are encrypted. They matter only to somebody who has them and the whole link as well."</p>
        <p>"To somebody who does not have the whole link, a secret that was opened, one that was burned, one that expired and one that never existed all look the same."</p>
    }
}

pub(super) fn remains() -> impl IntoView {
    view! {
        <h2 id="remains">"What remains possible"</h2>
        <h3>"Somebody else has the whole link"</h3>
        <p>"They can open the secret, once for each view that is left. A passphrase prevents that: they would have to try passphrases at this server, where the fifth wrong one in a row locks the secret for two seconds and each further one for twice as long, up to 15 minutes. That leaves about a hundred tries a day. They can keep your recipient out for as long as they go on, and your receipt counts their tries. None of them uses up a view."</p>
        <h3>"A mail gateway rewrites the link"</h3>
        <p>"Some gateways turn the "<code>"#"</code>" into "<code>"%23"</code>". A browser then takes the key for a part of the address, and sends it to the server. The page notices, still opens the secret, and tells the reader. This software does not log such an address; a proxy in front of it might."</p>
        <h3>"The server is dishonest, or was broken into"</h3>
        <p>"Your browser runs the code that the server sends it. Somebody who controls the server, or a proxy or delivery network in front of it, could send code that gives the key away. No web page can rule that out. If this is what you must rule out, encrypt with a program on your own machine, or run this server yourself."</p>
        <p>"What the server says about times, views and receipts is its word. It is signed by nobody. A server that breaks its rules could release its half more often than you allowed; it still could not read the text."</p>
        <h3>"A device is not safe"</h3>
        <p>"Malware, a browser extension, a screenshot, somebody behind the reader: what is on the screen can be seen. Your browser may keep parts of what was typed or shown in its memory until it is closed."</p>
        <h3>"A database fails over"</h3>
        <p>"If a PostgreSQL server breaks and a copy takes its place that had not received everything yet, a view that was just used may be forgotten."</p>
        <h3>"What can be seen from outside"</h3>
        <p>"Somebody who watches the network sees that you use this site, when, and roughly how much is sent. The part of a link before the "<code>"#"</code>" can end up in the log of a proxy. It opens nothing."</p>
    }
}

pub(super) fn check() -> impl IntoView {
    view! {
        <h2 id="check">"How to check it yourself"</h2>
        <ul>
            <li>"Open the developer tools of your browser and look at the network. Create a link: the request "<code>"/api/v1/create"</code>" holds an envelope, a share, three hashes, a time to live and a number of views. Neither your text nor the end of the link is in it."</li>
            <li>"Open a link and look again. The address that is requested ends before the "<code>"#"</code>". There is no "<code>"/api/v1/reveal"</code>" before you click."</li>
            <li>"Look at the hosts: everything comes from this one. Look at the storage: there is no cookie, and neither a secret nor a link."</li>
            <li>"Change one character of a link behind the "<code>"#"</code>". The page says that the link is damaged, and asks the server for nothing."</li>
            <li>"Read the source text. The folder "<code>"shared-crypto"</code>" describes every byte and holds known answers, made by a second, independent implementation. The rule for who gets a view is one function, in "<code>"vault/src/reveal.rs"</code>"."</li>
            <li>"In a terminal, "<code>"ikrypt verify"</code>" with the address of this site compares every page and every file with a release, byte for byte, and lists what the operator has set. Anybody can build that release again from the source text. It sees what this server gives to your machine; the server may give other pages to other people. "<code>"ikrypt send"</code>" and "<code>"ikrypt open"</code>" do without the page's code altogether."</li>
            <li>"Run it yourself. It is one program, and makes its own database when it starts."</li>
        </ul>
    }
}
