//! `wxsell access`: joining the component, the tasks of the integration, and the scenes to sell in.

use super::Ctx;
use super::ask::request;
use crate::api::operation::present;
use crate::commands::shows::Shows;
use crate::fail::Within;
use crate::lang::Text;
use crate::output::{Cell, Column, Columns, Record};
use crate::shop::Shop;
use crate::shop::joining::{CHANNELS, Component, Task, not_joined};
use crate::shop::pass_through::access::{APPLY, CHECK, DATA, FINISH, SCENE};
use crate::shop::pass_through::empty;
use crate::text;
use crate::types::{plain_time, rfc3339, shape};
use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use serde_json::Value;

/// Join the component, confirm its tasks, and apply for Channels
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Apply to join the component
    ///
    /// The agreement reaches the administrator's WeChat as a message and has to be signed there within 24 hours. This
    /// is not possible if the standard component is already open.
    Apply,
    /// Show tasks and scenes, and what is left to do
    Status,
    Finish(FinishArgs),
    Scene(SceneArgs),
}

/// Confirm tasks of the integration
///
/// Without a name, confirms every task that WeChat has detected as done. Self test and release are your own statement
/// and must be named.
#[derive(Debug, clap::Args)]
pub struct FinishArgs {
    /// Tasks to confirm
    #[arg(value_enum)]
    tasks: Vec<Task>,
}

/// Apply for a scene to sell in
///
/// All tasks have to be confirmed first, and customer service has to be set.
#[derive(Debug, clap::Args, Serialize)]
pub struct SceneArgs {
    /// Number of the scene: 1 is Channels, 3 the order centre
    #[arg(default_value_t = CHANNELS)]
    scene_group_id: i64,
}

/// What its verbs print that is not what one call answers.
pub const SHOWS: &[Shows] = &[
    Shows::one::<Joining>("access status"),
    Shows::one::<Joining>("access finish"),
    Shows::list::<Row>("access finish"),
];

#[derive(Serialize)]
struct Item {
    task: i64,
}

/// What `access status` prints as JSON: what WeChat answered, with the tasks in words beside it.
#[derive(Serialize, schemars::JsonSchema)]
struct Joining {
    joined: bool,
    #[serde(flatten)]
    #[schemars(with = "Answered")]
    record: Value,
    tasks: Vec<TaskShown>,
}

/// What WeChat answered of it; nothing before joining.
#[derive(schemars::JsonSchema)]
#[expect(
    dead_code,
    reason = "its shape alone is of use; the values are WeChat's"
)]
struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_info: Option<shape::Record>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scene_group_list: Option<Vec<shape::Record>>,
}

/// One task of joining.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct TaskShown {
    task: &'static str,
    /// As `access finish` takes it.
    item: i64,
    needed: bool,
    /// What WeChat has seen of it; null where it cannot see it.
    seen: Option<bool>,
    confirmed: bool,
}

/// One line of `access status`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Row {
    what: Text,
    name: Text,
    state: Text,
    missing: Option<Text>,
}

impl Record for Row {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("what", "ITEM", |row| Cell::Word(row.what.clone())),
        Column::new("name", "NAME", |row| Cell::Word(row.name.clone())),
        Column::new("state", "STATE", |row| Cell::Word(row.state.clone())),
        Column::new("missing", "TO DO", |row| {
            Cell::sentence(row.missing.as_ref())
        }),
    ];
}

pub async fn run(verb: Verb, ctx: &Ctx) -> Result<()> {
    match verb {
        Verb::Apply => apply(ctx).await,
        Verb::Status => status(ctx).await,
        Verb::Finish(args) => finish(args, ctx).await,
        Verb::Scene(args) => scene(args, ctx).await,
    }
}

async fn apply(ctx: &Ctx) -> Result<()> {
    if let Some(at) = ctx.shop().await?.asked_to_join_at()? {
        ctx.out.warn(text!(
            "you already applied at {time}; the administrator has 24 hours to sign that agreement",
            time = plain_time(&rfc3339(at))
        ));
    }
    let Some(reply) = ctx.send(&APPLY, &empty()).await? else {
        return Ok(());
    };
    ctx.out.note(text!(
        "the agreement was sent to the administrator's WeChat; it has to be signed there within 24 hours, or requested again"
    ));
    ctx.show_reply(&APPLY, reply)
}

async fn status(ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    show(ctx, shop, shop.joined().await?)
}

/// Rows for tables; in JSON what WeChat answered, with the tasks in words beside it.
fn show(ctx: &Ctx, shop: &Shop, reply: Option<Value>) -> Result<()> {
    let component = reply.as_ref().map(Component::read);
    let applied = shop.asked_to_join_at()?;
    let rows = rows(component.as_ref(), applied);
    if !ctx.out.is_values() {
        return ctx.out.list(&rows);
    }
    let (book, operation) = CHECK.operation();
    let joined = component.as_ref().is_some_and(|known| !known.is_banned());
    let status = component.as_ref().map(|known| known.status);
    let record = reply.map(|reply| DATA.take(&mut present(book, &operation.reply, reply)));
    let tasks = Task::ALL.into_iter().map(|task| {
        let known = component.as_ref();
        TaskShown {
            task: task.word(),
            item: task.number(),
            needed: task.counts(),
            seen: task
                .is_seen_by_wechat()
                .then(|| known.is_some_and(|known| known.seen(task))),
            confirmed: known.is_some_and(|known| known.confirmed(task)),
        }
    });
    let tasks: Vec<TaskShown> = tasks.collect();
    let thing = Joining {
        joined,
        record: record.unwrap_or_else(empty),
        tasks,
    };
    ctx.out
        .show_with(as_thing(joined, status), &serde_json::to_value(thing)?)
}

/// Refuses columns that [`show`] does not have.
fn check_columns(ctx: &Ctx) -> Result<()> {
    if ctx.out.is_values() {
        ctx.out.check_columns_of(as_thing(false, None))
    } else {
        ctx.out.check_columns::<Row>()
    }
}

fn as_thing(joined: bool, status: Option<i64>) -> Columns<Value> {
    Columns::none()
        .with("joined", text!("JOINED").to_string(), move |_: &Value| {
            Cell::Text(joined.to_string())
        })
        .with("status", "STATE", move |_: &Value| {
            status.map_or(Cell::Empty, Cell::Number)
        })
}

fn rows(component: Option<&Component>, applied: Option<i64>) -> Vec<Row> {
    let Some(component) = component else {
        let signing = applied.map(|at| {
            text!(
                "requested at {time}; the administrator has to sign the agreement in WeChat within 24 hours",
                time = plain_time(&rfc3339(at))
            )
        });
        return vec![Row {
            what: text!("component"),
            name: text!("custom trade component"),
            state: text!("not joined"),
            missing: Some(signing.unwrap_or_else(|| text!(
                "apply with `wxsell access apply`; the administrator has to sign the agreement in WeChat within 24 hours"
            ))),
        }];
    };
    let mut rows = vec![Row {
        what: text!("component"),
        name: text!("custom trade component"),
        state: if component.is_banned() {
            text!("banned")
        } else {
            text!("joined")
        },
        missing: component.is_banned().then(|| {
            text!("the platform has banned it; the reason is in the Mini Program's console")
        }),
    }];
    rows.extend(Task::ALL.into_iter().map(|task| task_row(component, task)));
    for scene in &component.scenes {
        rows.push(Row {
            what: text!("scene"),
            name: Text::verbatim(format!("{} {}", scene.id, scene.name)),
            state: audit_word(scene.status),
            missing: match scene.status {
                2 => Some(Text::verbatim(scene.reason.clone())),
                3 if scene.id == CHANNELS => Some(text!(
                    "apply with `wxsell access scene` once every task is confirmed"
                )),
                _ => None,
            },
        });
        rows.extend(scene.items.iter().map(|(name, status)| Row {
            what: text!("check item"),
            name: Text::verbatim(name.clone()),
            state: audit_word(*status),
            missing: None,
        }));
    }
    rows
}

fn task_row(component: &Component, task: Task) -> Row {
    let (state, missing) = match (component.confirmed(task), component.seen(task)) {
        (true, _) => (text!("done"), None),
        (false, true) => (
            text!("seen"),
            Some(text!(
                "confirm it with `wxsell access finish {task}`",
                task = task.word()
            )),
        ),
        (false, false) => (text!("not done"), Some(task.advice())),
    };
    Row {
        what: text!("task {number}", number = task.number()),
        name: task.title(),
        state,
        missing,
    }
}

/// The state of a scene or of a check item.
pub fn audit_word(status: i64) -> Text {
    match status {
        0 => text!("in audit"),
        1 => text!("passed"),
        2 => text!("failed"),
        3 => text!("not submitted"),
        other => Text::verbatim(other.to_string()),
    }
}

async fn finish(args: FinishArgs, ctx: &Ctx) -> Result<()> {
    let shop = ctx.shop().await?;
    let mut tasks = args.tasks;
    if tasks.is_empty() {
        let reply = shop.joined().await?.ok_or_else(not_joined)?;
        tasks = Component::read(&reply).to_confirm();
        if tasks.is_empty() {
            ctx.out.note(text!(
                "WeChat has detected no finished task that is not confirmed yet"
            ));
            return show(ctx, shop, Some(reply));
        }
    }
    check_columns(ctx)?;
    for task in tasks {
        let item = Item {
            task: task.number(),
        };
        let body = request(&FINISH, &item, empty())?;
        let sent = ctx.send(&FINISH, &body).await;
        let sent = sent.map_err(|error| task.advised(error));
        let doing = || text!("confirming the task {task}", task = task.word());
        if sent.within(doing)?.is_some() {
            ctx.out.note(text!("confirmed: {task}", task = task.word()));
        }
    }
    if ctx.global.dry_run {
        return Ok(());
    }
    status(ctx).await
}

async fn scene(args: SceneArgs, ctx: &Ctx) -> Result<()> {
    let body = request(&SCENE, &args, empty())?;
    let Some(reply) = ctx.send(&SCENE, &body).await? else {
        return Ok(());
    };
    ctx.out.note(text!(
        "the scene is in audit; `wxsell access status` shows the result"
    ));
    ctx.show_reply(&SCENE, reply)
}
