//! `/.well-known/security.txt` (RFC 9116): the contact for reports of vulnerabilities.

use app::site::Contact;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use chrono::{DateTime, Days, NaiveTime, Utc};
use url::Url;

use crate::http::state::AppState;

pub(crate) const PATH: &str = "/.well-known/security.txt";
/// Validity of the file. RFC 9116 recommends less than a year.
const VALID_DAYS: u64 = 180;

/// Serves the file if the operator has configured a contact that it may contain.
pub(crate) fn routes(state: &AppState) -> Router<AppState> {
    let Some(fixed) =
        state.site().operator.contact.as_ref().and_then(|contact| fields(contact, state.public_urls()))
    else {
        return Router::new();
    };
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    Router::new().route(PATH, get(async move || (headers, format!("{fixed}Expires: {}\n", expires(clock())))))
}

#[expect(
    clippy::disallowed_methods,
    reason = "it only dates a public file, and decides nothing about a secret"
)]
fn clock() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// Returns all fields except `Expires`. `None` if the contact is a page without https, which RFC 9116 forbids.
fn fields(contact: &Contact, public_urls: &[String]) -> Option<String> {
    // `Url` percent-encodes characters outside ASCII.
    let contact =
        Url::parse(&contact.href()).ok().filter(|url| matches!(url.scheme(), "mailto" | "https"))?;
    let https = public_urls.iter().filter(|url| url.starts_with("https:"));
    let canonical: Vec<_> = https.map(|url| format!("Canonical: {url}{PATH}\n")).collect();
    Some(format!("Contact: {contact}\n{}Preferred-Languages: en\n", canonical.concat()))
}

/// Returns the time of expiry: midnight, so that the file is the same for a whole day.
fn expires(now: DateTime<Utc>) -> String {
    let day = now.date_naive().checked_add_days(Days::new(VALID_DAYS)).unwrap_or(now.date_naive());
    day.and_time(NaiveTime::MIN).and_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_txt_names_a_contact_and_its_canonical_urls() {
        let urls = ["https://a.example", "http://a.example:8080", "https://b.example"].map(str::to_owned);
        let mail = Contact::Mail("security@a.example".to_owned());
        let canonical = "Canonical: https://a.example/.well-known/security.txt\n\
            Canonical: https://b.example/.well-known/security.txt\n";
        assert_eq!(
            fields(&mail, &urls).unwrap(),
            format!("Contact: mailto:security@a.example\n{canonical}Preferred-Languages: en\n")
        );
        for (contact, field) in [
            (Contact::Mail("sécurité@a.example".to_owned()), Some("mailto:s%C3%A9curit%C3%A9@a.example")),
            (Contact::Web("https://a.example/security".to_owned()), Some("https://a.example/security")),
            (Contact::Web("http://a.example/security".to_owned()), None),
        ] {
            let text = field.map(|field| format!("Contact: {field}\nPreferred-Languages: en\n"));
            assert_eq!(fields(&contact, &[]), text);
        }
    }

    #[test]
    fn security_txt_expires_within_a_year() {
        let now = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(expires(now("2026-01-01T23:59:59Z")), "2026-06-30T00:00:00Z");
        assert_eq!(expires(now("2027-12-31T00:00:00Z")), "2028-06-28T00:00:00Z");
    }
}
