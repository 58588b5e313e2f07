//! The parts of a page that depend on a setting.

use std::ops::Range;

use super::unit::{
    LIMITS, Number, OTHER_LIMITS, Unit, find_numbers, mark, numbers, parts as text_parts, units,
};
use super::{Case, Part};
use crate::pages::{Page, TTLS, VIEWS};
use crate::shell::{Contact, LegalText, Operator, Site, render};
use vault::SecretLimits;

/// A longest life below the first of the usual ones, which a page then offers itself.
const SHORT_TTL: u32 = 421;

/// A page under one value of a setting.
struct Variant {
    when: String,
    numbers: [Number; 6],
    page: Vec<Unit>,
}

impl Variant {
    /// How many of these units the page begins with.
    fn prefix(&self, base: &[Unit]) -> usize {
        let mut rest = self.page.as_slice();
        let same = |unit: &&Unit| match rest.strip_prefix(unit.written(&self.numbers)) {
            Some(after) => {
                rest = after;
                true
            }
            None => false,
        };
        base.iter().take_while(same).count()
    }

    /// How many of these units the page ends with, its first `start` left out.
    fn suffix(&self, base: &[Unit], start: usize) -> usize {
        let mut rest = self.page.get(start..).unwrap_or_default();
        let same = |unit: &&Unit| match rest.strip_suffix(unit.written(&self.numbers)) {
            Some(before) => {
                rest = before;
                true
            }
            None => false,
        };
        base.iter().rev().take_while(same).count()
    }

    fn written_len(&self, base: &[Unit]) -> usize {
        base.iter().map(|unit| unit.written(&self.numbers).len()).sum()
    }
}

/// The parts of a page, with everything that a setting adds to `base` or takes from it as a choice.
pub(super) fn parts(page: Page, base: &Site) -> Vec<Part> {
    let nonce = mark("nonce");
    let html = |site: &Site| units(&render(page, site, &nonce));
    let other = html(&Site { limits: OTHER_LIMITS, ..base.clone() });
    let units = find_numbers(&html(base), &other, &numbers(LIMITS), &numbers(OTHER_LIMITS));

    let mut choices = Vec::new();
    for (setting, sites) in settings(base) {
        let variant =
            |(when, site): (String, Site)| Variant { when, numbers: numbers(site.limits), page: html(&site) };
        choices.extend(choice(setting, &units, sites.into_iter().map(variant).collect()));
    }
    choices.sort_by_key(|(place, _)| place.start);

    let mut parts = Vec::new();
    let mut end = 0;
    for (place, choice) in choices {
        parts.extend(text_parts(units.get(end..place.start).unwrap_or_default()));
        parts.push(choice);
        end = place.end;
    }
    parts.extend(text_parts(units.get(end..).unwrap_or_default()));
    parts
}

/// The part of the page in which the variants differ, if they do.
fn choice(setting: &'static str, base: &[Unit], variants: Vec<Variant>) -> Option<(Range<usize>, Part)> {
    let start = variants.iter().map(|variant| variant.prefix(base)).min()?;
    let (before, rest) = base.split_at(start);
    let suffixes = variants.iter().map(|variant| variant.suffix(rest, variant.written_len(before)));
    let end = base.len() - suffixes.min()?;
    let case = |variant: Variant| {
        let after = variant.written_len(base.get(end..)?);
        let own = variant.written_len(before)..variant.page.len() - after;
        let mut units = variant.page.get(own)?.to_vec();
        if variant.when == "0" {
            units = find_numbers(&units, &units, &variant.numbers, &variant.numbers);
        }
        Some(Case { when: variant.when, parts: text_parts(&units) })
    };
    let cases: Vec<_> = variants.into_iter().map(case).collect::<Option<_>>()?;
    let differ = cases.iter().any(|case| case.parts != cases[0].parts);
    differ.then_some((start..end, Part::Choice { choice: setting, cases }))
}

/// Every setting that adds or removes parts, with a site for each case of it.
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

/// The settings that replace a page by the operator's own text.
pub(super) fn own_texts(base: &Site) -> [(&'static str, Site); 2] {
    let own = |name: &str| LegalText::parse(&mark(name));
    let with = |privacy, terms| {
        let operator = Operator { privacy, terms, ..base.operator.clone() };
        Site { operator, ..base.clone() }
    };
    [("privacy", with(own("privacy"), None)), ("terms", with(None, own("terms")))]
}
