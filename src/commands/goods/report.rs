//! What an upload says at its end: a summary and the failed products, on stdout and for CI.

use crate::commands::job;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::shop::goods::report::Event;
pub use crate::shop::goods::report::Report;
use crate::shop::goods::send::action;
use crate::text;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("run", "RUN", |r| Cell::Number(r.run)),
        Column::new("profile", "PROFILE", |r| Cell::Id(r.profile.clone())),
        Column::new("status", "STATUS", |r| job::status(r.status)),
        Column::new("products", "PRODUCTS", |r| Cell::count(r.products)),
        Column::new("added", "ADDED", |r| Cell::count(r.added)),
        Column::new("confirmed", "CONFIRMED", |r| Cell::some(r.confirmed)),
        Column::new("updated", "UPDATED", |r| Cell::some(r.updated)),
        Column::new("updated_free", "UPDATED FREE", |r| {
            Cell::some(r.updated_free)
        }),
        Column::new("unchanged", "UNCHANGED", |r| Cell::count(r.unchanged)),
        Column::new("not_compared", "SENT BEFORE, NOT COMPARED", |r| {
            Cell::some(r.not_compared)
        }),
        Column::new("partial", "PARTLY DONE", |r| Cell::some(r.partial)),
        Column::new("held", "HELD BACK", |r| Cell::some(r.held)),
        Column::new("refused", "REFUSED", |r| Cell::some(r.refused)),
        Column::new("unclear", "UNCLEAR", |r| Cell::some(r.unclear)),
        Column::new("left", "LEFT", |r| Cell::some(r.left)),
        Column::new("skipped_problems", "SKIPPED PROBLEMS", |r| {
            Cell::some(r.skipped_problems)
        }),
        Column::new("images_uploaded", "IMAGES UPLOADED", |r| {
            Cell::some(r.images_uploaded)
        }),
        Column::new("seconds", "SECONDS", |r| {
            Cell::Text(format!("{:.1}", r.seconds))
        }),
        Column::new("failed_files", "FAILED ROWS IN", |r| {
            Cell::List(r.failed_files.clone())
        }),
    ];
}

impl Record for Event {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |e| {
            Cell::Id(e.out_product_id.clone())
        }),
        Column::new("state", "STATE", |e| job::state(e.state)),
        Column::new("errcode", "ERRCODE", |e| {
            e.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |e| Cell::sentence(e.reason.as_ref())),
    ];
}

/// What a report for CI is made of.
pub trait Reported: Serialize {
    /// Every product that was sent.
    fn sent(&self) -> &[Event];
    /// Products and rows that were left out.
    fn left_out(&self) -> &[Event];
}

impl Reported for Report {
    fn sent(&self) -> &[Event] {
        &self.all
    }

    fn left_out(&self) -> &[Event] {
        &self.left_out
    }
}

/// Writes every report that was asked for; false where one could not be written, which is said.
pub fn write_all(files: &[ReportFile], report: &impl Reported, out: &Output) -> bool {
    let mut all = true;
    for file in files {
        if let Err(error) = file.write(report) {
            out.warn(Failure::from_any(error).message);
            all = false;
        }
    }
    all
}

/// `--report KIND=FILE`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportFile {
    kind: ReportKind,
    path: PathBuf,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReportKind {
    Junit,
    Json,
}

impl std::str::FromStr for ReportFile {
    type Err = Text;

    fn from_str(text: &str) -> Result<ReportFile, Text> {
        let unknown = || text!("write junit=FILE or json=FILE");
        let (kind, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(unknown)?;
        let kind = match kind {
            "junit" => ReportKind::Junit,
            "json" => ReportKind::Json,
            _ => return Err(unknown()),
        };
        Ok(ReportFile {
            kind,
            path: path.into(),
        })
    }
}

impl ReportFile {
    /// Whether the report can be written, to be known before anything is sent.
    pub fn check(&self) -> Result<()> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(std::path::Path::new("."));
        let fits = if self.path.is_dir() {
            Err(std::io::ErrorKind::IsADirectory.into())
        } else {
            tempfile::NamedTempFile::new_in(folder).map(drop)
        };
        fits.map_err(|error| self.cannot(&error).into())
    }

    fn cannot(&self, error: &std::io::Error) -> Failure {
        Failure::input(text!(
            "cannot write the report {path}: {error}",
            path = self.path.display().to_string(),
            error = error.kind().to_string()
        ))
    }

    pub fn write(&self, report: &impl Reported) -> Result<()> {
        let text = match self.kind {
            ReportKind::Json => serde_json::to_string_pretty(report).unwrap_or_default() + "\n",
            ReportKind::Junit => junit(report),
        };
        std::fs::write(&self.path, text).map_err(|error| self.cannot(&error).into())
    }
}

/// One test case a product that was sent; unchanged ones are not named.
fn junit(report: &impl Reported) -> String {
    use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};
    let mut suite = TestSuite::new("goods upload");
    for event in report.sent().iter().chain(report.left_out()) {
        let mut status = match event.state {
            "done" => TestCaseStatus::success(),
            "not_sent" => TestCaseStatus::skipped(),
            "unclear" => TestCaseStatus::non_success(NonSuccessKind::Error),
            _ => TestCaseStatus::non_success(NonSuccessKind::Failure),
        };
        if let Some(reason) = &event.reason {
            status.set_message(reason.to_string());
        }
        if let Some(errcode) = event.errcode {
            status.set_type(errcode.to_string());
        }
        let mut case = TestCase::new(event.out_product_id.clone(), status);
        // What was not done is told by how it ended.
        case.set_classname(match event.action {
            action::NONE => event.state,
            action => action,
        });
        suite.add_test_case(case);
    }
    let mut junit = Junit::new("wxsell");
    junit.add_test_suite(suite);
    junit.to_string().unwrap_or_default()
}
