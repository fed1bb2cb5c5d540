//! The Store in the sandbox keeps its contract: every call is answered well once and refused once over HTTP, what is
//! sent and answered is checked against the reference, and the rules are those of the documents.

use crate::support::{http, spec};
use http::{Raw, post, send};
use serde_json::{Value, json};
use tempfile::TempDir;
use wxsell::sandbox::{APPID, AuditDecision, Running, SECRET, STORE_APPID, STORE_SECRET, Sandbox};

const ADD: &str = "/channels/ec/product/add";
const UPDATE: &str = "/channels/ec/product/update";
const GET: &str = "/channels/ec/product/get";
const LIST: &str = "/channels/ec/product/list/get";
const FREE: &str = "/channels/ec/product/auditfree";
const LISTING: &str = "/channels/ec/product/listing";
const DELISTING: &str = "/channels/ec/product/delisting";
const DELETE: &str = "/channels/ec/product/delete";
const CANCEL: &str = "/channels/ec/product/audit/cancel";
const QUOTA: &str = "/channels/ec/product/getauditquota";
const STOCK: &str = "/channels/ec/product/stock/update";
const UPLOAD: &str = "/channels/ec/basics/img/upload";
const MEDIA: &str = "/channels/ec/basics/media/get";

/// A running shop, a handle to it and a token of the Store.
struct Shop {
    running: Running,
    keeper: Sandbox,
    token: String,
    images: u32,
    _folder: TempDir,
}

fn token(base: &str, appid: &str, secret: &str) -> Value {
    let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret});
    post(base, "/cgi-bin/stable_token", &body.to_string()).json()
}

impl Shop {
    fn open() -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(&folder.path().join("sandbox.db")).expect("it starts");
        let keeper = running.shop().expect("it opens twice");
        let token = token(&running.base_url, STORE_APPID, STORE_SECRET)["access_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        Shop {
            running,
            keeper,
            token,
            images: 0,
            _folder: folder,
        }
    }

    fn raw(&self, path: &str, body: &Value) -> Raw {
        let target = format!("{path}?access_token={}", self.token);
        post(&self.running.base_url, &target, &body.to_string())
    }

    fn call(&self, path: &str, body: Value) -> Value {
        self.raw(path, &body).json()
    }

    fn get(&self, path: &str) -> Value {
        let target = format!("{path}?access_token={}", self.token);
        send(&self.running.base_url, "GET", &target, "", b"").json()
    }

    fn errcode(&self, path: &str, body: Value) -> i64 {
        self.call(path, body)["errcode"]
            .as_i64()
            .expect("an errcode")
    }

    fn upload(&self, path: &str, query: &str, content_type: &str, bytes: &[u8]) -> Value {
        let part = format!(
            "--B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\nContent-Type: {content_type}\r\n\r\n"
        );
        let body = [part.as_bytes(), bytes, b"\r\n--B--\r\n"].concat();
        let headers = format!(
            "Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n",
            body.len()
        );
        let target = format!("{path}?access_token={}{query}", self.token);
        send(&self.running.base_url, "POST", &target, &headers, &body).json()
    }

    /// Links of so many new images.
    fn links(&mut self, count: u32) -> Vec<String> {
        (0..count)
            .map(|_| {
                self.images += 1;
                let bytes = format!("\u{89}PNG not an image but number {}", self.images);
                let bytes = [&b"\x89PNG\r\n\x1a\n"[..], bytes.as_bytes()].concat();
                let reply = self.upload(
                    UPLOAD,
                    "&upload_type=0&resp_type=1&width=8&height=8",
                    "image/png",
                    &bytes,
                );
                reply["pic_file"]["img_url"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{reply}"))
                    .to_owned()
            })
            .collect()
    }

    /// A product that nothing is wrong with.
    fn tea(&mut self, number: &str) -> Value {
        let (heads, details, thumb) = (self.links(4), self.links(3), self.links(1));
        json!({
            "out_product_id": number,
            "title": "明前绿茶 250克",
            "head_imgs": heads,
            "desc_info": {"imgs": details, "desc": "清明前采摘"},
            "cats_v2": [{"cat_id": "381000001"}, {"cat_id": "381001001"}, {"cat_id": "381001002"}],
            "attrs": [
                {"attr_key": "产地", "attr_value": "杭州"},
                {"attr_key": "国产/进口", "attr_value": "国产"},
                {"attr_key": "保质期", "attr_value": "18 个月"},
            ],
            "brand_id": "2100000000",
            "deliver_method": 0,
            "express_info": {"template_id": "5000000101"},
            "extra_service": {"seven_day_return": 1, "freight_insurance": 0},
            "skus": [{
                "out_sku_id": format!("{number}-1"), "thumb_img": thumb[0], "sale_price": 9900, "stock_num": 10,
                "sku_attrs": [{"attr_key": "规格", "attr_value": "250克"}],
            }],
            "listing": 1,
        })
    }

    fn add(&mut self, number: &str) -> String {
        let tea = self.tea(number);
        self.added(&tea)
    }

    fn added(&self, product: &Value) -> String {
        let reply = self.call(ADD, product.clone());
        reply["data"]["product_id"]
            .as_str()
            .unwrap_or_else(|| panic!("{reply}"))
            .to_owned()
    }

    /// A product on sale.
    fn on_sale(&mut self, number: &str) -> String {
        let id = self.add(number);
        self.keeper
            .decide(Some(std::slice::from_ref(&id)), &AuditDecision::Pass)
            .expect("it is in audit");
        id
    }

    fn read(&self, id: &str) -> Value {
        self.call(GET, json!({"product_id": id, "data_type": 3}))
    }

    /// `status` and `edit_status`.
    fn state(&self, id: &str) -> (i64, i64) {
        let draft = &self.read(id)["edit_product"];
        (
            draft["status"].as_i64().expect("a status"),
            draft["edit_status"].as_i64().expect("a status"),
        )
    }

    fn sku(&self, id: &str) -> String {
        let draft = &self.read(id)["edit_product"];
        draft["skus"][0]["sku_id"].as_str().expect("text").into()
    }
}

impl Drop for Shop {
    /// Whatever a test did: all of it keeps the contract.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let calls = self.keeper.exchanges().expect("calls");
        let calls: Vec<_> = calls
            .into_iter()
            .filter(|call| call.status == 200 && call.path.starts_with("/channels/"))
            // A file is no JSON.
            .filter(|call| call.path != MEDIA || call.errcode != 0)
            .collect();
        let problems = spec::problems_of_replies(&calls);
        assert!(problems.is_empty(), "{problems:#?}");
    }
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    match body.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => body[pointer.trim_start_matches('/')] = value,
    }
    body
}

/// What the calls that were made came to; those that were answered well are held against the reference.
fn measured(shop: &mut Shop) -> Vec<(String, i64)> {
    let exchanges = shop.keeper.exchanges().expect("calls");
    let mut calls: Vec<(String, i64)> = exchanges
        .iter()
        .map(|call| (call.path.clone(), call.errcode))
        .collect();
    calls.retain(|(path, _)| path != "/cgi-bin/stable_token");
    let good: Vec<_> = exchanges
        .into_iter()
        .filter(|call| call.errcode == 0 && call.path != "/cgi-bin/stable_token")
        // No JSON is answered.
        .filter(|call| call.path != MEDIA)
        .collect();
    let problems = spec::problems(&good);
    assert!(problems.is_empty(), "{problems:#?}");
    calls
}

#[test]
fn every_call_is_answered_once_and_refused_once() {
    let mut calls = calls_of_goods();
    calls.extend(calls_of_an_opening_and_of_a_sale());
    let mut lacking = Vec::new();
    for path in crate::coverage::called_by_a_store() {
        let came = |good: bool| {
            calls
                .iter()
                .any(|(called, errcode)| called == path && (*errcode == 0) == good)
        };
        for (good, words) in [(true, "answered well"), (false, "refused")] {
            if !came(good) {
                lacking.push(format!("{path} was not {words}"));
            }
        }
    }
    assert!(lacking.is_empty(), "{lacking:#?}");
}

fn calls_of_goods() -> Vec<(String, i64)> {
    let mut shop = Shop::open();
    let id = shop.on_sale("T-1");
    let sku = shop.sku(&id);
    let (tea, unseen) = (shop.tea("T-2"), json!("3302645269677080000"));
    let head = tea["head_imgs"][0].clone();
    let update = with(shop.tea("T-1"), "/product_id", json!(id));
    let mut without = update.clone();
    without
        .as_object_mut()
        .expect("an object")
        .remove("out_product_id");
    without["skus"][0]["sku_id"] = json!(sku);
    let stock = |kind: i64, num: i64| json!({"product_id": id, "sku_id": sku, "diff_type": kind, "num": num});
    let price = |fen: i64| json!({"product_id": id, "skus": [{"sku_id": sku, "sale_price": fen}]});
    let by_id = |id: &str| json!({"product_id": id});
    let unknown = json!({"product_id": unseen});
    let table: Vec<(&str, Value, Value, i64)> = vec![
        (QUOTA, json!({}), Value::Null, 0),
        (
            "/channels/ec/product/auditstrategy/set",
            json!({"audit_strategy": {"hide_err_field_flag": 1, "hit_duplicated_flag": 0}}),
            json!({"audit_strategy": {"hide_err_field_flag": 3}}),
            10_020_051,
        ),
        (
            "/channels/ec/product/productbrandrecommend",
            json!({"cat_id": "384001002", "title": "素白 补水面膜", "head_imgs": [head]}),
            json!({"cat_id": "384001002", "title": "素白 补水面膜", "head_imgs": ["https://example.com/a.jpg"]}),
            10_020_035,
        ),
        (
            "/channels/ec/category/get_category_relation_detail",
            json!({"category_id": "386001002"}),
            json!({"category_id": "381003002"}),
            10_020_252,
        ),
        (
            "/channels/ec/product/categoryprecheck",
            json!({"cat_id": "381001002"}),
            json!({"cat_id": "1"}),
            10_020_063,
        ),
        (
            "/channels/ec/product/stock/get",
            json!({"product_id": id, "sku_id": sku}),
            json!({"product_id": id, "sku_id": "1"}),
            10_020_209,
        ),
        (STOCK, stock(1, 5), stock(2, 100), 10_020_219),
        (FREE, price(8800), price(499), 10_020_110),
        (GET, by_id(&id), unknown.clone(), 10_020_052),
        (
            LIST,
            json!({"page_size": 30}),
            json!({"page_size": 31}),
            40097,
        ),
        (DELISTING, by_id(&id), by_id(&id), 10_020_065),
        (LISTING, by_id(&id), by_id(&id), 10_020_049),
        (CANCEL, by_id(&id), by_id(&id), 10_020_044),
        (UPDATE, without, update, 10_020_049),
        (CANCEL, by_id(&id), unknown, 10_020_052),
        (DELETE, by_id(&id), by_id(&id), 10_020_052),
        (
            ADD,
            tea.clone(),
            with(tea.clone(), "/title", json!("")),
            10_020_020,
        ),
        (
            "/channels/ec/category/detail",
            json!({"cat_id": "381001002"}),
            json!({"cat_id": "5"}),
            10_020_063,
        ),
        (
            "/shop/ec/category/getcategoryproductrule",
            json!({"cat_id": "384001002", "brand_id": "8000102"}),
            json!({"cat_id": "5"}),
            10_020_063,
        ),
        (
            "/channels/ec/category/get_category_relation_list",
            json!({"is_filter_status": false}),
            json!({"is_filter_status": true, "status": 3}),
            9_401_020,
        ),
        (
            "/channels/ec/brand/valid/list/get",
            json!({"page_size": 50}),
            json!({"page_size": 51}),
            40097,
        ),
        (
            "/channels/ec/brand/list/get",
            json!({"page_size": 2, "status": 0}),
            json!({"page_size": 2, "status": 9}),
            10_020_604,
        ),
        (
            "/channels/ec/merchant/getfreighttemplatelist",
            json!({"offset": 0, "limit": 10}),
            json!({"offset": 0, "limit": 0}),
            40097,
        ),
        (
            "/channels/ec/merchant/getfreighttemplatedetail",
            json!({"template_id": "5000000103"}),
            json!({"template_id": "5"}),
            10_020_005,
        ),
        (
            "/channels/ec/merchant/address/list",
            json!({"offset": 0, "limit": 10}),
            json!({"offset": -1, "limit": 10}),
            40097,
        ),
        (
            "/channels/ec/merchant/address/get",
            json!({"address_id": "6000000101"}),
            json!({"address_id": "6"}),
            10_020_051,
        ),
    ];
    for (path, good, bad, errcode) in table {
        let reply = shop.call(path, good.clone());
        assert_eq!(reply["errcode"], 0, "{path} {good}: {reply}");
        if !bad.is_null() {
            assert_eq!(shop.errcode(path, bad.clone()), errcode, "{path} {bad}");
        }
    }
    // The switches are kept, and one that is left alone stays; a GET is refused.
    let strategy = "/channels/ec/product/auditstrategy/get";
    let switches = shop.call(strategy, json!({}))["audit_strategy"].clone();
    let on_alone =
        json!({"hide_err_field_flag": 1, "hit_duplicated_flag": 0, "hit_low_risk_rule_flag": 0});
    assert_eq!(switches, on_alone);
    assert_eq!(shop.get(strategy)["errcode"], 43002);
    assert_eq!(shop.get(QUOTA)["errcode"], 43002);
    // The file of a media id comes as it is.
    let proof = b"\x89PNG\r\n\x1a\n a proof";
    let sizes = "&upload_type=0&resp_type=0&width=8&height=8";
    let unsized_one = shop.upload(UPLOAD, "&upload_type=0&resp_type=0", "image/png", proof);
    assert_eq!(unsized_one["errcode"], 10_020_055);
    let kept = shop.upload(UPLOAD, sizes, "image/png", proof);
    let id = kept["pic_file"]["media_id"].as_str().expect("an id");
    let media = |id: &str| {
        let token = &shop.token;
        let target = format!("{MEDIA}?access_token={token}&media_id={id}");
        send(&shop.running.base_url, "GET", &target, "", b"")
    };
    assert_eq!(media(id).body, proof);
    assert_eq!(media("media_none").json()["errcode"], 40007);
    for path in ["/channels/ec/category/all", "/channels/ec/basics/info/get"] {
        assert_eq!(shop.get(path)["errcode"], 0, "{path}");
        assert_eq!(shop.errcode(path, json!({})), 43001, "{path}");
    }
    measured(&mut shop)
}

/// Categories and brands with papers, addresses, freight templates, flash sales and what is held back.
fn calls_of_an_opening_and_of_a_sale() -> Vec<(String, i64)> {
    let mut shop = Shop::open();
    let id = shop.on_sale("T-1");
    let sku = shop.sku(&id);
    let now = wxsell::types::now() + shop.keeper.status().expect("a status").clock_offset;
    let paper = shop.upload(
        "/channels/ec/basics/qualification/upload",
        "",
        "image/jpeg",
        b"\xFF\xD8\xFF a license",
    );
    let paper = paper["data"]["file_id"].as_str().expect("an id").to_owned();
    let empty = shop.upload(
        "/channels/ec/basics/qualification/upload",
        "",
        "image/jpeg",
        b"",
    );
    assert_eq!(empty["errcode"], 10_020_059);
    let category = |files: Value| {
        json!({"category_info": {
            "cats_v2": [{"cat_id": "381000001"}, {"cat_id": "381003001"}, {"cat_id": "381003002"}],
            "is_new_apply_cat": true,
            "license_group_list": [{"license_group_id": "10", "license": {"license_id": "101", "file_id_list": files}}]}})
    };
    let brand = |id: &str, class: &str| {
        json!({"brand": {"brand_id": id, "ch_name": "云山", "trade_mark_symbol": 1, "classification_no": class, "grant_type": 1,
            "register_details": {"registrant": "x", "register_no": "1", "is_permanent": true, "register_certifications": [paper]}}})
    };
    let address = |province: &str| {
        json!({"address_detail": {"name": "新仓", "recv_addr": true, "default_recv": true, "address_info": {
            "user_name": "李四", "tel_number": "13800000000", "province_name": province, "city_name": "广州市",
            "county_name": "天河区", "detail_info": "示例路1号"}}})
    };
    let freight = |name: &str, send: &str| {
        json!({"freight_template": {"name": name, "valuation_type": "PIECE", "send_time": send, "delivery_type": "EXPRESS",
            "shipping_method": "FREE", "is_default": false,
            "address_info": {"province_name": "广东省", "city_name": "广州市", "county_name": "天河区"}}})
    };
    let sale = |price: i64| {
        json!({"product_id": id, "start_time": now + 60, "end_time": now + 3600,
            "limited_discount_skus": [{"sku_id": sku, "sale_price": price, "sale_stock": 1}]})
    };
    let two_days = "SendTime_FOUTYEIGHT_HOUR";
    let good_and_bad = [
        (
            "/channels/ec/category/add",
            category(json!([paper])),
            category(json!([])),
            10_020_064,
        ),
        (
            "/channels/ec/category/getbizcatflowlist",
            json!({"is_filter_status": false, "offset": 0, "limit": 20}),
            json!({"is_filter_status": true, "status": 9, "offset": 0, "limit": 20}),
            40097,
        ),
        (
            "/channels/ec/brand/add",
            brand("8000201", "30"),
            brand("8000202", "46"),
            10_020_609,
        ),
        (
            "/channels/ec/brand/all",
            json!({"page_size": 2, "next_key": ""}),
            json!({"page_size": 51, "next_key": ""}),
            40097,
        ),
        (
            "/channels/ec/basics/addresscode/get",
            json!({"addr_code": 440_100}),
            json!({"addr_code": 7}),
            10_020_051,
        ),
        (
            "/channels/ec/brand/get",
            json!({"brand_id": "8000201"}),
            json!({"brand_id": "1"}),
            10_020_081,
        ),
        (
            "/channels/ec/merchant/address/add",
            address("广东省"),
            address("台湾省"),
            10_021_202,
        ),
        (
            "/channels/ec/merchant/addfreighttemplate",
            freight("新店包邮", two_days),
            freight("别的", "SendTime_LATER"),
            40097,
        ),
        (
            "/channels/ec/product/limiteddiscounttask/add",
            sale(7000),
            sale(9800),
            10_020_075,
        ),
        (
            "/channels/ec/product/limiteddiscounttask/list/get",
            json!({"page_size": 10, "next_key": ""}),
            json!({"page_size": 51, "next_key": ""}),
            40097,
        ),
        (
            "/channels/ec/product/getproductrestrictedinfo",
            json!({"product_ids": [id]}),
            json!({"product_ids": []}),
            40097,
        ),
    ];
    let mut ids = std::collections::BTreeMap::new();
    for (path, good, bad, errcode) in good_and_bad {
        let reply = shop.call(path, good.clone());
        assert_eq!(reply["errcode"], 0, "{path} {good}: {reply}");
        for name in ["audit_id", "address_id", "template_id", "task_id"] {
            if let Some(id) = reply[name].as_str() {
                ids.insert(path, id.to_owned());
            }
        }
        assert_eq!(shop.errcode(path, bad.clone()), errcode, "{path} {bad}");
    }
    let made = |path: &str| ids[path].clone();
    let (audit, of_brand) = (
        made("/channels/ec/category/add"),
        made("/channels/ec/brand/add"),
    );
    let (place, template) = (
        made("/channels/ec/merchant/address/add"),
        made("/channels/ec/merchant/addfreighttemplate"),
    );
    let task = made("/channels/ec/product/limiteddiscounttask/add");
    let mut moved = address("广东省");
    moved["address_detail"]["address_id"] = json!(place);
    let mut renamed = freight("改名包邮", two_days);
    renamed["freight_template"]["template_id"] = json!(template);
    let mut changed = sale(7500);
    changed["task_id"] = json!(task);
    changed["limited_discount_skus"][0]["product_id"] = json!(id);
    changed
        .as_object_mut()
        .expect("fields")
        .remove("product_id");
    let task = json!({"task_id": task});
    let of_brand = json!({"brand_id": "8000201", "audit_id": of_brand});
    for (path, good, bad, errcode) in [
        (
            "/channels/ec/category/getbizcatflowdetail",
            json!({"audit_id": audit}),
            json!({"audit_id": "1"}),
            10_020_006,
        ),
        (
            "/channels/ec/category/audit/cancel",
            json!({"audit_id": audit}),
            json!({"audit_id": audit}),
            10_020_006,
        ),
        (
            "/channels/ec/brand/audit/cancel",
            of_brand.clone(),
            of_brand,
            10_020_604,
        ),
        (
            "/channels/ec/brand/update",
            brand("8000201", "30"),
            brand("8000201", "30"),
            10_020_085,
        ),
        (
            "/channels/ec/brand/delete",
            json!({"brand_id": "8000201"}),
            json!({"brand_id": "8000201"}),
            10_020_081,
        ),
        (
            "/channels/ec/merchant/address/update",
            moved.clone(),
            with(moved, "/address_detail/address_id", json!("1")),
            10_020_051,
        ),
        (
            "/channels/ec/merchant/address/delete",
            json!({"address_id": place}),
            json!({"address_id": place}),
            10_020_051,
        ),
        (
            "/channels/ec/merchant/updatefreighttemplate",
            renamed.clone(),
            with(renamed, "/freight_template/template_id", json!("1")),
            10_020_005,
        ),
        (
            "/channels/ec/product/limiteddiscounttask/update",
            changed.clone(),
            with(changed, "/task_id", json!("1")),
            10_020_051,
        ),
        (
            "/channels/ec/product/limiteddiscounttask/stop",
            task.clone(),
            task.clone(),
            10_020_051,
        ),
        (
            "/channels/ec/product/limiteddiscounttask/delete",
            task.clone(),
            task,
            10_020_051,
        ),
    ] {
        let reply = shop.call(path, good.clone());
        assert_eq!(reply["errcode"], 0, "{path} {good}: {reply}");
        assert_eq!(shop.errcode(path, bad.clone()), errcode, "{path} {bad}");
    }
    measured(&mut shop)
}

#[test]
fn a_token_works_for_its_own_account_alone() {
    let shop = Shop::open();
    let base = &shop.running.base_url;
    let component = token(base, APPID, SECRET)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    let call = |path: &str, token: &str| {
        post(base, &format!("{path}?access_token={token}"), "{}").json()["errcode"].clone()
    };
    assert_eq!(call(QUOTA, &component), 48001);
    assert_eq!(call("/shop/account/get_info", &shop.token), 48001);
    assert_eq!(call("/shop/account/get_info", &component), 0);
    assert_eq!(call(QUOTA, &shop.token), 0);
    assert_eq!(token(base, STORE_APPID, SECRET)["errcode"], 40125);
}

#[test]
fn an_address_that_is_not_listed_is_met_by_the_network_before_the_platform() {
    let mut shop = Shop::open();
    shop.keeper
        .set(|settings| settings.allowed_ips = vec!["203.0.113.0/24".into()])
        .expect("set");
    let raw = shop.raw(QUOTA, &json!({}));
    assert_eq!(raw.status, 403);
    assert!(!String::from_utf8_lossy(&raw.body).contains("errcode"));
    let denied = token(&shop.running.base_url, STORE_APPID, STORE_SECRET);
    assert_eq!(denied["errcode"], 40164);
}

#[test]
fn newer_paths_lead_to_the_same_rules() {
    let shop = Shop::open();
    let path = "/shop/ec/category/get_category_relation_list";
    let reply = shop.call(path, json!({"is_filter_status": true, "status": 2}));
    assert_eq!(reply["list"][0]["uneffective_reason"], "资质已过期");
    assert_eq!(shop.get("/shop/ec/category/all")["errcode"], 0);
}

#[test]
fn buyers_see_the_old_version_until_the_audit_passes_and_free_changes_touch_it_alone() {
    let mut shop = Shop::open();
    let tea = shop.tea("T-1");
    let id = shop.added(&tea);
    assert_eq!(shop.state(&id), (0, 2));
    assert!(shop.read(&id).get("product").is_none());
    let first = std::slice::from_ref(&id);
    shop.keeper
        .decide(Some(first), &AuditDecision::Pass)
        .expect("in audit");
    assert_eq!(shop.state(&id), (5, 4));

    let sku = shop.sku(&id);
    let free = json!({"product_id": id, "skus": [{"sku_id": sku, "sale_price": 7700, "stock_info": {"diff_type": 3, "num": 3}}]});
    assert_eq!(shop.errcode(FREE, free), 0);
    let both = shop.read(&id);
    assert_eq!(both["product"]["skus"][0]["sale_price"], 7700);
    assert_eq!(both["product"]["skus"][0]["stock_num"], 3);
    assert_eq!(both["edit_product"]["skus"][0]["sale_price"], 9900);

    let mut update = with(tea, "/product_id", json!(id));
    update["title"] = json!("雨前绿茶 500克");
    update["skus"][0]["sku_id"] = json!(sku);
    update["new_field_of_2027"] = json!({"deep": [1, 2]});
    assert_eq!(shop.errcode(UPDATE, update), 0);
    let both = shop.read(&id);
    assert_eq!(both["product"]["title"], "明前绿茶 250克");
    assert_eq!(
        both["edit_product"]["new_field_of_2027"],
        json!({"deep": [1, 2]})
    );
    shop.keeper
        .decide(Some(first), &AuditDecision::Reject("title".into()))
        .expect("in audit");
    assert_eq!(shop.state(&id), (5, 3));
    assert_eq!(shop.read(&id)["product"]["skus"][0]["sale_price"], 7700);
}

#[test]
fn many_skus_are_written_later() {
    let mut shop = Shop::open();
    let mut tea = shop.tea("T-1");
    let sku = tea["skus"][0].clone();
    let skus = (0..26).map(|number| {
        let sku = with(sku.clone(), "/out_sku_id", json!(format!("S-{number}")));
        with(sku, "/sku_attrs/0/attr_value", json!(format!("{number}克")))
    });
    tea["skus"] = skus.collect();
    let id = shop.added(&tea);
    assert_eq!(shop.state(&id), (0, 7));
    let again = with(tea, "/product_id", json!(id));
    assert_eq!(shop.errcode(UPDATE, again), 10_020_067);
    shop.keeper.advance(11).expect("on");
    assert_eq!(shop.state(&id), (0, 2));
    let skus = shop.read(&id)["edit_product"]["skus"].clone();
    let ids: std::collections::HashSet<String> = skus
        .as_array()
        .expect("a list")
        .iter()
        .map(|sku| sku["sku_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 26);
}

#[test]
fn the_two_counters_of_submissions_run_out_each_in_its_own_way() {
    let mut shop = Shop::open();
    assert_eq!(
        shop.call(QUOTA, json!({}))["audit_quota"]["unlimited_type"],
        1
    );
    let known = shop.on_sale("T-0");
    shop.keeper
        .set(|settings| {
            settings.audits_per_day = Some(3);
            settings.new_products_per_day = Some(2);
        })
        .expect("set");
    let quota = &shop.call(QUOTA, json!({}))["audit_quota"];
    assert_eq!(quota["audit_total_remaining"], 2);
    assert_eq!(quota["new_product_remaining"], 1);
    let second = shop.add("T-1");
    assert_eq!(shop.state(&second), (0, 2));
    let third = shop.add("T-2");
    assert_eq!(shop.state(&third), (0, 72), "kept, and not handed in");
    assert_eq!(shop.errcode(LISTING, json!({"product_id": known})), 0);
    assert_eq!(
        shop.errcode(LISTING, json!({"product_id": third})),
        10_020_111
    );
    shop.keeper.advance(86_400).expect("a day");
    shop.token = token(&shop.running.base_url, STORE_APPID, STORE_SECRET)["access_token"]
        .as_str()
        .expect("a token")
        .into();
    assert_eq!(shop.errcode(LISTING, json!({"product_id": third})), 0);
    shop.keeper
        .set(|settings| settings.audits_per_hour = Some(1))
        .expect("set");
    let fourth = shop.tea("T-3");
    assert_eq!(shop.errcode(ADD, fourth), 10_020_066);
}

#[test]
fn a_product_is_refused_for_what_the_documents_name() {
    let mut shop = Shop::open();
    let tea = shop.tea("T-1");
    let heads: Vec<Value> = tea["head_imgs"].as_array().expect("a list").clone();
    let attrs = |origin: &str| {
        json!([
            {"attr_key": "产地", "attr_value": "杭州"},
            {"attr_key": "国产/进口", "attr_value": origin},
            {"attr_key": "保质期", "attr_value": "18 个月"},
        ])
    };
    let path = |ids: &[&str]| -> Value { ids.iter().map(|id| json!({"cat_id": id})).collect() };
    for (pointer, value, errcode) in [
        ("/title", json!("ABC 123"), 10_020_045),
        ("/title", json!("茶".repeat(61)), 10_020_021),
        ("/head_imgs", json!(heads[..3]), 10_020_229),
        ("/head_imgs", json!(heads[..2]), 10_020_106),
        (
            "/head_imgs",
            json!([heads[0], heads[1], heads[2], heads[0]]),
            10_020_225,
        ),
        (
            "/head_imgs/0",
            json!("https://example.com/a.jpg"),
            10_020_035,
        ),
        (
            "/head_imgs/0",
            json!("https://mmecimage.cn/p/wx1/abc"),
            10_020_300,
        ),
        ("/desc_info/imgs", json!([heads[0]]), 10_020_230),
        ("/desc_info/imgs", json!([]), 10_020_107),
        ("/cats_v2", path(&["381000001", "381001001"]), 10_020_504),
        ("/cats_v2", path(&["381001002"]), 10_020_011),
        (
            "/cats_v2",
            path(&["381000001", "381003001", "381003002"]),
            10_020_252,
        ),
        (
            "/cats_v2",
            path(&["386000001", "386001001", "386001002"]),
            10_020_018,
        ),
        (
            "/cats_v2",
            path(&["388000001", "388001001", "388001002"]),
            10_020_043,
        ),
        ("/attrs", json!([]), 10_020_097),
        ("/attrs", attrs("出口"), 10_020_098),
        ("/attrs", attrs("进口"), 10_020_097),
        ("/brand_id", json!("8000104"), 10_020_088),
        ("/express_info", json!({"template_id": "5"}), 10_020_019),
        (
            "/express_info",
            json!({"template_id": "5000000102"}),
            10_020_068,
        ),
        ("/skus/0/sale_price", json!(499), 10_020_110),
        ("/skus/0/sku_attrs/0/attr_key", json!("尺码"), 10_020_012),
        ("/skus", json!([]), 10_020_013),
        (
            "/skus/0/sku_deliver_info",
            json!({"stock_type": 1, "full_payment_presale_delivery_type": 0, "full_payment_presale_delivery_time": 5}),
            0,
        ),
        (
            "/after_sale_info",
            json!({"after_sale_address_id": "1"}),
            10_020_290,
        ),
    ] {
        let mut product = tea.clone();
        match pointer {
            "/skus/0/sku_deliver_info" => product["skus"][0]["sku_deliver_info"] = value,
            pointer => product = with(product, pointer, value),
        }
        let expected = if errcode == 0 { 10_020_104 } else { errcode };
        assert_eq!(shop.errcode(ADD, product), expected, "{pointer}");
    }
    let mut imported = with(tea.clone(), "/attrs", attrs("进口"));
    let list = imported["attrs"].as_array_mut().expect("a list");
    list.push(json!({"attr_key": "原产国", "attr_value": "斯里兰卡"}));
    let refused = shop.call(ADD, imported.clone());
    assert_eq!(refused["errcode"], 10_020_110, "the papers are missing");
    imported["product_qua_infos"] = json!([{"qua_id": "910001", "qua_url": [heads[0]]}]);
    assert_eq!(shop.errcode(ADD, imported), 0);
    assert_eq!(shop.errcode(ADD, tea), 10_020_228, "the images are taken");
}

#[test]
fn images_are_refused_for_what_the_documents_name() {
    let shop = Shop::open();
    let png = b"\x89PNG\r\n\x1a\nnot much of an image";
    let size = "&upload_type=0&resp_type=1&width=8&height=8";
    let large = [&png[..], &vec![0; 10 << 20]].concat();
    for (query, kind, bytes, errcode) in [
        (size, "image/png", &png[..], 0),
        (size, "image/png", &b""[..], 10_020_059),
        (size, "image/png", &large, 10_020_060),
        (size, "image/gif", b"GIF89a", 10_020_056),
        (size, "image/jpeg", png, 10_020_056),
        (size, "application/octet-stream", png, 10_020_056),
        ("&upload_type=0&resp_type=1", "image/png", png, 10_020_055),
        ("&upload_type=0", "image/png", png, 10_020_051),
    ] {
        let reply = shop.upload(UPLOAD, query, kind, bytes);
        assert_eq!(reply["errcode"], errcode, "{query} {kind}: {reply}");
    }
    let proof = shop.upload(
        UPLOAD,
        "&upload_type=0&resp_type=0&width=8&height=8",
        "image/png",
        &[&png[..], &vec![0; 2 << 20]].concat(),
    );
    assert_eq!(proof["errcode"], 10_020_060, "2 MB for a proof");
    let v2 = shop.upload(
        "/shop/ec/basics/img/uploadv2",
        "&upload_type=0&scene_type=170",
        "image/png",
        png,
    );
    assert!(v2["img_info"]["img_url"].is_string(), "{v2}");
    let by_address = |address: &str| {
        let target = format!(
            "{UPLOAD}?access_token={}&upload_type=1&resp_type=1",
            shop.token
        );
        let body = json!({"img_url": address}).to_string();
        post(&shop.running.base_url, &target, &body).json()["errcode"].clone()
    };
    for (address, errcode) in [
        ("https://example.com/a.jpg", 0),
        ("https://mmecimage.cn/p/wx1/abc", 10_020_061),
        ("https://example.com//a.jpg", 10_020_254),
        ("https://example.com/redirect.jpg", 10_020_193),
        ("https://example.com/no-length.jpg", 10_020_331),
        ("https://example.com/missing.jpg", 10_020_253),
        ("https://example.com/slow.jpg", 10_020_057),
        ("a.jpg", 10_020_055),
    ] {
        assert_eq!(by_address(address), errcode, "{address}");
    }
}

#[test]
fn a_list_is_walked_by_its_keys_and_reads_lag_where_that_was_ordered() {
    let mut shop = Shop::open();
    let ids: Vec<String> = (0..5).map(|n| shop.add(&format!("T-{n}"))).collect();
    let page = |key: &str, size: i64| shop.call(LIST, json!({"next_key": key, "page_size": size}));
    let first = page("", 2);
    assert_eq!(first["total_num"], 5);
    let key = first["next_key"].as_str().expect("text").to_owned();
    assert_eq!(page(&key, 3)["errcode"], 606_006, "another size");
    let mut walked = vec![first];
    while let Some(key) = walked[walked.len() - 1]["next_key"]
        .as_str()
        .filter(|key| !key.is_empty())
    {
        let next = page(key, 2);
        walked.push(next);
    }
    let found: Vec<&str> = walked
        .iter()
        .flat_map(|page| page["product_ids"].as_array().expect("a list"))
        .map(|id| id.as_str().expect("text"))
        .collect();
    assert_eq!(found, ids);

    shop.keeper
        .set(|settings| settings.read_lag_seconds = 60)
        .expect("set");
    let hidden = shop.call(LIST, json!({"page_size": 30}));
    assert_eq!(hidden["total_num"], 0, "{hidden}");
    assert_eq!(shop.errcode(GET, json!({"product_id": ids[0]})), 10_020_052);
    shop.keeper.advance(60).expect("on");
    assert_eq!(shop.errcode(GET, json!({"product_id": ids[0]})), 0);
}
