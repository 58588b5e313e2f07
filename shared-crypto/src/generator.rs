//! Generates passwords, passphrases and tokens.

use rand::TryRng as _;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use rand::seq::IndexedRandom as _;
use zeroize::Zeroizing;

use crate::{Error, base64url};

/// Letters, digits and the punctuation that forms and shells accept.
const ALPHABET: &[u8; 71] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+=:@%#";
/// log2(71)
const BITS_PER_CHARACTER: f32 = 6.149_747;
/// log2(7776), for the EFF's large list of words.
const BITS_PER_WORD: f32 = 12.924_813;

/// Generates a random value of one kind and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// A number of characters: letters, digits and punctuation, at least one of each.
    Password(u8),
    /// A number of words from a list, with hyphens between them.
    Words(u8),
    /// A number of random bytes in hexadecimal.
    Hex(u8),
    /// A number of random bytes in base64url without padding.
    Base64(u8),
}

impl Generator {
    /// Returns the entropy of a value in bits, rounded down. For words it assumes a list of 7,776.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 255 times 13")]
    pub fn bits(self) -> u32 {
        match self {
            Self::Password(length) => (f32::from(length) * BITS_PER_CHARACTER) as u32,
            Self::Words(count) => (f32::from(count) * BITS_PER_WORD) as u32,
            Self::Hex(bytes) | Self::Base64(bytes) => u32::from(bytes) * 8,
        }
    }

    /// Generates a value. Only [`Self::Words`] uses `words`, a list with one word a line.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system's random number generator fails, or if the list has no word.
    pub fn generate(self, words: &str) -> Result<Zeroizing<String>, Error> {
        match self {
            Self::Password(length) => password(length),
            Self::Words(count) => passphrase(words, count),
            Self::Hex(bytes) => random_bytes(bytes).map(|bytes| Zeroizing::new(hex(&bytes))),
            Self::Base64(bytes) => random_bytes(bytes).map(|bytes| Zeroizing::new(base64url::encode(&bytes))),
        }
    }
}

/// Generates passwords until one contains every class of characters, as many sites require. A password of less than four
/// characters cannot.
fn password(length: u8) -> Result<Zeroizing<String>, Error> {
    loop {
        let mut text = Zeroizing::new(String::with_capacity(length.into()));
        for _ in 0..length {
            text.push(char::from(*choose(ALPHABET)?));
        }
        let has = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
        let has_all = has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_punctuation);
        if has_all || length < 4 {
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
        text.push_str(choose(&words)?);
    }
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn random_bytes(len: u8) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; len.into()]);
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

/// Chooses an item, all with the same probability.
fn choose<T>(items: &[T]) -> Result<&T, Error> {
    // `rand` samples from generators that cannot fail only. One read shows that the operating system's works.
    SysRng.try_next_u32().map_err(|_| Error::Random)?;
    items.choose(&mut UnwrapErr(SysRng)).ok_or(Error::Random)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = include_str!("../../public/words.txt");

    #[test]
    fn word_list_is_the_large_one_of_the_eff() {
        let words: std::collections::HashSet<_> = LIST.lines().collect();
        assert_eq!((words.len(), LIST.lines().count()), (7776, 7776));
        assert!(words.iter().all(|word| word.len() >= 3 && !word.contains(char::is_whitespace)));
    }

    #[test]
    fn generated_value_has_its_form_and_entropy() {
        let generate = |generator: Generator| generator.generate(LIST).unwrap();
        for _ in 0..100 {
            let password = generate(Generator::Password(4));
            assert_eq!(password.len(), 4);
            assert!(password.contains(|c: char| c.is_ascii_digit()), "{}", *password);
        }
        assert_eq!(generate(Generator::Hex(16)).len(), 32);
        assert_eq!(generate(Generator::Base64(32)).len(), 43);
        let words: Vec<_> = generate(Generator::Words(5)).split('-').map(str::to_owned).collect();
        assert!(words.len() >= 5, "some words of the list contain a hyphen: {words:?}");
        let bits = [Generator::Password(20), Generator::Words(5), Generator::Hex(32), Generator::Base64(16)]
            .map(Generator::bits);
        assert_eq!(bits, [122, 64, 256, 128]);
    }

    #[test]
    fn every_item_is_chosen_about_equally_often() {
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[*choose(&[0, 1, 2, 3, 4, 5, 6]).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
        assert!(choose::<u8>(&[]).is_err());
    }

    #[test]
    fn empty_word_list_is_an_error() {
        assert_eq!(Generator::Words(5).generate(""), Err(Error::Random));
    }
}
