//! Secrets that differ, sealed before anything is measured.

use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use serde_json::Value;
use shared_crypto::messages::{OpenRequest, RevealRequest};
use shared_crypto::{Claim, Payload, Sealed, SealingKeys, seal};

use crate::client::{self, Load};

/// Many of one size, each with one view.
pub(crate) struct Batch {
    sealed: Vec<Sealed>,
    bodies: Vec<Bytes>,
    ids: Vec<String>,
}

impl Batch {
    pub(crate) fn sealed(number: usize, bytes: usize) -> Result<Self> {
        let text = "x".repeat(bytes);
        let mut sealed = Vec::with_capacity(number);
        for _ in 0..number {
            sealed.push(seal(&Payload::text(text.as_str()), SealingKeys::generate()?, None)?);
        }
        let bodies = sealed.iter().map(|one| Ok(serde_json::to_vec(&one.to_request(3600, 1))?.into()));
        Ok(Self { bodies: bodies.collect::<Result<_>>()?, sealed, ids: Vec::new() })
    }

    pub(crate) fn largest_body(&self) -> usize {
        self.bodies.iter().map(Bytes::len).max().unwrap_or_default()
    }

    /// Stores them.
    pub(crate) async fn create(&mut self, address: SocketAddr, clients: usize) -> Result<Load> {
        let bodies = std::mem::take(&mut self.bodies);
        let (load, answers) = client::post(address, clients, "/api/v1/create", bodies, 201).await?;
        self.ids = answers
            .iter()
            .map(|answer| {
                let answer: Value = serde_json::from_slice(answer)?;
                Ok(answer["id"].as_str().unwrap_or_default().to_owned())
            })
            .collect::<Result<_>>()?;
        Ok(load)
    }

    /// Looks at each once.
    pub(crate) async fn open(&self, address: SocketAddr, clients: usize) -> Result<Load> {
        let bodies = self.bodies_of(|sealed, id| {
            Ok(serde_json::to_vec(&OpenRequest { id, access: sealed.keys().access().encode() })?)
        })?;
        Ok(client::post(address, clients, "/api/v1/open", bodies, 200).await?.0)
    }

    /// Uses up each one's view.
    pub(crate) async fn reveal(&self, address: SocketAddr, clients: usize) -> Result<Load> {
        let bodies = self.bodies_of(|sealed, id| {
            Ok(serde_json::to_vec(&RevealRequest {
                id,
                access: sealed.keys().access().encode(),
                reveal: sealed.keys().reveal().encode(),
                claim: Claim::generate()?.encode(),
            })?)
        })?;
        Ok(client::post(address, clients, "/api/v1/reveal", bodies, 200).await?.0)
    }

    fn bodies_of(&self, body: impl Fn(&Sealed, String) -> Result<Vec<u8>>) -> Result<Vec<Bytes>> {
        self.sealed.iter().zip(&self.ids).map(|(sealed, id)| Ok(body(sealed, id.clone())?.into())).collect()
    }
}
