use leptos::prelude::*;

use super::send::Sent;
use crate::browser::time;
use crate::islands::copy::CopyButton;
use crate::phrase;

/// The two links, plainly different, so that nobody sends the wrong one.
#[component]
pub(super) fn Done(sent: Sent, again: impl Fn() + 'static) -> impl IntoView {
    let Sent { link, receipt, views, expires_at, has_passphrase } = sent;
    let promise = format!("Opens {}, until {}.", phrase::times(views), time::moment(expires_at));
    let link = StoredValue::new(link);
    let receipt = StoredValue::new(receipt);
    view! {
        <section class="done" aria-labelledby="done-title">
            <h2 id="done-title" tabindex="-1">"Your link is ready"</h2>
            <p>{promise}" Send it to one person: whoever has it can open it."</p>
            <label for="link">"Link to send"</label>
            <input id="link" class="link" readonly prop:value=link.get_value() translate="no" on:focus=select_all/>
            <div class="row">
                <CopyButton label="Copy link" text=Signal::derive(move || link.get_value())/>
            </div>
            {has_passphrase.then(|| view! { <p>"It asks for your passphrase. Send that another way."</p> })}
            <div class="aside">
                <h3>"For you, not to send"</h3>
                <p>"With this one you see whether it was opened, and can burn it. It does not open the secret."</p>
                <label for="receipt">"Your receipt link"</label>
                <input id="receipt" class="link" readonly prop:value=receipt.get_value() translate="no" on:focus=select_all/>
                <div class="row">
                    <CopyButton label="Copy receipt link" text=Signal::derive(move || receipt.get_value())/>
                    <a class="button" href=receipt.get_value() target="_blank" rel="noopener">"Open the receipt"</a>
                </div>
            </div>
            <button type="button" on:click=move |_| again()>"Create another"</button>
        </section>
    }
}

fn select_all(event: leptos::ev::FocusEvent) {
    event_target::<web_sys::HtmlInputElement>(&event).select();
}
