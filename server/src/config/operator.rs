//! Settings of the site: its name, its operator, and the legal texts.

use app::site::{Contact, LegalText, Operator};
use clap::Args;
use url::Url;

/// Maximum number of characters in the name of a site: the header of a page on a phone has no room for more.
const MAX_NAME_CHARS: usize = 40;

/// The settings that pages show.
#[derive(Debug, Clone, Args)]
pub struct OperatorSettings {
    /// Name of the site.
    #[arg(long, env = "IKRYPT_SITE_NAME", default_value = "iKrypt", value_parser = parse_site_name)]
    pub site_name: String,

    /// Person or organisation that operates the site, as pages show it.
    #[arg(long = "operator", env = "IKRYPT_OPERATOR", value_name = "NAME", value_parser = parse_line)]
    pub operator_name: Option<String>,

    /// Contact of the operator: an email address, or the URL of a page.
    #[arg(long, env = "IKRYPT_CONTACT", value_name = "MAIL|URL", value_parser = parse_contact)]
    pub contact: Option<Contact>,

    /// File of plain text that `/privacy` shows instead of the built-in text. Blank lines separate paragraphs. The
    /// file is read at start.
    #[arg(long = "privacy-file", env = "IKRYPT_PRIVACY_FILE", value_name = "PATH", value_parser = read_legal_text)]
    pub privacy: Option<LegalText>,

    /// File of plain text that `/terms` shows instead of the built-in text.
    #[arg(long = "terms-file", env = "IKRYPT_TERMS_FILE", value_name = "PATH", value_parser = read_legal_text)]
    pub terms: Option<LegalText>,
}

impl OperatorSettings {
    /// Returns the settings in the form that the pages use.
    pub(crate) fn operator(&self) -> Operator {
        Operator {
            site_name: self.site_name.clone(),
            name: self.operator_name.clone(),
            contact: self.contact.clone(),
            privacy: self.privacy.clone(),
            terms: self.terms.clone(),
        }
    }
}

fn parse_site_name(text: &str) -> Result<String, String> {
    let name = parse_line(text)?;
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("give a name of at most {MAX_NAME_CHARS} characters"));
    }
    Ok(name)
}

/// Parses one line that is not empty.
fn parse_line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("give one line of text, or unset it".to_owned());
    }
    Ok(text.to_owned())
}

/// Parses an email address or the URL of a page. Pages show it as a link, so no other scheme is accepted.
fn parse_contact(text: &str) -> Result<Contact, String> {
    let text = text.trim();
    if let Ok(url) = Url::parse(text)
        && matches!(url.scheme(), "https" | "http")
    {
        return Ok(Contact::Web(url.into()));
    }
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_address = address.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    if !is_address
        || address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"?&:/,".contains(c))
    {
        return Err("give one email address, or a URL that begins with https:// or http://".to_owned());
    }
    Ok(Contact::Mail(address.to_owned()))
}

fn read_legal_text(path: &str) -> Result<LegalText, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    LegalText::parse(&text).ok_or_else(|| "the file contains no text".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use clap::Parser as _;

    use super::*;
    use crate::config::Config;

    #[test]
    fn contact_is_an_email_address_or_a_page() {
        let mail = |address: &str| Ok(Contact::Mail(address.to_owned()));
        assert_eq!(parse_contact(" ops@example.org "), mail("ops@example.org"));
        assert_eq!(parse_contact("mailto:ops@example.org"), mail("ops@example.org"));
        assert_eq!(
            parse_contact("https://example.org/contact"),
            Ok(Contact::Web("https://example.org/contact".to_owned()))
        );
        for wrong in
            ["", "ops", "@x", "ops@", "javascript:a@b", "data:,a@b", "a@b?subject=c", "a@b c", "a@b,c@d"]
        {
            assert!(parse_contact(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn site_name_is_one_short_line() {
        assert_eq!(parse_site_name(" Our Secrets "), Ok("Our Secrets".to_owned()));
        for wrong in ["", "  ", "two\nlines", &"x".repeat(41)] {
            assert!(parse_site_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn legal_text_is_read_at_start_and_an_unreadable_file_is_an_error() {
        let start = |path: &str| Config::try_parse_from(["ikrypt-server", "--terms-file", path]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let error = start(&path).unwrap_err().to_string();
        assert!(error.contains("--terms-file") && error.contains("the file contains no text"), "{error}");
        file.write_all(b"Be kind.\n\nThat is all.\n").unwrap();
        let operator = start(&path).unwrap().operator.operator();
        assert_eq!(operator.terms, LegalText::parse("Be kind.\n\nThat is all."));
        assert_eq!((operator.privacy, operator.site_name.as_str()), (None, "iKrypt"));
        let error = start("/nowhere/at/all").unwrap_err().to_string();
        assert!(error.contains("cannot be read") && error.contains("/nowhere/at/all"), "{error}");
    }
}
