//! Which column of a table of parcels holds what, by its heading.

use crate::bulk::source::plain_heading;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Order,
    Openid,
    Carrier,
    Waybill,
    Product,
    Sku,
    Count,
    Reason,
}

/// The headings of each field, plain: lower case, without blanks, dashes and underscores. The first stands in messages.
pub(super) const HEADINGS: &[(Field, &[&str])] = &[
    (
        Field::Order,
        &[
            "订单号",
            "outorderid",
            "order",
            "ordernumber",
            "orderno",
            "orderid",
            "订单",
            "商家订单号",
            "商户订单号",
            "订单编号",
            "微信订单号",
        ],
    ),
    (
        Field::Openid,
        &["openid", "buyer", "买家openid", "用户openid", "买家"],
    ),
    (
        Field::Carrier,
        &[
            "快递公司",
            "carrier",
            "deliveryid",
            "deliverycompany",
            "company",
            "物流公司",
            "承运商",
            "快递",
            "快递名称",
            "快递公司名称",
            "快递公司编码",
        ],
    ),
    (
        Field::Waybill,
        &[
            "运单号",
            "waybill",
            "waybillid",
            "trackingnumber",
            "trackingno",
            "tracking",
            "快递单号",
            "物流单号",
            "运单编号",
        ],
    ),
    (
        Field::Product,
        &[
            "商品编号",
            "outproductid",
            "product",
            "商家商品编号",
            "商品编码",
            "商家商品id",
            "商家编码",
        ],
    ),
    (
        Field::Sku,
        &[
            "sku编号",
            "outskuid",
            "sku",
            "商家sku编号",
            "规格编码",
            "规格编号",
            "sku编码",
            "skuid",
        ],
    ),
    (
        Field::Count,
        &[
            "数量",
            "count",
            "productcnt",
            "quantity",
            "qty",
            "pieces",
            "件数",
            "发货数量",
        ],
    ),
    (Field::Reason, &["reason", "失败原因", "原因"]),
];

impl Field {
    pub fn of_heading(heading: &str) -> Option<Field> {
        let plain = plain_heading(heading);
        HEADINGS
            .iter()
            .find(|(_, names)| names.contains(&plain.as_str()))
            .map(|(field, _)| *field)
    }
}
