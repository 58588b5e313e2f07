//! From what a batch has read to what each of its callers is told: the same for both databases.

use std::sync::Arc;

use app::store::{Attempt, Outcome};
use app::vault::{Docket, Found};

use super::failure::DatabaseFailure;

/// Decides one after the other, in the order of arrival. `read` has an element for each attempt, in the same order.
/// `None` where what was read does not fit together.
pub(super) fn decide_all(
    attempts: &[Arc<Attempt>],
    read: Vec<Found>,
) -> Result<(Docket, Vec<Option<Outcome>>), DatabaseFailure> {
    let now = read.first().map(|found| found.now);
    let now = now.ok_or_else(|| DatabaseFailure::row("a batch has no rows"))?;
    let mut docket = Docket::new(now);
    for (attempt, Found { secret, receipt, claim, .. }) in attempts.iter().zip(read) {
        docket.read(attempt, secret, receipt, claim);
    }
    let outcomes = attempts.iter().map(|attempt| docket.decide(attempt).ok()).collect();
    Ok((docket, outcomes))
}
