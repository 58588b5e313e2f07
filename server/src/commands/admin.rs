//! What operators do with what is stored, without a server that listens.

use shared_crypto::SecretId;
use vault::{SecretStore, StoreError};

use crate::config::Admin;

/// Does it, and says what was done.
pub async fn run(store: &dyn SecretStore, command: &Admin) -> Result<String, StoreError> {
    match command {
        Admin::Migrate => Ok("the tables are up to date".to_owned()),
        Admin::Stats => {
            let stats = store.stats().await?;
            Ok(format!(
                "secrets    {}\nbytes      {}\nsweep lag  {} s",
                stats.secrets, stats.bytes, stats.sweep_lag_seconds
            ))
        }
        Admin::Purge { created_before } => {
            let mut purged = 0;
            loop {
                match store.purge(*created_before).await? {
                    0 => {
                        return Ok(format!(
                            "{purged} secrets that were created before {created_before} are deleted"
                        ));
                    }
                    more => purged += more,
                }
            }
        }
        Admin::Burn { id } => {
            let id = SecretId::decode(id).map_err(|error| StoreError::Unavailable(error.to_string()))?;
            Ok(match store.burn_by_id(&id).await? {
                Some(receipt) => format!("state: {:?}", receipt.state).to_lowercase(),
                None => "there is no such secret, and was none in the last week".to_owned(),
            })
        }
    }
}
