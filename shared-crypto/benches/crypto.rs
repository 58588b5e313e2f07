//! How fast it is natively: `cargo bench --package shared-crypto`.
#![allow(missing_docs, reason = "the macros of criterion make functions of their own")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shared_crypto::{Envelope, Passphrase, Payload, Salt, SealingKeys, open, seal};

const MEGABYTE: u64 = 1_000_000;

fn fresh() -> SealingKeys {
    SealingKeys::generate().expect("the operating system has random bytes")
}

fn sealing_and_opening(criterion: &mut Criterion) {
    for (name, bytes) in [("1 kB", 1000), ("8 MB", 8 * MEGABYTE)] {
        let payload = Payload::text("x".repeat(usize::try_from(bytes).expect("it fits")));
        let sealed = seal(&payload, fresh(), None).expect("it is not too large");
        let envelope = Envelope::parse(sealed.envelope().to_vec()).expect("it was just made");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes)).sample_size(20);
        group.bench_function("seal", |bencher| bencher.iter(|| seal(&payload, fresh(), None)));
        group.bench_function("open", |bencher| {
            bencher.iter(|| open(&envelope, sealed.keys(), sealed.share()));
        });
        group.finish();
    }
}

fn stretching(criterion: &mut Criterion) {
    let passphrase =
        Passphrase::new("correct horse battery staple").expect("it has a length that is allowed");
    let mut group = criterion.benchmark_group("passphrase");
    group.sample_size(20);
    group.bench_function("stretch", |bencher| {
        bencher.iter(|| passphrase.derive_key(&Salt::from_bytes([7; 16])))
    });
    group.finish();
}

criterion_group!(all, sealing_and_opening, stretching);
criterion_main!(all);
