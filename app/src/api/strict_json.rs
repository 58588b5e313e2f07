//! A codec for JSON that rejects unknown fields and everything but one object.

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
        // serde would also deserialise a struct from an array.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(serde_json::Error::custom("not an object"));
        }
        let mut has_unknown_field = false;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_ignored::deserialize(&mut deserializer, |_| has_unknown_field = true)?;
        deserializer.end()?;
        if has_unknown_field { Err(serde_json::Error::custom("unknown field")) } else { Ok(value) }
    }
}
