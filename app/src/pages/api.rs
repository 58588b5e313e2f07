//! The API for people: the same document that programs get, and examples that are run as tests.

use leptos::prelude::*;
use serde_json::Value;

use super::Meta;
use shared_crypto::messages::CONFIG_PATH;

use crate::openapi::{CALLS, CallDescription, PYTHON, curl, document};
use crate::site::Site;

pub(super) const META: Meta = Meta::text(
    "/docs/api",
    "The API",
    "Five calls that store, show and delete sealed secrets: requests, answers and errors field by field, with examples for curl and Python.",
    |site| view(site).into_any(),
);

fn view(site: &Site) -> impl IntoView + use<> {
    let document = document(&site.limits, site.public_url.as_deref());
    let calls = CALLS.iter().map(|call| described(call, &document)).collect_view();
    let limits = limits(&document);
    view! {
        <h1>"The API"</h1>
        <p class="lead">"Five calls, with which other programs can do all that the pages do, and one that says what the server allows. The server gets ciphertext only: a client seals and opens by itself."</p>
        <div class="prose">
            <p>"For programs there is the same as OpenAPI 3.1: "<a href="/api/v1/openapi.json">"/api/v1/openapi.json"</a>". In a terminal, "<code>"ikrypt"</code>" is a finished client."</p>
            <h2 id="shape">"What holds for all of them"</h2>
            <ul>
                <li>"The five are "<code>"POST"</code>" with "<code>"Content-Type: application/json"</code>". Nothing secret and no id is ever in a URL."</li>
                <li>"Byte strings are base64url without padding, in their one canonical form. Times are RFC 3339 in UTC. An unknown field is an error."</li>
                <li>"The same request may be sent again when its answer was lost: nothing is stored, viewed or burned twice by that. For a reveal that means the same claim, within five minutes; only a wrong passphrase counts again."</li>
                <li>"An error is "<code>"{\"error\": \"code\"}"</code>", with the fields below. To somebody without the link, "<code>"unavailable"</code>" is the answer to everything."</li>
                <li>"Where only people with a token may create, "<code>"create"</code>" wants "<code>"Authorization: Bearer"</code>" with one. The other four want none."</li>
                <li>"After "<code>"429"</code>" and "<code>"503"</code>", "<code>"Retry-After"</code>" says how many seconds to wait."</li>
                <li>"A request from another site's page is refused. Programs send no "<code>"Origin"</code>", and are served."</li>
            </ul>
            {calls}
            {limits}
            <h2 id="curl">"With curl"</h2>
            <p>"All five calls, on a secret that is already sealed."</p>
            <pre class="code" role="region" aria-label="Example for curl"><code>{curl()}</code></pre>
            <h2 id="python">"With Python"</h2>
            <p>"A whole client in one file, which needs the package "<code>"cryptography"</code>". It shows every step from a text to a link and back."</p>
            <pre class="code" role="region" aria-label="Example for Python"><code>{PYTHON}</code></pre>
        </div>
    }
}

/// The call that is no `POST`: what the server allows.
fn limits(document: &Value) -> impl IntoView + use<> {
    let item = &document["paths"][CONFIG_PATH]["get"];
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let gives = fields(document, item.pointer("/responses/200/content/application~1json/schema"));
    view! {
        <h2 id="config">{text("summary")}</h2>
        <p><code>"GET "{CONFIG_PATH}</code></p>
        <p>{text("description")}</p>
        {table("What config answers", gives)}
    }
}

fn described(call: &CallDescription, document: &Value) -> impl IntoView + use<> {
    let path = call.call.path().to_owned();
    let item = &document["paths"][&path]["post"];
    let body = "/content/application~1json/schema";
    let takes = fields(document, item["requestBody"].pointer(body));
    let (status, answer) = item["responses"]
        .as_object()
        .and_then(|responses| responses.iter().find(|(status, _)| status.starts_with('2')))
        .map(|(status, answer)| (status.clone(), answer.clone()))
        .unwrap_or_default();
    let gives = fields(document, answer.pointer(body));
    let refusals = call
        .errors()
        .into_iter()
        .map(|code| {
            let (status, code) = (code.status(), code.name());
            let listed = item["responses"][status.to_string()].pointer(body).map(|schema| &schema["oneOf"]);
            let variant = listed
                .and_then(Value::as_array)
                .and_then(|list| list.iter().find(|variant| variant["properties"]["error"]["const"] == code));
            let said = variant.and_then(|variant| variant["description"].as_str()).unwrap_or_default();
            let said = said.split_once(": ").map_or(said, |(_, said)| said).to_owned();
            view! { <tr><th scope="row">{status}" "<code>{code}</code></th><td>{with_code(&said)}</td></tr> }
        })
        .collect_view();
    view! {
        <h2 id={call.call.name()}>{call.summary}</h2>
        <p><code>"POST "{path}</code></p>
        <p>{call.description}</p>
        {table(&format!("What {} takes", call.call.name()), takes)}
        <p>{status}": "{with_code(answer["description"].as_str().unwrap_or_default())}"."</p>
        {table(&format!("What {} answers", call.call.name()), gives)}
        <details>
            <summary>"Or one of these errors"</summary>
            <table class="fields">
                <thead><tr><th scope="col">"Status and code"</th><th scope="col">"When"</th></tr></thead>
                <tbody>{refusals}</tbody>
            </table>
        </details>
    }
}

fn table(caption: &str, fields: Vec<[String; 3]>) -> impl IntoView + use<> {
    let rows = fields
        .into_iter()
        .map(|[name, kind, meaning]| view! { <tr><th scope="row"><code>{name}</code><br/>{kind}</th><td>{with_code(&meaning)}</td></tr> })
        .collect_view();
    view! {
        <table class="fields">
            <caption class="visually-hidden">{caption.to_owned()}</caption>
            <thead><tr><th scope="col">"Field"</th><th scope="col">"Meaning"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// Text in which what stands between backticks is code.
fn with_code(text: &str) -> impl IntoView + use<> {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = part.to_owned();
        if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    });
    parts.collect_view()
}

/// Name, type and meaning of each field, by name.
fn fields(document: &Value, schema: Option<&Value>) -> Vec<[String; 3]> {
    let schema = resolve(document, schema.unwrap_or(&Value::Null));
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let described = |(name, field): (&String, &Value)| {
        let meaning = field["description"].as_str().unwrap_or_default().to_owned();
        [name.clone(), kind(document, field), meaning]
    };
    properties.iter().map(described).collect()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    target.unwrap_or(schema)
}

/// A type in a few words.
fn kind(document: &Value, field: &Value) -> String {
    let schema = resolve(document, field);
    if let Some(states) = schema["oneOf"].as_array() {
        let names: Vec<_> = states.iter().filter_map(|state| state["const"].as_str()).collect();
        return names.join(", ");
    }
    let names: Vec<_> = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if names.contains(&"array") {
        return "times".to_owned();
    }
    let optional = if names.contains(&"null") { ", or null" } else { "" };
    let word = match (names.first().copied(), schema["format"].as_str(), schema["pattern"].as_str()) {
        (_, Some("date-time"), _) => "time".to_owned(),
        (Some("string"), _, Some(_)) => "bytes".to_owned(),
        (Some("integer"), ..) => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(least), Some(most)) if most > 255 || least > 0 => format!("{least} to {most}"),
            _ => "number".to_owned(),
        },
        (name, ..) => name.unwrap_or_default().to_owned(),
    };
    word + optional
}
