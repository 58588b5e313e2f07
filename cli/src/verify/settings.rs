//! The settings of a server, which its pages show and which no build knows.

use serde::Deserialize;
use url::Url;

use super::quoted;
use super::template::{Choice, Format, Value, write_number, write_text};
use crate::terminal;

/// Where a server reports its settings.
pub(super) const PATH: &str = "/.well-known/ikrypt-settings.json";
/// The longest name of a site.
const LONGEST_NAME: usize = 40;
/// How much of the operator's own text is listed, in characters.
const EXCERPT: usize = 60;

/// The settings that pages show. A server reports them; they are used only after [`Settings::check`].
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
    /// Fails where a server of this build would not have started with them.
    pub(super) fn check(&self) -> Result<(), String> {
        let wrong = |what: &str, value: &str| {
            Err(format!("{what} {}, which this build does not accept", quoted(value)))
        };
        if !is_line(&self.site_name) || self.site_name.chars().count() > LONGEST_NAME {
            return wrong("the site name", &self.site_name);
        }
        if let Some(name) = self.operator.as_deref().filter(|name| !is_line(name)) {
            return wrong("the operator", name);
        }
        match &self.contact {
            Some(Contact::Mail(address)) if !is_mail_address(address) => {
                return wrong("the contact", address);
            }
            Some(Contact::Web(url)) if !is_web_address(url) => return wrong("the contact", url),
            _ => {}
        }
        if let Some(url) = self.public_url.as_deref().filter(|url| !is_origin(url)) {
            return wrong("the public address", url);
        }
        for (what, paragraphs) in [("the privacy text", &self.privacy), ("the terms", &self.terms)] {
            if let Some(paragraphs) = paragraphs.as_deref().filter(|paragraphs| !is_text(paragraphs)) {
                return wrong(what, &start(paragraphs));
            }
        }
        let limits = [
            (self.max_secret_bytes, 1..=67_108_864),
            (self.max_ttl, 60..=31_536_000),
            (self.max_views, 1..=255),
        ];
        match limits.iter().find(|(limit, range)| !range.contains(limit)) {
            Some((limit, _)) => wrong("the limit", &limit.to_string()),
            None => Ok(()),
        }
    }

    /// Writes a value as a page has it.
    pub(super) fn write(&self, value: Value, format: Format, page: &mut String) {
        let mut text = |text: Option<&str>| write_text(text.unwrap_or_default(), format, page);
        match value {
            Value::Nonce => {}
            Value::SiteName => text(Some(&self.site_name)),
            Value::Operator => text(self.operator.as_deref()),
            Value::Contact => {
                let contact = self.contact.as_ref();
                text(contact.map(|(Contact::Mail(to) | Contact::Web(to))| to.as_str()));
            }
            Value::PublicUrl => text(self.public_url.as_deref()),
            Value::MaxSecretBytes => write_number(self.max_secret_bytes, format, page),
            Value::MaxTtl => write_number(self.max_ttl, format, page),
            Value::MaxViews => write_number(self.max_views, format, page),
            Value::Privacy => write_paragraphs(self.privacy.as_deref(), page),
            Value::Terms => write_paragraphs(self.terms.as_deref(), page),
        }
    }

    /// Whether a setting selects this case. Of the cases of a limit, the last that applies is meant.
    pub(super) fn is(&self, choice: Choice, when: &str) -> bool {
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

    /// One line for each setting, in words. `origin` is the address that was asked.
    pub(super) fn list(&self, origin: &str) -> String {
        let quoted = |text: Option<&str>| text.map_or_else(|| "none".to_owned(), |text| format!("{text:?}"));
        let own = |paragraphs: &Option<Vec<String>>, path: &str| match paragraphs.as_deref() {
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
            Some(url) if url != origin => format!("{url:?}, which is not the address that was asked"),
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
            ("privacy text", own(&self.privacy, "/privacy")),
            ("terms", own(&self.terms, "/terms")),
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

/// How a text begins.
fn start(paragraphs: &[String]) -> String {
    paragraphs.join("\n\n").chars().take(EXCERPT).collect()
}

/// Paragraphs of lines with something in them.
fn is_text(paragraphs: &[String]) -> bool {
    let is_line = |line: &str| !line.is_empty() && line.trim_end() == line;
    !paragraphs.is_empty() && paragraphs.iter().all(|paragraph| paragraph.split('\n').all(is_line))
}
