//! Verbs of `wxsell promoter` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

const ROLE_COLUMNS: &[(&str, &str)] =
    &[("role_id", "ROLE"), ("name", "NAME"), ("desc", "WHAT FOR")];

pub const NUMBER: Field = Field("promoter_id");
pub const NICKNAME: Field = Field("finder_nickname");
pub const LINK: Field = Field("tag");
pub const PAGE: Field = Field("share_path");
pub const POSTER: Field = Field("poster");
pub const QRCODE: Field = Field("qrcode");
pub const MESSAGE: Field = Field("msg_id");
pub const PATH: Field = Field("path");
pub const ROLE: Field = Field("role_id");
pub const ROLE_NAME: Field = Field("name");
pub const MARK: Field = Field("extra_info");
pub const STORE: Field = Field("retail_id");
pub const PERSON: Field = Field("id");
pub const OPENID: Field = Field("openid");
pub const DECLARED: Field = Field("decl_status");
pub const AGREED: Field = Field("auth_status");
pub const FAILED: Field = Field("fail_list");
pub const ERRCODE: Field = Field("errcode");
pub const ERRMSG: Field = Field("errmsg");
pub const NAME: Field = Field("name");
pub const PHONE: Field = Field("phone");
pub const PEOPLE: Field = Field("promoter_list");
pub const TEMPLATE: Field = Field("msg_type");
pub const CONTENT: Field = Field("content");
pub const APPID: Field = Field("appid");
/// Whom a message is for: everybody, roles, stores, or people.
pub const WHOM: Field = Field("list_type");

/// Where the options of figures stand.
pub const CLICKS: Places = &[
    ("day", "send_date"),
    ("per", "dimonsion"),
    ("message", "msg_id"),
    ("since", "begin_send_time"),
    ("until", "end_send_time"),
];

/// Where the options of material stand.
pub const MATERIAL: Places = &[
    ("page", "path"),
    ("mark", "extra_info"),
    ("env", "env_version"),
    ("form", "share_type"),
];

/// Where the options of credited payments stand.
pub const CREDITED: Places = &[
    ("day", "date"),
    ("merchant", "mch_id"),
    ("unionid", "need_unionid"),
];

/// Where the options of visits stand.
pub const VISITS: Places = &[
    ("since", "begin_time"),
    ("until", "end_time"),
    ("unionid", "need_unionid"),
];

/// Where the options of a list of staff stand.
pub const STAFF: Places = &[
    ("store", "retail_id"),
    ("since", "begin_time"),
    ("until", "end_time"),
    ("role", "role_id"),
    ("declared", "decl_status"),
    ("agreed", "auth_status"),
    ("unionid", "need_unionid"),
];

/// Where the options of one person stand.
pub const CHANGED: Places = &[
    ("store", "retail_id"),
    ("mark", "extra_info"),
    ("role", "role_id"),
    ("declared", "decl_status"),
];

/// Where the options of an invitation stand.
pub const INVITATION: Places = &[("role", "role_id"), ("form", "invitation_type")];

verbs! {
    CHANNELS_LIST = Ask::new("promoter list", "/shop/promoter/list").shows(
        "promoters",
        &[
            ("promoter_id", "PROMOTER"),
            ("finder_nickname", "CHANNELS ACCOUNT"),
            ("promoter_openid", "OPENID"),
        ],
    );
    CONDITIONS = Ask::new("promoter add", "/shop/register/check");
    LIST = Ask::new("promoter list --staff", "/promoter/getpromoter").shows(
        "promoter_list",
        &[
            ("id", "ID"),
            ("openid", "OPENID"),
            ("name", "NAME"),
            ("phone", "PHONE"),
            ("role_id", "ROLE"),
            ("retail_id", "STORE"),
            ("extra_info", "MARK"),
            ("decl_status", "MERCHANT'S SIDE"),
            ("auth_status", "PERSON'S SIDE"),
            ("update_time", "PERSON ANSWERED"),
        ],
    ).takes(STAFF);
    UPDATE = Ask::new("promoter update", "/promoter/updatepromoter").look_up("promoter show WHO").takes(CHANGED);
    REMOVE = Ask::new("promoter remove", "/promoter/updatepromoter")
        .confirm(|| text!("End the relation with this person"))
        .look_up("promoter show WHO");
    ADD = Ask::new("promoter add", "/promoter/addpromoter").look_up("promoter list --staff");
    ROLE_LIST = Ask::new("promoter role list", "/promoter/getrole").shows("role_list", ROLE_COLUMNS);
    ROLE_ADD = Ask::new("promoter role add", "/promoter/addrole")
        .shows("", ROLE_COLUMNS)
        .look_up("promoter role list");
    ROLE_UPDATE = Ask::new("promoter role update", "/promoter/updaterole").look_up("promoter role list");
    INVITE = Ask::new("promoter invite", "/promoter/getinvitationmaterial").takes(INVITATION);
    SHARE = Ask::new("promoter share", "/promoter/getsharematerial").takes(MATERIAL);
    RELATIONS = Ask::new("promoter relations", "/promoter/getrelation").shows(
        "relation_list",
        &[
            ("create_time", "VISITED"),
            ("openid", "VISITOR"),
            ("path", "PAGE"),
            ("scene", "SCENE"),
            ("share_extra_info", "MARK OF THE MATERIAL"),
            ("role_id", "ROLE"),
            ("retail_id", "STORE"),
        ],
    ).takes(VISITS);
    ORDERS = Ask::new("promoter orders", "/promoter/getorder").shows(
        "order_list",
        &[
            ("out_trade_no", "PAYMENT"),
            ("paid_time", "PAID"),
            ("paid_amount", "AMOUNT"),
            ("status", "STATUS"),
            ("openid", "BUYER"),
            ("path", "PAGE"),
            ("share_extra_info", "MARK OF THE MATERIAL"),
            ("trade_no", "TRANSACTION"),
            ("refunded_time", "REFUNDED"),
        ],
    ).takes(CREDITED);
    MESSAGE_MANY = Ask::new("promoter message send", "/promoter/sendmsg");
    MESSAGE_ONE = Ask::new("promoter message send", "/promoter/singlesendmsg");
    MESSAGE_SHOW = Ask::new("promoter message show", "/promoter/getmsg").shows(
        "",
        &[
            ("send_cnt", "PEOPLE"),
            ("percent", "PERCENT DONE"),
            ("fail_cnt", "FAILED"),
            ("fail_info.id", "NOT REACHED"),
            ("fail_info_url", "LIST OF FAILURES"),
            ("msg_type", "TEMPLATE"),
            ("content", "CONTENT"),
            ("path", "PAGE"),
            ("list_type", "RECIPIENTS"),
        ],
    );
    MESSAGE_CLICKS = Ask::new("promoter message clicks", "/promoter/getmsgclickdata").shows(
        "data_list",
        &[
            ("msg_type", "TEMPLATE"),
            ("msg_id", "MESSAGE"),
            ("send_time", "SENT"),
            ("click_uv", "PEOPLE WHO TAPPED"),
            ("click_pv", "TAPS"),
        ],
    ).takes(CLICKS);
}
