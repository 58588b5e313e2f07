//! The recipient's page: reads the fragment, looks without a view, and reveals at a click.

mod ended;
mod load;
mod ready;
mod revealed;

use std::sync::Arc;

use leptos::either::EitherOf4;
use leptos::prelude::*;
use shared_crypto::{Payload, SecretLink};

use crate::browser::page;
use crate::components::{Asleep, Notice, Tone};
use ended::Ended;
use load::{Secret, load, start};
use ready::Ready;
use revealed::Revealed;

/// What the page shows: exactly one of these at any time.
#[derive(Clone)]
enum Stage {
    /// The fragment is not read yet, or the envelope is on its way.
    Looking,
    /// It can be revealed.
    Ready(Arc<Secret>),
    /// It is here, decrypted.
    Revealed { payload: Arc<Payload>, views_left: u8 },
    /// There is nothing to reveal.
    Ended(Ended),
}

/// Everything between a link and the secret.
#[island]
pub fn Reveal() -> impl IntoView {
    let stage = RwSignal::new(Stage::Looking);
    let exposed = RwSignal::new(false);
    // The link is kept for another try, and nowhere but in memory.
    let link = StoredValue::new(None::<SecretLink>);
    let look = move || {
        let Some(link) = link.get_value() else { return };
        stage.set(Stage::Looking);
        leptos::task::spawn_local(async move {
            stage.set(load(link).await);
            page::focus("stage-title");
        });
    };
    // Effects run in the browser only, once the page is awake.
    Effect::new(move || {
        page::reload_on_new_fragment();
        match start(&page::href()) {
            Ok(found) => {
                exposed.set(found.exposed());
                link.set_value(Some(found));
                look();
            }
            Err(ended) => stage.set(Stage::Ended(ended)),
        }
    });
    view! {
        <Asleep reassurance="nothing was opened"/>
        {move || exposed.get().then(|| view! {
            <Notice tone=Tone::Info>
                "Your mail gateway rewrote this link and thereby showed the key to the server. The secret still opens. Tell the sender, if that matters for it."
            </Notice>
        })}
        {move || match stage.get() {
            Stage::Looking => EitherOf4::A(view! {
                <h1>"Somebody sent you a secret"</h1>
                <p role="status">"One moment, looking at the envelope. This does not open it."</p>
            }),
            Stage::Ready(secret) => EitherOf4::B(view! { <Ready secret stage/> }),
            Stage::Revealed { payload, views_left } => EitherOf4::C(view! { <Revealed payload views_left/> }),
            Stage::Ended(ended) => EitherOf4::D(view! { <Ended ended again=look/> }),
        }}
    }
}
