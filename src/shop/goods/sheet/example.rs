//! The product that a new sheet is filled with.

use crate::api::component::goods::{AddSpu, DescInfo, NO_BRAND, Sku, SkuAttr};
use crate::types::Fen;

/// By which the product is known when it was left in a sheet that is uploaded.
pub const EXAMPLE_TITLE: &str = "示例明前绿茶 礼盒装";

/// A product that passes every check but those of the pictures, which are for the merchant to supply.
pub fn example() -> AddSpu {
    let sku = |id: &str, weight: &str, sale: i64, market: i64, barcode: &str| Sku {
        out_product_id: "TEA-1001".into(),
        out_sku_id: format!("TEA-1001-{id}"),
        thumb_img: String::new(),
        sale_price: Fen(sale),
        market_price: Fen(market),
        stock_num: 100,
        sku_code: Some(format!("TEA{id}")),
        barcode: Some(barcode.into()),
        sku_attrs: vec![SkuAttr {
            attr_key: "规格".into(),
            attr_value: weight.into(),
        }],
    };
    AddSpu {
        out_product_id: "TEA-1001".into(),
        title: EXAMPLE_TITLE.into(),
        path: "pages/product/index?id=TEA-1001".into(),
        head_img: vec![
            "https://example.com/tea-front.jpg".into(),
            "https://example.com/tea-back.jpg".into(),
        ],
        desc_info: Some(DescInfo {
            imgs: vec!["https://example.com/tea-detail.jpg".into()],
            desc: "明前采摘，真空包装。".into(),
        }),
        third_cat_id: 1423,
        brand_id: NO_BRAND,
        info_version: Some("1".into()),
        skus: vec![
            sku("125", "125克", 5900, 7900, "6901234567885"),
            sku("250", "250克", 9900, 12900, "6901234567892"),
        ],
        ..AddSpu::default()
    }
}
