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
pub mod commission;
pub mod completion;
pub mod coupon;
pub mod delivery;
pub mod dispute;
pub mod due;
pub mod event;
pub mod fetched;
pub mod freight;
pub mod funds;
pub mod goods;
pub mod image;
pub mod ip;
pub mod job;
pub mod log;
pub mod merchant;
pub mod money;
pub mod order;
mod papers;
pub mod pay;
pub mod profile;
pub mod promoter;
pub mod provider;
pub mod quota;
pub mod rid;
pub mod run;
pub mod sandbox;
pub mod sharer;
pub mod status;
pub mod util;

use crate::cli::{Cli, Global, Noun};
use crate::client::trace::{Trace, without_secrets};
use crate::client::{Client, Heard, Wire};
use crate::fail::Failure;
use crate::lang::Text;
use crate::output::{Format, Output};
use crate::profile::{Dirs, Profile, Resolved, Target};
use crate::sandbox::Running;
use crate::shop::Shop;
use crate::state::State;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use std::cell::OnceCell;
use std::sync::Arc;

/// What a command works with. Nothing is opened before it is used.
pub struct Ctx {
    pub global: Global,
    pub out: Output,
    pub dirs: Dirs,
    /// How the job was started that this command resumes.
    pub resumed: OnceCell<run::Invocation>,
    resolved: OnceCell<Resolved>,
    state: OnceCell<Arc<State>>,
    shop: tokio::sync::OnceCell<(Shop, Option<Running>)>,
}

impl Ctx {
    pub fn new(global: Global, out: Output) -> Result<Ctx> {
        let dirs = crate::profile::dirs()?;
        Ok(Ctx {
            global,
            out,
            dirs,
            resumed: OnceCell::new(),
            resolved: OnceCell::new(),
            state: OnceCell::new(),
            shop: tokio::sync::OnceCell::new(),
        })
    }

    /// Whether the profile is one of a WeChat Store. A profile that cannot be read is named by what needs it.
    pub fn is_of_a_store(&self) -> bool {
        self.profile()
            .is_ok_and(|profile| profile.family == Family::Store)
    }

    /// Refuses what only a WeChat Store has.
    pub fn of_a_store(&self) -> Result<()> {
        if self.profile()?.family == Family::Store {
            return Ok(());
        }
        Err(
            Failure::input(text!("this command works for a WeChat Store alone"))
                .hint(text!(
                    "choose a profile of a store with --profile; `wxsell profile list` shows the families"
                ))
                .into(),
        )
    }

    /// The same command for another profile: options, output and state are shared.
    pub fn for_profile(&self, name: &str) -> Result<Ctx> {
        let mut global = self.global.clone();
        global.profile = Some(name.to_owned());
        Ok(Ctx {
            global,
            out: self.out.clone(),
            dirs: self.dirs.clone(),
            resumed: OnceCell::new(),
            resolved: OnceCell::new(),
            state: OnceCell::from(self.state()?.clone()),
            shop: tokio::sync::OnceCell::new(),
        })
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
        Ok((
            Shop {
                client,
                family: profile.family,
            },
            running,
        ))
    }

    /// The shop's time, unix seconds: that of this machine, and in the sandbox that of its clock.
    pub fn clock(&self) -> Result<i64> {
        match self.profile()?.target {
            Target::Sandbox => {
                let mut shop = crate::sandbox::Sandbox::open(&self.dirs.state.join("sandbox.db"))?;
                Ok(crate::types::now() + shop.settings()?.clock_offset)
            }
            Target::Live | Target::StandIn => Ok(crate::types::now()),
        }
    }

    /// The provider that a shop's tokens come through. Its answers are tokens: `--raw` does not print them.
    fn open_provider(&self, provider: &Profile) -> Result<Client> {
        let secret = crate::profile::secret_reader(provider, &self.dirs, &self.global.overrides());
        let wire = Wire {
            heard: None,
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
        let heard = self.global.raw.then(|| -> Heard {
            match self.global.unmask {
                true => Box::new(move |answer| out.answer(answer)),
                false => Box::new(move |answer| out.answer(&without_secrets(answer))),
            }
        });
        Ok(Wire {
            trace,
            heard,
            notice: Box::new(move |words| told.note(words)),
            timeout,
            rate: self.global.rate.map(f64::from),
        })
    }

    /// What a command did, for scripts; people have read a notice.
    pub fn told(&self, done: &serde_json::Value) -> Result<()> {
        match self.out.format {
            Format::Json | Format::Ndjson | Format::Yaml => self.out.value(done),
            Format::Table | Format::Csv | Format::Tsv | Format::Xlsx => Ok(()),
        }
    }

    /// To be called before the first write of a command: refuses for a read-only profile, says where the write goes,
    /// and on a live or production shop asks before `destructive` things.
    pub async fn before_write(&self, destructive: Option<Text>) -> Result<()> {
        self.out.columns_are_checked()?;
        let profile = self.profile()?;
        if profile.read_only {
            return Err(Failure::access(text!(
                "profile {name} is read-only",
                name = profile.label()
            ))
            .hint(text!(
                "use another profile, or `wxsell profile set {name} --read-only false`",
                name = profile.label()
            ))
            .into());
        }
        self.state()?.may_be_written()?;
        let place = match profile.target {
            Target::Sandbox => text!("→ sandbox"),
            Target::StandIn => text!("→ {url}", url = &profile.base_url),
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

/// Every verb that is one call, over all nouns.
pub fn asks() -> impl Iterator<Item = &'static ask::Ask> {
    [
        access::ASKS,
        aftersale::ASKS,
        audit::ASKS,
        brand::ASKS,
        callback::ASKS,
        category::ASKS,
        certificate::ASKS,
        commission::ASKS,
        coupon::ASKS,
        delivery::ASKS,
        dispute::ASKS,
        funds::ASKS,
        ip::ASKS,
        order::ASKS,
        pay::ASKS,
        promoter::ASKS,
        provider::ASKS,
        sharer::ASKS,
        // These read what belongs to other nouns.
        status::ASKS,
        due::ASKS,
        event::ASKS,
    ]
    .into_iter()
    .flatten()
    .chain(merchant::asks())
}

/// Operations behind the commands that do more than one call.
const OTHERS: &[(&str, &str)] = &[
    ("/cgi-bin/token", "auth token"),
    ("/cgi-bin/stable_token", "auth token"),
    ("/cgi-bin/clear_quota", "quota clear"),
    ("/cgi-bin/clear_quota/v2", "quota clear"),
    ("/cgi-bin/openapi/quota/clear", "quota clear"),
    ("/cgi-bin/openapi/quota/get", "quota show"),
    ("/cgi-bin/openapi/rid/get", "rid show"),
    ("/shop/account/get_info", "merchant info"),
    ("/shop/account/update_info", "merchant update"),
    ("/shop/account/get_category_list", "category mine"),
    ("/shop/account/get_brand_list", "brand mine"),
    ("/shop/cat/get", "category list"),
    ("/shop/img/upload", "image upload"),
    ("/shop/spu/add", "goods upload"),
    ("/shop/spu/update", "goods update"),
    ("/shop/spu/update_without_audit", "goods price-stock"),
    ("/shop/spu/del", "goods remove"),
    ("/shop/spu/del_audit", "goods withdraw-audit"),
    ("/shop/spu/get", "goods show"),
    ("/shop/spu/get_list", "goods list"),
    ("/shop/spu/listing", "goods on-sale"),
    ("/shop/spu/delisting", "goods off-sale"),
];

/// The command that does an operation, where there is one.
pub fn command_of(path: &str) -> Option<&'static str> {
    let several = OTHERS.iter().find(|(known, _)| *known == path);
    let one = || asks().find(|ask| ask.path == path);
    several
        .map(|(_, command)| *command)
        .or_else(|| one().map(|ask| ask.command))
}

/// What a WeChat Store can be asked for by commands of its own.
fn works_for_a_store(noun: &Noun) -> bool {
    match noun {
        Noun::Status(_)
        | Noun::Goods(_)
        | Noun::Address(_)
        | Noun::Freight(_)
        | Noun::Category(
            category::Verb::List(_) | category::Verb::Mine | category::Verb::Rule(_),
        )
        | Noun::Brand(brand::Verb::Mine)
        | Noun::Image(_)
        | Noun::Merchant(merchant::Verb::Info)
        | Noun::Run(_)
        | Noun::Profile(_)
        | Noun::Auth(_)
        | Noun::Callback(_)
        | Noun::Ip(_)
        | Noun::Provider(_)
        | Noun::Quota(_)
        | Noun::Rid(_)
        | Noun::Sandbox(_)
        | Noun::Log(_)
        | Noun::Api(_)
        | Noun::Completion(_)
        | Noun::Util(_) => true,
        Noun::Aftersale(_)
        | Noun::Dispute(_)
        | Noun::Due(_)
        | Noun::Access(_)
        | Noun::Category(_)
        | Noun::Brand(_)
        | Noun::Audit(_)
        | Noun::Certificate(_)
        | Noun::Merchant(_)
        | Noun::Order(_)
        | Noun::Event(_)
        | Noun::Funds(_)
        | Noun::Pay(_)
        | Noun::Commission(_)
        | Noun::Delivery(_)
        | Noun::Coupon(_)
        | Noun::Promoter(_)
        | Noun::Sharer(_) => false,
    }
}

pub async fn run(cli: Cli, ctx: &Ctx) -> Result<()> {
    // A profile that cannot be read is named by the command that needs it.
    if !works_for_a_store(&cli.noun)
        && ctx
            .profile()
            .is_ok_and(|profile| profile.family == Family::Store)
    {
        return Err(crate::shop::lacks(text!("this command")).into());
    }
    match cli.noun {
        Noun::Aftersale(verb) => aftersale::run(verb, ctx).await,
        Noun::Dispute(verb) => dispute::run(verb, ctx).await,
        Noun::Due(args) => due::run(args, ctx).await,
        Noun::Goods(verb) => goods::run(verb, ctx).await,
        Noun::Image(verb) => image::run(verb, ctx).await,
        Noun::Address(verb) => address::run(verb, ctx).await,
        Noun::Freight(verb) => freight::run(verb, ctx).await,
        Noun::Status(args) => status::run(args, ctx).await,
        Noun::Access(verb) => access::run(verb, ctx).await,
        Noun::Category(verb) => category::run(verb, ctx).await,
        Noun::Brand(verb) => brand::run(verb, ctx).await,
        Noun::Audit(verb) => audit::run(verb, ctx).await,
        Noun::Certificate(verb) => certificate::run(verb, ctx).await,
        Noun::Merchant(verb) => merchant::run(verb, ctx).await,
        Noun::Order(verb) => order::run(verb, ctx).await,
        Noun::Event(verb) => event::run(verb, ctx).await,
        Noun::Funds(verb) => funds::run(verb, ctx).await,
        Noun::Pay(verb) => pay::run(verb, ctx).await,
        Noun::Commission(verb) => commission::run(verb, ctx).await,
        Noun::Delivery(verb) => delivery::run(verb, ctx).await,
        Noun::Coupon(verb) => coupon::run(verb, ctx).await,
        Noun::Promoter(verb) => promoter::run(verb, ctx).await,
        Noun::Sharer(verb) => sharer::run(verb, ctx).await,
        Noun::Run(verb) => run::run(verb, ctx).await,
        Noun::Profile(verb) => profile::run(verb, ctx).await,
        Noun::Auth(verb) => auth::run(verb, ctx).await,
        Noun::Callback(verb) => callback::run(verb, ctx).await,
        Noun::Ip(verb) => ip::run(verb, ctx).await,
        Noun::Provider(verb) => provider::run(verb, ctx).await,
        Noun::Quota(verb) => quota::run(verb, ctx).await,
        Noun::Rid(verb) => rid::run(verb, ctx).await,
        Noun::Sandbox(verb) => sandbox::run(verb, ctx).await,
        Noun::Log(verb) => log::run(verb, ctx).await,
        Noun::Api(verb) => api::run(verb, ctx).await,
        Noun::Completion(args) => completion::run(args, ctx).await,
        Noun::Util(verb) => util::run(verb, ctx).await,
    }
}
