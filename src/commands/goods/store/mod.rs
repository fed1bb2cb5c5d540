//! `wxsell goods` for a WeChat Store.
//!
//! Long because rows, plan, run and report of one noun are read together.

mod list;
mod sheets;
mod shelf;
mod single;

use super::Verb;
use super::read::ReadArgs;
use super::{check, upload};
use crate::bulk::inputs::{Inputs, expand};
use crate::bulk::journal::{Feed, Journal};
use crate::bulk::sheet::Sheet;
use crate::bulk::source::Input;
use crate::bulk::{self, Interrupt};
use crate::commands::Ctx;
use crate::commands::job::{self, one_job};
use crate::fail::{Failure, Kind};
use crate::lang::{Lang, Text};
use crate::model::price::PriceGuard;
use crate::output::{Cell, Column, Record};
use crate::shop::lacks;
use crate::shop::store::check::{Cache, Checked, Wanted, check as check_goods};
use crate::shop::store::goods::{Options, Sender, Standing, Step, action};
use crate::shop::store::plan::{self as planned, Change, Line};
use crate::shop::store::sheet::{Field, Goods, Problem, names_products};
use crate::state::runs::{Ended, ItemState, Items, RunState};
use crate::text;
use crate::types::now;
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Upload(args) => upload(args, ctx).await,
        Verb::Check(args) => check(&args, ctx).await,
        Verb::Template(args) => sheets::template(args, ctx).await,
        Verb::List(args) => list::list(&args, ctx).await,
        Verb::Show(args) => list::show(&args, ctx).await,
        Verb::Export(args) => sheets::export(args, ctx).await,
        Verb::Add(args) => single::add(args, ctx).await,
        Verb::Update(args) => single::update(args, ctx).await,
        Verb::PriceStock(args) => price_stock(&args, ctx).await,
        Verb::OnSale(args) => shelf::step(Step::OnSale, args, ctx).await,
        Verb::OffSale(args) => shelf::step(Step::OffSale, args, ctx).await,
        Verb::Remove(args) => shelf::step(Step::Remove, args, ctx).await,
        Verb::WithdrawAudit(args) => shelf::step(Step::WithdrawAudit, args, ctx).await,
    }
}

/// A sheet, read; without a file where options made it.
struct Read {
    sheet: Option<Sheet>,
    goods: Goods,
    /// Where names of images start.
    folder: PathBuf,
}

fn read(args: &ReadArgs, ctx: &Ctx) -> Result<Read> {
    let other = [
        (args.from.is_some(), "--from"),
        (args.sheet.is_some(), "--sheet"),
        (args.encoding.is_some(), "--encoding"),
        (args.map.is_some(), "--map"),
        (!args.ignore_columns.is_empty(), "--ignore-column"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    let Inputs { inputs, notices } = expand(&args.files)?;
    for notice in notices {
        ctx.out.note(notice);
    }
    let path = match inputs.as_slice() {
        [Input::File(path)] => path.clone(),
        [Input::Stdin] => PathBuf::from("-"),
        _ => {
            return Err(Failure::input(text!(
                "a WeChat Store takes one file at a time; here are {count}",
                count = inputs.len()
            ))
            .into());
        }
    };
    let sheet = Sheet::read(
        &path,
        &ctx.dirs.state,
        text!("the product's number"),
        &names_products,
    )?;
    for notice in &sheet.notices {
        ctx.out.note(notice.clone());
    }
    let goods = Goods::read(&sheet);
    Ok(Read {
        goods,
        sheet: Some(sheet),
        folder: path.parent().map(Path::to_path_buf).unwrap_or_default(),
    })
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
async fn checked(goods: Goods, folder: &Path, ctx: &Ctx) -> Result<Checked> {
    let (shop, state) = (ctx.shop().await?, ctx.state()?);
    let shop_key = ctx.profile()?.shop_key();
    let facts = shop.store_facts(&goods, &cache(ctx)?).await?;
    let known = |number: &str, code: &str| {
        let found = state.products_of(&shop_key, number, code);
        found.is_ok_and(|found| !found.is_empty())
            || state.knows_product(&shop_key, number).unwrap_or(false)
    };
    let unknown = goods.products.iter().any(|rows| {
        let code = rows.fields.get(&Field::SpuCode);
        !known(
            &rows.number.text,
            code.map_or("", |cell| cell.text.as_str()),
        )
    });
    if unknown {
        shop.learn_products(state, &shop_key).await?;
    }
    let checked = check_goods(goods, &facts, folder, known);
    for doubt in &checked.doubts {
        ctx.out.warn(doubt.clone());
    }
    Ok(checked)
}

impl Record for Problem {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("location", "WHERE", |problem| {
            let place = match (&problem.cell, problem.row) {
                (Some(cell), _) => format!("{}!{cell}", problem.file),
                (None, Some(row)) => format!("{}:{row}", problem.file),
                (None, None) => problem.file.clone(),
            };
            Cell::Id(place)
        }),
        Column::new("heading", "COLUMN", |problem| {
            problem.heading.clone().map_or(Cell::Empty, Cell::Text)
        }),
        Column::new("out_product_id", "PRODUCT", |problem| {
            problem.out_product_id.clone().map_or(Cell::Empty, Cell::Id)
        }),
        Column::new("message", "PROBLEM", |problem| {
            Cell::Sentence(problem.message.clone())
        }),
        Column::new("hint", "WHAT TO DO", |problem| {
            Cell::sentence(problem.hint.as_ref())
        }),
    ];
}

fn refusal(problems: usize) -> Failure {
    Failure {
        shown: true,
        ..Failure::input(text!(
            "found {count} {count:problem|problems}; nothing was sent",
            count = problems
        ))
    }
}

/// What a sound sheet holds.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Summary {
    products: usize,
    skus: usize,
}

impl Record for Summary {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("products", "PRODUCTS", |sum| {
            Cell::Number(sum.products as i64)
        }),
        Column::new("skus", "SKUS", |sum| Cell::Number(sum.skus as i64)),
    ];
}

async fn check(args: &check::CheckArgs, ctx: &Ctx) -> Result<()> {
    let read = read(&args.read, ctx)?;
    let checked = checked(read.goods, &read.folder, ctx).await?;
    if checked.problems.is_empty() {
        let skus = checked.products.iter().map(|product| product.skus.len());
        return ctx.out.show(&Summary {
            products: checked.products.len(),
            skus: skus.sum(),
        });
    }
    ctx.out.list(&checked.problems)?;
    Err(refusal(checked.problems.len()).into())
}

/// A change as people read it: `TEA-1 sale_price 99.00 → 89.00`.
fn change_words(change: &Change) -> Text {
    let field = match Field::named(&change.field) {
        Some(field) => field.words(),
        None => Text::verbatim(&*change.field),
    };
    let is_images = change.field.ends_with("_imgs") || change.field.starts_with("paper:");
    let count = |list: &str| list.split('|').filter(|one| !one.is_empty()).count();
    let one = match (is_images, change.field.as_str()) {
        (true, _) => text!(
            "{field} {old} → {new} images",
            field,
            old = count(&change.old),
            new = count(&change.new)
        ),
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
                planned::SUBMIT => text!("submit to the audit"),
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

/// One product's result.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct Event {
    out_product_id: String,
    /// `refused`, `unclear`, `held`, or `not_sent`: left for a later run.
    state: &'static str,
    errcode: Option<i64>,
    reason: Option<Text>,
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

/// What an upload did, and how what was sent stands at its end.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Report {
    run: i64,
    status: &'static str,
    products: u64,
    added: u64,
    updated: u64,
    updated_free: u64,
    submitted: u64,
    unchanged: u64,
    refused: u64,
    unclear: u64,
    held: u64,
    left: u64,
    skipped_problems: u64,
    images_uploaded: u64,
    on_sale: u64,
    in_audit: u64,
    audit_refused: u64,
    not_submitted: u64,
    writing: u64,
    drafts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_file: Option<String>,
    failed: Vec<Event>,
}

impl Record for Report {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("run", "RUN", |r| Cell::Number(r.run)),
        Column::new("status", "STATUS", |r| job::status(r.status)),
        Column::new("products", "PRODUCTS", |r| count(r.products)),
        Column::new("added", "ADDED", |r| some(r.added)),
        Column::new("updated", "UPDATED", |r| some(r.updated)),
        Column::new("updated_free", "UPDATED WITHOUT AUDIT", |r| {
            some(r.updated_free)
        }),
        Column::new("submitted", "DRAFTS SUBMITTED", |r| some(r.submitted)),
        Column::new("unchanged", "UNCHANGED", |r| some(r.unchanged)),
        Column::new("refused", "REFUSED", |r| some(r.refused)),
        Column::new("unclear", "UNCLEAR", |r| some(r.unclear)),
        Column::new("held", "HELD BACK", |r| some(r.held)),
        Column::new("left", "LEFT", |r| some(r.left)),
        Column::new("skipped_problems", "LEFT OUT", |r| some(r.skipped_problems)),
        Column::new("images_uploaded", "IMAGES UPLOADED", |r| {
            some(r.images_uploaded)
        }),
        Column::new("on_sale", "NOW ON SALE", |r| some(r.on_sale)),
        Column::new("in_audit", "NOW IN AUDIT", |r| some(r.in_audit)),
        Column::new("audit_refused", "AUDIT REFUSED", |r| some(r.audit_refused)),
        Column::new("not_submitted", "NOT SUBMITTED", |r| some(r.not_submitted)),
        Column::new("writing", "BEING WRITTEN", |r| some(r.writing)),
        Column::new("drafts", "DRAFTS", |r| some(r.drafts)),
        Column::new("failed_file", "FAILED ROWS", |r| {
            r.failed_file.clone().map_or(Cell::Empty, Cell::Text)
        }),
    ];
}

fn count(number: u64) -> Cell {
    Cell::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Nothing where there is none.
fn some(number: u64) -> Cell {
    match number {
        0 => Cell::Empty,
        number => count(number),
    }
}

/// Options that only the custom component has.
fn refuse_options(args: &upload::SendArgs) -> Result<()> {
    let other = [
        (args.on_conflict.is_some(), "--on-conflict"),
        (args.rehost != upload::Rehost::Auto, "--rehost"),
        (!args.report.is_empty(), "--report"),
        (args.failed_file.is_some(), "--failed-file"),
    ];
    match other.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(lacks(Text::verbatim(*option)).into()),
        None => Ok(()),
    }
}

/// Products sent at the same time, unless fewer are asked for: writes of a store are paced.
const MOST_AT_ONCE: usize = 8;

/// What is beside a sheet.
#[derive(Default)]
struct Way {
    draft: bool,
    free_only: bool,
    /// Products that are sent, at the most.
    limit: Option<usize>,
    command: &'static str,
}

async fn upload(args: upload::Args, ctx: &Ctx) -> Result<()> {
    refuse_options(&args.send)?;
    let read = read(&args.read, ctx)?;
    let way = Way {
        draft: args.draft,
        limit: args.limit,
        command: "goods upload",
        ..Way::default()
    };
    send(read, &args.send, way, ctx).await
}

/// What changes without an audit.
const FREE: [Field; 6] = [
    Field::Number,
    Field::SpuCode,
    Field::SkuNumber,
    Field::SkuCode,
    Field::Price,
    Field::Stock,
];

async fn price_stock(args: &super::single::PriceStockArgs, ctx: &Ctx) -> Result<()> {
    refuse_options(&args.send)?;
    let mut read = read(&args.read, ctx)?;
    read.goods.allow_only(&FREE);
    let way = Way {
        free_only: true,
        command: "goods price-stock",
        ..Way::default()
    };
    send(read, &args.send, way, ctx).await
}

/// Sends a sheet and reports.
async fn send(read: Read, args: &upload::SendArgs, way: Way, ctx: &Ctx) -> Result<()> {
    let Read {
        sheet,
        goods,
        folder,
    } = read;
    let mut checked = checked(goods, &folder, ctx).await?;
    if !checked.problems.is_empty() && !args.skip_bad {
        ctx.out.list(&checked.problems)?;
        return Err(refusal(checked.problems.len())
            .hint(text!(
                "correct the cells named, or leave these products out with --skip-bad"
            ))
            .into());
    }
    let (shop, state, profile) = (ctx.shop().await?, ctx.state()?, ctx.profile()?);
    let shop_key = profile.shop_key();
    let recheck = args.recheck || args.remove_missing_skus || way.free_only;
    let all = checked.products.len();
    if let Some(limit) = way.limit {
        // What was sent before counts for nothing here.
        let items = Items::open(state, &shop_key, "goods")?;
        let mut room = limit;
        let mut kept = Vec::with_capacity(limit);
        for product in std::mem::take(&mut checked.products) {
            let done = !recheck
                && items.known(&product.number)?.is_some_and(|known| {
                    known.state == ItemState::Done && known.fingerprint == product.fingerprint()
                });
            if !done && room == 0 {
                continue;
            }
            room -= usize::from(!done);
            kept.push(product);
        }
        checked.products = kept;
    }
    let beyond_limit = (all - checked.products.len()) as u64;
    let options = Options {
        draft: way.draft,
        withdraw_audit: args.withdraw_audit,
        remove_missing: args.remove_missing_skus,
        free_only: way.free_only,
        wait: args.wait,
        reserve: args.reserve,
        guard: PriceGuard {
            max_drop: args.max_price_drop.unwrap_or(profile.max_price_drop),
        },
    };
    let interrupt = {
        let out = ctx.out.clone();
        Interrupt::listen(move || {
            out.warn(text!(
                "finishing what is under way; Ctrl-C again ends at once"
            ))
        })
    };
    let sender = Sender::new(
        shop,
        state.clone(),
        shop_key.clone(),
        options,
        || ctx.clock(),
        |words| ctx.out.note(words),
        interrupt.clone(),
    );
    if ctx.global.dry_run {
        return plan(&sender, &checked.products, recheck, ctx).await;
    }
    ctx.out.check_report::<Report, Event>()?;
    let question = match options.remove_missing {
        true => removal(&sender, &checked.products, ctx).await?,
        false => None,
    };
    ctx.before_write(question).await?;
    let _one_job = one_job(ctx, &shop_key, args.busy).await?;
    if !way.draft && !way.free_only {
        sender.read_quota().await?;
    }
    sender.look_for_sent(&checked.products).await?;
    let rows: HashMap<String, Vec<u32>> = checked
        .products
        .iter()
        .map(|product| (product.number.clone(), product.rows.clone()))
        .collect();
    let total = checked.products.len() as u64;
    let file = sheet
        .as_ref()
        .map_or_else(String::new, |sheet| sheet.name().to_owned());
    let run = state.begin_run(
        &shop_key,
        way.command,
        &serde_json::to_string(&[file.as_str()]).unwrap_or_default(),
        &ctx.job(),
        now(),
    )?;
    let mut journal = Journal::start(
        Items::open(state, &shop_key, "goods")?,
        Feed {
            run,
            batch: 16,
            recheck,
        },
        checked.products.into_iter().map(Ok),
    )?;
    let progress = ctx.out.progress(total, text!("goods"));
    let mut results: Vec<Ended> = Vec::new();
    let stopped = bulk::run(
        &mut journal,
        usize::from(args.jobs).min(MOST_AT_ONCE),
        &interrupt,
        |fed| sender.send(fed),
        |ended| {
            progress.inc();
            results.push(ended.clone());
        },
    )
    .await;
    let unchanged = journal.unchanged();
    let kept = journal.close();
    drop(progress);
    let stopped = kept.err().or(stopped).or_else(|| {
        interrupt.pressed().then(|| {
            Failure::new(Kind::Stopped, text!("stopped by Ctrl-C"))
                .hint(text!(
                    "run the same command again: it goes on where it stopped"
                ))
                .into()
        })
    });
    let mut report = reported(&results, total, unchanged);
    report.run = run;
    report.skipped_problems = checked.problems.len() as u64;
    report.images_uploaded = sender.images_uploaded.get();
    if stopped.is_none() {
        follow(&sender, &mut report, ctx).await?;
    }
    let lang = ctx.out.lang;
    let heading = match lang {
        Lang::En => "reason",
        Lang::Zh => "失败原因",
    };
    let reasons = reasons(&report.failed, &checked.problems, &rows, lang);
    let failed_file = match &sheet {
        Some(sheet) => sheet.write_failed(&reasons, heading)?,
        None => None,
    };
    report.failed_file = failed_file.map(|path| path.display().to_string());
    report.left += beyond_limit;
    report.products += beyond_limit;
    let failed = report.refused + report.unclear + report.held;
    let partial = failed + report.skipped_problems > 0;
    let for_later = report
        .failed
        .iter()
        .filter(|event| event.state == "not_sent");
    let for_later = for_later.count();
    let ended = match (&stopped, partial) {
        (Some(_), _) => RunState::Stopped,
        (None, true) => RunState::Partial,
        (None, false) if for_later > 0 => RunState::Stopped,
        (None, false) => RunState::Done,
    };
    report.status = ended.name();
    let summary = serde_json::to_string(&report).unwrap_or_default();
    state.end_run(run, ended, &summary, now())?;
    ctx.out.report(&report, &report.failed)?;
    match stopped {
        Some(error) => Err(error),
        None if partial => Err(Failure {
            shown: true,
            ..Failure::new(
                Kind::Partial,
                text!(
                    "{failed} of {products} {products:product|products} failed",
                    failed,
                    products = report.products
                ),
            )
        }
        .into()),
        None if for_later > 0 => Err(Failure::limited(text!(
            "{count} {count:product is|products are} left for a later run",
            count = for_later
        ))
        .hint(text!(
            "run the same command later: it goes on where it stopped"
        ))
        .into()),
        None => Ok(()),
    }
}

/// Plans every product, in the order of the sheet.
async fn planned_lines(
    sender: &Sender<'_>,
    products: &[Wanted],
    recheck: bool,
    ctx: &Ctx,
) -> Result<Vec<Line>> {
    let items = Items::open(ctx.state()?, &sender.shop_key, "goods")?;
    let work = products
        .iter()
        .map(|wanted| Ok((wanted, items.known(&wanted.number)?)))
        .collect::<Result<Vec<_>>>()?;
    let progress = ctx.out.progress(work.len() as u64, text!("goods"));
    futures_util::stream::iter(work)
        .map(|(wanted, before)| sender.plan(wanted, before, recheck))
        .buffered(MOST_AT_ONCE)
        .inspect_ok(|_| progress.inc())
        .try_collect()
        .await
}

/// Shows what an upload would do.
async fn plan(sender: &Sender<'_>, products: &[Wanted], recheck: bool, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Line>()?;
    let lines = planned_lines(sender, products, recheck, ctx).await?;
    ctx.out.list(&lines)?;
    let submissions = lines
        .iter()
        .filter(|line| {
            matches!(
                line.action,
                planned::ADD | planned::AUDITED_UPDATE | planned::SUBMIT
            )
        })
        .count();
    ctx.out.note(match sender.options.draft {
        true => text!("nothing was sent"),
        false => text!(
            "{count} audit {count:submission|submissions}; nothing was sent",
            count = submissions
        ),
    });
    Ok(())
}

/// Says which SKUs would be removed, and asks.
async fn removal(sender: &Sender<'_>, products: &[Wanted], ctx: &Ctx) -> Result<Option<Text>> {
    let lines = planned_lines(sender, products, true, ctx).await?;
    let mut count = 0;
    for line in lines.iter().filter(|line| !line.missing_skus.is_empty()) {
        count += line.missing_skus.len();
        ctx.out.warn(text!(
            "product {number}: the SKUs {skus} are not in the sheet and will be removed",
            number = &line.out_product_id,
            skus = line.missing_skus.join(", ")
        ));
    }
    Ok((count > 0).then(|| text!("remove {count} SKUs", count)))
}

fn reported(results: &[Ended], total: u64, unchanged: u64) -> Report {
    let of = |wanted: &str| {
        let fits = |ended: &&Ended| ended.action == wanted && ended.state == Some(ItemState::Done);
        results.iter().filter(fits).count() as u64
    };
    let in_state = |wanted: ItemState| {
        let fits = |ended: &&Ended| ended.state == Some(wanted);
        results.iter().filter(fits).count() as u64
    };
    let done = in_state(ItemState::Done) + unchanged;
    let (refused, unclear) = (in_state(ItemState::Refused), in_state(ItemState::Unclear));
    let held = in_state(ItemState::Held);
    Report {
        products: total,
        added: of(action::ADDED),
        updated: of(action::UPDATED),
        updated_free: of(action::UPDATED_FREE),
        submitted: of(action::SUBMITTED),
        unchanged: of(action::UNCHANGED) + unchanged,
        refused,
        unclear,
        held,
        left: total.saturating_sub(done + refused + unclear + held),
        failed: results
            .iter()
            .filter(|ended| ended.state != Some(ItemState::Done))
            .filter(|ended| ended.reason.is_some())
            .map(|ended| Event {
                out_product_id: ended.key.clone(),
                state: ended.state.map_or("not_sent", ItemState::name),
                errcode: ended.errcode,
                reason: ended.reason.clone(),
            })
            .collect(),
        ..Report::default()
    }
}

/// Looks how the products that were sent stand now, and for numbers that several products have.
async fn follow(sender: &Sender<'_>, report: &mut Report, ctx: &Ctx) -> Result<()> {
    let Standing {
        on_sale,
        in_audit,
        refused,
        not_submitted,
        writing,
        drafts,
    } = sender.standing().await?;
    report.on_sale = on_sale;
    report.in_audit = in_audit;
    report.audit_refused = refused;
    report.not_submitted = not_submitted;
    report.writing = writing;
    report.drafts = drafts;
    if not_submitted > 0 {
        ctx.out.warn(text!(
            "{count} {count:product was kept as a draft|products were kept as drafts}, as the store has no submissions left; the same command submits {count:it|them} later",
            count = not_submitted
        ));
    }
    if report.added > 0 {
        let state = ctx.state()?;
        sender.shop.learn_products(state, &sender.shop_key).await?;
        for number in state.doubled_products(&sender.shop_key)? {
            ctx.out.warn(text!(
                "the store has several products of number {number}; `wxsell goods list` shows them",
                number
            ));
        }
    }
    Ok(())
}

/// Why each row failed, by its number in the sheet.
fn reasons(
    failed: &[Event],
    problems: &[Problem],
    rows: &HashMap<String, Vec<u32>>,
    lang: Lang,
) -> BTreeMap<u32, String> {
    let mut reasons: BTreeMap<u32, String> = BTreeMap::new();
    for event in failed.iter().filter(|event| event.state != "not_sent") {
        let reason = event
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| reason.render(lang));
        for row in rows.get(&event.out_product_id).into_iter().flatten() {
            reasons.insert(*row, reason.clone());
        }
    }
    for problem in problems {
        let Some(row) = problem.row.filter(|row| *row > 1) else {
            continue;
        };
        let words = problem.message.render(lang);
        reasons
            .entry(row)
            .and_modify(|known| {
                known.push_str("; ");
                known.push_str(&words);
            })
            .or_insert(words);
    }
    reasons
}
