//! QR codes, drawn here: a link is shown to no other service.

use std::fmt::Write as _;

use leptos::prelude::document;
use qrcodegen::{QrCode, QrCodeEcc};
use web_sys::Element;

/// Free modules around the code, as ISO/IEC 18004 asks for.
const QUIET_ZONE: i32 = 4;

/// A drawing of the text; `None` for what is too long for a code.
pub fn draw(text: &str) -> Option<Element> {
    const SVG: Option<&str> = Some("http://www.w3.org/2000/svg");
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let side = code.size() + 2 * QUIET_ZONE;
    let svg = document().create_element_ns(SVG, "svg").ok()?;
    for (name, value) in
        [("viewBox", &*format!("0 0 {side} {side}")), ("role", "img"), ("aria-label", "QR code of the link")]
    {
        svg.set_attribute(name, value).ok()?;
    }
    let path = document().create_element_ns(SVG, "path").ok()?;
    path.set_attribute("d", &outline(&code)).ok()?;
    svg.append_child(&path).ok()?;
    Some(svg)
}

/// Every dark module as a square of side 1.
fn outline(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing into a string does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
        }
    }
    path
}
