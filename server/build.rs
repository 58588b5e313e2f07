//! Rebuilds the server when the site or the migrations change, because the binary embeds both.

fn main() {
    println!("cargo::rerun-if-changed=../target/site");
    println!("cargo::rerun-if-changed=migrations");
}
