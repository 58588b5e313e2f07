//! Project Wycheproof's tests of known attacks, for the dependencies of `shared-crypto`.
#![cfg(not(target_arch = "wasm32"))]

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use wycheproof::TestResult;

#[test]
fn aes_gcm_passes_wycheproof() {
    use wycheproof::aead::{TestName, TestSet};

    let (mut valid, mut invalid) = (0, 0);
    let groups = TestSet::load(TestName::AesGcm).unwrap().test_groups;
    // Suite 01 uses these sizes, in bits.
    for group in groups.iter().filter(|g| (g.key_size, g.nonce_size, g.tag_size) == (256, 96, 128)) {
        for test in &group.tests {
            let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
            let nonce = Nonce::try_from(&test.nonce[..]).unwrap();
            let tag = Tag::try_from(&test.tag[..]).unwrap();

            let mut buffer = test.ct.to_vec();
            let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into(), &tag);
            match test.result {
                TestResult::Valid => {
                    assert!(opened.is_ok(), "{} {}", test.tc_id, test.comment);
                    assert_eq!(buffer, test.pt[..], "{} {}", test.tc_id, test.comment);
                    let made = cipher.encrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into());
                    assert_eq!(made.unwrap(), tag, "{} {}", test.tc_id, test.comment);
                    assert_eq!(buffer, test.ct[..], "{} {}", test.tc_id, test.comment);
                    valid += 1;
                }
                TestResult::Invalid => {
                    assert!(opened.is_err(), "{} {}", test.tc_id, test.comment);
                    invalid += 1;
                }
                TestResult::Acceptable => panic!("{} has no required result", test.tc_id),
            }
        }
    }
    assert_eq!((valid, invalid), (39, 27), "tests that ran");
}

#[test]
fn hkdf_sha_256_passes_wycheproof() {
    use wycheproof::hkdf::{TestName, TestSet};

    let (mut valid, mut invalid) = (0, 0);
    for group in TestSet::load(TestName::HkdfSha256).unwrap().test_groups {
        for test in &group.tests {
            let mut okm = vec![0; test.size];
            let made = Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
            match test.result {
                TestResult::Valid => {
                    assert!(made.is_ok(), "{} {}", test.tc_id, test.comment);
                    assert_eq!(okm, test.okm[..], "{} {}", test.tc_id, test.comment);
                    valid += 1;
                }
                TestResult::Invalid => {
                    assert!(made.is_err(), "{} {}", test.tc_id, test.comment);
                    invalid += 1;
                }
                TestResult::Acceptable => panic!("{} has no required result", test.tc_id),
            }
        }
    }
    assert_eq!((valid, invalid), (83, 3), "tests that ran");
}
