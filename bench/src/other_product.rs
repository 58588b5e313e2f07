//! Measures the create of another product that is running.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use serde_json::json;

use crate::load::{self, Measurement};

/// The length of a note as its browser code sends it: 1 KiB in Base64.
const CONTENTS_LENGTH: usize = 1400;

/// A product whose API is known here.
#[derive(Debug, Clone)]
pub(crate) struct OtherProduct {
    pub(crate) name: String,
    address: SocketAddr,
}

impl FromStr for OtherProduct {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = text.split_once('=').ok_or("expected NAME=URL")?;
        if name != "cryptgeon" {
            return Err(format!("unknown product {name}: only cryptgeon is supported"));
        }
        let host = url.strip_prefix("http://").ok_or("the URL must begin with http://")?;
        let mut addresses =
            host.trim_end_matches('/').to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), address: addresses.next().ok_or("the host has no address")? })
    }
}

impl OtherProduct {
    /// Creates this number of notes, each with one view.
    pub(crate) async fn create(&self, clients: usize, count: usize) -> Result<Measurement> {
        let body =
            json!({ "contents": "A".repeat(CONTENTS_LENGTH), "meta": "{\"type\":\"text\"}", "views": 1 });
        let bodies = vec![Bytes::from(body.to_string()); count];
        let (measurement, responses) = load::post(self.address, clients, "/api/notes/", bodies, 200).await?;
        let first = responses.first().context("no request was sent")?;
        if !String::from_utf8_lossy(first).contains("\"id\"") {
            bail!("unexpected response from {}", self.name);
        }
        Ok(measurement)
    }
}
