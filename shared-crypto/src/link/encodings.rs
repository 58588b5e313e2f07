//! Decodes what mail gateways and editors do to links. Each function undoes one encoding wherever it occurs in a text, and
//! leaves the rest unchanged.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Decodes base64url with or without padding, and with any trailing bits, since gateways differ.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// The beginnings of `http` and `{"` in base64.
const BASE64_STARTS: [&str; 2] = ["aHR0c", "eyJ"];
/// Maximum number of wrapped links of one kind that are decoded in a text. With [`MAX_URL_LEN`], it bounds the time that a
/// text takes.
const MAX_OCCURRENCES: usize = 64;
/// Maximum length of a wrapped link, in bytes.
const MAX_URL_LEN: usize = 8192;
/// The characters that encode the length of a run in Proofpoint's third version. The first stands for 2.
const RUN_LENGTHS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Decodes `%23`, which Outlook Safe Links, Google, Barracuda and others write that put a URL into a parameter.
pub(super) fn percent(text: &str) -> String {
    decode_hex(text, b'%')
}

/// Decodes `=23`, as it stands in the source of a mail.
pub(super) fn quoted_printable(text: &str) -> String {
    decode_hex(text, b'=')
}

/// Replaces each `mark` that is followed by two hexadecimal digits, by the byte that they encode.
///
/// The crate `percent-encoding` decodes `%` only; this serves all three marks.
fn decode_hex(text: &str, mark: u8) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits =
            behind.get(..2).filter(|digits| first == mark && digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Decodes HTML entities and the backslashes of Markdown, shells, TeX and JSON, and replaces look-alike characters that
/// editors insert.
pub(super) fn escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (decoded, length) = match c {
            '&' => entity(rest).map_or((Some('&'), 1), |(c, length)| (Some(c), length)),
            '\\' => backslash(&rest[1..]),
            '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{FE63}' => (Some('-'), c.len_utf8()),
            '\u{FF01}'..='\u{FF5E}' => (char::from_u32(u32::from(c) - 0xFEE0), c.len_utf8()),
            c => (Some(c), c.len_utf8()),
        };
        plain.extend(decoded);
        rest = &rest[length..];
    }
    plain
}

/// Decodes the HTML entity at the beginning of a text, and returns its character and its length. It knows the names of
/// characters that occur in links or are invisible; a complete table has 2,231.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(20).position(|byte| byte == b';')?;
    let name = &text[1..end];
    let c = if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        char::from_u32(code.ok()?)?
    } else {
        match name {
            "amp" | "AMP" => '&',
            "lt" | "LT" => '<',
            "gt" | "GT" => '>',
            "quot" | "QUOT" => '"',
            "apos" => '\'',
            "num" => '#',
            "equals" => '=',
            "lowbar" | "UnderBar" => '_',
            "hyphen" | "dash" | "minus" => '-',
            "sol" => '/',
            "bsol" => '\\',
            "colon" => ':',
            "semi" => ';',
            "period" => '.',
            "quest" => '?',
            "percnt" => '%',
            "ast" | "midast" => '*',
            "excl" => '!',
            "dollar" => '$',
            "nbsp" | "NonBreakingSpace" | "Tab" | "NewLine" => ' ',
            "shy" | "zwnj" | "zwj" | "lrm" | "rlm" | "ZeroWidthSpace" | "NoBreak" => '\u{200B}',
            _ => return None,
        }
    };
    Some((c, end + 1))
}

/// Decodes the escape that a backslash before this text begins, and returns its character and its length. A backslash that
/// begins no escape is dropped.
fn backslash(text: &str) -> (Option<char>, usize) {
    let code = |digits: usize| {
        let digits =
            text.get(1..=digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    };
    match text.bytes().next() {
        Some(b'u') if code(4).is_some() => (code(4), 6),
        Some(b'x') if code(2).is_some() => (code(2), 4),
        Some(b'n' | b'r' | b't') => (Some(' '), 2),
        _ => (None, 1),
    }
}

/// Undoes an editor's replacement of two hyphens by an en or em dash.
pub(super) fn long_dash_as_two(text: &str) -> String {
    text.replace(['\u{2013}', '\u{2014}'], "--")
}

/// Undoes an editor's replacement of one hyphen by an en or em dash.
pub(super) fn long_dash_as_one(text: &str) -> String {
    text.replace(['\u{2013}', '\u{2014}'], "-")
}

/// Decodes links of Proofpoint, second version: `/v2/url?u=https-3A__host_s_...-23k-3D...&d=...`.
pub(super) fn proofpoint_v2(text: &str) -> String {
    replace_each(text, "/v2/url?", |rest| {
        let start = if rest.starts_with("u=") { 2 } else { rest.find("&u=")? + 3 };
        let end = rest[start..].find('&').map_or(rest.len(), |end| start + end);
        Some((decode_hex(&rest[start..end].replace('_', "/"), b'-'), end))
    })
}

/// Decodes links of Proofpoint, third version: `/v3/__https://host/s/...*k=...__;Iw!!...`. Each `*` stands for the next of
/// the characters behind the `;`, and `**X` for a run of them. The underscores may be missing, as Markdown removes them.
pub(super) fn proofpoint_v3(text: &str) -> String {
    replace_each(text, "/v3/", |rest| {
        let (wrapped, behind) = rest.split_once(';')?;
        let (characters, _) = behind.split_once('!')?;
        let url = wrapped.strip_prefix("__").unwrap_or(wrapped);
        let url = url.strip_suffix("__").unwrap_or(url);
        let characters = String::from_utf8(LENIENT.decode(characters).ok()?).ok()?;
        Some((fill_placeholders(url, &characters)?, wrapped.len()))
    })
}

/// Replaces each `*` by the next character, and each `**X` by as many as `X` encodes.
fn fill_placeholders(url: &str, characters: &str) -> Option<String> {
    let mut characters = characters.chars();
    let mut parts = url.split('*');
    let mut plain = parts.next()?.to_owned();
    while let Some(part) = parts.next() {
        // An empty part stands between two stars. The part behind it begins with the length of a run.
        let run = if part.is_empty() { parts.next() } else { None };
        let (length, part) = match run.and_then(|run| Some((RUN_LENGTHS.find(run.chars().next()?)?, run))) {
            Some((length, run)) => (length + 2, &run[1..]),
            None => (1, run.unwrap_or(part)),
        };
        plain.extend(characters.by_ref().take(length));
        plain.push_str(part);
    }
    // Some gateways merge the two slashes behind the scheme.
    for scheme in ["https:/", "http:/"] {
        if let Some(rest) = plain.strip_prefix(scheme).filter(|rest| !rest.starts_with('/')) {
            return Some(format!("{scheme}/{rest}"));
        }
    }
    Some(plain)
}

/// Decodes a URL in base64, as Sophos and Bing write it, or JSON that contains one, as Mandrill writes it.
pub(super) fn base64(text: &str) -> String {
    BASE64_STARTS.iter().fold(text.to_owned(), |text, start| {
        replace_each(&text, start, |rest| {
            let is_inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_');
            let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
            let run = format!("{start}{}", &rest[..length]).replace('+', "-").replace('/', "_");
            // A single character behind groups of four encodes no byte.
            let run = if run.len() % 4 == 1 { &run[..run.len() - 1] } else { &run };
            Some((String::from_utf8(LENIENT.decode(run).ok()?).ok()?, length))
        })
    })
}

/// Calls `decode` with the text behind each `start`. It returns the replacement, and how many bytes that replaces. `start`
/// itself remains, since a link may have any text before it.
fn replace_each(text: &str, start: &str, decode: impl Fn(&str) -> Option<(String, usize)>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    for _ in 0..MAX_OCCURRENCES {
        let Some((before, behind)) = rest.split_once(start) else { break };
        plain.push_str(before);
        plain.push_str(start);
        rest = behind;
        let window = &behind[..behind.floor_char_boundary(MAX_URL_LEN)];
        if let Some((decoded, length)) = decode(window) {
            plain.push_str(&decoded);
            rest = &behind[length..];
        }
    }
    plain + rest
}
