//! What a build serves, as `ikrypt-server manifest` prints it.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use super::template::Part;
use crate::args::Verify;
use crate::failure::Failure;

/// The build that this program belongs to.
const OWN: &str = include_str!(concat!(env!("OUT_DIR"), "/manifest.json"));

/// What a build serves.
#[derive(Deserialize)]
pub(super) struct Manifest {
    /// The version of the build.
    pub version: String,
    /// Every page.
    pub pages: Vec<Page>,
    /// The hash of every file, by its path.
    pub files: BTreeMap<String, String>,
    /// The media type of every file.
    pub media_types: BTreeMap<String, String>,
    /// The headers that every response has.
    pub headers: BTreeMap<String, String>,
    /// The content security policy of pages; `{nonce}` stands for the nonce.
    pub page_policy: String,
    /// The policy of files.
    pub file_policy: String,
    /// The policy of the worker's script.
    pub worker_policy: String,
    /// Paths of responses that no build knows.
    pub not_compared: Vec<String>,
}

/// A page, with placeholders.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The path; `{id}` stands for the id of a secret, and a path in parentheses for one without a page.
    pub path: String,
    /// The status of the response.
    pub status: u16,
    /// The parts of the page.
    pub template: Vec<Part>,
}

impl Manifest {
    /// The headers that every response has, with their values.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The manifest in a file, or that of this program.
    pub(super) fn of(args: &Verify) -> Result<Self, Failure> {
        let (name, text) = match &args.manifest {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
                (path.display().to_string(), text)
            }
            None if OWN.is_empty() => {
                return Err(Failure::Usage(
                    "this program was built without the hashes of a release: build it with `cargo xtask build`, or give --manifest".to_owned(),
                ));
            }
            None => ("the manifest of this release".to_owned(), OWN.to_owned()),
        };
        serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("{name}: {error}")))
    }
}
