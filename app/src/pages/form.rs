//! The sender's form and what comes of it: the markup that [`Compose`] brings to life.

use leptos::prelude::*;

use crate::components::{Alert, Asleep, PassphraseField, hush};
use crate::islands::{CUSTOM, Compose};
use crate::site::Site;
use shared_crypto::format;
use vault::SecretLimits;

/// The lives that the form offers, in seconds.
pub(crate) const TTLS: [u32; 6] = [600, 3_600, 86_400, 259_200, 604_800, 2_592_000];
const USUAL_TTL: u32 = 86_400;
/// The numbers of views that the form offers.
pub(crate) const VIEWS: [u8; 4] = [1, 3, 5, 10];
/// Value, name, and how many there are: a list of seconds has no place in the browser.
const UNITS: [(u32, &str); 3] = [(60, "minutes"), (3_600, "hours"), (86_400, "days")];

/// The form, on the pages that have it.
///
/// `focused` on a page that begins with it: elsewhere the focus would take its reader to the end.
pub(super) fn form(site: &Site, focused: bool) -> AnyView {
    let (limits, needs_token) = (site.limits, site.needs_token);
    view! {
        <Compose>
            <div class="compose">
                <Asleep reassurance="nothing was sent"/>
                <section id="write" aria-label="Write a secret">{write(limits, needs_token, focused)}</section>
                <section id="done" class="done" aria-labelledby="done-title" hidden>{done()}</section>
                <p id="copied" class="said" role="status"></p>
            </div>
        </Compose>
    }
    .into_any()
}

fn write(limits: SecretLimits, needs_token: bool, focused: bool) -> impl IntoView {
    let max_bytes = limits.max_secret_bytes;
    let size = format::size(max_bytes as u64);
    view! {
        <fieldset id="form" class="form" disabled>
            <legend class="visually-hidden">"Your secret"</legend>
            <div>
                <label for="secret">"Your secret"</label>
                <textarea
                    id="secret"
                    class="secret"
                    rows="6"
                    autofocus=focused
                    data-max=max_bytes
                    placeholder="One moment, the page is waking up"
                    aria-describedby="counter problem"
                    {..hush()}
                ></textarea>
                <ul id="files" class="files" aria-label="Files that go with it" hidden></ul>
                <div class="bar">
                    <button id="add-files" type="button" class="quiet">"Add files"</button>
                    <input id="file" type="file" multiple hidden/>
                    <p id="counter" class="counter">{format!("0 bytes of {size}")}</p>
                </div>
            </div>
            <div class="row">
                {expiry(limits.max_ttl)}
                {views(limits.max_views)}
            </div>
            <div class="options">
                <details>
                    <summary>"Add a passphrase"</summary>
                    <PassphraseField
                        help="Who has the link then needs this too. Send it another way, by phone for example. It also stops mail scanners that open links by themselves."
                        described_by="passphrase-made"
                    >
                        <button id="make-passphrase" type="button">"Make one"</button>
                    </PassphraseField>
                    <p id="passphrase-made" class="help" role="status"></p>
                </details>
                <details>
                    <summary>"Generate a secret"</summary>
                    <div class="row">
                        <div class="field">
                            <label for="recipe">"Kind"</label>
                            <select id="recipe" autocomplete="off">
                                <option value="password">"Password, 24 characters"</option>
                                <option value="words">"Six words"</option>
                                <option value="hex">"Token, 32 bytes in hex"</option>
                                <option value="base64">"Token, 32 bytes in base64"</option>
                            </select>
                        </div>
                        <button id="generate" type="button">"Generate"</button>
                    </div>
                    <p id="generated" class="help" role="status"></p>
                </details>
            </div>
            // For a password manager to remember: this site keeps nothing in a browser.
            <div class="field" hidden=!needs_token>
                <label for="creation-token">"Your token"</label>
                <p id="creation-token-help" class="help">"Here only people with a token can create links. Anybody can open them."</p>
                <input id="creation-token" type="password" autocomplete="current-password" aria-describedby="creation-token-help problem"/>
            </div>
            <Alert id="problem"/>
            <button id="create" type="button" class="primary">"Create link"</button>
            <progress id="progress" aria-label="Encrypting and sending" hidden></progress>
            <p id="sending" class="help" role="status"></p>
        </fieldset>
    }
}

fn expiry(max: u32) -> impl IntoView {
    let options = allowed(&TTLS, max);
    let usual = options.iter().copied().filter(|ttl| *ttl <= USUAL_TTL).max();
    let options = options.into_iter().map(move |ttl| {
        view! { <option value=ttl selected=Some(ttl) == usual>{format::duration(ttl.into())}</option> }
    });
    let units =
        UNITS.map(|(seconds, name)| view! { <option value=seconds selected=name == "hours">{name}</option> });
    view! {
        <div class="field">
            <label for="ttl">"Expires after"</label>
            <select id="ttl" autocomplete="off">
                {options.collect_view()}
                <option value=CUSTOM>"Another time"</option>
            </select>
            <div id="ttl-custom" class="custom" hidden>
                <input id="ttl-number" type="number" inputmode="numeric" min="1" value="12" autocomplete="off" data-max=max aria-label="Expires after, a number" aria-describedby="problem"/>
                <select id="ttl-unit" autocomplete="off" aria-label="Unit of the expiry">{units.collect_view()}</select>
            </div>
        </div>
    }
}

fn views(max: u8) -> impl IntoView {
    let options = allowed(&VIEWS, max)
        .into_iter()
        .map(|views| view! { <option value=views>{format::times(views.into())}</option> });
    view! {
        <div class="field">
            <label for="views">"Can be opened"</label>
            <select id="views" autocomplete="off">
                {options.collect_view()}
                <option value=CUSTOM>"Another number"</option>
            </select>
            <div id="views-custom" class="custom" hidden>
                <input id="views-number" type="number" inputmode="numeric" min="1" max=max value="2" autocomplete="off" aria-label="Can be opened, a number of times" aria-describedby="problem"/>
                <span>"times"</span>
            </div>
        </div>
    }
}

/// What the operator allows of the usual choices; at least the one that is allowed at the most.
fn allowed<T: Copy + PartialOrd>(usual: &[T], most: T) -> Vec<T> {
    let mut options: Vec<T> = usual.iter().copied().filter(|option| *option <= most).collect();
    if options.is_empty() {
        options.push(most);
    }
    options
}

fn done() -> impl IntoView {
    view! {
        <h2 id="done-title" tabindex="-1">"Your link is ready"</h2>
        <p><strong id="done-promise"></strong>" Send it to one person: whoever has it can open it."</p>
        <label for="link">"Link to send"</label>
        <input id="link" class="link" readonly autocomplete="off" translate="no"/>
        <div class="row">
            <button id="copy-link" type="button" class="primary">"Copy link"</button>
            <button id="copy-instructions" type="button">"Copy with instructions"</button>
            <button id="share" type="button" hidden>"Share"</button>
            <a id="mail" class="button" target="_blank" rel="noopener">"E-mail"</a>
        </div>
        <div id="done-passphrase" hidden>
            <p>"It asks for your passphrase. Send that another way."</p>
            <button id="copy-passphrase" type="button">"Copy passphrase"</button>
        </div>
        <details>
            <summary>"Show as QR code"</summary>
            <div id="qr" class="qr"></div>
        </details>
        <div class="aside">
            <h3>"For you, not to send"</h3>
            <p>"With this one you see whether it was opened, and can burn it. It does not open the secret."</p>
            <label for="receipt">"Your receipt link"</label>
            <input id="receipt" class="link" readonly autocomplete="off" translate="no"/>
            <div class="row">
                <button id="copy-receipt" type="button">"Copy receipt link"</button>
                <a id="open-receipt" class="button" target="_blank" rel="noopener">"Open the receipt"</a>
            </div>
        </div>
        <button id="again" type="button">"Create another"</button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_are_those_that_the_operator_allows() {
        assert_eq!(allowed(&VIEWS, 5), [1, 3, 5]);
        assert_eq!(allowed(&VIEWS, 100), VIEWS);
        assert_eq!(allowed(&TTLS, 300), [300]);
    }
}
