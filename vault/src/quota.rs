//! The limit on the bytes that are stored in total.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a receipt takes, with its index entries: measured as 479 on PostgreSQL with 400,000 rows, and rounded up.
///
/// A receipt outlives its secret by up to 37 days. A client that creates and burns secrets would fill the disk if
/// receipts did not count.
pub const RECEIPT_BYTES: u64 = 512;

/// Compares the stored bytes with the operator's limit.
///
/// The database is measured from time to time; in between, this server adds what it stores itself.
#[derive(Debug)]
pub struct StorageQuota {
    max_bytes: u64,
    used_bytes: AtomicU64,
}

impl StorageQuota {
    /// Creates a quota of `max_bytes`; 0 means unlimited.
    pub const fn new(max_bytes: u64) -> Self {
        Self { max_bytes, used_bytes: AtomicU64::new(0) }
    }

    /// Returns whether there is no limit, so that nothing needs to be measured.
    pub const fn is_unlimited(&self) -> bool {
        self.max_bytes == 0
    }

    /// Records a measurement of the database.
    pub fn set_measured(&self, bytes: u64) {
        self.used_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Returns whether a secret of so many bytes fits, with its receipt.
    pub(crate) fn has_capacity_for(&self, bytes: usize) -> bool {
        let used = self.used_bytes.load(Ordering::Relaxed);
        self.is_unlimited() || used.saturating_add(with_receipt(bytes)) <= self.max_bytes
    }

    /// Adds a secret of so many bytes, with its receipt, to the last measurement.
    pub(crate) fn add(&self, bytes: usize) {
        self.used_bytes.fetch_add(with_receipt(bytes), Ordering::Relaxed);
    }
}

fn with_receipt(bytes: usize) -> u64 {
    RECEIPT_BYTES.saturating_add(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_counts_with_its_receipt() {
        let quota = StorageQuota::new(10_000);
        assert!(quota.has_capacity_for(10_000 - 512) && !quota.has_capacity_for(10_000 - 511));
        quota.add(1_488);
        assert!(quota.has_capacity_for(7_488) && !quota.has_capacity_for(7_489));
        quota.set_measured(512);
        assert!(quota.has_capacity_for(8_976) && !quota.has_capacity_for(8_977));
    }

    #[test]
    fn unlimited_quota_has_capacity_for_any_size() {
        assert!(StorageQuota::new(0).has_capacity_for(usize::MAX));
        assert!(!StorageQuota::new(1 << 40).has_capacity_for(usize::MAX));
    }
}
