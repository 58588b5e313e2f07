//! Files that are received never take a name that a program acts on in the current folder (acceptance 66).
#![allow(clippy::unwrap_used, reason = "in a test, what fails may panic")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{ikrypt, ikrypt_with, said, send, server};

/// What a folder holds: the names, with the content of the files.
fn listed(folder: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).ok())).collect()
}

fn written(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(folder.path().join(name), format!("content of {name}")).unwrap();
    }
    folder
}

const BATCHES: [&[&str]; 5] = [
    &[".bashrc", "authorized_keys", "-rf"],
    &[".env", "compose.yaml"],
    &["--checkpoint-action=exec=sh x.sh", "x.sh", "..."],
    &["Makefile", "json.py", "version.dll", "~"],
    &["report.pdf", "notes.txt"],
];

#[test]
fn files_without_output_folder_are_saved_in_a_new_folder() {
    let origin = server::storing();
    for names in BATCHES {
        let sender = written(names);
        let link = send(&origin, sender.path(), names);
        let home = written(&["mine"]);
        for folder in ["ikrypt-files", "ikrypt-files-2"] {
            let opened = ikrypt(home.path(), &["open", &link], "");
            assert!(opened.status.success(), "{}", said(&opened));
            assert!(opened.stdout.is_empty());
            let saved = listed(&home.path().join(folder));
            assert_eq!(saved.len(), names.len(), "{saved:?}");
            for name in names {
                let cleaned = if *name == "..." { "file" } else { name };
                assert_eq!(saved[cleaned].as_deref(), Some(format!("content of {name}").as_bytes()));
            }
        }
        let here: Vec<String> = listed(home.path()).into_keys().collect();
        assert_eq!(here, ["ikrypt-files", "ikrypt-files-2", "mine"]);
    }
}

#[test]
fn names_and_sizes_are_shown_before_the_first_file_is_written() {
    let origin = server::storing();
    for names in BATCHES {
        let sender = written(names);
        let link = send(&origin, sender.path(), names);
        for args in [["open", &link].as_slice(), &["open", "--output", "out", &link]] {
            let said = said(&ikrypt(written(&[]).path(), args, ""));
            let (before, _) = said.split_once("saved ").unwrap();
            assert!(before.contains(&format!("{} files:", names.len())), "{said}");
            for name in names {
                let bytes = "content of ".len() + name.len();
                let cleaned = if *name == "..." { "file" } else { name };
                assert!(before.contains(&format!("  {cleaned} ({bytes} bytes)\n")), "{said}");
            }
        }
    }
}

#[test]
fn named_output_folder_keeps_every_name() {
    let origin = server::storing();
    for names in [&[".env", "-rf"][..], &[".bashrc", "a.txt"], &["--help", "authorized_keys"]] {
        let sender = written(names);
        let link = send(&origin, sender.path(), names);
        for output in ["out", "."] {
            let home = written(&[]);
            let opened = ikrypt(home.path(), &["open", "--output", output, &link], "");
            assert!(opened.status.success(), "{}", said(&opened));
            let saved = listed(&home.path().join(output));
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
fn nothing_is_lost_where_the_current_folder_takes_no_new_one() {
    let origin = server::storing();
    for names in [&[".bashrc", "-rf"][..], &[".env", "b"], &["one.txt", "two.txt"]] {
        let sender = written(names);
        let link = send(&origin, sender.path(), names);
        // The kernel lets no process create a folder in /proc, not even one of root.
        let opened = ikrypt(Path::new("/proc"), &["open", &link], "");
        assert_eq!(opened.status.code(), Some(1), "{}", said(&opened));
        let said = said(&opened);
        for name in names {
            let path = said.lines().find_map(|line| {
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
fn note_is_written_and_lost_files_are_named_where_no_folder_can_be_made() {
    let origin = server::storing();
    for (note, names) in
        [("first", &["a.txt"][..]), ("second", &[".env", "b"]), ("third\n", &["-rf", "c", "d"])]
    {
        let sender = written(names);
        let args: Vec<&str> = ["send", "--server", &origin, "--", "-"].iter().chain(names).copied().collect();
        let sent = ikrypt(sender.path(), &args, note);
        let link = String::from_utf8(sent.stdout).unwrap();
        // Neither here nor in the folder for temporary files can a folder be made.
        let opened = ikrypt_with(Path::new("/proc"), &["open", link.trim()], "", &[("TMPDIR", "/proc")]);
        assert_eq!(opened.status.code(), Some(1), "{}", said(&opened));
        assert_eq!(String::from_utf8_lossy(&opened.stdout), note, "{}", said(&opened));
        for name in names {
            assert!(said(&opened).contains(&format!("lost {name}: ")), "{}", said(&opened));
        }
        assert!(said(&opened).contains("could be kept nowhere"), "{}", said(&opened));
    }
}
