//! Checks that no database is created or opened on a network file system.

use super::*;

fn options(folder: &tempfile::TempDir) -> SqliteConnectOptions {
    SqliteStore::options(&format!("sqlite:{}", folder.path().join("ikrypt.sqlite").display())).unwrap()
}

async fn start(file_system: FileSystem, options: &SqliteConnectOptions) -> Result<SqliteStore, ConnectError> {
    SqliteStore::connect_on(file_system, options.clone(), SqlitePoolOptions::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn start_on_a_network_file_system_is_refused_before_a_file_is_made() {
    for name in ["NFS", "SMB", "9p"] {
        let folder = tempfile::tempdir().unwrap();
        let options = options(&folder);
        let refused = start(FileSystem::Network(name), &options).await.err().unwrap();
        assert!(matches!(refused, ConnectError::NetworkFileSystem(found) if found == name), "{refused}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn existing_database_on_a_network_file_system_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(&folder);
    for allowed in [FileSystem::Fuse, FileSystem::Memory, FileSystem::Local] {
        start(allowed, &options).await.unwrap().close().await;
        SqliteStore::connect_existing_on(allowed, options.clone()).await.unwrap().close().await;
    }
    for name in ["NFS", "SMB", "9p"] {
        let file_system = FileSystem::Network(name);
        for refused in [
            start(file_system, &options).await,
            SqliteStore::connect_existing_on(file_system, options.clone()).await,
        ] {
            assert!(matches!(refused, Err(ConnectError::NetworkFileSystem(found)) if found == name));
        }
    }
}
