//! ACCEPTANCE 19: a disk that is full, which is a small file system.

use std::path::PathBuf;
use std::process::Command;

use super::{Site, create_body, reveal_body, sealed};
use crate::support::{Bed, Sqlite};
use shared_crypto::{Payload, SealingKeys, seal};

suite! { sqlite: on_a_full_disk_nothing_is_consumed_and_with_room_it_goes_on }

/// A file system of 4 MiB, as long as the value lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mut mount = Command::new("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=4m", "none"]).arg(&at).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

async fn on_a_full_disk_nothing_is_consumed_and_with_room_it_goes_on(bed: &Bed<Sqlite>) {
    let Some(disk) = SmallDisk::mount(bed.database.folder.path().join("disk")) else {
        eprintln!("nothing can be mounted here; `it store::commit` fills a database in another way");
        return;
    };
    let url = format!("sqlite:{}", disk.0.join("ikrypt.sqlite").display());
    let site = Site::over(server::store::connect(&url).await.unwrap()).await;
    let (secret, id) = site.secret(2).await;
    // What is left is taken by a stranger's file.
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 16 << 20]).unwrap_err();

    let large = seal(&Payload::text("x".repeat(500_000)), SealingKeys::generate().unwrap(), None).unwrap();
    for _ in 0..3 {
        let answer = site.call("create", &create_body(&large, 1)).await;
        assert!(matches!(answer.status, 503 | 507), "{answer:?}");
    }
    let body = reveal_body(&secret, &id);
    let answer = site.call("reveal", &body).await;
    assert!(matches!(answer.status, 200 | 503 | 507), "{answer:?}");

    std::fs::remove_file(filler).unwrap();
    // The same claim: one view, whether it was granted on the full disk or not.
    let answer = site.call("reveal", &body).await;
    assert_eq!((answer.status, answer.json()["views_left"].as_u64()), (200, Some(1)));
    assert_eq!(site.call("create", &create_body(&large, 1)).await.status, 201);
    assert_eq!(site.call("create", &create_body(&sealed(), 1)).await.status, 201);
    site.stop().await.unwrap();
}
