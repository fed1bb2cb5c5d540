//! `wxsell goods on-sale`, `off-sale`, `remove`, `withdraw-audit`: one step for one or many products.

use crate::bulk::sheet::Sheet;
use crate::commands::Ctx;
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::goods::sheet::fields::Field;
pub use crate::shop::goods::steps::{Step, Stepped, Version};
use crate::shop::lacks;
use crate::shop::store::sheet::names_products;
use crate::text;
use anyhow::Result;
use clap::ValueHint;
use std::path::{Path, PathBuf};

/// Products to work on
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Your own product numbers, or `-` for a list on standard input, one a line
    #[arg(required_unless_present = "from")]
    pub(super) out_product_ids: Vec<String>,
    /// Read the numbers from a table, such as one that `goods export` or `goods list` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "out_product_ids")]
    from: Option<PathBuf>,
}

/// Products to put on sale
#[derive(Debug, clap::Args)]
pub struct OnSaleArgs {
    #[command(flatten)]
    pub(super) products: Args,
    /// Which version wins where a store's draft and what buyers see differ in price, code or SKUs
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(super) on_conflict: Option<Version>,
}

impl Record for Stepped {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("out_product_id", "PRODUCT", |s| {
            Cell::Id(s.out_product_id.clone())
        }),
        Column::new("result", "RESULT", |s| {
            Cell::Word(match s.result {
                "on_sale" => text!("on sale"),
                "submitted" => text!("submitted for audit"),
                "off_sale" => text!("off sale"),
                "removed" => text!("removed"),
                "withdrawn" => text!("withdrawn from audit"),
                "planned" => text!("planned"),
                "held" => text!("held back"),
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

impl Args {
    /// Puts the numbers of a table or of standard input in their place; a product named twice is one product.
    pub(super) fn complete(&mut self, ctx: &Ctx) -> Result<()> {
        if let Some(path) = self.from.take() {
            self.out_product_ids = of_table(&path, ctx)?;
        }
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
        if self.out_product_ids.is_empty() {
            Err(Failure::input(text!("standard input contains no product numbers")).into())
        } else {
            Ok(())
        }
    }
}

/// The numbers of the products in a table.
fn of_table(path: &Path, ctx: &Ctx) -> Result<Vec<String>> {
    let is_number = |heading: &str| {
        Field::of_heading(heading) == Some(Field::OutProductId) || names_products(heading)
    };
    let named = || text!("the product number");
    let sheet = Sheet::read(path, &ctx.dirs.state, named(), &is_number)?;
    for notice in &sheet.notices {
        ctx.out.note(notice.clone());
    }
    let place = sheet.headings.iter().position(|heading| is_number(heading));
    let Some(column) = place else {
        return Err(Failure::input(text!(
            "{file} has no column for {column}",
            file = sheet.name(),
            column = named()
        ))
        .hint(text!("`wxsell goods export` writes such a table"))
        .into());
    };
    let (mut numbers, mut problems) = (Vec::new(), Vec::new());
    for row in &sheet.rows {
        let problem = match row.number(column) {
            Ok(number) if !number.is_empty() => {
                numbers.push(number.into_owned());
                continue;
            }
            Ok(_) => text!("{column} is missing", column = named()),
            Err(refusal) => text!(
                "{problem} ({hint})",
                problem = refusal.message,
                hint = refusal.hint
            ),
        };
        problems.push(text!(
            "{place}: {problem}",
            place = sheet.place(row, column),
            problem
        ));
    }
    if problems.is_empty() {
        return Ok(numbers);
    }
    let count = problems.len();
    let mut failure = Failure::input(text!(
        "{count} {count:problem|problems}; nothing was sent",
        count
    ));
    failure.also = problems;
    Err(failure.into())
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

pub async fn put_on_sale(args: OnSaleArgs, ctx: &Ctx) -> Result<()> {
    if args.on_conflict.is_some() {
        return Err(lacks(Text::verbatim("--on-conflict")).into());
    }
    run(Step::OnSale, args.products, ctx).await
}

pub async fn run(step: Step, mut args: Args, ctx: &Ctx) -> Result<()> {
    args.complete(ctx)?;
    if ctx.global.dry_run {
        let mut rows: Vec<Stepped> = Vec::new();
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
    let done = ctx
        .shop()
        .await?
        .step_goods(step, &args.out_product_ids, None)
        .await?;
    ctx.out.list(&done.rows)?;
    let refused = text!(
        "{failed} of {count} {count:product|products} failed",
        failed = 1,
        count = 1
    );
    done.end(count, refused)
}
