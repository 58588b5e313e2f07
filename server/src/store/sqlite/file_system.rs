//! Detects the file system of the database, and whether SQLite can keep a database there.

use std::path::Path;

use crate::store::ConnectError;

/// The kinds of file systems, for a SQLite database in write-ahead mode. It needs file locks, and memory that all processes
/// with the file open share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// A disk of this machine, according to its type.
    Local,
    /// The named network or host file system: locks and shared memory do not work, or work on one machine only.
    Network(&'static str),
    /// A program provides the files, from this machine or from another one.
    Fuse,
    /// Memory: everything is lost when the machine stops.
    Memory,
}

impl FileSystem {
    /// Returns the file system of a file, or of the nearest parent folder that exists.
    pub fn of(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.ancestors().find_map(type_of).map_or(Self::Local, Self::from_type)
    }

    /// Refuses a network file system, and logs a warning for one in user space, which may be on the network.
    pub(super) fn can_hold_a_database(self) -> Result<(), ConnectError> {
        match self {
            Self::Network(name) => Err(ConnectError::NetworkFileSystem(name)),
            Self::Fuse => {
                tracing::warn!(
                    "the database is on a file system in user space (FUSE): if that is on the network, the database may be damaged"
                );
                Ok(())
            }
            Self::Local | Self::Memory => Ok(()),
        }
    }

    /// Interprets the lower 32 bits of the type that `statfs` returns. The numbers are from Linux's `linux/magic.h`, and
    /// from coreutils' `stat` for file systems outside the source tree of Linux.
    pub const fn from_type(number: u32) -> Self {
        match number {
            0x0000_6969 => Self::Network("NFS"),
            0x0000_517B | 0xFF53_4D42 | 0xFE53_4D42 => Self::Network("SMB"),
            0x0102_1997 => Self::Network("9p"),
            0x00C3_6400 => Self::Network("Ceph"),
            0x5346_414F | 0x6B41_4653 => Self::Network("AFS"),
            0x7375_7245 => Self::Network("Coda"),
            0x0000_564C => Self::Network("NCP"),
            0x0BD0_0BD0 => Self::Network("Lustre"),
            0x4750_4653 => Self::Network("GPFS"),
            0x1983_0326 => Self::Network("BeeGFS"),
            0x2003_0528 => Self::Network("OrangeFS"),
            0xAAD7_AAEA => Self::Network("PanFS"),
            0xBEEF_DEAD => Self::Network("SNFS"),
            0x6163_6673 => Self::Network("ACFS"),
            0x786F_4256 => Self::Network("VirtualBox's shared folders"),
            0x7C7C_6673 => Self::Network("Parallels' shared folders"),
            0xBACB_ACBC => Self::Network("VMware's shared folders"),
            0x6573_5546 => Self::Fuse,
            0x0102_1994 | 0x8584_58F6 => Self::Memory,
            _ => Self::Local,
        }
    }
}

#[cfg(target_os = "linux")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers have 32 bits")]
fn type_of(path: &Path) -> Option<u32> {
    // The kernel's number is signed on some machines, where 0xFF534D42 is negative.
    rustix::fs::statfs(path).ok().map(|statfs| statfs.f_type as u32)
}

/// Other systems have other numbers.
#[cfg(not(target_os = "linux"))]
fn type_of(_: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_system_is_recognised_by_its_number() {
        for (number, name) in [
            (0x6969, "NFS"),
            (0xFF53_4D42, "SMB"),
            (0xFE53_4D42, "SMB"),
            (0x517B, "SMB"),
            (0x0102_1997, "9p"),
            (0x00C3_6400, "Ceph"),
            (0x0BD0_0BD0, "Lustre"),
        ] {
            assert_eq!(FileSystem::from_type(number), FileSystem::Network(name), "{number:x}");
        }
    }

    #[test]
    fn local_disk_fuse_and_memory_are_distinguished() {
        // ext4, XFS, Btrfs, ZFS, F2FS, overlayfs, bcachefs, FAT.
        for number in
            [0xEF53, 0x5846_5342, 0x9123_683E, 0x2FC1_2FC1, 0xF2F5_2010, 0x794C_7630, 0xCA45_1A4E, 0x4D44]
        {
            assert_eq!(FileSystem::from_type(number), FileSystem::Local, "{number:x}");
        }
        assert_eq!(FileSystem::from_type(0x6573_5546), FileSystem::Fuse);
        assert_eq!(FileSystem::from_type(0x0102_1994), FileSystem::Memory);
    }

    #[test]
    fn only_a_network_file_system_is_refused() {
        let refused = FileSystem::from_type(0x6969).can_hold_a_database().unwrap_err().to_string();
        assert!(refused.contains("network file system (NFS)") && refused.contains("local disk"), "{refused}");
        for allowed in [FileSystem::Local, FileSystem::Fuse, FileSystem::Memory] {
            assert!(allowed.can_hold_a_database().is_ok(), "{allowed:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn missing_file_has_the_file_system_of_its_parent_folder() {
        // The kernel's own file systems are not on the network, and `/proc` exists on every Linux.
        for path in ["/proc/no/such/folder/ikrypt.sqlite", "/proc/self/status", "ikrypt.sqlite", ""] {
            assert!(!matches!(FileSystem::of(Path::new(path)), FileSystem::Network(_)), "{path}");
        }
        if Path::new("/dev/shm").is_dir() {
            assert_eq!(FileSystem::of(Path::new("/dev/shm/no/ikrypt.sqlite")), FileSystem::Memory);
        }
    }
}
