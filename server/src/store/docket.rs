//! From what a batch has read to what each of its callers is told: the same for both databases.

use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{Docket, Found};

/// Decides one after the other, in the order of arrival. `None` where what was read does not fit together.
pub(super) fn decide_all(
    attempts: &[Arc<Attempt>],
    read: Vec<Found>,
) -> Result<(Docket, Vec<Option<Outcome>>), sqlx::Error> {
    let now = read.first().map(|found| found.now).ok_or(sqlx::Error::RowNotFound)?;
    let mut docket = Docket::new(now);
    for (attempt, Found { secret, receipt, claim, .. }) in attempts.iter().zip(read) {
        docket.read(attempt, secret, receipt, claim);
    }
    let outcomes = attempts.iter().map(|attempt| docket.decide(attempt).ok()).collect();
    Ok((docket, outcomes))
}
