//! Renders sessions while the page is worked on: `cargo run --example page < SESSION.json > PAGE.html`
#[path = "../src/page.rs"]
mod page;

fn main() -> Result<(), serde_json::Error> {
    let session = serde_json::from_reader(std::io::stdin().lock())?;
    print!("{}", page::page(&session));
    Ok(())
}
