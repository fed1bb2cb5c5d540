//! `wxsell auth doctor`: why calls are refused.

use crate::commands::Ctx;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::profile;
use crate::shop::diagnosis::{Check, Health, without_secret};
use crate::text;
use anyhow::Result;

impl Record for Check {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("check", "CHECK", |c| {
            Cell::Word(match c.check {
                "secret" => text!("AppSecret"),
                "token" => text!("token"),
                "other_programs" => text!("other programs"),
                _ => text!("account"),
            })
        }),
        Column::new("state", "STATE", |c| {
            Cell::Word(match c.state {
                Health::Ok => text!("ok"),
                Health::Warning => text!("warning"),
                Health::Failed => text!("failed"),
                Health::Skipped => text!("skipped"),
            })
        }),
        Column::new("finding", "FINDING", |c| Cell::Sentence(c.finding.clone())),
        Column::new("remedy", "WHAT TO DO", |c| {
            Cell::sentence(c.remedy.as_ref())
        }),
        Column::new("errcode", "ERRCODE", |c| {
            c.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("rid", "RID", |c| {
            c.rid.clone().map_or(Cell::Empty, Cell::Id)
        }),
    ];
}

pub(super) async fn run(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Check>()?;
    let checks = diagnose(ctx).await?;
    ctx.out.list(&checks)?;
    if !checks.iter().any(|check| check.state == Health::Failed) {
        return Ok(());
    }
    let mut failure = Failure::access(text!("something is wrong with the access to this shop"));
    failure.shown = true;
    Err(failure.into())
}

/// Reads the secret, and tries it.
pub async fn diagnose(ctx: &Ctx) -> Result<Vec<Check>> {
    let profile = ctx.profile()?;
    match profile::secret(profile, ctx.global.secret_file.as_deref(), &ctx.dirs) {
        Ok((_, source)) => ctx.shop().await?.diagnose(profile, source.words()).await,
        Err(error) => Ok(without_secret(error)),
    }
}
