//! Everything that is logged, by any crate and at any level.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::hex;

/// What was logged in this process since the first call of [`Log::capture`].
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures the log at level trace and without a filter: more than a server ever writes.
    pub(crate) fn capture() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let lines = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
            lines.with_writer(log.clone()).finish().init();
            log
        })
        .clone()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The form in which a text shows these bytes, if it does: their beginning is enough.
pub(crate) fn shown(text: &str, bytes: &[u8]) -> Option<&'static str> {
    let bytes = &bytes[..bytes.len().min(9)];
    let numbers = bytes.iter().map(u8::to_string).collect::<Vec<_>>();
    let forms = [
        ("hex", hex(bytes)),
        ("upper hex", hex(bytes).to_uppercase()),
        ("base64url", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        ("base64", BASE64_STANDARD_NO_PAD.encode(bytes)),
        ("a list", numbers.join(", ")),
        ("a list over several lines", numbers.join(",\n")),
        ("a byte string", bytes.escape_ascii().to_string()),
    ];
    forms.into_iter().find(|(_, form)| text.contains(form)).map(|(name, _)| name)
}

#[test]
fn bytes_are_found_in_every_form() {
    let bytes = *b"\x00\xfd\xeeabc\x7f\xff\x10 and more";
    let start = &bytes[..9];
    for text in [
        "DETAIL: Failing row contains (\\x00fdee6162637fff10206d)".to_owned(),
        "00FDEE6162637FFF10".to_owned(),
        BASE64_URL_SAFE_NO_PAD.encode(bytes),
        format!("{start:?}"),
        format!("Bytes(b\"{}\")", start.escape_ascii()),
    ] {
        assert!(shown(&text, &bytes).is_some(), "{text}");
    }
    assert_eq!(shown("database error 23514", &bytes), None);
}
