//! The questions of `wxsell merchant apply` for a WeChat Store: step by step what calls can do, in the words of the file
//! that does the same without a terminal.

use crate::api::store::merchant::DispatchTime;
use crate::cli::values::{last_moment, moment};
use crate::commands::Ctx;
use crate::lang::Text;
use crate::shop::store::CategoryPath;
use crate::shop::store::opening::check_paper;
use crate::shop::store::opening::form::{
    self, BrandPapers, Charge, Grant, License, NewAddress, NewTemplate, Place, Rates, Term,
    Trademark,
};
use crate::shop::store::opening::plan::{Category, Fields, Opening, Stands, leaf};
use crate::text;
use crate::types::Fen;
use anyhow::Result;
use std::path::Path;

/// What gives an answer without a terminal.
const FILE: &str = "--file";

/// Walks through the steps; each can be left out, and done more than once.
pub(super) fn opening(stands: &Stands, tree: &[CategoryPath], ctx: &Ctx) -> Result<Opening> {
    let mut opening = Opening::default();
    let has = |count: usize| text!("the store has {count}", count);
    while wants(
        text!("categories that may be sold in"),
        has(stands.categories),
        text!("apply for a category"),
        opening.category.len(),
        ctx,
    )? {
        opening.category.push(category(tree, ctx)?);
    }
    while wants(
        text!("brands"),
        has(stands.brands),
        text!("apply for a brand"),
        opening.brand.len(),
        ctx,
    )? {
        opening.brand.push(brand(None, ctx)?);
    }
    let addresses = if stands.has_return {
        has(stands.addresses)
    } else {
        text!("no default return address")
    };
    while wants(
        text!("addresses"),
        addresses.clone(),
        text!("add an address"),
        opening.address.len(),
        ctx,
    )? {
        let is_first = !stands.has_return && opening.address.is_empty();
        opening.address.push(address(is_first, ctx)?);
    }
    while wants(
        text!("freight templates"),
        has(stands.templates),
        text!("add a freight template"),
        opening.freight.len(),
        ctx,
    )? {
        opening.freight.push(freight(ctx)?);
    }
    Ok(opening)
}

/// Whether one more of a step is wanted.
fn wants(step: Text, stands: Text, act: Text, given: usize, ctx: &Ctx) -> Result<bool> {
    let go_on = match given {
        0 => text!("continue without"),
        _ => text!("continue"),
    };
    let question = text!("{step}: {stands}", step, stands);
    Ok(one_of(question, [go_on, act], ctx)? == 1)
}

fn one_of<const N: usize>(question: Text, choices: [Text; N], ctx: &Ctx) -> Result<usize> {
    let words = choices.map(|choice| choice.render(ctx.out.lang));
    ctx.out.select(question, &words, FILE)
}

/// A line that is not empty.
fn line(question: Text, ctx: &Ctx) -> Result<String> {
    ctx.out.input(question, None, FILE)
}

/// Asks until what was typed is right.
fn until<T>(question: &Text, ctx: &Ctx, read: impl Fn(&str) -> Result<T, Text>) -> Result<T> {
    loop {
        match read(line(question.clone(), ctx)?.trim()) {
            Ok(value) => return Ok(value),
            Err(wrong) => ctx.out.warn(wrong),
        }
    }
}

fn digits(question: Text, ctx: &Ctx) -> Result<String> {
    until(&question, ctx, |typed| {
        if !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(typed.to_owned())
        } else {
            Err(text!("type a number"))
        }
    })
}

fn paper(question: Text, ctx: &Ctx) -> Result<String> {
    until(&question, ctx, |typed| {
        check_paper(Path::new(typed)).map_err(|failure| failure.message)?;
        Ok(typed.to_owned())
    })
}

fn category(tree: &[CategoryPath], ctx: &Ctx) -> Result<Category> {
    let question = text!("category: number, name or path");
    let path = until(&question, ctx, |typed| {
        let found = leaf(tree, typed).map(CategoryPath::path);
        found.ok_or_else(|| text!("there is no category \"{category}\"", category = typed))
    })?;
    Ok(Category {
        category: path.into(),
        fields: licenses(ctx)?,
    })
}

/// The licenses of an application for a category.
pub(super) fn licenses(ctx: &Ctx) -> Result<Fields> {
    let mut groups = Vec::new();
    loop {
        let group = digits(
            text!("number of the license group, as the console names it for the category"),
            ctx,
        )?;
        let license = digits(text!("number of the license in that group"), ctx)?;
        let mut files = vec![paper(text!("file of the license (jpg, png or pdf)"), ctx)?];
        while more(text!("another page of the license"), ctx)? {
            files.push(paper(text!("file of the license (jpg, png or pdf)"), ctx)?);
        }
        let number = line(text!("number on the license"), ctx)?;
        groups.push(License {
            group,
            license,
            files,
            number,
        });
        if !more(text!("a license of another group"), ctx)? {
            return Ok(form::licenses(&groups));
        }
    }
}

fn more(what: Text, ctx: &Ctx) -> Result<bool> {
    Ok(one_of(what, [text!("no"), text!("yes")], ctx)? == 1)
}

/// An application for a brand.
pub(super) fn brand(name: Option<String>, ctx: &Ctx) -> Result<Fields> {
    let brand = digits(
        text!("number of the brand in WeChat's library; `wxsell brand search WORD` finds it"),
        ctx,
    )?;
    let name = match name {
        Some(name) => name,
        None => line(text!("Chinese name of the brand"), ctx)?,
    };
    let is_pending = one_of(
        text!("trademark"),
        [text!("registered (R)"), text!("applied for (TM)")],
        ctx,
    )? == 1;
    let class = until(
        &text!("Nice class of the trademark, 1 to 45"),
        ctx,
        |typed| match typed.parse() {
            Ok(1u8..=45) => Ok(typed.to_owned()),
            _ => Err(text!("type a number from 1 to {count}", count = 45)),
        },
    )?;
    let is_licensed = one_of(
        text!("right to the brand"),
        [text!("own brand"), text!("licensed by its owner")],
        ctx,
    )? == 1;
    let trademark = if is_pending {
        Trademark::Pending {
            number: line(text!("number of the trademark application"), ctx)?,
            accepted_at: day(text!("day of its acceptance, e.g. 2026-04-01"), ctx)?,
            receipt: paper(
                text!("file of the receipt of the application (jpg, png or pdf)"),
                ctx,
            )?,
        }
    } else {
        Trademark::Registered {
            owner: line(text!("owner of the trademark"), ctx)?,
            number: line(text!("number of the registration"), ctx)?,
            term: term(ctx)?,
            certificate: paper(
                text!("file of the trademark certificate (jpg, png or pdf)"),
                ctx,
            )?,
        }
    };
    let grant = if is_licensed {
        Some(Grant {
            term: term(ctx)?,
            authorization: paper(text!("file of the authorization (jpg, png or pdf)"), ctx)?,
        })
    } else {
        None
    };
    let papers = BrandPapers {
        brand,
        name,
        class,
        trademark,
        grant,
    };
    Ok(papers.fields())
}

/// How long a document is valid.
fn term(ctx: &Ctx) -> Result<Option<Term>> {
    let has_end = one_of(
        text!("how long it is valid"),
        [text!("until a day"), text!("without an end")],
        ctx,
    )? == 0;
    if !has_end {
        return Ok(None);
    }
    let start = day(text!("first day, e.g. 2026-04-01"), ctx)?;
    let question = text!("last day, e.g. 2036-03-31");
    let end = until(&question, ctx, |typed| {
        last_moment(typed).map_err(|_| text!("type a day such as 2026-04-01"))
    })?;
    Ok(Some(Term { start, end }))
}

/// A day as unix seconds of its beginning.
fn day(question: Text, ctx: &Ctx) -> Result<i64> {
    until(&question, ctx, |typed| {
        moment(typed).map_err(|_| text!("type a day such as 2026-04-01"))
    })
}

fn address(is_first: bool, ctx: &Ctx) -> Result<Fields> {
    let name = line(text!("name of the address, for your own use"), ctx)?;
    let person = line(text!("person who sends and receives"), ctx)?;
    let phone = until(&text!("telephone number"), ctx, |typed| {
        let is_phone = typed.len() >= 7 && typed.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if is_phone {
            Ok(typed.to_owned())
        } else {
            Err(text!("type a telephone number, digits only"))
        }
    })?;
    let place = place(ctx)?;
    let street = line(text!("street and number"), ctx)?;
    let is_default = is_first
        || one_of(
            text!("default address for returns"),
            [text!("no"), text!("yes")],
            ctx,
        )? == 1;
    let address = NewAddress {
        name,
        person,
        phone,
        place,
        street,
        is_default,
    };
    Ok(address.fields())
}

fn place(ctx: &Ctx) -> Result<Place> {
    Ok([
        line(text!("province, e.g. 广东省"), ctx)?,
        line(
            text!("city, e.g. 广州市; for Beijing, Shanghai, Tianjin and Chongqing the district"),
            ctx,
        )?,
        line(text!("district, e.g. 天河区"), ctx)?,
    ])
}

fn freight(ctx: &Ctx) -> Result<Fields> {
    let name = line(text!("name of the template"), ctx)?;
    let place = place(ctx)?;
    let ships = one_of(
        text!("parcels leave"),
        [
            text!("the same day"),
            text!("within 24 hours"),
            text!("within 48 hours"),
        ],
        ctx,
    )?;
    let dispatch = match ships {
        0 => DispatchTime::Today,
        1 => DispatchTime::Within24Hours,
        _ => DispatchTime::Within48Hours,
    };
    let method = one_of(
        text!("buyers pay for shipping"),
        [text!("nothing"), text!("by the piece"), text!("by weight")],
        ctx,
    )?;
    let charge = match method {
        0 => Charge::Nothing,
        1 => Charge::ByPiece(rates(ctx)?),
        _ => Charge::ByWeight(rates(ctx)?),
    };
    let template = NewTemplate {
        name,
        place,
        dispatch,
        charge,
    };
    Ok(template.fields())
}

fn rates(ctx: &Ctx) -> Result<Rates> {
    Ok(Rates {
        first: count(text!("pieces or kilograms in the first part"), ctx)?,
        first_price: money(text!("yuan for the first part"), ctx)?,
        further: count(text!("pieces or kilograms in each additional part"), ctx)?,
        further_price: money(text!("yuan for each additional part"), ctx)?,
    })
}

fn count(question: Text, ctx: &Ctx) -> Result<u32> {
    until(&question, ctx, |typed| {
        let number = typed.parse().ok().filter(|number| *number > 0);
        number.ok_or_else(|| text!("type a number"))
    })
}

fn money(question: Text, ctx: &Ctx) -> Result<Fen> {
    until(&question, ctx, |typed| {
        Fen::from_yuan(typed).map_err(|failure| failure.message)
    })
}
