//! Random stories, played on the real database and on a model of it that fits on a page.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shared_crypto::messages::SecretState;
use tokio::runtime::Handle;
use vault::{CreateOutcome, OpenOutcome, RevealAttempt, RevealOutcome};

use crate::support::{Bed, Sample};

suite! { the_store_does_what_the_model_does }

const SECRETS: usize = 2;

/// One step of a story; the number is a secret's.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Open(usize),
    Right(usize),
    Wrong(usize),
    /// The same request once more, right or wrong: the last but so many.
    Repeat(usize, usize),
    Burn(usize),
    Expire(usize),
    Unlock(usize),
    ExpireClaims,
    Sweep,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..SECRETS;
    let step = prop_oneof![
        1 => which.clone().prop_map(Step::Create),
        2 => which.clone().prop_map(Step::Open),
        5 => which.clone().prop_map(Step::Right),
        6 => which.clone().prop_map(Step::Wrong),
        5 => (which.clone(), 0..4_usize).prop_map(|(secret, back)| Step::Repeat(secret, back)),
        1 => which.clone().prop_map(Step::Burn),
        1 => which.clone().prop_map(Step::Expire),
        3 => which.prop_map(Step::Unlock),
        1 => Just(Step::ExpireClaims),
        1 => Just(Step::Sweep),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

/// What the protocol says of one secret.
struct Model {
    sample: Sample,
    state: SecretState,
    views_left: u8,
    bad_tries: u32,
    locked: bool,
    wrong: u32,
    /// Every request there was, whether its passphrase was right, and how it is answered when repeated.
    requests: Vec<(RevealAttempt, bool, Option<u8>)>,
}

impl Model {
    fn new(sample: Sample) -> Self {
        let views_left = sample.max_views;
        Self {
            sample,
            state: SecretState::Live,
            views_left,
            bad_tries: 0,
            locked: false,
            wrong: 0,
            requests: Vec::new(),
        }
    }

    fn reveal(&mut self, request: usize) -> Expected {
        let (_, right, claim) = self.requests[request];
        if let Some(views_left) = claim {
            return Expected::Granted(views_left);
        }
        if self.state != SecretState::Live {
            return Expected::Gone(self.state);
        }
        if self.locked {
            return Expected::Locked;
        }
        if !right {
            self.bad_tries += 1;
            self.wrong += 1;
            self.locked = self.bad_tries >= 5;
            let wait = self.locked.then(|| 900.min(2_u32.saturating_pow(self.bad_tries - 4)));
            return Expected::Wrong(5_u32.saturating_sub(self.bad_tries), wait);
        }
        (self.bad_tries, self.views_left) = (0, self.views_left - 1);
        if self.views_left == 0 {
            self.state = SecretState::Viewed;
        }
        self.requests[request].2 = Some(self.views_left);
        Expected::Granted(self.views_left)
    }
}

/// An outcome without its times.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Granted(u8),
    Wrong(u32, Option<u32>),
    Locked,
    Gone(SecretState),
    Unavailable,
}

impl From<RevealOutcome> for Expected {
    fn from(outcome: RevealOutcome) -> Self {
        match outcome {
            RevealOutcome::Granted { views_left, .. } => Self::Granted(views_left),
            RevealOutcome::WrongPassphrase { tries_left, wait } => Self::Wrong(tries_left, wait),
            RevealOutcome::Locked { .. } => Self::Locked,
            RevealOutcome::Gone(ended) => Self::Gone(ended.state),
            RevealOutcome::NotFound => Self::Unavailable,
        }
    }
}

async fn the_store_does_what_the_model_does(bed: &Bed) {
    let cases = if std::env::var_os("IKRYPT_TORTURE").is_some() { 2_000 } else { 40 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let story =
        |steps: Vec<Step>| tokio::task::block_in_place(|| Handle::current().block_on(play(bed, &steps)));
    TestRunner::new(config).run(&steps(), story).unwrap();
}

async fn play(bed: &Bed, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut store = bed.database.connect().await;
    let mut models = Vec::new();
    for views in 1..=u8::try_from(SECRETS).unwrap() {
        models.push(Model::new(bed.secret(views).await));
    }
    for step in steps {
        match *step {
            Step::Create(secret) => {
                let again = store.create(models[secret].sample.request_again()).await.unwrap();
                let CreateOutcome::Created { id, .. } = again else { panic!("{again:?}") };
                prop_assert_eq!(id.as_bytes(), models[secret].sample.id.as_bytes());
            }
            Step::Open(secret) => {
                let model = &models[secret];
                let opened = store.open(&model.sample.id, &model.sample.access_hash()).await.unwrap();
                match opened.unwrap() {
                    OpenOutcome::Live { views_left, .. } => {
                        prop_assert_eq!((SecretState::Live, views_left), (model.state, model.views_left));
                    }
                    OpenOutcome::Gone(ended) => prop_assert_eq!(ended.state, model.state),
                }
            }
            Step::Right(secret) | Step::Wrong(secret) => {
                let model = &mut models[secret];
                let right = matches!(step, Step::Right(_));
                let attempt = if right { model.sample.attempt() } else { model.sample.wrong() };
                model.requests.push((attempt.clone(), right, None));
                let expected = model.reveal(model.requests.len() - 1);
                prop_assert_eq!(Expected::from(store.reveal(attempt).await.unwrap()), expected);
            }
            Step::Repeat(secret, back) => {
                let model = &mut models[secret];
                let Some(request) = model.requests.len().checked_sub(1 + back) else { continue };
                let attempt = model.requests[request].0.clone();
                let expected = model.reveal(request);
                prop_assert_eq!(Expected::from(store.reveal(attempt).await.unwrap()), expected);
            }
            Step::Burn(secret) => {
                let model = &mut models[secret];
                if model.state == SecretState::Live {
                    model.state = SecretState::Burned;
                }
                let receipt = store.burn(&model.sample.receipt_hash()).await.unwrap().unwrap();
                prop_assert_eq!(receipt.state, model.state);
            }
            Step::Expire(secret) => {
                let model = &mut models[secret];
                bed.expire(&model.sample).await;
                if model.state == SecretState::Live {
                    model.state = SecretState::Expired;
                }
            }
            Step::Unlock(secret) => {
                bed.unlock(&models[secret].sample).await;
                models[secret].locked = false;
            }
            Step::ExpireClaims => {
                bed.expire_claims().await;
                models.iter_mut().flat_map(|model| &mut model.requests).for_each(|request| request.2 = None);
            }
            Step::Sweep => bed.delete_expired().await,
            Step::Restart => {
                store.close().await;
                store = bed.database.connect().await;
            }
        }
        for model in &models {
            let receipt = store.receipt(&model.sample.receipt_hash()).await.unwrap().unwrap();
            let views = usize::from(model.sample.max_views - model.views_left);
            prop_assert_eq!((receipt.state, receipt.viewed_at.len()), (model.state, views));
            prop_assert_eq!(receipt.wrong_passphrases, model.wrong);
            prop_assert_eq!(receipt.ended_at.is_some(), model.state != SecretState::Live);
        }
    }
    store.close().await;
    Ok(())
}
