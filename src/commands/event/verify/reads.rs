//! What is read of a shop: lists, and one by one what the lists only number.

use super::Span;
use super::proof::{self, Claim, text_of};
use crate::api::reader::seconds;
use crate::commands::Ctx;
use crate::commands::ask::request;
use crate::commands::order::list::orders_between;
use crate::model::order::State;
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::event::{AFTERSALE, AFTERSALES, DISPUTE, DISPUTES, GOODS};
use anyhow::Result;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

/// After-sales, or disputes, that are read together.
const AT_ONCE: usize = 16;
/// An order may bear a time up to a day ahead of WeChat's.
pub const DAY: i64 = 86_400;

/// What was read of a shop.
pub struct Read {
    pub claims: Vec<Claim>,
    /// The numbers of each cancelled order, whose record proves nothing.
    pub cancelled: Vec<Vec<String>>,
}

/// Everything that the shop's records prove to have been pushed within the span. Fails with the first read that fails:
/// what was not read would look complete.
pub async fn claims(ctx: &Ctx, span: Span) -> Result<Read> {
    ctx.shop().await?;
    let ((orders, cancelled), aftersales, disputes, goods) = tokio::try_join!(
        orders(ctx, span),
        aftersales(ctx, span),
        disputes(ctx, span),
        goods(ctx)
    )?;
    let all = [orders, aftersales, disputes, goods].into_iter().flatten();
    let claims = all.filter(|claim| (span.since..=span.until).contains(&claim.at));
    Ok(Read {
        claims: claims.collect(),
        cancelled,
    })
}

/// The list filters by creation, and an order is paid and settled later.
async fn orders(ctx: &Ctx, span: Span) -> Result<(Vec<Claim>, Vec<Vec<String>>)> {
    let rows = orders_between(ctx, span.opened, span.until.saturating_add(DAY)).await?;
    // By the merchant, which is not pushed, or by another, which is.
    let cancelled = rows
        .iter()
        .map(|order| &order.value)
        .filter(|order| order.state == State::Cancelled && order.controlled == Some(true));
    let cancelled = cancelled.map(|order| vec![order.id.clone(), order.number.clone()]);
    let cancelled = cancelled.collect();
    let claims = rows.iter().flat_map(|order| proof::order(&order.record));
    Ok((claims.collect(), cancelled))
}

async fn aftersales(ctx: &Ctx, span: Span) -> Result<Vec<Claim>> {
    let window = json!({
        "begin_create_time": span.opened.saturating_mul(1000),
        "end_create_time": span.until.saturating_mul(1000).saturating_add(999),
    });
    let numbers = ctx.rows(&AFTERSALES, &window, None).await?;
    let one_by_one = stream::iter(numbers)
        .map(|number| async move {
            let shown = one(ctx, &AFTERSALE, "aftersale_id", &number).await?;
            anyhow::Ok(proof::aftersale(&shown["after_sales_order"]))
        })
        .buffer_unordered(AT_ONCE);
    let found: Vec<Vec<Claim>> = one_by_one.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Only disputes that moved within the time have steps in it.
async fn disputes(ctx: &Ctx, span: Span) -> Result<Vec<Claim>> {
    let window = json!({"begin_create_time": span.opened, "end_create_time": span.until});
    let rows = ctx.rows(&DISPUTES, &window, None).await?;
    let moved = rows
        .into_iter()
        .filter(|row| seconds(&row["update_time"]).is_none_or(|updated| updated >= span.since));
    let one_by_one = stream::iter(moved)
        .map(|row| async move {
            let shown = one(
                ctx,
                &DISPUTE,
                "complaint_order_id",
                &row["complaint_order_id"],
            )
            .await?;
            anyhow::Ok(proof::dispute(&shown))
        })
        .buffer_unordered(AT_ONCE);
    let found: Vec<Vec<Claim>> = one_by_one.try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether an audit changes the time of a product is not documented, so that all are read.
async fn goods(ctx: &Ctx) -> Result<Vec<Claim>> {
    let rows = ctx.rows(&GOODS, &json!({"need_edit_spu": 1}), None).await?;
    Ok(rows.iter().flat_map(proof::product).collect())
}

/// One record by its number, which is sent as it came.
async fn one(ctx: &Ctx, ask: &Ask, name: &str, number: &Value) -> Result<Value> {
    let known = match text_of(number).and_then(|digits| digits.parse::<u64>().ok()) {
        Some(id) => json!(id),
        None => number.clone(),
    };
    let body = request(ask, &json!({name: known}), json!({}))?;
    Ok(ctx.send(ask, &body).await?.unwrap_or_default())
}
