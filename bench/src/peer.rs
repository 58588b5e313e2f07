//! Other products, pointed at by their address: what their create is, and nothing else of them.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use serde_json::json;

use crate::client::{self, Load};

/// Characters of a note as its browser would send it: 1 KiB, in base64.
const CHARACTERS: usize = 1400;

/// A product that can be measured here.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) name: String,
    address: SocketAddr,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = text.split_once('=').ok_or("give NAME=URL")?;
        if name != "cryptgeon" {
            return Err(format!("there is no adapter for {name} yet: cryptgeon has one"));
        }
        let host = url.strip_prefix("http://").ok_or("begin the address with http://")?;
        let mut addresses =
            host.trim_end_matches('/').to_socket_addrs().map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), address: addresses.next().ok_or("no such host")? })
    }
}

impl Peer {
    /// So many notes, each with one view.
    pub(crate) async fn create(&self, clients: usize, number: usize) -> Result<Load> {
        let body = json!({ "contents": "A".repeat(CHARACTERS), "meta": "{\"type\":\"text\"}", "views": 1 });
        let bodies = vec![Bytes::from(body.to_string()); number];
        let (load, answers) = client::post(self.address, clients, "/api/notes/", bodies, 200).await?;
        let first = answers.first().context("there is no answer")?;
        if !String::from_utf8_lossy(first).contains("\"id\"") {
            bail!("{} answers otherwise than expected", self.name);
        }
        Ok(load)
    }
}
