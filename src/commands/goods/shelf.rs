//! `wxsell goods on-sale`, `off-sale`, `remove`, `withdraw-audit`: one step for one or many products.

use crate::bulk::UNKNOWN_IN_A_ROW;
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::text;
use anyhow::Result;
use serde::Serialize;

/// Products to work on
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Your own product numbers, or `-` for a list on standard input, one a line
    #[arg(required = true)]
    pub(super) out_product_ids: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    OnSale,
    OffSale,
    Remove,
    WithdrawAudit,
}

impl Step {
    /// The word for what was done, in machine output.
    pub fn done(self) -> &'static str {
        match self {
            Step::OnSale => "on_sale",
            Step::OffSale => "off_sale",
            Step::Remove => "removed",
            Step::WithdrawAudit => "withdrawn",
        }
    }
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Stepped {
    pub out_product_id: String,
    /// `on_sale`, `off_sale`, `removed`, `withdrawn`, `submitted`; with `--dry-run` `planned`; else `refused` or `unclear`.
    pub result: &'static str,
    pub errcode: Option<i64>,
    pub reason: Option<Text>,
}

impl Record for Stepped {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |s| {
            Cell::Id(s.out_product_id.clone())
        }),
        Column::new("result", "RESULT", |s| {
            Cell::Word(match s.result {
                "on_sale" => text!("on sale"),
                "submitted" => text!("submitted to the audit"),
                "off_sale" => text!("off sale"),
                "removed" => text!("removed"),
                "withdrawn" => text!("withdrawn from audit"),
                "planned" => text!("planned"),
                "unclear" => text!("unclear"),
                _ => text!("refused"),
            })
        }),
        Column::new("errcode", "ERRCODE", |s| {
            s.errcode.map_or(Cell::Empty, Cell::Number)
        }),
        Column::new("reason", "REASON", |s| Cell::sentence(s.reason.as_ref())),
    ];
}

/// How a step went for one product after the other.
#[derive(Default)]
pub(super) struct Tally {
    /// Products in a row of which nobody knows whether it was done.
    unknown_in_a_row: u32,
    /// The last of those.
    unknown: Option<anyhow::Error>,
    /// What goes for all that would follow.
    stopped: Option<anyhow::Error>,
}

impl Tally {
    pub fn done(&mut self) {
        self.unknown_in_a_row = 0;
    }

    /// The row of a product that failed.
    pub fn failed(&mut self, out_product_id: String, error: anyhow::Error) -> Stepped {
        let failure = Failure::from_any(error);
        let row = Stepped {
            out_product_id,
            result: match failure.unclear {
                true => "unclear",
                false => "refused",
            },
            errcode: failure.errcode,
            reason: Some(failure.message.clone()),
        };
        self.unknown_in_a_row = match failure.unclear {
            true => self.unknown_in_a_row + 1,
            false => 0,
        };
        let for_all = matches!(failure.kind, Kind::Access | Kind::Network | Kind::Limited);
        if for_all || self.unknown_in_a_row >= UNKNOWN_IN_A_ROW {
            self.stopped = Some(failure.into());
        } else if failure.unclear {
            self.unknown = Some(failure.into());
        }
        row
    }

    pub fn has_ended(&self) -> bool {
        self.stopped.is_some()
    }

    /// How it went, once the rows are shown; `refused` is said of one that was refused.
    pub fn end(self, rows: &[Stepped], count: usize, refused: Text) -> Result<()> {
        let failed = rows.iter().filter(|row| row.reason.is_some()).count();
        let shown = |kind, message| Failure {
            shown: true,
            ..Failure::new(kind, message)
        };
        match (self.stopped, self.unknown) {
            (Some(error), _) => Err(error),
            (None, Some(error)) if count == 1 => Err(error),
            _ if failed == 1 && count == 1 => Err(shown(Kind::Refused, refused).into()),
            _ if failed > 0 => Err(shown(
                Kind::Partial,
                text!(
                    "{failed} of {count} {count:product|products} failed",
                    failed,
                    count
                ),
            )
            .into()),
            _ => Ok(()),
        }
    }
}

impl Args {
    /// Puts the numbers of standard input in the place of `-`; a product named twice is one product.
    pub(super) fn complete(&mut self) -> Result<()> {
        if self.out_product_ids.iter().any(|id| id == "-") {
            let listed = std::io::read_to_string(std::io::stdin()).map_err(|error| {
                Failure::input(text!(
                    "cannot read standard input: {error}",
                    error = error.to_string()
                ))
            })?;
            self.out_product_ids.retain(|id| id != "-");
            let lines = listed.trim_start_matches('\u{feff}').lines();
            let numbers = lines.map(str::trim).filter(|line| !line.is_empty());
            self.out_product_ids.extend(numbers.map(str::to_owned));
        }
        let mut named = std::collections::HashSet::new();
        self.out_product_ids.retain(|id| named.insert(id.clone()));
        match self.out_product_ids.is_empty() {
            true => Err(Failure::input(text!("standard input holds no product numbers")).into()),
            false => Ok(()),
        }
    }
}

/// The first of several numbers.
pub(super) fn some_of(numbers: &[String]) -> String {
    const SHOWN: usize = 5;
    let first = numbers.iter().take(SHOWN).map(String::as_str);
    let mut names = first.collect::<Vec<_>>().join(", ");
    if numbers.len() > SHOWN {
        names.push_str(", …");
    }
    names
}

pub async fn run(step: Step, mut args: Args, ctx: &Ctx) -> Result<()> {
    args.complete()?;
    let mut rows: Vec<Stepped> = Vec::with_capacity(args.out_product_ids.len());
    if ctx.global.dry_run {
        rows.extend(
            args.out_product_ids
                .into_iter()
                .map(|out_product_id| Stepped {
                    out_product_id,
                    result: "planned",
                    errcode: None,
                    reason: None,
                }),
        );
        return ctx.out.list(&rows);
    }
    let shop = ctx.shop().await?;
    let count = args.out_product_ids.len();
    let destructive = match step {
        Step::Remove => Some(text!(
            "permanently delete {count} {count:product|products} ({names}; {count:its number|their numbers} cannot be used again)",
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
    ctx.out.check_columns::<Stepped>()?;
    ctx.before_write(destructive).await?;
    let shop_key = ctx.profile()?.shop_key();
    let mut tally = Tally::default();
    for out_product_id in args.out_product_ids {
        let result = match step {
            Step::OnSale => shop.list_goods(&out_product_id).await,
            Step::OffSale => shop.delist_goods(&out_product_id).await,
            Step::Remove => shop.remove_goods(&out_product_id).await,
            Step::WithdrawAudit => shop.withdraw_audit(&out_product_id).await,
        };
        let mut row = Stepped {
            out_product_id,
            result: step.done(),
            errcode: None,
            reason: None,
        };
        match result {
            Ok(()) => {
                tally.done();
                // What an upload knew of it no longer holds.
                let state = ctx.state()?;
                match step {
                    Step::Remove => state.remove_item(&shop_key, "goods", &row.out_product_id)?,
                    Step::WithdrawAudit => {
                        state.reopen_item(&shop_key, "goods", &row.out_product_id)?;
                    }
                    Step::OnSale | Step::OffSale => {}
                }
            }
            Err(error) => row = tally.failed(row.out_product_id, error),
        }
        rows.push(row);
        if tally.has_ended() {
            break;
        }
    }
    ctx.out.list(&rows)?;
    let refused = text!(
        "{failed} of {count} {count:product|products} failed",
        failed = 1,
        count = 1
    );
    tally.end(&rows, count, refused)
}
