//! The operator's name, contact and legal texts.

/// The texts that the operator configures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The name of the site.
    pub site_name: String,
    /// The name of the operator.
    pub name: Option<String>,
    /// How to contact the operator.
    pub contact: Option<Contact>,
    /// The text of `/privacy`, in place of the default one.
    pub privacy: Option<LegalText>,
    /// The text of `/terms`, in place of the default one.
    pub terms: Option<LegalText>,
}

impl Default for Operator {
    fn default() -> Self {
        Self { site_name: "iKrypt".to_owned(), name: None, contact: None, privacy: None, terms: None }
    }
}

/// The operator's contact. Pages show it as a link, so only two schemes are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// An email address.
    Mail(String),
    /// The URL of a page, `https://...` or `http://...`.
    Web(String),
}

impl Contact {
    /// Returns the target of a link to the contact.
    pub fn href(&self) -> String {
        match self {
            Self::Mail(address) => format!("mailto:{address}"),
            Self::Web(url) => url.clone(),
        }
    }

    /// Returns the text of a link to the contact.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Mail(address) | Self::Web(address) => address,
        }
    }
}

/// Paragraphs of plain text. Pages show them without interpreting any markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalText(Vec<String>);

impl LegalText {
    /// Splits a text into paragraphs at blank lines. Returns `None` if it contains only whitespace.
    pub fn parse(text: &str) -> Option<Self> {
        let mut paragraphs = vec![String::new()];
        for line in text.trim_start_matches('\u{feff}').lines().map(str::trim_end) {
            match paragraphs.last_mut() {
                Some(last) if !line.is_empty() => {
                    if !last.is_empty() {
                        last.push('\n');
                    }
                    last.push_str(line);
                }
                _ => paragraphs.push(String::new()),
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        (!paragraphs.is_empty()).then_some(Self(paragraphs))
    }

    /// Returns the paragraphs, in their order.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_line_separates_paragraphs_and_line_break_is_kept() {
        let text = LegalText::parse("\u{feff}\r\nOne,\r\nstill one.  \n\n \nTwo.\n\n").unwrap();
        assert_eq!(text.paragraphs().collect::<Vec<_>>(), ["One,\nstill one.", "Two."]);
        assert_eq!(LegalText::parse(" \n\t\n"), None);
    }
}
