//! Checks that no part of a password is shown, whatever characters it has.

use super::*;

/// Passwords that split a URL at the wrong position. `Tail` must not be shown.
const PASSWORDS: [&str; 16] = [
    "/Tail",
    "?Tail",
    "#Tail",
    "12/Tail",
    "12?Tail",
    "12#Tail",
    "a@b/Tail",
    "?sslmode=Tail",
    "/x?dbname=Tail",
    "?host=Tail",
    "@[::1]/Tail",
    "\\/Tail",
    "a/b?c#Tail",
    "a\n/Tail",
    "/Tail/",
    "12?application_name=Tail&x=",
];

#[test]
fn password_that_splits_the_url_is_refused_and_not_shown() {
    for password in PASSWORDS {
        let url = format!("postgres://user:{password}@db.example/ikrypt");
        let error = postgres_options(&url).unwrap_err();
        assert!(matches!(error, ConnectError::Url), "{url}: {error}");
        assert!(error.to_string().contains("percent-encode"), "{error}");
        for shown in [describe(&url), error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("Tail"), "{url} is shown as {shown}");
        }
    }
}

#[test]
fn password_that_does_not_split_the_url_works_and_is_not_shown() {
    for password in
        ["Tail", "Ta:Tail", "a@Tail", "100%Tail", "a Tail", "ä\"Tail", "%2FTail", "[Tail]", "<Tail>^`{|}"]
    {
        let url = format!("postgres://user:{password}@db.example/ikrypt");
        let options = postgres_options(&url).unwrap();
        assert_eq!((options.get_host(), options.get_database()), ("db.example", Some("ikrypt")), "{url}");
        assert!(!describe(&url).contains("Tail"), "{url} is shown as {}", describe(&url));
    }
    assert_eq!(describe("postgres://user:%2FTail@db.example/ikrypt"), "postgres://db.example/ikrypt");
    assert_eq!(describe("postgres://user:a@Tail@db.example/ikrypt"), "postgres://(not shown)");
}

#[test]
fn parameter_with_a_wrong_value_is_refused_without_the_value() {
    for url in ["postgres://h/d?sslmode=Tail", "postgres://h/d?port=Tail", "postgres://%FFTail:x@h/d"] {
        let error = postgres_options(url).unwrap_err();
        assert!(matches!(error, ConnectError::Parameter), "{url}: {error}");
        assert!(!error.to_string().contains("Tail") && !format!("{error:?}").contains("Tail"), "{error}");
    }
}

#[test]
fn strict_url_is_shown_with_host_and_database() {
    for (url, shown) in [
        (
            "postgres://u:p@db.example:6432/secrets?password=Tail&sslmode=require",
            "postgres://db.example/secrets",
        ),
        ("postgresql://db.example/secrets", "postgresql://db.example/secrets"),
        ("postgres:///secrets?host=/var/run/postgresql&user=u&password=Tail", "postgres://(socket)/secrets"),
        ("postgres://u:p@[::1]:5432/secrets", "postgres://[::1]/secrets"),
        ("postgres://ignored/x?host=db.example&dbname=secrets", "postgres://db.example/secrets"),
        ("sqlite:data/ikrypt.sqlite", "sqlite:data/ikrypt.sqlite"),
        ("sqlite:///srv/ikrypt@prod/x.sqlite?mode=rwc", "sqlite:///srv/ikrypt@prod/x.sqlite"),
    ] {
        assert_eq!(describe(url), shown, "{url}");
    }
}

#[test]
fn malformed_url_is_shown_with_its_scheme_at_most() {
    for text in [
        "",
        "Tail",
        "mysql://user:Tail@host/db",
        "host=db.example password=a:Tail",
        "postgres:user:Tail@host/db",
        "postgres:/Tail@host/db",
        "postgres://user:/Tail",
        "sqlite://user:Tail@host/db",
        "sqlite:x.sqlite?key=Tail",
    ] {
        assert!(!describe(text).contains("Tail"), "{text} is shown as {}", describe(text));
    }
    assert!(matches!(backend("mysql://x"), Err(ConnectError::Scheme)));
    assert!(matches!(postgres_options("postgres:user:Tail@host/db"), Err(ConnectError::Url)));
}
