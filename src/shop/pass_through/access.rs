//! Verbs of `wxsell access` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

pub const DATA: Field = Field("data");
const TASK: Places = &[("task", "access_info_item")];

verbs! {
    APPLY = Ask::new("access apply", "/shop/register/apply")
        .confirm(|| text!("Apply to join the component"))
        .look_up("access status");
    CHECK = Ask::new("access status", "/shop/register/check");
    FINISH = Ask::new("access finish", "/shop/register/finish_access_info").takes(TASK);
    SCENE = Ask::new("access scene", "/shop/register/apply_scene")
        .confirm(|| text!("Apply for the scene"))
        .look_up("access status");
}
