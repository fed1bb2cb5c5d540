//! `wxsell goods export` and `template` for a WeChat Store.

use super::super::export::{ExportArgs, Exported, tell};
use super::super::list::{broke_off, reading};
use super::super::template::{TemplateArgs, Written};
use super::cache;
use crate::commands::Ctx;
use crate::commands::whole_file::{ending, refuse_existing, write};
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::lacks;
use crate::shop::store::writer::{Export, SheetKind, Template};
use crate::text;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The kind of file that an ending names.
fn kind_of(path: &Path) -> Result<SheetKind> {
    match ending(path).as_deref() {
        Some("xlsx") => Ok(SheetKind::Xlsx),
        Some("csv") => Ok(SheetKind::Csv),
        _ => Err(Failure::input(text!(
            "can't tell the file type of {file} from its extension",
            file = path.display().to_string()
        ))
        .hint(text!("use the extension .xlsx or .csv"))
        .into()),
    }
}

pub async fn export(args: ExportArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Exported>()?;
    let kind = kind_of(&args.output)?;
    refuse_existing(&args.output, args.force)?;
    let other = [
        (args.which.created_since.is_some(), "--created-since"),
        (args.which.updated_since.is_some(), "--updated-since"),
        (args.which.online, "--online"),
    ];
    if let Some((_, option)) = other.iter().find(|(given, _)| *given) {
        return Err(lacks(Text::verbatim(*option)).into());
    }
    let shop = ctx.shop().await?;
    let facts = shop
        .store_facts(&std::collections::HashSet::new(), &cache(ctx)?)
        .await?;
    let status = args.which.status.map(super::super::list::Status::code);
    let most = args.which.limit.unwrap_or(usize::MAX);
    // Each product has to be read before it is known whether its audit fits.
    let enough = args.which.audit.is_none().then_some(most);
    let ids = shop
        .store_product_ids(status, enough.unwrap_or(usize::MAX))
        .await?;
    let progress = ctx.out.progress(ids.len() as u64, text!("goods"));
    let reading = reading(&args.which, ctx)?;
    let products = shop
        .store_products(ids, &reading, || progress.inc())
        .await
        .inspect_err(|_| broke_off(&reading, ctx))?;
    drop(progress);
    reading.end();
    let replies: Vec<_> = products
        .into_iter()
        .filter(|reply| {
            let audit = args.which.audit;
            audit.is_none_or(|audit| super::list::fits(audit, reply.edit_status()))
        })
        .take(most)
        .collect();
    let (products, in_doubt) = ctx.shop().await?.for_sheet(replies)?;
    if !in_doubt.is_empty() {
        ctx.out.warn(text!(
            "draft and online version of {products} differ in what needs no audit; the file has what buyers see",
            products = in_doubt.join(", ")
        ));
    }
    let export = Export::new(&products, &facts, ctx.out.lang);
    write(&args.output, args.force, |out| {
        export.write(out, kind, ctx.out.lang)
    })?;
    let exported = Exported {
        file: args.output.display().to_string(),
        products: export.products,
        skus: export.skus,
    };
    tell(&exported, ctx)
}

pub async fn template(args: TemplateArgs, ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<Written>()?;
    let Some(category) = &args.category else {
        return Err(Failure::input(text!("no category is given"))
            .hint(text!(
                "a sheet for a WeChat Store is made for one category, e.g. --category 绿茶"
            ))
            .into());
    };
    if args.all_columns {
        return Err(lacks(Text::verbatim("--all-columns")).into());
    }
    let path = args.output.clone().unwrap_or_else(|| {
        PathBuf::from(match ctx.out.file_ending() {
            Some("csv") => "goods.csv",
            _ => "goods.xlsx",
        })
    });
    let kind = kind_of(&path)?;
    refuse_existing(&path, args.force)?;
    let shop = ctx.shop().await?;
    let (of, rule, facts) = shop.category_for_template(category, &cache(ctx)?).await?;
    if !facts.may_sell(&of) {
        ctx.out.warn(text!(
            "the store may not sell in {category} now; `wxsell category show {leaf}` says why",
            category = of.path(),
            leaf = of.leaf()
        ));
    }
    let template = Template::new(&of, &rule, &facts, ctx.out.lang);
    write(&path, args.force, |out| {
        template.write(out, kind, ctx.out.lang)
    })?;
    let written = Written {
        file: path.display().to_string(),
    };
    written.tell(None, ctx)
}
