//! `wxsell sandbox provider`: what the platform and a merchant do around a service provider.

use super::super::Ctx;
use crate::fail::Failure;
use crate::profile::check_appid;
use crate::sandbox::{APPID, ProviderMove, Sandbox};
use crate::text;
use crate::types::Secret;
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use std::io::Read;

/// Act as WeChat and merchants of a service provider
///
/// The sandbox's service provider is wx5a4dbcc0ffee0099 with the AppSecret `sandbox-provider`; it reaches the shop at
/// the address of `wxsell sandbox serve`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the ticket that would be pushed now
    Ticket,
    /// Let a merchant agree on the authorization page; prints the auth_code of the redirect
    ///
    /// Reads the address of the page, or the pre_auth_code in it, from standard input.
    Authorize(AuthorizeArgs),
    /// Let a merchant withdraw the authorization
    Withdraw(MerchantArgs),
    /// Let the next renewal for a merchant return a new refresh token
    Rotate(MerchantArgs),
}

#[derive(Debug, clap::Args)]
pub struct MerchantArgs {
    /// AppID of the merchant (default: the sandbox shop)
    #[arg(long, value_name = "APPID")]
    merchant: Option<String>,
}

impl MerchantArgs {
    fn appid(&self) -> Result<String> {
        Ok(check_appid(self.merchant.as_deref().unwrap_or(APPID))?)
    }
}

#[derive(Debug, clap::Args)]
pub struct AuthorizeArgs {
    #[command(flatten)]
    merchant: MerchantArgs,
    /// Sets to be granted, separated by commas; 85 is the component, 140 promotion staff
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    sets: Option<Vec<i64>>,
}

pub fn run(verb: Verb, mut shop: Sandbox, ctx: &Ctx) -> Result<()> {
    let what = match verb {
        Verb::Ticket => {
            let ticket = Secret::new(shop.ticket()?);
            let shown = Ticket {
                ticket: ticket.reveal().to_owned(),
            };
            return alone(ticket.reveal(), &shown, ctx);
        }
        Verb::Authorize(args) => ProviderMove::Authorise {
            pre_auth_code: pre_auth_code()?,
            appid: args.merchant.appid()?,
            sets: args.sets,
        },
        Verb::Withdraw(args) => ProviderMove::Withdraw(args.appid()?),
        Verb::Rotate(args) => ProviderMove::Rotate(args.appid()?),
    };
    let (happened, code) = shop.provider(&what)?;
    match code {
        Some(code) => {
            let shown = Code {
                auth_code: code.clone(),
            };
            alone(Secret::new(code).reveal(), &shown, ctx)
        }
        None => ctx.out.list(&[happened]),
    }
}

/// The ticket that would be pushed now.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Ticket {
    ticket: String,
}

/// What the authorization page leads back with.
#[derive(Serialize, schemars::JsonSchema)]
pub struct Code {
    auth_code: String,
}

/// What was asked for by name: alone on a line, or the only field of an object.
fn alone(text: &str, thing: &impl Serialize, ctx: &Ctx) -> Result<()> {
    if ctx.out.is_values() {
        return ctx.out.value(&serde_json::to_value(thing)?);
    }
    ctx.out.text(text)
}

fn pre_auth_code() -> Result<String> {
    let mut given = String::new();
    std::io::stdin()
        .lock()
        .take(16 * 1024)
        .read_to_string(&mut given)
        .map_err(|error| {
            Failure::input(text!(
                "{from} cannot be read: {error}",
                from = text!("standard input"),
                error = error.to_string()
            ))
        })?;
    // A table or JSON with the address in it will do.
    let address = given
        .split(|c: char| c.is_whitespace() || c == '"')
        .find(|word| word.starts_with("https://"))
        .and_then(|word| reqwest::Url::parse(word).ok());
    let code = address.and_then(|url| {
        let code = url.query_pairs().find(|(name, _)| name == "pre_auth_code");
        code.map(|(_, code)| code.into_owned())
    });
    Ok(code.unwrap_or_else(|| given.trim().to_owned()))
}
