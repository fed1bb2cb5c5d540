//! What an upload would do, shown: as the dry run, and before the run where somebody has to decide.

use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::product::{Change, Field, OnConflict};
use crate::output::{Cell, Column, Record};
use crate::profile::Target;
use crate::shop::Shop;
use crate::shop::goods::component::Sendable;
use crate::shop::goods::plan::{Action, Line, Plan, Totals, plan};
use crate::shop::goods::send::Options;
use crate::shop::goods::sheet::catalogue::Catalogue;
use crate::shop::goods::sheet::fields::Field as Heading;
use crate::state::quota::finish_estimate;
use crate::text;
use crate::types::{now, rfc3339};
use anyhow::Result;

/// Rows of a table; the other formats hold every line.
const MOST_ROWS: u64 = 10_000;
/// Lines that are shown before a question.
const MOST_ASKED: usize = 20;

/// A change as people read it, in both languages: `TEA-1 sale_price 99.00 → 0.01 (-99 %)`.
fn change(change: &Change) -> Text {
    let name = change.field.name();
    let field = match Heading::named(name) {
        Some(heading) => Text::pair(name, heading.spec().chinese),
        None if change.field == Field::Audit => text!("submit for audit"),
        None => text!("{name}", name),
    };
    if change.field == Field::Audit {
        return field;
    }
    let (old, new) = change.words();
    let one = text!("{field} {old} → {new}", field, old, new);
    match &change.sku {
        Some(sku) if change.field != Field::Sku => text!("{sku} {change}", sku, change = one),
        _ => one,
    }
}

/// Several changes in one cell.
fn changes(line: &Line) -> Cell {
    // Of a line that is audited, what does not wait for it.
    let is_mixed = matches!(line.action, Action::AuditedUpdate | Action::Partial);
    let mut all = line.changes.iter().map(|one| {
        if is_mixed && one.at_once {
            text!("{change} (immediately)", change = change(one))
        } else {
            change(one)
        }
    });
    let Some(first) = all.next() else {
        return Cell::Empty;
    };
    Cell::Sentence(all.fold(first, |one, more| text!("{one}; {more}", one, more)))
}

impl Record for Line {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |line| {
            Cell::Id(line.out_product_id.clone())
        }),
        Column::new("action", "PLAN", |line| {
            Cell::Word(match line.action {
                Action::Add => text!("add"),
                Action::FreeUpdate => text!("free update"),
                Action::AuditedUpdate => text!("audited update"),
                Action::Update => text!("update"),
                Action::Unchanged => text!("unchanged"),
                Action::NotCompared => text!("sent before, not compared"),
                Action::Partial => text!("partly refused"),
                Action::Held => text!("held back"),
                Action::Refused => text!("refused"),
            })
        }),
        Column::new("changes", "CHANGES", changes),
        Column::new("missing_skus", "SKUS NOT IN THE FILES", |line| {
            Cell::List(line.missing_skus.clone())
        }),
        Column::new("place", "PLACE", |line| Cell::Text(line.place.clone())),
        Column::new("reason", "REASON", |line| {
            Cell::sentence(line.reason.as_ref())
        }),
    ];
}

/// How many lines there are of each kind, in one sentence.
fn summary(totals: &Totals) -> Text {
    let count = |action| totals.of(action);
    let mut parts = Vec::new();
    let mut part = |count: u64, words: fn(u64) -> Text| {
        if count > 0 {
            parts.push(words(count));
        }
    };
    part(count(Action::Add), |count| text!("{count} to add", count));
    part(count(Action::FreeUpdate), |count| {
        text!("{count} to change immediately", count)
    });
    part(count(Action::AuditedUpdate), |count| {
        text!("{count} to change through the audit", count)
    });
    part(count(Action::Update), |count| {
        text!("{count} to compare and change", count)
    });
    part(totals.prices, |count| match count {
        1 => text!("1 price"),
        count => text!("{count} {count:price|prices}", count),
    });
    part(totals.removed, |count| match count {
        1 => text!("1 SKU to remove"),
        count => text!("{count} SKUs to remove", count),
    });
    part(count(Action::Partial), |count| {
        text!("{count} partly refused", count)
    });
    part(count(Action::Held), |count| {
        text!("{count} held back", count)
    });
    part(count(Action::Refused), |count| {
        text!("{count} refused", count)
    });
    part(count(Action::Unchanged), |count| {
        text!("{count} unchanged", count)
    });
    part(count(Action::NotCompared), |count| {
        text!("{count} sent before and not compared", count)
    });
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_else(|| text!("nothing to do"));
    parts.fold(first, |one, more| text!("{one}, {more}", one, more))
}

/// Shows what an upload would do; nothing is sent.
pub async fn show<T: Sendable>(
    catalogue: &Catalogue<T>,
    shop: &Shop,
    shop_key: &str,
    options: &Options,
    ctx: &Ctx,
) -> Result<()> {
    let state = ctx.state()?;
    let mut lines = ctx.out.stream::<Line>()?;
    let is_table = ctx.out.is_for_people();
    let mut rows = 0;
    let planned = plan(shop, state, shop_key, catalogue, options, true, |line| {
        let says_nothing = matches!(line.action, Action::Unchanged | Action::NotCompared);
        if is_table && (says_nothing || rows >= MOST_ROWS) {
            rows += u64::from(!says_nothing);
            return Ok(());
        }
        rows += 1;
        lines.push(line)
    })
    .await?;
    lines.finish()?;
    if is_table && rows > MOST_ROWS {
        ctx.out.note(match rows - MOST_ROWS {
            1 => text!("1 more line is left out; --format ndjson shows all"),
            count => text!(
                "{count} more {count:line is|lines are} left out; --format ndjson shows all",
                count
            ),
        });
    }
    ctx.out.note(summary(&planned.totals));
    let audits = planned.totals.audits;
    let spending = &state.slot_spending(shop_key, now())?;
    let until = finish_estimate(audits, spending, options.limits, now());
    if options.limits.unlimited() || until <= now() {
        ctx.out.note(match audits {
            1 => text!("1 audit submission; nothing was sent"),
            count => text!(
                "{count} audit {count:submission|submissions}; nothing was sent",
                count
            ),
        });
    } else {
        ctx.out.note(text!(
            "{count} audit {count:submission|submissions}, within the quota until about {time}; nothing was sent",
            count = audits,
            time = rfc3339(until)
        ));
    }
    Ok(())
}

/// What is to be sent, and whether it may be.
pub struct Answer {
    pub plan: Plan,
    pub go: bool,
}

/// Plans, and asks where somebody has to decide. Without anybody to ask, prices that the guard stops end the command
/// before anything is sent.
pub async fn ask<T: Sendable>(
    catalogue: &Catalogue<T>,
    shop: &Shop,
    shop_key: &str,
    options: &Options,
    skip_bad: bool,
    ctx: &Ctx,
) -> Result<Answer> {
    let profile = ctx.profile()?;
    let thorough = options.rules.remove_missing;
    let state = ctx.state()?;
    let mut plan = plan(shop, state, shop_key, catalogue, options, thorough, |_| {
        Ok(())
    })
    .await?;
    // A yes to everything is no look at a price.
    let can_ask = ctx.out.interactive && !ctx.out.yes;
    let guarded = plan.guarded();
    if guarded > 0 {
        if skip_bad {
            plan.leave_prices_out();
        } else if !can_ask {
            let is_price = |line: &&Line| line.changes.iter().any(|change| change.guarded);
            let lines: Vec<Line> = plan.to_ask.iter().filter(is_price).cloned().collect();
            ctx.out.with_all_columns().list(&lines)?;
            return Err(Failure::new(
                Kind::Held,
                match guarded {
                    1 => text!(
                        "the price of 1 product changes by more than the price guard allows; nothing was sent"
                    ),
                    count => text!(
                        "the prices of {count} products change by more than the price guard allows; nothing was sent",
                        count
                    ),
                },
            )
            .hint(text!("check them; if they are intended, allow them with --max-price-drop 90%, or skip these products with --skip-bad"))
            .into());
        } else {
            list(&plan, true, ctx);
            if !ctx.out.confirm(match guarded {
                1 => text!("Send the new price of this product?"),
                count => text!("Send the new prices of these {count} products?", count),
            })? {
                return Ok(Answer { plan, go: false });
            }
            plan.agree(true);
        }
    }
    let conflicts = plan.conflicts();
    if conflicts > 0 && can_ask && options.rules.on_conflict == OnConflict::Hold {
        list(&plan, false, ctx);
        if ctx.out.confirm(match conflicts {
            1 => text!(
                "Overwrite what was changed in the shop for this product? Otherwise it is held back."
            ),
            count => text!(
                "Overwrite what was changed in the shop for these {count} products? Otherwise they are held back.",
                count
            ),
        })? {
            plan.agree(false);
        }
    }
    let is_live = profile.production || profile.target == Target::Live;
    if is_live {
        ctx.out.note(summary(&plan.totals));
    }
    let removed = plan.totals.removed;
    let mut go = true;
    if removed > 0 {
        let names = plan.totals.removed_names.join(", ");
        let what = match removed > plan.totals.removed_names.len() as u64 {
            true => text!("remove {count} SKUs: {names} …", count = removed, names),
            false if removed == 1 => text!("remove 1 SKU: {names}", names),
            false => text!("remove {count} SKUs: {names}", count = removed, names),
        };
        if is_live {
            go = ctx.out.confirm(text!(
                "{what} on the live shop {name}?",
                what,
                name = profile.label()
            ))?;
        } else {
            ctx.out.note(what)
        }
    }
    Ok(Answer { plan, go })
}

/// The lines that a question is about.
fn list(plan: &Plan, price: bool, ctx: &Ctx) {
    let wanted = |line: &&Line| line.changes.iter().any(|change| change.guarded) == price;
    for line in plan.to_ask.iter().filter(wanted).take(MOST_ASKED) {
        let stopped = line
            .changes
            .iter()
            .filter(|change| change.guarded || !price);
        for one in stopped.map(change) {
            ctx.out.warn(text!(
                "{product}: {change}",
                product = &line.out_product_id,
                change = one
            ));
        }
    }
}
