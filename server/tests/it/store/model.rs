//! Random scenarios, run on the real database and on a small model of the protocol.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shared_crypto::messages::SecretState;
use tokio::runtime::Handle;
use vault::{CreateOutcome, OpenOutcome, RevealAttempt, RevealOutcome};

use crate::support::{TestSecret, TestStore, is_stress};

suite! { store_matches_the_model_in_random_scenarios }

const SECRETS: usize = 2;

/// One step of a scenario. The first number is the index of a secret.
#[derive(Debug, Clone)]
enum Step {
    Create(usize),
    Open(usize),
    CorrectPassphrase(usize),
    WrongPassphrase(usize),
    /// Repeats an earlier attempt, counted back from the last one.
    Repeat(usize, usize),
    Burn(usize),
    Expire(usize),
    Unlock(usize),
    ExpireClaims,
    DeleteExpired,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let which = 0..SECRETS;
    let step = prop_oneof![
        1 => which.clone().prop_map(Step::Create),
        2 => which.clone().prop_map(Step::Open),
        5 => which.clone().prop_map(Step::CorrectPassphrase),
        6 => which.clone().prop_map(Step::WrongPassphrase),
        5 => (which.clone(), 0..4_usize).prop_map(|(index, back)| Step::Repeat(index, back)),
        1 => which.clone().prop_map(Step::Burn),
        1 => which.clone().prop_map(Step::Expire),
        3 => which.prop_map(Step::Unlock),
        1 => Just(Step::ExpireClaims),
        1 => Just(Step::DeleteExpired),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec(step, 1..40)
}

/// An attempt that was made.
struct ModelAttempt {
    attempt: RevealAttempt,
    is_correct: bool,
    /// The views left after the view that it was granted, while its claim is valid.
    granted: Option<u8>,
}

/// The state of one secret according to the protocol.
struct Model {
    secret: TestSecret,
    state: SecretState,
    views_left: u8,
    bad_tries: u32,
    is_locked: bool,
    wrong_passphrases: u32,
    attempts: Vec<ModelAttempt>,
}

impl Model {
    fn new(secret: TestSecret) -> Self {
        let views_left = secret.max_views;
        Self {
            secret,
            state: SecretState::Live,
            views_left,
            bad_tries: 0,
            is_locked: false,
            wrong_passphrases: 0,
            attempts: Vec::new(),
        }
    }

    /// Makes an attempt and returns the expected outcome.
    fn reveal(&mut self, number: usize) -> Expected {
        let ModelAttempt { is_correct, granted, .. } = self.attempts[number];
        if let Some(views_left) = granted {
            return Expected::Granted(views_left);
        }
        if self.state != SecretState::Live {
            return Expected::Gone(self.state);
        }
        if self.is_locked {
            return Expected::Locked;
        }
        if !is_correct {
            self.bad_tries += 1;
            self.wrong_passphrases += 1;
            self.is_locked = self.bad_tries >= 5;
            let wait = self.is_locked.then(|| 900.min(2_u32.saturating_pow(self.bad_tries - 4)));
            return Expected::Wrong(5_u32.saturating_sub(self.bad_tries), wait);
        }
        (self.bad_tries, self.views_left) = (0, self.views_left - 1);
        if self.views_left == 0 {
            self.state = SecretState::Viewed;
        }
        self.attempts[number].granted = Some(self.views_left);
        Expected::Granted(self.views_left)
    }
}

/// A reveal outcome without times.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Granted(u8),
    Wrong(u32, Option<u32>),
    Locked,
    Gone(SecretState),
    NotFound,
}

impl From<RevealOutcome> for Expected {
    fn from(outcome: RevealOutcome) -> Self {
        match outcome {
            RevealOutcome::Granted { views_left, .. } => Self::Granted(views_left),
            RevealOutcome::WrongPassphrase { tries_left, wait } => Self::Wrong(tries_left, wait),
            RevealOutcome::Locked { .. } => Self::Locked,
            RevealOutcome::Gone(ended) => Self::Gone(ended.state),
            RevealOutcome::NotFound => Self::NotFound,
        }
    }
}

async fn store_matches_the_model_in_random_scenarios(test: &TestStore) {
    let cases = if is_stress() { 2_000 } else { 40 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let scenario = |steps: Vec<Step>| {
        tokio::task::block_in_place(|| Handle::current().block_on(run_scenario(test, &steps)))
    };
    TestRunner::new(config).run(&steps(), scenario).unwrap();
}

/// Runs the steps on the store and on the model, and compares outcomes and receipts after each.
async fn run_scenario(test: &TestStore, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut store = test.database.connect().await;
    let mut models = Vec::new();
    for views in 1..=u8::try_from(SECRETS).unwrap() {
        models.push(Model::new(test.secret(views).await));
    }
    for step in steps {
        match *step {
            Step::Create(index) => {
                let outcome = store.create(models[index].secret.repeated_create_request()).await.unwrap();
                let CreateOutcome::Created { id, .. } = outcome else { panic!("{outcome:?}") };
                prop_assert_eq!(id.as_bytes(), models[index].secret.id.as_bytes());
            }
            Step::Open(index) => {
                let model = &models[index];
                let opened = store.open(&model.secret.id, &model.secret.access_hash()).await.unwrap();
                match opened.unwrap() {
                    OpenOutcome::Live { views_left, .. } => {
                        prop_assert_eq!((SecretState::Live, views_left), (model.state, model.views_left));
                    }
                    OpenOutcome::Gone(ended) => prop_assert_eq!(ended.state, model.state),
                }
            }
            Step::CorrectPassphrase(index) | Step::WrongPassphrase(index) => {
                let model = &mut models[index];
                let is_correct = matches!(step, Step::CorrectPassphrase(_));
                let attempt = if is_correct { model.secret.attempt() } else { model.secret.wrong_attempt() };
                model.attempts.push(ModelAttempt { attempt: attempt.clone(), is_correct, granted: None });
                let expected = model.reveal(model.attempts.len() - 1);
                prop_assert_eq!(Expected::from(store.reveal(attempt).await.unwrap()), expected);
            }
            Step::Repeat(index, back) => {
                let model = &mut models[index];
                let Some(number) = model.attempts.len().checked_sub(1 + back) else { continue };
                let attempt = model.attempts[number].attempt.clone();
                let expected = model.reveal(number);
                prop_assert_eq!(Expected::from(store.reveal(attempt).await.unwrap()), expected);
            }
            Step::Burn(index) => {
                let model = &mut models[index];
                if model.state == SecretState::Live {
                    model.state = SecretState::Burned;
                }
                let receipt = store.burn(&model.secret.receipt_hash()).await.unwrap().unwrap();
                prop_assert_eq!(receipt.state, model.state);
            }
            Step::Expire(index) => {
                let model = &mut models[index];
                test.expire(&model.secret).await;
                if model.state == SecretState::Live {
                    model.state = SecretState::Expired;
                }
            }
            Step::Unlock(index) => {
                test.unlock(&models[index].secret).await;
                models[index].is_locked = false;
            }
            Step::ExpireClaims => {
                test.expire_claims().await;
                models
                    .iter_mut()
                    .flat_map(|model| &mut model.attempts)
                    .for_each(|attempt| attempt.granted = None);
            }
            Step::DeleteExpired => test.delete_expired().await,
            Step::Restart => {
                store.close().await;
                store = test.database.connect().await;
            }
        }
        for model in &models {
            let receipt = store.receipt(&model.secret.receipt_hash()).await.unwrap().unwrap();
            let views = usize::from(model.secret.max_views - model.views_left);
            prop_assert_eq!((receipt.state, receipt.viewed_at.len()), (model.state, views));
            prop_assert_eq!(receipt.wrong_passphrases, model.wrong_passphrases);
            prop_assert_eq!(receipt.ended_at.is_some(), model.state != SecretState::Live);
        }
    }
    store.close().await;
    Ok(())
}
