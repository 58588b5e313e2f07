//! Benchmarks encryption, decryption and Argon2id natively: `cargo bench --package shared-crypto`.
#![allow(missing_docs, reason = "the macros of criterion generate functions")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shared_crypto::{Envelope, Passphrase, Payload, Salt, SealingKeys, open, seal};

const MEGABYTE: u64 = 1_000_000;

fn sealing_keys() -> SealingKeys {
    SealingKeys::generate().expect("the operating system returns random bytes")
}

fn seal_and_open(criterion: &mut Criterion) {
    for (name, bytes) in [("1 kB", 1000), ("8 MB", 8 * MEGABYTE)] {
        let payload = Payload::text("x".repeat(usize::try_from(bytes).expect("a size that fits")));
        let sealed = seal(&payload, sealing_keys(), None).expect("the payload is not too large");
        let envelope = Envelope::parse(sealed.envelope().to_vec()).expect("the envelope is valid");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes)).sample_size(20);
        group.bench_function("seal", |bencher| bencher.iter(|| seal(&payload, sealing_keys(), None)));
        group.bench_function("open", |bencher| {
            bencher.iter(|| open(&envelope, sealed.keys(), sealed.share()));
        });
        group.finish();
    }
}

fn argon2(criterion: &mut Criterion) {
    let passphrase =
        Passphrase::new("correct horse battery staple").expect("the passphrase has a valid length");
    let mut group = criterion.benchmark_group("passphrase");
    group.sample_size(20);
    group.bench_function("argon2", |bencher| {
        bencher.iter(|| passphrase.derive_key(&Salt::from_bytes([7; 16])));
    });
    group.finish();
}

criterion_group!(all, seal_and_open, argon2);
criterion_main!(all);
