//! Describes `GET /api/v1/config`.

use schemars::SchemaGenerator;
use serde_json::{Value, json};
use shared_crypto::messages::ServerConfig;

/// Returns the entry of the configuration under `paths`.
pub(super) fn path(types: &mut SchemaGenerator) -> Value {
    json!({
        "get": {
            "security": [],
            "operationId": "config",
            "summary": "Get the limits and features of the server",
            "description": "The response may be cached for one minute. Later versions add fields, so clients must ignore \
                unknown ones.",
            "responses": {
                "200": {
                    "description": "The configuration that clients need",
                    "content": { "application/json": { "schema": types.subschema_for::<ServerConfig>().to_value() } },
                },
            },
        },
    })
}
