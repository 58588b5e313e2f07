use leptos::prelude::*;

use super::Meta;
use crate::islands::ReceiptView;

pub(super) const META: Meta = Meta {
    route: "/receipt",
    title: "What became of your secret",
    description: "What became of a secret that somebody sent.",
    indexed: false,
    islands: true,
    questions: &[],
    view: |_| view! { <ReceiptView/> }.into_any(),
};
