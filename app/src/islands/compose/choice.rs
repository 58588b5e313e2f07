//! A few usual numbers, and one of one's own.

use crate::browser::dom;

/// Value of the option that opens a field for a number.
pub(crate) const CUSTOM: &str = "custom";

/// A select, the element that holds its field for another number, and that field.
pub(super) const EXPIRY: [&str; 3] = ["ttl", "ttl-custom", "ttl-number"];
pub(super) const VIEWS: [&str; 3] = ["views", "views-custom", "views-number"];

pub(super) fn wake() {
    for [select, custom, number] in [EXPIRY, VIEWS] {
        dom::on(select, "change", move |_| {
            let wanted = is_custom(select);
            dom::show(custom, wanted);
            if wanted {
                drop(dom::field(number).focus());
            }
        });
    }
}

pub(super) fn is_custom(select: &str) -> bool {
    dom::field(select).value() == CUSTOM
}

/// The number that is chosen or typed.
pub(super) fn number([select, _, number]: [&str; 3]) -> Option<u32> {
    let field = if is_custom(select) { number } else { select };
    dom::field(field).value().trim().parse().ok()
}
