//! The answer of `/shop/register/check`.

use super::{CHANNELS, Component, Scene, Task};
use serde_json::Value;

/// Numbers of a component that is joined; 0 and 1 are older ones for it.
const JOINED: [i64; 3] = [0, 1, 2];
/// The state of a scene that is open.
const OPEN: i64 = 1;

/// What the names of the flags of a task begin with.
fn prefix(task: Task) -> &'static str {
    match task {
        Task::Product => "spu_audit",
        Task::Order => "ec_order",
        Task::Delivery => "send_delivery",
        Task::AfterSale => "ec_after_sale",
        Task::SelfTest => "test_api",
        Task::Release => "deploy_wxa",
        Task::PlainOrder => "pay_order",
        Task::PlainAfterSale => "add_aftersale",
    }
}

impl Component {
    /// Reads `data` of the answer.
    pub fn read(reply: &Value) -> Component {
        let data = &reply["data"];
        let scenes = rows(&data["scene_group_list"]).map(|scene| Scene {
            id: scene["group_id"].as_i64().unwrap_or_default(),
            name: scene["name"].as_str().unwrap_or_default().to_owned(),
            status: scene["status"].as_i64().unwrap_or(3),
            reason: scene["reason"].as_str().unwrap_or_default().to_owned(),
            items: rows(&scene["scene_group_ext_list"])
                .map(|item| {
                    let name = item["name"].as_str().unwrap_or_default().to_owned();
                    (name, item["status"].as_i64().unwrap_or(3))
                })
                .collect(),
        });
        let flags = &data["access_info"];
        let flagged = |end: &str| {
            let flag = |task: &Task| flags[format!("{}_{end}", prefix(*task))] == 1;
            Task::ALL.into_iter().filter(flag).collect()
        };
        Component {
            status: data["status"].as_i64().unwrap_or_default(),
            seen: flagged("success"),
            confirmed: flagged("finished"),
            scenes: scenes.collect(),
        }
    }
}

/// Whether the component is joined, and whether Channels is open to it; `None` where the answer does not tell.
pub fn conditions(reply: &Value) -> (Option<bool>, Option<bool>) {
    let data = &reply["data"];
    let joined = data["status"]
        .as_i64()
        .map(|status| JOINED.contains(&status));
    let scenes = data["scene_group_list"].as_array();
    let open = scenes.map(|scenes| {
        scenes
            .iter()
            .any(|scene| scene["group_id"] == CHANNELS && scene["status"] == OPEN)
    });
    (joined, open)
}

/// The rows of a list; one row may come as an object.
fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(rows) => rows.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
    .iter()
}
