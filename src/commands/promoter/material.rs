//! What brings people in: invitations to a role, and share material that credits one person. Pictures go to files.

use super::Ctx;
use crate::commands::ask::check;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::empty;
use crate::shop::pass_through::promoter::{INVITE, SHARE};
use crate::shop::pass_through::promoter::{LINK, PAGE, POSTER, QRCODE};
use crate::text;
use crate::types::span::DAY;
use crate::types::{now, rfc3339};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{ValueEnum, ValueHint};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The platform's own Mini Program in which people agree.
const PLATFORM: &str = "wx97537671f13cd770";
/// Share material works for so long.
const GOOD_FOR: i64 = 30 * DAY;

/// Staff: make an invitation to a role, as a link, an image, or a path for your own Mini Program
///
/// One invitation works for everybody with that role, but binds only people who were already declared with `wxsell
/// promoter add --openid`. How long it works is not documented.
#[derive(Debug, clap::Args)]
pub struct InviteArgs {
    /// The role, by name or number
    #[arg(long)]
    role: String,
    /// What to make
    #[arg(long = "as", value_enum, default_value_t)]
    form: InviteForm,
    /// File for the image
    #[arg(long = "output", alias = "save", value_name = "FILE", value_hint = ValueHint::FilePath)]
    save: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum InviteForm {
    /// Short link, to be sent in a chat
    #[default]
    Link,
    /// Image with words and code
    Poster,
    /// Mini Program code only
    Code,
    /// Path for wx.openEmbeddedMiniProgram in your own Mini Program; offline
    Path,
}

/// Staff: make share material of one person for one page
///
/// Visits and payments that come through it are credited to the person, who has to be bound. It works for 30 days;
/// after that, make it again.
#[derive(Debug, clap::Args, Serialize)]
pub struct ShareArgs {
    /// Openid or unionid of the promoter
    openid: String,
    /// Page of the Mini Program, with its own parameters
    #[arg(long, value_name = "PATH")]
    page: String,
    /// What to make
    #[arg(long = "as", value_enum, default_value_t)]
    #[serde(skip)]
    form: ShareForm,
    /// Name of the page; 20 bytes at most
    #[arg(long)]
    title: Option<String>,
    /// Mark of this material, which comes back with visits and payments; 80 bytes at most
    #[arg(long)]
    mark: Option<String>,
    /// Version of the Mini Program that a short link opens
    #[arg(long, value_enum)]
    env: Option<Env>,
    /// File for the image
    #[arg(long = "output", alias = "save", value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[serde(skip)]
    save: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ShareForm {
    /// Short link
    #[default]
    Link,
    /// Path with the parameters that credit the person
    Path,
    /// Mini Program code
    Code,
    /// All three
    All,
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Env {
    Develop,
    Trial,
}

/// What was made.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Material {
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The Mini Program that the path is opened in, where that is not the merchant's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    appid: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    works_until: Option<String>,
}

fn word(value: Option<&str>) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Text(value.to_owned()))
}

impl Record for Material {
    const COLUMNS: &'static [Column<Material>] = &[
        Column::new("link", "LINK", |made| word(made.link.as_deref())),
        Column::new("path", "PATH", |made| word(made.path.as_deref())),
        Column::new("appid", "APPID", |made| word(made.appid)),
        Column::new("picture", "IMAGE", |made| word(made.picture.as_deref())),
        Column::new("works_until", "WORKS UNTIL", |made| {
            word(made.works_until.as_deref())
        }),
    ];
}

pub async fn invite(args: InviteArgs, ctx: &Ctx) -> Result<()> {
    let picture = matches!(args.form, InviteForm::Poster | InviteForm::Code);
    file_for(picture, args.save.as_deref())?;
    let role = ctx.shop().await?.promoter_role(&args.role).await?;
    if args.form == InviteForm::Path {
        let appid = &ctx.profile()?.appid;
        ctx.out.note(text!(
            "open it with wx.openEmbeddedMiniProgram; allow half-screen Mini Programs for it in the console first: Settings → Third-party settings, at most 10"
        ));
        return ctx.out.show(&Material {
            path: Some(format!(
                "/pages/bindPromoter/bindPromoter?appid={appid}&role={role}&openType=2"
            )),
            appid: Some(PLATFORM),
            ..Material::default()
        });
    }
    let kind = match args.form {
        InviteForm::Poster => 0,
        InviteForm::Code => 1,
        InviteForm::Link | InviteForm::Path => 2,
    };
    let body = INVITE.laid(&Invitation { role, form: kind }, empty())?;
    check(&INVITE, &body, &[])?;
    ctx.out.check_columns::<Material>()?;
    let reply = ctx.send(&INVITE, &body).await?.unwrap_or_default();
    let picture = if kind == 0 { POSTER } else { QRCODE };
    let picture = saved(picture.at(&reply), args.save.as_deref())?;
    ctx.out.note(text!(
        "it binds only people who were already declared with this role: wxsell promoter add --openid"
    ));
    ctx.out.show(&Material {
        link: LINK.some_text(&reply),
        picture,
        ..Material::default()
    })
}

#[derive(Serialize)]
struct Invitation {
    role: i64,
    form: i64,
}

#[derive(Serialize)]
struct Form {
    form: i64,
}

pub async fn share(args: ShareArgs, ctx: &Ctx) -> Result<()> {
    let picture = matches!(args.form, ShareForm::Code | ShareForm::All);
    file_for(picture, args.save.as_deref())?;
    if args.env.is_some() && args.form != ShareForm::Link {
        return Err(Failure::input(text!("--env applies only to short links"))
            .hint(text!("remove --env, or use --as link"))
            .into());
    }
    let form = match args.form {
        ShareForm::All => 0,
        ShareForm::Link => 1,
        ShareForm::Path => 2,
        ShareForm::Code => 3,
    };
    let body = SHARE.laid(&Form { form }, SHARE.laid(&args, empty())?)?;
    check(&SHARE, &body, &[])?;
    ctx.out.check_columns::<Material>()?;
    let reply = ctx.send(&SHARE, &body).await?.unwrap_or_default();
    let picture = saved(QRCODE.at(&reply), args.save.as_deref())?;
    ctx.out.show(&Material {
        link: LINK.some_text(&reply),
        path: PAGE.some_text(&reply),
        appid: None,
        picture,
        works_until: Some(rfc3339(now() + GOOD_FOR)),
    })
}

/// A picture needs a file, and a file a picture.
fn file_for(picture: bool, file: Option<&Path>) -> Result<()> {
    match (picture, file) {
        (true, None) => Err(Failure::input(text!("an image needs a file"))
            .hint(text!("give one with --output, e.g. --output code.png"))
            .into()),
        (false, Some(_)) => Err(Failure::input(text!("there is no image to save"))
            .hint(text!("remove --output, or use --as code"))
            .into()),
        _ => Ok(()),
    }
}

/// Writes a picture that came as Base64; its file's name. Nothing where none came.
fn saved(base64: &Value, file: Option<&Path>) -> Result<Option<String>> {
    let (Some(base64), Some(file)) = (base64.as_str(), file) else {
        return Ok(None);
    };
    let shown = file.display().to_string();
    // Some answers name the type ahead of the data.
    let data = base64
        .split_once("base64,")
        .map_or(base64, |(_, data)| data);
    let cannot =
        |why: String| Failure::input(text!("cannot write {file}: {why}", file = &shown, why));
    let bytes = STANDARD
        .decode(data.trim())
        .map_err(|error| cannot(error.to_string()))?;
    std::fs::write(file, bytes).map_err(|error| cannot(error.to_string()))?;
    Ok(Some(shown))
}
