use leptos::prelude::*;

use super::Meta;
use crate::islands::Reveal;

pub(super) const META: Meta = Meta {
    route: "/s/{id}",
    title: "Somebody sent you a secret",
    // Previews that know no Open Graph show this one: it says no more than the title.
    description: "Somebody sent you a secret.",
    indexed: false,
    islands: true,
    questions: &[],
    view: |_| view! { <Reveal/> }.into_any(),
};
