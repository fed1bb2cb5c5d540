//! A stateful shop on this machine, behind the same HTTP contract as the platform: real HTTP on loopback, documents
//! in one SQLite file, a clock of its own, audits, quotas, and failures to order.

mod buyer;
mod cashier;
mod disputes;
mod faults;
mod http;
mod keeper;
mod people;
mod provider;
pub mod push;
mod router;
mod rules;
mod seed;
mod seed_aftersales;
mod store;
mod world;

pub use buyer::Sold;
pub use disputes::{AftersaleRequest, Give, Opened, Side};
pub use faults::{ActiveFault, Fault, Kind as FaultKind, Plan};
pub use keeper::{AccessMove, NumberMove};
pub use provider::ProviderMove;
pub use router::NOT_SIMULATED;
pub use rules::Happening;
pub use rules::component::aftersale::Aftersale;
pub use rules::component::complaint::Complaint;
pub use rules::component::funds::Step as WithdrawalStep;
pub use rules::component::goods::AuditDecision;
pub use rules::component::image::Held as HeldPicture;
pub use rules::component::ledger::Account;
pub use rules::component::order::{Order, Promotion};
pub use rules::component::reach::Visited;
pub use rules::component::sharer::Answer as SharerAnswer;
pub use seed::{Seed, Seeded};
pub use store::{Document, Exchange, Settings};

use crate::api::component::goods::Spu;
use crate::fail::{Failure, Within};
use crate::text;
use crate::types::rfc3339;
use anyhow::Result;
use router::{Body, Call, Refusal, Router, envelope};
use rules::component::{access, account, goods, image, permit};
use rules::{quota, token};
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;
use store::Tx;

/// The account of the shop in a box. No such account exists at WeChat.
pub const APPID: &str = "wx5a4dbcc0ffee0001";
/// Its AppSecret. It opens nothing but this shop.
pub const SECRET: &str = "sandbox";

/// The account of the WeChat Store in the box, apart from the component's, and its secret. WeChat has no such account.
pub const STORE_APPID: &str = "wx5a4dbcc0ffee0002";
pub const STORE_SECRET: &str = "sandbox-store";

/// A service provider that the shop can authorise, and its secret. WeChat has no such account.
pub const PROVIDER_APPID: &str = "wx5a4dbcc0ffee0099";
pub const PROVIDER_SECRET: &str = "sandbox-provider";

/// The shop: opens its file, which others may have open too.
pub struct Sandbox {
    db: Connection,
    rules: Router,
}

/// A reply on its way out.
struct Answer {
    body: String,
    errcode: i64,
    /// HTTP.
    status: u16,
    /// Sent in place of the body, which then only says so.
    file: Option<Vec<u8>>,
}

impl Answer {
    /// What the network in front of the Store says to an address that is not on its list.
    fn forbidden() -> Answer {
        Answer {
            body:
                "<html><head><title>403 Forbidden</title></head><body>403 Forbidden</body></html>"
                    .into(),
            errcode: 0,
            status: 403,
            file: None,
        }
    }
}

/// What `sandbox status` tells.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Status {
    /// The shop's clock, RFC 3339.
    #[schemars(with = "crate::types::shape::Moment")]
    pub clock: String,
    /// Seconds it is ahead of the machine's.
    pub clock_offset: i64,
    /// How far joining has come: the component, the merchant number, the Channels scene.
    pub component: &'static str,
    pub merchant_number: &'static str,
    pub channels: &'static str,
    pub customer_service: bool,
    pub products: Vec<ProductCount>,
    pub pictures: usize,
    /// Uploads of pictures, repeated ones counted.
    pub uploads: i64,
    /// Tokens that work now.
    pub tokens: Vec<LiveToken>,
    pub faults: usize,
    pub audits_last_hour: i64,
    pub audits_today: i64,
    /// Calls remembered, and how many of them were refused or lost.
    pub calls: usize,
    pub calls_failed: usize,
    pub settings: Settings,
}

/// How many products are in one pair of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ProductCount {
    pub status: i64,
    pub edit_status: i64,
    pub count: i64,
}

/// A token that works now; times are unix seconds of the shop's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LiveToken {
    /// `stable`, `classic`, `component` or `authorizer`.
    pub kind: String,
    pub made_at: i64,
    pub ends_at: i64,
}

/// What happened while the clock went on.
#[derive(Debug, Clone, Serialize)]
pub struct Advance {
    pub clock: String,
    pub happenings: Vec<Happening>,
    pub tokens_expired: i64,
}

impl Sandbox {
    /// Opens the shop in `file`, and makes a fresh one there on first use: joined, with customer service, some 40
    /// categories and no products.
    pub fn open(file: &Path) -> Result<Sandbox> {
        let db = store::open(file, |tx| rules::seed(tx, false))?;
        Ok(Sandbox {
            db,
            rules: router::rules(),
        })
    }

    /// Answers on `listener` until `stop` ends.
    pub async fn serve(
        self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<()> {
        http::serve(self, listener, stop).await
    }

    /// One write to the shop, from the audits that are due to the commit.
    fn write<T>(&mut self, act: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut tx = Tx::begin(&mut self.db).map_err(store::unusable)?;
        rules::settle(&mut tx)?;
        let done = act(&mut tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// Makes a fresh shop of it: no products, tokens, faults and settings. A bare one has not applied for the component
    /// yet, and has to go through every step of joining.
    pub fn reset(&mut self, bare: bool) -> Result<()> {
        if bare {
            store::reset(&mut self.db, |tx| rules::seed(tx, true))
        } else {
            store::reset(&mut self.db, |tx| rules::seed(tx, false))
        }
    }

    /// Moves the clock on, and says which audits ended and how many tokens ran out on the way.
    pub fn advance(&mut self, seconds: i64) -> Result<Advance> {
        let mut tx = Tx::begin(&mut self.db).map_err(store::unusable)?;
        let before = tx.now;
        let mut happenings = rules::settle(&mut tx)?;
        let settings = Settings {
            clock_offset: tx.settings.clock_offset.saturating_add(seconds),
            ..tx.settings.clone()
        };
        tx.set(settings)?;
        happenings.extend(rules::settle(&mut tx)?);
        let tokens_expired = token::ran_out(&tx, before, tx.now)?;
        let clock = rfc3339(tx.now);
        tx.commit()?;
        Ok(Advance {
            clock,
            happenings,
            tokens_expired,
        })
    }

    /// Carries out an order on these products and audit tickets, or on all it fits. All or none: one that does not fit
    /// is an error that names it.
    pub fn decide(
        &mut self,
        products: Option<&[String]>,
        decision: &AuditDecision,
    ) -> Result<Vec<Happening>> {
        self.write(|tx| {
            let all = match products {
                Some(products) => products.to_vec(),
                None => candidates(tx, decision)?,
            };
            let mut happenings = Vec::with_capacity(all.len());
            for product in &all {
                if let Some(happening) = decide_ticket(tx, product, decision)? {
                    happenings.push(happening);
                    continue;
                }
                let of_store = rules::store::within(tx, |tx| {
                    rules::store::goods::decide(tx, product, decision)
                })?;
                if let Some(happening) = of_store {
                    happenings.push(happening);
                    continue;
                }
                happenings.push(
                    goods::decide(tx, product, decision)?
                        .map_err(|not_now| refuse(&not_now, decision))?,
                );
            }
            Ok(happenings)
        })
    }

    /// Orders a failure; says its number.
    pub fn add_fault(&mut self, fault: &Fault) -> Result<i64> {
        self.write(|tx| Ok(faults::add(tx, fault)?))
    }

    pub fn faults(&mut self) -> Result<Vec<ActiveFault>> {
        self.write(|tx| Ok(faults::all(tx)?))
    }

    /// Takes one failure back, or all; says how many there were.
    pub fn clear_faults(&mut self, id: Option<i64>) -> Result<usize> {
        self.write(|tx| Ok(faults::clear(tx, id)?))
    }

    pub fn settings(&mut self) -> Result<Settings> {
        self.write(|tx| Ok(tx.settings.clone()))
    }

    /// Changes the settings of the shop as it is now.
    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) -> Result<Settings> {
        self.write(|tx| {
            let mut settings = tx.settings.clone();
            change(&mut settings);
            tx.set(settings.clone())?;
            Ok(settings)
        })
    }

    /// Ends every token: callers see 42001. Says how many there were.
    pub fn expire_tokens(&mut self) -> Result<usize> {
        self.write(|tx| Ok(token::expire(tx)?))
    }

    /// Does what another program of the same account does when it takes the tokens over: callers see 40001.
    pub fn steal_tokens(&mut self) -> Result<usize> {
        self.write(|tx| Ok(token::steal(tx)?))
    }

    /// Every product that is not deleted, in the order of creation: drafts, or what is online (of a product that
    /// never was, its draft).
    pub fn products(&mut self, drafts: bool) -> Result<Vec<Spu>> {
        self.write(|tx| Ok(goods::all(tx, drafts)?))
    }

    /// Every picture, with how often it was uploaded.
    pub fn uploads(&mut self) -> Result<Vec<(HeldPicture, i64)>> {
        self.write(|tx| Ok(image::uploads(tx)?))
    }

    /// The last calls, the oldest first, unmasked; see [`Settings::keep_calls`].
    pub fn exchanges(&mut self) -> Result<Vec<Exchange>> {
        self.write(|tx| Ok(tx.calls()?))
    }

    /// The number of the last call, counted from 1; 0 before any. It waits for nobody who writes.
    pub fn last_call(&self) -> Result<i64> {
        let read = self
            .db
            .query_row("SELECT coalesce(max(seq), 0) FROM call", [], |row| {
                row.get(0)
            });
        Ok(read?)
    }

    pub fn status(&mut self) -> Result<Status> {
        self.write(|tx| {
            let uploads = image::uploads(tx)?;
            let calls = tx.calls()?;
            let (audits_last_hour, audits_today) = quota::submitted(tx)?;
            let (component, merchant_number, channels) = access::state_names(tx)?;
            Ok(Status {
                component,
                merchant_number,
                channels,
                clock: rfc3339(tx.now),
                clock_offset: tx.settings.clock_offset,
                customer_service: account::has_customer_service(tx)?,
                products: goods::by_state(tx)?,
                pictures: uploads.len(),
                uploads: uploads.iter().map(|(_, times)| times).sum(),
                tokens: token::live(tx)?,
                faults: faults::all(tx)?.len(),
                audits_last_hour,
                audits_today,
                calls: calls.len(),
                calls_failed: calls
                    .iter()
                    .filter(|call| call.errcode != 0 || call.status != 200)
                    .count(),
                settings: tx.settings.clone(),
            })
        })
    }

    /// Answers one call: by its rule, or by the refusal that a fault orders.
    fn answer(&mut self, call: &Call, fault: &str, ordered: Option<(i64, &str)>) -> Answer {
        let started = Instant::now();
        let rid = |now: i64| {
            format!(
                "{:08x}-{:08x}-{:08x}",
                now.rem_euclid(1 << 32),
                fastrand::u32(..),
                fastrand::u32(..)
            )
        };
        let rules = &self.rules;
        let mut attempt = || -> Result<Answer, Refusal> {
            let mut tx = Tx::begin(&mut self.db)?;
            rules::settle(&mut tx)?;
            let rid = rid(tx.now);
            if !rules::store::lets_in(&tx, call) {
                let answer = Answer::forbidden();
                tx.log(&exchange(call, tx.now, "", answer.status, &answer, fault))?;
                tx.db.commit()?;
                return Ok(answer);
            }
            let outcome = match ordered {
                Some((errcode, errmsg)) => Err(Refusal::new(errcode, errmsg)),
                None => rules.answer(&mut tx, call),
            };
            let answer = worded(&call.path, outcome, &rid);
            let exchange = exchange(call, tx.now, &rid, 200, &answer, fault);
            tx.log(&Exchange {
                cost_in_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
                ..exchange
            })?;
            tx.db.commit()?;
            Ok(answer)
        };
        attempt()
            .unwrap_or_else(|refusal| worded(&call.path, Err(refusal), &rid(crate::types::now())))
    }

    /// Remembers a call that a fault kept from being carried out.
    fn note(&mut self, call: &Call, fault: &str, status: u16) {
        let nothing = Answer {
            body: String::new(),
            errcode: 0,
            status,
            file: None,
        };
        // The call fails anyway, which is what the fault is for.
        drop(self.write(|tx| Ok(tx.log(&exchange(call, tx.now, "", status, &nothing, fault))?)));
    }

    /// What is planned for a call. A shop that cannot be read plans nothing; its answer will say so.
    fn draw(&mut self, call: &Call) -> Plan {
        let any = self
            .db
            .prepare_cached("SELECT 1 FROM fault")
            .and_then(|mut any| any.exists([]))
            .unwrap_or(false);
        if any {
            self.write(|tx| Ok(faults::draw(tx, &call.path)?))
                .unwrap_or_default()
        } else {
            Plan::default()
        }
    }
}

fn worded(path: &str, outcome: Result<Value, Refusal>, rid: &str) -> Answer {
    match outcome {
        Ok(Value::String(held)) if path == crate::api::store::image::MEDIA_PATH => {
            let file = rules::store::image::file(&held);
            Answer {
                body: format!("(file, {} bytes)", file.len()),
                errcode: 0,
                status: 200,
                file: Some(file),
            }
        }
        Ok(reply) => Answer {
            body: envelope(path, reply).to_string(),
            errcode: 0,
            status: 200,
            file: None,
        },
        Err(Refusal { errcode, errmsg }) => {
            let words = format!("{errmsg} rid: {rid}");
            Answer {
                body: json!({ "errcode": errcode, "errmsg": words }).to_string(),
                errcode,
                status: 200,
                file: None,
            }
        }
    }
}

fn exchange(
    call: &Call,
    at: i64,
    rid: &str,
    status: u16,
    answer: &Answer,
    fault: &str,
) -> Exchange {
    Exchange {
        at,
        rid: rid.into(),
        method: call.method.clone(),
        path: call.path.clone(),
        query: call.query.clone(),
        request: match &call.body {
            Body::Plain(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Body::Picture(picture) => format!("(multipart, {} bytes)", picture.bytes.len()),
        },
        status,
        reply: answer.body.clone(),
        errcode: answer.errcode,
        cost_in_ms: 0,
        client_ip: call.client_ip.clone(),
        fault: fault.into(),
    }
}

/// Everything that an order of this kind fits: products by the merchant's number, audits by their ticket.
fn candidates(tx: &mut Tx<'_>, decision: &AuditDecision) -> Result<Vec<String>, Refusal> {
    let mut all = goods::candidates(tx, decision)?;
    if !matches!(decision, AuditDecision::TakeDown(_)) {
        all.extend(permit::running(tx)?);
    }
    all.extend(rules::store::within(tx, |tx| {
        rules::store::goods::candidates(tx, decision)
    })?);
    Ok(all)
}

/// Decides the audit of a category or a brand; `None` where the number is no open ticket.
fn decide_ticket(
    tx: &mut Tx<'_>,
    number: &str,
    decision: &AuditDecision,
) -> Result<Option<Happening>, Refusal> {
    match decision {
        AuditDecision::Pass => permit::decide(tx, number, None),
        AuditDecision::Reject(reason) => permit::decide(tx, number, Some(reason)),
        AuditDecision::TakeDown(_) => Ok(None),
    }
}

fn refuse(not_now: &goods::NotNow, decision: &AuditDecision) -> Failure {
    let product = not_now.out_product_id.clone();
    if !not_now.exists {
        return Failure::input(text!("the sandbox has no product {product}", product));
    }
    match decision {
        AuditDecision::Pass | AuditDecision::Reject(_) => {
            Failure::input(text!("product {product} is not in audit", product))
        }
        AuditDecision::TakeDown(_) => {
            Failure::input(text!("product {product} is not on sale", product))
        }
    }
}

/// A shop that answers on a port of its own, in a thread of its own; dropping it stops it. Its file stays.
pub struct Running {
    /// Without a slash at the end.
    pub base_url: String,
    file: PathBuf,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Starts the shop in `file` on a free port of 127.0.0.1. It answers as soon as this returns, from any runtime
    /// or none.
    pub fn start(file: &Path) -> Result<Running> {
        let no_port = |error: std::io::Error| {
            Failure::network(text!(
                "no port can be opened: {error}",
                error = error.to_string()
            ))
        };
        let doing = || text!("starting the sandbox");
        let shop = Sandbox::open(file)?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))
            .map_err(no_port)
            .within(doing)?;
        listener
            .set_nonblocking(true)
            .map_err(no_port)
            .within(doing)?;
        let address = listener.local_addr().map_err(no_port).within(doing)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(no_port)
            .within(doing)?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("sandbox".into())
            .spawn(move || {
                // A shop that cannot serve is met by callers as a refused connection.
                let _ = runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener)?;
                    shop.serve(listener, async { drop(stopped.await) }).await
                });
            })
            .map_err(no_port)
            .within(doing)?;
        Ok(Running {
            base_url: format!("http://{address}"),
            file: file.into(),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Another handle to the same shop, to look at it or to order things while it answers.
    pub fn shop(&self) -> Result<Sandbox> {
        Sandbox::open(&self.file)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// [`Running::start`], off the caller's thread: another process may hold the file for a moment.
pub async fn start(file: &Path) -> Result<Running> {
    let file = file.to_path_buf();
    tokio::task::spawn_blocking(move || Running::start(&file)).await?
}
