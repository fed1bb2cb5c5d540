//! What was pushed held against what the records prove: events that never came are named, and made as the platform would
//! have sent them.

use super::{CANCELLED_ORDER, Claim, Proved, Span};
use crate::fail::Failure;
use crate::push::body;
use crate::push::events::decode;
use crate::push::milliseconds;
use crate::push::{Format, Mode};
use crate::shop::Shop;
use crate::state::pushes::{Filter, Kept, NewPush, PushLog, SYNTHESISED};
use crate::text;
use crate::types::{now, plain_time, rfc3339};
use anyhow::Result;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// An event that the platform must have pushed and that is not here.
#[derive(Debug)]
pub struct Missing {
    pub shop: String,
    pub appid: String,
    pub claim: Claim,
    /// The number under which it was made.
    pub synthesised: Option<i64>,
}

/// What a look at one shop found.
#[derive(Default)]
pub struct Found {
    pub missing: Vec<Missing>,
    /// Events that were proved.
    pub proved: usize,
    /// Of them, those that were made here earlier and have not come.
    pub made_before: usize,
    /// After a repair: events that still wait to be handed on.
    pub waiting: usize,
    /// Cancelled orders of which it cannot be told whether an event was pushed.
    pub open: usize,
    /// After-sales and disputes that could not be looked at.
    pub unreadable: usize,
}

impl Found {
    /// With what was found of another shop.
    pub fn add(&mut self, found: Found) {
        self.missing.extend(found.missing);
        self.proved += found.proved;
        self.made_before += found.made_before;
        self.waiting += found.waiting;
        self.open += found.open;
        self.unreadable += found.unreadable;
    }
}

/// How the shop's messages look: as the last that came.
struct Style {
    mode: Mode,
    format: Format,
    to: String,
    from: String,
}

fn style(shop: &Shop, encrypted: bool) -> Result<Style> {
    let filter = Filter {
        shop: Some(shop.client.account_key().to_owned()),
        family: Some("component".into()),
        most: Some(1),
        ..Filter::default()
    };
    let Some(last) = shop.client.state().pushes(&filter)?.pop() else {
        return Ok(Style {
            mode: if encrypted { Mode::Safe } else { Mode::Plain },
            format: Format::Json,
            // Which original id the shop has is not known before its first push.
            to: shop.appid.clone(),
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
        to: text("ToUserName").unwrap_or_else(|| shop.appid.clone()),
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

impl Shop {
    /// What the shop's records prove to have been pushed within the span and is not here.
    pub async fn verify(&self, mut span: Span) -> Result<Found> {
        // Events that were removed here would all look missing.
        let kept_since = self
            .client
            .state()
            .events_pruned(self.client.account_key())?;
        // It was taken by this machine's clock.
        let kept_since = match kept_since {
            Some(at) => at.saturating_add(self.clock()?.saturating_sub(now())),
            None => span.since,
        };
        if span.since < kept_since {
            self.warn(text!(
            "events before {time} were removed by `wxsell run prune`; only later ones are verified",
            time = plain_time(&rfc3339(kept_since))
        ));
            span.since = kept_since.min(span.until);
        }
        let proved = self.proved(span).await?;
        self.note_unsure(proved.unsure);
        self.compare(proved)
    }

    /// Holds claims against what is stored. Two claims need two pushes, unless these would be one by their second.
    fn compare(&self, read: Proved) -> Result<Found> {
        let (key, state) = (self.client.account_key(), self.client.state());
        let mut claims = read.claims;
        claims.sort_by(|a, b| (a.at, a.event, &a.number).cmp(&(b.at, b.event, &b.number)));
        let mut found = Found {
            proved: claims.len(),
            unreadable: read.unreadable,
            ..Found::default()
        };
        for numbers in &read.cancelled {
            let mut came = false;
            for number in numbers {
                let about = state.pushes_about(key, "order", number, 0)?;
                came |= about.iter().any(|push| push.event == CANCELLED_ORDER);
            }
            found.open += usize::from(!came);
        }
        let mut used = HashSet::new();
        for claim in claims {
            let mut about = Vec::new();
            for number in claim.numbers() {
                about.extend(state.pushes_about(key, claim.object, &number, 0)?);
            }
            let away = |at: Option<i64>| at.map_or(0, |at| (at - claim.at).abs());
            let fits = about
                .iter()
                .filter(|push| claim.is(push))
                .filter(|push| !used.contains(&push.id) || away(push.created_at) == 0);
            match fits.min_by_key(|push| away(push.created_at)) {
                Some(push) => {
                    used.insert(push.id);
                    found.made_before += usize::from(push.seen == 0);
                }
                None => found.missing.push(Missing {
                    shop: self.name.clone(),
                    appid: self.appid.clone(),
                    claim,
                    synthesised: None,
                }),
            }
        }
        Ok(found)
    }

    /// Makes what is missing, the oldest first, and notes under which number. `encrypted` says whether the shop has a
    /// key, for the first message that it has.
    pub async fn make_missing(&self, missing: &mut [Missing], encrypted: bool) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let (style, shop) = (style(self, encrypted)?, self.client.account_key());
        let log = PushLog::open(self.client.state().folder())?;
        for one in missing {
            let kept = log.keep(new_push(one, &style, shop)).await;
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
}
