//! The shop in a box pushes: every event that its rules noted goes to an address, signed and encrypted as the platform
//! does it, again after a failure at the platform's times on the shop's clock, and by seeded chance lost, doubled, late,
//! out of order or damaged.

use super::{APPID, STORE_APPID, Sandbox};
use crate::fail::Failure;
use crate::push::{Account, AesKey, Format, Mode, Stamp, forward, seal};
use crate::text;
use crate::types::{Family, Secret, rfc3339};
use anyhow::Result;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;

/// The Token of the shop's message push, and its EncodingAESKey: those of the profile `sandbox`. They open nothing but
/// this shop's events.
pub const PUSH_TOKEN: &str = "sandboxPushToken";
pub const PUSH_AES_KEY: &str = "sandboxSandboxSandboxSandboxSandboxSandboxA";

/// The platform waits so long for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds from a failed try to the next: three tries in all. That is the general rule for Mini Programs; whether the
/// component follows it is unconfirmed.
const COMPONENT: &[i64] = &[5, 5];
/// What the store family documents: ten tries over some 3.6 hours.
const STORE: &[i64] = &[0, 0, 10, 60, 300, 1800, 3600, 3600, 3600];
/// So many events are taken at once.
const BATCH: u32 = 200;

/// Where events go and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PushTo {
    pub url: String,
    pub mode: Mode,
    pub format: Format,
    /// Ten tries as the store family documents instead of three.
    pub store_schedule: bool,
    /// Seeds the chances below, each in thousandths.
    pub seed: u64,
    pub drop: u16,
    pub double: u16,
    pub reorder: u16,
    pub corrupt: u16,
    pub delay: u16,
    /// How late a delayed event is, in seconds of the shop's clock.
    pub delay_seconds: i64,
}

/// An event that the shop noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Noted {
    pub seq: i64,
    /// RFC 3339, the shop's clock.
    pub at: String,
    pub event: String,
    /// The message beside its envelope.
    pub fields: Value,
    pub tries: i64,
    /// `waiting`, `delivered`, `lost` (nobody took it), `past` (it was there before anybody listened), or what chance made
    /// of it: `dropped`, `doubled`, `late`, `reordered`, `corrupted`.
    pub state: String,
}

/// What a round of pushing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Pushed {
    /// Requests that were answered well.
    pub delivered: usize,
    /// Requests that were not.
    pub failed: usize,
    /// Events that chance dropped.
    pub dropped: usize,
    /// Second copies among the delivered.
    pub doubled: usize,
}

/// One event on its way out.
struct Outgoing {
    seq: i64,
    at: i64,
    name: String,
    body: String,
    tries: i64,
    fate: String,
}

/// How many fates were drawn, and how many of them were to be dropped.
#[derive(Default)]
struct Drawn {
    all: usize,
    dropped: usize,
}

impl Sandbox {
    /// Sends the component's events there from now on, or nowhere. What was noted before and not sent goes there too.
    pub fn push_to(&mut self, to: Option<PushTo>) -> Result<()> {
        self.push_of(Family::Component, to)
    }

    /// As [`Sandbox::push_to`], for the account of either family: each has a message push of its own.
    pub fn push_of(&mut self, family: Family, to: Option<PushTo>) -> Result<()> {
        let set = self.set(|settings| match family {
            Family::Component => settings.push = to,
            Family::Store => settings.store_push = to,
        });
        set.map(|_| ())
    }

    /// The events of the shop, the oldest first.
    pub fn events(&mut self, most: usize) -> Result<Vec<Noted>> {
        self.write(|tx| {
            let mut statement = tx
                .db
                .prepare_cached(
                    "SELECT seq, at, name, body, tries, due, delivered_at, fate FROM
                     (SELECT * FROM event ORDER BY seq DESC LIMIT ?1) ORDER BY seq",
                )
                .map_err(super::store::unusable)?;
            let rows = statement
                .query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                    let (due, delivered): (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
                    let (fate, body): (String, String) = (row.get(7)?, row.get(3)?);
                    let state = match (fate.as_str(), due, delivered) {
                        ("dropped", _, _) => "dropped",
                        (_, Some(_), _) => "waiting",
                        ("", None, None) => "past",
                        (_, None, None) => "lost",
                        ("" | "plain", ..) => "delivered",
                        (fate, ..) => fate,
                    };
                    Ok(Noted {
                        seq: row.get(0)?,
                        at: rfc3339(row.get(1)?),
                        event: row.get(2)?,
                        fields: serde_json::from_str(&body).unwrap_or_default(),
                        tries: row.get(4)?,
                        state: state.to_owned(),
                    })
                })
                .map_err(super::store::unusable)?;
            let noted = rows.collect::<rusqlite::Result<Vec<Noted>>>();
            Ok(noted.map_err(super::store::unusable)?)
        })
    }

    /// Pushes everything that is due by the shop's clock. Nothing is sent where no address is set.
    pub async fn push_due(&mut self, http: &reqwest::Client) -> Result<Pushed> {
        let mut total = Pushed::default();
        let settings = self.settings()?;
        let accounts = [
            (Family::Component, settings.push),
            (Family::Store, settings.store_push),
        ];
        for (family, to) in accounts {
            if let Some(to) = to {
                self.push_due_of(family, &to, http, &mut total).await?;
            }
        }
        Ok(total)
    }

    async fn push_due_of(
        &mut self,
        family: Family,
        to: &PushTo,
        http: &reqwest::Client,
        total: &mut Pushed,
    ) -> Result<()> {
        let account = account(family);
        // What falls due while this takes its time waits for the next call, so that no speed changes what is pushed.
        let until = self.write(|tx| Ok(tx.now))?;
        loop {
            let (batch, drawn) = self.outgoing(family, to, until)?;
            total.dropped += drawn.dropped;
            if batch.is_empty() && drawn.all == 0 {
                return Ok(());
            }
            for event in batch {
                let copies = if event.fate == "doubled" { 2 } else { 1 };
                let mut answered = false;
                for copy in 0..copies {
                    answered = send(http, to, &account, &event).await;
                    if answered {
                        total.delivered += 1
                    } else {
                        total.failed += 1
                    }
                    total.doubled += usize::from(answered && copy > 0);
                }
                self.tried(to, &event, answered)?;
            }
        }
    }

    /// Takes what is due of one account, and draws the fate of what is tried for the first time.
    fn outgoing(
        &mut self,
        family: Family,
        to: &PushTo,
        until: i64,
    ) -> Result<(Vec<Outgoing>, Drawn)> {
        let of_store = serde_json::to_string(&names_of_store())?;
        let wanted = family == Family::Store;
        self.write(|tx| {
            let mut due: Vec<Outgoing> = {
                let mut statement = tx
                    .db
                    .prepare_cached(
                        "SELECT seq, at, name, body, tries, fate FROM event INDEXED BY event_due
                         WHERE due <= ?1 AND (name IN (SELECT value FROM json_each(?3))) = ?4
                         ORDER BY due, seq LIMIT ?2",
                    )
                    .map_err(super::store::unusable)?;
                let rows = statement
                    .query_map(params![until, BATCH, of_store, wanted], |row| {
                        Ok(Outgoing {
                            seq: row.get(0)?,
                            at: row.get(1)?,
                            name: row.get(2)?,
                            body: row.get(3)?,
                            tries: row.get(4)?,
                            fate: row.get(5)?,
                        })
                    })
                    .map_err(super::store::unusable)?;
                rows.collect::<rusqlite::Result<_>>()
                    .map_err(super::store::unusable)?
            };
            let mut drawn = Drawn::default();
            for event in due.iter_mut().filter(|event| event.fate.is_empty()) {
                event.fate = to.fate(event.seq).to_owned();
                let due = match event.fate.as_str() {
                    "dropped" => None,
                    "late" => Some(tx.now + to.delay_seconds.max(1)),
                    _ => Some(tx.now),
                };
                drawn.all += 1;
                drawn.dropped += usize::from(due.is_none());
                tx.db
                    .prepare_cached("UPDATE event SET fate = ?2, due = ?3 WHERE seq = ?1")
                    .and_then(|mut update| update.execute(params![event.seq, event.fate, due]))
                    .map_err(super::store::unusable)?;
                if event.fate == "late" || event.fate == "dropped" {
                    event.seq = -1;
                }
            }
            due.retain(|event| event.seq > 0);
            let mut at = 1;
            while at < due.len() {
                let changes = due[at - 1].fate == "reordered" && due[at - 1].tries == 0;
                if changes {
                    due.swap(at - 1, at);
                }
                // It changes places with the next alone, and not with the one behind that too.
                at += if changes { 2 } else { 1 };
            }
            Ok((due, drawn))
        })
    }

    /// Notes how a try ended.
    fn tried(&mut self, to: &PushTo, event: &Outgoing, answered: bool) -> Result<()> {
        let schedule = if to.store_schedule { STORE } else { COMPONENT };
        self.write(|tx| {
            let pause = usize::try_from(event.tries)
                .ok()
                .and_then(|tries| schedule.get(tries));
            let due = if answered { None } else { pause.map(|pause| tx.now + pause) };
            let delivered = answered.then_some(tx.now);
            tx.db
                .prepare_cached(
                    "UPDATE event SET tries = tries + 1, due = ?2, delivered_at = ?3 WHERE seq = ?1",
                )
                .and_then(|mut update| update.execute(params![event.seq, due, delivered]))
                .map_err(super::store::unusable)?;
            Ok(())
        })
    }
}

impl PushTo {
    /// What chance makes of an event: the same for the same seed and number.
    fn fate(&self, seq: i64) -> &'static str {
        let drawn = fastrand::Rng::with_seed(
            self.seed ^ seq.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15),
        )
        .u16(0..1000);
        let mut above = 0;
        for (share, fate) in [
            (self.drop, "dropped"),
            (self.double, "doubled"),
            (self.reorder, "reordered"),
            (self.corrupt, "corrupted"),
            (self.delay, "late"),
        ] {
            above += share;
            if drawn < above {
                return fate;
            }
        }
        "plain"
    }
}

/// The message push of an account of the shop in a box: the component's, or the store's.
pub fn account(family: Family) -> Account {
    let appid = match family {
        Family::Component => APPID,
        Family::Store => STORE_APPID,
    };
    Account {
        appid: appid.to_owned(),
        token: Secret::public(PUSH_TOKEN),
        key: AesKey::from_encoded(PUSH_AES_KEY),
        previous: None,
    }
}

/// The events of a WeChat Store, which go to the push of its own account.
fn names_of_store() -> Vec<&'static str> {
    let all = crate::push::events::table().iter();
    all.filter(|spec| spec.family == "store")
        .map(|spec| spec.event)
        .collect()
}

/// One request; true where it was answered well.
async fn send(http: &reqwest::Client, to: &PushTo, account: &Account, event: &Outgoing) -> bool {
    let Ok(request) = request(to, account, event) else {
        return false;
    };
    let Ok(mut url) = reqwest::Url::parse(&to.url) else {
        return false;
    };
    forward::add_query(&mut url, &request.query);
    let answer = http
        .post(url)
        .header(reqwest::header::CONTENT_TYPE, request.content_type)
        .body(request.body)
        .send()
        .await;
    match answer {
        Ok(answer) => answer.status().is_success(),
        Err(_) => false,
    }
}

/// The whole message of an event: its envelope and, beside it, what the rules noted.
pub fn message(name: &str, at: i64, body: &str) -> Value {
    let mut message = Map::new();
    message.insert("ToUserName".into(), "gh_sandbox00001".into());
    message.insert("FromUserName".into(), "oSandboxPlatform".into());
    message.insert("CreateTime".into(), at.into());
    message.insert("MsgType".into(), "event".into());
    message.insert("Event".into(), name.into());
    if let Ok(Value::Object(fields)) = serde_json::from_str(body) {
        message.extend(fields);
    }
    Value::Object(message)
}

fn request(to: &PushTo, account: &Account, event: &Outgoing) -> Result<crate::push::Sealed> {
    // The stamp is of this moment, not of the shop's clock: receivers measure its age by their own.
    let mut sealed = seal(
        &message(&event.name, event.at, &event.body),
        account,
        to.format,
        to.mode,
        &Stamp::now(),
    )?;
    if event.fate == "corrupted" && event.tries == 0 {
        let half = sealed.body.len() / 2;
        let cut = (half..sealed.body.len()).find(|at| sealed.body.is_char_boundary(*at));
        sealed.body.truncate(cut.unwrap_or(0));
    }
    Ok(sealed)
}

/// What pushes with the platform's patience.
pub fn http() -> Result<reqwest::Client> {
    // The shop in a box pushes to this machine or its neighbours.
    forward::http_direct(PATIENCE)
}

/// Checks an address that events are to be sent to.
pub fn check_url(url: &str) -> Result<(), Failure> {
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(()),
        _ => Err(Failure::input(text!(
            "{url} is not an address that begins with http:// or https://",
            url
        ))),
    }
}
