//! How much may be stored in all.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that a receipt takes, with its index entries: measured as 479 on PostgreSQL with 400,000 rows, and rounded up.
///
/// A receipt outlives its secret by up to 37 days. A client that creates secrets and burns them would fill the disk if
/// receipts did not count.
pub const RECEIPT_BYTES: u64 = 512;

/// Bytes that are stored, as far as this server knows, against what the operator allows.
#[derive(Debug)]
pub struct StorageQuota {
    most: u64,
    used: AtomicU64,
}

impl StorageQuota {
    /// So many bytes, or as many as there is room for where it is 0.
    pub const fn new(most: u64) -> Self {
        Self { most, used: AtomicU64::new(0) }
    }

    /// Whether there is nothing to measure for.
    pub const fn is_unlimited(&self) -> bool {
        self.most == 0
    }

    /// What the database says is stored now.
    pub fn measured(&self, bytes: u64) {
        self.used.store(bytes, Ordering::Relaxed);
    }

    /// Whether a secret of so many bytes fits, with its receipt.
    pub(crate) fn has_capacity_for(&self, bytes: usize) -> bool {
        let used = self.used.load(Ordering::Relaxed);
        self.is_unlimited() || used.saturating_add(with_receipt(bytes)) <= self.most
    }

    /// A secret of so many bytes and its receipt were stored since the last measurement.
    pub(crate) fn add(&self, bytes: usize) {
        self.used.fetch_add(with_receipt(bytes), Ordering::Relaxed);
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
        quota.measured(512);
        assert!(quota.has_capacity_for(8_976) && !quota.has_capacity_for(8_977));
    }

    #[test]
    fn unlimited_quota_and_sizes_beyond_all_bounds() {
        assert!(StorageQuota::new(0).has_capacity_for(usize::MAX));
        assert!(!StorageQuota::new(1 << 40).has_capacity_for(usize::MAX));
    }
}
