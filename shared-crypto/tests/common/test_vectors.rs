//! The test vectors: known answers of an independent implementation, and envelopes that must be rejected.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic fails the test")]

use serde::Deserialize;

/// Bytes, in hexadecimal in the files.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Hex(Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Hex {
    /// Returns the bytes of a string of variable length.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// Returns the bytes of a string of fixed length.
    pub(crate) fn array<const N: usize>(&self) -> [u8; N] {
        self.as_slice().try_into().expect("the length that the protocol specifies")
    }
}

/// An entry of `vectors_v1.json`. `src/key_schedule.rs` tests the fields that have no public accessor.
#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) link_key: Hex,
    pub(crate) share: Hex,
    pub(crate) id: Hex,
    pub(crate) nonce: Hex,
    pub(crate) passphrase: Option<String>,
    pub(crate) payload: Hex,
    pub(crate) access: Hex,
    pub(crate) access_hash: Hex,
    pub(crate) salt: Hex,
    pub(crate) stretched: Hex,
    pub(crate) reveal: Hex,
    pub(crate) reveal_hash: Hex,
    pub(crate) header: Hex,
    pub(crate) envelope: String,
    pub(crate) link: String,
    pub(crate) receipt_token: Hex,
    pub(crate) receipt_hash: Hex,
    pub(crate) receipt_link: String,
    pub(crate) claim: Hex,
    pub(crate) claim_hash: Hex,
    pub(crate) request_hash: Hex,
}

/// An entry of `refused_v1.json`.
#[derive(Deserialize)]
pub(crate) struct Refused {
    pub(crate) name: String,
    pub(crate) link: String,
    pub(crate) share: Hex,
    pub(crate) envelope: String,
}

pub(crate) fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../vectors_v1.json")).unwrap()
}

pub(crate) fn refused() -> Vec<Refused> {
    serde_json::from_str(include_str!("../refused_v1.json")).unwrap()
}
