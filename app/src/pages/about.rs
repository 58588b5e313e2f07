use leptos::prelude::*;

use super::{Meta, operator};
use crate::site::Site;

pub(super) const META: Meta = Meta::text(
    "/about",
    "About this site",
    "What this site is for, who runs it, how to reach them, and which software it runs.",
    |site| view(site).into_any(),
);

fn view(site: &Site) -> impl IntoView + use<> {
    let site_name = site.operator.site_name.clone();
    view! {
        <h1>"About this site"</h1>
        <p class="lead">{site_name}" hands a secret from one person to another, and then forgets it."</p>
        <div class="prose">
            <h2>"What it does"</h2>
            <p>"You paste a password, a key or another short secret, and get a link. The link can be opened as often as you allow, once if you do not say otherwise, and for as long as you allow. Your browser encrypts the secret before it is sent, and the browser of whoever opens the link decrypts it. In between, the server holds something that it cannot read."</p>
            <p>"There are no accounts, no cookies, no advertising and no statistics about visitors. The pages load nothing from any other server."</p>
            <h2>"Who runs it"</h2>
            {operator::who(&site.operator)}
            {operator::contact(&site.operator)}
            <p>"The operator cannot read a secret, cannot open a link for you, and cannot bring back what was deleted."</p>
            <h2>"The software"</h2>
            <p>"This site runs iKrypt. It is free software under the MIT licence or the Apache licence 2.0, and anybody can run it: it is one program, with its pages inside, and keeps its data in SQLite or PostgreSQL. Its source text holds a description of every byte that it writes, and the files "<code>"SECURITY.md"</code>" and "<code>"ARCHITECTURE.md"</code>"."</p>
            <p>"If you found a weakness, please tell the operator or the maintainers of the software in private, with what you did and what happened, before you publish it."</p>
            <h2>"Read on"</h2>
            <ul>
                <li><a href="/one-time-secret-link">"How one-time secret links work, and how to use them"</a></li>
                <li><a href="/security">"What is encrypted, stored and deleted"</a></li>
                <li><a href="/privacy">"Privacy"</a></li>
                <li><a href="/terms">"Terms of use"</a></li>
            </ul>
        </div>
    }
}
