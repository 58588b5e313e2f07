use leptos::prelude::*;

use super::{Meta, operator};
use crate::site::Site;
use shared_crypto::format;

pub(super) const META: Meta = Meta::text(
    "/terms",
    "Terms of use",
    "What you may use this site for, what it allows, and what its operator does and does not promise.",
    |site| match &site.operator.terms {
        Some(text) => view! { <h1>"Terms of use"</h1> {operator::own_text(text)} }.into_any(),
        None => view(site).into_any(),
    },
);

fn view(site: &Site) -> impl IntoView + use<> {
    let limits = site.limits;
    let allowed = format!(
        "A secret can have {} at most, live for {} at most, and be opened {} at most.",
        format::size(u64::try_from(limits.max_secret_bytes).unwrap_or(u64::MAX)),
        format::duration(limits.max_ttl.into()),
        format::times(limits.max_views.into()),
    );
    view! {
        <h1>"Terms of use"</h1>
        <p class="lead">"Use this site to hand over short secrets that you may hand over. Keep your own copy of whatever matters."</p>
        <div class="prose">
            <h2>"Who offers this"</h2>
            {operator::who(&site.operator)}
            {operator::contact(&site.operator)}
            <h2>"What you may use it for"</h2>
            <p>"To send passwords, keys, notes and similar secrets to somebody who expects them, where you have the right to share them."</p>
            <p>"Not to break the law, to send malware, to trick people into giving away their data, to store or spread what was stolen, or to disturb the service for others."</p>
            <h2>"Limits"</h2>
            <p>{allowed}" The server may refuse requests when there are too many of them or when it has no room."</p>
            <h2>"What is not promised"</h2>
            <p>"The service is offered as it is. It may be interrupted, changed or ended at any time, and records may be deleted before their time is up. Nobody can bring back a secret that was viewed, deleted or expired, or one whose link was lost: the operator does not have the key."</p>
            <p>"What the encryption does and does not protect from is written on "<a href="/security">"the security page"</a>". Read it before you send something on which much depends."</p>
            <h2>"Your part"</h2>
            <p>"Whoever has the whole link can open the secret, unless you added a passphrase. You choose whom you send it to, and how. If you think that the wrong person opened it, change the password or revoke the key."</p>
            <h2>"Abuse"</h2>
            <p>"The operator cannot see what is in a secret, but can delete its record, and can refuse service to those who abuse it. If you report a link, send only the part before the "<code>"#"</code>", and say how it reached you."</p>
            <h2>"Liability"</h2>
            <p>"As far as the law allows, the operator is not liable for damage that comes from using this site or from not being able to use it. The software comes without warranty, under the MIT licence or the Apache licence 2.0."</p>
        </div>
    }
}
