//! What the pages of the operator share.

use leptos::prelude::*;

use crate::site::{LegalText, Operator};

/// The operator's own text, in place of a page's.
pub(super) fn own_text(text: &LegalText) -> impl IntoView + use<> {
    let paragraphs = text.paragraphs().map(|text| view! { <p>{text.to_owned()}</p> }).collect_view();
    view! { <div class="prose own-text">{paragraphs}</div> }
}

/// Who runs this site, in one sentence.
pub(super) fn who(operator: &Operator) -> impl IntoView + use<> {
    match &operator.name {
        Some(name) => view! { <p>"This site is run by "<strong>{name.clone()}</strong>"."</p> }.into_any(),
        None => view! { <p>"Whoever runs this site has not given a name here."</p> }.into_any(),
    }
}

/// How to reach them.
pub(super) fn contact(operator: &Operator) -> impl IntoView + use<> {
    match &operator.contact {
        Some(contact) => {
            view! { <p>"You can reach the operator at "<a href=contact.href()>{contact.text().to_owned()}</a>"."</p> }
                .into_any()
        }
        None => view! {
            <p>"There is no contact address here. If somebody sent you a link, ask the sender; at work, ask whoever looks after this server."</p>
        }
        .into_any(),
    }
}
