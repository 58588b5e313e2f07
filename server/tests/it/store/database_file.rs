//! Location and permissions of SQLite database files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use server::commands::check::{Severity, check};
use server::config::Config;
use server::store::{ConnectError, FileSystem, SqliteStore, connect, connect_existing};

use crate::http::TestServer;
use crate::support::{Database as _, Sqlite, TestStore};

suite! {
    sqlite: url_without_a_file_is_refused_and_creates_no_file,
    wide_permissions_are_corrected_at_start_and_reported_by_check,
    narrower_permissions_are_kept_and_new_files_are_private,
    permissions_of_a_symlinked_database_are_corrected,
    in_memory_file_system_is_reported_by_check
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Returns the findings of `check` about the database at this URL that are warnings or errors.
async fn findings_about_database(url: &str) -> Vec<(Severity, String)> {
    let now = "2026-11-27T09:00:00Z".parse().unwrap();
    let findings = check(&Config::for_testing(url), Some(&TestServer::assets()), now).await;
    let about_database = findings.into_iter().filter(|finding| {
        ["database", "other accounts"].iter().any(|word| finding.text.contains(word))
            && !finding.text.contains("clock")
            && finding.severity != Severity::Ok
    });
    about_database.map(|finding| (finding.severity, finding.text)).collect()
}

async fn url_without_a_file_is_refused_and_creates_no_file(_: &TestStore<Sqlite>) {
    let list_working_directory = || {
        let entries = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    };
    let before = list_working_directory();
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://", "sqlite:probe.db?mode=memory"]
    {
        for result in [connect(url).await, connect_existing(url).await] {
            assert!(matches!(result.err(), Some(ConnectError::NotAFile(_))), "{url}");
        }
        let findings = findings_about_database(url).await;
        assert!(
            matches!(&findings[..], [(Severity::Error, text)] if text.contains("name a file")),
            "{url}: {findings:?}"
        );
    }
    assert!(matches!(connect("sqlite:probe.db?mode=ro").await.err(), Some(ConnectError::UrlParameter(_))));
    assert_eq!(list_working_directory(), before);
}

async fn wide_permissions_are_corrected_at_start_and_reported_by_check(test: &TestStore<Sqlite>) {
    let secret = test.secret(1).await;
    // Copies the files of a running store, as a killed process would leave them, with wider permissions.
    let copy = Sqlite::create();
    let mut files: Vec<PathBuf> = Vec::new();
    for (file, wide_mode) in test.database.files().iter().zip([0o644, 0o666, 0o640, 0o700]) {
        let to = copy.folder.path().join(file.file_name().unwrap());
        std::fs::copy(file, &to).unwrap();
        set_mode(&to, wide_mode);
        files.push(to);
    }
    assert_eq!(files.len(), 3, "the database, its write-ahead log, and the index of the log");
    let findings = findings_about_database(&copy.url()).await;
    for file in files.iter().filter(|file| file.exists()) {
        let path = file.display().to_string();
        assert!(
            findings.iter().any(|(severity, text)| *severity == Severity::Error && text.contains(&path)),
            "{findings:?}"
        );
    }
    let store = copy.connect().await;
    for file in copy.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(store.reveal(secret.attempt()).await.unwrap(), secret.granted(0));
    store.close().await;
    assert_eq!(findings_about_database(&copy.url()).await, []);
    copy.remove().await;
}

async fn narrower_permissions_are_kept_and_new_files_are_private(test: &TestStore<Sqlite>) {
    for file in test.database.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let database = Sqlite::create();
    let store = database.connect().await;
    store.close().await;
    let file = database.folder.path().join("ikrypt.db");
    set_mode(&file, 0o400);
    // Only root can write to it now. For other users this start fails and changes nothing.
    if let Ok(store) = connect(&database.url()).await {
        store.close().await;
    }
    assert_eq!(mode(&file), 0o400);
}

async fn permissions_of_a_symlinked_database_are_corrected(_: &TestStore<Sqlite>) {
    let (real, linked) = (Sqlite::create(), Sqlite::create());
    // Stays open, so that the log and its index exist.
    let other = real.connect().await;
    assert_eq!(real.files().len(), 3);
    for file in real.files() {
        set_mode(&file, 0o604);
    }
    let file = real.folder.path().join("ikrypt.db");
    std::os::unix::fs::symlink(&file, linked.folder.path().join("ikrypt.db")).unwrap();
    assert_eq!(findings_about_database(&linked.url()).await.len(), 3);
    let store = linked.connect().await;
    for file in real.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    store.close().await;
    other.close().await;
}

async fn in_memory_file_system_is_reported_by_check(_: &TestStore<Sqlite>) {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!(
            "SKIPPED: there is no /dev/shm; the unit tests of `file_system` cover the numbers of file systems"
        );
        return;
    };
    let url = format!("sqlite:{}", folder.path().join("ikrypt.db").display());
    assert_eq!(SqliteStore::inspect(&url).unwrap(), (FileSystem::Memory, Vec::new()));
    connect(&url).await.unwrap().close().await;
    let findings = findings_about_database(&url).await;
    assert!(
        matches!(&findings[..], [(Severity::Warning, text)] if text.contains("in memory")),
        "{findings:?}"
    );
}
