//! From the address bar to something that can be revealed. Costs no view.

use std::rc::Rc;

use chrono::{DateTime, Utc};
use shared_crypto::messages::{ErrorBody, OpenRequest, OpenResponse};
use shared_crypto::{Envelope, Error, SecretLink};

use super::Stage;
use super::ended::Ended;
use crate::browser::{Failure, call, page};

/// Long enough for the largest envelope over a slow line; long before it the page says what it waits for.
const PATIENCE_MS: u32 = 180_000;

/// A link and its envelope, checked against each other.
pub(super) struct Secret {
    pub(super) link: SecretLink,
    pub(super) envelope: Envelope,
    pub(super) views_left: u8,
    pub(super) expires_at: DateTime<Utc>,
}

/// Reads the address. A fragment that a gateway moved into the path is put back at once, so that a
/// reload does not send the key to the server again.
pub(super) fn start(href: &str) -> Result<SecretLink, Ended> {
    let link = SecretLink::parse(href).map_err(|error| match error {
        Error::MissingFragment => Ended::MissingKey,
        Error::Unsupported => Ended::Unsupported,
        _ => Ended::Damaged,
    })?;
    let fragment = link.to_string().split_once('#').map(|(_, fragment)| fragment.to_owned());
    if let Some(fragment) = fragment.filter(|_| link.is_exposed()) {
        page::replace_path(&format!("/s/{}#{fragment}", link.id().encode()));
    }
    Ok(link)
}

/// Fetches the envelope and checks everything that can be checked before a view is spent.
pub(super) async fn load(link: SecretLink) -> Stage {
    let request = OpenRequest { id: link.id().encode(), access: link.derive_access().encode() };
    let answer: OpenResponse = match call("open", &request, PATIENCE_MS).await {
        Ok(answer) => answer,
        Err(failure) => return Stage::Ended(refused(&failure)),
    };
    match Envelope::decode(&answer.envelope)
        .and_then(|envelope| link.check_envelope(&envelope).map(|()| envelope))
    {
        Ok(envelope) => Stage::Ready(Rc::new(Secret {
            link,
            envelope,
            views_left: answer.views_left,
            expires_at: answer.expires_at,
        })),
        Err(Error::Unsupported) => Stage::Ended(Ended::Unsupported),
        Err(_) => Stage::Ended(Ended::Tampered { spent: false }),
    }
}

/// A refusal in the words of this page.
pub(super) fn refused(failure: &Failure) -> Ended {
    match failure {
        Failure::Silence => Ended::NoAnswer,
        Failure::Refused { refusal: ErrorBody::Gone { state, ended_at }, .. } => {
            Ended::Gone { state: *state, ended_at: *ended_at }
        }
        Failure::Refused { refusal: ErrorBody::NotFound, .. } => Ended::Unavailable,
        Failure::Refused { refusal: ErrorBody::RateLimited | ErrorBody::Locked, .. } => Ended::Busy,
        Failure::Refused { .. } => Ended::Refused,
    }
}
