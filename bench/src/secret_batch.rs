//! Batches of secrets that are encrypted before anything is measured.

use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use serde_json::Value;
use shared_crypto::messages::{Call, OpenRequest, RevealRequest};
use shared_crypto::{Claim, Payload, Sealed, SealingKeys, seal};

use crate::load::{self, Measurement};

/// Secrets of one size with different keys, each with one view.
pub(crate) struct SecretBatch {
    sealed: Vec<Sealed>,
    create_bodies: Vec<Bytes>,
    ids: Vec<String>,
}

impl SecretBatch {
    /// Encrypts `count` secrets of this many bytes.
    pub(crate) fn seal(count: usize, bytes: usize) -> Result<Self> {
        let text = "x".repeat(bytes);
        let mut sealed = Vec::with_capacity(count);
        for _ in 0..count {
            sealed.push(seal(&Payload::text(text.as_str()), SealingKeys::generate()?, None)?);
        }
        let bodies = sealed.iter().map(|secret| Ok(serde_json::to_vec(&secret.to_request(3600, 1))?.into()));
        Ok(Self { create_bodies: bodies.collect::<Result<_>>()?, sealed, ids: Vec::new() })
    }

    /// Returns the size of the largest request body of a create.
    pub(crate) fn largest_body(&self) -> usize {
        self.create_bodies.iter().map(Bytes::len).max().unwrap_or_default()
    }

    /// Creates every secret.
    pub(crate) async fn create(&mut self, address: SocketAddr, clients: usize) -> Result<Measurement> {
        let bodies = std::mem::take(&mut self.create_bodies);
        let (measurement, responses) = call(address, clients, Call::Create, bodies).await?;
        self.ids = responses
            .iter()
            .map(|response| {
                let response: Value = serde_json::from_slice(response)?;
                Ok(response["id"].as_str().unwrap_or_default().to_owned())
            })
            .collect::<Result<_>>()?;
        Ok(measurement)
    }

    /// Opens every secret once, which uses no view.
    pub(crate) async fn open(&self, address: SocketAddr, clients: usize) -> Result<Measurement> {
        let bodies = self.bodies(|sealed, id| {
            Ok(serde_json::to_vec(&OpenRequest { id, access: sealed.keys().access().encode() })?)
        })?;
        Ok(call(address, clients, Call::Open, bodies).await?.0)
    }

    /// Reveals every secret, which uses its view.
    pub(crate) async fn reveal(&self, address: SocketAddr, clients: usize) -> Result<Measurement> {
        let bodies = self.bodies(|sealed, id| {
            Ok(serde_json::to_vec(&RevealRequest {
                id,
                access: sealed.keys().access().encode(),
                reveal: sealed.keys().reveal().encode(),
                claim: Claim::generate()?.encode(),
            })?)
        })?;
        Ok(call(address, clients, Call::Reveal, bodies).await?.0)
    }

    fn bodies(&self, body: impl Fn(&Sealed, String) -> Result<Vec<u8>>) -> Result<Vec<Bytes>> {
        self.sealed.iter().zip(&self.ids).map(|(sealed, id)| Ok(body(sealed, id.clone())?.into())).collect()
    }
}

async fn call(
    address: SocketAddr,
    clients: usize,
    call: Call,
    bodies: Vec<Bytes>,
) -> Result<(Measurement, Vec<Bytes>)> {
    load::post(address, clients, call.path(), bodies, call.success_status()).await
}
