//! A running site, and runs of `ikrypt verify` against it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use app::site::Assets;
use axum::http::HeaderMap;
use tempfile::TempDir;

use super::altering_proxy::{Encoding, ProxiedResponse, start_proxy};
use super::real_server;

/// A running server, and the manifest of its build.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Site {
    /// Starts a server with these options. It serves the files of the build if there are any.
    pub(crate) async fn start(options: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| format!("/pkg/{name}");
        let assets = server::http::handlers::assets::built().unwrap_or_else(|| Assets {
            css: path("ikrypt.css"),
            js: path("ikrypt.js"),
            wasm: path("ikrypt.wasm"),
            wasm_integrity: "sha256-".to_owned(),
        });
        fs::write(folder.path().join("manifest.json"), server::http::handlers::manifest::manifest(&assets))
            .unwrap();
        let address = real_server::start(folder.path(), options, assets).await;
        Self { folder, address }
    }

    /// Returns the path of the manifest.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.folder.path().join("manifest.json")
    }

    /// Verifies the site through a proxy that alters its responses.
    pub(crate) async fn verify_altered(
        &self,
        alter: impl Fn(&str, &HeaderMap, &mut ProxiedResponse) + Send + Sync + 'static,
    ) -> Output {
        run_verify(start_proxy(self.address, Encoding::Plain, alter).await, &self.manifest()).await
    }
}

/// The output and exit code of the program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `ikrypt verify` against an address.
pub(crate) async fn run_verify(address: SocketAddr, manifest: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ikrypt"));
    command.args(["verify", &format!("http://{address}"), "--manifest"]).arg(manifest);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
