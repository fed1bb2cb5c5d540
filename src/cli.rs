//! The root of the command line: global options and the nouns. Doc comments are the help text.

pub mod start;
pub mod values;

pub use crate::commands::Noun;
use crate::lang::Lang;
use crate::output::{ColorChoice, Format};
use clap::{Args, Parser, ValueHint};
use std::path::PathBuf;

/// Sell through WeChat Channels from the terminal
#[derive(Debug, Parser)]
#[command(
    name = "wxsell",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub noun: Noun,
}

/// Options that every command takes. Where one is not given, `WXSELL_*`, the profile and a default follow.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Profile to work with; `sandbox` is built in
    #[arg(long, global = true, value_name = "NAME", add = clap_complete::engine::ArgValueCandidates::new(crate::profile::candidates))]
    pub profile: Option<String>,
    /// Form of what is printed on stdout
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// With --format csv: a file for Excel, with a byte order mark and without cells that it would calculate
    #[arg(long, global = true)]
    pub excel: bool,
    /// Only these columns, separated by commas
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// Leave out the heading line
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Filter the JSON with a jq expression
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub jq: Option<String>,
    /// Print no notices and no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
    /// Language of messages, headings and help
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Never ask; name what is missing and stop
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Show what would be done and do nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Print WeChat's answers as they came instead of the result; for commands that read
    #[arg(long, global = true)]
    pub raw: bool,
    /// Show phones, names and addresses of people whole
    #[arg(long, global = true)]
    pub unmask: bool,
    /// Read the AppSecret from this file, `-` for standard input
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub secret_file: Option<PathBuf>,
    /// Seconds to wait for one answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
    /// Calls a second at the most, together with all other runs for this shop
    #[arg(long, global = true, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: Option<u32>,
    /// Append every request and answer to this file, one JSON object a line, secrets masked
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub trace: Option<PathBuf>,
}

impl Global {
    /// What concerns the choice of the profile and its secret.
    pub fn overrides(&self) -> crate::profile::Overrides {
        crate::profile::Overrides {
            profile: self.profile.clone(),
            secret_file: self.secret_file.clone(),
        }
    }
}
