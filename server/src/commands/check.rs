//! What is wrong with a deployment, before its people find out.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::time::Duration;

use app::shell::Assets;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use vault::DatabaseInfo;

use crate::commands::manifest::{self, manifest};
use crate::config::{Config, Switch, unknown_variables};
use crate::http::handlers::assets;
use crate::store::{self, ConnectError, FileSystem, SqliteStore};

/// Further apart than this, two clocks confuse whoever compares them.
const CLOCKS: TimeDelta = TimeDelta::seconds(5);
/// How long somebody waits for a check.
const PATIENCE: Duration = Duration::from_secs(10);

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// To be thought about.
    Doubtful,
    /// To be put right before anybody trusts it with a secret.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found, and what to do.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.verdict {
            Verdict::Good => "good",
            Verdict::Doubtful => "doubtful",
            Verdict::Bad => "bad",
        };
        write!(f, "{word:8}  {}", self.text)
    }
}

fn good(text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Good, text: text.into() }
}

fn doubtful(text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Doubtful, text: text.into() }
}

fn bad(text: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Bad, text: text.into() }
}

/// Looks at everything that can be looked at from here. `assets` are the built pages, `now` is this machine's clock.
pub async fn check(config: &Config, assets: Option<&Assets>, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = database(config, now).await;
    findings.extend(database_files(config));
    findings.extend(environment());
    let urls = config.http.public_urls.clone();
    // Names are looked up, for as long as the resolver takes.
    let looked_up = tokio::task::spawn_blocking(move || address(&urls)).await;
    findings.extend(looked_up.unwrap_or_else(|error| {
        vec![bad(format!("the name of the public address could not be looked up: {error}"))]
    }));
    findings.extend(protection(config));
    let Some(assets) = assets else {
        findings.push(bad(assets::MISSING));
        return findings;
    };
    for url in config.http.public_urls.clone() {
        let built = manifest(assets);
        let asked = tokio::task::spawn_blocking(move || reached(&url, &built)).await;
        findings.push(
            asked.unwrap_or_else(|error| bad(format!("the public address could not be tried: {error}"))),
        );
    }
    findings
}

async fn database(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let name = store::describe(&config.database_url);
    let store = match store::connect_existing(&config.database_url).await {
        Ok(store) => store,
        Err(error @ (ConnectError::DatabaseMissing | ConnectError::SchemaOutdated)) => {
            return vec![doubtful(format!("database {name}: {error}"))];
        }
        Err(error) => return vec![bad(format!("database {name} (--database-url, DATABASE_URL): {error}"))],
    };
    let about = store.database_info().await;
    store.close().await;
    match about {
        Err(error) => vec![bad(format!("database {name}: {error}"))],
        Ok(DatabaseInfo { version, now: theirs, durable }) => {
            let apart = (theirs - now).abs();
            vec![
                good(format!("database {name}: {version}")),
                if durable {
                    good("a commit is on the disk before it is answered")
                } else {
                    bad(
                        "fsync is off: after a power cut, views that were granted may be granted again. Set fsync = on in postgresql.conf",
                    )
                },
                if apart > CLOCKS {
                    doubtful(format!(
                        "the database's clock and this machine's are {} s apart: the database's decides about expiry. Set both by NTP",
                        apart.num_seconds()
                    ))
                } else {
                    good("the database's clock and this machine's agree")
                },
            ]
        }
    }
}

/// What is around a SQLite file. A URL without a file, and a network file system, are what `database` has failed with.
fn database_files(config: &Config) -> Vec<Finding> {
    if !config.database_url.starts_with("sqlite:") {
        return Vec::new();
    }
    let Ok((file_system, wide)) = SqliteStore::inspect(&config.database_url) else { return Vec::new() };
    let mut findings: Vec<_> = wide
        .into_iter()
        .map(|file| {
            let (path, mode) = (file.path.display(), file.mode);
            bad(format!(
                "other accounts of this machine have access to {path} (its permissions are {mode:04o}): the next start of the server makes it 0600, or `chmod 600`"
            ))
        })
        .collect();
    match file_system {
        FileSystem::Local | FileSystem::Network(_) => {}
        FileSystem::Fuse => findings.push(doubtful(
            "the database is on a file system in user space (FUSE): if that is on the network, the database may be damaged, and views granted twice. Keep it on a local disk, or use PostgreSQL",
        )),
        FileSystem::Memory => findings.push(doubtful(
            "the database is on a file system in memory: every secret is lost when the machine stops. Keep it on a local disk",
        )),
    }
    findings
}

fn environment() -> Option<Finding> {
    let unknown = unknown_variables();
    (!unknown.is_empty()).then(|| {
        doubtful(format!(
            "these environment variables are not settings of this server: {}",
            unknown.join(", ")
        ))
    })
}

fn address(urls: &[String]) -> Vec<Finding> {
    if urls.is_empty() {
        return vec![doubtful(
            "no public address (--public-url, IKRYPT_PUBLIC_URL): there is no sitemap, and no canonical address",
        )];
    }
    urls.iter().flat_map(|url| public_address(url)).collect()
}

/// One public URL: https, and a name that can be resolved.
fn public_address(text: &str) -> Vec<Finding> {
    let url = Url::parse(text).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let bare_host = host.trim_matches(['[', ']']);
    let is_here = host == "localhost" || bare_host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let mut findings = Vec::new();
    if text.starts_with("https:") {
        findings.push(good(format!("the public address is {text}")));
    } else if is_here {
        findings.push(good(format!("the public address is {text}, which only this machine can reach")));
    } else {
        findings.push(bad(format!(
            "the public address is {text}: without https whoever is on the line can change the pages, and browsers refuse to encrypt. Put a proxy before the server that speaks https"
        )));
    }
    let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or(443);
    if (bare_host, port).to_socket_addrs().is_err() {
        findings.push(bad(format!("{host} is no name that this machine can resolve")));
    }
    findings
}

fn protection(config: &Config) -> Vec<Finding> {
    let protection = &config.protection;
    let mut findings = Vec::new();
    if protection.rate_limit == Switch::Off {
        findings.push(bad("limits are off (--rate-limit, IKRYPT_RATE_LIMIT): anybody can fill the database"));
    }
    let through_proxy = config.http.public_urls.iter().any(|url| url.starts_with("https:"));
    if through_proxy && protection.trusted_proxies.is_empty() {
        findings.push(bad(
            "the public address is https, so a proxy is before the server, and none is named (--trusted-proxies, IKRYPT_TRUSTED_PROXIES): all visitors share one limit",
        ));
    }
    if !through_proxy && !config.listen.ip().is_loopback() {
        findings.push(doubtful(format!(
            "{} can be reached from elsewhere, without https: let it listen on 127.0.0.1, behind a proxy",
            config.listen
        )));
    }
    if findings.is_empty() {
        findings.push(good("limits are on, and hold for each visitor"));
    }
    findings
}

/// Whether people get what this program serves, through whatever is in between.
fn reached(url: &str, built: &str) -> Finding {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build(),
    );
    let asked = agent.get(format!("{url}{}", manifest::PATH)).call();
    match asked.and_then(|mut answer| Ok((answer.status(), answer.body_mut().read_to_string()?))) {
        Err(error) => doubtful(format!(
            "{url} cannot be reached from here ({error}): is the server running, and the proxy?"
        )),
        Ok((status, text)) if status == 200 && text == built => {
            good(format!("{url} is reached, and serves what this program has in it"))
        }
        Ok((status, _)) if status == 200 => bad(format!(
            "{url} serves something else than this program has in it: another version, or something that changes it on the way"
        )),
        Ok((status, _)) => {
            bad(format!("{url} answers with status {status}: what stands there is not this server"))
        }
    }
}
