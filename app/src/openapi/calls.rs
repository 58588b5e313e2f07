//! The description of each call: its purpose, types and example.

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
    answered: &'static str,
    request: fn(&mut SchemaGenerator) -> Value,
    answer: fn(&mut SchemaGenerator) -> Value,
    example: fn(&Value) -> Value,
}

fn reference<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

/// In the order in which a secret meets them.
pub(crate) const CALLS: [CallDescription; 5] = [
    CallDescription {
        call: Call::Create,
        summary: "Store a sealed secret",
        description: "Creating twice is creating once: the same request again has the same answer, whatever has become \
            of the secret since. An envelope whose plain length no correct writer makes is refused, so that no client \
            can forget to hide the length.",
        answered: "Stored. The link is `/s/{id}#k={fragment}`; the fragment never goes to the server",
        request: reference::<CreateRequest>,
        answer: reference::<CreateResponse>,
        example: |example| example["create"].clone(),
    },
    CallDescription {
        call: Call::Open,
        summary: "Look at the envelope",
        description: "Costs no view. The client checks that the envelope belongs to the link before it asks for one.",
        answered: "The envelope, and how often and how long it can still be revealed",
        request: reference::<OpenRequest>,
        answer: reference::<OpenResponse>,
        example: |example| json!({ "id": ID, "access": example["access"] }),
    },
    CallDescription {
        call: Call::Reveal,
        summary: "Get the server's half of the key",
        description: "Costs one view, once for each claim: for five minutes the same request has the same answer, also \
            after the secret is gone. The last view deletes the record in the same transaction. A wrong passphrase \
            costs no view; the fifth in a row, and each after it, locks the secret for a while.",
        answered: "The share",
        request: reference::<RevealRequest>,
        answer: reference::<RevealResponse>,
        example: |example| {
            json!({
                "id": ID, "access": example["access"], "reveal": example["reveal"], "claim": example["claim"],
            })
        },
    },
    CallDescription {
        call: Call::Receipt,
        summary: "See what became of a secret",
        description: "For the sender, who made the token. Answered until seven days after the expiry.",
        answered: "The receipt",
        request: reference::<ReceiptRequest>,
        answer: reference::<ReceiptResponse>,
        example: |example| json!({ "token": example["token"] }),
    },
    CallDescription {
        call: Call::Burn,
        summary: "Delete a secret before it expires",
        description: "For the sender. What ended first stays: burning what was viewed, has expired or was burned \
            changes nothing.",
        answered: "The receipt as it is after it",
        request: reference::<ReceiptRequest>,
        answer: reference::<ReceiptResponse>,
        example: |example| json!({ "token": example["token"] }),
    },
];

/// No secret has it, but by a chance of 2^-96.
const ID: &str = "AAAAAAAAAAAAAAAA";

impl CallDescription {
    /// Its entry under `paths`.
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
                "description": self.answered,
                "content": { "application/json": { "schema": (self.answer)(types) } },
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
                            "description": "Seconds until another try is worth it",
                            "schema": { "type": "integer", "minimum": 1 },
                        },
                    });
                }
                response
            });
            let said = response["description"].as_str().unwrap_or_default();
            let more = variant["description"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches(&format!("{status}: "));
            response["description"] = json!([said, more].join(" ").trim());
            if let Some(list) = response["content"]["application/json"]["schema"]["oneOf"].as_array_mut() {
                list.push(variant.clone());
            }
        }
        // An empty requirement: where anybody may create, nothing is shown.
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

    /// Returns the errors that the call may answer with, by status and name.
    pub(crate) fn errors(&self) -> Vec<ErrorCode> {
        let mut errors = [&Call::COMMON_ERRORS, self.call.own_errors()].concat();
        errors.sort_unstable_by_key(|code| (code.status(), code.name()));
        errors
    }
}
