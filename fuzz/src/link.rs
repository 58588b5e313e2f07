//! Links, as chat programs, mail gateways and editors leave them. What is read is written and read again the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_crypto::{Error, LinkShape, ReceiptLink, SecretLink};

fuzz_target!(|text: &str| {
    if let Ok(link) = SecretLink::parse(text) {
        let again = SecretLink::parse(&link.to_string()).expect("what is written can be read");
        assert_eq!(again.id().encode(), link.id().encode());
        let is_read = matches!(SecretLink::recover(text), Ok(_) | Err(Error::UnclearServer));
        assert!(is_read, "recovering reads what parsing reads");
    }
    if let Ok(link) = SecretLink::recover(text) {
        let again = SecretLink::recover(&link.to_string()).expect("what is written can be read");
        assert_eq!(again.id().encode(), link.id().encode());
    }
    if let Ok(link) = ReceiptLink::parse(text) {
        let again = ReceiptLink::parse(&link.to_string()).expect("what is written can be read");
        assert_eq!(again.token().encode(), link.token().encode());
    }
    if let Ok(link) = ReceiptLink::recover(text) {
        let again = ReceiptLink::parse(&link.to_string()).expect("what is written can be read");
        assert_eq!(again.token().encode(), link.token().encode());
    }
    let _ = LinkShape::of(text);
});
