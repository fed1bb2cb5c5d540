//! `wxsell promoter add`: a Channels promoter by way of the admin console, or people for the promotion staff, one from
//! options or many from a table.

use super::{Ctx, channels};
use crate::bulk::sheet::Sheet;
use crate::cli::values::duration;
use crate::commands::job;
use crate::lang::Lang;
use crate::output::{Cell, Column, Record};
use crate::shop::promoter::channels::Newcomer;
pub use crate::shop::promoter::roster::Outcome;
use crate::shop::promoter::roster::{TOGETHER, field, from_options, from_sheet, request};
use crate::text;
use anyhow::Result;
use clap::{ArgGroup, ValueHint};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Add a Channels promoter (--wechat), or people to the promotion staff (--openid, --from)
///
/// A Channels promoter (视频号推广员) can only be added in the console: this command checks what can be checked, prints where
/// to go and the rules, and with --wait watches the list until the promoter appears. Promotion staff (小程序推广员) are
/// declared by a call, immediately, and have to agree afterwards: see `wxsell promoter invite`.
///
/// A table has the columns openid, role, retail_id, extra_info, name and phone; the last four are optional, and a role
/// is a name or a number. It is safe to run the same table again: people who are already declared are reported.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true).args(["wechat", "openid", "from"]))]
pub struct AddArgs {
    /// Channels promoter: the person's WeChat number
    #[arg(long, value_name = "NUMBER")]
    wechat: Option<String>,
    /// Channels promoter: nickname of the Channels account, by which the list is searched
    #[arg(long, requires = "wechat")]
    nickname: Option<String>,
    /// Channels promoter: wait until the promoter appears, at most this long; 30m if no time is given
    #[arg(long, requires = "wechat", value_name = "DURATION", num_args = 0..=1, default_missing_value = "30m", value_parser = duration)]
    wait: Option<Duration>,
    /// Channels promoter: how long to wait between two checks of the list
    #[arg(long, requires = "wait", value_name = "DURATION", default_value = "30s", value_parser = duration)]
    every: Duration,
    /// Staff: openid of this Mini Program, or unionid (can be repeated)
    #[arg(long = "openid", requires = "role")]
    openid: Vec<String>,
    /// Staff: people from a .csv, .tsv or .xlsx table, `-` for standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    from: Option<PathBuf>,
    /// Staff: role by name or number; with a table, for rows without a role
    #[arg(long, conflicts_with = "wechat")]
    role: Option<String>,
    /// Staff: number of the store; 20 bytes at most
    #[arg(long, value_name = "RETAIL_ID", requires = "openid")]
    store: Option<String>,
    /// Staff: mark of your own, which comes back with visits and payments; 80 bytes at most
    #[arg(long, requires = "openid")]
    mark: Option<String>,
}

impl Record for Outcome {
    const COLUMNS: &'static [Column<Outcome>] = &[
        Column::new("row", "ROW", |person| {
            person
                .row
                .map_or(Cell::Empty, |row| Cell::Number(row.into()))
        }),
        Column::new("openid", "OPENID", |person| Cell::Id(person.openid.clone())),
        Column::new("result", "RESULT", |person| {
            Cell::Word(match person.result {
                "declared" => text!("declared"),
                "already" => text!("declared before"),
                "unclear" => text!("unclear"),
                "not_sent" => text!("not sent"),
                _ => text!("failed"),
            })
        }),
        Column::new("errcode", "ERRCODE", |person| {
            person.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |person| {
            person.reason.clone().map_or(Cell::Empty, Cell::Word)
        }),
    ];
}

pub async fn add(args: AddArgs, ctx: &Ctx) -> Result<()> {
    if let Some(wechat) = args.wechat {
        let newcomer = Newcomer {
            wechat,
            nickname: args.nickname,
            wait: args.wait,
            every: args.every.max(Duration::from_secs(1)),
        };
        return channels::add(newcomer, ctx).await;
    }
    let roles = ctx.shop().await?.promoter_roles().await?;
    let sheet = match &args.from {
        Some(path) => Some(Sheet::read(
            path,
            &ctx.dirs.state,
            text!("the openid"),
            &|heading| field(heading) == Some("openid"),
        )?),
        None => None,
    };
    if let Some(sheet) = &sheet {
        let unread: Vec<&str> = sheet
            .headings
            .iter()
            .map(|heading| heading.trim())
            .filter(|heading| !heading.is_empty() && field(heading).is_none())
            .filter(|heading| !["reason", "失败原因"].contains(heading))
            .collect();
        if !unread.is_empty() {
            ctx.out.note(text!(
                "columns of {file} not read: {columns}",
                file = sheet.name(),
                columns = unread.join(", ")
            ));
        }
        sheet
            .notices
            .iter()
            .for_each(|notice| ctx.out.note(notice.clone()));
    }
    let people = match &sheet {
        Some(sheet) => from_sheet(sheet, args.role.as_deref(), &roles)?,
        None => {
            let beside = (args.store.as_deref(), args.mark.as_deref());
            let role = args.role.as_deref().unwrap_or_default();
            from_options(&args.openid, role, beside, &roles)?
        }
    };
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the requests would be:"));
        let requests = people.chunks(TOGETHER).map(request).collect();
        return ctx.out.value(&Value::Array(requests));
    }
    ctx.out.check_columns::<Outcome>()?;
    ctx.before_write(None).await?;
    let outcomes = ctx.shop().await?.declare(people).await?;
    ctx.out.list(&outcomes)?;
    ended(&outcomes, sheet.as_ref(), ctx)
}

/// Says what comes next; failed rows of a table are given back in a file.
fn ended(outcomes: &[Outcome], sheet: Option<&Sheet>, ctx: &Ctx) -> Result<()> {
    let failed: Vec<&Outcome> = outcomes
        .iter()
        .filter(|person| !matches!(person.result, "declared" | "already"))
        .collect();
    if outcomes.iter().any(|person| person.result == "declared") {
        ctx.out.note(text!(
            "added; each person still has to accept; `wxsell promoter invite` makes the invitation"
        ));
    }
    if outcomes.iter().any(|person| person.result == "already") {
        ctx.out.note(text!(
            "people who were already declared may have another role: `wxsell promoter update` changes it"
        ));
    }
    if failed.is_empty() {
        return Ok(());
    }
    let lang = ctx.out.lang;
    let reasons: BTreeMap<u32, String> = failed
        .iter()
        .filter_map(|person| {
            let reason = person.reason.as_ref().map(|reason| reason.render(lang));
            Some((person.row?, reason.unwrap_or_default()))
        })
        .collect();
    let heading = match lang {
        Lang::En => "reason",
        Lang::Zh => "失败原因",
    };
    if let Some(file) = sheet
        .map(|sheet| sheet.write_failed(&reasons, heading))
        .transpose()?
        .flatten()
    {
        ctx.out.note(text!(
            "the rows that failed are in {file}, with the reason",
            file = file.display().to_string()
        ));
    }
    Err(job::people_failed(failed.len(), outcomes.len()).into())
}
