//! `wxsell auth push-key`: Token and EncodingAESKey of the message push.

use super::super::Ctx;
use super::edit;
use crate::fail::Failure;
use crate::profile::{self, PushKeys, SettingsFile, Store, unknown};
use crate::push::AesKey;
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use clap::ValueHint;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct PushKeyArgs {
    /// Read the Token from the first line of this file and the EncodingAESKey from the second; `-` is standard input
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Where to keep them; where the AppSecret is, or a private file
    #[arg(long, value_enum, value_name = "STORE")]
    store: Option<Store>,
    /// Remove what is stored
    #[arg(long, conflicts_with_all = ["file", "store"])]
    forget: bool,
}

pub fn run(args: &PushKeyArgs, ctx: &Ctx) -> Result<()> {
    let profile = ctx.profile()?;
    let name = &profile.name;
    if profile::built_in(name).is_some() {
        return Err(Failure::input(text!(
            "Token and EncodingAESKey of the profile \"{name}\" are built in",
            name
        ))
        .into());
    }
    if name.is_empty() {
        return Err(Failure::input(text!("no profile is selected"))
            .hint(text!(
                "choose one with --profile, or set WXSELL_PUSH_TOKEN and WXSELL_PUSH_AES_KEY"
            ))
            .into());
    }
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    let entry = settings
        .entry(name)
        .ok_or_else(|| unknown(name, &settings))?;
    if args.forget {
        return forget(name, entry.push, ctx);
    }
    let keys = match &args.file {
        Some(path) => profile::read_push_keys(path)?,
        None => ask(&profile.appid, ctx)?,
    };
    check(&keys)?;
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would store Token and EncodingAESKey of profile {name}",
            name
        ));
        return Ok(());
    }
    let beside_secret = entry.secret.filter(|store| *store != Store::Process);
    let store = args
        .store
        .or(entry.push)
        .or(beside_secret)
        .unwrap_or(Store::File);
    let before = match entry.push {
        // What the environment holds is not what is stored.
        Some(place) => stored(name, place, ctx)?,
        None => None,
    };
    let keys = match &before {
        Some(before) => before.replaced_by(keys),
        None => keys,
    };
    profile::keep_push(name, store, &keys, &ctx.dirs)?;
    if entry.push.is_some_and(|place| place != store) {
        profile::forget_push(name, entry.push, &ctx.dirs)?;
    }
    edit(ctx, |settings| {
        settings.profiles.entry(name.clone()).or_default().push = Some(store);
        Ok(())
    })?;
    ctx.out.note(match keys.previous_aes_key {
        Some(_) => text!(
            "stored Token and EncodingAESKey of {name}; the previous key is still accepted",
            name
        ),
        None => text!("stored Token and EncodingAESKey of {name}", name),
    });
    Ok(())
}

/// What is kept now, whatever the environment says; nothing where it cannot be read any more.
fn stored(name: &str, place: Store, ctx: &Ctx) -> Result<Option<PushKeys>> {
    let mut stored = ctx.profile()?.clone();
    stored.name = name.to_owned();
    stored.push = match place {
        Store::Keyring => profile::SecretSource::Keyring,
        Store::File => profile::SecretSource::File,
        Store::Process => return Ok(None),
    };
    Ok(profile::push_keys(&stored, &ctx.dirs).unwrap_or_default())
}

fn ask(appid: &str, ctx: &Ctx) -> Result<PushKeys> {
    let token = ctx.out.secret(
        text!("Token of the message push of {appid} (not shown)", appid),
        "--file",
    )?;
    let key = ctx
        .out
        .secret(text!("EncodingAESKey, 43 characters (not shown)"), "--file")?;
    Ok(PushKeys {
        token: Secret::new(token.expose().trim()),
        aes_key: Some(Secret::new(key.expose().trim())),
        previous_aes_key: None,
    })
}

/// Refuses what the backend could not have shown.
fn check(keys: &PushKeys) -> Result<()> {
    let mut problems = Vec::new();
    let token = keys.token.expose();
    if !(3..=32).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        problems.push(text!("the Token is not 3 to 32 letters and digits"));
    }
    for key in keys.aes_key.iter().chain(&keys.previous_aes_key) {
        if AesKey::from_encoded(key.expose()).is_none() {
            problems.push(text!("the EncodingAESKey is not 43 letters and digits"));
        }
    }
    let mut problems = problems.into_iter();
    match problems.next() {
        None => Ok(()),
        Some(first) => Err(Failure::input(first)
            .also(problems.collect())
            .hint(text!(
                "copy both from the console: Development management → Message push"
            ))
            .into()),
    }
}

fn forget(name: &str, place: Option<Store>, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        ctx.out.note(text!(
            "would remove Token and EncodingAESKey of profile {name}",
            name
        ));
        return Ok(());
    }
    let removed = profile::forget_push(name, place, &ctx.dirs)?;
    edit(ctx, |settings| {
        if let Some(entry) = settings.profiles.get_mut(name) {
            entry.push = None;
        }
        Ok(())
    })?;
    ctx.out.note(if removed {
        text!("removed Token and EncodingAESKey of {name}", name)
    } else {
        text!("no Token and EncodingAESKey of {name} were stored", name)
    });
    Ok(())
}
