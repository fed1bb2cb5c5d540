//! `wxsell merchant`: the merchant's own settings, and the application for a merchant number.

pub mod application;
mod apply;
mod form;
pub mod store;

use super::Ctx;
use crate::api::Endpoint;
use crate::api::component::account::{Address, Info, UpdateInfo};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::output::{Cell, Column, Record};
use crate::shop::pass_through::merchant::APPLY;
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Apply for a merchant number, and view and change settings
#[derive(Debug, Subcommand)]
pub enum Verb {
    Apply(apply::ApplyArgs),
    /// Show the progress of the merchant number application
    Application,
    /// Show what WeChat takes from the Mini Program for the application
    Fixed,
    /// Show how buyers reach customer service
    #[command(alias = "show")]
    Info,
    Update(UpdateArgs),
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::list::<store::Step>("merchant apply"),
    Shows::list::<store::Step>("merchant apply").dry_run(),
    Shows::record("merchant apply", &APPLY),
    Shows::request("merchant apply", APPLY.path).dry_run(),
    Shows::one::<application::Application>("merchant application"),
    Shows::one::<Merchant>("merchant info"),
    Shows::one::<StoreRow>("merchant info"),
    Shows::one::<Merchant>("merchant update"),
    Shows::request("merchant update", UpdateInfo::PATH).dry_run(),
];

/// Set customer service and the default return address
///
/// WeChat accepts no products before customer service is set. Give every kind that you offer: the others are switched
/// off.
#[derive(Debug, clap::Args)]
pub struct UpdateArgs {
    /// Kind of customer service (can be repeated)
    #[arg(long, value_enum)]
    service: Vec<Service>,
    /// Page of your Mini Program for `--service page`
    #[arg(long, value_name = "PATH")]
    page: Option<String>,
    /// Telephone number for `--service phone`
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// Person who receives returned goods
    #[arg(
        long,
        value_name = "NAME",
        requires = "return_address",
        requires = "return_phone"
    )]
    return_name: Option<String>,
    /// Telephone number of the person who receives returned goods
    #[arg(long, value_name = "NUMBER", requires = "return_name")]
    return_phone: Option<String>,
    /// Street and house number of the return address
    #[arg(long, value_name = "STREET", requires = "return_name")]
    return_address: Option<String>,
    /// Province of the return address
    #[arg(long, value_name = "NAME", requires = "return_name")]
    return_province: Option<String>,
    /// City of the return address
    #[arg(long, value_name = "NAME", requires = "return_name")]
    return_city: Option<String>,
    /// District of the return address
    #[arg(long, value_name = "NAME", requires = "return_name")]
    return_district: Option<String>,
}

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    clap::ValueEnum,
    Serialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
enum Service {
    /// The customer service that WeChat offers to Mini Programs
    Wechat,
    /// A page of the merchant's own
    Page,
    /// Telephone
    Phone,
}

const SERVICES: [Service; 3] = [Service::Wechat, Service::Page, Service::Phone];

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Merchant {
    /// Empty: not set, and no goods can be uploaded.
    service: Vec<Service>,
    service_agent_type: Vec<i64>,
    service_agent_path: String,
    service_agent_phone: String,
}

impl From<Info> for Merchant {
    fn from(info: Info) -> Merchant {
        let service = info
            .service_agent_type
            .iter()
            .filter_map(|kind| SERVICES.get(usize::try_from(*kind).ok()?).copied())
            .collect();
        Merchant {
            service,
            service_agent_type: info.service_agent_type,
            service_agent_path: info.service_agent_path,
            service_agent_phone: info.service_agent_phone,
        }
    }
}

impl Record for Merchant {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("service", "CUSTOMER SERVICE", |m| {
            match m.service.as_slice() {
                [] => Cell::Word(text!("not set")),
                kinds => Cell::List(
                    kinds
                        .iter()
                        .map(|kind| format!("{kind:?}").to_lowercase())
                        .collect(),
                ),
            }
        }),
        Column::new("service_agent_path", "PAGE", |m| {
            Cell::Text(m.service_agent_path.clone())
        }),
        Column::new("service_agent_phone", "PHONE", |m| {
            Cell::Text(m.service_agent_phone.clone())
        }),
    ];
}

/// A WeChat Store as a whole.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct StoreRow {
    nickname: String,
    /// As WeChat says it.
    subject_type: String,
    /// `opening`, `open_finished`, `closing`, `close_finished`.
    status: String,
}

impl Record for StoreRow {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("nickname", "NICKNAME", |s| Cell::Text(s.nickname.clone())),
        Column::new("subject_type", "KIND", |s| {
            Cell::Text(s.subject_type.clone())
        }),
        Column::new("status", "STATE", |s| {
            Cell::Word(match s.status.as_str() {
                "opening" => text!("being opened"),
                "open_finished" => text!("open for business"),
                "closing" => text!("being closed"),
                "close_finished" => text!("closed"),
                other => crate::lang::Text::verbatim(other),
            })
        }),
    ];
}

async fn show_store(ctx: &Ctx) -> Result<()> {
    ctx.out.check_columns::<StoreRow>()?;
    let info = ctx.shop().await?.store_info().await?;
    ctx.out.show(&StoreRow {
        nickname: info.nickname,
        subject_type: info.subject_type,
        status: info.status,
    })
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    if ctx.is_of_a_store() {
        return match verb {
            Verb::Info => show_store(ctx).await,
            Verb::Apply(args) => store::apply(args, ctx).await,
            _ => Err(crate::shop::lacks(text!("this command")).into()),
        };
    }
    match verb {
        Verb::Apply(args) => apply::apply(args, ctx).await,
        Verb::Application => application::show(ctx).await,
        Verb::Fixed => apply::fixed(ctx).await,
        Verb::Info => ctx.out.show(&Merchant::from(
            ctx.shop().await?.merchant().await?.unwrap_or_default(),
        )),
        Verb::Update(args) => update(args, ctx).await,
    }
}

async fn update(args: UpdateArgs, ctx: &Ctx) -> Result<()> {
    let (services, address) = (!args.service.is_empty(), args.return_name.is_some());
    let update = request(args)?;
    if ctx.global.dry_run {
        ctx.out
            .note(text!("nothing was sent; the request would be:"));
        return ctx
            .out
            .value(&serde_json::to_value(&update).unwrap_or_default());
    }
    let shop = ctx.shop().await?;
    ctx.out.check_columns::<Merchant>()?;
    ctx.before_write(None).await?;
    shop.update_merchant(&update).await?;
    ctx.out
        .show(&Merchant::from(shop.merchant().await?.unwrap_or_default()))?;
    if services {
        ctx.out
            .note(text!("customer service: what is not listed here is off"));
    }
    if address {
        ctx.out.note(text!(
            "the return address was set; WeChat does not show it again"
        ));
    }
    Ok(())
}

/// Digits, as many as a phone number or a short service number has; blanks, hyphens and a plus may stand between.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let other = |letter: char| letter.is_ascii_digit() || "+- ()*".contains(letter);
    (5..=20).contains(&digits) && text.chars().all(other)
}

fn request(mut args: UpdateArgs) -> Result<UpdateInfo> {
    args.service.sort();
    args.service.dedup();
    let mut missing = Vec::new();
    if args.service.contains(&Service::Page) && args.page.is_none() {
        missing.push(text!("--service page needs --page"));
    }
    if args.service.contains(&Service::Phone) && args.phone.is_none() {
        missing.push(text!("--service phone needs --phone"));
    }
    if args.service.is_empty() && (args.page.is_some() || args.phone.is_some()) {
        missing.push(text!("--page and --phone need --service"));
    }
    if args.service.is_empty() && args.return_name.is_none() {
        missing.push(text!("give --service, or a return address"));
    }
    for phone in [&args.phone, &args.return_phone].into_iter().flatten() {
        if !is_phone(phone) {
            missing.push(text!("\"{phone}\" is not a phone number", phone));
        }
    }
    if !missing.is_empty() {
        return Err(Failure::input(text!("incomplete settings"))
            .also(missing)
            .into());
    }
    let kinds = SERVICES
        .iter()
        .zip(0..)
        .filter(|(kind, _)| args.service.contains(kind))
        .map(|(_, number)| number)
        .collect::<Vec<i64>>();
    Ok(UpdateInfo {
        service_agent_path: args.page,
        service_agent_phone: args.phone,
        service_agent_type: (!kinds.is_empty()).then_some(kinds),
        default_receiving_address: args.return_name.map(|receiver_name| Address {
            receiver_name,
            country: None,
            province: args.return_province,
            city: args.return_city,
            town: args.return_district,
            detailed_address: args.return_address.unwrap_or_default(),
            tel_number: args.return_phone.unwrap_or_default(),
        }),
    })
}
