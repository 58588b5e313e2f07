//! Decrypted payloads, as a sender with another client could have made them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_crypto::{Payload, padded_len};

fuzz_target!(|body: &[u8]| {
    // As it is, and framed and padded rightly, so that the body is looked at too.
    let _ = Payload::from_plain(body);
    let Some((kind, body)) = body.split_first() else { return };
    let mut plain = vec![*kind];
    plain.extend_from_slice(&u32::try_from(body.len()).expect("a fuzzer's input is short").to_be_bytes());
    plain.extend_from_slice(body);
    plain.resize(padded_len(plain.len()).expect("a fuzzer's input is short"), 0);
    if let Ok(Payload::Files(bundle)) = Payload::from_plain(&plain) {
        for file in bundle.files() {
            let name = file.safe_name();
            assert!(!name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "." && name != "..");
        }
    }
});
