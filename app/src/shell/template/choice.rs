//! Finds the parts of a page that depend on a setting.

use std::ops::Range;

use super::token::{
    LIMITS, OTHER_LIMITS, Token, WrittenLimit, find_limits, mark, parts as text_parts, tokens, written_limits,
};
use super::{Case, Part};
use crate::pages::{Page, TTLS, VIEWS};
use crate::shell::render;
use crate::site::{Contact, LegalText, Operator, Site};
use vault::SecretLimits;

/// A longest lifetime below the shortest one of the form's options. The form then offers it as an option.
const SHORT_TTL: u32 = 421;

/// A page, rendered with one value of a setting.
struct Variant {
    when: String,
    limits: [WrittenLimit; 6],
    page: Vec<Token>,
}

impl Variant {
    /// Returns the number of tokens of `base` with which the page begins.
    fn prefix(&self, base: &[Token]) -> usize {
        let mut rest = self.page.as_slice();
        let is_same = |token: &&Token| match rest.strip_prefix(token.written(&self.limits)) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        base.iter().take_while(is_same).count()
    }

    /// Returns the number of tokens of `base` with which the page ends, apart from its first `start` tokens.
    fn suffix(&self, base: &[Token], start: usize) -> usize {
        let mut rest = self.page.get(start..).unwrap_or_default();
        let is_same = |token: &&Token| match rest.strip_suffix(token.written(&self.limits)) {
            Some(before) => {
                rest = before;
                true
            }
            None => false,
        };
        base.iter().rev().take_while(is_same).count()
    }

    /// Returns the length of the tokens of `base` in this page.
    fn written_len(&self, base: &[Token]) -> usize {
        base.iter().map(|token| token.written(&self.limits).len()).sum()
    }
}

/// Returns the parts of a page. What a setting adds to `base` or removes from it becomes a choice.
pub(super) fn parts(page: Page, base: &Site) -> Vec<Part> {
    let nonce = mark("nonce");
    let html = |site: &Site| tokens(&render(page, site, &nonce));
    let other = html(&Site { limits: OTHER_LIMITS, ..base.clone() });
    let tokens = find_limits(&html(base), &other, &written_limits(LIMITS), &written_limits(OTHER_LIMITS));

    let mut choices = Vec::new();
    for (setting, sites) in settings(base) {
        let variant = |(when, site): (String, Site)| Variant {
            when,
            limits: written_limits(site.limits),
            page: html(&site),
        };
        choices.extend(choice(setting, &tokens, sites.into_iter().map(variant).collect()));
    }
    choices.sort_by_key(|(place, _)| place.start);

    let mut parts = Vec::new();
    let mut end = 0;
    for (place, choice) in choices {
        parts.extend(text_parts(tokens.get(end..place.start).unwrap_or_default()));
        parts.push(choice);
        end = place.end;
    }
    parts.extend(text_parts(tokens.get(end..).unwrap_or_default()));
    parts
}

/// Returns the range of `base` in which the variants differ, and their choice. Returns `None` if they do not differ.
fn choice(setting: &'static str, base: &[Token], variants: Vec<Variant>) -> Option<(Range<usize>, Part)> {
    let start = variants.iter().map(|variant| variant.prefix(base)).min()?;
    let (before, rest) = base.split_at(start);
    let suffixes = variants.iter().map(|variant| variant.suffix(rest, variant.written_len(before)));
    let end = base.len() - suffixes.min()?;
    let case = |variant: Variant| {
        let after = variant.written_len(base.get(end..)?);
        let own = variant.written_len(before)..variant.page.len() - after;
        let mut tokens = variant.page.get(own)?.to_vec();
        if variant.when == "0" {
            tokens = find_limits(&tokens, &tokens, &variant.limits, &variant.limits);
        }
        Some(Case { when: variant.when, parts: text_parts(&tokens) })
    };
    let cases: Vec<_> = variants.into_iter().map(case).collect::<Option<_>>()?;
    let differ = cases.iter().any(|case| case.parts != cases[0].parts);
    differ.then_some((start..end, Part::Choice { choice: setting, cases }))
}

/// Returns every setting that adds or removes parts of a page, with a site for each of its cases.
fn settings(base: &Site) -> [(&'static str, Vec<(String, Site)>); 6] {
    let operator = |change: &dyn Fn(&mut Operator)| {
        let mut site = base.clone();
        change(&mut site.operator);
        site
    };
    let limits = |change: &dyn Fn(&mut SecretLimits)| {
        let mut site = base.clone();
        change(&mut site.limits);
        site
    };
    let cases = |cases: &[(&str, Site)]| {
        cases.iter().map(|(when, site)| ((*when).to_owned(), site.clone())).collect::<Vec<_>>()
    };
    let contact = |contact: Contact| operator(&|operator| operator.contact = Some(contact.clone()));
    let ttls = [0].into_iter().chain(TTLS).map(|least| {
        let site = limits(&|limits| limits.max_ttl = if least == 0 { SHORT_TTL } else { least });
        (least.to_string(), site)
    });
    let views = VIEWS.map(|least| (least.to_string(), limits(&|limits| limits.max_views = least)));
    [
        (
            "public_url",
            cases(&[
                ("absent", base.clone()),
                ("present", Site { public_url: Some(mark("public_url")), ..base.clone() }),
            ]),
        ),
        (
            "operator",
            cases(&[
                ("absent", base.clone()),
                ("present", operator(&|operator| operator.name = Some(mark("operator")))),
            ]),
        ),
        (
            "contact",
            cases(&[
                ("absent", base.clone()),
                ("mail", contact(Contact::Mail(mark("contact")))),
                ("web", contact(Contact::Web(mark("contact")))),
            ]),
        ),
        (
            "needs_token",
            cases(&[("false", base.clone()), ("true", Site { needs_token: true, ..base.clone() })]),
        ),
        ("max_ttl", ttls.collect()),
        ("max_views", views.into()),
    ]
}

/// Returns the settings that replace a page by the operator's own text, each with a site that has one.
pub(super) fn sites_with_own_text(base: &Site) -> [(&'static str, Site); 2] {
    let own = |name: &str| LegalText::parse(&mark(name));
    let with = |privacy, terms| {
        let operator = Operator { privacy, terms, ..base.operator.clone() };
        Site { operator, ..base.clone() }
    };
    [("privacy", with(own("privacy"), None)), ("terms", with(None, own("terms")))]
}
