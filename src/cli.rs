//! The root of the command line: global options and the nouns. Doc comments are the help text.

pub mod help;
pub mod meant;
pub mod start;
pub mod values;

pub use crate::commands::Noun;
use crate::lang::Lang;
use crate::output::{ColorChoice, Format};
use clap::{Args, Parser, ValueHint};
use std::path::PathBuf;

/// Run your WeChat Channels (视频号) shop from the terminal
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
    /// Profile to use; `sandbox` is built in
    #[arg(long, global = true, value_name = "NAME", add = clap_complete::engine::ArgValueCandidates::new(crate::profile::candidates))]
    pub profile: Option<String>,
    /// Output format
    #[arg(long, global = true, value_enum)]
    pub format: Option<Format>,
    /// With --format csv: write for Excel, with a byte order mark and without formulas
    #[arg(long, global = true)]
    pub excel: bool,
    /// Columns to show, comma-separated
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',', add = clap_complete::engine::ArgValueCandidates::new(crate::commands::columns::candidates))]
    pub columns: Option<Vec<String>>,
    /// Sort rows by a column; `-COLUMN` for the largest first
    #[arg(long, global = true, value_name = "COLUMN", allow_hyphen_values = true, add = clap_complete::engine::ArgValueCandidates::new(crate::commands::columns::candidates))]
    pub sort: Option<String>,
    /// Omit the header row
    #[arg(long, global = true)]
    pub no_headers: bool,
    /// Filter JSON output with a jq expression
    #[arg(long, global = true, value_name = "EXPRESSION")]
    pub jq: Option<String>,
    /// Hide notices and progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to use colors
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    pub color: Option<ColorChoice>,
    /// Language of messages, headings and help
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// Skip confirmation prompts
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Never prompt; fail if input is missing
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Show what would change without sending anything
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Print WeChat's raw responses (read commands only)
    #[arg(long, global = true)]
    pub raw: bool,
    /// Don't mask personal data
    #[arg(long, global = true)]
    pub unmask: bool,
    /// Show the console page for this command instead of running it: print its address, and open it on a desktop
    #[arg(long, global = true)]
    pub web: bool,
    /// Read the AppSecret from this file, `-` for standard input
    #[arg(long, global = true, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub secret_file: Option<PathBuf>,
    /// Request timeout in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
    /// Maximum calls per second, shared by all runs for this shop
    #[arg(long, global = true, value_name = "CALLS", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: Option<u32>,
    /// Append requests and responses to FILE as JSON lines, secrets masked
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
