//! ACCEPTANCE 58: variables that are empty, misspelt, unknown, or name a file.

use super::{program, said};

/// Of no use: the program ends as soon as it has understood its settings.
const NOWHERE: &str = "mysql://127.0.0.1/x";
/// What it says then.
const REACHED: &str = "DATABASE_URL must begin with";

/// Starts the program, which must get as far as its database.
#[track_caller]
fn reaches_the_database(variables: &[(&str, &str)]) -> String {
    let mut all = vec![("DATABASE_URL", NOWHERE)];
    all.extend(variables);
    let said = said(&program(&all).output().unwrap());
    assert!(said.contains(REACHED), "{variables:?}: {said}");
    said
}

#[track_caller]
fn refuses(variables: &[(&str, &str)], names: &str) {
    let output = program(variables).output().unwrap();
    let said = said(&output);
    assert!(!output.status.success() && said.contains(names), "{variables:?}: {said}");
    assert!(!said.contains(REACHED), "{variables:?}: {said}");
}

#[test]
fn empty_variable_counts_as_unset() {
    for name in [
        "IKRYPT_CONTACT",
        "IKRYPT_PUBLIC_URL",
        "IKRYPT_LISTEN",
        "IKRYPT_MAX_VIEWS",
        "IKRYPT_TRUSTED_PROXIES",
        "IKRYPT_CREATION_TOKENS_FILE",
        "IKRYPT_OTLP_ENDPOINT",
        "IKRYPT_MAX_VEIWS",
        "DATABASE_URL_FILE",
    ] {
        reaches_the_database(&[(name, "")]);
    }
    // A value of spaces is a value.
    refuses(&[("IKRYPT_CONTACT", " "), ("DATABASE_URL", NOWHERE)], "IKRYPT_CONTACT");
}

#[test]
fn misspelt_variable_is_refused_with_its_correct_name() {
    for (wrong, right) in [
        ("IKRYPT_MAX_VEIWS", "IKRYPT_MAX_VIEWS"),
        ("IKRYPT_DATABASE_URL", "DATABASE_URL"),
        ("ikrypt_public_url", "IKRYPT_PUBLIC_URL"),
        ("IKRIPT_CONTACT", "IKRYPT_CONTACT"),
    ] {
        refuses(&[(wrong, "3"), ("DATABASE_URL", NOWHERE)], &format!("the correct name is {right}"));
    }
    // Without a database of its own the server would make a file.
    refuses(&[("DATABSE_URL", NOWHERE)], "the correct name is DATABASE_URL");
    refuses(&[("DATABASE_URL", ""), ("DATABASE_URI", NOWHERE)], "the correct name is DATABASE_URL");
    reaches_the_database(&[("DATABASE_URI", "mysql://another.program")]);
}

#[test]
fn unknown_variables_are_logged_once_and_injected_ones_are_not() {
    let said = reaches_the_database(&[
        ("IKRYPT_NEW_SETTING", "hunter2"),
        ("IKRYPT_OTHER", "x"),
        ("IKRYPT_PORT", "tcp://10.0.0.1:3000"),
        ("IKRYPT_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
        ("IKRYPT_SERVICE_HOST", "10.0.0.1"),
        ("IKRYPT_TOKEN", "of the command line"),
    ]);
    assert_eq!(said.matches("are not settings of this server").count(), 1, "{said}");
    assert!(
        said.contains(r#"["IKRYPT_NEW_SETTING", "IKRYPT_OTHER"]"#) && !said.contains("hunter2"),
        "{said}"
    );
    for name in ["IKRYPT_PORT", "IKRYPT_SERVICE_HOST", "IKRYPT_TOKEN"] {
        assert!(!said.contains(name), "{said}");
    }
    let quiet = reaches_the_database(&[("IKRYPT_SERVICE_HOST", "10.0.0.1")]);
    assert!(!quiet.contains("are not settings"), "{quiet}");
}

#[test]
fn file_holds_the_database_url() {
    let folder = tempfile::tempdir().unwrap();
    let (file, database) = (folder.path().join("url"), folder.path().join("db.sqlite"));
    let file_name = file.to_str().unwrap();
    let stats = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = program(variables);
        said(&command.args(arguments).args(["admin", "migrate"]).output().unwrap())
    };
    for end in ["", "\n", "\r\n"] {
        std::fs::write(&file, format!("sqlite:{}{end}", database.display())).unwrap();
        let said = stats(&[("DATABASE_URL_FILE", file_name), ("DATABASE_URL", "")], &[]);
        assert!(said.contains("up to date"), "{said}");
        assert!(database.exists(), "{end:?} is part of the name");
        std::fs::remove_file(&database).unwrap();
    }
    // A flag wins, and a second variable is one too many.
    let said = stats(&[("DATABASE_URL_FILE", file_name)], &["--database-url", NOWHERE]);
    assert!(said.contains(REACHED), "{said}");
    refuses(&[("DATABASE_URL_FILE", file_name), ("DATABASE_URL", NOWHERE)], "are both set");
    refuses(&[("DATABASE_URL_FILE", "/nowhere/at/all")], "DATABASE_URL_FILE (/nowhere/at/all)");
    std::fs::write(&file, "\n").unwrap();
    refuses(&[("DATABASE_URL_FILE", file_name)], "the file is empty");
    assert!(!database.exists());
}
