//! The real server with SQLite, started in the process of the test.

use std::net::SocketAddr;
use std::path::Path;

use app::site::Assets;
use clap::Parser as _;
use server::config::Config;
use server::http::shutdown::Phase;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Starts a server with these options on a free port, and returns its address. Its database is in the folder.
pub(crate) async fn start(folder: &Path, options: &[(&str, &str)], assets: Assets) -> SocketAddr {
    let database = format!("sqlite:{}", folder.join("db.sqlite").display());
    let options = options.iter().flat_map(|(name, value)| [*name, *value]);
    let fixed = ["ikrypt-server", "--listen", "127.0.0.1:0", "--database-url", &database];
    let config = Config::try_parse_from(fixed.into_iter().chain(options)).unwrap();
    let store = server::store::connect(&database).await.unwrap();
    let listener = TcpListener::bind(config.listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (_phase, phases) = watch::channel(Phase::Serving);
        server::commands::serve::serve(listener, &config, store, assets, phases).await
    });
    address
}
