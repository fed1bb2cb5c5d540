//! How far a shop has come with the component, as `register/check` tells it: tasks of the integration and scenes.

mod component;

pub use component::conditions;

use super::Shop;
use super::pass_through::access::{APPLY, CHECK};
use super::pass_through::empty;
use crate::fail::{Failure, Kind, failure};
use crate::lang::Text;
use crate::state::log::entries;
use crate::text;
use crate::types::span::DAY;
use anyhow::Result;
use serde_json::Value;

/// The scene that the component is used for.
pub const CHANNELS: i64 = 1;
/// The errcode of a Mini Program that has not joined.
pub const NOT_JOINED: i64 = 1_040_003;
/// The errcode of a task that WeChat has not seen done.
const TASK_OPEN: i64 = 1_040_041;
/// In which the administrator can sign what was asked for, in seconds.
const SIGNING: i64 = DAY;

/// There is nothing to confirm before joining.
pub fn not_joined() -> Failure {
    Failure::new(Kind::Refused, text!("the component is not joined yet")).hint(text!(
        "apply with `wxsell access apply`; the administrator has to sign the agreement in WeChat within 24 hours"
    ))
}

impl Shop {
    /// What `register/check` tells; `None` before joining.
    pub async fn joined(&self) -> Result<Option<Value>> {
        match self.read_once(&CHECK, &empty()).await {
            Err(error) if failure(&error).is_some_and(|f| f.errcode == Some(NOT_JOINED)) => {
                Ok(None)
            }
            reply => reply.map(Some),
        }
    }

    /// When joining was asked for within the last day, in which the administrator can sign; unix seconds.
    pub fn asked_to_join_at(&self) -> Result<Option<i64>> {
        let since = crate::clock::now() - SIGNING;
        let writes = entries(self.client.state().folder(), since, usize::MAX)?;
        let ours = writes.into_iter().filter(|entry| {
            entry.path == APPLY.path && entry.shop == self.appid && entry.result == "done"
        });
        Ok(ours.map(|entry| entry.at).max())
    }
}

/// A task of the integration; the numbers are WeChat's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Task {
    /// A product passed its audit
    Product = 6,
    /// A controlled order was paid
    Order = 19,
    /// A delivery was reported
    Delivery = 8,
    /// A controlled after-sale was made
    AfterSale = 20,
    /// Your own tests are done
    SelfTest = 10,
    /// The Mini Program is released
    Release = 11,
    /// An ordinary order was paid (first generation)
    PlainOrder = 7,
    /// An ordinary after-sale was reported (first generation)
    PlainAfterSale = 9,
}

impl Task {
    /// In the order in which they are done.
    pub const ALL: [Task; 8] = [
        Task::Product,
        Task::Order,
        Task::Delivery,
        Task::AfterSale,
        Task::SelfTest,
        Task::Release,
        Task::PlainOrder,
        Task::PlainAfterSale,
    ];

    pub fn number(self) -> i64 {
        self as i64
    }

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Task::Product => "product",
            Task::Order => "order",
            Task::Delivery => "delivery",
            Task::AfterSale => "after-sale",
            Task::SelfTest => "self-test",
            Task::Release => "release",
            Task::PlainOrder => "plain-order",
            Task::PlainAfterSale => "plain-after-sale",
        }
    }

    /// What has to be shown.
    pub fn title(self) -> Text {
        match self {
            Task::Product => text!("product that passes its audit"),
            Task::Order => text!("controlled order that is paid"),
            Task::Delivery => text!("delivery that is reported"),
            Task::AfterSale => text!("controlled after-sale"),
            Task::SelfTest => text!("tests of your own"),
            Task::Release => text!("release of the Mini Program"),
            Task::PlainOrder => text!("ordinary order that is paid (first generation)"),
            Task::PlainAfterSale => {
                text!("ordinary after-sale that is reported (first generation)")
            }
        }
    }

    /// Whether Channels asks for it. The tasks of the first generation do not count there.
    pub fn counts(self) -> bool {
        !matches!(self, Task::PlainOrder | Task::PlainAfterSale)
    }

    /// Whether the platform sees it for itself; the others are the merchant's word.
    pub fn is_seen_by_wechat(self) -> bool {
        !matches!(self, Task::SelfTest | Task::Release)
    }

    /// What has to be done so that WeChat sees it.
    pub fn advice(self) -> Text {
        match self {
            Task::Product => {
                text!("upload a product and let it pass the audit: wxsell goods upload FILE")
            }
            Task::Order => text!(
                "create an order with the Channels scene in the developer tool and pay it with real money: wxsell order create"
            ),
            Task::Delivery => text!("report the delivery of a paid order: wxsell delivery send"),
            Task::AfterSale => {
                text!("create an after-sale for that order: wxsell aftersale create")
            }
            Task::SelfTest => {
                text!("test everything, then confirm it: wxsell access finish self-test")
            }
            Task::Release => text!(
                "release the Mini Program in its console, then confirm it: wxsell access finish release"
            ),
            Task::PlainOrder => text!("not needed for Channels: report the payment of an order"),
            Task::PlainAfterSale => text!("not needed for Channels: report an after-sale"),
        }
    }
}

impl Task {
    /// The refusal of a task that WeChat has not seen done, with what has to be done.
    pub fn advised(self, error: anyhow::Error) -> anyhow::Error {
        if failure(&error).is_some_and(|failure| failure.errcode == Some(TASK_OPEN)) {
            return Failure::from_any(error).hint(self.advice()).into();
        }
        error
    }
}

/// A scene to sell in.
#[derive(Debug, Clone)]
pub struct Scene {
    pub id: i64,
    pub name: String,
    /// 0 in audit, 1 passed, 2 failed, 3 not submitted.
    pub status: i64,
    pub reason: String,
    /// Name and state of each check item.
    pub items: Vec<(String, i64)>,
}

/// What `register/check` answered.
#[derive(Debug, Clone)]
pub struct Component {
    pub status: i64,
    seen: Vec<Task>,
    confirmed: Vec<Task>,
    pub scenes: Vec<Scene>,
}

impl Component {
    /// 3 is banned; 0, 1 and 2 read as joined.
    pub fn is_banned(&self) -> bool {
        self.status == 3
    }

    /// Whether the platform has seen it.
    pub fn seen(&self, task: Task) -> bool {
        self.seen.contains(&task)
    }

    /// Whether the merchant has confirmed it.
    pub fn confirmed(&self, task: Task) -> bool {
        self.confirmed.contains(&task)
    }

    /// Tasks that Channels asks for and that are not confirmed yet.
    pub fn open_tasks(&self) -> Vec<Task> {
        let tasks = Task::ALL.into_iter();
        tasks
            .filter(|task| task.counts() && !self.confirmed(*task))
            .collect()
    }

    /// Tasks that the platform has seen and the merchant has not confirmed.
    pub fn to_confirm(&self) -> Vec<Task> {
        let tasks = Task::ALL.into_iter();
        tasks
            .filter(|task| self.seen(*task) && !self.confirmed(*task))
            .collect()
    }

    pub fn scene(&self, id: i64) -> Option<&Scene> {
        self.scenes.iter().find(|scene| scene.id == id)
    }
}
