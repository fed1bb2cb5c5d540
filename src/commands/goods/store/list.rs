//! `wxsell goods list` and `show` for a WeChat Store.

use super::super::list::{Audit, ListArgs, ShowArgs, Status};
use crate::api::store::goods::GetProductReply;
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Column, Columns, Record};
use crate::shop::lacks;
use crate::text;
use anyhow::Result;
use serde::Serialize;

/// One product of the store.
#[derive(Debug, Serialize)]
struct Listed {
    out_product_id: String,
    product_id: String,
    title: String,
    /// `never_listed`, `on_sale`, `recycled`, `off_sale`, `taken_down`, `banned` or the number that WeChat names.
    status: String,
    /// `editing`, `in_audit`, `refused`, `passed`, `writing`, `write_failed`, `not_submitted` or the number.
    audit: String,
    /// Fen, of the cheapest SKU.
    price: i64,
    stock: i64,
    skus: usize,
}

impl Record for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |l| Cell::id(&l.out_product_id)),
        Column::minor("product_id", "STORE NUMBER", |l| Cell::id(&l.product_id)),
        Column::new("title", "TITLE", |l| Cell::Text(l.title.clone())),
        Column::new("status", "STATUS", |l| Cell::Word(status_words(&l.status))),
        Column::new("audit", "AUDIT", |l| Cell::Word(audit_words(&l.audit))),
        Column::new("price", "PRICE", |l| {
            Cell::Money(crate::types::Fen(l.price))
        }),
        Column::new("stock", "STOCK", |l| Cell::Number(l.stock)),
        Column::minor("skus", "SKUS", |l| Cell::Number(l.skus as i64)),
    ];
}

fn status_words(status: &str) -> Text {
    match status {
        "never_listed" => text!("never listed"),
        "on_sale" => text!("on sale"),
        "recycled" => text!("in the recycle bin"),
        "off_sale" => text!("off sale"),
        "taken_down" => text!("taken down by WeChat"),
        "banned" => text!("banned"),
        other => Text::verbatim(other),
    }
}

fn audit_words(audit: &str) -> Text {
    match audit {
        "editing" => text!("draft"),
        "in_audit" => text!("in audit"),
        "refused" => text!("refused"),
        "passed" => text!("passed"),
        "writing" => text!("being written"),
        "write_failed" => text!("could not be written"),
        "not_submitted" => text!("not submitted"),
        other => Text::verbatim(other),
    }
}

pub async fn list(args: &ListArgs, ctx: &Ctx) -> Result<()> {
    let other = [
        (args.created_since.is_some(), "--created-since"),
        (args.updated_since.is_some(), "--updated-since"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    ctx.out.check_columns_of_list(Columns::<Listed>::of())?;
    let shop = ctx.shop().await?;
    let status = args.status.map(Status::code);
    let mut ids = shop.store_product_ids(status, |_, _| {}).await?;
    if args.audit.is_none() {
        ids.truncate(ctx.out.reads(args.limit).unwrap_or(usize::MAX));
    }
    let progress = ctx.out.progress(ids.len() as u64, text!("goods"));
    let products = shop.store_products(ids, || progress.inc()).await?;
    drop(progress);
    let rows: Vec<Listed> = products
        .into_iter()
        .filter_map(|reply| listed(reply, args.online))
        .filter(|(edit, _)| args.audit.is_none_or(|audit| fits(audit, *edit)))
        .map(|(_, row)| row)
        .take(ctx.out.reads(args.limit).unwrap_or(usize::MAX))
        .collect();
    let out = ctx.out.with_nothing(text!("no products match"));
    out.list(&rows)?;
    let audit = |name: &str| rows.iter().filter(|row| row.audit == name).count();
    ctx.out.total(rows.len(), text!(
        "{count} {count:product|products}, {on_sale} on sale, {in_audit} in audit, {rejected} rejected",
        count = rows.len(),
        on_sale = rows.iter().filter(|row| row.status == "on_sale").count(),
        in_audit = audit("in_audit"),
        rejected = audit("refused")
    ));
    let rejected = rows.iter().find(|row| row.audit == "refused");
    if let Some(row) = rejected.or(rows.first()) {
        let number = match row.out_product_id.is_empty() {
            true => &row.product_id,
            false => &row.out_product_id,
        };
        ctx.out.next(&format!("wxsell goods show {number}"));
    }
    Ok(())
}

/// A row, and how its draft stands.
fn listed(reply: GetProductReply, online: bool) -> Option<(i64, Listed)> {
    // Price and stock are what buyers see, where they see any.
    let seen = reply.product.clone();
    let product = match online {
        true => reply.product?,
        false => reply.any()?,
    };
    let version = seen.as_ref().unwrap_or(&product);
    let row = Listed {
        out_product_id: product.out_product_id.clone(),
        product_id: product.product_id.to_string(),
        title: product.title.clone(),
        status: status_name(product.status),
        audit: audit_name(product.edit_status),
        price: version
            .skus
            .iter()
            .map(|sku| sku.sale_price.0)
            .min()
            .unwrap_or(0),
        stock: version.skus.iter().map(|sku| sku.stock_num).sum(),
        skus: version.skus.len(),
    };
    Some((product.edit_status.unwrap_or(-1), row))
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
        Some(known::NEVER) => "never_listed".into(),
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
        Some(known::REFUSED) => "refused".into(),
        Some(known::PASSED) => "passed".into(),
        Some(known::WRITING_SDK | known::WRITING) => "writing".into(),
        Some(known::WRITE_FAILED) => "write_failed".into(),
        Some(known::NOT_SUBMITTED) => "not_submitted".into(),
        other => other.map_or_else(String::new, |number| number.to_string()),
    }
}

pub async fn show(args: &ShowArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_value()?;
    let shop = ctx.shop().await?;
    let shop_key = ctx.profile()?.shop_key();
    let id = shop
        .find_product(ctx.state()?, &shop_key, &args.out_product_id)
        .await?;
    let reply = shop.store_product(&id).await?;
    let reply = reply.ok_or_else(|| {
        Failure::new(
            Kind::Refused,
            text!(
                "the store has no product {number}",
                number = &args.out_product_id
            ),
        )
    })?;
    ctx.out.value(&serde_json::to_value(reply)?)
}
