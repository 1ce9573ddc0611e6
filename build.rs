//! Keeps the embedded pages current: the folder must exist for `rust-embed` (it is empty until
//! `make pages`), and a new build of the pages is a reason to compile again.

fn main() -> std::io::Result<()> {
    let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/dist");
    std::fs::create_dir_all(&pages)?;
    println!("cargo::rerun-if-changed={}", pages.display());
    Ok(())
}
