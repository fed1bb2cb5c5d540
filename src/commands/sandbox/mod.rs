//! `wxsell sandbox`: the shop in a box. Serve it, look at it, move its clock, and let things go wrong.
//!
//! Long because it is the control panel of the sandbox: many small verbs, each with its options and its table.

mod buyer;
mod dispute;
mod keeper;
mod money;
mod people;
mod provider;
mod push;
mod replay;
mod seed;

use super::Ctx;
use crate::cli::values::duration;
use crate::commands::shows::Shows;
use crate::fail::{Failure, Within};
use crate::lang::Text;
use crate::output::{Cell, Column, Record};
use crate::sandbox::{
    APPID, ActiveFault, AuditDecision, Fault, FaultKind, Happening, SECRET, Sandbox, Settings,
    Status,
};
use crate::text;
use crate::types::share::Share;
use crate::types::span::DAY;
use crate::types::{plain_time, rfc3339};
use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::net::IpAddr;
use std::time::Duration;

/// Practice on a complete shop on this machine
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Serve the sandbox to other programs over HTTP
    ///
    /// Commands with the profile `sandbox` need no server; they run the shop themselves.
    Serve(ServeArgs),
    /// Show the sandbox's clock, contents and settings
    Status,
    /// Reset the sandbox to a fresh shop
    Reset(ResetArgs),
    /// Advance the sandbox's clock
    Advance(AdvanceArgs),
    /// Decide audits of products, categories and brands, or take products down
    #[command(subcommand)]
    Audit(AuditVerb),
    #[command(subcommand)]
    Buyer(buyer::Verb),
    /// Act as the platform in a dispute
    #[command(subcommand)]
    Dispute(dispute::DisputeVerb),
    /// Let the next refund of an after-sale fail
    FailRefund(dispute::FailRefundArgs),
    Seed(seed::SeedArgs),
    /// Inject failures into calls
    Fault(FaultArgs),
    /// End the access tokens of the shop
    #[command(subcommand)]
    Token(TokenVerb),
    /// Set quotas, the address list and how long an audit takes
    Set(SetArgs),
    /// Act as the administrator on a phone: sign, verify the account, close the component
    #[command(subcommand)]
    Admin(keeper::AdminVerb),
    /// Act as the auditors of WeChat Pay
    #[command(subcommand)]
    Merchant(keeper::MerchantVerb),
    /// Decide the audit of a scene
    #[command(subcommand)]
    Scene(keeper::SceneVerb),
    /// Ban the shop from the component, or lift the ban
    #[command(subcommand)]
    Access(keeper::AccessVerb),
    #[command(subcommand)]
    Provider(provider::Verb),
    /// Scan the QR code of a withdrawal and confirm it, or let it fail
    #[command(subcommand)]
    Withdrawal(money::WithdrawalVerb),
    /// Pay what `wxsell pay create` made
    #[command(subcommand)]
    Payment(money::PaymentVerb),
    /// Add money to the available balance, as if orders had settled
    Deposit(money::DepositArgs),
    /// Push the events of the shop to an address, as the platform does
    #[command(subcommand)]
    Push(push::PushVerb),
    /// Act as the console for Channels promoters
    #[command(subcommand)]
    Promoter(people::PromoterVerb),
    /// Act as a sharer: answer an invitation, leave, share a live room
    #[command(subcommand)]
    Sharer(people::SharerVerb),
    /// Act as promotion staff: agree, leave, bring visitors
    #[command(subcommand)]
    Staff(people::StaffVerb),
    /// Act as a buyer who takes a coupon
    #[command(subcommand)]
    Coupon(people::CouponVerb),
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 8420)]
    port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
}

#[derive(Debug, Args)]
pub struct ResetArgs {
    /// Start with a shop that has not applied yet, to practice every step of joining
    #[arg(long)]
    bare: bool,
}

#[derive(Debug, Args)]
pub struct AdvanceArgs {
    /// How far, e.g. 90s, 30m, 2h, 1d
    #[arg(value_parser = duration)]
    duration: Duration,
}

#[derive(Debug, Subcommand)]
pub enum AuditVerb {
    /// Let products, categories and brands pass their audit
    Pass(Products),
    /// Reject products, categories and brands that are in audit
    Reject(RejectArgs),
    /// Take products down, as the platform does (status 13)
    TakeDown(RejectArgs),
}

#[derive(Debug, Args)]
pub struct Products {
    /// Your own product numbers, or tickets of audits
    #[arg(required_unless_present = "all")]
    out_product_ids: Vec<String>,
    /// All products, categories and brands in audit
    #[arg(long, conflicts_with = "out_product_ids")]
    all: bool,
}

#[derive(Debug, Args)]
pub struct RejectArgs {
    #[command(flatten)]
    products: Products,
    /// Reason given to the merchant
    #[arg(long, default_value = "rejected by order")]
    reason: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct FaultArgs {
    #[command(subcommand)]
    verb: Option<FaultVerb>,
    #[command(flatten)]
    new: NewFault,
}

#[derive(Debug, Subcommand)]
pub enum FaultVerb {
    /// List injected failures
    List,
    /// Clear injected failures
    Clear(ClearArgs),
    Replay(replay::ReplayArgs),
}

#[derive(Debug, Args)]
pub struct ClearArgs {
    /// Number of the failure (default: all)
    id: Option<i64>,
}

#[derive(Debug, Args)]
#[group(skip)]
#[command(group = clap::ArgGroup::new("failure").required(true).args([
    "latency", "no_answer", "reset", "status", "html", "half", "errcode", "gzip_bomb", "redirect", "reply",
]))]
pub struct NewFault {
    /// Only calls whose path starts with this
    #[arg(long, default_value = "/")]
    path: String,
    /// Delay the answer by this long, e.g. 800ms
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    latency: Option<Duration>,
    /// Send no answer for this long, then drop the connection
    // Not `--timeout`: that is a global option, and the two would be one to the parser.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    no_answer: Option<Duration>,
    /// Drop the connection without an answer
    #[arg(long)]
    reset: bool,
    /// Answer with this HTTP status, e.g. 502
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(400..=599))]
    status: Option<u16>,
    /// Answer with a web page instead of JSON
    #[arg(long)]
    html: bool,
    /// Carry out the call, but cut off the answer in the middle
    #[arg(long)]
    half: bool,
    /// Refuse the call with this errcode
    #[arg(long, allow_negative_numbers = true)]
    errcode: Option<i64>,
    /// Message for the errcode
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "by order of the sandbox",
        requires = "errcode"
    )]
    errmsg: String,
    /// Answer with a small gzip that unpacks to this many MiB
    #[arg(long, value_name = "MEBIBYTES", value_parser = clap::value_parser!(u64).range(1..=4096))]
    gzip_bomb: Option<u64>,
    /// Send the caller to another address
    #[arg(long, value_name = "URL")]
    redirect: Option<String>,
    /// Answer with this JSON, whatever the answer would have been
    #[arg(long, value_name = "JSON", value_parser = reply)]
    reply: Option<String>,
    /// Carry out the call first, so that only its answer is lost
    #[arg(long, conflicts_with_all = ["errcode", "latency", "half"])]
    after: bool,
    /// How many times it occurs (default: once; with --chance, no limit)
    #[arg(long, value_name = "NUMBER")]
    times: Option<u32>,
    /// Occur with this probability, e.g. 5%
    #[arg(long = "chance", value_name = "PERCENT", value_parser = rate)]
    chance: Option<f64>,
    /// Seed for repeatable results
    #[arg(long, default_value_t = 1, requires = "chance")]
    seed: u64,
}

#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Expire all tokens now (42001)
    Expire,
    /// Act as another program that takes over the tokens (40001)
    Steal,
}

/// `off` takes a limit away.
#[derive(Debug, Clone, Copy)]
struct Limit(Option<u32>);

#[derive(Debug, Args)]
pub struct SetArgs {
    /// How long an audit takes, e.g. 30m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    audit_duration: Option<Duration>,
    /// Address that may call, e.g. 203.0.113.9, 172.0.0.* or 10.0.0.0/8 (can be repeated); `any` allows all
    #[arg(long, value_name = "ADDRESS")]
    allow_ip: Vec<String>,
    /// Check the address on every call, not only on calls that carry the AppSecret
    #[arg(long, value_name = "BOOL")]
    guard_every_call: Option<bool>,
    /// Calls of one path a minute, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    calls_per_minute: Option<Limit>,
    /// Calls of one path a day, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    calls_per_day: Option<Limit>,
    /// Products submitted for audit an hour, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    audits_per_hour: Option<Limit>,
    /// Products submitted for audit a day, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    audits_per_day: Option<Limit>,
    /// Audit submissions of one product an hour, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    audits_per_product: Option<Limit>,
    /// Never-listed products submitted for audit a day in the Store, or off
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    new_products_per_day: Option<Limit>,
    /// How long reads of the Store do not show a new product, e.g. 60s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    read_lag: Option<Duration>,
    /// How many calls are remembered
    #[arg(long, value_name = "NUMBER")]
    keep_calls: Option<u32>,
}

/// `5%` or `0.05`.
fn rate(text: &str) -> std::result::Result<f64, Text> {
    Share::parse(text)
        .map(Share::fraction)
        .ok_or_else(|| text!("write a share, e.g. 5% or 0.05"))
}

fn limit(text: &str) -> std::result::Result<Limit, Text> {
    match text {
        "off" => Ok(Limit(None)),
        number => number
            .parse()
            .map(|limit| Limit(Some(limit)))
            .map_err(|_| text!("write a number or off")),
    }
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<Serving>("sandbox serve"),
    Shows::one::<Status>("sandbox status"),
    Shows::one::<Status>("sandbox reset"),
    Shows::list::<Happening>("sandbox advance"),
    Shows::list::<Happening>("sandbox audit"),
    Shows::list::<Happening>("sandbox buyer"),
    Shows::list::<Happening>("sandbox dispute"),
    Shows::list::<Happening>("sandbox fail-refund"),
    Shows::one::<crate::sandbox::Seeded>("sandbox seed"),
    Shows::list::<FaultRow>("sandbox fault"),
    Shows::one::<Status>("sandbox token"),
    Shows::one::<Settings>("sandbox set"),
    Shows::list::<Happening>("sandbox admin"),
    Shows::list::<Happening>("sandbox merchant"),
    Shows::list::<Happening>("sandbox scene"),
    Shows::list::<Happening>("sandbox access"),
    Shows::list::<Happening>("sandbox provider"),
    Shows::one::<provider::Ticket>("sandbox provider ticket"),
    Shows::one::<provider::Code>("sandbox provider authorize"),
    Shows::list::<Happening>("sandbox withdrawal"),
    Shows::list::<Happening>("sandbox payment"),
    Shows::one::<money::Deposited>("sandbox deposit"),
    Shows::text("sandbox push"),
    Shows::one::<crate::sandbox::push::Pushed>("sandbox push deliver"),
    Shows::list::<crate::sandbox::push::Noted>("sandbox push list"),
    Shows::one::<crate::sandbox::push::Pushed>("sandbox push deliver"),
    Shows::one::<Happening>("sandbox promoter"),
    Shows::one::<Happening>("sandbox sharer"),
    Shows::one::<Happening>("sandbox staff"),
    Shows::one::<people::Request>("sandbox coupon"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    if ctx.global.dry_run {
        return Err(Failure::input(text!("sandbox commands have no dry run"))
            .hint(text!(
                "remove --dry-run: the sandbox is not the live platform anyway"
            ))
            .into());
    }
    let mut shop = Sandbox::open(&ctx.dirs.state.join("sandbox.db"))?;
    let pushes = !matches!(verb, Verb::Serve(_) | Verb::Push(_));
    match verb {
        Verb::Serve(args) => serve(args, shop, ctx).await,
        Verb::Status => ctx.out.show(&shop.status()?),
        Verb::Reset(args) => reset(args, shop, ctx),
        Verb::Advance(args) => advance(args, shop, ctx),
        Verb::Audit(verb) => audit(verb, shop, ctx),
        Verb::Buyer(verb) => buyer::run(verb, shop, ctx),
        Verb::Dispute(verb) => dispute::platform(verb, shop, ctx),
        Verb::FailRefund(args) => dispute::fail_refund(args, shop, ctx),
        Verb::Seed(args) => seed::run(args, shop, ctx),
        Verb::Fault(args) => fault(args, shop, ctx),
        Verb::Token(verb) => {
            let ended = match verb {
                TokenVerb::Expire => shop.expire_tokens()?,
                TokenVerb::Steal => shop.steal_tokens()?,
            };
            ctx.out.note(text!("tokens ended: {count}", count = ended));
            ctx.out.show(&shop.status()?)
        }
        Verb::Set(args) => set(args, shop, ctx),
        Verb::Admin(verb) => keeper::admin(verb, shop, ctx),
        Verb::Merchant(verb) => keeper::merchant(verb, shop, ctx),
        Verb::Scene(verb) => keeper::scene(verb, shop, ctx),
        Verb::Access(verb) => keeper::access(verb, shop, ctx),
        Verb::Provider(verb) => provider::run(verb, shop, ctx),
        Verb::Withdrawal(verb) => money::withdrawal(verb, shop, ctx),
        Verb::Payment(verb) => money::payment(verb, shop, ctx),
        Verb::Deposit(args) => money::deposit(args, shop, ctx),
        Verb::Push(verb) => push::run(verb, shop, ctx).await,
        Verb::Promoter(verb) => people::promoter(verb, shop, ctx),
        Verb::Sharer(verb) => people::sharer(verb, shop, ctx),
        Verb::Staff(verb) => people::staff(verb, shop, ctx),
        Verb::Coupon(verb) => people::coupon(verb, shop, ctx),
    }?;
    if pushes {
        push::after(ctx).await?;
    }
    Ok(())
}

/// Where the shop answers.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Serving {
    base_url: String,
    appid: &'static str,
    secret: &'static str,
}

impl Record for Serving {
    const COLUMNS: &'static [Column<Serving>] = &[
        Column::new("base_url", "BASE URL", |s| Cell::Text(s.base_url.clone())),
        Column::new("appid", "APPID", |s| Cell::Id(s.appid.into())),
        Column::new("secret", "APPSECRET", |s| Cell::Text(s.secret.into())),
    ];
}

async fn serve(args: ServeArgs, shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let no_port = |error: std::io::Error| {
        Failure::network(text!(
            "cannot listen on port {port}: {error}",
            port = args.port,
            error = error.to_string()
        ))
        .hint(text!(
            "use another port with --port, or a free one with --port 0"
        ))
    };
    let doing = || text!("starting the sandbox");
    let listener = tokio::net::TcpListener::bind((args.host, args.port))
        .await
        .map_err(no_port)
        .within(doing)?;
    let address = listener.local_addr().map_err(no_port).within(doing)?;
    if !args.host.is_loopback() {
        ctx.out.warn(text!(
            "other machines can reach this shop; its AppSecret is public"
        ));
    }
    ctx.out.show(&Serving {
        base_url: format!("http://{address}"),
        appid: APPID,
        secret: SECRET,
    })?;
    ctx.out.note(text!(
        "in another terminal: WXSELL_BASE_URL={url} WXSELL_APPID={appid} WXSELL_APP_SECRET={secret} wxsell goods list",
        url = format!("http://{address}"),
        appid = APPID,
        secret = SECRET
    ));
    ctx.out.note(text!("Ctrl-C stops it"));
    let pusher = Sandbox::open(&ctx.dirs.state.join("sandbox.db"))?;
    tokio::select! {
        served = shop.serve(listener, told_to_stop()) => served,
        pushed = push::keep_on(pusher) => pushed,
    }
}

/// Ends on Ctrl-C, and on what service managers send.
pub(super) async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    #[cfg(windows)]
    {
        if let Ok(mut close) = tokio::signal::windows::ctrl_break() {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = close.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Nothing can tell it to stop but the end of the process.
        std::future::pending::<()>().await;
    }
}

impl Record for Status {
    const COLUMNS: &'static [Column<Status>] = &[
        Column::new("clock", "CLOCK", |s| Cell::Text(s.clock.clone())),
        Column::new("component", "COMPONENT", |s| {
            Cell::Word(Text::new(s.component, Vec::new()))
        }),
        Column::new("merchant_number", "MERCHANT NUMBER", |s| {
            Cell::Word(Text::new(s.merchant_number, Vec::new()))
        }),
        Column::new("channels", "CHANNELS SCENE", |s| {
            Cell::Word(Text::new(s.channels, Vec::new()))
        }),
        Column::new("customer_service", "CUSTOMER SERVICE", |s| {
            Cell::Word(if s.customer_service {
                text!("set")
            } else {
                text!("not set")
            })
        }),
        Column::new("products", "PRODUCTS", |s| {
            let line = |p: &crate::sandbox::ProductCount| {
                format!(
                    "{} × status {}, edit_status {}",
                    p.count, p.status, p.edit_status
                )
            };
            Cell::List(s.products.iter().map(line).collect())
        }),
        Column::new("pictures", "IMAGES", |s| number(s.pictures)),
        Column::new("uploads", "IMAGE UPLOADS", |s| Cell::Number(s.uploads)),
        Column::new("tokens", "TOKENS", |s| {
            Cell::List(
                s.tokens
                    .iter()
                    .map(|t| format!("{} → {}", t.kind, rfc3339(t.ends_at)))
                    .collect(),
            )
        }),
        Column::new("faults", "FAULTS", |s| number(s.faults)),
        Column::new("audits_last_hour", "AUDITS LAST HOUR", |s| {
            Cell::Number(s.audits_last_hour)
        }),
        Column::new("audits_today", "AUDITS TODAY", |s| {
            Cell::Number(s.audits_today)
        }),
        Column::new("calls", "CALLS", |s| number(s.calls)),
        Column::new("calls_failed", "CALLS FAILED", |s| number(s.calls_failed)),
        Column::new("settings", "SETTINGS", |s| {
            Cell::List(settings_in_words(&s.settings))
        }),
    ];
}

fn number(count: usize) -> Cell {
    Cell::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The settings as the options of `sandbox set` that make them; limits that are off are left out.
fn settings_in_words(settings: &Settings) -> Vec<String> {
    let mut words = vec![format!("audit-duration {}s", settings.audit_seconds)];
    words.extend(
        settings
            .allowed_ips
            .iter()
            .map(|address| format!("allow-ip {address}")),
    );
    if settings.guard_every_call {
        words.push("guard-every-call true".into());
    }
    let limits = [
        ("calls-per-minute", settings.calls_per_minute),
        ("calls-per-day", settings.calls_per_day),
        ("audits-per-hour", settings.audits_per_hour),
        ("audits-per-day", settings.audits_per_day),
        ("audits-per-product", settings.audits_per_product),
        ("new-products-per-day", settings.new_products_per_day),
    ];
    if settings.read_lag_seconds > 0 {
        words.push(format!("read-lag {}s", settings.read_lag_seconds));
    }
    words.extend(
        limits
            .iter()
            .filter_map(|(name, limit)| limit.map(|limit| format!("{name} {limit}"))),
    );
    words
}

fn reset(args: ResetArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let count = shop.products(true)?.len();
    if count > 0
        && !ctx.out.confirm(text!(
            "Empty the sandbox shop? Products in it: {count}",
            count
        ))?
    {
        return Ok(());
    }
    shop.reset(args.bare)?;
    // What was sent to the shop that was, is not in the new one.
    for key in crate::profile::sandbox_keys() {
        ctx.state()?.forget_shop(&key)?;
    }
    ctx.out.show(&shop.status()?)
}

impl Record for Happening {
    const COLUMNS: &'static [Column<Happening>] = &[
        Column::new("at", "TIME", |h| Cell::Time(plain_time(&rfc3339(h.at)))),
        Column::new("noun", "ITEM", |h| Cell::Word(h.noun.clone())),
        Column::new("number", "NUMBER", |h| Cell::Id(h.number.clone())),
        Column::new("what", "WHAT", |h| Cell::Word(h.what.clone())),
        Column::below("reason", "REASON", |h| match h.reason.as_str() {
            "" => Cell::Empty,
            reason => Cell::Sentence(Text::verbatim(reason)),
        }),
    ];
}

/// One thing that somebody did: a sentence for people.
fn tell(happened: &Happening, ctx: &Ctx) -> Result<()> {
    if !ctx.out.is_for_people() || ctx.out.columns.is_some() {
        return ctx.out.show(happened);
    }
    ctx.out.note(text!(
        "{thing} {number}: {what}",
        thing = happened.noun.clone(),
        number = &happened.number,
        what = happened.what.clone()
    ));
    Ok(())
}

fn advance(args: AdvanceArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    const TEN_YEARS: i64 = 3652 * DAY;
    let seconds = i64::try_from(args.duration.as_secs())
        .ok()
        .filter(|seconds| *seconds <= TEN_YEARS)
        .ok_or_else(|| {
            Failure::input(text!(
                "the clock can be advanced by at most ten years at a time"
            ))
        })?;
    let advance = shop.advance(seconds)?;
    ctx.out
        .note(text!("the shop's clock: {clock}", clock = advance.clock));
    if advance.tokens_expired > 0 {
        ctx.out.note(text!(
            "expired tokens: {count}",
            count = advance.tokens_expired
        ));
    }
    ctx.out.list(&advance.happenings)
}

fn audit(verb: AuditVerb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let (products, decision) = match verb {
        AuditVerb::Pass(products) => (products, AuditDecision::Pass),
        AuditVerb::Reject(args) => (args.products, AuditDecision::Reject(args.reason)),
        AuditVerb::TakeDown(args) => (args.products, AuditDecision::TakeDown(args.reason)),
    };
    let named = (!products.all).then_some(products.out_product_ids.as_slice());
    ctx.out.list(&shop.decide(named, &decision)?)
}

/// A failure that is ordered.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FaultRow {
    id: i64,
    path: String,
    kind: &'static str,
    detail: String,
    after: bool,
    rate: Option<f64>,
    times_left: Option<u32>,
}

impl From<ActiveFault> for FaultRow {
    fn from(standing: ActiveFault) -> FaultRow {
        let Fault {
            path,
            kind,
            after,
            rate,
            ..
        } = standing.fault;
        let detail = match &kind {
            FaultKind::Latency { milliseconds } => format!("{milliseconds} ms"),
            FaultKind::Timeout { seconds } => format!("{seconds} s"),
            FaultKind::Status { status } => status.to_string(),
            FaultKind::Errcode { errcode, errmsg } => format!("{errcode} {errmsg}"),
            FaultKind::GzipBomb { mebibytes } => format!("{mebibytes} MiB"),
            FaultKind::Redirect { to } => to.clone(),
            FaultKind::Reply { json } => json.clone(),
            FaultKind::Reset | FaultKind::Html | FaultKind::Half => String::new(),
        };
        FaultRow {
            id: standing.id,
            path,
            kind: kind.word(),
            detail,
            after,
            rate,
            times_left: standing.times_left,
        }
    }
}

impl Record for FaultRow {
    const COLUMNS: &'static [Column<FaultRow>] = &[
        Column::new("id", "ID", |f| Cell::Number(f.id)),
        Column::new("path", "PATH", |f| Cell::Text(f.path.clone())),
        Column::new("kind", "FAILURE", |f| Cell::Text(f.kind.into())),
        Column::new("detail", "DETAIL", |f| Cell::Text(f.detail.clone())),
        Column::new("after", "CALL", |f| {
            Cell::Word(if f.after {
                text!("carried out")
            } else {
                text!("not carried out")
            })
        }),
        Column::new("rate", "RATE", |f| {
            f.rate.map_or(Cell::Empty, |rate| {
                Cell::Text(format!("{} %", rate * 100.0))
            })
        }),
        Column::new("times_left", "TIMES LEFT", |f| {
            f.times_left
                .map_or(Cell::Empty, |times| Cell::Number(times.into()))
        }),
    ];
}

fn fault(args: FaultArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    match args.verb {
        Some(FaultVerb::List) => {}
        Some(FaultVerb::Clear(ClearArgs { id })) => {
            let count = shop.clear_faults(id)?;
            ctx.out
                .note(text!("removed {count} {count:fault|faults}", count));
        }
        Some(FaultVerb::Replay(args)) => {
            let replay = replay::read(&args.file)?;
            for fault in &replay.faults {
                shop.add_fault(fault)?;
            }
            ctx.out.note(text!(
                "{count} recorded {count:answer is|answers are} given to the next calls; `wxsell sandbox fault clear` removes the rest",
                count = replay.faults.len()
            ));
            if replay.unread > 0 {
                ctx.out.note(text!(
                    "{count} recorded {count:answer is|answers are} not JSON and cannot be given",
                    count = replay.unread
                ));
            }
        }
        None => {
            shop.add_fault(&Fault::try_from(args.new)?)?;
        }
    }
    let rows: Vec<FaultRow> = shop.faults()?.into_iter().map(FaultRow::from).collect();
    let out = ctx.out.with_nothing(text!("no faults are set"));
    out.list(&rows)
}

impl TryFrom<NewFault> for Fault {
    type Error = Failure;

    fn try_from(new: NewFault) -> std::result::Result<Fault, Failure> {
        let kind = if let Some(latency) = new.latency {
            FaultKind::Latency {
                milliseconds: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            }
        } else if let Some(timeout) = new.no_answer {
            FaultKind::Timeout {
                seconds: timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0),
            }
        } else if new.reset {
            FaultKind::Reset
        } else if let Some(status) = new.status {
            FaultKind::Status { status }
        } else if new.html {
            FaultKind::Html
        } else if let Some(errcode) = new.errcode {
            FaultKind::Errcode {
                errcode,
                errmsg: new.errmsg,
            }
        } else if let Some(mebibytes) = new.gzip_bomb {
            FaultKind::GzipBomb { mebibytes }
        } else if let Some(to) = new.redirect {
            FaultKind::Redirect { to }
        } else if let Some(json) = new.reply {
            FaultKind::Reply { json }
        } else if new.half {
            FaultKind::Half
        } else {
            return Err(Failure::input(text!("no failure is given")).hint(text!(
                "give one, e.g. --errcode 45011, --reset or --no-answer 30s"
            )));
        };
        // Half an answer is the answer of a call that was carried out.
        let after = new.after || kind == FaultKind::Half;
        let once = new.chance.is_none().then_some(1);
        Ok(Fault {
            path: new.path,
            kind,
            after,
            times: new.times.or(once),
            rate: new.chance,
            seed: new.seed,
            exact: false,
        })
    }
}

impl Record for Settings {
    const COLUMNS: &'static [Column<Settings>] = &[
        Column::new("audit_seconds", "AUDIT SECONDS", |s| {
            Cell::Number(s.audit_seconds)
        }),
        Column::new("allowed_ips", "ALLOWED ADDRESSES", |s| {
            Cell::List(s.allowed_ips.clone())
        }),
        Column::new("guard_every_call", "GUARDED CALLS", |s| {
            Cell::Word(if s.guard_every_call {
                text!("all")
            } else {
                text!("those with the AppSecret")
            })
        }),
        Column::new("calls_per_minute", "CALLS A MINUTE", |s| {
            limited(s.calls_per_minute)
        }),
        Column::new("calls_per_day", "CALLS A DAY", |s| limited(s.calls_per_day)),
        Column::new("audits_per_hour", "AUDITS AN HOUR", |s| {
            limited(s.audits_per_hour)
        }),
        Column::new("audits_per_day", "AUDITS A DAY", |s| {
            limited(s.audits_per_day)
        }),
        Column::new("audits_per_product", "AUDITS A PRODUCT", |s| {
            limited(s.audits_per_product)
        }),
        Column::new("new_products_per_day", "NEW PRODUCTS A DAY", |s| {
            limited(s.new_products_per_day)
        }),
        Column::new("read_lag_seconds", "READS LAG SECONDS", |s| {
            Cell::Number(s.read_lag_seconds)
        }),
        Column::new("keep_calls", "CALLS REMEMBERED", |s| {
            Cell::Number(s.keep_calls.into())
        }),
    ];
}

fn limited(limit: Option<u32>) -> Cell {
    limit.map_or_else(
        || Cell::Word(text!("no limit")),
        |limit| Cell::Number(limit.into()),
    )
}

fn set(args: SetArgs, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let settings = shop.set(|settings| {
        if let Some(takes) = args.audit_duration {
            settings.audit_seconds = i64::try_from(takes.as_secs()).unwrap_or(i64::MAX / 4);
        }
        if let Some(lag) = args.read_lag {
            settings.read_lag_seconds = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX / 4);
        }
        if !args.allow_ip.is_empty() {
            settings.allowed_ips = args
                .allow_ip
                .into_iter()
                .filter(|address| address != "any")
                .collect();
        }
        settings.guard_every_call = args.guard_every_call.unwrap_or(settings.guard_every_call);
        settings.keep_calls = args.keep_calls.unwrap_or(settings.keep_calls);
        for (limit, new) in [
            (&mut settings.calls_per_minute, args.calls_per_minute),
            (&mut settings.calls_per_day, args.calls_per_day),
            (&mut settings.audits_per_hour, args.audits_per_hour),
            (&mut settings.audits_per_day, args.audits_per_day),
            (&mut settings.audits_per_product, args.audits_per_product),
            (
                &mut settings.new_products_per_day,
                args.new_products_per_day,
            ),
        ] {
            if let Some(Limit(new)) = new {
                *limit = new;
            }
        }
    })?;
    ctx.out.show(&settings)
}

/// JSON, as it is to be answered.
fn reply(text: &str) -> Result<String, Text> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(text!("write JSON: {error}", error = error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_fraction() {
        assert_eq!(
            (rate("5%").ok(), rate("0.05").ok()),
            (Some(0.05), Some(0.05))
        );
        assert!(rate("120%").is_err() && rate("-1").is_err() && rate("NaN").is_err());
    }
}
