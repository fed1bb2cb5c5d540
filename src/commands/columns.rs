//! The names that `--columns` and `--sort` of a command take, for shells that complete them.

use super::ask;
use super::{aftersale, dispute, due, event, goods, order, profile, run, status};
use crate::cli::meant;
use crate::shop::pass_through::Ask;
use clap_complete::engine::CompletionCandidate;
use std::ffi::OsString;

/// Those of the command that stands on the command line so far.
pub fn candidates() -> Vec<CompletionCandidate> {
    // A shell hands the line over behind `--`.
    let line: Vec<OsString> = std::env::args_os()
        .skip_while(|word| word != "--")
        .skip(1)
        .collect();
    of(&meant::place(&line))
        .into_iter()
        .map(CompletionCandidate::new)
        .collect()
}

/// The columns of a command; none where it shows no rows of a known form.
pub fn of(command: &str) -> Vec<String> {
    match command {
        "status" => status::columns(),
        "due" => due::columns(),
        "goods list" => goods::list::columns(),
        "order list" => order::columns_of_list(),
        "aftersale list" => aftersale::columns_of_list(),
        "dispute list" => dispute::columns_of_list(),
        "event list" => event::columns_of_list(),
        "run list" => run::columns(),
        "profile list" => profile::columns_of_list(),
        other => {
            let of_it = |one: &&Ask| one.command == other;
            crate::shop::pass_through::all()
                .find(of_it)
                .map_or_else(Vec::new, |one| {
                    ask::columns(one).names().map(str::to_owned).collect()
                })
        }
    }
}
