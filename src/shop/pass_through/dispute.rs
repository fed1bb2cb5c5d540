//! Verbs of `wxsell dispute` that are one call.

use super::{Ask, verbs};

/// Whose meanings are shown in words.
/// What the platform's numbers of these fields mean is known from the reference.
pub const WHY: &str = "order.type";
pub const VERDICT: &str = "order.judge_result";
pub const EVENT: &str = "flow_info.list.op_record.event";
const SHOWN: &[(&str, &str)] = &[(WHY, "WHY"), (VERDICT, "VERDICT"), (EVENT, "WHAT")];

verbs! {
    LIST = Ask::new("dispute list", "/shop/complaint/get_list").shows("orders", &[]);
    SHOW = Ask::new("dispute show", "/shop/complaint/get").shows("", SHOWN);
    RESPOND = Ask::new("dispute respond", "/shop/complaint/upload_material");
}
