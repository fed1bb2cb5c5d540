//! `wxsell event listen`: for which shops, where to, and what people see of it.

use super::super::Ctx;
use super::super::sandbox::told_to_stop;
use super::{account, address};
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::profile::{self, Settings, SettingsFile};
use crate::push::forward::{Form, Target};
use crate::push::listen::{Bound, Listen, Say};
use crate::push::receiver::{Shop, tls};
use crate::text;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// So many lines wait to be printed; further ones are left out, because a slow reader must not delay an answer.
const LINES: usize = 1_024;
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on; 0.0.0.0 for all of this machine
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Path of the current profile
    #[arg(long, default_value = "/wechat", value_parser = path)]
    path: String,
    #[command(flatten)]
    onward: Onward,
    /// Certificate with its chain (PEM), read again when it changes; without it a reverse proxy must provide HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath)]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    tls_key: Option<PathBuf>,
    /// Refuse messages that are not encrypted even if no EncodingAESKey is stored
    #[arg(long, conflicts_with = "allow_plain")]
    safe_only: bool,
    /// Accept messages that are not encrypted even if an EncodingAESKey is stored
    #[arg(long)]
    allow_plain: bool,
}

/// Where events go.
#[derive(Debug, Clone, Args)]
pub struct Onward {
    /// Post every event to this address, until it answers with 2xx
    #[arg(long, value_name = "URL", value_parser = address, value_hint = ValueHint::Url)]
    pub forward_to: Option<reqwest::Url>,
    /// Format of the posted events
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        default_value_t,
        requires = "forward_to"
    )]
    pub forward_as: Form,
    /// Run this command for every event, with its JSON on standard input, until it exits with 0
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub exec: Option<String>,
    /// Forward only events of these names, separated by commas; the others are stored
    #[arg(long, value_name = "EVENTS", value_delimiter = ',', add = clap_complete::engine::ArgValueCandidates::new(super::trigger::candidates))]
    pub only: Vec<String>,
}

impl Onward {
    pub fn target(&self, ctx: &Ctx) -> Option<Target> {
        (self.forward_to.is_some() || self.exec.is_some()).then(|| Target {
            url: self.forward_to.clone(),
            form: self.forward_as,
            program: self.exec.clone(),
            timeout: Duration::from_secs(ctx.global.timeout),
        })
    }
}

fn path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    if path.starts_with('/') && path.chars().all(fits) {
        Ok(path.to_owned())
    } else {
        Err("a path such as /wechat".to_owned())
    }
}

/// Where it listens.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Listening {
    url: String,
    /// The addresses to be entered in the backend, by appid.
    paths: BTreeMap<String, String>,
    forward_to: Option<String>,
    exec: Option<String>,
}

impl Record for Listening {
    const COLUMNS: &'static [Column<Listening>] = &[
        Column::new("url", "URL", |l| Cell::Text(l.url.clone())),
        Column::new("paths", "PATHS", |l| {
            let line = |(path, appid): (&String, &String)| format!("{path}  {appid}");
            Cell::List(l.paths.iter().map(line).collect())
        }),
        Column::new("forward_to", "FORWARD TO", |l| {
            l.forward_to.clone().map_or(Cell::Empty, Cell::Text)
        }),
        Column::new("exec", "COMMAND", |l| {
            l.exec.clone().map_or(Cell::Empty, Cell::Text)
        }),
    ];
}

pub async fn run(args: ListenArgs, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        return Err(Failure::input(text!("`event listen` has no dry run")).into());
    }
    let said = printer(&ctx.out)?;
    let say: Say = Arc::new(move |words| drop(said.try_send(words)));
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let say = say.clone();
            Some(tls(certificate, key, move |words| say(words))?)
        }
        _ => None,
    };
    let listen = Listen {
        shops: shops(&args.path, ctx)?,
        state: ctx.state()?.clone(),
        target: args.onward.target(ctx),
        only: args.onward.only.clone(),
        safe_only: args.safe_only,
        allow_plain: args.allow_plain,
        tls,
        say,
    };
    let bound = listen.bind((args.host, args.port).into()).await?;
    announce(&args, &bound, ctx)?;
    bound.serve(told_to_stop).await
}

fn announce(args: &ListenArgs, bound: &Bound, ctx: &Ctx) -> Result<()> {
    let encrypted = bound.is_encrypted();
    let scheme = if encrypted { "https" } else { "http" };
    let paths = bound
        .shops()
        .iter()
        .map(|(path, shop)| (path.clone(), shop.account.appid.clone()));
    ctx.out.show(&Listening {
        url: format!("{scheme}://{}{}", bound.address()?, args.path),
        paths: paths.collect(),
        forward_to: args
            .onward
            .forward_to
            .as_ref()
            .map(|url| profile::masked_proxy(url.as_str())),
        exec: args.onward.exec.clone(),
    })?;
    if !encrypted && !args.host.is_loopback() {
        ctx.out.warn(text!(
            "without --tls-cert, anyone between WeChat and this machine can read and replay what is not encrypted"
        ));
    }
    ctx.out.note(text!("Ctrl-C stops it"));
    Ok(())
}

/// Prints lines in a thread of its own, so that a reader that is slow or gone delays nobody.
fn printer(out: &Output) -> Result<SyncSender<Text>> {
    let (said, lines) = sync_channel::<Text>(LINES);
    let out = out.clone();
    std::thread::Builder::new()
        .name("printer".into())
        .spawn(move || lines.iter().for_each(|line| out.note(line)))?;
    Ok(said)
}

/// The shops that are received for, by path: the current profile at `path`, every profile that keeps a Token at
/// `path/APPID`.
fn shops(path: &str, ctx: &Ctx) -> Result<HashMap<String, Arc<Shop>>> {
    let mut shops = HashMap::new();
    let current = ctx.profile()?;
    let own = super::own_account(ctx)?;
    let shop = Arc::new(Shop {
        key: current.account_key(),
        account: own,
    });
    shops.insert(format!("{path}/{}", current.appid), shop.clone());
    shops.insert(if path.is_empty() { "/" } else { path }.to_owned(), shop);
    let settings = SettingsFile::of(&ctx.dirs).load()?;
    for name in settings.names() {
        if name == current.name || profile::built_in(name).is_some() {
            continue;
        }
        match other(name, &settings, ctx) {
            Ok(Some(shop)) => {
                let path = format!("{path}/{}", shop.account.appid);
                shops.entry(path).or_insert_with(|| Arc::new(shop));
            }
            Ok(None) => {}
            Err(error) => ctx.out.warn(text!(
                "nothing is received for profile {name}: {why}",
                name,
                why = Failure::from_any(error).message
            )),
        }
    }
    Ok(shops)
}

fn other(name: &str, settings: &Settings, ctx: &Ctx) -> Result<Option<Shop>> {
    if settings
        .entry(name)
        .is_none_or(|entry| entry.push.is_none())
    {
        return Ok(None);
    }
    let profile = profile::preview(name, settings)?;
    Ok(account(&profile, ctx)?.map(|account| Shop {
        key: profile.account_key(),
        account,
    }))
}
