//! The hashes of the build that this program belongs to, for `ikrypt verify`: `cargo xtask build` asks the
//! server for them. Without them the program is whole but for that.

use std::path::Path;
use std::{env, fs};

const MANIFEST: &str = "../target/manifest.json";

fn main() {
    println!("cargo::rerun-if-changed={MANIFEST}");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("manifest.json"), fs::read(MANIFEST).unwrap_or_default())
        .expect("the folder is there for this");
}
