//! ACCEPTANCE 61: where a SQLite database may be kept, and who can read its files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use server::commands::check::{Verdict, check};
use server::config::Config;
use server::store::{ConnectError, FileSystem, SqliteStore, connect, connect_existing};

use crate::http::Site;
use crate::support::{Bed, Database as _, Sqlite};

suite! {
    sqlite: url_without_a_file_is_refused_and_makes_none,
    wide_permissions_are_corrected_at_the_start_and_reported_by_check,
    narrower_permissions_and_new_files_are_left_alone,
    permissions_of_a_linked_database_are_corrected,
    file_system_in_memory_is_reported_by_check
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What `check` says about the database at this URL, apart from what is good.
async fn complaints(url: &str) -> Vec<(Verdict, String)> {
    let now = "2026-11-27T09:00:00Z".parse().unwrap();
    let findings = check(&Config::for_testing(url), Some(&Site::assets()), now).await;
    let about_database = findings.into_iter().filter(|finding| {
        ["database", "other accounts"].iter().any(|word| finding.text.contains(word))
            && !finding.text.contains("clock")
            && finding.verdict != Verdict::Good
    });
    about_database.map(|finding| (finding.verdict, finding.text)).collect()
}

async fn url_without_a_file_is_refused_and_makes_none(_: &Bed<Sqlite>) {
    let here = || {
        let entries = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    };
    let before = here();
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://", "sqlite:probe.db?mode=memory"]
    {
        for ended in [connect(url).await, connect_existing(url).await] {
            assert!(matches!(ended.err(), Some(ConnectError::NotAFile(_))), "{url}");
        }
        let said = complaints(url).await;
        assert!(
            matches!(&said[..], [(Verdict::Bad, text)] if text.contains("name a file")),
            "{url}: {said:?}"
        );
    }
    assert!(matches!(connect("sqlite:probe.db?mode=ro").await.err(), Some(ConnectError::UrlParameter(_))));
    assert_eq!(here(), before);
}

async fn wide_permissions_are_corrected_at_the_start_and_reported_by_check(bed: &Bed<Sqlite>) {
    let sample = bed.secret(1).await;
    // The files as a killed process leaves them, copied without their permissions.
    let copy = Sqlite::fresh();
    let mut files: Vec<PathBuf> = Vec::new();
    for (file, wide) in bed.database.files().iter().zip([0o644, 0o666, 0o640, 0o700]) {
        let to = copy.folder.path().join(file.file_name().unwrap());
        std::fs::copy(file, &to).unwrap();
        set_mode(&to, wide);
        files.push(to);
    }
    assert_eq!(files.len(), 3, "the database, its log and the index of that");
    let said = complaints(&copy.url()).await;
    for file in files.iter().filter(|file| file.exists()) {
        let path = file.display().to_string();
        assert!(
            said.iter().any(|(verdict, text)| *verdict == Verdict::Bad && text.contains(&path)),
            "{said:?}"
        );
    }
    let store = copy.connect().await;
    for file in copy.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(store.reveal(sample.attempt()).await.unwrap(), sample.granted(0));
    store.close().await;
    assert_eq!(complaints(&copy.url()).await, []);
    copy.remove().await;
}

async fn narrower_permissions_and_new_files_are_left_alone(bed: &Bed<Sqlite>) {
    for file in bed.database.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let new = Sqlite::fresh();
    let store = new.connect().await;
    store.close().await;
    let file = new.folder.path().join("ikrypt.db");
    set_mode(&file, 0o400);
    // Only the superuser can write to it now; for everybody else this start fails, and changes nothing.
    if let Ok(store) = connect(&new.url()).await {
        store.close().await;
    }
    assert_eq!(mode(&file), 0o400);
}

async fn permissions_of_a_linked_database_are_corrected(_: &Bed<Sqlite>) {
    let (real, linked) = (Sqlite::fresh(), Sqlite::fresh());
    // Open all the time, so that the log and its index are there.
    let other = real.connect().await;
    assert_eq!(real.files().len(), 3);
    for file in real.files() {
        set_mode(&file, 0o604);
    }
    let file = real.folder.path().join("ikrypt.db");
    std::os::unix::fs::symlink(&file, linked.folder.path().join("ikrypt.db")).unwrap();
    assert_eq!(complaints(&linked.url()).await.len(), 3);
    let store = linked.connect().await;
    for file in real.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    store.close().await;
    other.close().await;
}

async fn file_system_in_memory_is_reported_by_check(_: &Bed<Sqlite>) {
    let Ok(folder) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("there is no /dev/shm here: `server file_system` judges the numbers alone");
        return;
    };
    let url = format!("sqlite:{}", folder.path().join("ikrypt.db").display());
    assert_eq!(SqliteStore::inspect(&url).unwrap(), (FileSystem::Memory, Vec::new()));
    connect(&url).await.unwrap().close().await;
    let said = complaints(&url).await;
    assert!(matches!(&said[..], [(Verdict::Doubtful, text)] if text.contains("in memory")), "{said:?}");
}
