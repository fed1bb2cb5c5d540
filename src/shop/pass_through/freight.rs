//! Verbs of `wxsell freight` that are one call.

use super::{Ask, Field, verbs};

/// The template in a request and in an answer.
pub const TEMPLATE: Field = Field("freight_template");
pub const TEMPLATE_ID: Field = Field("freight_template.template_id");
/// Where parcels start, a part of it.
pub const PLACE: Field = Field("freight_template.address_info");
/// What stands in an answer and is not taken in a request.
pub const READ_ONLY: [&str; 2] = ["create_time", "update_time"];
/// What WeChat shows masked, and the option that gives it.
pub const MASKED: [(Field, &str); 3] = [
    (Field("freight_template.address_info.user_name"), "--person"),
    (Field("freight_template.address_info.tel_number"), "--phone"),
    (
        Field("freight_template.address_info.detail_info"),
        "--street",
    ),
];
/// What a new template is where nobody says otherwise.
pub const USUAL: [(Field, &str); 4] = [
    (Field("freight_template.valuation_type"), "PIECE"),
    (Field("freight_template.delivery_type"), "EXPRESS"),
    (Field("freight_template.shipping_method"), "FREE"),
    (
        Field("freight_template.send_time"),
        "SendTime_FOUTYEIGHT_HOUR",
    ),
];

verbs! {
    SHOW = Ask::new("freight show", "/channels/ec/merchant/getfreighttemplatedetail").shows(
        "freight_template",
        &[
            ("template_id", "TEMPLATE"),
            ("name", "NAME"),
            ("valuation_type", "CHARGES BY"),
            ("shipping_method", "CHARGE"),
            ("send_time", "SHIPS WITHIN"),
            ("is_default", "DEFAULT"),
            ("address_info.province_name", "PROVINCE"),
            ("address_info.city_name", "CITY"),
            ("address_info.county_name", "DISTRICT"),
        ],
    );
    ADD = Ask::new("freight add", "/channels/ec/merchant/addfreighttemplate").look_up("freight list");
    UPDATE = Ask::new("freight update", "/channels/ec/merchant/updatefreighttemplate")
        .look_up("freight list");
}
