//! One file a page, rendered on the server only. Each begins with what the page says of itself.

mod about;
mod api;
mod form;
mod guide;
mod guides;
mod home;
mod not_found;
mod operator;
mod privacy;
mod receipt;
mod secret;
mod security;
mod terms;
#[cfg(test)]
mod tests;

use leptos::prelude::*;

use crate::site::Site;
use form::form;
pub(crate) use form::{TTLS, VIEWS};

/// What there is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// `/`: send a secret.
    Home,
    /// `/s/{id}`: reveal one. The same for every id.
    Secret,
    /// `/receipt`: see what became of one, burn it.
    Receipt,
    /// What makes a link one-time, and how to use it well.
    Guide,
    /// What is encrypted where, stored, deleted, and what remains possible.
    Security,
    /// The list of the guides below.
    Guides,
    /// Sending a password.
    Password,
    /// Sending an API key.
    ApiKey,
    /// Sending an `.env` file.
    EnvFile,
    /// Exchanging secrets with a client.
    Client,
    /// Sending a link in chat and in e-mail.
    ChatAndEmail,
    /// The API, for those who write programs.
    Api,
    /// What this site is, and who runs it.
    About,
    /// What it knows of its visitors.
    Privacy,
    /// What its operator promises and asks for.
    Terms,
    /// Everything else.
    NotFound,
}

/// What a page says of itself, and how it is made.
pub(crate) struct Meta {
    /// Its path; where paths differ, their pattern. It may stand in logs.
    route: &'static str,
    title: &'static str,
    description: &'static str,
    /// Whether search engines may keep it.
    indexed: bool,
    /// Whether there is something to wake up.
    islands: bool,
    /// Questions and answers on it.
    questions: &'static [Question],
    view: fn(&Site) -> AnyView,
}

impl Meta {
    /// A page of text, which search engines may keep.
    const fn text(
        route: &'static str,
        title: &'static str,
        description: &'static str,
        view: fn(&Site) -> AnyView,
    ) -> Self {
        Self { route, title, description, indexed: true, islands: false, questions: &[], view }
    }
}

/// A question and its answer, both plain text: they are on the page and in its metadata.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) ask: &'static str,
    pub(crate) answer: &'static str,
}

impl Page {
    /// Every page there is.
    pub const ALL: [Self; 16] = [
        Self::Home,
        Self::Secret,
        Self::Receipt,
        Self::Guide,
        Self::Security,
        Self::Guides,
        Self::Password,
        Self::ApiKey,
        Self::EnvFile,
        Self::Client,
        Self::ChatAndEmail,
        Self::Api,
        Self::About,
        Self::Privacy,
        Self::Terms,
        Self::NotFound,
    ];

    const fn meta(self) -> &'static Meta {
        match self {
            Self::Home => &home::META,
            Self::Secret => &secret::META,
            Self::Receipt => &receipt::META,
            Self::Guide => &guide::META,
            Self::Security => &security::META,
            Self::Guides => &guides::META,
            Self::Password => &guides::password::META,
            Self::ApiKey => &guides::api_key::META,
            Self::EnvFile => &guides::env_file::META,
            Self::Client => &guides::client::META,
            Self::ChatAndEmail => &guides::chat_and_email::META,
            Self::Api => &api::META,
            Self::About => &about::META,
            Self::Privacy => &privacy::META,
            Self::Terms => &terms::META,
            Self::NotFound => &not_found::META,
        }
    }

    /// The page at a path. An id is not looked at here, not even for its form: a mail gateway may have
    /// put the whole fragment into it, and the page explains that to its reader.
    pub fn at(path: &str) -> Self {
        if let Some(page) = Self::ALL.into_iter().find(|page| page.route() == path) {
            return page;
        }
        let before_hash = before_encoded_hash(path);
        if before_hash == Some(Self::Receipt.route()) {
            return Self::Receipt;
        }
        match path.strip_prefix("/s/") {
            Some(rest) if !rest.is_empty() && !before_encoded_hash(rest).unwrap_or(rest).contains('/') => {
                Self::Secret
            }
            _ => Self::NotFound,
        }
    }

    /// The path, where it is one that search engines may keep.
    pub const fn path(self) -> Option<&'static str> {
        if self.is_indexed() { Some(self.route()) } else { None }
    }

    /// A name for logs and metrics that holds nothing of the request.
    pub const fn route(self) -> &'static str {
        self.meta().route
    }

    /// Whether the part of the address after `#` is a key: then no link of the page may replace it.
    pub const fn reads_fragment(self) -> bool {
        matches!(self, Self::Secret | Self::Receipt)
    }

    /// Whether search engines may keep it.
    pub const fn is_indexed(self) -> bool {
        self.meta().indexed
    }

    /// Whether there is something to wake up.
    pub const fn has_islands(self) -> bool {
        self.meta().islands
    }

    pub(crate) const fn title(self) -> &'static str {
        self.meta().title
    }

    /// What it is about, in a sentence.
    pub const fn description(self) -> &'static str {
        self.meta().description
    }

    pub(crate) const fn questions(self) -> &'static [Question] {
        self.meta().questions
    }

    pub(crate) fn view(self, site: &Site) -> AnyView {
        (self.meta().view)(site)
    }
}

/// What stands before a `#` that was percent-encoded on the way, without slashes at its end. `None` where there is no
/// such `#`.
fn before_encoded_hash(path: &str) -> Option<&str> {
    let end = ["%23", "%2523"].into_iter().filter_map(|code| path.find(code)).min()?;
    Some(path[..end].trim_end_matches('/'))
}
