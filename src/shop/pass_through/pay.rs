//! Verbs of `wxsell pay` that are one call.

use super::{Ask, Field, Places, verbs};
use crate::text;

pub const NUMBER: Field = Field("trade_no");
pub const PARTS: Field = Field("sub_orders");
pub const EXPIRES: Field = Field("expire_time");
/// What a refund or a share of a payment says.
pub const MERCHANT: Field = Field("mchid");
pub const BUYER: Field = Field("openid");
pub const REFUND_NUMBER: Field = Field("refund_no");
pub const SHARE_NUMBER: Field = Field("profit_sharing_no");
pub const PAID_AMOUNT: Field = Field("total_amount");
pub const REFUND_AMOUNT: Field = Field("refund_amount");

/// Where the days of a list stand.
const SPAN: Places = &[("first", "begin_create_time"), ("last", "end_create_time")];
verbs! {
    CREATE = Ask::new("pay create", "/shop/pay/createorder").shows(
        "payment_params",
        &[
            ("timeStamp", "TIMESTAMP"),
            ("nonceStr", "NONCE"),
            ("package", "PACKAGE"),
            ("signType", "SIGN TYPE"),
            ("paySign", "SIGNATURE"),
        ],
    );
    SHOW = Ask::new("pay show", "/shop/pay/getorder").shows(
        "order",
        &[
            ("trade_no", "NUMBER"),
            ("combine_trade_no", "COMBINED"),
            ("mchid", "MERCHANT"),
            ("transaction_id", "WECHAT PAY NUMBER"),
            ("amount", "AMOUNT"),
            ("description", "DESCRIPTION"),
            ("create_time", "CREATED"),
            ("pay_time", "PAID"),
            ("expire_time", "EXPIRES"),
            ("refund_list.refund_no", "REFUNDS"),
            ("profit_sharing_list.profit_sharing_no", "SHARES"),
        ],
    );
    LIST = Ask::new("pay list", "/shop/pay/getorderlist").shows("trade_no_list", &[]).takes(SPAN);
    CLOSE = Ask::new("pay close", "/shop/pay/closeorder")
        .confirm(|| text!("close the payment"))
        .look_up("pay show");
    REFUND = Ask::new("pay refund", "/shop/pay/refundorder");
    SHARE = Ask::new("pay share", "/shop/pay/profitsharingorder");
    /// Rows inside a payment.
    REFUNDED = Ask::new("pay refund", "/shop/pay/getorder").shows(
        "order.refund_list",
        &[
            ("refund_no", "NUMBER"),
            ("amount", "AMOUNT"),
            ("refund_id", "WECHAT PAY NUMBER"),
            ("result", "RESULT"),
            ("create_time", "CREATED"),
            ("finish_time", "ENDED"),
        ],
    );
    SHARED = Ask::new("pay share", "/shop/pay/getorder").shows(
        "order.profit_sharing_list",
        &[
            ("profit_sharing_no", "NUMBER"),
            ("amount", "AMOUNT"),
            ("profit_sharing_id", "WECHAT PAY NUMBER"),
            ("result", "RESULT"),
            ("create_time", "CREATED"),
            ("finish_time", "ENDED"),
        ],
    );
}
