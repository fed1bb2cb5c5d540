//! What `wxsell due` reads.

use super::{Ask, verbs};

verbs! {
    LIST = Ask::new("due", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);
    SHOW = Ask::new("due", "/shop/ecaftersale/get");
    DISPUTES = Ask::new("due", "/shop/complaint/get_list").shows("orders", &[]);
    ORDERS = Ask::new("due", "/shop/order/get_list").shows("orders", &[]);
    GOODS = Ask::new("due", "/shop/spu/get_list").shows("spus", &[]);
}
