//! Fuzzes the parser of decrypted payloads, which a sender with another client can choose.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_crypto::{Payload, padded_len};

fuzz_target!(|body: &[u8]| {
    // Once unchanged, and once with a valid frame and padding, so that the parser reaches the body.
    let _ = Payload::from_plain(body);
    let Some((kind, body)) = body.split_first() else { return };
    let mut plain = vec![*kind];
    plain.extend_from_slice(&u32::try_from(body.len()).expect("the input is short").to_be_bytes());
    plain.extend_from_slice(body);
    plain.resize(padded_len(plain.len()).expect("the input is short"), 0);
    if let Ok(Payload::Files(bundle)) = Payload::from_plain(&plain) {
        for file in bundle.files() {
            let name = file.safe_name();
            assert!(!name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "." && name != "..");
        }
    }
});
