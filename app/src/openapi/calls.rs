//! The five calls: what each is for, and what it answers with.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use shared_crypto::wire::{
    CreateAnswer, CreateRequest, OpenAnswer, OpenRequest, ReceiptAnswer, ReceiptRequest, RevealAnswer,
    RevealRequest,
};

/// One call of the API.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    success: u16,
    answered: &'static str,
    request: fn(&mut SchemaGenerator) -> Value,
    answer: fn(&mut SchemaGenerator) -> Value,
    refusals: &'static [&'static str],
    example: fn(&Value) -> Value,
}

fn reference<T: JsonSchema>(types: &mut SchemaGenerator) -> Value {
    types.subschema_for::<T>().to_value()
}

/// What every call may answer, and the status it goes with.
const ALWAYS: [(u16, &str); 7] = [
    (400, "invalid_request"),
    (403, "cross_site"),
    (413, "too_large"),
    (415, "unsupported_media_type"),
    (429, "rate_limited"),
    (503, "try_later"),
    (507, "storage_full"),
];
/// What some may.
const SOMETIMES: [(u16, &str); 6] = [
    (401, "unauthorized"),
    (403, "wrong_passphrase"),
    (404, "unavailable"),
    (409, "conflict"),
    (410, "gone"),
    (429, "locked"),
];

/// In the order in which a secret meets them.
pub(crate) const CALLS: [Call; 5] = [
    Call {
        name: "create",
        summary: "Store a sealed secret",
        description: "Creating twice is creating once: the same request again has the same answer, whatever has become \
            of the secret since. An envelope whose plain length no correct writer makes is refused, so that no client \
            can forget to hide the length.",
        success: 201,
        answered: "Stored. The link is `/s/{id}#k={fragment}`; the fragment never goes to the server",
        request: reference::<CreateRequest>,
        answer: reference::<CreateAnswer>,
        refusals: &["unauthorized", "conflict"],
        example: |example| example["create"].clone(),
    },
    Call {
        name: "open",
        summary: "Look at the envelope",
        description: "Costs no view. The client checks that the envelope belongs to the link before it asks for one.",
        success: 200,
        answered: "The envelope, and how often and how long it can still be revealed",
        request: reference::<OpenRequest>,
        answer: reference::<OpenAnswer>,
        refusals: &["unavailable", "gone"],
        example: |example| json!({ "id": ID, "access": example["access"] }),
    },
    Call {
        name: "reveal",
        summary: "Get the server's half of the key",
        description: "Costs one view, once for each claim: for five minutes the same request has the same answer, also \
            after the secret is gone. The last view deletes the record in the same transaction. A wrong passphrase \
            costs no view; the fifth in a row, and each after it, locks the secret for a while.",
        success: 200,
        answered: "The share",
        request: reference::<RevealRequest>,
        answer: reference::<RevealAnswer>,
        refusals: &["wrong_passphrase", "unavailable", "gone", "locked"],
        example: |example| {
            json!({
                "id": ID, "access": example["access"], "reveal": example["reveal"], "claim": example["claim"],
            })
        },
    },
    Call {
        name: "receipt",
        summary: "See what became of a secret",
        description: "For the sender, who made the token. Answered until seven days after the expiry.",
        success: 200,
        answered: "The receipt",
        request: reference::<ReceiptRequest>,
        answer: reference::<ReceiptAnswer>,
        refusals: &["unavailable"],
        example: |example| json!({ "token": example["token"] }),
    },
    Call {
        name: "burn",
        summary: "Delete a secret before it expires",
        description: "For the sender. What ended first stays: burning what was viewed, has expired or was burned \
            changes nothing.",
        success: 200,
        answered: "The receipt as it is after it",
        request: reference::<ReceiptRequest>,
        answer: reference::<ReceiptAnswer>,
        refusals: &["unavailable"],
        example: |example| json!({ "token": example["token"] }),
    },
];

/// No secret has it, but by a chance of 2^-96.
const ID: &str = "AAAAAAAAAAAAAAAA";

impl Call {
    /// Its entry under `paths`.
    pub(super) fn path(
        &self,
        types: &mut SchemaGenerator,
        variants: &Map<String, Value>,
        example: &Value,
    ) -> Value {
        let mut responses = Map::new();
        responses.insert(
            self.success.to_string(),
            json!({
                "description": self.answered,
                "content": { "application/json": { "schema": (self.answer)(types) } },
            }),
        );
        for (status, code) in self.refusals() {
            let Some(variant) = variants.get(code) else { continue };
            let response = responses.entry(status.to_string()).or_insert_with(|| {
                let mut response = json!({
                    "description": "",
                    "content": { "application/json": { "schema": { "oneOf": [] } } },
                });
                if matches!(status, 429 | 503) || self.name == "reveal" && status == 403 {
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
        let security = if self.name == "create" { json!([{}, { "token": [] }]) } else { json!([]) };
        json!({
            "post": {
                "security": security,
                "operationId": self.name,
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

    /// Status and code of whatever is not the answer.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (u16, &'static str)> {
        let own = SOMETIMES.into_iter().filter(|(_, code)| self.refusals.contains(code));
        let mut all: Vec<_> = ALWAYS.into_iter().chain(own).collect();
        all.sort_unstable();
        all.into_iter()
    }
}
