//! Describes each call: its purpose, types and example.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use shared_crypto::messages::{
    Call, CreateRequest, CreateResponse, ErrorCode, OpenRequest, OpenResponse, ReceiptRequest,
    ReceiptResponse, RevealRequest, RevealResponse,
};

/// The description of one call.
pub(crate) struct CallDescription {
    pub(crate) call: Call,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    /// The description of the successful response.
    success: &'static str,
    request: fn(&mut SchemaGenerator) -> Value,
    response: fn(&mut SchemaGenerator) -> Value,
    example: fn(&Value) -> Value,
}

fn reference<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

/// The descriptions, in the order of [`Call::ALL`].
pub(crate) const CALLS: [CallDescription; 5] = [
    CallDescription {
        call: Call::Create,
        summary: "Store an encrypted secret",
        description: "This call is idempotent: a repeated request returns the same response and stores nothing, even \
            if the secret has ended in the meantime. The server rejects an envelope whose plaintext is not padded to \
            an allowed length, so that every client hides the length of its secrets.",
        success: "The secret is stored. Its link is `/s/{id}#k={fragment}`; the fragment is never sent to the server",
        request: reference::<CreateRequest>,
        response: reference::<CreateResponse>,
        example: |example| example["create"].clone(),
    },
    CallDescription {
        call: Call::Open,
        summary: "Load the envelope",
        description: "Uses no view. The client checks that the envelope belongs to the link before it reveals the secret.",
        success: "The envelope, its views and its expiry",
        request: reference::<OpenRequest>,
        response: reference::<OpenResponse>,
        example: |example| json!({ "id": ID, "access": example["access"] }),
    },
    CallDescription {
        call: Call::Reveal,
        summary: "Use a view and get the server's key share",
        description: "This call is idempotent for five minutes: a request with the same claim uses no second view and \
            returns the same response, even if the secret has ended in the meantime. The transaction that releases the \
            last view deletes the ciphertext. A wrong passphrase uses no view. The fifth in a row, and each further \
            one, locks the secret for some time.",
        success: "The server's key share",
        request: reference::<RevealRequest>,
        response: reference::<RevealResponse>,
        example: |example| {
            json!({
                "id": ID, "access": example["access"], "reveal": example["reveal"], "claim": example["claim"],
            })
        },
    },
    CallDescription {
        call: Call::Receipt,
        summary: "Get the receipt of a secret",
        description: "For the sender, who has the receipt token. A receipt is available until seven days after the \
            secret's expiry time.",
        success: "The receipt",
        request: reference::<ReceiptRequest>,
        response: reference::<ReceiptResponse>,
        example: |example| json!({ "token": example["token"] }),
    },
    CallDescription {
        call: Call::Burn,
        summary: "Delete a secret before it expires",
        description: "For the sender, who has the receipt token. This call is idempotent: it does not change a secret \
            that was viewed, has expired or was burned before.",
        success: "The receipt after the call",
        request: reference::<ReceiptRequest>,
        response: reference::<ReceiptResponse>,
        example: |example| json!({ "token": example["token"] }),
    },
];

/// The id in examples. The probability that a secret has it is 2^-96.
const ID: &str = "AAAAAAAAAAAAAAAA";

impl CallDescription {
    /// Returns the entry of the call under `paths`.
    pub(super) fn path(
        &self,
        types: &mut SchemaGenerator,
        variants: &Map<String, Value>,
        example: &Value,
    ) -> Value {
        let mut responses = Map::new();
        responses.insert(
            self.call.success_status().to_string(),
            json!({
                "description": self.success,
                "content": { "application/json": { "schema": (self.response)(types) } },
            }),
        );
        for code in self.errors() {
            let status = code.status();
            let Some(variant) = variants.get(code.name()) else { continue };
            let response = responses.entry(status.to_string()).or_insert_with(|| {
                let mut response = json!({
                    "description": "",
                    "content": { "application/json": { "schema": { "oneOf": [] } } },
                });
                if matches!(status, 429 | 503) || self.call == Call::Reveal && status == 403 {
                    response["headers"] = json!({
                        "Retry-After": {
                            "description": "Seconds to wait before the next attempt",
                            "schema": { "type": "integer", "minimum": 1 },
                        },
                    });
                }
                response
            });
            let description = response["description"].as_str().unwrap_or_default();
            let addition = variant["description"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches(&format!("{status}: "));
            response["description"] = json!([description, addition].join(" ").trim());
            if let Some(list) = response["content"]["application/json"]["schema"]["oneOf"].as_array_mut() {
                list.push(variant.clone());
            }
        }
        // The empty requirement allows `create` without a token, for servers that require none.
        let security = if self.call == Call::Create { json!([{}, { "token": [] }]) } else { json!([]) };
        json!({
            "post": {
                "security": security,
                "operationId": self.call.name(),
                "summary": self.summary,
                "description": self.description,
                "requestBody": {
                    "required": true,
                    "content": {
                        "application/json": { "schema": (self.request)(types), "example": (self.example)(example) },
                    },
                },
                "responses": responses,
            },
        })
    }

    /// Returns all errors of the call, sorted by status and name.
    pub(crate) fn errors(&self) -> Vec<ErrorCode> {
        let mut errors = [&Call::COMMON_ERRORS, self.call.own_errors()].concat();
        errors.sort_unstable_by_key(|code| (code.status(), code.name()));
        errors
    }
}
