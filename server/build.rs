//! The site is inside the binary: a site that was built anew must be embedded anew.

fn main() {
    println!("cargo::rerun-if-changed=../target/site");
    println!("cargo::rerun-if-changed=migrations");
}
