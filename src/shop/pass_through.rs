//! Tables of what is passed through: which command makes a call, one line each.

/// Operations behind the commands that do more than one call.
pub const BEHIND: &[(&str, &str)] = &[
    ("/cgi-bin/token", "auth token"),
    ("/cgi-bin/stable_token", "auth token"),
    ("/cgi-bin/clear_quota", "quota clear"),
    ("/cgi-bin/clear_quota/v2", "quota clear"),
    ("/cgi-bin/openapi/quota/clear", "quota clear"),
    ("/cgi-bin/openapi/quota/get", "quota show"),
    ("/cgi-bin/openapi/rid/get", "rid show"),
    ("/shop/account/get_info", "merchant info"),
    ("/shop/account/update_info", "merchant update"),
    ("/shop/account/get_category_list", "category mine"),
    ("/shop/account/get_brand_list", "brand mine"),
    ("/shop/cat/get", "category list"),
    ("/shop/img/upload", "image upload"),
    ("/shop/spu/add", "goods upload"),
    ("/shop/spu/update", "goods update"),
    ("/shop/spu/update_without_audit", "goods price-stock"),
    ("/shop/spu/del", "goods remove"),
    ("/shop/spu/del_audit", "goods withdraw-audit"),
    ("/shop/spu/get", "goods show"),
    ("/shop/spu/get_list", "goods list"),
    ("/shop/spu/listing", "goods on-sale"),
    ("/shop/spu/delisting", "goods off-sale"),
];

/// Commands that change something at WeChat by calls that belong to other commands.
pub const ALSO_WRITE: [&str; 4] = ["goods add", "aftersale auto", "run resume", "api call"];
