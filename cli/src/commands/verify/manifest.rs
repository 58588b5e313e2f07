//! The manifest of a build, as `ikrypt-server manifest` prints it.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use super::template::Part;
use crate::args::Verify;
use crate::error::CommandError;

/// The manifest of the build that this program belongs to. Empty if the program was built without one.
const OWN_MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/manifest.json"));

/// What a build serves.
#[derive(Deserialize)]
pub(super) struct Manifest {
    /// The version of the build.
    pub version: String,
    /// All pages.
    pub pages: Vec<Page>,
    /// The hashes of all files, by path.
    pub files: BTreeMap<String, String>,
    /// The media types of all files, by path.
    pub media_types: BTreeMap<String, String>,
    /// The headers that every response has.
    pub headers: BTreeMap<String, String>,
    /// The content security policy of pages; `{nonce}` stands for the nonce.
    pub page_policy: String,
    /// The content security policy of files.
    pub file_policy: String,
    /// The content security policy of the worker's script.
    pub worker_policy: String,
    /// Paths of responses that depend on the server and are not compared.
    pub not_compared: Vec<String>,
}

/// A page, with placeholders.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The path. `{id}` stands for the id of a secret; a name in parentheses stands for any path without a page.
    pub path: String,
    /// The status of the response.
    pub status: u16,
    /// The parts of the page.
    pub template: Vec<Part>,
}

impl Manifest {
    /// Returns the headers that every response has.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Loads the manifest from the file in the arguments, or that of this program.
    pub(super) fn load(args: &Verify) -> Result<Self, CommandError> {
        let (name, text) = match &args.manifest {
            Some(path) => {
                let text =
                    fs::read_to_string(path).map_err(|error| CommandError::file("read", path, &error))?;
                (path.display().to_string(), text)
            }
            None if OWN_MANIFEST.is_empty() => {
                return Err(CommandError::Usage(
                    "this program was built without the manifest of a release: build it with `cargo xtask build`, or give --manifest".to_owned(),
                ));
            }
            None => ("the manifest of this release".to_owned(), OWN_MANIFEST.to_owned()),
        };
        serde_json::from_str(&text).map_err(|error| CommandError::Usage(format!("{name}: {error}")))
    }
}
