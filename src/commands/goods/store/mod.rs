//! `wxsell goods` for a WeChat Store.
//!
//! Long because rows, plan, run and report of one noun are read together.

mod list;
mod listing;
pub mod restricted;
mod sheets;
mod single;
pub mod strategy;

use super::Verb;
use super::read::ReadArgs;
use super::report::{ReportFile, Reported, write_all};
use super::{check, problem, upload};
use crate::bulk::inputs::{Inputs, expand};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::model::price::PriceGuard;
use crate::model::product::OnConflict;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::report::{Event, OnEvent};
use crate::shop::goods::sheet::failed::outdated;
use crate::shop::goods::steps::Step;
use crate::shop::goods::upload::How;
use crate::shop::lacks;
use crate::shop::store::check::{Cache, Checked, Products, Purpose, check as check_goods};
use crate::shop::store::goods::{Options, Sender};
pub use crate::shop::store::job::Report;
use crate::shop::store::job::{self, Sending, Uploaded};
use crate::shop::store::plan::{self as planned, Change, Line};
use crate::shop::store::sheet::{Field, Files, Goods, ReadOptions};
use crate::text;
use anyhow::Result;

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Upload(args) => upload(args, ctx).await,
        Verb::Check(args) => check(&args, ctx).await,
        Verb::Template(args) => sheets::template(args, ctx).await,
        Verb::List(args) => list::list(&args, ctx).await,
        Verb::Rejected(args) => list::list(&args.into(), ctx).await,
        Verb::Show(args) => list::show(&args, ctx).await,
        Verb::Export(args) => sheets::export(args, ctx).await,
        Verb::Add(args) => single::add(args, ctx).await,
        Verb::Update(args) => single::update(args, ctx).await,
        Verb::PriceStock(args) => price_stock(&args, ctx).await,
        Verb::OnSale(args) => {
            listing::step(Step::OnSale, args.products, args.on_conflict, ctx).await
        }
        Verb::OffSale(args) => listing::step(Step::OffSale, args, None, ctx).await,
        Verb::Remove(args) => listing::step(Step::Remove, args, None, ctx).await,
        Verb::WithdrawAudit(args) => listing::step(Step::WithdrawAudit, args, None, ctx).await,
        Verb::Restricted(args) => restricted::run(args, ctx).await,
        Verb::AuditStrategy(verb) => strategy::run(verb, ctx).await,
    }
}

/// Reads sheets and says how they were read.
async fn read(args: &ReadArgs, ctx: &Ctx) -> Result<Goods> {
    if args.allow_zero_stock {
        return Err(lacks(Text::verbatim("--allow-zero-stock")).into());
    }
    let Inputs { inputs, notices } = expand(&args.files)?;
    notices.into_iter().for_each(|notice| ctx.out.warn(notice));
    let options = ReadOptions {
        from: args.from,
        encoding: args.encoding,
        sheet: args.sheet.clone(),
        map: args.map.clone(),
        ignore_columns: args.ignore_columns.clone(),
    };
    let spool_dir = ctx.dirs.state.clone();
    let goods =
        tokio::task::spawn_blocking(move || Goods::read(&inputs, &options, &spool_dir)).await??;
    for notice in &goods.notices {
        ctx.out.note(notice.clone());
    }
    Ok(goods)
}

/// What the store answered before, kept for a day.
fn cache(ctx: &Ctx) -> Result<Cache<'_>> {
    Ok(Cache {
        state: ctx.state()?,
        shop_key: ctx.profile()?.shop_key(),
        now: ctx.clock()?,
    })
}

/// Checks a sheet against the store. Where the sheet names a product that this machine does not know, the products of
/// the store are read once.
async fn checked(goods: Goods, purpose: Purpose, shop_wins: bool, ctx: &Ctx) -> Result<Checked> {
    let (shop, state) = (ctx.shop().await?, ctx.state()?);
    let shop_key = ctx.profile()?.shop_key();
    let facts = shop.store_facts(&goods.categories, &cache(ctx)?).await?;
    let unknown = std::cell::Cell::new(false);
    let is_known = |number: &str, code: &str| -> Result<bool> {
        let found = !state.products_of(&shop_key, number, code)?.is_empty()
            || state.knows_product(&shop_key, number)?;
        unknown.set(unknown.get() || !found);
        Ok(found)
    };
    for product in goods.numbers() {
        let (number, code) = product?;
        if !is_known(&number, &code)? {
            break;
        }
    }
    if unknown.get() {
        shop.learn_products(state, &shop_key).await?;
    }
    let checked = check_goods(goods, &facts, purpose, shop_wins, &ctx.dirs.state, is_known)?;
    for doubt in &checked.doubts {
        ctx.out.warn(doubt.clone());
    }
    Ok(checked)
}

/// How many problems there are, with those that are not kept in words.
fn refusal(files: &Files) -> Failure {
    check::refused(files.count() as u64)
}

async fn check(args: &check::CheckArgs, ctx: &Ctx) -> Result<()> {
    let checked = checked(read(&args.read, ctx).await?, Purpose::Upload, false, ctx).await?;
    let files = &checked.files;
    if files.count() == 0 {
        let summary = check::Summary {
            files: files.files.len(),
            rows: checked.counts.rows,
            products: checked.products.len() as u64,
            skus: checked.counts.skus,
            images: checked.images,
        };
        return check::sound(&summary, ctx);
    }
    problem::list(&ctx.out, &files.problems)?;
    Err(refusal(files).into())
}

/// A change as people read it: `TEA-1 sale_price 99.00 → 89.00`.
fn change_words(change: &Change) -> Text {
    let field = match (Field::named(&change.field), change.field.split_once(':')) {
        (Some(field), _) => field.words(),
        (None, Some(("attr", name))) => text!("attr:{name}", name),
        (None, Some(("sku", name))) => text!("sku:{name}", name),
        (None, Some(("size", name))) => text!("size:{name}", name),
        (None, _) => Text::verbatim(&*change.field),
    };
    let is_images = change.field.ends_with("_imgs") || change.field.starts_with("paper:");
    let count = |list: &str| list.split('|').filter(|one| !one.is_empty()).count();
    let one = match (is_images, change.field.as_str()) {
        (true, _) => match count(&change.new) {
            1 => text!("{field} {old} → 1 image", field, old = count(&change.old)),
            new => text!(
                "{field} {old} → {new} images",
                field,
                old = count(&change.old),
                new
            ),
        },
        (false, "sku") if change.new.is_empty() => text!("remove the SKU"),
        (false, "sku") => text!("add the SKU at {price}", price = &change.new),
        (false, _) => text!(
            "{field} {old} → {new}",
            field,
            old = &change.old,
            new = &change.new
        ),
    };
    match &change.sku {
        Some(sku) => text!("{sku} {change}", sku, change = one),
        None => one,
    }
}

impl Record for Line {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |line| {
            Cell::Text(line.out_product_id.clone())
        }),
        Column::new("action", "PLAN", |line| {
            Cell::Word(match line.action {
                planned::ADD => text!("add"),
                planned::FREE_UPDATE => text!("free update"),
                planned::AUDITED_UPDATE => text!("audited update"),
                planned::DRAFT_UPDATE => text!("draft update"),
                planned::SUBMIT => text!("submit for audit"),
                planned::NOT_COMPARED => text!("sent before, not compared"),
                planned::HELD => text!("held back"),
                planned::REFUSED => text!("refused"),
                _ => text!("unchanged"),
            })
        }),
        Column::new("changes", "CHANGES", |line| {
            let mut all = line.changes.iter().map(change_words);
            let Some(first) = all.next() else {
                return Cell::Empty;
            };
            Cell::Sentence(all.fold(first, |one, more| text!("{one}; {more}", one, more)))
        }),
        Column::new("missing_skus", "SKUS NOT IN THE FILES", |line| {
            Cell::List(line.missing_skus.clone())
        }),
        Column::new("place", "PLACE", |line| Cell::Text(line.place.clone())),
        Column::new("reason", "REASON", |line| {
            Cell::sentence(line.reason.as_ref())
        }),
    ];
}

impl Reported for Report {
    fn sent(&self) -> &[Event] {
        &self.all
    }

    fn left_out(&self) -> &[Event] {
        &self.left_out
    }
}

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("run", "RUN", |r| Cell::Number(r.run)),
        Column::new("profile", "PROFILE", |r| Cell::Id(r.profile.clone())),
        Column::new("status", "STATUS", |r| {
            crate::commands::job::status(r.status)
        }),
        Column::new("products", "PRODUCTS", |r| Cell::count(r.products)),
        Column::new("added", "ADDED", |r| Cell::some(r.added)),
        Column::new("updated", "UPDATED", |r| Cell::some(r.updated)),
        Column::new("updated_free", "UPDATED WITHOUT AUDIT", |r| {
            Cell::some(r.updated_free)
        }),
        Column::new("submitted", "DRAFTS SUBMITTED", |r| Cell::some(r.submitted)),
        Column::new("unchanged", "UNCHANGED", |r| Cell::some(r.unchanged)),
        Column::new("not_compared", "SENT BEFORE, NOT COMPARED", |r| {
            Cell::some(r.not_compared)
        }),
        Column::new("refused", "REFUSED", |r| Cell::some(r.refused)),
        Column::new("unclear", "UNCLEAR", |r| Cell::some(r.unclear)),
        Column::new("held", "HELD BACK", |r| Cell::some(r.held)),
        Column::new("left", "LEFT", |r| Cell::some(r.left)),
        Column::new("skipped_problems", "LEFT OUT", |r| {
            Cell::some(r.skipped_problems)
        }),
        Column::new("images_uploaded", "IMAGES UPLOADED", |r| {
            Cell::some(r.images_uploaded)
        }),
        Column::new("on_sale", "NOW ON SALE", |r| Cell::some(r.on_sale)),
        Column::new("in_audit", "NOW IN AUDIT", |r| Cell::some(r.in_audit)),
        Column::new("audit_refused", "AUDIT REJECTED", |r| {
            Cell::some(r.audit_refused)
        }),
        Column::new("not_submitted", "NOT SUBMITTED", |r| {
            Cell::some(r.not_submitted)
        }),
        Column::new("writing", "BEING WRITTEN", |r| Cell::some(r.writing)),
        Column::new("drafts", "DRAFTS", |r| Cell::some(r.drafts)),
        Column::new("seconds", "SECONDS", |r| {
            Cell::Text(format!("{:.1}", r.seconds))
        }),
        Column::new("failed_files", "FAILED ROWS IN", |r| {
            Cell::List(r.failed_files.clone())
        }),
    ];
}

/// Options that only the custom component has.
fn refuse_options(args: &upload::SendArgs) -> Result<()> {
    match args.rehost {
        upload::Rehost::Auto => Ok(()),
        _ => Err(lacks(Text::verbatim("--rehost")).into()),
    }
}

/// What is beside a sheet.
#[derive(Default)]
struct Way {
    draft: bool,
    free_only: bool,
    /// Products that are sent, at the most.
    limit: Option<usize>,
    command: &'static str,
}

impl Way {
    fn purpose(&self) -> Purpose {
        if self.free_only || self.command == "goods update" {
            Purpose::Change
        } else if self.draft {
            Purpose::Draft
        } else {
            Purpose::Upload
        }
    }
}

async fn upload(args: upload::Args, ctx: &Ctx) -> Result<()> {
    refuse_options(&args.send)?;
    let goods = read(&args.read, ctx).await?;
    let way = Way {
        draft: args.draft,
        limit: args.limit,
        command: "goods upload",
        ..Way::default()
    };
    send(goods, &args.send, way, ctx).await
}

async fn price_stock(args: &super::single::PriceStockArgs, ctx: &Ctx) -> Result<()> {
    refuse_options(&args.send)?;
    let mut goods = read(&args.read, ctx).await?;
    goods.allow_only(&job::FREE);
    let way = Way {
        free_only: true,
        command: "goods price-stock",
        ..Way::default()
    };
    send(goods, &args.send, way, ctx).await
}

/// Sends a sheet and reports.
async fn send(goods: Goods, args: &upload::SendArgs, way: Way, ctx: &Ctx) -> Result<()> {
    let shop_wins = args.on_conflict() == OnConflict::Shop;
    let Checked {
        files,
        mut products,
        ..
    } = checked(goods, way.purpose(), shop_wins, ctx).await?;
    let problems = files.count();
    let nothing_to_send = products.is_empty() && files.has_unsound_headings();
    if problems > 0 && (!args.skip_bad || nothing_to_send) {
        let report = Report {
            profile: ctx.profile()?.label().to_owned(),
            status: "refused",
            products: products.len() as u64,
            left: products.len() as u64,
            skipped_problems: problems as u64,
            left_out: files.problems.iter().map(Event::left_out).collect(),
            ..Report::default()
        };
        write_all(&args.report, &report, &ctx.out);
        problem::list(&ctx.out.with_all_columns(), &files.problems)?;
        return Err(refusal(&files)
            .hint(text!(
                "correct these cells, or skip these products with --skip-bad"
            ))
            .into());
    }
    if problems > 0 && args.remove_missing_skus {
        return Err(Failure::input(text!(
            "rows were skipped, so it is unknown which SKUs to remove"
        ))
        .hint(text!(
            "correct the files, or give --skip-bad without --remove-missing-skus"
        ))
        .into());
    }
    let (shop, profile) = (ctx.shop().await?, ctx.profile()?);
    let recheck = args.recheck || args.remove_missing_skus || way.free_only;
    let all = products.len();
    if let Some(limit) = way.limit {
        shop.keep_to_limit(&mut products, limit, recheck)?;
    }
    let beyond_limit = (all - products.len()) as u64;
    let options = Options {
        draft: way.draft,
        withdraw_audit: args.withdraw_audit,
        remove_missing: args.remove_missing_skus,
        free_only: way.free_only,
        add_only: way.command == "goods add",
        wait: args.wait,
        reserve: args.reserve,
        guard: PriceGuard {
            max_drop: args.max_price_drop.unwrap_or(profile.max_price_drop),
        },
        on_conflict: args.on_conflict(),
    };
    let interrupt = shop.interrupt();
    let sender = Sender::new(shop, options, interrupt.clone());
    if ctx.global.dry_run {
        return plan(&sender, &products, recheck, ctx).await;
    }
    ctx.out.check_report::<Report, Event>()?;
    files.check_failed_files(args.failed_file.as_deref())?;
    args.report.iter().try_for_each(ReportFile::check)?;
    let question = if options.remove_missing {
        removal(&sender, &products, ctx).await?
    } else {
        None
    };
    ctx.before_write(question).await?;
    let _one_job = shop.one_job(args.busy).await?;
    if !way.draft && !way.free_only {
        sender.read_quota().await?;
    }
    sender.look_for_sent(&products).await?;
    let how = How {
        command: way.command,
        job: ctx.job(),
        jobs: usize::from(args.jobs),
        failed_file: args.failed_file.as_deref(),
        lang: ctx.out.lang,
        keep_all: !args.report.is_empty(),
    };
    let mut stream = ctx
        .out
        .shows_each_item()
        .then(|| ctx.out.stream())
        .transpose()?;
    let mut push = stream.as_mut().map(|stream| {
        // A reader that went away does not end the work; the summary tells whether it could be written.
        move |event: &Event| drop(stream.push(event))
    });
    let on_event: OnEvent<'_> = push.as_mut().map(|push| push as &mut dyn FnMut(&Event));
    let sending = Sending {
        products: &products,
        files: &files,
        recheck,
        beyond_limit,
    };
    let uploaded = sender.carry_out(&sending, &how, on_event).await?;
    if let Some(stream) = stream {
        stream.finish()?;
    }
    let Uploaded {
        report,
        stopped,
        partial,
        for_later,
    } = uploaded;
    let run = report.run;
    let failed = report.refused + report.unclear + report.held;
    // A report that cannot be shown is no reason not to write the others.
    let shown = ctx.out.report(&report, &report.failed);
    let all_reported = write_all(&args.report, &report, &ctx.out);
    shown?;
    if stopped.is_none() && !partial && for_later == 0 {
        for file in outdated(&files.files) {
            ctx.out.note(text!(
                "{file} holds rows that failed in an earlier run; it is no longer needed",
                file = file.display().to_string()
            ));
        }
    }
    if stopped.is_none() {
        upload::note_not_compared(report.not_compared, ctx);
        upload::note_in_audit(report.in_audit, ctx);
        if report.audit_refused > 0 {
            ctx.out.next("wxsell goods rejected");
        }
    }
    match stopped {
        Some(error) => Err(error),
        // Nothing is wrong but prices, or what somebody else changed, and somebody has to say which holds.
        None if failed > 0 && failed == report.held && report.skipped_problems == 0 => {
            Err(Failure {
                shown: true,
                ..Failure::new(
                    Kind::Held,
                    text!(
                        "{count} {count:product was|products were} held back; nothing of {count:it|them} was sent",
                        count = report.held
                    ),
                )
            }
            .into())
        }
        None if partial => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                match failed {
                    0 => text!(
                        "products with problems were left out; `wxsell run failed {run}` lists them",
                        run
                    ),
                    failed => text!(
                        "{failed} of {products} {products:product|products} failed",
                        failed,
                        products = report.products
                    ),
                },
            )
        }
        .into()),
        None if !all_reported => Err(Failure {
            shown: true,
            ..Failure::new(Kind::Partial, text!("a report could not be written"))
        }
        .into()),
        None if for_later > 0 => Err(Failure::limited(text!(
            "{count} {count:product is|products are} left for a later run",
            count = for_later
        ))
        .hint(text!(
            "run the same command later: it continues where it stopped"
        ))
        .into()),
        None => Ok(()),
    }
}

/// Rows of a table; the other formats hold every line.
const MOST_ROWS: u64 = 10_000;

/// Shows what an upload would do.
async fn plan(sender: &Sender<'_>, products: &Products, recheck: bool, ctx: &Ctx) -> Result<()> {
    let mut lines = ctx.out.stream::<Line>()?;
    let is_table = ctx.out.is_for_people();
    let (mut rows, mut submissions) = (0, 0);
    sender
        .plan_each(products, recheck, |line| {
            submissions += u64::from(matches!(
                line.action,
                planned::ADD | planned::AUDITED_UPDATE | planned::SUBMIT
            ));
            rows += 1;
            if is_table && rows > MOST_ROWS {
                Ok(())
            } else {
                lines.push(&line)
            }
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
    sender.note_what_waits();
    let unknown = sender.images_unknown.borrow().len();
    if unknown > 0 {
        ctx.out.note(text!(
            "{count} {count:image was|images were} never uploaded from this machine: whether {count:it is|they are} the same as the store's shows only in the upload, which may then change less than this",
            count = unknown
        ));
    }
    ctx.out.note(match (sender.options.draft, submissions) {
        (true, _) => text!("nothing was sent"),
        (false, count) => text!(
            "{count} audit {count:submission|submissions}; nothing was sent",
            count
        ),
    });
    Ok(())
}

/// Says which SKUs would be removed, and asks.
async fn removal(sender: &Sender<'_>, products: &Products, ctx: &Ctx) -> Result<Option<Text>> {
    let mut count = 0;
    sender
        .plan_each(products, true, |line| {
            if !line.missing_skus.is_empty() {
                count += line.missing_skus.len();
                ctx.out.warn(text!(
                    "product {number}: the SKUs {skus} are not in the sheet and will be removed",
                    number = &line.out_product_id,
                    skus = line.missing_skus.join(", ")
                ));
            }
            Ok(())
        })
        .await?;
    Ok(match count {
        0 => None,
        1 => Some(text!("remove 1 SKU")),
        count => Some(text!("remove {count} SKUs", count)),
    })
}
