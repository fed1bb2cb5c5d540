//! Joining the component: the agreement, the tasks of the integration, and the scenes to sell in. `/shop/register/*`.
//!
//! The platform sees good calls and sets a task's `success`; the merchant confirms with `finished`. Self test and
//! release are the merchant's word alone.

use super::{Happening, account, wxpay};
use crate::lang::Text;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use crate::types::span::DAY;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const NOUN: &str = "access";
const SCENE: &str = "scene";
const ONLY: &str = "this shop";

/// The administrator has so long to sign.
const SIGN_WITHIN: i64 = DAY;

/// Of the component.
mod state {
    pub const NOT_JOINED: i64 = 0;
    pub const AGREEMENT_SENT: i64 = 1;
    pub const JOINED: i64 = 2;
    pub const BANNED: i64 = 3;
}

/// Of a scene and of each of its check items.
mod scene {
    pub const IN_AUDIT: i64 = 0;
    pub const PASSED: i64 = 1;
    pub const FAILED: i64 = 2;
    pub const NOT_SUBMITTED: i64 = 3;
}

/// Channels, the scene that the guide is about.
pub const CHANNELS: i64 = 1;
const SCENES: [(i64, &str); 2] = [(CHANNELS, "视频号、公众号场景"), (3, "订单中心")];
const ITEMS: [(i64, &str); 2] = [(1, "客服售后"), (2, "电商平台")];

/// What the integration has to show; the numbers are WeChat's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A product passed its audit.
    Spu = 6,
    /// An ordinary order was paid (first generation).
    PayOrder = 7,
    /// A delivery was reported.
    SendDelivery = 8,
    /// An after-sale was reported (first generation).
    AddAfterSale = 9,
    TestApi = 10,
    Release = 11,
    /// A controlled order was paid.
    EcOrder = 19,
    /// A controlled after-sale was made.
    EcAfterSale = 20,
}

impl Task {
    pub const ALL: [Task; 8] = [
        Task::Spu,
        Task::PayOrder,
        Task::SendDelivery,
        Task::AddAfterSale,
        Task::TestApi,
        Task::Release,
        Task::EcOrder,
        Task::EcAfterSale,
    ];

    /// What the names of its flags begin with.
    fn prefix(self) -> &'static str {
        match self {
            Task::Spu => "spu_audit",
            Task::PayOrder => "pay_order",
            Task::SendDelivery => "send_delivery",
            Task::AddAfterSale => "add_aftersale",
            Task::TestApi => "test_api",
            Task::Release => "deploy_wxa",
            Task::EcOrder => "ec_order",
            Task::EcAfterSale => "ec_after_sale",
        }
    }

    /// The platform has no flag of its own for these.
    fn is_word_of_the_merchant(self) -> bool {
        matches!(self, Task::TestApi | Task::Release)
    }

    /// What Channels asks for. The tasks of the first generation do not count there.
    fn counts(self) -> bool {
        !matches!(self, Task::PayOrder | Task::AddAfterSale)
    }

    /// What is said when the platform has seen it.
    fn seen(self) -> Text {
        match self {
            Task::Spu => text!("task seen: product"),
            Task::PayOrder => text!("task seen: ordinary order"),
            Task::SendDelivery => text!("task seen: delivery"),
            Task::AddAfterSale => text!("task seen: ordinary after-sale"),
            Task::EcOrder => text!("task seen: order"),
            Task::EcAfterSale => text!("task seen: after-sale"),
            Task::TestApi | Task::Release => text!("task seen"),
        }
    }
}

/// Numbers of the tasks that the platform has seen, and of those that the merchant has confirmed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Access {
    success: BTreeSet<i64>,
    finished: BTreeSet<i64>,
}

impl Access {
    fn is_finished(&self) -> bool {
        let mut needed = Task::ALL.into_iter().filter(|task| task.counts());
        needed.all(|task| self.finished.contains(&(task as i64)))
    }

    fn wire(&self) -> Value {
        let mut flags = Map::new();
        let flag =
            |set: &BTreeSet<i64>, task: Task| Value::from(set.contains(&(task as i64)) as u8);
        for task in Task::ALL {
            if !task.is_word_of_the_merchant() {
                let seen = flag(&self.success, task);
                flags.insert(format!("{}_success", task.prefix()), seen);
            }
            let confirmed = flag(&self.finished, task);
            flags.insert(format!("{}_finished", task.prefix()), confirmed);
        }
        let all = Value::from(u8::from(self.is_finished()));
        flags.insert("open_product_task_finished".into(), all);
        Value::Object(flags)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Scene {
    name: String,
    reason: String,
    /// States of the check items, in the order of [`ITEMS`].
    items: [i64; 2],
}

/// A shop that may sell in Channels, or one that has not even asked.
pub fn seed(tx: &mut Tx<'_>, bare: bool) -> Result<(), Refusal> {
    let all: BTreeSet<i64> = if bare {
        BTreeSet::new()
    } else {
        Task::ALL.iter().map(|task| *task as i64).collect()
    };
    let now = tx.now;
    let access = Document {
        id: 1,
        out_id: ONLY.into(),
        state: if bare {
            state::NOT_JOINED
        } else {
            state::JOINED
        },
        draft: 0,
        due: None,
        created_at: now,
        changed_at: now,
        body: Access {
            success: all.clone(),
            finished: all,
        },
    };
    tx.put(NOUN, &access)?;
    for (id, name) in SCENES {
        let open = !bare && id == CHANNELS;
        let status = if open {
            scene::PASSED
        } else {
            scene::NOT_SUBMITTED
        };
        let document = Document {
            id,
            out_id: id.to_string(),
            state: status,
            draft: 0,
            due: None,
            created_at: now,
            changed_at: now,
            body: Scene {
                name: name.into(),
                reason: String::new(),
                items: [status; 2],
            },
        };
        tx.put(SCENE, &document)?;
    }
    Ok(())
}

fn load(tx: &Tx<'_>) -> Result<Document<Access>, Refusal> {
    tx.find(NOUN, ONLY)?.ok_or_else(not_joined)
}

fn not_joined() -> Refusal {
    Refusal::new(1_040_003, "the account has not joined the component")
}

/// Lets a call in: nothing of the component works before it is joined. The documents do not say how a banned account
/// is answered; "no permission" stands in.
pub fn enter(tx: &Tx<'_>, path: &str) -> Result<(), Refusal> {
    let of_component = path.starts_with("/shop/") && !super::store::is_own(path);
    if !of_component || path == "/shop/register/apply" {
        return Ok(());
    }
    match load(tx)?.state {
        state::JOINED => Ok(()),
        state::BANNED if path == "/shop/register/check" => Ok(()),
        state::BANNED => Err(Refusal::new(
            48001,
            "api unauthorized: the component is banned",
        )),
        _ => Err(not_joined()),
    }
}

#[derive(Deserialize)]
pub struct Nothing {}

/// Sends the agreement; a second time the day starts again.
pub fn apply(tx: &mut Tx<'_>, _: Nothing) -> Result<Value, Refusal> {
    let mut access = load(tx)?;
    if access.state >= state::JOINED {
        // No code is documented for this.
        return Err(Refusal::new(48001, "api unauthorized: joined already"));
    }
    access.state = state::AGREEMENT_SENT;
    access.due = Some(tx.now + SIGN_WITHIN);
    access.changed_at = tx.now;
    tx.put(NOUN, &access)?;
    Ok(json!({}))
}

pub fn check(tx: &mut Tx<'_>, _: Nothing) -> Result<Value, Refusal> {
    let access = load(tx)?;
    let scenes: Vec<Value> = tx
        .all::<Scene>(SCENE, &Filter::default())?
        .iter()
        .map(scene_on_the_wire)
        .collect();
    Ok(json!({"data": {
        "status": access.state,
        "access_info": access.body.wire(),
        "scene_group_list": scenes,
    }}))
}

fn items_on_the_wire(items: &[i64; 2]) -> Value {
    let rows = ITEMS.iter().zip(items);
    let rows =
        rows.map(|((id, name), status)| json!({"ext_id": id, "name": name, "status": status}));
    rows.collect()
}

fn scene_on_the_wire(scene: &Document<Scene>) -> Value {
    json!({
        "group_id": scene.id,
        "name": scene.body.name,
        "status": scene.state,
        "reason": scene.body.reason,
        "scene_group_ext_list": items_on_the_wire(&scene.body.items),
    })
}

#[derive(Deserialize)]
pub struct Finish {
    access_info_item: i64,
}

pub fn finish(tx: &mut Tx<'_>, request: Finish) -> Result<Value, Refusal> {
    let mut access = load(tx)?;
    let item = request.access_info_item;
    let word = Task::ALL
        .into_iter()
        .any(|task| task as i64 == item && task.is_word_of_the_merchant());
    if !word && !access.body.success.contains(&item) {
        return Err(Refusal::new(
            1_040_041,
            "task is not finished: no good call was seen",
        ));
    }
    access.body.finished.insert(item);
    access.changed_at = tx.now;
    tx.put(NOUN, &access)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
pub struct ApplyScene {
    scene_group_id: i64,
}

/// Hands a scene in. What is in audit or open already has no code in the documents; those of the other audits stand in.
pub fn apply_scene(tx: &mut Tx<'_>, request: ApplyScene) -> Result<Value, Refusal> {
    let wanted = request.scene_group_id.to_string();
    let Some(mut found) = tx.find::<Scene>(SCENE, &wanted)? else {
        return Err(Refusal::new(40097, "invalid args: unknown scene_group_id"));
    };
    if !load(tx)?.body.is_finished() {
        return Err(Refusal::new(
            1_040_041,
            "an integration task is not finished",
        ));
    }
    match found.state {
        scene::IN_AUDIT => return Err(Refusal::new(1_050_009, "audit is running")),
        scene::PASSED => return Err(Refusal::new(1_050_003, "scene passed already")),
        _ => {}
    }
    found.state = scene::IN_AUDIT;
    found.body.items = [scene::IN_AUDIT; 2];
    found.body.reason.clear();
    found.due = Some(tx.now + tx.settings.audit_seconds);
    found.changed_at = tx.now;
    tx.put(SCENE, &found)?;
    Ok(json!({}))
}

/// Notes that the platform has seen a good call for a task. For the rules of orders, deliveries and after-sales.
pub fn note_task(tx: &mut Tx<'_>, task: Task) -> Result<Option<Happening>, Refusal> {
    let mut access = load(tx)?;
    if access.state != state::JOINED || !access.body.success.insert(task as i64) {
        return Ok(None);
    }
    tx.put(NOUN, &access)?;
    Ok(Some(Happening {
        at: tx.now,
        noun: text!("component"),
        number: (task as i64).to_string(),
        what: task.seen(),
        reason: String::new(),
    }))
}

/// Whether products and audits may name this scene (1000042 otherwise).
pub fn is_open(tx: &Tx<'_>, scene_group_id: i64) -> Result<bool, Refusal> {
    let found = tx.find::<Scene>(SCENE, &scene_group_id.to_string())?;
    Ok(found.is_some_and(|found| found.state == scene::PASSED))
}

/// Agreements that nobody signed, and scenes whose audit ends.
pub fn settle(tx: &mut Tx<'_>) -> Result<Vec<Happening>, Refusal> {
    let mut happenings = Vec::new();
    for mut access in tx.due::<Access>(NOUN)? {
        let at = access.due.take().unwrap_or(tx.now);
        access.state = state::NOT_JOINED;
        access.changed_at = at;
        tx.put(NOUN, &access)?;
        happenings.push(happening(at, text!("agreement not signed in a day")));
    }
    for scene in tx.due::<Scene>(SCENE)? {
        let at = scene.due.unwrap_or(tx.now);
        // The first check item looks at customer service.
        let verdict = if account::has_customer_service(tx)? {
            None
        } else {
            Some((0, "未设置客服".to_owned()))
        };
        happenings.push(end_scene(tx, scene, at, verdict)?);
    }
    Ok(happenings)
}

fn happening(at: i64, what: Text) -> Happening {
    Happening {
        at,
        noun: text!("component"),
        number: String::new(),
        what,
        reason: String::new(),
    }
}

/// Ends the audit of a scene: passed, or failed by one of its check items.
fn end_scene(
    tx: &mut Tx<'_>,
    mut found: Document<Scene>,
    at: i64,
    failed: Option<(usize, String)>,
) -> Result<Happening, Refusal> {
    found.due = None;
    found.changed_at = at;
    found.body.items = [scene::PASSED; 2];
    found.state = scene::PASSED;
    if let Some((item, reason)) = &failed {
        found.state = scene::FAILED;
        found.body.items[*item] = scene::FAILED;
        found.body.reason.clone_from(reason);
    }
    tx.put(SCENE, &found)?;
    let told = json!({"SceneGroupAudit": {
        "group_id": found.id, "reason": found.body.reason, "name": found.body.name,
        "scene_group_ext_list": items_on_the_wire(&found.body.items),
    }});
    tx.emit("open_product_scene_group_audit", &told)?;
    let (what, reason) = match failed {
        None => (text!("audit passed"), String::new()),
        Some((_, reason)) => (text!("audit rejected"), reason),
    };
    Ok(Happening {
        at,
        noun: text!("scene"),
        number: found.out_id,
        what,
        reason,
    })
}

/// What a person or the platform does to the account outside any call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// The administrator signs the agreement of the component.
    Sign,
    /// The administrator closes the component: products and orders stay, permissions go.
    Close,
    Ban,
    LiftBan,
    PassScene(i64),
    /// The scene, and why.
    RejectScene(i64, String),
}

/// Carries a move out; `None` where the account is not in the state for it.
pub fn act(tx: &mut Tx<'_>, what: &Move) -> Result<Option<Happening>, Refusal> {
    match what {
        Move::PassScene(id) => decide_scene(tx, *id, None),
        Move::RejectScene(id, reason) => decide_scene(tx, *id, Some((1, reason.clone()))),
        Move::Sign => go(
            tx,
            state::AGREEMENT_SENT,
            state::JOINED,
            text!("agreement signed"),
        ),
        Move::Close => go(
            tx,
            state::JOINED,
            state::NOT_JOINED,
            text!("component closed"),
        ),
        Move::Ban => go(tx, state::JOINED, state::BANNED, text!("component banned")),
        Move::LiftBan => go(tx, state::BANNED, state::JOINED, text!("ban lifted")),
    }
}

fn decide_scene(
    tx: &mut Tx<'_>,
    id: i64,
    failed: Option<(usize, String)>,
) -> Result<Option<Happening>, Refusal> {
    let found = tx.find::<Scene>(SCENE, &id.to_string())?;
    match found.filter(|found| found.state == scene::IN_AUDIT) {
        Some(found) => end_scene(tx, found, tx.now, failed).map(Some),
        None => Ok(None),
    }
}

fn go(tx: &mut Tx<'_>, from: i64, to: i64, what: Text) -> Result<Option<Happening>, Refusal> {
    let mut access = load(tx)?;
    if access.state != from {
        return Ok(None);
    }
    access.state = to;
    access.due = None;
    access.changed_at = tx.now;
    tx.put(NOUN, &access)?;
    let told = |status: i64| json!({"OpenProductAccountRegister": {"status": status}});
    match (from, to) {
        (state::AGREEMENT_SENT, _) => tx.emit("open_product_account_register", &told(2))?,
        (_, state::NOT_JOINED) => {
            super::permit::withdraw_all(tx)?;
            tx.emit("open_product_account_register", &told(10))?;
        }
        _ => {}
    }
    Ok(Some(happening(tx.now, what)))
}

/// In words, for the shop's keeper: the component, the merchant number, the Channels scene.
pub fn state_names(tx: &Tx<'_>) -> Result<(&'static str, &'static str, &'static str), Refusal> {
    let component = match load(tx)?.state {
        state::AGREEMENT_SENT => "agreement to be signed",
        state::JOINED => "joined",
        state::BANNED => "banned",
        _ => "not joined",
    };
    let channels = match tx.find::<Scene>(SCENE, &CHANNELS.to_string())? {
        Some(found) if found.state == scene::IN_AUDIT => "in audit",
        Some(found) if found.state == scene::PASSED => "passed",
        Some(found) if found.state == scene::FAILED => "failed",
        _ => "not submitted",
    };
    Ok((component, wxpay::state_name(tx)?, channels))
}
