//! The steps from an application to money withdrawn, and how far a shop is with each: what is done, who is waited for,
//! what is missing, and the command or place that goes on.

use super::{Balance, Overview, Read};
use crate::lang::Text;
use crate::shop::joining::{CHANNELS, Component, Task};
use crate::shop::number::Application;
use crate::text;
use crate::types::Fen;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Done,
    /// The merchant moves.
    Todo,
    /// Somebody else moves.
    Waiting,
    /// WeChat said no.
    Failed,
    /// Not needed to sell, and not done.
    Optional,
    /// It could not be read.
    Unknown,
    /// WeChat has taken the calls out of service.
    Offline,
}

impl State {
    pub fn word(self) -> Text {
        match self {
            State::Done => text!("done"),
            State::Todo => text!("to do"),
            State::Waiting => text!("waiting"),
            State::Failed => text!("failed"),
            State::Optional => text!("optional"),
            State::Unknown => text!("unknown"),
            State::Offline => text!("offline"),
        }
    }
}

/// One step of the guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Step {
    /// A stable name for scripts.
    pub step: &'static str,
    /// Number in WeChat's guide, where it has one.
    pub guide: &'static str,
    pub title: Text,
    pub state: State,
    /// Whether the shop can sell without it.
    pub needed: bool,
    /// Who moves next.
    pub who: Option<Text>,
    pub missing: Option<Text>,
    /// The next command, whole.
    pub command: Option<String>,
    /// Where it is done, when no command can.
    pub place: Option<Text>,
}

impl Step {
    pub fn new(step: &'static str, guide: &'static str, title: Text) -> Step {
        Step {
            step,
            guide,
            title,
            state: State::Done,
            needed: true,
            who: None,
            missing: None,
            command: None,
            place: None,
        }
    }

    fn optional(self) -> Step {
        Step {
            needed: false,
            ..self
        }
    }

    pub fn is(self, state: State, missing: Text) -> Step {
        Step {
            state,
            missing: Some(missing),
            who: match state {
                State::Todo | State::Failed => Some(text!("you")),
                _ => self.who,
            },
            ..self
        }
    }

    fn who(self, who: Text) -> Step {
        Step {
            who: Some(who),
            ..self
        }
    }

    pub fn run(self, command: &str) -> Step {
        Step {
            command: Some(format!("wxsell {command}")),
            ..self
        }
    }

    pub fn place(self, place: Text) -> Step {
        Step {
            place: Some(place),
            ..self
        }
    }

    /// Whether the shop cannot sell because of it.
    pub fn holds_up(&self) -> bool {
        self.needed && self.state != State::Done
    }
}

/// All steps, in the order of the guide.
pub fn steps(reads: &Overview) -> Vec<Step> {
    vec![
        component(&reads.component),
        merchant_number(&reads.number),
        customer_service(&reads.services),
        category(&reads.categories),
        brand(&reads.brands),
        goods(&reads.on_shelf, &reads.goods),
        task(
            &reads.component,
            Task::Order,
            "orders",
            "2.3a",
            text!("Order API"),
        ),
        task(
            &reads.component,
            Task::Delivery,
            "delivery",
            "2.3a",
            text!("Delivery API"),
        ),
        task(
            &reads.component,
            Task::AfterSale,
            "aftersales",
            "2.5a",
            text!("After-sale API"),
        ),
        release(&reads.component),
        channels(&reads.component),
        promoters(&reads.promoters),
        sharers(&reads.sharers),
        funds(&reads.balance),
    ]
}

/// What a step is where its read tells nothing; `None` where it does.
fn blind<T>(step: &Step, read: &Read<T>) -> Option<Step> {
    match read {
        Read::Known(_) => None,
        Read::NotJoined => Some(
            step.clone()
                .is(State::Waiting, text!("join the component first"))
                .who(text!("you"))
                .run("access apply"),
        ),
        Read::Offline => Some(step.clone().is(
            State::Offline,
            text!("WeChat has taken these calls out of service"),
        )),
        Read::Unknown(why) => Some(
            step.clone()
                .is(State::Unknown, text!("unknown: {why}", why = why.clone())),
        ),
    }
}

fn component(read: &Read<Component>) -> Step {
    let step = Step::new("component", "", text!("Component joined"));
    match read {
        Read::NotJoined => step
            .is(
                State::Todo,
                text!("apply; the administrator then has 24 hours to sign"),
            )
            .run("access apply")
            .place(text!("the message in the administrator's WeChat")),
        Read::Known(known) if known.is_banned() => step
            .is(
                State::Failed,
                text!("the platform has banned the component"),
            )
            .place(text!("Mini Program console → Transaction component")),
        other => blind(&step, other).unwrap_or(step),
    }
}

fn merchant_number(read: &Read<Application>) -> Step {
    let step = Step::new("merchant_number", "2.1b", text!("Merchant number"));
    if let Some(step) = blind(&step, read) {
        return step;
    }
    let Read::Known(application) = read else {
        return step;
    };
    if application.is_open() {
        return step;
    }
    let next = application.next();
    let state = match application.state.as_str() {
        "" => State::Todo,
        "REJECTED" | "FROZEN" => State::Failed,
        _ => State::Waiting,
    };
    let missing = text!(
        "{state}: {what}",
        state = application.word(),
        what = next.what
    );
    let step = step.is(state, missing);
    let step = match application.link() {
        Some(link) => step.place(Text::verbatim(link)),
        None => step,
    };
    let step = next.who.into_iter().fold(step, Step::who);
    next.command.into_iter().fold(step, Step::run)
}

fn customer_service(read: &Read<usize>) -> Step {
    let step = Step::new("customer_service", "", text!("Customer service"));
    if let Some(step) = blind(&step, read) {
        return step;
    }
    match count(read) {
        0 => step
            .is(State::Todo, text!("set it before uploading goods"))
            .run("merchant update --service wechat"),
        _ => step,
    }
}

fn category(read: &Read<usize>) -> Step {
    let step = Step::new("category", "", text!("Category"));
    if let Some(step) = blind(&step, read) {
        return step;
    }
    match count(read) {
        0 => step
            .is(State::Todo, text!("apply for a category"))
            .run("category apply --help"),
        _ => step,
    }
}

fn brand(read: &Read<usize>) -> Step {
    let step = Step::new("brand", "", text!("Brand")).optional();
    if let Some(step) = blind(&step, read) {
        return step;
    }
    match count(read) {
        0 => step
            .is(State::Optional, text!("products do not need a brand"))
            .run("brand apply --help"),
        _ => step,
    }
}

/// How many there are; none where that is not known.
fn count<T: Copy + Default>(read: &Read<T>) -> T {
    match read {
        Read::Known(count) => *count,
        _ => T::default(),
    }
}

fn goods(on_shelf: &Read<u64>, all: &Read<u64>) -> Step {
    let step = Step::new("goods", "2.2a, 2.4a", text!("Goods on sale"));
    if let Some(step) = blind(&step, on_shelf) {
        return step;
    }
    match (count(on_shelf), count(all)) {
        (0, 0) => step
            .is(State::Todo, text!("no goods yet"))
            .run("goods template --output goods.xlsx"),
        (0, count) => step
            .is(
                State::Waiting,
                text!(
                    "{count} {count:product|products}, none on sale: in audit, rejected or taken off",
                    count
                ),
            )
            .who(text!("WeChat"))
            .run("goods list"),
        _ => step,
    }
}

/// A task of the integration that calls fulfil.
fn task(
    read: &Read<Component>,
    task: Task,
    name: &'static str,
    guide: &'static str,
    title: Text,
) -> Step {
    let step = Step::new(name, guide, title);
    if let Some(step) = blind(&step, read) {
        return step;
    }
    let Read::Known(component) = read else {
        return step;
    };
    let command = match task {
        Task::Order => "order create",
        Task::Delivery => "delivery send",
        _ => "aftersale create",
    };
    match (component.confirmed(task), component.seen(task)) {
        (true, _) => step,
        (false, true) => step
            .is(State::Todo, text!("WeChat has detected it; confirm it"))
            .run(&format!("access finish {}", task.word())),
        (false, false) => step.is(State::Todo, task.advice()).run(command),
    }
}

fn release(read: &Read<Component>) -> Step {
    let step = Step::new("release", "", text!("Tests and release"));
    if let Some(step) = blind(&step, read) {
        return step;
    }
    let Read::Known(component) = read else {
        return step;
    };
    // The goods task is confirmed along with these: it has no line of its own.
    let open: Vec<Task> = [Task::Product, Task::SelfTest, Task::Release]
        .into_iter()
        .filter(|task| !component.confirmed(*task))
        .collect();
    let Some(first) = open.first() else {
        return step;
    };
    let words = open.iter().map(|task| task.word()).collect::<Vec<_>>();
    let step = step
        .is(
            State::Todo,
            text!("not confirmed: {tasks}", tasks = words.join(", ")),
        )
        .run(&format!("access finish {}", first.word()));
    if component.confirmed(Task::Release) {
        step
    } else {
        step.place(text!("Mini Program console → Version management → release"))
    }
}

fn channels(read: &Read<Component>) -> Step {
    let step = Step::new("channels", "3", text!("Channels scene"));
    if let Some(step) = blind(&step, read) {
        return step;
    }
    let Read::Known(component) = read else {
        return step;
    };
    let Some(scene) = component.scene(CHANNELS) else {
        return step
            .is(State::Todo, text!("not applied for"))
            .run("access scene");
    };
    let failed: Vec<&str> = scene
        .items
        .iter()
        .filter(|(_, status)| *status == 2)
        .map(|(name, _)| name.as_str())
        .collect();
    match scene.status {
        1 => step,
        0 => step
            .is(State::Waiting, text!("in audit"))
            .who(text!("WeChat"))
            .run("access status"),
        2 => step
            .is(
                State::Failed,
                text!(
                    "rejected: {reason} {items}",
                    reason = &scene.reason,
                    items = failed.join(", ")
                ),
            )
            .run("access scene"),
        _ => {
            let open = component.open_tasks();
            let words = open.iter().map(|task| task.word()).collect::<Vec<_>>();
            if open.is_empty() {
                step.is(State::Todo, text!("not applied for"))
                    .run("access scene")
            } else {
                step.is(
                    State::Waiting,
                    text!(
                        "finish these tasks first: {tasks}",
                        tasks = words.join(", ")
                    ),
                )
                .who(text!("you"))
                .run("access status")
            }
        }
    }
}

fn promoters(read: &Read<u64>) -> Step {
    let step = Step::new("promoters", "Step 3", text!("Promoters")).optional();
    if let Some(step) = blind(&step, read) {
        return step;
    }
    match count(read) {
        0 => step
            .is(
                State::Optional,
                text!("not needed with the same administrator"),
            )
            .run("promoter list")
            .place(text!(
                "Mini Program console → Transaction component → Scenes → Channels promotion"
            )),
        _ => step,
    }
}

fn sharers(read: &Read<u64>) -> Step {
    let step = Step::new("sharers", "Step 3", text!("Sharers")).optional();
    if let Some(step) = blind(&step, read) {
        return step;
    }
    match count(read) {
        0 => step
            .is(State::Optional, text!("none"))
            .run("sharer bind --help"),
        _ => step,
    }
}

fn funds(read: &Read<Balance>) -> Step {
    let step = Step::new("funds", "Step 4", text!("Withdrawals")).optional();
    if let Some(step) = blind(&step, read) {
        return step;
    }
    let Read::Known(balance) = read else {
        return step;
    };
    let yuan = |amount: Option<Fen>| amount.unwrap_or_default().to_yuan();
    let words = text!(
        "available: {available}, pending: {pending}",
        available = yuan(balance.available),
        pending = yuan(balance.pending)
    );
    match balance.available {
        Some(Fen(1..)) => step.is(State::Optional, words).run("funds withdraw"),
        _ => step.is(State::Done, words),
    }
}
