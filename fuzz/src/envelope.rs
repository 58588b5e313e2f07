//! Fuzzes the parser of envelopes, in bytes and in base64url.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_crypto::{Envelope, padded_len};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::parse(bytes.to_vec()) {
        let plain = bytes.len() - Envelope::OVERHEAD;
        assert_eq!(padded_len(plain), Some(plain));
        let text = envelope.encode();
        assert_eq!(Envelope::decode(&text).expect("an encoded envelope can be decoded").into_bytes(), bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(envelope) = Envelope::decode(text)
    {
        assert_eq!(envelope.encode(), text, "an envelope has one canonical encoding");
    }
});
