//! A full disk, simulated by a small file system.

use std::path::PathBuf;
use std::process::Command;

use super::{TestServer, create_body, reveal_body, sealed_secret, sealed_text};
use crate::support::{Sqlite, TestStore};

suite! { sqlite: full_disk_uses_no_view_and_the_server_recovers_when_there_is_room }

/// A file system of 4 MiB that is unmounted when the value is dropped.
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

async fn full_disk_uses_no_view_and_the_server_recovers_when_there_is_room(test: &TestStore<Sqlite>) {
    let Some(disk) = SmallDisk::mount(test.database.folder.path().join("disk")) else {
        eprintln!("SKIPPED: mounting is not allowed; `it store::commit` fills a database without it");
        return;
    };
    let url = format!("sqlite:{}", disk.0.join("ikrypt.sqlite").display());
    let server = TestServer::with_store(server::store::connect(&url).await.unwrap()).await;
    let (secret, id) = server.secret(2).await;
    // Another file takes the rest of the space.
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 16 << 20]).unwrap_err();

    let large = sealed_text("x".repeat(500_000));
    for _ in 0..3 {
        let response = server.call("create", &create_body(&large, 1)).await;
        assert!(matches!(response.status, 503 | 507), "{response:?}");
    }
    let body = reveal_body(&secret, &id);
    let response = server.call("reveal", &body).await;
    assert!(matches!(response.status, 200 | 503 | 507), "{response:?}");

    std::fs::remove_file(filler).unwrap();
    // The same claim gets one view, whether it was granted on the full disk or not.
    let response = server.call("reveal", &body).await;
    assert_eq!((response.status, response.json()["views_left"].as_u64()), (200, Some(1)));
    assert_eq!(server.call("create", &create_body(&large, 1)).await.status, 201);
    assert_eq!(server.call("create", &create_body(&sealed_secret(), 1)).await.status, 201);
    server.stop().await.unwrap();
}
