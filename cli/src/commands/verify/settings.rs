//! The settings of a server: its pages show them, and no build knows them.

use std::ops::RangeInclusive;

use serde::Deserialize;
use url::Url;

use super::format::{quote, write_number, write_text};
use super::template::{Choice, Format, Value};
use crate::input::MAX_SECRET_BYTES;
use crate::terminal;

/// Path at which a server reports its settings.
pub(super) const PATH: &str = "/.well-known/ikrypt-settings.json";
/// Most characters of a site name.
const MAX_NAME_CHARS: usize = 40;
/// Characters of the operator's own text that are listed.
const EXCERPT_CHARS: usize = 60;
/// The range of the longest lifetime of a secret, in seconds: from the shortest lifetime to a year.
const MAX_TTL_RANGE: RangeInclusive<u64> = 60..=31_536_000;

/// The settings that pages show. A server reports them; they are used only after [`Settings::validate`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Settings {
    public_url: Option<String>,
    needs_token: bool,
    max_secret_bytes: u64,
    max_ttl: u64,
    max_views: u64,
    site_name: String,
    operator: Option<String>,
    contact: Option<Contact>,
    privacy: Option<Vec<String>>,
    terms: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Contact {
    Mail(String),
    Web(String),
}

impl Settings {
    /// Fails if a server of this build would not start with these settings.
    pub(super) fn validate(&self) -> Result<(), String> {
        let invalid = |what: &str, value: &str| {
            Err(format!("{what} {}, which this build does not accept", quote(value)))
        };
        if !is_line(&self.site_name) || self.site_name.chars().count() > MAX_NAME_CHARS {
            return invalid("the site name", &self.site_name);
        }
        if let Some(name) = self.operator.as_deref().filter(|name| !is_line(name)) {
            return invalid("the operator", name);
        }
        match &self.contact {
            Some(Contact::Mail(address)) if !is_mail_address(address) => {
                return invalid("the contact", address);
            }
            Some(Contact::Web(url)) if !is_web_address(url) => return invalid("the contact", url),
            _ => {}
        }
        if let Some(url) = self.public_url.as_deref().filter(|url| !is_origin(url)) {
            return invalid("the public address", url);
        }
        for (what, paragraphs) in [("the privacy text", &self.privacy), ("the terms", &self.terms)] {
            if let Some(paragraphs) = paragraphs.as_deref().filter(|paragraphs| !is_text(paragraphs)) {
                return invalid(what, &start(paragraphs));
            }
        }
        let limits = [
            (self.max_secret_bytes, 1..=MAX_SECRET_BYTES),
            (self.max_ttl, MAX_TTL_RANGE),
            (self.max_views, 1..=255),
        ];
        match limits.iter().find(|(limit, range)| !range.contains(limit)) {
            Some((limit, _)) => invalid("the limit", &limit.to_string()),
            None => Ok(()),
        }
    }

    /// Appends a value as a page shows it.
    pub(super) fn write(&self, value: Value, format: Format, page: &mut String) {
        let mut write = |text: Option<&str>| write_text(text.unwrap_or_default(), format, page);
        match value {
            Value::Nonce => {}
            Value::SiteName => write(Some(&self.site_name)),
            Value::Operator => write(self.operator.as_deref()),
            Value::Contact => {
                let contact = self.contact.as_ref();
                write(contact.map(|(Contact::Mail(to) | Contact::Web(to))| to.as_str()));
            }
            Value::PublicUrl => write(self.public_url.as_deref()),
            Value::MaxSecretBytes => write_number(self.max_secret_bytes, format, page),
            Value::MaxTtl => write_number(self.max_ttl, format, page),
            Value::MaxViews => write_number(self.max_views, format, page),
            Value::Privacy => write_paragraphs(self.privacy.as_deref(), page),
            Value::Terms => write_paragraphs(self.terms.as_deref(), page),
        }
    }

    /// Returns whether a setting selects the case `when`. Several cases of a limit may be selected; the last one
    /// counts.
    pub(super) fn selects(&self, choice: Choice, when: &str) -> bool {
        let present = |is_present: bool| if is_present { "present" } else { "absent" };
        let at_least = |limit: u64| when.parse().is_ok_and(|least: u64| least <= limit);
        match choice {
            Choice::PublicUrl => when == present(self.public_url.is_some()),
            Choice::Operator => when == present(self.operator.is_some()),
            Choice::Privacy => when == present(self.privacy.is_some()),
            Choice::Terms => when == present(self.terms.is_some()),
            Choice::NeedsToken => when == if self.needs_token { "true" } else { "false" },
            Choice::Contact => {
                when == match self.contact {
                    None => "absent",
                    Some(Contact::Mail(_)) => "mail",
                    Some(Contact::Web(_)) => "web",
                }
            }
            Choice::MaxTtl => at_least(self.max_ttl),
            Choice::MaxViews => at_least(self.max_views),
        }
    }

    /// Returns a line for each setting. `origin` is the address of the server.
    pub(super) fn describe(&self, origin: &str) -> String {
        let quoted = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), |text| format!("{text:?}"));
        let own_text = |paragraphs: &Option<Vec<String>>, path: &str| match paragraphs.as_deref() {
            None => "the text of the build".to_owned(),
            Some(paragraphs) => {
                let length: usize = paragraphs.iter().map(|paragraph| paragraph.chars().count()).sum();
                let length = terminal::count(length as u64, "character");
                format!("the operator's own, {length}, to be read at {origin}{path}: {:?}", start(paragraphs))
            }
        };
        let contact = match &self.contact {
            Some(Contact::Mail(address)) => Some(format!("mailto:{address}")),
            Some(Contact::Web(url)) => Some(url.clone()),
            None => None,
        };
        let public_url = match self.public_url.as_deref() {
            Some(url) if url != origin => format!("{url:?}, which is not the address that was verified"),
            url => quoted(url),
        };
        let limits = format!(
            "{}, {}, {}",
            terminal::count(self.max_secret_bytes, "byte"),
            terminal::count(self.max_ttl, "second"),
            terminal::count(self.max_views, "view"),
        );
        [
            ("site name", quoted(Some(&self.site_name))),
            ("operator", quoted(self.operator.as_deref())),
            ("contact", quoted(contact.as_deref())),
            ("public address", public_url),
            ("limits", limits),
            ("creation token", if self.needs_token { "needed" } else { "not needed" }.to_owned()),
            ("privacy text", own_text(&self.privacy, "/privacy")),
            ("terms", own_text(&self.terms, "/terms")),
        ]
        .map(|(name, value)| format!("  {name:16}{value}\n"))
        .concat()
    }
}

fn write_paragraphs(paragraphs: Option<&[String]>, page: &mut String) {
    for paragraph in paragraphs.unwrap_or_default() {
        page.push_str("<p>");
        write_text(paragraph, Format::Text, page);
        page.push_str("</p>");
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_mail_address(text: &str) -> bool {
    let has_both = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    has_both && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"?&:/,".contains(c))
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.as_str() == text)
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http") && url.origin().ascii_serialization() == text
    })
}

/// Returns the start of a text.
fn start(paragraphs: &[String]) -> String {
    paragraphs.join("\n\n").chars().take(EXCERPT_CHARS).collect()
}

/// Returns whether every paragraph consists of lines that are not empty.
fn is_text(paragraphs: &[String]) -> bool {
    let is_line = |line: &str| !line.is_empty() && line.trim_end() == line;
    !paragraphs.is_empty() && paragraphs.iter().all(|paragraph| paragraph.split('\n').all(is_line))
}
