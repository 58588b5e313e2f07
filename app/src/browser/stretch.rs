//! Argon2id away from the page, which stays alive meanwhile.

use std::time::Duration;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::set_timeout;
use shared_crypto::{Error, Passphrase, PassphraseKey, Salt};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// Loading and stretching take a second; a slow telephone on a slow line takes some more.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a passphrase could not be stretched.
pub enum Failure {
    /// The worker could not be loaded.
    Silence,
    /// It was, and had something to say.
    Refused(Error),
}

/// Stretches a passphrase in a worker, whose 64 MiB go when it ends.
pub async fn stretch(passphrase: &str, salt: &Salt) -> Result<PassphraseKey, Failure> {
    match in_worker(passphrase, salt).await {
        Ok(answer) => match answer.dyn_ref::<Uint8Array>().map(|bytes| bytes.to_vec().try_into()) {
            Some(Ok(bytes)) => Ok(PassphraseKey::from_bytes(bytes)),
            _ if answer.as_string() == Some(Error::PassphraseLength.to_string()) => {
                Err(Failure::Refused(Error::PassphraseLength))
            }
            _ => Err(Failure::Refused(Error::OutOfMemory)),
        },
        // A page that is being developed has no worker: `cargo leptos` does not build it.
        Err(_) if cfg!(debug_assertions) => Passphrase::new(passphrase)
            .and_then(|passphrase| passphrase.derive_key(salt))
            .map_err(Failure::Refused),
        Err(_) => Err(Failure::Silence),
    }
}

/// 32 bytes, or a text that says what went wrong.
async fn in_worker(passphrase: &str, salt: &Salt) -> Result<JsValue, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options("/worker.js", &options)?;
    let task = Object::new();
    Reflect::set(&task, &"passphrase".into(), &passphrase.into())?;
    Reflect::set(&task, &"salt".into(), &Uint8Array::from(salt.as_bytes().as_slice()))?;
    let answer = Promise::new(&mut |resolve, reject| {
        let message =
            Closure::once_into_js(move |event: MessageEvent| resolve.call1(&JsValue::NULL, &event.data()));
        let error = Closure::once_into_js(move |event: JsValue| reject.call1(&JsValue::NULL, &event));
        worker.set_onmessage(Some(message.unchecked_ref()));
        worker.set_onerror(Some(error.unchecked_ref()));
    });
    worker.post_message(&task)?;
    // Its script may not come, and then there is neither an answer nor an error.
    let late = Promise::new(&mut |_, reject| {
        set_timeout(move || drop(reject.call0(&JsValue::NULL)), PATIENCE);
    });
    let answer = JsFuture::from(Promise::race(&Array::of2(&answer, &late))).await;
    worker.terminate();
    answer
}
