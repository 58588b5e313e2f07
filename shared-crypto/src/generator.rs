//! Passwords, tokens and passphrases that nobody thought up.

use zeroize::Zeroizing;

use crate::{Error, base64url};

/// Letters, digits and marks that pass through forms and shells alike: 71 of them.
const ALPHABET: &[u8; 71] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+=:@%#";
/// log2(71), and log2(7776) for the EFF's large list.
const BITS_OF_A_CHARACTER: f32 = 6.149_747;
const BITS_OF_A_WORD: f32 = 12.924_813;

/// What can be made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// So many characters: letters, digits and marks, at least one of each.
    Password(u8),
    /// So many words of a list, with hyphens between them.
    Words(u8),
    /// So many random bytes in hexadecimal.
    Hex(u8),
    /// So many random bytes in base64url without padding.
    Base64(u8),
}

impl Generator {
    /// How hard the result is to guess, in bits, rounded down. Words are those of a list of 7,776.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 255 times 13")]
    pub fn bits(self) -> u32 {
        match self {
            Self::Password(length) => (f32::from(length) * BITS_OF_A_CHARACTER) as u32,
            Self::Words(count) => (f32::from(count) * BITS_OF_A_WORD) as u32,
            Self::Hex(bytes) | Self::Base64(bytes) => u32::from(bytes) * 8,
        }
    }

    /// Follows the recipe. `words` is the list, one word a line; the other recipes do not look at it.
    pub fn generate(self, words: &str) -> Result<Zeroizing<String>, Error> {
        match self {
            Self::Password(length) => password(length),
            Self::Words(count) => passphrase(words, count),
            Self::Hex(bytes) => random(bytes).map(|bytes| Zeroizing::new(hex(&bytes))),
            Self::Base64(bytes) => random(bytes).map(|bytes| Zeroizing::new(base64url::encode(&bytes))),
        }
    }
}

/// Drawn again until every class is in it, as most sites ask for; from four characters on that can be had.
fn password(length: u8) -> Result<Zeroizing<String>, Error> {
    loop {
        let mut text = Zeroizing::new(String::with_capacity(length.into()));
        for _ in 0..length {
            text.push(ALPHABET[below(ALPHABET.len())?].into());
        }
        let has = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
        let all = has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_punctuation);
        if all || length < 4 {
            return Ok(text);
        }
    }
}

fn passphrase(words: &str, count: u8) -> Result<Zeroizing<String>, Error> {
    let words: Vec<&str> = words.lines().collect();
    let mut text = Zeroizing::new(String::with_capacity(usize::from(count) * 10));
    for index in 0..count {
        if index > 0 {
            text.push('-');
        }
        text.push_str(words.get(below(words.len())?).ok_or(Error::Random)?);
    }
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn random(len: u8) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; len.into()]);
    getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

/// A number below `end`, each as likely as the others: what would favour the small ones is drawn again.
fn below(end: usize) -> Result<usize, Error> {
    let end = u32::try_from(end).ok().filter(|end| *end > 0).ok_or(Error::Random)?;
    loop {
        let number = getrandom::u32().map_err(|_| Error::Random)?;
        if number < u32::MAX / end * end {
            return Ok((number % end) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../public/words.txt");

    #[test]
    fn the_list_is_the_effs_large_one() {
        let words: std::collections::HashSet<_> = LIST.lines().collect();
        assert_eq!((words.len(), LIST.lines().count()), (7776, 7776));
        assert!(words.iter().all(|word| word.len() >= 3 && !word.contains(char::is_whitespace)));
    }

    #[test]
    fn results_have_the_form_and_the_bits_that_are_promised() {
        let made = |recipe: Generator| recipe.generate(LIST).unwrap();
        for _ in 0..100 {
            let password = made(Generator::Password(4));
            assert_eq!(password.len(), 4);
            assert!(password.contains(|c: char| c.is_ascii_digit()), "{}", *password);
        }
        assert_eq!(made(Generator::Hex(16)).len(), 32);
        assert_eq!(made(Generator::Base64(32)).len(), 43);
        let words: Vec<_> = made(Generator::Words(5)).split('-').map(str::to_owned).collect();
        assert!(words.len() >= 5, "some words of the list have a hyphen of their own: {words:?}");
        let bits = [Generator::Password(20), Generator::Words(5), Generator::Hex(32), Generator::Base64(16)]
            .map(Generator::bits);
        assert_eq!(bits, [122, 64, 256, 128]);
    }

    #[test]
    fn every_number_is_drawn_about_equally_often() {
        let mut drawn = [0_u32; 7];
        for _ in 0..70_000 {
            drawn[below(7).unwrap()] += 1;
        }
        assert!(drawn.iter().all(|count| (9_500..10_500).contains(count)), "{drawn:?}");
        assert!(below(0).is_err());
    }

    #[test]
    fn no_list_is_an_error_and_no_loop() {
        assert_eq!(Generator::Words(5).generate(""), Err(Error::Random));
    }
}
