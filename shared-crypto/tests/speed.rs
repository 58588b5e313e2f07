//! How fast it is in a browser's WebAssembly: `cargo xtask bench` reads what this prints.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

use shared_crypto::{Envelope, Passphrase, Payload, Salt, SealingKeys, open, seal};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn now() -> f64;
}

const RUNS: usize = 7;
const MEGABYTES: f64 = 8.0;

/// The median of a few runs, in milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = now();
            work();
            now() - started
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

#[wasm_bindgen_test]
fn the_speed_of_sealing_opening_and_stretching() {
    let payload = Payload::text("x".repeat(8_000_000));
    let sealed = seal(&payload, SealingKeys::generate().unwrap(), None).unwrap();
    let envelope = Envelope::parse(sealed.envelope().to_vec()).unwrap();
    let per_second = |milliseconds: f64| MEGABYTES * 1000.0 / milliseconds;

    let sealing = median(|| drop(seal(&payload, SealingKeys::generate().unwrap(), None).unwrap()));
    console_log!("speed: seal {:.1} MB/s", per_second(sealing));
    let opening = median(|| drop(open(&envelope, sealed.keys(), sealed.share()).unwrap()));
    console_log!("speed: open {:.1} MB/s", per_second(opening));
    let passphrase = Passphrase::new("correct horse battery staple").unwrap();
    let stretching = median(|| drop(passphrase.derive_key(&Salt::from_bytes([7; 16])).unwrap()));
    console_log!("speed: stretch {stretching:.1} ms");
}
