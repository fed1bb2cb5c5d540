//! Verbs of `wxsell freight` that are one call.

use super::{Ask, Field, Places, Whole, verbs};
use crate::api::store::merchant::as_sent;

/// The template in a request and in an answer.
pub const TEMPLATE: Field = Field("freight_template");
/// Where parcels start, a part of it.
pub const PLACE: Field = Field("freight_template.address_info");
/// How it is changed.
pub const WHOLE: Whole = Whole {
    show: SHOW,
    update: UPDATE,
    asked: Field("template_id"),
    thing: TEMPLATE,
    number: Field("freight_template.template_id"),
    read_only: &["create_time", "update_time"],
    masked: &[
        (Field("freight_template.address_info.user_name"), "--person"),
        (Field("freight_template.address_info.tel_number"), "--phone"),
        (
            Field("freight_template.address_info.detail_info"),
            "--street",
        ),
    ],
    as_sent,
};

/// Where the options of a template stand.
const PARTS: Places = &[
    ("name", "freight_template.name"),
    ("ships", "freight_template.send_time"),
    ("province", "freight_template.address_info.province_name"),
    ("city", "freight_template.address_info.city_name"),
    ("district", "freight_template.address_info.county_name"),
    ("person", "freight_template.address_info.user_name"),
    ("phone", "freight_template.address_info.tel_number"),
    ("street", "freight_template.address_info.detail_info"),
    ("default", "freight_template.is_default"),
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
    ADD = Ask::new("freight add", "/channels/ec/merchant/addfreighttemplate")
        .look_up("freight list").takes(PARTS);
    UPDATE = Ask::new("freight update", "/channels/ec/merchant/updatefreighttemplate")
        .look_up("freight list").takes(PARTS);
}
