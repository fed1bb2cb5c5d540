//! `wxsell goods on-sale`, `off-sale`, `remove`, `withdraw-audit` for a WeChat Store.

use super::super::listing::{Args, Step, Stepped, Version, some_of};
use crate::commands::Ctx;
use crate::text;
use anyhow::Result;

pub async fn step(which: Step, mut args: Args, wins: Option<Version>, ctx: &Ctx) -> Result<()> {
    args.complete(ctx)?;
    let count = args.out_product_ids.len();
    ctx.out.check_columns::<Stepped>()?;
    let row = |number: &str, result| Stepped {
        out_product_id: number.to_owned(),
        result,
        errcode: None,
        reason: None,
    };
    if ctx.global.dry_run && which == Step::OnSale {
        let shop = ctx.shop().await?;
        let planned = shop.plan_on_sale(&args.out_product_ids, wins).await?;
        return ctx.out.list(&planned.rows);
    }
    if ctx.global.dry_run {
        let rows: Vec<Stepped> = args
            .out_product_ids
            .iter()
            .map(|number| row(number, "planned"))
            .collect();
        return ctx.out.list(&rows);
    }
    let destructive = match which {
        Step::Remove => Some(text!(
            "permanently delete {count} {count:product|products} ({names})",
            count,
            names = some_of(&args.out_product_ids)
        )),
        Step::OffSale => Some(text!(
            "take {count} {count:product|products} off sale ({names})",
            count,
            names = some_of(&args.out_product_ids)
        )),
        Step::OnSale | Step::WithdrawAudit => None,
    };
    ctx.before_write(destructive).await?;
    let done = ctx
        .shop()
        .await?
        .step_goods(which, &args.out_product_ids, wins)
        .await?;
    ctx.out.list(&done.rows)?;
    let refused = text!("the store refused it; the reason is above");
    done.end(count, refused)
}
