//! From what a batch has read to what each of its callers is told: the same for both databases.

use std::sync::Arc;

use vault::{RevealAttempt, RevealOutcome};
use vault::{RevealBatch, RevealSnapshot};

use super::failure::DatabaseFailure;

/// Decides one after the other, in the order of arrival. `read` has an element for each attempt, in the same order.
/// `None` where what was read does not fit together.
pub(super) fn decide_all(
    attempts: &[Arc<RevealAttempt>],
    read: Vec<RevealSnapshot>,
) -> Result<(RevealBatch, Vec<Option<RevealOutcome>>), DatabaseFailure> {
    let now = read.first().map(|found| found.now);
    let now = now.ok_or_else(|| DatabaseFailure::row("a batch has no rows"))?;
    let mut batch = RevealBatch::new(now);
    for (attempt, RevealSnapshot { secret, receipt, claim, .. }) in attempts.iter().zip(read) {
        batch.read(attempt, secret, receipt, claim);
    }
    let outcomes = attempts.iter().map(|attempt| batch.decide(attempt).ok()).collect();
    Ok((batch, outcomes))
}
