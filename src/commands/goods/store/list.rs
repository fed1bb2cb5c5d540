//! `wxsell goods list` and `show` for a WeChat Store.

use super::super::list::{Audit, GoodsRow, ListArgs, ShowArgs, SkuRow, Status, broke_off, reading};
use super::super::page::GoodsPage;
use crate::api::Endpoint;
use crate::api::component::goods::SkuAttr;
use crate::api::store::goods::{GetProduct, GetProductReply, Product, Sku};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Columns};
use crate::shop::lacks;
use crate::shop::pass_through::Ask;
use crate::shop::store::rejection::rejection;
use crate::text;
use anyhow::Result;
use serde_json::Value;

/// Where WeChat's record of a product stands.
const RECORD: Ask = Ask::new("goods show", GetProduct::PATH);

/// The columns of a list: numbers of the merchant may be double, those of the store are not.
fn columns() -> Columns<GoodsRow> {
    Columns::of()
        .with("product_id", "STORE NUMBER", |row: &GoodsRow| {
            Cell::id(&row.product_id)
        })
        .minor()
}

pub async fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let other = [
        (args.created_since.is_some(), "--created-since"),
        (args.updated_since.is_some(), "--updated-since"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    ctx.out.check_columns_of_list(columns())?;
    let shop = ctx.shop().await?;
    let status = args.status.map(Status::code);
    // Each product has to be read before it is known whether its audit fits.
    let most = args
        .audit
        .is_none()
        .then(|| ctx.out.rows_to_read(args.limit));
    let most = most.flatten().unwrap_or(usize::MAX);
    let ids = shop.store_product_ids(status, most).await?;
    let progress = ctx.out.progress(ids.len() as u64, text!("goods"));
    let reading = reading(args, ctx)?;
    let products = shop
        .store_products(ids, &reading, || progress.inc())
        .await
        .inspect_err(|_| broke_off(&reading, ctx))?;
    drop(progress);
    reading.end();
    let mut rows = Vec::new();
    for reply in products {
        let wechat = args.full.full.then(|| record(ctx, &reply)).transpose()?;
        let Some(row) = known_row(reply, args.online, ctx)? else {
            continue;
        };
        let fits = |audit| fits(audit, row.edit_status.unwrap_or(-1));
        if args.audit.is_none_or(fits) {
            rows.push(GoodsRow { wechat, ..row });
        }
    }
    rows.truncate(ctx.out.rows_to_read(args.limit).unwrap_or(usize::MAX));
    let out = ctx.out.with_nothing(text!("no products match"));
    out.list_with(columns(), &rows)?;
    let audit = |name: &str| rows.iter().filter(|row| row.audit == name).count();
    ctx.out.total(rows.len(), args.limit, text!(
        "{count} {count:product|products}, {on_sale} on sale, {in_audit} in audit, {rejected} rejected",
        count = rows.len(),
        on_sale = rows.iter().filter(|row| row.status == "on_sale").count(),
        in_audit = audit("in_audit"),
        rejected = audit("failed")
    ));
    let untold = rows.iter().filter(|row| is_untold(row)).count();
    note_untold(untold, ctx);
    let rejected = rows.iter().find(|row| row.audit == "failed");
    if let Some(row) = rejected.or(rows.first()) {
        let number = if row.out_product_id.is_empty() {
            &row.product_id
        } else {
            &row.out_product_id
        };
        ctx.out.next(&format!("wxsell goods show {number}"));
    }
    Ok(())
}

fn record(ctx: &Ctx, reply: &GetProductReply) -> Result<Value> {
    Ok(ctx.wechat(&RECORD, "", serde_json::to_value(reply)?))
}

/// A rejected product whose reason was never received.
fn is_untold(row: &GoodsRow) -> bool {
    row.audit == "failed" && row.reject_reason_event.is_none()
}

/// Says where reasons stand that no call answers and no event brought.
fn note_untold(count: usize, ctx: &Ctx) {
    if count == 0 {
        return;
    }
    ctx.out.note(text!(
        "no event with the reason was received for {count} rejected {count:product|products}: a WeChat Store gives the reason only in its console and in the event that `wxsell event listen` receives",
        count
    ));
}

/// [`row`], with why it was rejected as far as events told it.
fn known_row(reply: GetProductReply, online: bool, ctx: &Ctx) -> Result<Option<GoodsRow>> {
    let edited_at = [&reply.edit_product, &reply.product]
        .into_iter()
        .flatten()
        .find_map(Product::edited_at);
    let Some(mut row) = row(reply, online) else {
        return Ok(None);
    };
    if row.audit == "failed" {
        let account = ctx.profile()?.account_key();
        if let Some(told) = rejection(ctx.state()?, &account, &row.product_id, edited_at)? {
            row.reject_reason = told.reason;
            row.reject_reason_event = Some(told.event);
        }
    }
    Ok(Some(row))
}

/// A product as it is shown; `None` where buyers see none and what they see was asked for.
fn row(reply: GetProductReply, online: bool) -> Option<GoodsRow> {
    // Price and stock are what buyers see, where they see any.
    let seen = reply.product.clone();
    let product = if online { reply.product? } else { reply.any()? };
    let version = seen.as_ref().unwrap_or(&product);
    let prices = || version.skus.iter().map(|sku| sku.sale_price);
    Some(GoodsRow {
        product_id: product.product_id.to_string(),
        path: String::new(),
        status: status_name(product.status),
        status_code: product.status,
        audit: audit_name(product.edit_status),
        edit_status: product.edit_status,
        audit_id: String::new(),
        audit_submitted_at: None,
        audited_at: None,
        reject_reason: String::new(),
        reject_reason_event: None,
        category_id: product
            .cats_v2
            .last()
            .map_or_else(String::new, |leaf| leaf.cat_id.to_string()),
        brand_id: product.brand_id.to_string(),
        info_version: String::new(),
        qualification_pics: product
            .product_qua_infos
            .iter()
            .flat_map(|paper| paper.qua_url.clone())
            .collect(),
        lowest_price: prices().min(),
        highest_price: prices().max(),
        stock: version.skus.iter().map(|sku| sku.stock_num).sum(),
        skus: version
            .skus
            .iter()
            .map(|sku| sku_row(&product.out_product_id, sku))
            .collect(),
        created_at: None,
        updated_at: None,
        wechat: None,
        out_product_id: product.out_product_id,
        title: product.title,
        head_img: product.head_imgs,
        desc: product.desc_info.desc,
        desc_imgs: product.desc_info.imgs,
    })
}

fn sku_row(out_product_id: &str, sku: &Sku) -> SkuRow {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let attributes = sku.sku_attrs.iter();
    let attributes = attributes.map(|attr| format!("{}={}", attr.attr_key, attr.attr_value));
    SkuRow {
        out_product_id: out_product_id.to_owned(),
        out_sku_id: sku.out_sku_id.clone(),
        thumb_img: sku.thumb_img.clone(),
        sale_price: sku.sale_price,
        market_price: None,
        stock_num: sku.stock_num,
        sku_code: text(&sku.sku_code),
        barcode: text(&sku.bar_code),
        attributes: attributes.collect::<Vec<_>>().join(";"),
        sku_attrs: sku
            .sku_attrs
            .iter()
            .map(|attr| SkuAttr {
                attr_key: attr.attr_key.clone(),
                attr_value: attr.attr_value.clone(),
            })
            .collect(),
    }
}

/// Whether a draft stands where a filter of the command line says.
pub(super) fn fits(audit: Audit, edit_status: i64) -> bool {
    use crate::api::store::goods::edit as known;
    match audit {
        Audit::Editing => matches!(
            edit_status,
            known::INITIAL | known::EDITING | known::NOT_SUBMITTED
        ),
        Audit::InAudit => edit_status == known::IN_AUDIT,
        Audit::Failed => matches!(edit_status, known::REFUSED | known::WRITE_FAILED),
        Audit::Passed => edit_status == known::PASSED,
    }
}

fn status_name(status: Option<i64>) -> String {
    use crate::api::store::goods::status as known;
    match status {
        Some(known::NEVER) => "new".into(),
        Some(known::ON_SALE) => "on_sale".into(),
        Some(known::BIN) => "recycled".into(),
        Some(known::OFF_SALE) => "off_sale".into(),
        Some(known::VIOLATION..=15) => "taken_down".into(),
        Some(known::BANNED) => "banned".into(),
        other => other.map_or_else(String::new, |number| number.to_string()),
    }
}

fn audit_name(edit: Option<i64>) -> String {
    use crate::api::store::goods::edit as known;
    match edit {
        Some(known::INITIAL | known::EDITING) => "editing".into(),
        Some(known::IN_AUDIT) => "in_audit".into(),
        Some(known::REFUSED) => "failed".into(),
        Some(known::PASSED) => "passed".into(),
        Some(known::WRITING_SDK | known::WRITING) => "writing".into(),
        Some(known::WRITE_FAILED) => "write_failed".into(),
        Some(known::NOT_SUBMITTED) => "not_submitted".into(),
        other => other.map_or_else(String::new, |number| number.to_string()),
    }
}

pub async fn show(args: &ShowArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<GoodsPage>()?;
    let shop = ctx.shop().await?;
    let shop_key = ctx.profile()?.shop_key();
    let id = shop
        .find_product(ctx.state()?, &shop_key, &args.out_product_id)
        .await?;
    let reply = shop.store_product(&id).await?;
    let absent = || {
        Failure::new(
            Kind::Refused,
            text!(
                "the store has no product {number}",
                number = &args.out_product_id
            ),
        )
    };
    let reply = reply.ok_or_else(absent)?;
    let wechat = Some(record(ctx, &reply)?);
    let row = known_row(reply, args.online, ctx)?.ok_or_else(absent)?;
    note_untold(usize::from(is_untold(&row)), ctx);
    let row = GoodsRow { wechat, ..row };
    ctx.out.show(&GoodsPage::of(row, ctx).await?)
}
