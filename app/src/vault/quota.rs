//! How much may be stored in all.

use std::sync::atomic::{AtomicU64, Ordering};

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

    /// Whether so many bytes more fit.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.is_unlimited() || self.used.load(Ordering::Relaxed).saturating_add(bytes as u64) <= self.most
    }

    /// So many bytes more are stored since it was measured.
    pub(super) fn add(&self, bytes: usize) {
        self.used.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
