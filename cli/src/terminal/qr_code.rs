//! QR codes in a terminal.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::error::CommandError;

/// Width of the border, in modules.
const MARGIN: i32 = 2;

/// Draws a QR code. A line of text holds two rows of modules. Escape sequences set dark on light, whatever the colours
/// of the terminal are.
pub(crate) fn qr_code(text: &str) -> Result<String, CommandError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).map_err(|error| {
        CommandError::Local(format!("the link was created, but not its QR code: {error}"))
    })?;
    let range = -MARGIN..code.size() + MARGIN;
    let line = |y: i32| -> String {
        let block = |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        format!("\x1b[30;107m{}\x1b[0m", range.clone().map(block).collect::<String>())
    };
    Ok(range.clone().step_by(2).map(line).collect::<Vec<_>>().join("\n"))
}
