//! Transcripts of commands and their output. `TRYCMD=overwrite` writes the current output into them.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

#[path = "common/real_server.rs"]
mod real_server;

use app::site::Assets;

#[test]
fn transcripts_without_a_server_match() {
    trycmd::TestCases::new()
        .env("HOME", "/nonexistent")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("TZ", "UTC")
        .case("tests/transcripts/*.md")
        .case("tests/transcripts/*.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn transcripts_with_a_server_match() {
    let folder = tempfile::tempdir().unwrap();
    // No transcript requests a page, so the server needs no assets.
    let assets =
        Assets { css: String::new(), js: String::new(), wasm: String::new(), wasm_integrity: String::new() };
    let origin = format!("http://{}", real_server::start(folder.path(), &[], assets).await);
    let run = move || {
        let cases = trycmd::TestCases::new();
        cases.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent").env("TZ", "UTC");
        cases.env("IKRYPT_SERVER", &origin);
        cases.insert_var("[SERVER]", origin.clone()).unwrap();
        cases.case("tests/transcripts/server/*");
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}
