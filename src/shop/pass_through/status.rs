//! What `wxsell status` reads.

use super::{Ask, verbs};

verbs! {
    INFO = Ask::new("status", "/shop/account/get_info");
    CATEGORIES = Ask::new("status", "/shop/account/get_category_list");
    BRANDS = Ask::new("status", "/shop/account/get_brand_list");
    GOODS = Ask::new("status", "/shop/spu/get_list");
    PROMOTERS = Ask::new("status", "/shop/promoter/list");
    SHARERS = Ask::new("status", "/shop/sharer/get_sharer_list");
    BALANCE = Ask::new("status", "/shop/funds/getbalance");
}
