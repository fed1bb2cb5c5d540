//! `wxsell event`: what WeChat pushes. Receive it, look at it, hand it on, and send it as WeChat would.

mod decrypt;
mod hand;
mod list;
mod listen;
mod trigger;
mod verify;

pub use list::columns_of_list;

use super::Ctx;
use crate::cli::values::{When, when};
use crate::commands::shows::Shows;
use crate::fail::Failure;
use crate::profile::{self, Profile};
use crate::push::{Account, AesKey, Refusal};
use crate::state::pushes::Filter;
use crate::text;
use crate::types::now;
use crate::types::span::DAY;
use anyhow::Result;
use clap::{Args, Subcommand};

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<listen::Listening>("event listen"),
    Shows::list::<list::Listed>("event list"),
    Shows::one::<list::OneEvent>("event show"),
    Shows::list::<list::Listed>("event tail"),
    Shows::list::<list::Listed>("event replay"),
    Shows::one::<hand::Done>("event forward"),
    Shows::one::<decrypt::Explanation>("event decrypt"),
    Shows::one::<trigger::Sent>("event trigger"),
    Shows::list::<list::Stat>("event stats"),
    Shows::list::<crate::shop::verify::repair::Missing>("event verify"),
];

/// Receive, inspect and forward WeChat's push messages
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Receive pushes at your own address
    ///
    /// Enter the address in the console (Development management → Message push) and store its Token and EncodingAESKey
    /// with `wxsell auth push-key`. Every push is verified, decrypted and stored before it is answered, whatever
    /// happens to it afterwards. PATH serves the current profile, PATH/APPID every other profile whose Token is stored.
    ///
    /// WeChat expects an answer with content to one event, open_product_receive_coupon. Its handshake (test_coupon) is
    /// answered; a coupon that a buyer takes is stored and forwarded like every event, and answered with `success`
    /// only, so give it out with the coupon commands.
    Listen(listen::ListenArgs),
    /// List stored events, newest first
    List(list::ListArgs),
    /// Show one event with its fields
    Show(list::ShowArgs),
    /// Show events as they are stored, until Ctrl-C
    Tail(list::TailArgs),
    /// Send stored events again
    ///
    /// With --to they are sent there now, signed and encrypted as WeChat does it. Without it they are queued, and a
    /// running `wxsell event listen --forward-to` forwards them again.
    Replay(hand::ReplayArgs),
    /// Forward pending events now
    Forward(hand::ForwardArgs),
    /// Explain a captured message, without any call
    Decrypt(decrypt::DecryptArgs),
    /// Send an event as WeChat would, signed and encrypted, to test a receiver
    Trigger(trigger::TriggerArgs),
    /// Count events, repetitions and refused messages
    Stats(list::StatsArgs),
    /// Find events that never arrived
    ///
    /// Pushes can get lost. This command reads orders, after-sales, disputes and audits, and looks for every event that
    /// they prove among the stored ones: payment, settlement and time-out of an order; opening in WeChat, change,
    /// cancellation, return shipment, refund and closing of an after-sale; the steps of a dispute; the last audit of a
    /// product. What no record proves is not claimed, such as a step that a later one has overwritten, the receipt of
    /// an order, and audits of categories and brands.
    ///
    /// --repair makes the missing events from the record, with their time, marked as synthesised: `event list` and
    /// `show` say so, a POST carries the header X-Wxsell-Synthesised: 1, a command WXSELL_EVENT_SYNTHESISED=1, the JSON
    /// "origin": "synthesised". They go through the same queue as received events, in order for each order number. If
    /// the real event arrives later, it counts as a repetition.
    ///
    /// Exits with 8 when something is missing and was not made, with 0 when nothing is, with 6 when shops could not
    /// be read or something that was made waits to be forwarded. With --profile all: every profile whose AppSecret is
    /// kept.
    Verify(Box<verify::VerifyArgs>),
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Listen(args) => listen::run(args, ctx).await,
        Verb::List(args) => list::list(&args, ctx),
        Verb::Show(args) => list::show(&args, ctx),
        Verb::Tail(args) => list::tail(&args, ctx).await,
        Verb::Replay(args) => hand::replay(args, ctx).await,
        Verb::Forward(args) => hand::forward(args, ctx).await,
        Verb::Decrypt(args) => decrypt::run(&args, ctx),
        Verb::Trigger(args) => trigger::run(args, ctx).await,
        Verb::Stats(args) => list::stats(&args, ctx),
        Verb::Verify(args) => verify::run(*args, ctx).await,
    }
}

/// Refusals older than this are of no interest any more, in seconds.
const RECENT: i64 = 7 * DAY;

/// Says where WeChat's own messages were refused because they are not encrypted: the shop loses them until the console or
/// the receiver is changed. Their signature was right, so that no stranger can make this appear.
pub fn warn_of_plain(ctx: &Ctx) -> Result<()> {
    let shop = ctx.profile()?.account_key();
    let refused = ctx.state()?.push_refusals(Some(&shop), now() - RECENT)?;
    let plain = |of: &&crate::state::pushes::RefusedCount| {
        of.shop == shop && of.reason == Refusal::NotEncrypted.name()
    };
    if let Some(plain) = refused.iter().find(plain) {
        ctx.out.warn(text!(
            "{count} {count:message|messages} signed by WeChat {count:was|were} refused in 7 days, the last at {at}, because {count:it is|they are} not encrypted: set the message push to safe mode in the console (Development management → Message push), or run `wxsell event listen` with --allow-plain",
            count = plain.count,
            at = crate::types::plain_time(&crate::types::rfc3339(plain.last_at))
        ));
    }
    Ok(())
}

/// Which stored events are meant.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Only events with this name, e.g. aftersale_new_order
    #[arg(long, value_name = "EVENT", add = clap_complete::engine::ArgValueCandidates::new(trigger::candidates))]
    event: Option<String>,
    /// Only events of this API family: component, store, platform or unknown
    #[arg(long, value_name = "FAMILY")]
    family: Option<String>,
    /// Only events of this order, by WeChat's number or yours
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// Only events about the object with this number: an after-sale, a product, a dispute …
    #[arg(long, value_name = "NUMBER", conflicts_with = "order")]
    number: Option<String>,
    /// Events received since this time, e.g. 2022-04-01, or how long ago, e.g. 24h
    #[arg(long, value_name = "TIME", value_parser = when)]
    since: Option<When>,
    /// Events of all shops, not only of the profile's
    #[arg(long)]
    all_shops: bool,
}

impl Which {
    fn filter(&self, ctx: &Ctx) -> Result<Filter> {
        let any = (None, self.number.clone().unwrap_or_default());
        let number = match (&self.order, &self.number) {
            (Some(order), _) => Some((Some("order".to_owned()), order.clone())),
            (None, Some(_)) => Some(any),
            (None, None) => None,
        };
        Ok(Filter {
            shop: if self.all_shops {
                None
            } else {
                Some(ctx.profile()?.account_key())
            },
            event: self.event.clone(),
            family: self.family.clone(),
            number,
            since: self.since.map(since),
            ..Filter::default()
        })
    }
}

/// In unix milliseconds.
fn since(when: When) -> i64 {
    when.first(now()).saturating_mul(1_000)
}

/// What verifies and opens the pushes of a profile; `None` where it keeps no Token.
fn account(profile: &Profile, ctx: &Ctx) -> Result<Option<Account>> {
    let Some(keys) = profile::push_keys(profile, &ctx.dirs)? else {
        // The shop in a box has a Token of its own, whichever its account.
        let sandbox = profile.target == profile::Target::Sandbox;
        return Ok(sandbox.then(|| crate::sandbox::push::account(profile.family)));
    };
    let read = |key: Option<&crate::types::Secret>| {
        key.map(|key| {
            AesKey::from_encoded(key.expose()).ok_or_else(|| {
                Failure::access(text!(
                    "the EncodingAESKey of {name} is not 43 letters and digits",
                    name = profile.label()
                ))
                .hint(text!(
                    "copy it from the console: Development management → Message push"
                ))
            })
        })
        .transpose()
    };
    Ok(Some(Account {
        appid: profile.appid.clone(),
        key: read(keys.aes_key.as_ref())?,
        previous: read(keys.previous_aes_key.as_ref())?,
        token: keys.token,
    }))
}

/// [`account`] of the profile that commands work for; fails where it keeps no Token.
fn own_account(ctx: &Ctx) -> Result<Account> {
    let profile = ctx.profile()?;
    account(profile, ctx)?.ok_or_else(|| {
        Failure::access(text!(
            "no Token of the message push is known for {name}",
            name = profile.label()
        ))
        .hint(text!(
            "store it with `wxsell auth push-key`, or set WXSELL_PUSH_TOKEN and WXSELL_PUSH_AES_KEY"
        ))
        .into()
    })
}

/// Reads an address that events are sent to.
pub fn address(text: &str) -> Result<reqwest::Url, String> {
    let url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
    // It is needed to send, and never to be read.
    url.password().into_iter().for_each(crate::types::hide);
    match (url.scheme(), url.host()) {
        ("http" | "https", Some(_)) => Ok(url),
        _ => Err("an address that begins with http:// or https://".to_owned()),
    }
}
