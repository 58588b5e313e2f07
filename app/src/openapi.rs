//! Describes the API as `OpenAPI` 3.1, generated from its request and response types. The server returns the document, and
//! the page `/docs/api` shows it.

mod calls;
mod config;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use shared_crypto::messages::{CONFIG_PATH, ErrorBody};

pub(crate) use calls::{CALLS, CallDescription};
use vault::SecretLimits;

/// Valid requests of a secret whose keys are public.
const EXAMPLE: &str = include_str!("../../docs/api/example.json");

/// Returns the document, with the limits of this server.
pub fn document(limits: &SecretLimits, public_url: Option<&str>) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut types = settings.into_generator();
    let variants = variants(&mut types);
    let example: Value = serde_json::from_str(EXAMPLE).unwrap_or_default();

    let mut paths = Map::new();
    for call in &CALLS {
        paths.insert(call.call.path().to_owned(), call.path(&mut types, &variants, &example));
    }
    paths.insert(CONFIG_PATH.to_owned(), config::path(&mut types));
    let mut schemas = types.take_definitions(true);
    if let Some(create) = schemas.get_mut("CreateRequest") {
        create["properties"]["ttl_seconds"]["maximum"] = json!(limits.max_ttl);
        create["properties"]["max_views"]["maximum"] = json!(limits.max_views);
        // Four characters for three bytes.
        create["properties"]["envelope"]["maxLength"] = json!(limits.max_envelope_bytes().div_ceil(3) * 4);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "iKrypt",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "One-time secret links, encrypted by the client",
            "description": "Five calls for secrets, and one for the limits of the server. No URL contains an id or anything that opens a secret. Byte \
                strings are base64url without padding, times are RFC 3339 in UTC, and unknown fields are an error. All calls are \
                idempotent: a request that got no response can be sent again unchanged, and nothing is stored, viewed or burned \
                twice. Only a wrong passphrase counts again.",
            "license": { "name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": public_url.unwrap_or("/") }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A creation token, if the operator requires one for creating secrets",
                },
            },
        },
    })
}

/// Returns the schema of each error, by its code.
fn variants(types: &mut schemars::SchemaGenerator) -> Map<String, Value> {
    let schema = types.root_schema_for::<ErrorBody>().to_value();
    let variants = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let code = |variant: &Value| variant["properties"]["error"]["const"].as_str().map(str::to_owned);
    variants.into_iter().filter_map(|variant| Some((code(&variant)?, variant))).collect()
}

/// Returns all calls as commands for curl, with the values of the example.
pub(crate) fn curl() -> String {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap_or_default();
    let mut text = include_str!("../../docs/api/calls.sh").to_owned();
    for values in [&example["create"], &example] {
        for (name, value) in values.as_object().into_iter().flatten() {
            text = text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
        }
    }
    text
}

/// A complete client in Python.
pub(crate) const PYTHON: &str = include_str!("../../docs/api/ikrypt.py");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn limited_document() -> Value {
        document(&SecretLimits { max_ttl: 7200, max_views: 7, ..SecretLimits::default() }, None)
    }

    #[test]
    fn every_field_of_a_request_is_described() {
        let document = limited_document();
        assert_eq!(document["paths"].as_object().unwrap().len(), CALLS.len() + 1);
        let create = &document["components"]["schemas"]["CreateRequest"];
        assert_eq!(create["additionalProperties"], json!(false));
        assert_eq!(create["required"].as_array().unwrap().len(), 7);
        assert_eq!(create["properties"]["ttl_seconds"]["maximum"], json!(7200));
        assert_eq!(create["properties"]["max_views"]["maximum"], json!(7));
        for (_, path) in
            document["paths"].as_object().unwrap().iter().filter(|(_, path)| path.get("post").is_some())
        {
            let request = &path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let name = request.as_str().unwrap().rsplit('/').next().unwrap();
            for (field, schema) in document["components"]["schemas"][name]["properties"].as_object().unwrap()
            {
                assert!(schema["description"].is_string(), "{name}.{field}");
            }
        }
    }

    #[test]
    fn every_field_of_the_configuration_is_described() {
        let document = limited_document();
        let response = &document["paths"][CONFIG_PATH]["get"]["responses"]["200"];
        let schema = response["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
        assert_eq!(schema, "#/components/schemas/ServerConfig");
        let fields = document["components"]["schemas"]["ServerConfig"]["properties"].as_object().unwrap();
        assert_eq!(fields.len(), 11);
        for (field, schema) in fields {
            assert!(schema["description"].is_string(), "{field}");
        }
    }

    #[test]
    fn every_error_is_listed_under_its_status() {
        let document = limited_document();
        let mut codes = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (status, response) in item["post"]["responses"].as_object().into_iter().flatten() {
                if status.starts_with('2') {
                    continue;
                }
                for variant in response["content"]["application/json"]["schema"]["oneOf"].as_array().unwrap()
                {
                    let code = variant["properties"]["error"]["const"].as_str().unwrap();
                    codes.insert(code.to_owned());
                    // A body with the fields of every variant: its code alone selects the variant.
                    let body = json!({ "error": code, "tries_left": 1, "state": "viewed", "ended_at": "2026-01-01T00:00:00Z" });
                    let error: ErrorBody = serde_json::from_value(body).unwrap();
                    assert_eq!(error.status().to_string(), *status, "{path} {code}");
                }
            }
        }
        assert_eq!(codes.len(), 13);
    }

    #[test]
    fn example_equals_the_output_of_seal() {
        use shared_crypto::{Envelope, LinkKey, Payload, ReceiptToken, SealingKeys, ServerShare, seal};
        let example: Value = serde_json::from_str(EXAMPLE).unwrap();
        let create = &example["create"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let sealing_keys = SealingKeys::fixed(
            LinkKey::decode(&text(&example["link_key"])).unwrap(),
            ServerShare::decode(&text(&create["share"])).unwrap(),
            ReceiptToken::decode(&text(&example["token"])).unwrap(),
            Envelope::decode(&text(&create["envelope"])).unwrap().as_bytes()[4..16].try_into().unwrap(),
        );
        let sealed = seal(&Payload::text("hunter2"), sealing_keys, None).unwrap();
        assert_eq!(serde_json::to_value(sealed.to_request(3600, 100)).unwrap(), *create);
        assert_eq!(sealed.keys().access().encode(), text(&example["access"]));
        assert_eq!(sealed.keys().reveal().encode(), text(&example["reveal"]));
        assert!(!curl().contains("{envelope}") && curl().contains(&text(&example["token"])));
    }
}
