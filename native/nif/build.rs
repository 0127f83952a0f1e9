//! What the linker is told.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("macos") {
        // It refuses undefined symbols in a dynamic library unless told that the loading program,
        // here the BEAM, brings them.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-undefined,dynamic_lookup");
    } else {
        // Threads of this library go on when the VM gives it up: it stays where it is.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
