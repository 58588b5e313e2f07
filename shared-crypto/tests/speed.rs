//! Benchmark in a browser's WebAssembly. `cargo xtask bench` parses its output.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

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

/// Returns the median time of several runs, in milliseconds.
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
fn speed_of_seal_open_and_argon2() {
    let payload = Payload::text("x".repeat(8_000_000));
    let sealed = seal(&payload, SealingKeys::generate().unwrap(), None).unwrap();
    let envelope = Envelope::parse(sealed.envelope().to_vec()).unwrap();
    let per_second = |milliseconds: f64| MEGABYTES * 1000.0 / milliseconds;

    let sealing = median(|| drop(seal(&payload, SealingKeys::generate().unwrap(), None).unwrap()));
    console_log!("speed: seal {:.1} MB/s", per_second(sealing));
    let opening = median(|| drop(open(&envelope, sealed.keys(), sealed.share()).unwrap()));
    console_log!("speed: open {:.1} MB/s", per_second(opening));
    let passphrase = Passphrase::new("correct horse battery staple").unwrap();
    let argon2 = median(|| drop(passphrase.derive_key(&Salt::from_bytes([7; 16])).unwrap()));
    console_log!("speed: argon2 {argon2:.1} ms");
}
