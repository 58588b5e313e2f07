//! `ikrypt-server admin`: migrates, counts, purges and burns, without a server that listens.

use shared_crypto::SecretId;
use vault::{SecretStore, StoreError};

use super::{connect, connect_existing};
use crate::config::{AdminCommand, Config};

/// Connects, runs the command, and returns the line that reports its result.
pub(super) async fn run(config: &Config, command: &AdminCommand) -> Result<String, String> {
    // Only `migrate` may create tables: with every other command a wrong path is an error, and creates no empty
    // database.
    let store = if *command == AdminCommand::Migrate {
        connect(config).await?
    } else {
        connect_existing(config).await?
    };
    let report = run_on(&*store, command).await;
    store.close().await;
    report.map(|report| report + "\n").map_err(|error| error.to_string())
}

async fn run_on(store: &dyn SecretStore, command: &AdminCommand) -> Result<String, StoreError> {
    match command {
        AdminCommand::Migrate => Ok("the database schema is up to date".to_owned()),
        AdminCommand::Stats => {
            let stats = store.stats().await?;
            Ok(format!(
                "secrets    {}\nbytes      {}\nsweep lag  {} s",
                stats.secrets, stats.bytes, stats.sweep_lag_seconds
            ))
        }
        AdminCommand::Purge { created_before } => {
            let mut purged = 0;
            loop {
                match store.purge(*created_before).await? {
                    0 => break,
                    batch => purged += batch,
                }
            }
            Ok(format!("{purged} secrets that were created before {created_before} are deleted"))
        }
        AdminCommand::Burn { id } => {
            let id = SecretId::decode(id).map_err(|error| StoreError::Unavailable(error.to_string()))?;
            Ok(match store.burn_by_id(&id).await? {
                Some(receipt) => format!("state: {:?}", receipt.state).to_lowercase(),
                None => "no secret has this id: it never existed, or ended more than a week ago".to_owned(),
            })
        }
    }
}
