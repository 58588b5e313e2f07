//! What the operator says of this site.

/// The operator's own words, and the name of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// What the site is called.
    pub site_name: String,
    /// Who runs it.
    pub name: Option<String>,
    /// How to reach them.
    pub contact: Option<Contact>,
    /// What `/privacy` says in place of the default text.
    pub privacy: Option<LegalText>,
    /// What `/terms` says in place of the default text.
    pub terms: Option<LegalText>,
}

impl Default for Operator {
    fn default() -> Self {
        Self { site_name: "iKrypt".to_owned(), name: None, contact: None, privacy: None, terms: None }
    }
}

/// A way to reach the operator. It becomes a link, so it is one of two kinds and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// A mail address.
    Mail(String),
    /// The address of a page, `https://...` or `http://...`.
    Web(String),
}

impl Contact {
    /// The address of a link to it.
    pub fn href(&self) -> String {
        match self {
            Self::Mail(address) => format!("mailto:{address}"),
            Self::Web(url) => url.clone(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Mail(address) | Self::Web(address) => address,
        }
    }
}

/// Paragraphs of plain text. Shown as they stand: no markup is read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalText(Vec<String>);

impl LegalText {
    /// Paragraphs stand apart by blank lines. `None` where there is nothing but white space.
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

    /// The paragraphs, in their order.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs_and_line_ends_stay() {
        let text = LegalText::parse("\u{feff}\r\nOne,\r\nstill one.  \n\n \nTwo.\n\n").unwrap();
        assert_eq!(text.paragraphs().collect::<Vec<_>>(), ["One,\nstill one.", "Two."]);
        assert_eq!(LegalText::parse(" \n\t\n"), None);
    }
}
