//! A service provider and its merchants.

use super::{Ask, Field, Places, verbs};
use crate::api::Endpoint;
use crate::api::provider::{AuthorizerToken, ClearComponentQuota};

pub const PREAUTH_CODE: Field = Field("pre_auth_code");
pub const LIVES: Field = Field("expires_in");
pub const MERCHANT_APPID: Field = Field("authorizer_appid");
pub const REFRESH_TOKEN: Field = Field("refresh_token");

/// Where the options of a merchant stand.
pub const OF_MERCHANT: Places = &[
    ("appid", "authorizer_appid"),
    ("provider", "component_appid"),
];

/// Where the service provider's AppID stands.
pub const OWN: Places = &[("provider", "component_appid")];

verbs! {
    PREAUTH = Ask::new(
        "provider authorize",
        "/cgi-bin/component/api_create_preauthcode",
    ).takes(OWN);
    MERCHANTS = Ask::new(
        "provider merchants",
        "/cgi-bin/component/api_get_authorizer_list",
    )
    .shows(
        "list",
        &[
            ("authorizer_appid", "APPID"),
            ("auth_time", "AUTHORIZED"),
            ("refresh_token", "REFRESH TOKEN"),
        ],
    ).takes(OWN);
    MERCHANT = Ask::new(
        "provider merchant",
        "/cgi-bin/component/api_get_authorizer_info",
    )
    .shows(
        "",
        &[
            ("authorizer_info.nick_name", "NAME"),
            ("authorizer_info.principal_name", "COMPANY"),
            ("authorization_info.authorizer_appid", "APPID"),
            ("authorizer_info.account_status", "STATE"),
            ("authorizer_info.register_type", "MADE"),
            ("authorization_info.func_info.funcscope_category.id", "SETS"),
        ],
    ).takes(OF_MERCHANT);
    TICKET = Ask::new(
        "provider ticket start",
        "/cgi-bin/component/api_start_push_ticket",
    );
    TOKEN = Ask::new("provider token", "/cgi-bin/component/api_component_token");
    QUERY_AUTH = Ask::new("provider authorize", "/cgi-bin/component/api_query_auth");
    /// Renewed by whatever command works for the merchant; this one does nothing else.
    MERCHANT_TOKEN = Ask::new("auth token", AuthorizerToken::PATH);
    CLEAR_QUOTA = Ask::new("provider quota clear", ClearComponentQuota::PATH);
}
