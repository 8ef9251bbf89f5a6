//! Names the shared library and keeps it loaded; nothing else.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SCRIPTLOOP_SONAME");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    // CMake names the versions and makes the links; a bare `cargo build` makes no links, so a
    // program linked against its output must look for the one name that exists.
    let soname = std::env::var("SCRIPTLOOP_SONAME").unwrap_or("libscriptloop.so".to_owned());
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
    // Threads and thread-local destructors of the library may outlive a `dlclose`.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
