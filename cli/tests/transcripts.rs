//! What is typed and what is said, as transcripts: `TRYCMD=overwrite` writes down what is said now.

use std::net::SocketAddr;
use std::sync::Arc;

use server::config::Config;
use server::http::shutdown::Phase;
use tokio::net::TcpListener;
use tokio::sync::watch;

#[test]
fn without_a_server() {
    trycmd::TestCases::new()
        .env("HOME", "/nonexistent")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .env("TZ", "UTC")
        .case("tests/transcripts/*.md")
        .case("tests/transcripts/*.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let address = started(&format!("sqlite:{}", folder.path().join("db.sqlite").display())).await;
    let origin = format!("http://{address}");
    let run = move || {
        let cases = trycmd::TestCases::new();
        cases.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent").env("TZ", "UTC");
        cases.env("IKRYPT_SERVER", &origin);
        cases.insert_var("[SERVER]", origin.clone()).unwrap();
        cases.case("tests/transcripts/server/*");
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

/// A whole server, but for the pages, which nobody asks for here.
async fn started(database_url: &str) -> SocketAddr {
    let config = Config::for_testing(database_url);
    let store = server::store::connect(database_url).await.expect("SQLite makes the file");
    let listener = TcpListener::bind(config.listen).await.expect("port 0 picks a free one");
    let address = listener.local_addr().expect("it is bound");
    let assets = app::site::Assets {
        css: String::new(),
        js: String::new(),
        wasm: String::new(),
        wasm_integrity: String::new(),
    };
    tokio::spawn(async move {
        let (_phase, phases) = watch::channel(Phase::Serving);
        server::commands::serve::serve(listener, &config, Arc::clone(&store), assets, phases).await
    });
    address
}
