//! The secrets of the fixtures, their states, and the calls whose responses are recorded.

use serde_json::{Value, json};
use shared_crypto::{
    Claim, Passphrase, Payload, RevealProof, Sealed, SealingKeys, SecretId, ServerShare, request_hash, seal,
};
use vault::{NewSecret, RevealAttempt, SecretStore};

use super::fixture::{Call, FixtureSecret};

/// 30 days.
const TTL: u32 = 2_592_000;

/// A secret with everything that its sender and its recipient know.
pub(super) struct Secret {
    pub(super) name: &'static str,
    pub(super) id: SecretId,
    pub(super) sealed: Sealed,
    /// The claim of the view that was granted before the fixture was recorded, and of its repetition.
    pub(super) claim: Claim,
    pub(super) ttl_seconds: u32,
    views: u8,
    text: String,
    passphrase: Option<&'static str>,
}

impl Secret {
    fn new(name: &'static str, views: u8) -> Self {
        Self::sealed(name, views, format!("the text of {name}"), None)
    }

    fn sealed(name: &'static str, views: u8, text: String, passphrase: Option<&'static str>) -> Self {
        let sealing_keys = SealingKeys::generate().unwrap();
        let passphrase_key = passphrase
            .map(|text| Passphrase::new(text).unwrap().derive_key(&sealing_keys.derive_salt()).unwrap());
        let sealed = seal(&Payload::text(text.clone()), sealing_keys, passphrase_key.as_ref()).unwrap();
        let (id, claim) = (SecretId::generate().unwrap(), Claim::generate().unwrap());
        Self { name, id, sealed, claim, ttl_seconds: TTL, views, text, passphrase }
    }

    /// Returns a secret for every state.
    pub(super) fn all() -> Vec<Self> {
        vec![
            Self::new("untouched", 1),
            Self::sealed("large", 2, "A large text. ".repeat(400), None),
            Self::sealed("tried", 3, "behind a passphrase".to_owned(), Some("correct horse")),
            Self::new("locked", 2),
            Self::new("half viewed", 3),
            Self::new("claim is over", 4),
            Self::new("viewed", 1),
            Self::new("burned", 2),
            Self { ttl_seconds: 60, ..Self::new("expired", 2) },
        ]
    }

    /// Stores the secret and brings it into the state that its name describes.
    pub(super) async fn store(&self, store: &dyn SecretStore) {
        store.create(self.create_request()).await.unwrap();
        let wrong_passphrases = match self.name {
            "tried" => 3,
            "locked" => 5,
            _ => 0,
        };
        for _ in 0..wrong_passphrases {
            let wrong = RevealProof::generate().unwrap();
            store.reveal(self.attempt(&wrong)).await.unwrap();
        }
        if self.has_view() {
            store.reveal(self.attempt(self.sealed.keys().reveal())).await.unwrap();
        }
        if self.name == "burned" {
            store.burn(&self.create_request().receipt_hash).await.unwrap();
        }
    }

    /// Returns whether its first view was granted before the fixture was recorded.
    pub(super) fn has_view(&self) -> bool {
        matches!(self.name, "half viewed" | "claim is over" | "viewed" | "burned")
    }

    fn create_request(&self) -> NewSecret {
        let [access_hash, reveal_hash, receipt_hash] = self.sealed.hashes();
        let (share, envelope) = (self.share(), self.sealed.envelope().to_vec());
        let hashes = self.sealed.hashes();
        NewSecret {
            id: self.id.clone(),
            access_hash,
            reveal_hash,
            receipt_hash,
            request_hash: request_hash(&envelope, share.as_bytes(), &hashes, self.ttl_seconds, self.views),
            share,
            envelope,
            ttl_seconds: self.ttl_seconds,
            max_views: self.views,
            has_capacity: true,
        }
    }

    pub(super) fn share(&self) -> ServerShare {
        self.sealed.share().clone()
    }

    pub(super) fn attempt(&self, reveal: &RevealProof) -> RevealAttempt {
        RevealAttempt::new(self.id.clone(), self.sealed.keys().access(), reveal, &self.claim)
    }

    /// Returns the part of the secret that the fixture contains.
    pub(super) fn for_fixture(&self) -> FixtureSecret {
        FixtureSecret {
            name: self.name.to_owned(),
            link: self.sealed.link("https://ikrypt.example", self.id.clone()).to_string(),
            passphrase: self.passphrase.map(str::to_owned),
            text: self.text.clone(),
        }
    }

    fn open(&self) -> (&'static str, Value) {
        ("open", json!({ "id": self.id.encode(), "access": self.sealed.keys().access().encode() }))
    }

    fn reveal_with(&self, reveal: &RevealProof, claim: &Claim) -> (&'static str, Value) {
        let (_, mut body) = self.open();
        body["reveal"] = reveal.encode().into();
        body["claim"] = claim.encode().into();
        ("reveal", body)
    }

    /// Reveals with the claim of the earlier view, if there was one.
    fn repeat(&self) -> (&'static str, Value) {
        self.reveal_with(self.sealed.keys().reveal(), &self.claim)
    }

    fn reveal(&self) -> (&'static str, Value) {
        self.reveal_with(self.sealed.keys().reveal(), &Claim::generate().unwrap())
    }

    fn guess(&self) -> (&'static str, Value) {
        self.reveal_with(&RevealProof::generate().unwrap(), &Claim::generate().unwrap())
    }

    fn sender(&self, call: &'static str) -> (&'static str, Value) {
        (call, json!({ "token": self.sealed.receipt().encode() }))
    }

    fn create(&self) -> (&'static str, Value) {
        ("create", serde_json::to_value(self.sealed.to_request(self.ttl_seconds, self.views)).unwrap())
    }

    /// Returns the calls, without their responses.
    pub(super) fn calls(&self) -> Vec<Call> {
        let calls = match self.name {
            "untouched" => vec![
                self.create(),
                self.open(),
                self.sender("receipt"),
                self.repeat(),
                self.repeat(),
                self.reveal(),
                self.open(),
                self.sender("receipt"),
            ],
            "tried" => {
                vec![self.open(), self.guess(), self.repeat(), self.sender("receipt"), self.sender("burn")]
            }
            "locked" => vec![self.reveal(), self.guess(), self.open(), self.sender("receipt")],
            "half viewed" => vec![
                self.repeat(),
                self.reveal(),
                self.repeat(),
                self.open(),
                self.sender("burn"),
                self.repeat(),
                self.reveal(),
                self.sender("receipt"),
            ],
            // The expired claim is granted a new view, which is then repeated.
            "claim is over" => vec![
                self.repeat(),
                self.repeat(),
                self.reveal(),
                self.repeat(),
                self.sender("receipt"),
                self.guess(),
                self.open(),
            ],
            "viewed" => vec![
                self.open(),
                self.repeat(),
                self.reveal(),
                self.create(),
                self.sender("burn"),
                self.sender("receipt"),
            ],
            "burned" => {
                vec![self.open(), self.repeat(), self.reveal(), self.sender("burn"), self.sender("receipt")]
            }
            _ => vec![self.open(), self.repeat(), self.sender("receipt")],
        };
        let calls = calls.into_iter().enumerate().map(|(number, (call, body))| Call {
            about: format!("{}, call {}: {call}", self.name, number + 1),
            endpoint: call.to_owned(),
            body,
            status: 0,
            response: Value::Null,
        });
        calls.collect()
    }
}
