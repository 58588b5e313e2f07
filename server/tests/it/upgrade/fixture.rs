//! Loads fixtures, moves their times to the present, and repeats the recorded calls.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::http::TestServer;
use crate::support::{Database, Postgres, Sqlite, TestStore};

/// The time from which all times in the fixtures are counted, in milliseconds since 1970: 2026-11-27T09:00:00Z.
pub(super) const FIXTURE_TIME: i64 = 1_795_770_000_000;
/// Times within this many minutes after [`FIXTURE_TIME`] were written by the recorded calls.
const REPLAY_MINUTES: i64 = 8;

/// The secrets in the databases, and the recorded calls with their responses.
#[derive(Serialize, Deserialize)]
pub(super) struct Fixture {
    pub(super) secrets: Vec<FixtureSecret>,
    pub(super) calls: Vec<Call>,
}

/// The link and the passphrase of a recipient, and the text that they decrypt.
#[derive(Serialize, Deserialize)]
pub(super) struct FixtureSecret {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) passphrase: Option<String>,
    pub(super) text: String,
}

/// A call of the API and its response. A time that the call itself wrote is `"now"`.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) about: String,
    pub(super) endpoint: String,
    pub(super) body: Value,
    pub(super) status: u16,
    #[serde(rename = "answer")]
    pub(super) response: Value,
}

/// Returns the path of a fixture.
pub(super) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

impl Fixture {
    pub(super) fn read() -> Self {
        serde_json::from_slice(&std::fs::read(path("ae3794c.json")).unwrap()).unwrap()
    }
}

/// Copies the file to the folder of the database. Returns by how many milliseconds its times were moved.
pub(super) async fn load_sqlite(database: Sqlite, name: &str) -> (Sqlite, i64) {
    std::fs::copy(path(name), database.folder.path().join("ikrypt.db")).unwrap();
    let now = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)".to_owned();
    let shift = database.query_number(now).await - FIXTURE_TIME;
    let sql = format!(
        "UPDATE secrets SET expires_at = expires_at + {shift}, locked_until = locked_until + {shift};
         UPDATE claims SET expires_at = expires_at + {shift};
         UPDATE receipts
            SET created_at = created_at + {shift}, expires_at = expires_at + {shift}, ended_at = ended_at + {shift},
                viewed_at = (SELECT json_group_array(value + {shift}) FROM json_each(viewed_at))"
    );
    database.execute(sql).await.unwrap();
    (database, shift)
}

/// Restores the dump into an empty database. Returns by how many milliseconds its times were moved.
pub(super) async fn load_postgres(database: Postgres, name: &str) -> (Postgres, i64) {
    let dump = std::fs::read_to_string(path(name)).unwrap();
    // Commands of psql, and settings of the session, some of which an older server does not know.
    let is_for_psql = |line: &&str| {
        !["\\", "SET ", "SELECT pg_catalog.set_config"].iter().any(|start| line.starts_with(start))
    };
    let dump = dump.lines().filter(is_for_psql).collect::<Vec<_>>().join("\n");
    let mut connection = PgConnection::connect_with(&database.options).await.unwrap();
    connection.execute(AssertSqlSafe(dump)).await.unwrap();
    connection.close().await.unwrap();
    let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint".to_owned();
    let shift = database.query_number(now).await - FIXTURE_TIME;
    let by = format!("{shift} * interval '1 millisecond'");
    let sql = format!(
        "UPDATE secrets SET expires_at = expires_at + {by}, locked_until = locked_until + {by};
         UPDATE claims SET expires_at = expires_at + {by};
         UPDATE receipts
            SET created_at = created_at + {by}, expires_at = expires_at + {by}, ended_at = ended_at + {by},
                viewed_at = ARRAY(SELECT t + {by} FROM unnest(viewed_at) WITH ORDINALITY AS v(t, n) ORDER BY n)"
    );
    database.execute(sql).await.unwrap();
    (database, shift)
}

/// Makes the calls in order, and returns them with the responses of this version.
pub(super) async fn replay<D: Database>(test: &TestStore<D>, shift: i64, calls: &[Call]) -> Vec<Call> {
    let server = TestServer::start(test).await;
    let mut responses = Vec::with_capacity(calls.len());
    for call in calls {
        let response = server.call(&call.endpoint, &call.body).await;
        let mut body = response.json();
        move_times(&mut body, TimeDelta::milliseconds(shift));
        responses.push(Call { status: response.status, response: body, ..call.clone() });
    }
    responses
}

/// Moves every time of a response back by `shift`, and replaces times that the calls wrote by `"now"`.
fn move_times(value: &mut Value, shift: TimeDelta) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|field| move_times(field, shift)),
        Value::Array(items) => items.iter_mut().for_each(|item| move_times(item, shift)),
        Value::String(text) => {
            let Ok(time) = text.parse::<DateTime<Utc>>() else { return };
            let fixture_time = DateTime::from_timestamp_millis(FIXTURE_TIME).unwrap();
            let moved = time - shift;
            let is_new = (fixture_time..fixture_time + TimeDelta::minutes(REPLAY_MINUTES)).contains(&moved);
            *text = if is_new { "now".to_owned() } else { moved.to_rfc3339() };
        }
        _ => {}
    }
}
