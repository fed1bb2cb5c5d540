//! `wxsell goods on-sale`, `off-sale`, `remove`, `withdraw-audit` for a WeChat Store.

use super::super::shelf::{Args, Stepped, some_of};
use crate::commands::Ctx;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
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
    let (mut rows, mut stopped) = (Vec::with_capacity(count), None);
    for number in &args.out_product_ids {
        let done = async {
            let id = shop.find_product(state, &shop_key, number).await?;
            shop.step_product(which, &id).await?;
            anyhow::Ok(id)
        };
        match done.await {
            Ok(id) => {
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
            Err(error) => {
                let found = failure(&error);
                let unclear = found.is_some_and(|found| found.unclear);
                rows.push(Stepped {
                    errcode: found.and_then(|found| found.errcode),
                    reason: Some(found.map_or_else(
                        || Text::verbatim(error.to_string()),
                        |found| found.message.clone(),
                    )),
                    ..row(number, if unclear { "unclear" } else { "refused" })
                });
                if found.is_some_and(|found| {
                    matches!(found.kind, Kind::Access | Kind::Network | Kind::Limited)
                }) {
                    stopped = Some(error);
                    break;
                }
            }
        }
    }
    let failed = rows.iter().filter(|row| row.reason.is_some()).count();
    ctx.out.list(&rows)?;
    let shown = |kind, message| Failure {
        shown: true,
        ..Failure::new(kind, message)
    };
    match stopped {
        Some(error) => Err(error),
        None if failed == count && failed == 1 => Err(shown(
            Kind::Refused,
            text!("the store refused it; the reason stands above"),
        )
        .into()),
        None if failed > 0 => Err(shown(
            Kind::Partial,
            text!(
                "{failed} of {count} {count:product|products} failed",
                failed,
                count
            ),
        )
        .into()),
        None => Ok(()),
    }
}
