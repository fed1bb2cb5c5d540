//! Documents of the Mini Program itself: this one was registered with a brand and a licence for tea.

use crate::sandbox::router::Refusal;
use crate::sandbox::store::Tx;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Show {
    req_type: i64,
}

pub fn show(_: &mut Tx<'_>, request: Show) -> Result<Value, Refusal> {
    let picture = |name: &str| format!("https://mmecimage.cn/p/{}/{name}", crate::sandbox::APPID);
    match request.req_type {
        2 => Ok(json!({"brand_info": {
            "brand_wording": "山野茶集",
            "sale_authorization": [],
            "trademark_registration_certificate": [picture("registration")],
        }})),
        1 => Ok(json!({"category_info_list": [{
            "first_category_id": 1421, "first_category_name": "食品饮料",
            "second_category_id": 1422, "second_category_name": "茶饮",
            "certificate_url": [picture("licence")],
        }]})),
        _ => Err(Refusal::new(1_050_006, "no certificate of this kind")),
    }
}
