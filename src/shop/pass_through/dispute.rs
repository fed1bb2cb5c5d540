//! Verbs of `wxsell dispute` that are one call.

use super::{Ask, Field, verbs};

/// Whose meanings are shown in words.
/// What the platform's numbers of these fields mean is known from the reference.
pub const WHY: &str = "order.type";
pub const VERDICT: &str = "order.judge_result";
pub const EVENT: &str = "flow_info.list.op_record.event";
const SHOWN: &[(&str, &str)] = &[(WHY, "WHY"), (VERDICT, "VERDICT"), (EVENT, "WHAT")];

pub const NUMBER: Field = Field("complaint_order_id");
pub const MATERIAL: Field = Field("material_info");
pub const STATEMENT: Field = Field("material_info.content");
pub const IMAGES: Field = Field("material_info.media_url_list");

verbs! {
    LIST = Ask::new("dispute list", "/shop/complaint/get_list").shows("orders", &[]);
    SHOW = Ask::new("dispute show", "/shop/complaint/get").shows("", SHOWN);
    RESPOND = Ask::new("dispute respond", "/shop/complaint/upload_material");
}
