//! What the form holds, and what may be wrong with it.

use super::Form;
use super::choice::{EXPIRY, VIEWS, is_custom, number};
use super::files::{Files, Picked};
use crate::browser::dom;
use shared_crypto::format;

/// Shortest life of a secret, in seconds.
const MIN_TTL: u64 = 60;

/// The fields that something can be wrong with.
pub(super) const FIELDS: [&str; 4] = ["secret", TOKEN, EXPIRY[2], VIEWS[2]];
/// Where somebody shows that they may create here.
pub(super) const TOKEN: &str = "creation-token";

/// What is wrong, in words, and where.
#[derive(Default)]
pub(super) struct Problem {
    pub(super) field: &'static str,
    pub(super) text: String,
}

/// Says what is wrong and with which field; an empty text takes it back.
pub(super) fn complain(problem: &Problem) {
    for field in FIELDS {
        let wrong = field == problem.field && !problem.text.is_empty();
        dom::attribute(field, "aria-invalid", wrong.then_some("true"));
    }
    dom::announce("problem", &problem.text);
}

/// What is to be sent.
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) files: Vec<Picked>,
    /// Empty where there is none.
    pub(super) passphrase: String,
    /// Empty where the server wants none.
    pub(super) token: String,
    pub(super) ttl: u32,
    pub(super) views: u8,
}

impl Draft {
    pub(super) fn read(form: &Form) -> Result<Self, Problem> {
        let text = dom::area("secret").value();
        let size = Size::of(&text, &form.files);
        if size.bytes == 0 && form.files.is_empty() {
            return Err(Problem { field: "secret", text: "There is nothing to send yet.".to_owned() });
        }
        if size.is_over() {
            return Err(Problem { field: "secret", text: size.problem() });
        }
        Ok(Self {
            text: with_line_ends(text, form.pasted.borrow().clone()),
            files: form.files.list(),
            passphrase: dom::field("passphrase").value(),
            token: dom::field(TOKEN).value().trim().to_owned(),
            ttl: ttl()?,
            views: views()?,
        })
    }
}

fn ttl() -> Result<u32, Problem> {
    let unit = if is_custom(EXPIRY[0]) { dom::field("ttl-unit").value().parse().unwrap_or(1) } else { 1 };
    let max = limit(EXPIRY[2], "data-max");
    let seconds = number(EXPIRY).map(|number| u64::from(number) * unit);
    seconds
        .filter(|seconds| (MIN_TTL..=max).contains(seconds))
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or_else(|| Problem {
            field: EXPIRY[2],
            text: format!(
                "Choose an expiry between {} and {}.",
                format::duration(MIN_TTL),
                format::duration(max)
            ),
        })
}

fn views() -> Result<u8, Problem> {
    let max = limit(VIEWS[2], "max");
    let views = number(VIEWS).filter(|views| (1..=max).contains(&u64::from(*views)));
    views.and_then(|views| u8::try_from(views).ok()).ok_or_else(|| Problem {
        field: VIEWS[2],
        text: if max == 1 {
            "A secret can be opened once here.".to_owned()
        } else {
            format!("Choose a number of views between 1 and {max}.")
        },
    })
}

/// A limit of the operator, which the server wrote into the form.
fn limit(id: &str, attribute: &str) -> u64 {
    dom::at(id).get_attribute(attribute).and_then(|limit| limit.parse().ok()).unwrap_or(u64::MAX)
}

/// Text and files together, against the limit.
pub(super) struct Size {
    bytes: u64,
    max: u64,
}

impl Size {
    pub(super) fn of(text: &str, files: &Files) -> Self {
        Self { bytes: text.len() as u64 + files.bytes(), max: limit("secret", "data-max") }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.bytes > self.max
    }

    pub(super) fn in_words(&self) -> String {
        format!("{} of {}", format::size(self.bytes), format::size(self.max))
    }

    pub(super) fn problem(&self) -> String {
        format!("This is {}, and {} is the most that fits.", format::size(self.bytes), format::size(self.max))
    }
}

/// A text area turns every line end into a bare line feed. What was pasted whole keeps its own.
fn with_line_ends(text: String, pasted: String) -> String {
    if pasted.contains('\r') && pasted.replace("\r\n", "\n").replace('\r', "\n") == text {
        pasted
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::with_line_ends;

    #[test]
    fn what_was_pasted_whole_keeps_its_line_ends() {
        let kept = |text: &str, pasted: &str| with_line_ends(text.to_owned(), pasted.to_owned());
        assert_eq!(kept("a\nb\n", "a\r\nb\r"), "a\r\nb\r");
        assert_eq!(kept("a\nb\nc", "a\r\nb\r\n"), "a\nb\nc");
        assert_eq!(kept("a\nb", ""), "a\nb");
    }
}
