//! `wxsell merchant apply`: the application for a merchant number, from a form on the terminal or from a file.

use crate::api::json::put;
use crate::commands::Ctx;
use crate::commands::ask::Data;
use crate::fail::Failure;
use crate::shop::image::{self, Returned};
use crate::shop::merchant::component::check::{Problem, asked_again, notices, problems, wrong};
use crate::shop::merchant::component::fields::{
    self, ACCOUNT, ACCOUNT_KIND, FIELDS, Field, Fixed, Of, When, at, on_disk,
};
use crate::shop::merchant::component::template;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::merchant::{APPLY, INFO};
use crate::text;
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Apply for a merchant number
///
/// On a terminal a form asks for everything; elsewhere, or again after a rejection, take a file: `--template` prints
/// one to fill in. Everything is checked before anything is sent, and all mistakes are named at once. Images are
/// uploaded first, each once. What WeChat takes from the Mini Program (license number, merchant name, super
/// administrator) is shown and cannot be sent.
///
/// A WeChat Store is opened in its console. What calls can do is asked for step by step, or submitted from such a file:
/// categories with documents, brands, addresses and freight templates. What exists already is left alone, so that the same
/// file can be submitted again until all of it exists. Without a terminal and without a file the progress is shown.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub(super) data: Data,
    /// Print a TOML file to fill in
    #[arg(long, conflicts_with = "file")]
    pub(super) template: bool,
    /// Save the answers of the form to this file, to submit them again later
    #[arg(long, value_name = "PATH", conflicts_with_all = ["file", "template"], value_hint = clap::ValueHint::FilePath)]
    pub(super) save: Option<PathBuf>,
}

/// Shows what the platform takes from the Mini Program.
pub async fn fixed(ctx: &Ctx) -> Result<()> {
    let reply = ctx.send(&INFO, &empty()).await?.unwrap_or_default();
    ctx.show_reply(&INFO, reply)
}

pub async fn apply(args: ApplyArgs, ctx: &Ctx) -> Result<()> {
    if args.template {
        return ctx.out.raw(template::template(ctx.out.lang).as_bytes());
    }
    let (body, folder) = match &args.data.file {
        Some(path) => {
            let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
            (fields::normalise(&args.data.read()?), folder)
        }
        None if ctx.out.interactive => (form(&args, ctx)?, PathBuf::new()),
        None => {
            return Err(Failure::input(text!("no application is given"))
                .hint(text!(
                    "`wxsell merchant apply --template > application.toml` writes a file to fill in; give it with --file"
                ))
                .into());
        }
    };
    let found = look(&body, &folder);
    if !found.is_empty() {
        return Err(Failure::input(text!(
            "the application is incomplete or invalid; nothing was sent"
        ))
        .also(found.into_iter().map(|(_, words)| words).collect())
        .hint(text!(
            "`wxsell merchant apply --template` explains every value"
        ))
        .into());
    }
    notices(&body)
        .into_iter()
        .for_each(|words| ctx.out.note(words));
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the request would be:"));
        let mut shown = body;
        if !ctx.global.unmask {
            let (book, operation) = APPLY.operation();
            if let Some(request) = &operation.request {
                book.mask(request, &mut shown);
            }
        }
        return ctx.out.value(&shown);
    }
    hand_in(body, &folder, ctx).await
}

fn look(body: &Value, folder: &Path) -> Vec<Problem> {
    let (book, operation) = APPLY.operation();
    match &operation.request {
        Some(node) => problems(book, node, body, folder),
        None => Vec::new(),
    }
}

async fn hand_in(mut body: Value, folder: &Path, ctx: &Ctx) -> Result<()> {
    warn_of_fixed(&body, ctx).await?;
    ctx.before_write(APPLY.confirm.map(|question| question()))
        .await?;
    upload(&mut body, folder, ctx).await?;
    let reply = ctx.send_asked(&APPLY, &body).await?.unwrap_or_default();
    ctx.out.note(text!(
        "submitted; WeChat Pay checks the documents, and `wxsell merchant application` tells who has to do what next"
    ));
    ctx.show_reply(&APPLY, reply)
}

/// Says what the platform will use beside the application. A shop that cannot be asked is no reason to stop.
async fn warn_of_fixed(body: &Value, ctx: &Ctx) -> Result<()> {
    let reply = match ctx.send(&INFO, &empty()).await {
        Ok(reply) => reply.unwrap_or_default(),
        Err(error) => {
            let why = Failure::from_any(error).message;
            ctx.out.warn(text!(
                "what WeChat takes from the Mini Program cannot be shown: {why}",
                why
            ));
            return Ok(());
        }
    };
    let Some(fixed) = Fixed::read(&reply) else {
        return Ok(());
    };
    ctx.out.note(text!(
        "taken from the Mini Program and not to be changed here: {merchant}, license {license}; wrong data are corrected in its backend",
        merchant = &fixed.merchant,
        license = &fixed.license
    ));
    if fixed.contradicts(body) {
        ctx.out.warn(text!(
            "contact_type says that the super administrator is the legal representative, but the Mini Program's administrator has another name"
        ));
    }
    Ok(())
}

/// Uploads what lies on disk and puts its id in its place.
async fn upload(body: &mut Value, folder: &Path, ctx: &Ctx) -> Result<()> {
    for (place, name) in on_disk(body) {
        let picture = image::read(&folder.join(&name).to_string_lossy())?;
        let (known, _) = ctx
            .shop()
            .await?
            .upload_once(&name, picture, Returned::Pay, false)
            .await?;
        if let Some(id) = body.pointer_mut(&place) {
            *id = known.into();
        }
    }
    Ok(())
}

/// Asks for every value that is needed, and again for those that are wrong.
fn form(args: &ApplyArgs, ctx: &Ctx) -> Result<Value> {
    let mut body = Value::Object(Default::default());
    let optional = FIELDS.iter().filter(|field| field.when != When::Optional);
    for field in optional {
        if field.path == ACCOUNT_KIND && wants_account(ctx)? {
            put(&mut body, ACCOUNT, empty());
            // The identity card was asked before: the newer agreement wants more of it.
            for more in FIELDS {
                if matches!(more.when, When::AccountAndCard | When::AccountAndHandler)
                    && more.is_needed(&body)
                {
                    ask(more, &mut body, ctx)?;
                }
            }
        }
        if field.is_needed(&body) && at(&body, field.path).is_null() {
            ask(field, &mut body, ctx)?;
        }
    }
    loop {
        let found = look(&body, Path::new(""));
        if let Some(path) = &args.save {
            save(&body, path)?;
        }
        let again = asked_again(&found);
        if again.is_empty() {
            return Ok(body);
        }
        for (_, words) in &found {
            ctx.out.warn(words.clone());
        }
        for field in again {
            ask(field, &mut body, ctx)?;
        }
    }
}

fn wants_account(ctx: &Ctx) -> Result<bool> {
    let choices = [
        text!("yes: the newer agreement").render(ctx.out.lang),
        text!("no: the older agreement").render(ctx.out.lang),
    ];
    let question = text!("submit a settlement account");
    Ok(ctx.out.select(question, &choices, "--file")? == 0)
}

/// Asks for one value until it is right for itself.
fn ask(field: &Field, body: &mut Value, ctx: &Ctx) -> Result<()> {
    loop {
        let written = match field.of {
            Of::Choice(choices) => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(.., words)| words().render(ctx.out.lang))
                    .collect();
                let chosen = ctx.out.select((field.about)(), &words, "--file")?;
                choices[chosen].0.to_owned()
            }
            _ => ctx.out.input((field.about)(), None, "--file")?,
        };
        let value = fields::sent(&field.of, &Value::String(written));
        if value.is_null() {
            continue;
        }
        match wrong(field, &value, Path::new("")) {
            Some(words) => ctx.out.warn(words),
            None => {
                put(body, field.path, value);
                return Ok(());
            }
        }
    }
}

/// Writes the answers where only their owner can read them.
pub(super) fn save(body: &Value, path: &Path) -> Result<()> {
    let cannot = |error: std::io::Error| {
        Failure::input(text!(
            "cannot write {path}: {error}",
            path = path.display().to_string(),
            error = error.to_string()
        ))
    };
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(cannot)?;
    let text = serde_json::to_string_pretty(body)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    Ok(())
}
