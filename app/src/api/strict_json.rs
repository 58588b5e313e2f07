//! JSON that is one object, holds what is asked for, and nothing else.

use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};
use server_fn::Bytes;

/// The codec of every request body.
#[derive(Debug)]
pub struct StrictJson;

impl ContentType for StrictJson {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for StrictJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for StrictJson {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for StrictJson {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // serde reads a struct from an array too.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(serde_json::Error::custom("not an object"));
        }
        let mut unknown = false;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_ignored::deserialize(&mut reader, |_| unknown = true)?;
        reader.end()?;
        if unknown { Err(serde_json::Error::custom("unknown field")) } else { Ok(value) }
    }
}
