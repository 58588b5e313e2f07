//! Fuzzes the parsers of links. A link that was parsed must be parsed again to the same when it is written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_crypto::{Error, LinkShape, ReceiptLink, SecretLink};

fuzz_target!(|text: &str| {
    if let Ok(link) = SecretLink::parse(text) {
        let again = SecretLink::parse(&link.to_string()).expect("a written link can be parsed");
        assert_eq!(again.id().encode(), link.id().encode());
        let is_recovered = matches!(SecretLink::recover(text), Ok(_) | Err(Error::UnclearServer));
        assert!(is_recovered, "a text that `parse` accepts is accepted by `recover`");
    }
    if let Ok(link) = SecretLink::recover(text) {
        let again = SecretLink::recover(&link.to_string()).expect("a written link can be parsed");
        assert_eq!(again.id().encode(), link.id().encode());
    }
    if let Ok(link) = ReceiptLink::parse(text) {
        let again = ReceiptLink::parse(&link.to_string()).expect("a written link can be parsed");
        assert_eq!(again.token().encode(), link.token().encode());
    }
    if let Ok(link) = ReceiptLink::recover(text) {
        let again = ReceiptLink::parse(&link.to_string()).expect("a written link can be parsed");
        assert_eq!(again.token().encode(), link.token().encode());
    }
    let _ = LinkShape::of(text);
});
