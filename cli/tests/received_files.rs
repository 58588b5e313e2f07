//! `ikrypt open` never saves a file under a name that programs act on in the current folder, and loses no content.
#![allow(clippy::unwrap_used, reason = "a failure in a test may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{ikrypt, ikrypt_with, send, stderr, stub_server};

/// Returns the entries of a folder, with the content of files.
fn list(folder: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).ok())).collect()
}

/// Creates a folder with a file for each name.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), format!("content of {name}")).unwrap();
    }
    folder
}

const NAME_SETS: [&[&str]; 5] = [
    &[".bashrc", "authorized_keys", "-rf"],
    &[".env", "compose.yaml"],
    &["--checkpoint-action=exec=sh x.sh", "x.sh", "..."],
    &["Makefile", "json.py", "version.dll", "~"],
    &["report.pdf", "notes.txt"],
];

#[test]
fn files_without_output_folder_are_saved_in_a_new_folder() {
    let origin = stub_server::storing();
    for names in NAME_SETS {
        let sender = folder_with(names);
        let link = send(&origin, sender.path(), names);
        let home = folder_with(&["existing"]);
        for folder in ["ikrypt-files", "ikrypt-files-2"] {
            let opened = ikrypt(home.path(), &["open", &link], "");
            assert!(opened.status.success(), "{}", stderr(&opened));
            assert!(opened.stdout.is_empty());
            let saved = list(&home.path().join(folder));
            assert_eq!(saved.len(), names.len(), "{saved:?}");
            for name in names {
                let sanitized = if *name == "..." { "file" } else { name };
                assert_eq!(saved[sanitized].as_deref(), Some(format!("content of {name}").as_bytes()));
            }
        }
        let entries: Vec<String> = list(home.path()).into_keys().collect();
        assert_eq!(entries, ["existing", "ikrypt-files", "ikrypt-files-2"]);
    }
}

#[test]
fn names_and_sizes_are_shown_before_a_file_is_written() {
    let origin = stub_server::storing();
    for names in NAME_SETS {
        let sender = folder_with(names);
        let link = send(&origin, sender.path(), names);
        for args in [["open", &link].as_slice(), &["open", "--output", "out", &link]] {
            let stderr = stderr(&ikrypt(folder_with(&[]).path(), args, ""));
            let (before, _) = stderr.split_once("saved ").unwrap();
            assert!(before.contains(&format!("{} files:", names.len())), "{stderr}");
            for name in names {
                let bytes = "content of ".len() + name.len();
                let sanitized = if *name == "..." { "file" } else { name };
                assert!(before.contains(&format!("  {sanitized} ({bytes} bytes)\n")), "{stderr}");
            }
        }
    }
}

#[test]
fn named_output_folder_keeps_every_name() {
    let origin = stub_server::storing();
    for names in [&[".env", "-rf"][..], &[".bashrc", "a.txt"], &["--help", "authorized_keys"]] {
        let sender = folder_with(names);
        let link = send(&origin, sender.path(), names);
        for output in ["out", "."] {
            let home = folder_with(&[]);
            let opened = ikrypt(home.path(), &["open", "--output", output, &link], "");
            assert!(opened.status.success(), "{}", stderr(&opened));
            let saved = list(&home.path().join(output));
            for name in names {
                assert_eq!(
                    saved[*name].as_deref(),
                    Some(format!("content of {name}").as_bytes()),
                    "{output}"
                );
            }
        }
    }
}

#[test]
fn files_are_saved_in_a_temporary_folder_if_the_current_one_is_not_writable() {
    let origin = stub_server::storing();
    for names in [&[".bashrc", "-rf"][..], &[".env", "b"], &["one.txt", "two.txt"]] {
        let sender = folder_with(names);
        let link = send(&origin, sender.path(), names);
        // No process can create a folder in /proc, not even one of root.
        let opened = ikrypt(Path::new("/proc"), &["open", &link], "");
        assert_eq!(opened.status.code(), Some(1), "{}", stderr(&opened));
        let stderr = stderr(&opened);
        for name in names {
            let path = stderr.lines().find_map(|line| {
                let (path, _) = line.strip_prefix("saved ")?.split_once(" (")?;
                path.ends_with(name).then_some(path)
            });
            let path = Path::new(path.unwrap());
            assert_eq!(fs::read_to_string(path).unwrap(), format!("content of {name}"));
            fs::remove_file(path).unwrap();
            drop(fs::remove_dir(path.parent().unwrap()));
        }
    }
}

#[test]
fn note_is_written_and_lost_files_are_named_if_no_folder_is_writable() {
    let origin = stub_server::storing();
    for (note, names) in
        [("first", &["a.txt"][..]), ("second", &[".env", "b"]), ("third\n", &["-rf", "c", "d"])]
    {
        let sender = folder_with(names);
        let args: Vec<&str> = ["send", "--server", &origin, "--", "-"].iter().chain(names).copied().collect();
        let sent = ikrypt(sender.path(), &args, note);
        let link = String::from_utf8(sent.stdout).unwrap();
        // Neither the current folder nor the one for temporary files is writable.
        let opened = ikrypt_with(Path::new("/proc"), &["open", link.trim()], "", &[("TMPDIR", "/proc")]);
        assert_eq!(opened.status.code(), Some(1), "{}", stderr(&opened));
        assert_eq!(String::from_utf8_lossy(&opened.stdout), note, "{}", stderr(&opened));
        for name in names {
            assert!(stderr(&opened).contains(&format!("lost {name}: ")), "{}", stderr(&opened));
        }
        assert!(stderr(&opened).contains("could not be saved anywhere"), "{}", stderr(&opened));
    }
}
