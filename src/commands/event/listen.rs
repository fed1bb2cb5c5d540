//! `wxsell event listen`: wires the receiver, the forwarder and what people see.

use super::super::Ctx;
use super::super::sandbox::told_to_stop;
use super::{account, address};
use crate::fail::{Failure, Kind, Within};
use crate::lang::Text;
use crate::output::{Cell, Column, Output, Record};
use crate::profile::{self, Settings, SettingsFile};
use crate::push::Account;
use crate::push::forward::{Courier, Form, Forwarder, Target, Wake};
use crate::push::receiver::{Happening, Limits, Receiver, Shop, tls};
use crate::state::pushes::PushLog;
use crate::text;
use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// So many lines wait to be printed; further ones are left out, because a slow reader must not delay an answer.
const LINES: usize = 1_024;
/// Refused requests that are told of one by one within a second; more are counted.
const REFUSALS: u32 = 20;
/// How long the forwarder rests after the state file could not be used.
const REST: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Port to listen on; 0 takes a free one
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
    /// Refuse messages that are not encrypted, also where no EncodingAESKey is stored
    #[arg(long, conflicts_with = "allow_plain")]
    safe_only: bool,
    /// Take messages that are not encrypted although an EncodingAESKey is stored
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
    match path.starts_with('/') && path.chars().all(fits) {
        true => Ok(path.to_owned()),
        false => Err("a path such as /wechat".to_owned()),
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
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let said = said.clone();
            Some(tls(certificate, key, move |text| {
                drop(said.try_send(text))
            })?)
        }
        _ => None,
    };
    let shops = shops(&args.path, ctx)?;
    let state = ctx.state()?.clone();
    state.may_be_written()?;
    let log = Arc::new(PushLog::open(state.folder())?);
    let target = args.onward.target(ctx);
    let lock = match &target {
        Some(_) => Some(crate::push::hand::alone(&state)?),
        None => None,
    };
    let listener = bind(&args).await?;
    let wake = target.as_ref().map(|_| Wake::default());
    let forwarder = target
        .map(|target| forwarder(target, &args.onward, &shops, log.clone(), said.clone(), ctx))
        .transpose()?;
    announce(&args, &listener, &shops, tls.is_some(), ctx)?;
    let (told, stopping) = watch::channel(false);
    let working = forwarder.zip(wake.clone()).map(|(forwarder, wake)| {
        let said = said.clone();
        tokio::spawn(keep_forwarding(forwarder, wake, stopping, said))
    });
    let refusals = Mutex::new(Refusals::default());
    let receiver = Receiver {
        shops,
        log,
        state,
        limits: Limits::default(),
        safe_only: args.safe_only,
        allow_plain: args.allow_plain,
        only: args.onward.only.clone(),
        forward: wake,
        tls,
        watch: Box::new(move |happening| {
            if matches!(happening, Happening::Refused { .. }) {
                let mut refusals = refusals.lock().unwrap_or_else(PoisonError::into_inner);
                let (told, left_out) = refusals.one_more(crate::types::now());
                if left_out > 0 {
                    let count = left_out;
                    drop(said.try_send(text!(
                        "{count} more {count:request was|requests were} refused",
                        count
                    )));
                }
                if !told {
                    return;
                }
            }
            drop(said.try_send(words(&happening)));
        }),
    };
    let work = async {
        receiver.serve(listener, told_to_stop()).await?;
        // Nobody listens where nothing is handed on.
        let _ = told.send(true);
        if let Some(working) = working {
            working.await?;
        }
        anyhow::Ok(())
    };
    let twice = async {
        told_to_stop().await;
        told_to_stop().await;
    };
    let done = tokio::select! {
        done = work => done,
        () = twice => Err(Failure::new(Kind::Stopped, text!("stopped")).into()),
    };
    drop(lock);
    done
}

async fn bind(args: &ListenArgs) -> Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::bind((args.host, args.port))
        .await
        .map_err(|error| {
            Failure::network(text!(
                "cannot listen on port {port}: {error}",
                port = args.port,
                error = error.to_string()
            ))
            .hint(text!(
                "take another port with --port, or a free one with --port 0"
            ))
        })
        .within(|| text!("starting the receiver"))
}

fn announce(
    args: &ListenArgs,
    listener: &tokio::net::TcpListener,
    shops: &HashMap<String, Arc<Shop>>,
    encrypted: bool,
    ctx: &Ctx,
) -> Result<()> {
    let scheme = if encrypted { "https" } else { "http" };
    let paths = shops
        .iter()
        .map(|(path, shop)| (path.clone(), shop.account.appid.clone()));
    ctx.out.show(&Listening {
        url: format!("{scheme}://{}{}", listener.local_addr()?, args.path),
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
            "without --tls-cert everybody on the way can read and repeat what is not encrypted"
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

/// Refusals of one second: strangers can cause thousands, and each line takes time from true pushes.
#[derive(Debug, Default)]
struct Refusals {
    second: i64,
    told: u32,
    left_out: u64,
}

impl Refusals {
    /// Whether this one is told of, and how many were left out of the seconds before.
    fn one_more(&mut self, now: i64) -> (bool, u64) {
        let mut before = 0;
        if self.second != now {
            before = self.left_out;
            *self = Refusals {
                second: now,
                ..Refusals::default()
            };
        }
        self.told += 1;
        let told = self.told <= REFUSALS;
        self.left_out += u64::from(!told);
        (told, before)
    }
}

fn words(happening: &Happening) -> Text {
    match happening {
        Happening::Stored { id, appid, summary } => {
            text!("{appid} {id}: {what}", appid, id, what = summary.clone())
        }
        Happening::Again { id, appid } => text!("{appid} {id}: pushed again", appid, id),
        Happening::Tested { appid } => text!("{appid}: the address was tested", appid),
        Happening::Refused { refusal, path } => {
            text!("refused at {path}: {why}", path, why = refusal.words())
        }
    }
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

fn forwarder(
    target: Target,
    onward: &Onward,
    shops: &HashMap<String, Arc<Shop>>,
    log: Arc<PushLog>,
    said: SyncSender<Text>,
    ctx: &Ctx,
) -> Result<Forwarder> {
    let accounts: HashMap<String, Account> = shops
        .values()
        .map(|shop| (shop.key.clone(), shop.account.clone()))
        .collect();
    Ok(Forwarder {
        state: ctx.state()?.clone(),
        log,
        shops: accounts.keys().cloned().collect(),
        courier: Courier::new(target, accounts)?,
        only: onward.only.clone(),
        once: false,
        watch: Box::new(move |line| drop(said.try_send(line))),
    })
}

/// Hands on until told to stop; a state file that cannot be used for a while does not end it.
async fn keep_forwarding(
    forwarder: Forwarder,
    wake: Wake,
    mut stopping: watch::Receiver<bool>,
    said: SyncSender<Text>,
) {
    while let Err(error) = forwarder.run(wake.clone(), stopping.clone()).await {
        drop(said.try_send(text!(
            "forwarding paused: {why}",
            why = Failure::from_any(error).message
        )));
        let told = stopping.wait_for(|stop| *stop);
        if tokio::time::timeout(REST, told).await.is_ok() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_are_counted_and_not_told_of_one_by_one() {
        let mut refusals = Refusals::default();
        let told: Vec<(bool, u64)> = (0..50).map(|_| refusals.one_more(7)).collect();
        assert_eq!(told.iter().filter(|(told, _)| *told).count(), 20);
        assert!(told.iter().all(|(_, before)| *before == 0));
        assert_eq!(refusals.one_more(8), (true, 30));
        assert_eq!(refusals.one_more(9), (true, 0));
    }
}
