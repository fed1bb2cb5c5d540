//! `wxsell provider`: a service provider (third-party platform) that acts for merchants. Ticket, token, authorisation,
//! the merchants and their counters.

mod authorize;
mod ticket;

use super::Ctx;
use super::ask::Rows;
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::profile::{Account, Profile, check_appid};
use crate::shop::authorization::Own;
use crate::shop::pass_through::provider::{MERCHANT, MERCHANTS};
use crate::text;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

/// Act for merchants as a service provider
///
/// Needs a profile of kind `provider`: `wxsell profile add NAME --kind provider --appid APPID`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The ticket that WeChat pushes to the service provider every 10 minutes
    #[command(subcommand)]
    Ticket(ticket::Verb),
    /// Print the access token of the service provider
    Token,
    Authorize(authorize::AuthorizeArgs),
    Connect(authorize::ConnectArgs),
    /// List the merchants that have authorized this service provider
    Merchants(Rows),
    Merchant(MerchantArgs),
    /// Daily call counters of the service provider and its merchants
    #[command(subcommand)]
    Quota(QuotaVerb),
}

/// Show a merchant: name, kind, state and what was granted
#[derive(Debug, clap::Args, Serialize)]
pub struct MerchantArgs {
    /// AppID of the merchant
    #[arg(value_name = "APPID")]
    appid: String,
    #[arg(skip)]
    provider: String,
}

#[derive(Debug, Subcommand)]
pub enum QuotaVerb {
    Clear(ClearArgs),
}

/// Reset the daily call counters with the secret of the service provider
///
/// Without --merchant, resets those of the service provider itself, including the token call; this works even when no
/// token is available any more. WeChat allows 10 resets a month.
#[derive(Debug, clap::Args)]
pub struct ClearArgs {
    /// Reset the counters of this merchant instead
    #[arg(long, value_name = "APPID")]
    merchant: Option<String>,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<ticket::Kept<'static>>("provider ticket set"),
    Shows::one::<ticket::Ticket>("provider ticket show"),
    Shows::one::<ticket::Started<'static>>("provider ticket start"),
    Shows::one::<super::auth::Printed>("provider token"),
    Shows::one::<authorize::Opened>("provider authorize"),
    Shows::one::<authorize::Connected>("provider authorize"),
    Shows::one::<authorize::Connected>("provider connect"),
    Shows::one::<super::quota::Cleared<'static>>("provider quota clear"),
];

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    let provider = own_profile(ctx)?;
    match verb {
        Verb::Ticket(verb) => ticket::run(verb, provider, ctx).await,
        Verb::Token => super::auth::print_token(ctx).await,
        Verb::Authorize(args) => authorize::authorize(args, provider, ctx).await,
        Verb::Connect(args) => authorize::connect(args, provider, ctx).await,
        Verb::Merchants(rows) => {
            let own = Own {
                provider: &provider.appid,
            };
            ctx.ask_rows(&MERCHANTS, &own, rows).await
        }
        Verb::Merchant(args) => {
            let args = MerchantArgs {
                appid: check_appid(&args.appid)?,
                provider: provider.appid.clone(),
            };
            ctx.ask(&MERCHANT, &args).await
        }
        Verb::Quota(QuotaVerb::Clear(args)) => {
            super::quota::clear_of_provider(provider, args.merchant.as_deref(), ctx).await
        }
    }
}

/// The profile of this command, which must be a service provider's.
fn own_profile(ctx: &Ctx) -> Result<&Profile> {
    let profile = ctx.profile()?;
    if profile.kind == Account::Provider {
        return Ok(profile);
    }
    let failure = Failure::input(text!(
        "profile {name} is not a service provider",
        name = profile.label()
    ));
    Err(failure
        .hint(match &profile.provider {
            Some(provider) => text!(
                "its service provider is {provider}: give --profile {provider}",
                provider = provider.label()
            ),
            None => text!(
                "choose one with --profile, or make one with `wxsell profile add NAME --kind provider --appid APPID`"
            ),
        })
        .into())
}
