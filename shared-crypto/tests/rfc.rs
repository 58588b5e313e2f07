//! Test vectors of the RFCs for the dependencies of `shared-crypto`.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use hkdf::Hkdf;
use sha2::Sha256;

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Asserts the results of Extract, and of Expand to the expected number of bytes.
fn assert_hkdf(salt: &[u8], ikm: &[u8], info: &[u8], prk: &str, okm: &str) {
    let (actual_prk, hk) = Hkdf::<Sha256>::extract(Some(salt), ikm);
    assert_eq!(hex(&actual_prk), prk);
    let mut actual_okm = vec![0; okm.len() / 2];
    assert!(hk.expand(info, &mut actual_okm).is_ok());
    assert_eq!(hex(&actual_okm), okm);
}

#[test]
fn hkdf_matches_rfc_5869_a_1() {
    assert_hkdf(
        &(0x00..=0x0c).collect::<Vec<u8>>(),
        &[0x0b; 22],
        &(0xf0..=0xf9).collect::<Vec<u8>>(),
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
}

#[test]
fn hkdf_of_long_inputs_matches_rfc_5869_a_2() {
    assert_hkdf(
        &(0x60..=0xaf).collect::<Vec<u8>>(),
        &(0x00..=0x4f).collect::<Vec<u8>>(),
        &(0xb0..=0xff).collect::<Vec<u8>>(),
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
}

#[test]
fn hkdf_without_salt_and_info_matches_rfc_5869_a_3() {
    assert_hkdf(
        &[],
        &[0x0b; 22],
        &[],
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
}

#[test]
fn argon2id_matches_rfc_9106_section_5_3() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let mut tag = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(hex(&tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}
