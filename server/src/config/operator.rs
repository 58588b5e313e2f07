//! What the operator says of the site: its name, who runs it, and the legal text.

use app::site::{Contact, LegalText, Operator};
use clap::Args;
use url::Url;

/// The longest name of a site: it stands in the header of every page, on phones too.
const LONGEST_NAME: usize = 40;

/// What the pages say of this site and of whoever runs it.
#[derive(Debug, Clone, Args)]
pub struct OperatorSettings {
    /// What the site is called.
    #[arg(long, env = "IKRYPT_SITE_NAME", default_value = "iKrypt", value_parser = site_name)]
    pub site_name: String,

    /// Who runs the site, as the pages say it: a person or an organisation.
    #[arg(long = "operator", env = "IKRYPT_OPERATOR", value_name = "NAME", value_parser = line)]
    pub operator_name: Option<String>,

    /// How to reach whoever runs it: a mail address, or the address of a page.
    #[arg(long, env = "IKRYPT_CONTACT", value_name = "MAIL|URL", value_parser = contact)]
    pub contact: Option<Contact>,

    /// A file of plain text that `/privacy` shows in place of its own: paragraphs, with blank lines
    /// between them. It is read at start.
    #[arg(long = "privacy-file", env = "IKRYPT_PRIVACY_FILE", value_name = "PATH", value_parser = legal_text)]
    pub privacy: Option<LegalText>,

    /// The same for `/terms`.
    #[arg(long = "terms-file", env = "IKRYPT_TERMS_FILE", value_name = "PATH", value_parser = legal_text)]
    pub terms: Option<LegalText>,
}

impl OperatorSettings {
    /// The same, as the pages want it.
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

fn site_name(text: &str) -> Result<String, String> {
    let name = line(text)?;
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("give a name of {LONGEST_NAME} characters at most"));
    }
    Ok(name)
}

/// One line with something in it.
fn line(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("give one line of text, or leave the setting out".to_owned());
    }
    Ok(text.to_owned())
}

/// It becomes a link: anything but a mail address or the address of a page is refused.
fn contact(text: &str) -> Result<Contact, String> {
    let text = text.trim();
    if let Ok(url) = Url::parse(text)
        && matches!(url.scheme(), "https" | "http")
    {
        return Ok(Contact::Web(url.into()));
    }
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    let is_address = address.split_once('@').is_some_and(|(who, host)| !who.is_empty() && !host.is_empty());
    if !is_address
        || address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"?&:/,".contains(c))
    {
        return Err("give one mail address, or an address that begins with https:// or http://".to_owned());
    }
    Ok(Contact::Mail(address.to_owned()))
}

fn legal_text(path: &str) -> Result<LegalText, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("this file cannot be read: {error}"))?;
    LegalText::parse(&text).ok_or_else(|| "there is no text in this file".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use clap::Parser as _;

    use super::*;
    use crate::config::Config;

    #[test]
    fn a_contact_is_a_mail_address_or_a_page() {
        let mail = |address: &str| Ok(Contact::Mail(address.to_owned()));
        assert_eq!(contact(" ops@example.org "), mail("ops@example.org"));
        assert_eq!(contact("mailto:ops@example.org"), mail("ops@example.org"));
        assert_eq!(
            contact("https://example.org/contact"),
            Ok(Contact::Web("https://example.org/contact".to_owned()))
        );
        for wrong in
            ["", "ops", "@x", "ops@", "javascript:a@b", "data:,a@b", "a@b?subject=c", "a@b c", "a@b,c@d"]
        {
            assert!(contact(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_fits() {
        assert_eq!(site_name(" Our Secrets "), Ok("Our Secrets".to_owned()));
        for wrong in ["", "  ", "two\nlines", &"x".repeat(41)] {
            assert!(site_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_legal_text_is_read_at_start_or_refused_in_words() {
        let start = |path: &str| Config::try_parse_from(["ikrypt-server", "--terms-file", path]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let said = start(&path).unwrap_err().to_string();
        assert!(said.contains("--terms-file") && said.contains("no text in this file"), "{said}");
        file.write_all(b"Be kind.\n\nThat is all.\n").unwrap();
        let operator = start(&path).unwrap().operator.operator();
        assert_eq!(operator.terms, LegalText::parse("Be kind.\n\nThat is all."));
        assert_eq!((operator.privacy, operator.site_name.as_str()), (None, "iKrypt"));
        let said = start("/nowhere/at/all").unwrap_err().to_string();
        assert!(said.contains("cannot be read") && said.contains("/nowhere/at/all"), "{said}");
    }
}
