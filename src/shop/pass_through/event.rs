//! What `wxsell event verify` reads.

use super::{Ask, verbs};

verbs! {
    ORDERS = Ask::new("event verify", "/shop/order/get_list").shows("orders", &[]);
    AFTERSALES = Ask::new("event verify", "/shop/ecaftersale/get_list").shows("after_sales_orders", &[]);
    AFTERSALE = Ask::new("event verify", "/shop/ecaftersale/get");
    DISPUTES = Ask::new("event verify", "/shop/complaint/get_list").shows("orders", &[]);
    DISPUTE = Ask::new("event verify", "/shop/complaint/get");
    GOODS = Ask::new("event verify", "/shop/spu/get_list").shows("spus", &[]);
}
