//! The encoding of files with a note:
//! `note_len(4) ‖ note ‖ count(1) ‖ { name_len(2) ‖ name ‖ type_len(1) ‖ media type ‖ len(4) ‖ bytes }*`

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Error;

/// The maximum number of files in one secret.
pub const MAX_FILES: usize = 16;
/// The maximum length of a file's name, in bytes.
const MAX_NAME_LEN: usize = 255;
/// The maximum length of a media type, in bytes.
const MAX_TYPE_LEN: usize = 255;

/// A file. Its name comes from the sender, and must not be used as a path; see [`File::safe_name`].
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct File {
    name: String,
    media_type: String,
    bytes: Vec<u8>,
}

impl File {
    /// Creates a file. The name must have 1 to 255 bytes, and the media type 0 to 255 bytes of printable ASCII.
    pub fn new(name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        let printable = media_type.bytes().all(|byte| (0x20..=0x7E).contains(&byte));
        if !(1..=MAX_NAME_LEN).contains(&name.len()) || media_type.len() > MAX_TYPE_LEN || !printable {
            return Err(Error::Bundle);
        }
        Ok(Self { name: name.to_owned(), media_type: media_type.to_owned(), bytes })
    }

    /// Returns the name as the sender's client sent it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a name under which the file can be saved: it contains no path, and is valid on every operating system.
    pub fn safe_name(&self) -> String {
        super::name::safe_name(&self.name)
    }

    /// Returns the media type as the sender's client sent it.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Returns the content.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Holds 1 to [`MAX_FILES`] files and a note, which may be empty.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Bundle {
    note: String,
    files: Vec<File>,
}

impl Bundle {
    /// Creates a bundle. It must have 1 to [`MAX_FILES`] files.
    pub fn new(note: impl Into<String>, files: Vec<File>) -> Result<Self, Error> {
        if (1..=MAX_FILES).contains(&files.len()) {
            Ok(Self { note: note.into(), files })
        } else {
            Err(Error::Bundle)
        }
    }

    /// Returns the sender's note.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Returns the files, in the sender's order.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    pub(super) fn encoded_len(&self) -> Result<usize, Error> {
        let files =
            self.files.iter().map(|file| 7 + file.name.len() + file.media_type.len() + file.bytes.len());
        files.chain([5, self.note.len()]).try_fold(0_usize, usize::checked_add).ok_or(Error::TooLarge)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(&be32(self.note.len())?);
        out.extend_from_slice(self.note.as_bytes());
        out.push(u8::try_from(self.files.len()).map_err(|_| Error::Bundle)?);
        for file in &self.files {
            let name_len = u16::try_from(file.name.len()).map_err(|_| Error::Bundle)?;
            out.extend_from_slice(&name_len.to_be_bytes());
            out.extend_from_slice(file.name.as_bytes());
            out.push(u8::try_from(file.media_type.len()).map_err(|_| Error::Bundle)?);
            out.extend_from_slice(file.media_type.as_bytes());
            out.extend_from_slice(&be32(file.bytes.len())?);
            out.extend_from_slice(&file.bytes);
        }
        Ok(())
    }

    pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
        let mut rest = Cursor(body);
        let note_len = rest.number::<4>()?;
        let note = rest.text(note_len)?.to_owned();
        let count = rest.number::<1>()?;
        let mut files = Vec::with_capacity(count.min(MAX_FILES));
        for _ in 0..count {
            let name_len = rest.number::<2>()?;
            let name = rest.text(name_len)?;
            let type_len = rest.number::<1>()?;
            let media_type = rest.text(type_len)?;
            let len = rest.number::<4>()?;
            files.push(File::new(name, media_type, rest.take(len)?.to_vec())?);
        }
        if rest.0.is_empty() { Self::new(note, files) } else { Err(Error::Bundle) }
    }
}

fn be32(len: usize) -> Result<[u8; 4], Error> {
    u32::try_from(len).map(u32::to_be_bytes).map_err(|_| Error::TooLarge)
}

/// Reads fields from the bytes that are left.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Error::Bundle)?;
        self.0 = rest;
        Ok(head)
    }

    fn number<const N: usize>(&mut self) -> Result<usize, Error> {
        Ok(self.take(N)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn text(&mut self, len: usize) -> Result<&'a str, Error> {
        std::str::from_utf8(self.take(len)?).map_err(|_| Error::Bundle)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File(<redacted>)")
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bundle(<redacted>)")
    }
}
