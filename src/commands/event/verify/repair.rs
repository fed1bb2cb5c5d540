//! Makes the events that were missed, as the platform would have sent them, and hands them on through the queue that
//! received ones go through.

use super::super::hand::accounts;
use super::super::listen::{Onward, only_forwarder};
use super::Missing;
use crate::commands::Ctx;
use crate::fail::{Failure, Kind};
use crate::push::body;
use crate::push::events::decode;
use crate::push::forward::{Courier, Forwarder, Wake};
use crate::push::milliseconds;
use crate::push::{Format, Mode};
use crate::state::pushes::{Filter, Kept, NewPush, PushLog, SYNTHESISED};
use crate::text;
use anyhow::Result;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::watch;

/// How the shop's messages look: as the last that came.
struct Style {
    mode: Mode,
    format: Format,
    to: String,
    from: String,
}

fn style(ctx: &Ctx) -> Result<Style> {
    let profile = ctx.profile()?;
    let filter = Filter {
        shop: Some(profile.account_key()),
        family: Some("component".into()),
        most: Some(1),
        ..Filter::default()
    };
    let encrypted = super::super::account(profile, ctx)?.is_some_and(|own| own.key.is_some());
    let Some(last) = ctx.state()?.pushes(&filter)?.pop() else {
        return Ok(Style {
            mode: if encrypted { Mode::Safe } else { Mode::Plain },
            format: Format::Json,
            // Which original id the shop has is not known before its first push.
            to: profile.appid.clone(),
            from: String::new(),
        });
    };
    let fields = body::read(last.message.as_bytes()).map(|(_, fields)| fields);
    let fields = fields.unwrap_or_default();
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Style {
        mode: match last.mode.as_str() {
            "plain" => Mode::Plain,
            "compatible" => Mode::Compatible,
            _ => Mode::Safe,
        },
        format: match last.format.as_str() {
            "xml" => Format::Xml,
            _ => Format::Json,
        },
        to: text("ToUserName").unwrap_or_else(|| profile.appid.clone()),
        from: text("FromUserName").unwrap_or_default(),
    })
}

/// The whole message, with the time that the record gives.
fn message(missing: &Missing, style: &Style) -> Map<String, Value> {
    let claim = &missing.claim;
    let mut message = Map::new();
    message.insert("ToUserName".into(), style.to.as_str().into());
    message.insert("FromUserName".into(), style.from.as_str().into());
    message.insert("CreateTime".into(), claim.at.into());
    message.insert("MsgType".into(), "event".into());
    message.insert("Event".into(), claim.event.into());
    message.extend(claim.message.clone());
    message
}

fn new_push(missing: &Missing, style: &Style, shop: &str) -> NewPush {
    let fields = message(missing, style);
    let event = decode(&fields);
    let message = body::write(&fields, style.format);
    let order = missing.claim.order.as_ref();
    NewPush {
        shop: shop.to_owned(),
        key: event.key(&message),
        mark: None,
        old: false,
        event: event.event.clone(),
        family: event.family.to_owned(),
        object: event.object.to_owned(),
        number: event.number.clone(),
        state: event.state.clone(),
        // Most after-sale events do not name their order; the record did.
        lane: order.map(|order| format!("order|{order}")).or(event.lane()),
        names: event.names.clone(),
        created_at: event.created,
        received_at: milliseconds(),
        origin: SYNTHESISED,
        mode: style.mode.name(),
        format: style.format.name(),
        message,
        fields: Value::Object(event.fields).to_string(),
        forward: true,
    }
}

/// Stores what is missing, the oldest first, and notes under which number.
pub async fn store(missing: &mut [Missing], ctx: &Ctx) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let (style, shop) = (style(ctx)?, ctx.profile()?.account_key());
    let log = PushLog::open(ctx.state()?.folder())?;
    for one in missing {
        let kept = log.keep(new_push(one, &style, &shop)).await;
        match kept {
            Ok(Kept::New(id) | Kept::Again(id)) => one.synthesised = Some(id),
            Ok(Kept::Replayed) => {}
            Err(error) => {
                return Err(Failure::input(text!(
                    "the state file could not be written: {error}",
                    error
                ))
                .into());
            }
        }
    }
    Ok(())
}

/// Hands on what waits of the shop, made here or received; gives how many still wait.
pub async fn hand_on(onward: &Onward, ctx: &Ctx) -> Result<usize> {
    let Some(target) = onward.target(ctx) else {
        return Ok(0);
    };
    let lock = only_forwarder(ctx)?;
    let state = ctx.state()?.clone();
    let shop = ctx.profile()?.account_key();
    let shops = vec![shop.clone()];
    state.hurry_pushes(&shops, milliseconds())?;
    let out = ctx.out.clone();
    let forwarder = Forwarder {
        log: Arc::new(PushLog::open(state.folder())?),
        state: state.clone(),
        courier: Courier::new(target, accounts(ctx)?)?,
        shops,
        only: Vec::new(),
        once: true,
        watch: Box::new(move |line| out.note(line)),
    };
    let (told, stopping) = watch::channel(false);
    tokio::select! {
        tally = forwarder.run(Wake::default(), stopping) => tally?,
        () = crate::commands::sandbox::told_to_stop() => {
            return Err(Failure::new(Kind::Stopped, text!("stopped")).into());
        }
    };
    drop((told, forwarder, lock));
    let waiting = Filter {
        shop: Some(shop),
        forward: Some("pending".into()),
        ..Filter::default()
    };
    Ok(state.pushes(&waiting)?.len())
}
