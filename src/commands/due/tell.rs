//! Who is told: a calendar file, a chat robot, a program.

use super::{DueArgs, Failed, Item, calendar, why};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::push::forward::run_program;
use crate::push::robot;
use crate::text;
use crate::types::now;
use anyhow::Result;
use std::path::Path;
use std::time::Duration;

/// Tells all that were named, the robot and the program only where something is due or a shop could not be read. One
/// that fails does not keep the others from being told; each failure is shown, and the first is returned.
pub async fn all(args: &DueArgs, items: &[Item], failed: &[Failed], ctx: &Ctx) -> Result<()> {
    let mut failures = Vec::new();
    if let Some(file) = &args.ics {
        failures.extend(write(file, items, ctx).err());
    }
    let due: Vec<&Item> = items.iter().filter(|item| item.due).collect();
    let alarm = !due.is_empty() || !failed.is_empty();
    let timeout = Duration::from_secs(ctx.global.timeout);
    if let Some(url) = args.notify_url.as_ref().filter(|_| alarm) {
        let content = words(&due, failed, ctx);
        failures.extend(robot::post(url, &content, timeout).await.err());
    }
    if let Some(line) = args.exec.as_ref().filter(|_| alarm) {
        failures.extend(execute(line, items, timeout).await.err());
    }
    for error in &failures {
        ctx.out.warn(why(error));
    }
    match failures.into_iter().next() {
        None => Ok(()),
        Some(error) => {
            let mut failure = Failure::from_any(error);
            failure.shown = true;
            Err(failure.into())
        }
    }
}

/// The calendar is never there by half: a calendar program may read it at any time.
fn write(file: &Path, items: &[Item], ctx: &Ctx) -> Result<()> {
    let content = calendar::write(items, now(), ctx.out.lang);
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let written = std::fs::write(&part, content).and_then(|()| std::fs::rename(&part, file));
    Ok(written.map_err(|error| {
        Failure::input(text!(
            "{file} could not be written: {error}",
            file = file.display().to_string(),
            error = error.to_string()
        ))
    })?)
}

/// A line for each, the nearest first, as many as a robot takes.
fn words(due: &[&Item], failed: &[Failed], ctx: &Ctx) -> String {
    let lang = ctx.out.lang;
    let head = text!("wxsell: {count} due", count = due.len()).render(lang);
    let failed = failed.iter().map(|failed| {
        text!(
            "{shop} could not be read: {why}",
            shop = &failed.shop,
            why = why(&failed.error)
        )
        .render(lang)
    });
    let due = due.iter().map(|item| {
        let left = item.left().map(|left| left.render(lang));
        let mut line = format!(
            "{} · {} · {} {}",
            left.unwrap_or_default(),
            item.shop,
            item.words().render(lang),
            item.number
        );
        if let Some(amount) = item.amount {
            line.push_str(&format!(" · ¥{}", amount.to_yuan()));
        }
        line
    });
    let lines: Vec<String> = failed.chain(due).collect();
    let mut content = head;
    for (at, line) in lines.iter().enumerate() {
        if content.len() + line.len() + 1 > robot::MOST_BYTES {
            let rest = text!("… and {count} more", count = lines.len() - at);
            content.push('\n');
            content.push_str(&rest.render(lang));
            break;
        }
        content.push('\n');
        content.push_str(line);
    }
    content
}

/// Runs the program with all rows on its standard input. Its own output goes to stderr, or nowhere.
async fn execute(line: &str, items: &[Item], timeout: Duration) -> Result<()> {
    let rows = serde_json::to_vec(items)?;
    let ran = run_program(line, &rows, &[], timeout).await;
    ran.map_err(|why| {
        Failure::new(
            Kind::Refused,
            text!("the command of --exec failed: {why}", why),
        )
        .into()
    })
}
