//! One file per noun: arguments, what they do, what they show. Parse, ask the shop, show.

pub mod access;
pub mod address;
pub mod aftersale;
pub mod api;
pub mod ask;
pub mod audit;
pub mod auth;
pub mod brand;
pub mod callback;
pub mod category;
pub mod certificate;
pub mod columns;
pub mod commission;
pub mod completion;
pub mod coupon;
pub mod delivery;
pub mod demo;
pub mod dispute;
mod done;
pub mod due;
mod ended;
pub mod event;
pub mod fetched;
pub mod flash_sale;
pub mod freight;
pub mod funds;
pub mod goods;
pub mod help;
pub mod html;
pub mod image;
pub mod ip;
pub mod job;
pub mod log;
pub mod merchant;
pub mod money;
pub mod order;
pub mod pay;
pub mod profile;
pub mod promoter;
pub mod provider;
pub mod quota;
pub mod report;
pub mod rid;
pub mod run;
pub mod sandbox;
mod several;
pub mod sharer;
pub mod shows;
pub mod status;
mod terminal;
pub mod util;
mod web;
mod whole_file;

use crate::cli::{Cli, Global};
use crate::client::trace::{Trace, without_secrets};
use crate::client::{Client, OnAnswer, Wire};
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::Output;
use crate::profile::{Dirs, Profile, Resolved, Target};
use crate::sandbox::Running;
use crate::shop::image::papers;
use crate::shop::pass_through::{self, Ask, BEHIND};
use crate::shop::{Offered, Shop, ShopClock};
use crate::state::State;
use crate::state::log::{Log, Write, Writer};
use crate::text;
use anyhow::Result;
use std::cell::OnceCell;
use std::sync::Arc;
use terminal::Terminal;

/// What a command works with. Nothing is opened before it is used.
pub struct Ctx {
    pub global: Global,
    pub out: Output,
    pub dirs: Dirs,
    /// The bulk job that this command is, or resumes.
    job: OnceCell<job::Invocation>,
    resolved: OnceCell<Resolved>,
    state: OnceCell<Arc<State>>,
    shop: tokio::sync::OnceCell<(Shop, Option<Running>)>,
    /// Each shop is named by the command itself.
    one_of_several: bool,
}

impl Ctx {
    pub fn new(global: Global, mut out: Output) -> Result<Ctx> {
        if out.columns.is_some() {
            out.shapes = shows::shapes(&crate::cli::start::command_of_this_process());
        }
        let dirs = crate::profile::dirs()?;
        Ok(Ctx {
            global,
            out,
            dirs,
            job: OnceCell::new(),
            resolved: OnceCell::new(),
            state: OnceCell::new(),
            shop: tokio::sync::OnceCell::new(),
            one_of_several: false,
        })
    }

    /// Whether the profile is one of a WeChat Store. A profile that cannot be read is named by what needs it.
    pub fn is_of_a_store(&self) -> bool {
        self.profile()
            .is_ok_and(|profile| profile.family.is_store())
    }

    /// Refuses what only a WeChat Store has.
    pub fn of_a_store(&self) -> Result<()> {
        if self.profile()?.family.is_store() {
            return Ok(());
        }
        Err(
            Failure::input(text!("this command works only with a WeChat Store"))
                .hint(text!(
                    "choose a profile of a store with --profile; `wxsell profile list` shows the families"
                ))
                .into(),
        )
    }

    /// Whether it is looked at together with others.
    pub fn is_one_of_several(&self) -> bool {
        self.one_of_several
    }

    /// The same command for another profile: options, output and state are shared.
    pub fn for_profile(&self, name: &str) -> Result<Ctx> {
        let mut global = self.global.clone();
        global.profile = Some(name.to_owned());
        Ok(Ctx {
            global,
            out: self.out.clone(),
            dirs: self.dirs.clone(),
            job: OnceCell::new(),
            resolved: OnceCell::new(),
            state: OnceCell::from(self.state()?.clone()),
            shop: tokio::sync::OnceCell::new(),
            one_of_several: true,
        })
    }

    /// Keeps what a bulk job needs to be resumed: its kind, which is the command, and its options. A job that is
    /// resumed keeps those it was started with.
    pub fn keep_job(&self, kind: &str, settings: &impl serde::Serialize) -> Result<()> {
        if self.job.get().is_none() {
            let _ = self
                .job
                .set(job::Invocation::of_this_process(kind, settings)?);
        }
        Ok(())
    }

    /// Takes over a job that was started before, to be done and kept like it.
    pub fn resume_job(&self, job: job::Invocation) {
        let _ = self.job.set(job);
    }

    /// What [`Ctx::keep_job`] kept, as it is stored with the run.
    pub fn job(&self) -> String {
        self.job
            .get()
            .map(job::Invocation::write)
            .unwrap_or_default()
    }

    /// The profile with the origin of every value.
    pub fn resolved(&self) -> Result<&Resolved> {
        if let Some(resolved) = self.resolved.get() {
            return Ok(resolved);
        }
        let resolved = crate::profile::resolve(&self.global.overrides(), &self.dirs)?;
        for notice in &resolved.notices {
            self.out.note(notice.clone());
        }
        Ok(self.resolved.get_or_init(|| resolved))
    }

    pub fn profile(&self) -> Result<&Profile> {
        Ok(&self.resolved()?.profile)
    }

    pub fn state(&self) -> Result<&Arc<State>> {
        if let Some(state) = self.state.get() {
            return Ok(state);
        }
        let state = Arc::new(State::open(&self.dirs.state)?);
        for path in state.mended() {
            self.tell_of_mended(path);
        }
        Ok(self.state.get_or_init(|| state))
    }

    fn tell_of_mended(&self, path: &std::path::Path) {
        self.out.warn(text!(
            "others could read or change {path}; now only you can",
            path = path.display().to_string()
        ));
    }

    /// The shop of the profile. For the sandbox it is started in this process, on a port of its own.
    pub async fn shop(&self) -> Result<&Shop> {
        let (shop, _) = self.shop.get_or_try_init(|| self.open_shop()).await?;
        Ok(shop)
    }

    async fn open_shop(&self) -> Result<(Shop, Option<Running>)> {
        let mut profile = self.profile()?.clone();
        self.name_shop(&profile);
        let running = match profile.target {
            Target::Sandbox => {
                Some(crate::sandbox::start(&self.dirs.state.join("sandbox.db")).await?)
            }
            Target::Live | Target::StandIn => None,
        };
        if let Some(running) = &running {
            profile.base_url.clone_from(&running.base_url);
        }
        let secret = crate::profile::secret_reader(&profile, &self.dirs, &self.global.overrides());
        let client = Client::open(&profile, secret, self.state()?.clone(), self.wire()?)?;
        let client = match &profile.provider {
            Some(provider) => client.through(
                self.open_provider(provider)?,
                crate::profile::secret_keeper(&profile, &self.dirs),
            ),
            None => client,
        };
        let mut shop = Shop::new(client, profile.family);
        shop.clock = clock_of(&profile, &self.dirs);
        shop.observer = Arc::new(Terminal::new(&self.out));
        Ok((shop, running))
    }

    /// Above what is read on a terminal: which shop it is, where somebody has several. Writes say it themselves.
    fn name_shop(&self, profile: &Profile) {
        if self.one_of_several || !self.out.is_for_people() || !self.out.redraws() {
            return;
        }
        let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
        let command = crate::cli::meant::place(&args);
        if command == "status" || help::writes(&command) {
            return;
        }
        // Settings that cannot be read are named by what needs them.
        let settings = crate::profile::SettingsFile::of(&self.dirs).load();
        let own = |name: &&str| crate::profile::built_in(name).is_none();
        let several = settings.is_ok_and(|all| all.names().into_iter().filter(own).count() > 1);
        if several {
            self.out.note(text!("shop: {name}", name = profile.label()));
        }
    }

    /// The shop's time, unix seconds: that of this machine, and in the sandbox that of its clock.
    pub fn clock(&self) -> Result<i64> {
        clock_of(self.profile()?, &self.dirs)()
    }

    /// The provider that a shop's tokens come through. Its answers are tokens: `--raw` does not print them.
    fn open_provider(&self, provider: &Profile) -> Result<Client> {
        let secret = crate::profile::secret_reader(provider, &self.dirs, &self.global.overrides());
        let wire = Wire {
            on_answer: None,
            ..self.wire()?
        };
        Client::open(provider, secret, self.state()?.clone(), wire)
    }

    /// How requests travel, by `--trace`, `--timeout` and `--rate`.
    pub fn wire(&self) -> Result<Wire> {
        let trace = self.global.trace.as_deref().map(Trace::open).transpose()?;
        if let (Some(path), true) = (
            &self.global.trace,
            trace.as_ref().is_some_and(Trace::was_mended),
        ) {
            self.tell_of_mended(path);
        }
        let timeout = std::time::Duration::from_secs(self.global.timeout);
        let (out, told) = (self.out.clone(), self.out.clone());
        let on_answer = self.global.raw.then(|| -> OnAnswer {
            if self.global.unmask {
                Box::new(move |answer| out.answer(answer))
            } else {
                Box::new(move |answer| out.answer(&without_secrets(answer)))
            }
        });
        Ok(Wire {
            trace,
            on_answer,
            notice: Box::new(move |words| told.note(words)),
            timeout,
            rate: self.global.rate.map(f64::from),
        })
    }

    /// What a command did, for scripts; people have read a notice.
    pub fn report_done(&self, done: &serde_json::Value) -> Result<()> {
        if self.out.is_values() {
            return self.out.value(done);
        }
        Ok(())
    }

    /// Refuses for a read-only profile; before anything is read for a write.
    pub fn may_write(&self) -> Result<()> {
        let profile = self.profile()?;
        if !profile.read_only {
            return Ok(());
        }
        Err(
            Failure::access(text!("profile {name} is read-only", name = profile.label()))
                .hint(text!(
                    "use another profile, or `wxsell profile set {name} --read-only false`",
                    name = profile.label()
                ))
                .into(),
        )
    }

    /// To be called before the first write of a command: refuses for a read-only profile, says where the write goes,
    /// and on a live or production shop asks before `destructive` things.
    pub async fn before_write(&self, destructive: Option<Text>) -> Result<()> {
        self.out.columns_are_checked()?;
        self.may_write()?;
        let profile = self.profile()?;
        self.state()?.may_be_written()?;
        let place = match profile.target {
            Target::Sandbox => text!("→ sandbox"),
            Target::StandIn => text!(
                "→ {name} at {url}",
                name = profile.label(),
                url = &profile.base_url
            ),
            Target::Live if profile.production => text!(
                "→ live, production: {name} ({appid})",
                name = profile.label(),
                appid = &profile.appid
            ),
            Target::Live => text!(
                "→ live: {name} ({appid})",
                name = profile.label(),
                appid = &profile.appid
            ),
        };
        self.out.note(place);
        match destructive {
            Some(what) if profile.production || profile.target == Target::Live => {
                if self.out.confirm(text!(
                    "{what} on the live shop {name}?",
                    what,
                    name = profile.label()
                ))? {
                    Ok(())
                } else {
                    Err(Failure::input(text!("not confirmed; nothing was changed")).into())
                }
            }
            _ => Ok(()),
        }
    }
}

/// The time of a profile's shop.
fn clock_of(profile: &Profile, dirs: &Dirs) -> ShopClock {
    let file = dirs.state.join("sandbox.db");
    match profile.target {
        Target::Sandbox => Box::new(move || {
            let mut shop = crate::sandbox::Sandbox::open(&file)?;
            Ok(crate::types::now() + shop.settings()?.clock_offset)
        }),
        Target::Live | Target::StandIn => Box::new(|| Ok(crate::types::now())),
    }
}

/// Where a noun is registered, once: its variant, what it takes, the file it stands in, and for which families it works.
macro_rules! nouns {
    ($($(#[$attribute:meta])* $noun:ident($args:ty) in $file:ident, $offered:ident;)*) => {
        /// The nouns of the command line, in the order of the help.
        #[derive(Debug, clap::Subcommand)]
        pub enum Noun {
            $($(#[$attribute])* $noun($args),)*
        }

        impl Noun {
            async fn run(self, ctx: &Ctx) -> Result<()> {
                match self {
                    $(Noun::$noun(given) => $file::run(given, ctx).await,)*
                }
            }

            fn offered(&self) -> Offered {
                match self {
                    $(Noun::$noun(_) => Offered::$offered,)*
                }
            }
        }

        /// What verbs print that is not what one call answers, over all nouns.
        pub fn shows() -> impl Iterator<Item = &'static shows::Shows> {
            [$($file::SHOWS),*].into_iter().flatten()
        }
    };
}

nouns! {
    Status(status::StatusArgs) in status, ToAll;
    #[command(subcommand)]
    Goods(goods::Verb) in goods, ToAll;
    #[command(subcommand)]
    Aftersale(aftersale::Verb) in aftersale, ToComponents;
    #[command(subcommand)]
    Dispute(dispute::Verb) in dispute, ToComponents;
    Due(due::DueArgs) in due, ToComponents;
    #[command(subcommand)]
    Image(image::Verb) in image, ToAll;
    #[command(subcommand)]
    Access(access::Verb) in access, ToComponents;
    #[command(subcommand)]
    Category(category::Verb) in category, ToAll;
    #[command(subcommand)]
    Brand(brand::Verb) in brand, ToAll;
    #[command(subcommand)]
    Address(address::Verb) in address, ToAll;
    #[command(subcommand)]
    Freight(freight::Verb) in freight, ToAll;
    #[command(subcommand)]
    FlashSale(flash_sale::Verb) in flash_sale, ToAll;
    #[command(subcommand)]
    Audit(audit::Verb) in audit, ToComponents;
    #[command(subcommand)]
    Certificate(certificate::Verb) in certificate, ToComponents;
    #[command(subcommand)]
    Merchant(merchant::Verb) in merchant, ToAll;
    #[command(subcommand)]
    Order(order::Verb) in order, ToComponents;
    #[command(subcommand)]
    Event(event::Verb) in event, ToAll;
    #[command(subcommand)]
    Funds(funds::Verb) in funds, ToAll;
    #[command(subcommand)]
    Pay(pay::Verb) in pay, ToComponents;
    #[command(subcommand)]
    Commission(commission::Verb) in commission, ToComponents;
    #[command(subcommand)]
    Report(report::Verb) in report, ToComponents;
    #[command(subcommand)]
    Delivery(delivery::Verb) in delivery, ToComponents;
    #[command(subcommand)]
    Coupon(coupon::Verb) in coupon, ToComponents;
    #[command(subcommand)]
    Promoter(promoter::Verb) in promoter, ToComponents;
    #[command(subcommand)]
    Sharer(sharer::Verb) in sharer, ToComponents;
    #[command(subcommand)]
    Run(run::Verb) in run, ToAll;
    #[command(subcommand)]
    Profile(profile::Verb) in profile, ToAll;
    #[command(subcommand)]
    Auth(auth::Verb) in auth, ToAll;
    #[command(subcommand)]
    Provider(provider::Verb) in provider, ToAll;
    #[command(subcommand)]
    Quota(quota::Verb) in quota, ToAll;
    #[command(subcommand)]
    Callback(callback::Verb) in callback, ToAll;
    #[command(subcommand)]
    Ip(ip::Verb) in ip, ToAll;
    #[command(subcommand)]
    Rid(rid::Verb) in rid, ToAll;
    #[command(subcommand)]
    Sandbox(sandbox::Verb) in sandbox, ToAll;
    #[command(subcommand)]
    Log(log::Verb) in log, ToAll;
    #[command(subcommand)]
    Api(api::Verb) in api, ToAll;
    Completion(completion::Args) in completion, ToAll;
    Demo(demo::DemoArgs) in demo, ToAll;
    Help(help::Args) in help, ToAll;
    #[command(subcommand)]
    Util(util::Verb) in util, ToAll;
}

/// Nouns that read what belongs to others.
const READERS: [&str; 3] = ["status", "due", "event"];

/// The command that does an operation, where there is one.
pub fn command_of(path: &str) -> Option<&'static str> {
    let several = BEHIND.iter().find(|(known, _)| *known == path);
    let reads = |ask: &&Ask| READERS.contains(&help::noun_of(ask.command));
    let one = || {
        pass_through::all()
            .filter(|ask| ask.path == path)
            .min_by_key(reads)
    };
    several
        .map(|(_, command)| *command)
        .or_else(|| one().map(|ask| ask.command))
}

/// Whether it shows one shop after the other with `--profile all`. `due` and `event verify` put them together.
fn shows_several(noun: &Noun) -> bool {
    match noun {
        Noun::Status(_) => true,
        Noun::Goods(verb) => matches!(verb, goods::Verb::List(_) | goods::Verb::Rejected(_)),
        Noun::Order(verb) => matches!(verb, order::Verb::List(_)),
        Noun::Aftersale(verb) => matches!(verb, aftersale::Verb::List(_)),
        _ => false,
    }
}

/// Notes in the log of writes that a command shows people whole, or answers as they came, before it does.
async fn note_reveal(ctx: &Ctx) -> Result<()> {
    let options = [("--unmask", ctx.global.unmask), ("--raw", ctx.global.raw)];
    let given: Vec<&str> = options
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| *name)
        .collect();
    if given.is_empty() {
        return Ok(());
    }
    // A profile that cannot be read is named by the command itself, which then shows nothing.
    let Ok(profile) = ctx.profile() else {
        return Ok(());
    };
    let command = crate::cli::start::command_of_this_process();
    // What only the log knows is taken over before the first entry of a fresh state.
    ctx.state()?.take_over_from_log()?;
    let row = Write {
        at: crate::clock::now(),
        by: Arc::new(Writer {
            who: crate::client::user(),
            profile: profile.label().to_owned(),
            shop: profile.appid.clone(),
        }),
        path: format!("wxsell {command} {}", given.join(" ")).into(),
        body: Default::default(),
        result: "shown".into(),
        rid: String::new(),
        intent: 0,
        movement: String::new(),
    };
    Log::open(&ctx.dirs.state)?.keep(row, false).await?;
    Ok(())
}

pub async fn run(cli: Cli, ctx: &Ctx) -> Result<()> {
    if ctx.global.web {
        return web::show(&cli.noun, ctx);
    }
    match ctx.several() {
        Ok(Some(names)) => {
            for name in &names {
                note_reveal(&ctx.for_profile(name)?).await?;
            }
        }
        // What is wrong with several is said by the command.
        Ok(None) | Err(_) => note_reveal(ctx).await?,
    }
    if shows_several(&cli.noun)
        && let Some(names) = ctx.several()?
    {
        let ended = ctx.one_after_the_other(&names).await;
        return ctx.show_ended(ended);
    }
    // A profile that cannot be read is named by the command that needs it.
    if let Ok(profile) = ctx.profile() {
        cli.noun
            .offered()
            .check(profile.family, text!("this command"))?;
    }
    let ended = cli.noun.run(ctx).await;
    ctx.show_ended(ended)
}
