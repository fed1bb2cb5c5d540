//! Long tables on a terminal go through a pager: `WXSELL_PAGER`, `PAGER`, else `less`.

use std::io::Write;
use std::process::{Command, Stdio};

/// Shows `text`; false where there is no pager, so that it is still to be printed.
pub(super) fn show(text: &str) -> bool {
    let named = |name: &str| std::env::var(name).ok();
    let chosen = named("WXSELL_PAGER").or_else(|| named("PAGER"));
    let line = chosen.unwrap_or_else(|| "less".to_owned());
    let mut words = line.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    // Ends by itself where all fits, keeps colors, does not wrap rows, leaves the table on the screen.
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRSX");
    }
    let Ok(mut pager) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = pager.stdin.take() {
        // Whoever leaves the pager has seen enough.
        let _ = input.write_all(text.as_bytes());
    }
    pager.wait().is_ok()
}
