//! Captures the log of this process, and searches texts for bytes in any encoding.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::hex;

/// The log of this process since the first call of [`CapturedLog::start`].
#[derive(Clone, Default)]
pub(crate) struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    /// Starts to capture the log of every crate at level trace, which is more than a server ever writes.
    pub(crate) fn start() -> Self {
        static LOG: OnceLock<CapturedLog> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
            lines.with_writer(log.clone()).finish().init();
            log
        })
        .clone()
    }

    /// Returns everything that was captured so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for CapturedLog {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the encoding in which a text contains the first bytes of `bytes`, if it does.
pub(crate) fn find_encoded(text: &str, bytes: &[u8]) -> Option<&'static str> {
    let bytes = &bytes[..bytes.len().min(9)];
    let numbers = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let encodings = [
        ("hex", hex(bytes)),
        ("upper hex", hex(bytes).to_uppercase()),
        ("base64url", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        ("base64", BASE64_STANDARD_NO_PAD.encode(bytes)),
        ("a list", numbers.join(", ")),
        ("a list over several lines", numbers.join(",\n")),
        ("a byte string", bytes.escape_ascii().to_string()),
    ];
    encodings.into_iter().find(|(_, encoded)| text.contains(encoded)).map(|(name, _)| name)
}

#[test]
fn encoded_bytes_are_found_in_every_encoding() {
    let bytes = *b"\x00\xfd\xeeabc\x7f\xff\x10 and more";
    let start = &bytes[..9];
    for text in [
        "DETAIL: Failing row contains (\\x00fdee6162637fff10206d)".to_owned(),
        "00FDEE6162637FFF10".to_owned(),
        BASE64_URL_SAFE_NO_PAD.encode(bytes),
        format!("{start:?}"),
        format!("Bytes(b\"{}\")", start.escape_ascii()),
    ] {
        assert!(find_encoded(&text, &bytes).is_some(), "{text}");
    }
    assert_eq!(find_encoded("database error 23514", &bytes), None);
}
