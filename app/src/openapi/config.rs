//! The description of `GET /api/v1/config`.

use schemars::SchemaGenerator;
use serde_json::{Value, json};
use shared_crypto::messages::ServerConfig;

/// Returns its entry under `paths`.
pub(super) fn path(types: &mut SchemaGenerator) -> Value {
    json!({
        "get": {
            "security": [],
            "operationId": "config",
            "summary": "See what this server allows",
            "description": "Limits, and what is switched on. It may be cached for a minute. Later versions add fields: ignore \
                those that you do not know.",
            "responses": {
                "200": {
                    "description": "The configuration, as far as clients need it",
                    "content": { "application/json": { "schema": types.subschema_for::<ServerConfig>().to_value() } },
                },
            },
        },
    })
}
