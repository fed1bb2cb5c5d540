//! Verbs of `wxsell address` that are one call.

use super::{Ask, Field, Places, Whole, verbs};
use crate::text;

/// The address in a request and in an answer.
pub const ADDRESS: Field = Field("address_detail");
/// Where it is, a part of it.
pub const PLACE: Field = Field("address_detail.address_info");
/// How it is changed.
pub const WHOLE: Whole = Whole {
    show: SHOW,
    update: UPDATE,
    asked: Field("address_id"),
    thing: ADDRESS,
    number: Field("address_detail.address_id"),
    read_only: &["create_time", "update_time"],
    masked: &[
        (Field("address_detail.address_info.user_name"), "--person"),
        (Field("address_detail.address_info.tel_number"), "--phone"),
        (Field("address_detail.address_info.detail_info"), "--street"),
        (Field("address_detail.landline"), "--landline"),
    ],
    as_sent: |_| {},
};

/// Where the options of an address stand.
const DETAIL: Places = &[
    ("name", "address_detail.name"),
    ("person", "address_detail.address_info.user_name"),
    ("phone", "address_detail.address_info.tel_number"),
    ("landline", "address_detail.landline"),
    ("province", "address_detail.address_info.province_name"),
    ("city", "address_detail.address_info.city_name"),
    ("district", "address_detail.address_info.county_name"),
    ("street", "address_detail.address_info.detail_info"),
    ("for_returns", "address_detail.recv_addr"),
    ("default_for_returns", "address_detail.default_recv"),
    ("for_shipping", "address_detail.send_addr"),
    ("default_for_shipping", "address_detail.default_send"),
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
    ADD = Ask::new("address add", "/channels/ec/merchant/address/add").look_up("address list").takes(DETAIL);
    UPDATE = Ask::new("address update", "/channels/ec/merchant/address/update")
        .look_up("address list").takes(DETAIL);
    REMOVE = Ask::new("address remove", "/channels/ec/merchant/address/delete")
        .confirm(|| text!("Delete an address"))
        .look_up("address list");
    PLACES = Ask::new("address places", "/channels/ec/basics/addresscode/get")
        .shows("next_level_addrs", PART).takes(&[("code", "addr_code")]);
}
