//! Hands stored pushes on: to another URL, to a program, or to both. At least once each, in order for each order
//! number, again after failures with growing pauses, and on after a restart, since what waits is read from the state.
//!
//! A target that cannot be reached stops everything but one attempt at a time. One that refuses a single event is
//! asked again for that event and those behind it in its lane; all others go on.

use super::{Account, Format, Mode, Stamp, events, milliseconds};
use crate::fail::Failure;
use crate::lang::Text;
use crate::state::State;
use crate::state::pushes::{Handed, Push, PushLog, SYNTHESISED};
use crate::text;
use crate::types::{is_loopback, rfc3339};
use anyhow::Result;
use futures_util::future::try_join_all;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Bits of `delivered`.
const TO_URL: i64 = 1;
const TO_PROGRAM: i64 = 2;
/// Events on their way at once, each of another lane.
const AT_ONCE: usize = 16;
/// Another process may have queued something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A run that does not wait gives up after so many failures in a row to reach the target.
const GIVEN_UP: i64 = 3;
/// Pauses of one event after its failures, and of all while the target cannot be reached; milliseconds.
const FIRST_PAUSE: i64 = 1_000;
const LONGEST_PAUSE: i64 = 300_000;
const LONGEST_OUTAGE_PAUSE: i64 = 30_000;

/// Tells who hands on that something has come.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The form that an event is posted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    /// Decoded, as JSON; tickets and authorization codes are left out
    #[default]
    Decoded,
    /// Signed and encrypted as WeChat sends it, with the profile's own Token and key
    Wechat,
}

/// Where pushes go.
#[derive(Debug, Clone)]
pub struct Target {
    pub url: Option<reqwest::Url>,
    pub form: Form,
    /// A command line for the shell of the system.
    pub program: Option<String>,
    /// For one attempt.
    pub timeout: Duration,
}

/// An event as it is shown and handed on.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct EventRecord {
    pub id: i64,
    /// The shop's appid, or how else its rows are known.
    pub shop: String,
    /// The same for every repetition of this event.
    pub key: String,
    pub event: String,
    pub family: String,
    pub object: String,
    pub number: String,
    pub state: Option<String>,
    /// One line in English.
    pub summary: String,
    /// What the platform calls `CreateTime`.
    #[schemars(with = "Option<crate::types::shape::Moment>")]
    pub created_at: Option<String>,
    #[schemars(with = "crate::types::shape::Moment")]
    pub received_at: String,
    /// How often it was pushed; 0 for a synthesised one that has not come.
    pub seen: i64,
    /// `pushed`, or `synthesised`: made here because it never came.
    pub origin: String,
    pub fields: Value,
    /// The message as it was pushed, where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl EventRecord {
    pub fn of(push: &Push) -> EventRecord {
        EventRecord {
            id: push.id,
            shop: push.shop.clone(),
            key: push.key.clone(),
            event: push.event.clone(),
            family: push.family.clone(),
            object: push.object.clone(),
            number: push.number.clone(),
            state: push.state.clone(),
            summary: decoded(push).summary().to_string(),
            created_at: push.created_at.map(rfc3339),
            received_at: rfc3339(push.received_at / 1_000),
            seen: push.seen,
            origin: push.origin.clone(),
            fields: serde_json::from_str(&push.fields).unwrap_or_default(),
            message: super::body::read(push.message.as_bytes())
                .is_err()
                .then(|| push.message.clone()),
        }
    }
}

/// The event of a stored push, decoded again.
pub fn decoded(push: &Push) -> events::Event {
    events::decode(&fields(push))
}

fn fields(push: &Push) -> Map<String, Value> {
    super::body::read(push.message.as_bytes())
        .map(|(_, fields)| fields)
        .unwrap_or_default()
}

/// How one attempt went.
enum Outcome {
    Done,
    /// The target did not take this event.
    Refused(String),
    /// The target cannot be reached, or takes nothing at all.
    Unreachable(String),
}

/// Delivers single pushes.
#[derive(Clone)]
pub struct Delivery {
    target: Target,
    http: reqwest::Client,
    /// By the key of the shop; for [`Form::Wechat`].
    accounts: Arc<HashMap<String, Account>>,
}

/// What is left of a push after an attempt.
struct Attempt {
    delivered: i64,
    failure: Option<String>,
    unreachable: bool,
}

impl Delivery {
    pub fn new(target: Target, accounts: HashMap<String, Account>) -> Result<Delivery> {
        Ok(Delivery {
            http: http(target.timeout, target.url.as_ref())?,
            target,
            accounts: Arc::new(accounts),
        })
    }

    async fn attempt(&self, push: &Push) -> Attempt {
        let (url, program) = tokio::join!(
            async {
                match &self.target.url {
                    Some(url) if push.delivered & TO_URL == 0 => self.post(url, push).await,
                    _ => Outcome::Done,
                }
            },
            async {
                match &self.target.program {
                    Some(line) if push.delivered & TO_PROGRAM == 0 => self.run(line, push).await,
                    _ => Outcome::Done,
                }
            }
        );
        let mut attempt = Attempt {
            delivered: push.delivered,
            failure: None,
            unreachable: false,
        };
        for (outcome, bit) in [(url, TO_URL), (program, TO_PROGRAM)] {
            match outcome {
                Outcome::Done => attempt.delivered |= bit,
                Outcome::Refused(why) => attempt.failure = Some(why),
                Outcome::Unreachable(why) => {
                    attempt.failure = Some(why);
                    attempt.unreachable = true;
                }
            }
        }
        attempt
    }

    async fn post(&self, url: &reqwest::Url, push: &Push) -> Outcome {
        let request = match self.request(url, push) {
            Ok(request) => request,
            Err(error) => return Outcome::Refused(Failure::from_any(error).message.to_string()),
        };
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Outcome::Done,
            Ok(answer) => {
                let why = format!("HTTP {}", answer.status().as_u16());
                match answer.status().as_u16() {
                    429 | 502..=504 => Outcome::Unreachable(why),
                    _ => Outcome::Refused(why),
                }
            }
            Err(error) => Outcome::Unreachable(reason(&error)),
        }
    }

    fn request(&self, url: &reqwest::Url, push: &Push) -> Result<reqwest::RequestBuilder> {
        let mut url = url.clone();
        let (kind, body) = match self.target.form {
            Form::Decoded => (
                "application/json",
                serde_json::to_vec(&EventRecord::of(push))?,
            ),
            Form::Wechat => {
                let account = self.accounts.get(&push.shop).ok_or_else(|| {
                    Failure::access(text!(
                        "no Token and key are known for {shop}",
                        shop = &push.shop
                    ))
                })?;
                let sealed = seal_again(push, account)?;
                add_query(&mut url, &sealed.query);
                (sealed.content_type, sealed.body.into_bytes())
            }
        };
        let mut post = self.http.post(url);
        if push.origin == SYNTHESISED {
            post = post.header("x-wxsell-synthesised", "1");
        }
        Ok(post
            .header("content-type", kind)
            .header("x-wxsell-event", header(&push.event))
            .header("x-wxsell-id", push.id)
            .header("x-wxsell-attempt", push.attempts + 1)
            .body(body))
    }

    /// Runs the program with the event on its standard input. Its own output goes to stderr, or nowhere.
    async fn run(&self, line: &str, push: &Push) -> Outcome {
        let json = match serde_json::to_vec(&EventRecord::of(push)) {
            Ok(json) => json,
            Err(error) => return Outcome::Refused(error.to_string()),
        };
        let mut variables = vec![
            ("WXSELL_EVENT", named(&push.event)),
            ("WXSELL_EVENT_ID", push.id.to_string()),
        ];
        if push.origin == SYNTHESISED {
            variables.push(("WXSELL_EVENT_SYNTHESISED", "1".into()));
        }
        match run_program(line, &json, &variables, self.target.timeout).await {
            Ok(()) => Outcome::Done,
            Err(why) => Outcome::Refused(why),
        }
    }
}

/// Runs a program in a shell with `input` and an end of line on its standard input; says why where it fails. Its own
/// output goes to stderr, or nowhere. It gets no secrets: they verify and decrypt pushes, and it needs neither.
pub async fn run_program(
    line: &str,
    input: &[u8],
    named: &[(&str, String)],
    timeout: Duration,
) -> Result<(), String> {
    let mut command = shell(line);
    command
        .envs(named.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    for secret in [
        "WXSELL_PUSH_TOKEN",
        "WXSELL_PUSH_AES_KEY",
        "WXSELL_APP_SECRET",
    ] {
        command.env_remove(secret);
    }
    crate::process::apart(command.as_std_mut());
    let began = crate::clock::reading();
    let running = async {
        let mut child = command.spawn()?;
        // Where it takes too long or we are told to stop, it ends with all that it started: otherwise the next attempt
        // would work beside it.
        let group = crate::process::Group::new(child.id());
        if let Some(mut standard) = child.stdin.take() {
            // A program need not read its input.
            let _ = standard.write_all(input).await;
            let _ = standard.write_all(b"\n").await;
        }
        let ended = child.wait().await;
        group.release();
        ended
    };
    let ended = tokio::select! {
        ended = running => ended,
        () = crate::clock::elapse(began, timeout) => return Err("the program did not end in time".into()),
    };
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A client for an address that is not WeChat's; follows no redirects. What is meant for this machine, and may hold
/// orders, does not go through the proxy that the environment names.
pub fn http(timeout: Duration, url: Option<&reqwest::Url>) -> Result<reqwest::Client> {
    let client = client(timeout);
    built(match url.filter(|url| is_loopback(url)) {
        // Nothing is encrypted: the certificates of the system need not be read.
        Some(local) if local.scheme() == "http" => client.no_proxy().tls_certs_only([]),
        Some(_) => client.no_proxy(),
        None => client,
    })
}

/// As [`http`], for any address and without a proxy.
pub fn http_direct(timeout: Duration) -> Result<reqwest::Client> {
    built(client(timeout).no_proxy())
}

fn client(timeout: Duration) -> reqwest::ClientBuilder {
    // Somebody else may have installed it; it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("wxsell/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(timeout.min(Duration::from_secs(10)))
}

fn built(client: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    client.build().map_err(|error| {
        Failure::network(text!(
            "no connection can be made: {error}",
            error = error.to_string()
        ))
        .into()
    })
}

/// The push as the platform would send it now.
pub fn seal_again(push: &Push, account: &Account) -> Result<super::Sealed> {
    let format = match push.format.as_str() {
        "xml" => Format::Xml,
        _ => Format::Json,
    };
    let mode = match push.mode.as_str() {
        "plain" => Mode::Plain,
        "compatible" => Mode::Compatible,
        _ => Mode::Safe,
    };
    super::seal_text(
        &push.message,
        &fields(push),
        account,
        format,
        mode,
        &Stamp::now(),
    )
}

/// Puts the query of a push behind what the address has already.
pub fn add_query(url: &mut reqwest::Url, query: &str) {
    let whole = match url.query() {
        Some(own) if !own.is_empty() => format!("{own}&{query}"),
        _ => query.to_owned(),
    };
    url.set_query(Some(&whole));
}

/// The innermost reason of a failed request; the words around it repeat the address.
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// An event name as a header field: the platform's are plain words, a stranger's need not be.
fn header(event: &str) -> String {
    event
        .chars()
        .filter(char::is_ascii_graphic)
        .take(100)
        .collect()
}

/// An event name as a variable of a program's environment, which has an end and holds no NUL.
fn named(event: &str) -> String {
    event
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect()
}

/// A command line for the shell of the system.
fn shell(line: &str) -> tokio::process::Command {
    #[cfg(windows)]
    let mut command = {
        let mut command = std::process::Command::new("cmd");
        std::os::windows::process::CommandExt::raw_arg(command.arg("/C"), line);
        tokio::process::Command::from(command)
    };
    #[cfg(not(windows))]
    let mut command = tokio::process::Command::new("sh");
    #[cfg(not(windows))]
    command.arg("-c").arg(line);
    command.kill_on_drop(true);
    command
}

/// The pause before the next attempt, in milliseconds: a second, doubled each time, with a tenth of chance.
fn pause(failures: i64, longest: i64) -> i64 {
    let doubled = FIRST_PAUSE << failures.clamp(0, 20);
    let pause = doubled.min(longest);
    pause + fastrand::i64(0..=pause / 10)
}

/// What a run of the forwarder did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub done: u64,
    pub failed: u64,
}

/// Hands on what waits in the state.
pub struct Forwarder {
    pub state: Arc<State>,
    pub log: Arc<PushLog>,
    pub delivery: Delivery,
    /// Keys of the shops it works for.
    pub shops: Vec<String>,
    /// Names of the events that it hands on; none are all.
    pub only: Vec<String>,
    /// Ends when nothing is due any more, rather than waiting for more. Every event is then tried once.
    pub once: bool,
    /// Is told of the first failure after a success; must not wait.
    pub watch: Box<dyn Fn(Text) + Send + Sync>,
}

impl Forwarder {
    /// Works until `stopping` turns true, or under `once` until nothing is due. What is on its way then is finished.
    pub async fn run(&self, wake: Wake, mut stopping: watch::Receiver<bool>) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut on_the_way: HashSet<i64> = HashSet::new();
        let mut attempts = JoinSet::new();
        // Failures in a row to reach the target at all.
        let mut outage = 0_i64;
        let mut rest_until = 0_i64;
        let started = milliseconds();
        while !*stopping.borrow() {
            let now = milliseconds();
            let room = if outage > 0 { 1 } else { AT_ONCE };
            let mut idle = true;
            if on_the_way.len() < room && (now >= rest_until || self.once) {
                // What failed in this run waits for another one.
                let until = if self.once { started } else { now };
                for push in self.due(until, on_the_way.len() + room).await? {
                    if on_the_way.len() == room || !on_the_way.insert(push.id) {
                        continue;
                    }
                    idle = false;
                    let delivery = self.delivery.clone();
                    attempts.spawn(async move {
                        let attempt = delivery.attempt(&push).await;
                        (push, attempt)
                    });
                }
            }
            if self.once && on_the_way.is_empty() && idle {
                break;
            }
            let told = async {
                // Who could tell it to stop is gone: that is a stop as well.
                drop(stopping.wait_for(|stop| *stop).await);
            };
            let ended = tokio::select! {
                Some(ended) = attempts.join_next() => ended?,
                () = told => break,
                () = wake.0.notified() => continue,
                () = tokio::time::sleep(self.nap(rest_until)) => continue,
            };
            // Whatever ended while the last marks were written shares one commit, which is what costs.
            let mut ended = vec![ended];
            while let Some(another) = attempts.try_join_next() {
                ended.push(another?);
            }
            let mut notes = Vec::with_capacity(ended.len());
            for (push, attempt) in &ended {
                let unreachable = attempt.failure.is_some() && attempt.unreachable;
                outage = if unreachable { outage + 1 } else { 0 };
                notes.push(self.note(push, attempt, &mut tally));
            }
            try_join_all(notes).await?;
            // Only now: until its mark is written it counts as waiting.
            for (push, _) in &ended {
                on_the_way.remove(&push.id);
            }
            if self.once && outage >= GIVEN_UP {
                break;
            }
            if outage > 0 {
                rest_until = milliseconds() + pause(outage - 1, LONGEST_OUTAGE_PAUSE);
            }
        }
        while let Some(ended) = attempts.join_next().await {
            let (push, attempt) = ended?;
            self.note(&push, &attempt, &mut tally).await?;
        }
        Ok(tally)
    }

    /// How long to wait where nothing happens.
    fn nap(&self, rest_until: i64) -> Duration {
        let rest = u64::try_from(rest_until - milliseconds()).unwrap_or(0);
        match rest {
            0 => LOOK_EVERY,
            rest => Duration::from_millis(rest).min(LOOK_EVERY),
        }
    }

    async fn due(&self, now: i64, most: usize) -> Result<Vec<Push>> {
        let (state, shops, only) = (self.state.clone(), self.shops.clone(), self.only.clone());
        tokio::task::spawn_blocking(move || state.due_pushes(&shops, &only, now, most)).await?
    }

    /// Counts an attempt at once, and writes its mark.
    fn note(
        &self,
        push: &Push,
        attempt: &Attempt,
        tally: &mut Tally,
    ) -> impl Future<Output = Result<()>> + use<'_> {
        let now = milliseconds();
        let again = attempt.failure.clone().map(|why| {
            let longest = if attempt.unreachable {
                LONGEST_OUTAGE_PAUSE
            } else {
                LONGEST_PAUSE
            };
            (why, now + pause(push.attempts, longest))
        });
        match &again {
            None => tally.done += 1,
            Some((why, _)) => {
                tally.failed += 1;
                (self.watch)(text!(
                    "event {id} could not be forwarded: {why}; it will be tried again",
                    id = push.id,
                    why
                ));
            }
        }
        let handed = Handed {
            id: push.id,
            delivered: attempt.delivered,
            again,
            at: now,
        };
        async move {
            self.log.handed(handed).await.map_err(|error| {
                Failure::input(text!("the state file could not be written: {error}", error)).into()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_end() {
        assert!((1_000..=1_100).contains(&pause(0, LONGEST_PAUSE)));
        assert!((8_000..=8_800).contains(&pause(3, LONGEST_PAUSE)));
        for failures in [9, 63, 64, i64::MAX] {
            assert!((300_000..=330_000).contains(&pause(failures, LONGEST_PAUSE)));
        }
    }

    #[test]
    fn the_query_of_a_push_stands_behind_that_of_the_address() {
        let mut url = reqwest::Url::parse("http://localhost/a?b=1").expect("an address");
        add_query(&mut url, "c=2");
        assert_eq!(url.as_str(), "http://localhost/a?b=1&c=2");
    }
}
