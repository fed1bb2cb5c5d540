//! `wxsell goods list` and `show`: the products of a shop as WeChat holds them.

use super::page::GoodsPage;
use crate::api::Endpoint;
use crate::api::component::goods::{GetSpu, SkuAttr, Spu, UNSAID};
use crate::cli::values::{When, when};
use crate::commands::Ctx;
use crate::commands::fetched::Full;
use crate::lang::Text;
use crate::output::{Cell, Column, Columns, Record};
use crate::shop::goods::kept::Reading;
use crate::shop::goods::single::absent;
use crate::shop::goods::{Copy, GoodsFilter};
use crate::shop::pass_through::Ask;
use crate::text;
use crate::types::span::DAY;
use crate::types::{ChinaTime, Fen, plain_time, rfc3339};
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

/// List the products of the shop
///
/// Reads all pages: 100 products a call, or for a WeChat Store 30 numbers a call and one more call for each product.
/// Each row shows the draft, which is the merchant's latest version, with two states: that of the audit, and whether
/// buyers can see the product.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Filter by sale status
    #[arg(long, value_enum)]
    pub(super) status: Option<Status>,
    /// Filter by audit status
    #[arg(long, value_enum)]
    pub(super) audit: Option<Audit>,
    /// Only products created since this day or time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    pub(super) created_since: Option<When>,
    /// Only products changed since this day or time
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with = "created_since")]
    pub(super) updated_since: Option<When>,
    /// Show what buyers see instead of the draft
    #[arg(long)]
    pub(super) online: bool,
    /// Maximum number of results
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Continue a list that was interrupted within the last hour, without reading the same rows again
    #[arg(long)]
    pub(super) resume: bool,
    #[command(flatten)]
    pub(super) full: Full,
}

/// List products that the audit rejected, with the reasons
///
/// Correct them in a sheet: `goods export FILE --audit failed` writes one, and `goods upload FILE` submits it again. A
/// WeChat Store gives the reason only in the audit event and in its console: `event listen` receives the event, and a
/// product without one is listed without a reason.
#[derive(Debug, clap::Args)]
pub struct RejectedArgs {
    /// Maximum number of results
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    full: Full,
}

impl From<RejectedArgs> for ListArgs {
    fn from(args: RejectedArgs) -> ListArgs {
        ListArgs {
            status: None,
            audit: Some(Audit::Failed),
            created_since: None,
            updated_since: None,
            online: false,
            limit: args.limit,
            resume: false,
            full: args.full,
        }
    }
}

/// Show one product
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Your own product number
    pub(super) out_product_id: String,
    /// Show what buyers see instead of the draft
    #[arg(long)]
    pub(super) online: bool,
}

/// State of the online copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Status {
    /// Never passed an audit
    New,
    /// Buyers see it
    OnSale,
    /// Taken off sale by the merchant
    OffSale,
    /// Taken down by the platform
    TakenDown,
}

impl Status {
    pub(super) fn code(self) -> i64 {
        match self {
            Status::New => 0,
            Status::OnSale => 5,
            Status::OffSale => 11,
            Status::TakenDown => 13,
        }
    }
}

/// State of the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Audit {
    /// Not submitted
    Editing,
    /// WeChat reviews it
    InAudit,
    /// Rejected; the reason is shown
    Failed,
    Passed,
}

impl Audit {
    fn fits(self, edit_status: i64) -> bool {
        match self {
            Audit::Editing => matches!(edit_status, 0 | 1),
            Audit::InAudit => edit_status == 2,
            Audit::Failed => edit_status == 3,
            Audit::Passed => edit_status == 4,
        }
    }
}

/// The name of an online state in machine output; unknown numbers stay numbers.
pub(super) fn status_name(status: i64) -> String {
    match status {
        UNSAID => String::new(),
        0 => "new".into(),
        5 => "on_sale".into(),
        11 => "off_sale".into(),
        13 => "taken_down".into(),
        other => other.to_string(),
    }
}

/// A state of the online copy as people read it.
pub(super) fn status_cell(status: &str) -> Cell {
    Cell::Word(match status {
        "" => return Cell::Empty,
        "new" => text!("not listed"),
        "on_sale" => text!("on sale"),
        "off_sale" => text!("off sale"),
        "taken_down" => text!("taken down by WeChat"),
        "recycled" => text!("in the recycle bin"),
        "banned" => text!("banned"),
        other => Text::verbatim(other),
    })
}

fn audit_name(edit_status: i64) -> String {
    match edit_status {
        UNSAID => String::new(),
        0 | 1 => "editing".into(),
        2 => "in_audit".into(),
        3 => "failed".into(),
        4 => "passed".into(),
        other => other.to_string(),
    }
}

/// A state of the draft as people read it.
pub(super) fn audit_cell(audit: &str) -> Cell {
    Cell::Word(match audit {
        "" => return Cell::Empty,
        "editing" => text!("editing"),
        "in_audit" => text!("in audit"),
        "failed" => text!("failed"),
        "passed" => text!("passed"),
        "writing" => text!("being written"),
        "write_failed" => text!("could not be written"),
        "not_submitted" => text!("not submitted"),
        other => Text::verbatim(other),
    })
}

/// What WeChat named; `None` where it named nothing.
fn code(state: i64) -> Option<i64> {
    (state != UNSAID).then_some(state)
}

/// A product in machine output, the same for both families: fields as the columns of a sheet of goods are called, ids as
/// text, money in fen, times in RFC 3339.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct GoodsRow {
    pub out_product_id: String,
    /// WeChat's number.
    pub product_id: String,
    pub title: String,
    /// Its page in the mini program; a WeChat Store has none.
    pub path: String,
    /// What buyers see: `new` (never listed), `on_sale`, `off_sale`, `taken_down`, `recycled`, `banned`, or WeChat's
    /// number; empty where WeChat names none.
    pub status: String,
    pub status_code: Option<i64>,
    /// Where the draft stands: `editing`, `in_audit`, `failed`, `passed`, `writing`, `write_failed`, `not_submitted`, or
    /// WeChat's number; empty where WeChat names none.
    pub audit: String,
    pub edit_status: Option<i64>,
    pub audit_id: String,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub audit_submitted_at: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub audited_at: Option<String>,
    /// Why the audit rejected the draft. A WeChat Store tells it in its event alone: empty where none was received.
    pub reject_reason: String,
    /// The stored event that the reason is from; a component answers it with the product.
    pub reject_reason_event: Option<i64>,
    /// The category, a leaf of the tree.
    pub category_id: String,
    pub brand_id: String,
    pub info_version: String,
    pub head_img: Vec<String>,
    pub qualification_pics: Vec<String>,
    pub desc: String,
    pub desc_imgs: Vec<String>,
    pub lowest_price: Option<Fen>,
    pub highest_price: Option<Fen>,
    pub stock: i64,
    pub skus: Vec<SkuRow>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub created_at: Option<String>,
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub updated_at: Option<String>,
    /// WeChat's record, with `show` and `--full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::types::shape::Record>")]
    pub wechat: Option<Value>,
}

/// One SKU in machine output; prices in fen.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct SkuRow {
    pub out_product_id: String,
    pub out_sku_id: String,
    pub thumb_img: String,
    pub sale_price: Fen,
    /// The list price; a WeChat Store has none.
    pub market_price: Option<Fen>,
    pub stock_num: i64,
    pub sku_code: Option<String>,
    pub barcode: Option<String>,
    /// `colour=red;size=L`
    pub attributes: String,
    pub sku_attrs: Vec<SkuAttr>,
}

impl From<Spu> for GoodsRow {
    fn from(spu: Spu) -> GoodsRow {
        let prices = || spu.skus.iter().map(|sku| sku.sale_price);
        GoodsRow {
            product_id: match spu.product_id.0 {
                0 => String::new(),
                _ => spu.product_id.to_string(),
            },
            status: status_name(spu.status),
            status_code: code(spu.status),
            audit: audit_name(spu.edit_status),
            edit_status: code(spu.edit_status),
            audit_id: spu.audit_info.audit_id,
            audit_submitted_at: moment(&spu.audit_info.submit_time),
            audited_at: moment(&spu.audit_info.audit_time),
            reject_reason: spu.audit_info.reject_reason,
            reject_reason_event: None,
            category_id: spu.third_cat_id.to_string(),
            brand_id: spu.brand_id.to_string(),
            lowest_price: prices().min(),
            highest_price: prices().max(),
            stock: spu.skus.iter().map(|sku| sku.stock_num).sum(),
            created_at: moment(&spu.create_time),
            updated_at: moment(&spu.update_time),
            wechat: None,
            out_product_id: spu.out_product_id,
            title: spu.title,
            path: spu.path,
            info_version: spu.info_version,
            head_img: spu.head_img,
            qualification_pics: spu.qualification_pics,
            desc: spu.desc_info.desc,
            desc_imgs: spu.desc_info.imgs,
            skus: spu
                .skus
                .into_iter()
                .map(|sku| SkuRow {
                    attributes: sku
                        .sku_attrs
                        .iter()
                        .map(|attr| format!("{}={}", attr.attr_key, attr.attr_value))
                        .collect::<Vec<_>>()
                        .join(";"),
                    sku_attrs: sku.sku_attrs,
                    out_product_id: sku.out_product_id,
                    out_sku_id: sku.out_sku_id,
                    thumb_img: sku.thumb_img,
                    sale_price: sku.sale_price,
                    market_price: Some(sku.market_price),
                    stock_num: sku.stock_num,
                    sku_code: sku.sku_code,
                    barcode: sku.barcode,
                })
                .collect(),
        }
    }
}

impl GoodsRow {
    /// Why it was rejected, with where that is known from.
    pub(super) fn rejection(&self) -> Text {
        match self.reject_reason_event {
            Some(event) => text!(
                "{reason} (event {event})",
                reason = Text::verbatim(self.reject_reason.as_str()),
                event
            ),
            None => Text::verbatim(self.reject_reason.as_str()),
        }
    }

    /// `12.50`, or `12.50-15.00` where the SKUs differ.
    pub(super) fn price(&self) -> Cell {
        match (self.lowest_price, self.highest_price) {
            (Some(low), Some(high)) if low != high => {
                Cell::Id(format!("{}-{}", low.to_yuan(), high.to_yuan()))
            }
            (Some(price), _) => Cell::Money(price),
            _ => Cell::Empty,
        }
    }
}

impl Record for GoodsRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |g| {
            Cell::Id(g.out_product_id.clone())
        }),
        Column::new("title", "TITLE", |g| Cell::Text(g.title.clone())),
        Column::new("status", "STATUS", |g| status_cell(&g.status)),
        Column::new("audit", "AUDIT", |g| audit_cell(&g.audit)),
        Column::new("price", "PRICE", GoodsRow::price),
        Column::new("stock", "STOCK", |g| Cell::Number(g.stock)),
        Column::below("reject_reason", "REJECTION REASON", |g| {
            if g.audit == "failed" {
                Cell::Sentence(g.rejection())
            } else {
                Cell::Empty
            }
        }),
    ];
}

impl SkuRow {
    pub(super) fn line(&self) -> String {
        format!(
            "{}  {}  ×{}  {}",
            self.out_sku_id,
            self.sale_price.to_yuan(),
            self.stock_num,
            self.attributes
        )
    }
}

/// Where WeChat's record of a product stands.
const RECORD: Ask = Ask::new("goods show", GetSpu::PATH);

fn record(ctx: &Ctx, spu: &Spu) -> Result<Value> {
    Ok(ctx.wechat(&RECORD, "spu", serde_json::to_value(spu)?))
}

/// A time that is there.
fn moment(time: &ChinaTime) -> Option<String> {
    (!time.is_empty()).then(|| time.rfc3339())
}

pub async fn list(args: ListArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns_of_list(Columns::<GoodsRow>::of())?;
    let mut goods = fetch(&args, ctx).await?;
    goods.truncate(ctx.out.rows_to_read(args.limit).unwrap_or(usize::MAX));
    let row = |spu| {
        let wechat = args.full.full.then(|| record(ctx, &spu)).transpose()?;
        Ok(GoodsRow {
            wechat,
            ..GoodsRow::from(spu)
        })
    };
    let rows: Vec<GoodsRow> = goods.into_iter().map(row).collect::<Result<_>>()?;
    let out = ctx.out.with_nothing(text!("no products match"));
    out.list(&rows)?;
    let of = |fits: fn(&GoodsRow) -> bool| rows.iter().filter(|row| fits(row)).count();
    ctx.out.total(rows.len(), args.limit, text!(
        "{count} {count:product|products}, {on_sale} on sale, {in_audit} in audit, {rejected} rejected",
        count = rows.len(),
        on_sale = of(|row| row.status_code == Some(5)),
        in_audit = of(|row| row.edit_status == Some(2)),
        rejected = of(|row| row.edit_status == Some(3))
    ));
    // Why a product was rejected stands there.
    let rejected = rows.iter().find(|row| row.audit == "failed");
    if let Some(row) = rejected.or(rows.first()) {
        ctx.out
            .next(&format!("wxsell goods show {}", row.out_product_id));
    }
    Ok(())
}

/// Begins a list, or goes on with one that broke off.
pub(super) fn reading(args: &ListArgs, ctx: &Ctx) -> Result<Reading> {
    let profile = ctx.profile()?;
    let of = format!(
        "{} {:?} {:?} {:?} {}",
        profile.family.name(),
        args.status,
        args.created_since,
        args.updated_since,
        args.online
    );
    let now = ctx.clock()?;
    let reading = Reading::begin(&ctx.dirs.state, &profile.shop_key(), of, args.resume, now);
    if args.resume {
        ctx.out.note(match reading.since() {
            Some(at) => text!(
                "continuing the list of {time}; rows that were read are not read again",
                time = plain_time(&rfc3339(at))
            ),
            None => text!("no such list was interrupted within the last hour; reading everything"),
        });
    }
    Ok(reading)
}

/// Says how to go on with a list that ended before its end.
pub(super) fn broke_off(reading: &Reading, ctx: &Ctx) {
    if reading.count() > 0 {
        ctx.out.note(text!(
            "{count} {count:product was|products were} read; the same command with --resume continues from there",
            count = reading.count()
        ));
    }
}

/// The products that `args` asks for, complete.
pub async fn fetch(args: &ListArgs, ctx: &Ctx) -> Result<Vec<Spu>> {
    let now = ctx.clock()?;
    let window = |since: Option<When>| {
        since.map(|since| {
            (
                ChinaTime::from_unix(since.first(now)),
                ChinaTime::from_unix(now + DAY),
            )
        })
    };
    let filter = GoodsFilter {
        status: args.status.map(Status::code),
        created: window(args.created_since),
        updated: window(args.updated_since),
    };
    let copy = if args.online {
        Copy::Online
    } else {
        Copy::Draft
    };
    let shop = ctx.shop().await?;
    let reading = reading(args, ctx)?;
    let progress = ctx.out.progress(0, text!("reading goods"));
    let walked = shop
        .all_goods(&filter, copy, &reading, |done, _| progress.set(done))
        .await;
    drop(progress);
    let walked = walked.inspect_err(|_| broke_off(&reading, ctx))?;
    reading.end();
    ctx.note_unsure(walked.unsure);
    let mut goods = walked.rows;
    if let Some(audit) = args.audit {
        goods.retain(|spu| audit.fits(spu.edit_status));
    }
    Ok(goods)
}

pub async fn show(args: ShowArgs, ctx: &Ctx) -> Result<()> {
    let copy = if args.online {
        Copy::Online
    } else {
        Copy::Draft
    };
    let shop = ctx.shop().await?;
    let spu = shop
        .goods(&args.out_product_id, copy)
        .await?
        .ok_or_else(|| absent(&args.out_product_id))?;
    let wechat = Some(record(ctx, &spu)?);
    let row = GoodsRow {
        wechat,
        ..GoodsRow::from(spu)
    };
    ctx.out.show(&GoodsPage::of(row, ctx).await?)
}

/// The names that `--columns` takes.
pub fn columns() -> Vec<String> {
    crate::output::names_of::<GoodsRow>()
}
