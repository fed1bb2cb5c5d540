//! `wxsell merchant apply`: the application for a merchant number, from a form on the terminal or from a file.

use crate::api::json::put;
use crate::commands::Ctx;
use crate::commands::ask::Data;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::image::{self, Returned};
use crate::shop::merchant::component::check::{Problem, asked_again, notices, problems, wrong};
use crate::shop::merchant::component::fields::{
    self, ACCOUNT, FIELDS, Field, Fixed, Of, at, heading, on_disk,
};
use crate::shop::merchant::component::names::Names;
use crate::shop::merchant::component::template;
use crate::shop::pass_through::empty;
use crate::shop::pass_through::merchant::{APPLY, INFO};
use crate::text;
use anyhow::Result;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Apply for a merchant number
///
/// On a terminal, a form asks for everything; elsewhere, or after a rejection, use a file: `--template` prints one to
/// fill in. Everything is checked before anything is sent, and all mistakes are listed together. Images are uploaded
/// first, each once. What WeChat takes from the Mini Program (license number, merchant name, super administrator) is
/// shown and cannot be sent.
///
/// A WeChat Store is opened in its console. Everything that calls can do is asked for step by step, or submitted from
/// such a file: categories with documents, brands, addresses and freight templates. What already exists is left alone,
/// so the same file can be submitted again until everything is in place. Without a terminal and without a file, the
/// progress is shown.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub(super) data: Data,
    /// Print a TOML file to fill in
    #[arg(long, conflicts_with = "file")]
    pub(super) template: bool,
    /// Save the answers of the form to this file; the component's form continues with them
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
    let (body, folder, names) = match &args.data.file {
        Some(path) => {
            let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
            let (written, text, is_toml) = args.data.read_with_text()?;
            let names = Names::of_file(&written, &text, is_toml);
            (fields::normalise(&written), folder, names)
        }
        None if ctx.out.interactive => (form(&args, ctx)?, PathBuf::new(), Names::default()),
        None => {
            return Err(Failure::input(text!("no application is given"))
                .hint(text!(
                    "`wxsell merchant apply --template > application.toml` writes a file to fill in; give it with --file"
                ))
                .into());
        }
    };
    let found = look(&body, &folder, &names);
    if !found.is_empty() {
        let file = args.data.file.as_ref().map_or_else(
            || text!("the application"),
            |path| Text::verbatim(path.display().to_string()),
        );
        return Err(Failure::input(text!(
            "{file} has {count} {count:problem|problems}; nothing was sent",
            file,
            count = found.len()
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

fn look(body: &Value, folder: &Path, names: &Names) -> Vec<Problem> {
    let (book, operation) = APPLY.operation();
    match &operation.request {
        Some(node) => problems(book, node, body, folder, names),
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
        "submitted; WeChat Pay checks the documents, and `wxsell merchant application` shows who has to do what next"
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
        "taken from the Mini Program and cannot be changed here: {merchant}, license {license}; correct wrong data in its console",
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

/// Asks for every value that is needed, and again for those that are wrong. What was saved before is not asked again.
fn form(args: &ApplyArgs, ctx: &Ctx) -> Result<Value> {
    let mut body = begun(args, ctx)?;
    ctx.out.note(text!(
        "nothing is sent until the end; {back} goes back one question",
        back = BACK
    ));
    if body[ACCOUNT].is_null() && wants_account(ctx)? {
        put(&mut body, ACCOUNT, empty());
    }
    let mut answered: Vec<&Field> = Vec::new();
    let mut section = None;
    loop {
        let needed = FIELDS.iter().filter(|field| field.is_needed(&body));
        let needed: Vec<&Field> = needed.collect();
        let missing = |field: &&Field| at(&body, field.path).is_null();
        let Some(place) = needed.iter().position(missing) else {
            break;
        };
        let field = needed[place];
        if section != Some(field.section()) {
            section = Some(field.section());
            if let Some(words) = heading(field.section()) {
                ctx.out.note(words);
            }
        }
        match ask(field, Some((place + 1, needed.len())), args, ctx)? {
            Some(value) => {
                put(&mut body, field.path, value);
                answered.push(field);
            }
            None => match answered.pop() {
                Some(before) => put(&mut body, before.path, Value::Null),
                None => continue,
            },
        }
        keep(&body, args)?;
    }
    loop {
        let found = look(&fields::normalise(&body), Path::new(""), &Names::default());
        keep(&body, args)?;
        let again = asked_again(&found);
        if again.is_empty() {
            return Ok(fields::normalise(&body));
        }
        for (_, words) in &found {
            ctx.out.warn(words.clone());
        }
        for field in again {
            if let Some(value) = ask(field, None, args, ctx)? {
                put(&mut body, field.path, value);
            }
        }
    }
}

/// Typed instead of an answer.
const BACK: &str = "<";

/// What an earlier form left in the file of `--save`.
fn begun(args: &ApplyArgs, ctx: &Ctx) -> Result<Value> {
    let Some(path) = args.save.as_ref().filter(|path| path.exists()) else {
        return Ok(empty());
    };
    let data = Data {
        file: Some(path.clone()),
    };
    ctx.out.note(text!(
        "continuing with the answers in {file}",
        file = path.display().to_string()
    ));
    Ok(fields::normalise(&data.read()?))
}

fn keep(body: &Value, args: &ApplyArgs) -> Result<()> {
    let path = args.save.as_ref();
    path.map_or(Ok(()), |path| save(&fields::normalise(body), path))
}

fn wants_account(ctx: &Ctx) -> Result<bool> {
    let choices = [
        text!("yes: the newer agreement").render(ctx.out.lang),
        text!("no: the older agreement").render(ctx.out.lang),
    ];
    let question = text!("submit a settlement account");
    Ok(ctx.out.select(question, &choices, "--file")? == 0)
}

/// Asks for one value until it is right for itself; `None` where the question before is wanted. `place` is which question
/// of how many this is.
fn ask(
    field: &Field,
    place: Option<(usize, usize)>,
    args: &ApplyArgs,
    ctx: &Ctx,
) -> Result<Option<Value>> {
    let about = (field.about)();
    let form = match field.of {
        Of::Period => Some(text!("e.g. 2018-01-01 2038-01-01")),
        Of::LastDay => Some(text!("e.g. 2038-01-01")),
        Of::Day => Some(text!("e.g. 2018-01-01")),
        Of::Picture => Some(text!("jpg or png file")),
        _ => None,
    };
    let about = match form {
        Some(form) => text!("{about} ({form})", about, form),
        None => about,
    };
    let question = match place {
        Some((number, count)) => text!("{number}/{count} {about}", number, count, about),
        None => about,
    };
    // What a file names is looked for beside that file.
    let elsewhere = args.save.as_ref().and_then(|path| path.parent());
    let elsewhere = elsewhere.is_some_and(|folder| !folder.as_os_str().is_empty());
    loop {
        if let Of::Choice(choices) = field.of {
            let words = choices.iter().zip(1..);
            for ((.., words), number) in words {
                let line = text!("{number}. {words}", number, words = words());
                ctx.out.note(line);
            }
        }
        let typed = ctx.out.input(question.clone(), None, "--file")?;
        let typed = typed.trim();
        if typed == BACK {
            return Ok(None);
        }
        let written = match field.of {
            Of::Choice(choices) => {
                let number = typed.parse::<usize>().ok();
                let chosen = number.and_then(|number| choices.get(number.checked_sub(1)?));
                chosen.map_or(typed.to_owned(), |(value, ..)| (*value).to_owned())
            }
            Of::Picture if elsewhere && !typed.is_empty() => {
                std::path::absolute(typed)?.display().to_string()
            }
            _ => typed.to_owned(),
        };
        let value = fields::sent(&field.of, &Value::String(written));
        if value.is_null() {
            continue;
        }
        match wrong(field, &value, Path::new("")) {
            Some(words) => ctx.out.warn(words),
            None => return Ok(Some(value)),
        }
    }
}

/// Writes the answers where only their owner can read them, whole or not at all.
pub(super) fn save(body: &Value, path: &Path) -> Result<()> {
    let cannot = |error: std::io::Error| {
        Failure::input(text!(
            "cannot write {path}: {error}",
            path = path.display().to_string(),
            error = error.to_string()
        ))
    };
    let text = if path.extension().is_some_and(|ending| ending == "toml") {
        toml::to_string_pretty(body)?
    } else {
        serde_json::to_string_pretty(body)?
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}
