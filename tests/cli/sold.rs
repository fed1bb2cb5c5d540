//! Orders to do something about: two products, paid and shipped as asked.

use super::catalogues::teas;
use super::world::World;
use serde_json::json;

pub const BUYER: &str = "oExampleOpenid0000000000001";

impl World {
    /// A shop that has the two products.
    pub fn selling() -> World {
        World::with_goods(&teas(&[("T1", "10.00"), ("T2", "5.00")]))
    }

    /// How many pictures were uploaded.
    pub fn pictures(&self) -> i64 {
        let uploads = self.sandbox().uploads().expect("uploads");
        uploads.iter().map(|(_, times)| times).sum()
    }

    /// A paid order of two products: 18.00 yuan for two pieces, 4.00 for one, 1.00 freight.
    pub fn paid(&self, number: &str) {
        self.ordered(number);
        self.ok(&["sandbox", "buyer", "pay", number]);
    }

    /// As [`paid`](World::paid), before it is paid.
    pub fn ordered(&self, number: &str) {
        let row = |product: &str, sku: &str, count: i64, price: i64, paid: i64| {
            json!({"out_product_id": product, "out_sku_id": sku, "product_cnt": count, "sale_price": price,
                   "sku_real_price": paid, "path": "p", "title": "t", "head_img": "https://mmecimage.cn/p/x/y"})
        };
        let order = json!({
            "out_order_id": number, "openid": BUYER, "fund_type": 1, "scene": 1177, "path": format!("p?order={number}"),
            "order_detail": {
                "product_infos": [row("T1", "T1-1", 2, 1000, 1800), row("T2", "T2-1", 1, 500, 400)],
                "pay_info": {"pay_method_type": 0},
                "price_info": {"order_price": 2300, "freight": 100, "discounted_price": 300},
            },
            "delivery_detail": {"delivery_type": 1},
            "address_info": {"receiver_name": "李四", "province": "广东省", "city": "广州市", "town": "天河区",
                             "detailed_address": "示例路 1 号", "tel_number": "13800000000"},
            "aftersale_duration": 30,
        });
        self.write("order.json", order.to_string());
        self.ok(&["order", "create", "--file", "order.json"]);
    }

    /// As [`paid`](World::paid), and sent.
    pub fn shipped(&self, number: &str) {
        self.paid(number);
        let parcel = json!({
            "out_order_id": number, "openid": BUYER, "finish_all_delivery": 1,
            "delivery_list": [{"delivery_id": "SF", "waybill_id": "SF1000000000001", "product_info_list": [
                {"out_product_id": "T1", "out_sku_id": "T1-1", "product_cnt": 2},
                {"out_product_id": "T2", "out_sku_id": "T2-1", "product_cnt": 1},
            ]}],
            "ship_done_time": "2022-04-01 12:00:00",
        });
        self.ok(&[
            "api",
            "call",
            "delivery_send",
            "--data",
            &parcel.to_string(),
        ]);
    }

    /// The number of the after-sale or dispute that a buyer opens.
    pub fn opened(&self, args: &[&str]) -> String {
        let told = self.json(&[&["sandbox", "buyer"], args].concat());
        told[0]["number"].as_str().expect("a number").to_owned()
    }

    /// The return address as a file.
    pub fn with_address(&self) {
        let address = json!({
            "receiver_name": "王五", "province": "浙江省", "city": "杭州市", "town": "西湖区",
            "detailed_address": "仓库路 2 号", "tel_number": "13900000000",
        });
        self.write("address.json", address.to_string());
    }
}
