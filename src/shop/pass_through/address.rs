//! Verbs of `wxsell address` that are one call.

use super::{Ask, Field, verbs};
use crate::text;

/// The address in a request and in an answer.
pub const ADDRESS: Field = Field("address_detail");
pub const ADDRESS_ID: Field = Field("address_detail.address_id");
/// Where it is, a part of it.
pub const PLACE: Field = Field("address_detail.address_info");
/// What stands in an answer and is not taken in a request.
pub const READ_ONLY: [&str; 2] = ["create_time", "update_time"];
/// What WeChat shows masked, and the option that gives it.
pub const MASKED: [(Field, &str); 4] = [
    (Field("address_detail.address_info.user_name"), "--person"),
    (Field("address_detail.address_info.tel_number"), "--phone"),
    (Field("address_detail.address_info.detail_info"), "--street"),
    (Field("address_detail.landline"), "--landline"),
];

const PART: &[(&str, &str)] = &[("code", "CODE"), ("name", "NAME")];

verbs! {
    SHOW = Ask::new("address show", "/channels/ec/merchant/address/get").shows(
        "address_detail",
        &[
            ("address_id", "ADDRESS"),
            ("name", "NAME"),
            ("address_info.user_name", "PERSON"),
            ("address_info.tel_number", "PHONE"),
            ("address_info.province_name", "PROVINCE"),
            ("address_info.city_name", "CITY"),
            ("address_info.county_name", "DISTRICT"),
            ("address_info.detail_info", "STREET"),
            ("recv_addr", "RETURNS"),
            ("default_recv", "DEFAULT FOR RETURNS"),
            ("send_addr", "SHIPPING"),
            ("default_send", "DEFAULT FOR SHIPPING"),
        ],
    );
    ADD = Ask::new("address add", "/channels/ec/merchant/address/add").look_up("address list");
    UPDATE = Ask::new("address update", "/channels/ec/merchant/address/update").look_up("address list");
    REMOVE = Ask::new("address remove", "/channels/ec/merchant/address/delete")
        .confirm(|| text!("Delete an address"))
        .look_up("address list");
    PLACES = Ask::new("address places", "/channels/ec/basics/addresscode/get").shows("next_level_addrs", PART);
}
