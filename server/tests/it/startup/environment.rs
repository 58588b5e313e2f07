//! Environment variables that are empty, misspelt, unknown, or name a file.

use super::{combined_output, server_command};

/// A URL that the program refuses after it has read its settings.
const UNSUPPORTED_URL: &str = "mysql://127.0.0.1/x";
/// The error for that URL.
const UNSUPPORTED_URL_ERROR: &str = "DATABASE_URL must begin with";

/// Starts the program, asserts that it accepts its settings and gets as far as its database, and returns the output.
#[track_caller]
fn assert_accepted(variables: &[(&str, &str)]) -> String {
    let mut all = vec![("DATABASE_URL", UNSUPPORTED_URL)];
    all.extend(variables);
    let text = combined_output(&server_command(&all).output().unwrap());
    assert!(text.contains(UNSUPPORTED_URL_ERROR), "{variables:?}: {text}");
    text
}

/// Starts the program, and asserts that it refuses its settings with an error that contains `expected`.
#[track_caller]
fn assert_refused(variables: &[(&str, &str)], expected: &str) {
    let output = server_command(variables).output().unwrap();
    let text = combined_output(&output);
    assert!(!output.status.success() && text.contains(expected), "{variables:?}: {text}");
    assert!(!text.contains(UNSUPPORTED_URL_ERROR), "{variables:?}: {text}");
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
        assert_accepted(&[(name, "")]);
    }
    // A value of spaces is not empty.
    assert_refused(&[("IKRYPT_CONTACT", " "), ("DATABASE_URL", UNSUPPORTED_URL)], "IKRYPT_CONTACT");
}

#[test]
fn misspelt_variable_is_refused_with_its_correct_name() {
    for (misspelt, correct) in [
        ("IKRYPT_MAX_VEIWS", "IKRYPT_MAX_VIEWS"),
        ("IKRYPT_DATABASE_URL", "DATABASE_URL"),
        ("ikrypt_public_url", "IKRYPT_PUBLIC_URL"),
        ("IKRIPT_CONTACT", "IKRYPT_CONTACT"),
    ] {
        assert_refused(
            &[(misspelt, "3"), ("DATABASE_URL", UNSUPPORTED_URL)],
            &format!("the correct name is {correct}"),
        );
    }
    // Without `DATABASE_URL` the server would create a file.
    assert_refused(&[("DATABSE_URL", UNSUPPORTED_URL)], "the correct name is DATABASE_URL");
    assert_refused(
        &[("DATABASE_URL", ""), ("DATABASE_URI", UNSUPPORTED_URL)],
        "the correct name is DATABASE_URL",
    );
    assert_accepted(&[("DATABASE_URI", "mysql://another.program")]);
}

#[test]
fn unknown_variables_are_logged_once_and_injected_ones_are_not() {
    let text = assert_accepted(&[
        ("IKRYPT_NEW_SETTING", "hunter2"),
        ("IKRYPT_OTHER", "x"),
        ("IKRYPT_PORT", "tcp://10.0.0.1:3000"),
        ("IKRYPT_PORT_3000_TCP", "tcp://10.0.0.1:3000"),
        ("IKRYPT_SERVICE_HOST", "10.0.0.1"),
        ("IKRYPT_TOKEN", "for the command-line client"),
    ]);
    assert_eq!(text.matches("are not settings of this server").count(), 1, "{text}");
    assert!(
        text.contains(r#"["IKRYPT_NEW_SETTING", "IKRYPT_OTHER"]"#) && !text.contains("hunter2"),
        "{text}"
    );
    for name in ["IKRYPT_PORT", "IKRYPT_SERVICE_HOST", "IKRYPT_TOKEN"] {
        assert!(!text.contains(name), "{text}");
    }
    let quiet = assert_accepted(&[("IKRYPT_SERVICE_HOST", "10.0.0.1")]);
    assert!(!quiet.contains("are not settings"), "{quiet}");
}

#[test]
fn database_url_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, database) = (folder.path().join("url"), folder.path().join("db.sqlite"));
    let file_name = file.to_str().unwrap();
    let migrate = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = server_command(variables);
        combined_output(&command.args(arguments).args(["admin", "migrate"]).output().unwrap())
    };
    for line_end in ["", "\n", "\r\n"] {
        std::fs::write(&file, format!("sqlite:{}{line_end}", database.display())).unwrap();
        let text = migrate(&[("DATABASE_URL_FILE", file_name), ("DATABASE_URL", "")], &[]);
        assert!(text.contains("up to date"), "{text}");
        assert!(database.exists(), "{line_end:?} became part of the file name");
        std::fs::remove_file(&database).unwrap();
    }
    // A flag overrides the variable. Two variables are an error.
    let text = migrate(&[("DATABASE_URL_FILE", file_name)], &["--database-url", UNSUPPORTED_URL]);
    assert!(text.contains(UNSUPPORTED_URL_ERROR), "{text}");
    assert_refused(&[("DATABASE_URL_FILE", file_name), ("DATABASE_URL", UNSUPPORTED_URL)], "are both set");
    assert_refused(&[("DATABASE_URL_FILE", "/nowhere/at/all")], "DATABASE_URL_FILE (/nowhere/at/all)");
    std::fs::write(&file, "\n").unwrap();
    assert_refused(&[("DATABASE_URL_FILE", file_name)], "the file is empty");
    assert!(!database.exists());
}
