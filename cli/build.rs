//! Embeds the manifest of the build into the program, for `ikrypt verify`. `cargo xtask build` gets it from the server
//! before. Without it, everything else works.

use std::path::Path;
use std::{env, fs};

const MANIFEST: &str = "../target/manifest.json";

fn main() {
    println!("cargo::rerun-if-changed={MANIFEST}");
    let out_dir = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out_dir).join("manifest.json"), fs::read(MANIFEST).unwrap_or_default())
        .expect("OUT_DIR is writable");
}
