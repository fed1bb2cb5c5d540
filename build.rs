//! Packs the books of operations: they are read for a command, and a seventh of the size until then.

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;
use std::path::Path;

fn main() {
    let out = std::env::var_os("OUT_DIR").expect("cargo names a folder");
    for name in ["component", "promoter", "platform", "standard", "store"] {
        let book = format!("src/api/operation/{name}.json");
        println!("cargo::rerun-if-changed={book}");
        let json = std::fs::read(&book).expect("the book is in the tree");
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&json).expect("memory takes it");
        let packed = packed.finish().expect("memory takes it");
        std::fs::write(Path::new(&out).join(format!("{name}.json.z")), packed)
            .expect("the folder takes it");
    }
}
