//! Channels promoters: listed by call, added and removed in the admin console alone. Adding checks what can be checked,
//! says where and by what rules, and waits for the newcomer.

use super::Ctx;
use crate::commands::ask::Rows;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::promoter::{CHANNELS_LIST, NUMBER};
use crate::shop::promoter::channels::Newcomer;
use crate::text;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

pub async fn list(rows: Rows, ctx: &Ctx) -> Result<()> {
    ctx.out.note(text!(
        "Channels promoters (视频号推广员); the Mini Program's promotion staff: wxsell promoter list --staff"
    ));
    ctx.ask_rows(&CHANNELS_LIST, &(), rows).await
}

/// What can be known of a promoter-to-be.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Guide {
    wechat: String,
    /// `null` where it could not be found out.
    component_joined: Option<bool>,
    scene_access: Option<bool>,
    console_path: Text,
    /// The promoter, once the list has it.
    promoter: Value,
}

fn answered(known: Option<bool>) -> Cell {
    Cell::Word(match known {
        Some(true) => text!("yes"),
        Some(false) => text!("no"),
        None => text!("unknown"),
    })
}

impl Record for Guide {
    const COLUMNS: &'static [Column<Guide>] = &[
        Column::new("wechat", "WECHAT NUMBER", |guide| {
            Cell::Text(guide.wechat.clone())
        }),
        Column::new("component_joined", "COMPONENT JOINED", |guide| {
            answered(guide.component_joined)
        }),
        Column::new("scene_access", "CHANNELS SCENE OPEN", |guide| {
            answered(guide.scene_access)
        }),
        Column::new("console_path", "WHERE", |guide| {
            Cell::Word(guide.console_path.clone())
        }),
        Column::new("promoter", "PROMOTER", |guide| {
            match NUMBER.some_text(&guide.promoter) {
                Some(id) => Cell::Text(id),
                None => Cell::Word(text!("not there yet")),
            }
        }),
    ];
}

/// Guides through adding a Channels promoter; no call does it.
pub async fn add(newcomer: Newcomer, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing is changed by this command; it only reads"));
    }
    let shop = ctx.shop().await?;
    let (component_joined, scene_access) = shop.promoter_conditions().await?;
    let mut guide = Guide {
        console_path: text!(
            "Mini Program console (mp.weixin.qq.com) → Transaction component → Scene access → Channels promotion/sharing → search the WeChat number {number} → tick it → confirm",
            number = &newcomer.wechat
        ),
        wechat: newcomer.wechat.clone(),
        component_joined,
        scene_access,
        promoter: Value::Null,
    };
    if component_joined == Some(false) || scene_access == Some(false) {
        ctx.out.show(&guide)?;
        return Err(unmet(&guide).into());
    }
    rules(&guide, ctx);
    guide.promoter = shop.new_promoter(&newcomer).await?.unwrap_or_default();
    ctx.out.show(&guide)?;
    if newcomer.wait.is_some() && guide.promoter.is_null() {
        let most = newcomer.wait.unwrap_or_default().as_secs();
        return Err(Failure::limited(text!(
            "the promoter has not appeared within {seconds} seconds",
            seconds = most
        ))
        .hint(text!(
            "the person has to accept the invitation, which can expire; invite again in the console, or wait longer with --wait 2h"
        ))
        .into());
    }
    Ok(())
}

fn unmet(guide: &Guide) -> Failure {
    let missing = if guide.component_joined == Some(false) {
        text!("the Mini Program has not joined the component, so it cannot have Channels promoters")
    } else {
        text!("the Channels scene is not open, so the console does not offer promoters yet")
    };
    Failure::new(Kind::Refused, missing)
        .hint(text!("`wxsell status` shows the steps that are open"))
}

/// What an operator has to know before going to the console.
fn rules(guide: &Guide, ctx: &Ctx) {
    ctx.out.note(text!(
        "no call adds a Channels promoter; it is done here: {path}",
        path = guide.console_path.clone()
    ));
    for rule in [
        text!("the person gets an invitation and has to accept it; it can expire"),
        text!("a person can change the bound Mini Program once in six months"),
        text!(
            "the Channels account and the Mini Program may have to belong to the same legal entity (reported by merchants)"
        ),
        text!("some Mini Programs of platforms cannot have promoters"),
        text!(
            "promotion staff (`promoter add --openid`) are not Channels promoters and do not help here"
        ),
    ] {
        ctx.out.note(text!("- {rule}", rule));
    }
}

/// There is no call either way.
pub fn remove(wechat: &str) -> Failure {
    Failure::input(text!(
        "no call removes a Channels promoter; {number} can only be removed in the console",
        number = wechat
    ))
    .hint(text!(
        "Mini Program console (mp.weixin.qq.com) → Transaction component → Scene access → Channels promotion/sharing → the promoter → remove"
    ))
}
