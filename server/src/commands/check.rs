//! `ikrypt-server check`: examines a deployment and reports what is wrong with it.

use std::fmt;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::process::ExitCode;
use std::time::Duration;

use app::site::Assets;
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use vault::DatabaseInfo;

use super::Output;
use crate::config::{Config, RateLimiting, unknown_variables};
use crate::http::handlers::assets;
use crate::http::handlers::manifest::{self, manifest};
use crate::store::{self, ConnectError, FileSystem, SqliteStore};

/// Difference between two clocks that is worth a warning.
const MAX_CLOCK_DIFFERENCE: TimeDelta = TimeDelta::seconds(5);
/// Bounds the request to a public address.
const PUBLIC_URL_TIMEOUT: Duration = Duration::from_secs(10);

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// In order.
    Ok,
    /// Works, and may be a mistake.
    Warning,
    /// Must be corrected before the server is used.
    Error,
}

/// The result of examining one part of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How serious it is.
    pub severity: Severity,
    /// What was found, and what to do about it.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Ok => "ok",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity:7}  {}", self.text)
    }
}

fn ok(text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Ok, text: text.into() }
}

fn warning(text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Warning, text: text.into() }
}

fn error(text: impl Into<String>) -> Finding {
    Finding { severity: Severity::Error, text: text.into() }
}

/// Examines the deployment and returns the findings, one a line. The command fails if one of them is an error.
pub(super) async fn run(config: &Config) -> Output {
    let findings = check(config, assets::built().as_ref(), clock()).await;
    let has_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    Output {
        text: findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n") + "\n",
        exit_code: if has_error { ExitCode::FAILURE } else { ExitCode::SUCCESS },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is only compared with the database's clock, and decides nothing"
)]
fn clock() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// Examines configuration, database, clock, public addresses and proxies. `assets` are the built pages, `now` is the
/// time of this machine's clock.
pub async fn check(config: &Config, assets: Option<&Assets>, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = check_database(config, now).await;
    findings.extend(check_database_files(config));
    findings.extend(check_environment());
    let urls = config.http.public_urls.clone();
    // The DNS look-up blocks.
    let addresses = tokio::task::spawn_blocking(move || check_public_urls(&urls)).await;
    findings.extend(addresses.unwrap_or_else(|failure| {
        vec![error(format!("the name of the public address could not be looked up: {failure}"))]
    }));
    findings.extend(check_protection(config));
    let Some(assets) = assets else {
        findings.push(error(assets::MISSING));
        return findings;
    };
    for url in config.http.public_urls.clone() {
        let built = manifest(assets);
        let finding = tokio::task::spawn_blocking(move || check_published_manifest(&url, &built)).await;
        findings.push(finding.unwrap_or_else(|failure| {
            error(format!("no request could be sent to the public address: {failure}"))
        }));
    }
    findings
}

async fn check_database(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let name = store::describe(&config.database_url);
    let store = match store::connect_existing(&config.database_url).await {
        Ok(store) => store,
        Err(reason @ (ConnectError::DatabaseMissing | ConnectError::SchemaOutdated)) => {
            return vec![warning(format!("database {name}: {reason}"))];
        }
        Err(reason) => {
            return vec![error(format!("database {name} (--database-url, DATABASE_URL): {reason}"))];
        }
    };
    let info = store.database_info().await;
    store.close().await;
    match info {
        Err(reason) => vec![error(format!("database {name}: {reason}"))],
        Ok(DatabaseInfo { version, now: database_now, durable }) => {
            let difference = (database_now - now).abs();
            vec![
                ok(format!("database {name}: {version}")),
                if durable {
                    ok("a transaction is on the disk before its response is sent")
                } else {
                    error(
                        "fsync is off: after a power failure, views that were granted may be granted again. Set fsync = on in postgresql.conf",
                    )
                },
                if difference > MAX_CLOCK_DIFFERENCE {
                    warning(format!(
                        "the database's clock and this machine's differ by {} s: the database's clock decides expiry. Synchronise both by NTP",
                        difference.num_seconds()
                    ))
                } else {
                    ok("the database's clock and this machine's agree")
                },
            ]
        }
    }
}

/// Examines permissions and file system of a SQLite database. [`check_database`] reports a URL without a file, and a
/// network file system.
fn check_database_files(config: &Config) -> Vec<Finding> {
    if !config.database_url.starts_with("sqlite:") {
        return Vec::new();
    }
    let Ok((file_system, exposed_files)) = SqliteStore::inspect(&config.database_url) else {
        return Vec::new();
    };
    let mut findings: Vec<_> = exposed_files
        .into_iter()
        .map(|file| {
            let (path, mode) = (file.path.display(), file.mode);
            error(format!(
                "other accounts of this machine have access to {path} (its permissions are {mode:04o}): start the server, which sets them to 0600, or run `chmod 600`"
            ))
        })
        .collect();
    match file_system {
        FileSystem::Local | FileSystem::Network(_) => {}
        FileSystem::Fuse => findings.push(warning(
            "the database is on a file system in user space (FUSE): if that is a network file system, the database may be damaged, and views granted twice. Keep it on a local disk, or use PostgreSQL",
        )),
        FileSystem::Memory => findings.push(warning(
            "the database is on a file system in memory: every secret is lost when the machine stops. Keep it on a local disk",
        )),
    }
    findings
}

fn check_environment() -> Option<Finding> {
    let unknown = unknown_variables();
    (!unknown.is_empty()).then(|| {
        warning(format!(
            "these environment variables are not settings of this server: {}",
            unknown.join(", ")
        ))
    })
}

fn check_public_urls(urls: &[String]) -> Vec<Finding> {
    if urls.is_empty() {
        return vec![warning(
            "no public address is set (--public-url, IKRYPT_PUBLIC_URL): the server serves no sitemap, and pages have no canonical address",
        )];
    }
    urls.iter().flat_map(|url| check_public_url(url)).collect()
}

/// Checks that a public URL is https, unless it is this machine's own, and that its host has an address.
fn check_public_url(text: &str) -> Vec<Finding> {
    let url = Url::parse(text).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let bare_host = host.trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || bare_host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let mut findings = Vec::new();
    if text.starts_with("https:") {
        findings.push(ok(format!("the public address is {text}")));
    } else if is_loopback {
        findings.push(ok(format!("the public address is {text}, which only this machine can reach")));
    } else {
        findings.push(error(format!(
            "the public address {text} is not https: anyone on the network path can change the pages, and browsers refuse to encrypt. Put a reverse proxy with TLS in front of the server"
        )));
    }
    let port = url.as_ref().and_then(Url::port_or_known_default).unwrap_or(443);
    if (bare_host, port).to_socket_addrs().is_err() {
        findings.push(error(format!("this machine cannot resolve the name {host}")));
    }
    findings
}

fn check_protection(config: &Config) -> Vec<Finding> {
    let protection = &config.protection;
    let mut findings = Vec::new();
    if protection.rate_limit == RateLimiting::Off {
        findings.push(error(
            "rate limits are off (--rate-limit, IKRYPT_RATE_LIMIT): any client can fill the database",
        ));
    }
    let is_behind_proxy = config.http.public_urls.iter().any(|url| url.starts_with("https:"));
    if is_behind_proxy && protection.trusted_proxies.is_empty() {
        findings.push(error(
            "the public address is https, so a reverse proxy is in front of the server, and no proxy is configured (--trusted-proxies, IKRYPT_TRUSTED_PROXIES): all visitors share one limit",
        ));
    }
    if !is_behind_proxy && !config.listen.ip().is_loopback() {
        findings.push(warning(format!(
            "other machines can reach {} without https: listen on 127.0.0.1, behind a reverse proxy",
            config.listen
        )));
    }
    if findings.is_empty() {
        findings.push(ok("rate limits are on, and apply to each visitor"));
    }
    findings
}

/// Checks that the manifest at a public URL is that of this binary, so that no proxy or other version changes the
/// pages.
fn check_published_manifest(url: &str, built: &str) -> Finding {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .timeout_global(Some(PUBLIC_URL_TIMEOUT))
            .http_status_as_error(false)
            .build(),
    );
    let response = agent.get(format!("{url}{}", manifest::PATH)).call();
    match response.and_then(|mut response| Ok((response.status(), response.body_mut().read_to_string()?))) {
        Err(reason) => warning(format!(
            "{url} cannot be reached from this machine ({reason}): are the server and the proxy running?"
        )),
        Ok((status, text)) if status == 200 && text == built => {
            ok(format!("{url} is reachable, and serves the files and pages of this binary"))
        }
        Ok((status, _)) if status == 200 => error(format!(
            "{url} serves other files or pages than this binary contains: it is another version, or a proxy changes them"
        )),
        Ok((status, _)) => error(format!("{url} responds with status {status}: it is not this server")),
    }
}
