//! `wxsell goods on-sale`, `off-sale`, `remove`, `withdraw-audit` for a WeChat Store.

use super::super::shelf::{Args, Stepped, Tally, some_of};
use crate::commands::Ctx;
use crate::shop::store::goods::Step;
use crate::text;
use anyhow::Result;

pub async fn step(which: Step, mut args: Args, ctx: &Ctx) -> Result<()> {
    args.complete()?;
    let count = args.out_product_ids.len();
    ctx.out.check_columns::<Stepped>()?;
    let (shop, state) = (ctx.shop().await?, ctx.state()?);
    let shop_key = ctx.profile()?.shop_key();
    let row = |number: &str, result| Stepped {
        out_product_id: number.to_owned(),
        result,
        errcode: None,
        reason: None,
    };
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
    let (mut rows, mut tally) = (Vec::with_capacity(count), Tally::default());
    for number in &args.out_product_ids {
        let done = async {
            let id = shop.find_product(state, &shop_key, number).await?;
            shop.step_product(which, &id).await?;
            anyhow::Ok(id)
        };
        match done.await {
            Ok(id) => {
                tally.done();
                // What an upload knew of it no longer holds.
                if matches!(which, Step::Remove | Step::WithdrawAudit) {
                    state.forget_upload(&shop_key, number)?;
                }
                if which == Step::Remove {
                    state.forget_product(&shop_key, &id)?;
                }
                // A Store hands the draft to the audit; it is on sale once that has passed.
                let result = match which {
                    Step::OnSale => "submitted",
                    Step::OffSale => "off_sale",
                    Step::Remove => "removed",
                    Step::WithdrawAudit => "withdrawn",
                };
                rows.push(row(number, result));
            }
            Err(error) => rows.push(tally.failed(number.clone(), error)),
        }
        if tally.has_ended() {
            break;
        }
    }
    ctx.out.list(&rows)?;
    let refused = text!("the store refused it; the reason stands above");
    tally.end(&rows, count, refused)
}
