//! The sandbox keeps the platform's contract: every path is called over HTTP, every request and reply is checked
//! against the reference, and the rules are those of the documents.
//!
//! Long because every path of the contract is called here.

use crate::support::{http, spec};

use http::{Raw, post, send};
use serde_json::{Value, json};
use tempfile::TempDir;
use wxsell::sandbox::{
    APPID, AuditDecision, Fault, FaultKind, PROVIDER_APPID, PROVIDER_SECRET, ProviderMove, Running,
    SECRET, Sandbox,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

/// A running shop, a handle to it and a token.
struct Shop {
    running: Running,
    keeper: Sandbox,
    token: String,
    _folder: TempDir,
}

impl Shop {
    fn open() -> Shop {
        let folder = tempfile::tempdir().expect("a folder");
        let running = Running::start(&folder.path().join("sandbox.db")).expect("it starts");
        let keeper = running.shop().expect("it opens twice");
        let mut shop = Shop {
            running,
            keeper,
            token: String::new(),
            _folder: folder,
        };
        shop.token = shop.fetch(false)["access_token"]
            .as_str()
            .expect("a token")
            .into();
        shop
    }

    fn fetch(&self, force_refresh: bool) -> Value {
        let body = json!({
            "grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": force_refresh,
        });
        post(
            &self.running.base_url,
            "/cgi-bin/stable_token",
            &body.to_string(),
        )
        .json()
    }

    fn raw(&self, path: &str, body: &str) -> Raw {
        post(
            &self.running.base_url,
            &format!("{path}?access_token={}", self.token),
            body,
        )
    }

    fn call(&self, path: &str, body: Value) -> Value {
        self.raw(path, &body.to_string()).json()
    }

    fn errcode(&self, path: &str, body: Value) -> i64 {
        self.call(path, body)["errcode"]
            .as_i64()
            .expect("an errcode")
    }

    fn upload(&self, query: &str, file_name: &str, bytes: &[u8]) -> Value {
        let part =
            format!("--B\r\nContent-Disposition: form-data; name=\"media\"{file_name}\r\n\r\n");
        let body = [part.as_bytes(), bytes, b"\r\n--B--\r\n"].concat();
        let headers = format!(
            "Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n",
            body.len()
        );
        let target = format!("/shop/img/upload?access_token={}{query}", self.token);
        send(&self.running.base_url, "POST", &target, &headers, &body).json()
    }

    /// Adds a product and lets its audit pass.
    fn add(&mut self, id: &str) {
        assert_eq!(self.errcode("/shop/spu/add", tea(id)), 0);
        self.keeper
            .decide(Some(&[id.into()]), &AuditDecision::Pass)
            .expect("it is in audit");
    }

    /// `status` and `edit_status` of a product.
    fn state(&self, id: &str) -> (i64, i64) {
        let spu = &self.call(
            "/shop/spu/get",
            json!({"out_product_id": id, "need_edit_spu": 1}),
        )["spu"];
        (
            spu["status"].as_i64().expect("a status"),
            spu["edit_status"].as_i64().expect("a status"),
        )
    }
}

fn tea(id: &str) -> Value {
    json!({
        "out_product_id": id, "title": "明前绿茶 250克", "path": format!("pages/tea?id={id}"),
        "head_img": ["https://example.com/tea.jpg"], "third_cat_id": 1423, "brand_id": 2_100_000_000_u64,
        "skus": [{
            "out_product_id": id, "out_sku_id": format!("{id}-1"), "thumb_img": "https://example.com/tea.jpg",
            "sale_price": 9900, "market_price": 12900, "stock_num": 10,
            "sku_attrs": [{"attr_key": "规格", "attr_value": "250克"}],
        }],
    })
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    *body.pointer_mut(pointer).expect("the field is there") = value;
    body
}

fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().expect("an object").remove(field);
    body
}

#[test]
fn every_path_keeps_to_the_reference_in_request_and_reply() {
    let mut shop = Shop::open();
    let classic =
        format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    assert!(
        send(&shop.running.base_url, "GET", &classic, "", b"").json()["access_token"].is_string()
    );
    assert_eq!(
        shop.upload("&resp_type=1", "; filename=\"a.png\"", PNG)["errcode"],
        0
    );
    let by_address = format!(
        "/shop/img/upload?upload_type=1&resp_type=1&access_token={}",
        shop.token
    );
    let link = json!({"img_url": "https://example.com/tea.jpg"}).to_string();
    assert_eq!(
        post(&shop.running.base_url, &by_address, &link).json()["errcode"],
        0
    );
    shop.add("P1");
    shop.add("P2");
    let calls = [
        ("/shop/account/get_info", json!({})),
        (
            "/shop/account/update_info",
            json!({"service_agent_type": [0, 2], "service_agent_phone": "020-1234"}),
        ),
        ("/shop/account/get_category_list", json!({})),
        ("/shop/account/get_brand_list", json!({})),
        ("/shop/cat/get", json!({})),
        ("/shop/spu/get", json!({"out_product_id": "P1"})),
        (
            "/shop/spu/get_list",
            json!({"page": 1, "page_size": 10, "need_edit_spu": 1}),
        ),
        (
            "/shop/spu/update",
            with(tea("P1"), "/title", json!("雨前绿茶 250克")),
        ),
        (
            "/shop/spu/get",
            json!({"out_product_id": "P1", "need_edit_spu": 1}),
        ),
        ("/shop/spu/del_audit", json!({"out_product_id": "P1"})),
        (
            "/shop/spu/update_without_audit",
            json!({"out_product_id": "P1", "skus": [{"out_sku_id": "P1-1", "stock_num": 3}]}),
        ),
        ("/shop/spu/delisting", json!({"out_product_id": "P1"})),
        ("/shop/spu/listing", json!({"out_product_id": "P1"})),
        ("/shop/spu/del", json!({"out_product_id": "P2"})),
        (
            "/cgi-bin/openapi/quota/get",
            json!({"cgi_path": "/shop/spu/add"}),
        ),
        ("/cgi-bin/clear_quota", json!({"appid": APPID})),
        (
            "/cgi-bin/openapi/quota/clear",
            json!({"cgi_path": "/shop/spu/add"}),
        ),
    ];
    for (path, body) in calls {
        assert_eq!(shop.errcode(path, body), 0, "{path}");
    }
    let refused = shop.call("/shop/spu/get", json!({"out_product_id": "P2"}));
    let rid = refused["errmsg"]
        .as_str()
        .and_then(|words| words.rsplit(' ').next())
        .expect("a rid")
        .to_owned();
    let seen = shop.call("/cgi-bin/openapi/rid/get", json!({"rid": rid}));
    assert_eq!(
        seen["request"]["request_body"],
        r#"{"out_product_id":"P2"}"#
    );

    as_a_provider(&mut shop);
    let exchanges = shop.keeper.exchanges().expect("it is readable");
    assert_eq!(spec::problems(&exchanges), [""; 0]);
    // Those of the Store are called in `store_contract`.
    let own = wxsell::api::paths().filter(|(path, _)| !path.contains("/ec/"));
    for (path, _) in own {
        assert!(
            exchanges
                .iter()
                .any(|exchange| exchange.path == path && exchange.errcode == 0),
            "{path} was not tried"
        );
    }
}

/// A service provider acts for the shop, with the calls that have a type of their own.
fn as_a_provider(shop: &mut Shop) {
    let by_secret = format!("/cgi-bin/clear_quota/v2?appid={APPID}&appsecret={SECRET}");
    let cleared = post(&shop.running.base_url, &by_secret, "{}");
    assert_eq!(cleared.json()["errcode"], 0);
    let (own, ticket) = (PROVIDER_APPID, shop.keeper.ticket().expect("a ticket"));
    let start = json!({"component_appid": own, "component_secret": PROVIDER_SECRET});
    assert_eq!(
        shop.errcode("/cgi-bin/component/api_start_push_ticket", start),
        0
    );
    let secrets = json!({"component_appid": own, "component_appsecret": PROVIDER_SECRET, "component_verify_ticket": ticket});
    let fetched = shop.call("/cgi-bin/component/api_component_token", secrets);
    let token = fetched["component_access_token"].as_str().expect("a token");
    shop.token = token.to_owned();
    let page = json!({"component_appid": own});
    let page = shop.call("/cgi-bin/component/api_create_preauthcode", page);
    let agree = ProviderMove::Authorise {
        pre_auth_code: page["pre_auth_code"].as_str().expect("a code").into(),
        appid: APPID.into(),
        sets: None,
    };
    let (_, code) = shop.keeper.provider(&agree).expect("the merchant agrees");
    let exchange = json!({"component_appid": own, "authorization_code": code.expect("a code")});
    let given = shop.call("/cgi-bin/component/api_query_auth", exchange);
    let refresh = &given["authorization_info"]["authorizer_refresh_token"];
    let renew = json!({"component_appid": own, "authorizer_appid": APPID, "authorizer_refresh_token": refresh});
    let renewed = shop.call("/cgi-bin/component/api_authorizer_token", renew);
    assert!(renewed["authorizer_access_token"].is_string(), "{renewed}");
    let clear = json!({"component_appid": own, "appsecret": PROVIDER_SECRET});
    assert_eq!(shop.errcode("/cgi-bin/component/clear_quota/v2", clear), 0);
}

#[test]
fn the_contract_notices_what_does_not_fit() {
    let mut shop = Shop::open();
    shop.add("P1");
    let misspelt = json!({"out_product_id": "P1", "need_edit_spuu": 1});
    assert_eq!(shop.errcode("/shop/spu/get", misspelt), 0);
    let mut exchanges = shop.keeper.exchanges().expect("it is readable");
    let found = spec::problems(&exchanges);
    assert!(
        found.len() == 1 && found[0].contains("need_edit_spuu"),
        "{found:?}"
    );
    let last = exchanges.last_mut().expect("a call");
    last.request = "{\"out_product_id\":1}".into();
    last.reply = "{\"errcode\":0,\"errmsg\":\"ok\",\"spu\":{}}".into();
    let found = spec::problems(&exchanges);
    assert!(
        found
            .iter()
            .any(|problem| problem.contains("out_product_id")),
        "{found:?}"
    );
    assert!(
        found.iter().any(|problem| problem.contains("edit_status")),
        "{found:?}"
    );
}

#[test]
fn a_product_is_taken_only_as_the_documents_say() {
    let shop = Shop::open();
    let add = |body: Value| shop.errcode("/shop/spu/add", body);
    let cases = [
        (1_000_001, without(tea("A"), "out_product_id")),
        (1_000_014, without(tea("A"), "title")),
        (1_000_020, without(tea("A"), "skus")),
        (1_000_020, with(tea("A"), "/skus", json!([]))),
        (1_000_005, with(tea("A"), "/third_cat_id", json!(1451))),
        (1_000_007, with(tea("A"), "/third_cat_id", json!(1422))),
        (1_000_008, with(tea("A"), "/third_cat_id", json!(6873))),
        (1_000_009, with(tea("A"), "/third_cat_id", json!(6902))),
        (1_000_009, with(tea("A"), "/third_cat_id", json!(99))),
        (1_000_006, with(tea("A"), "/brand_id", json!(7))),
        (1_000_015, with(tea("A"), "/skus/0/stock_num", json!(0))),
        (9_401_020, with(tea("A"), "/skus/0/sale_price", json!(0))),
        (
            9_401_020,
            with(tea("A"), "/skus/0/out_product_id", json!("B")),
        ),
        (47001, with(tea("A"), "/skus/0/sale_price", json!("9900"))),
        (47001, with(tea("A"), "/skus/0/sale_price", json!(99.5))),
        (47001, with(tea("A"), "/third_cat_id", json!("1423"))),
    ];
    for (errcode, body) in cases {
        assert_eq!(add(body.clone()), errcode, "{body}");
    }
    assert_eq!(add(tea("A")), 0);
    assert_eq!(add(tea("A")), 1_000_012);
    assert_eq!(
        shop.errcode("/shop/spu/del", json!({"out_product_id": "A"})),
        0
    );
    assert_eq!(
        shop.errcode("/shop/spu/del", json!({"out_product_id": "A"})),
        1_000_011
    );
    assert_eq!(
        add(tea("A")),
        1_000_012,
        "the number of a deleted product stays used"
    );
}

#[test]
fn a_product_goes_through_its_states() {
    let mut shop = Shop::open();
    let p = || json!({"out_product_id": "P"});
    let free =
        || json!({"out_product_id": "P", "skus": [{"out_sku_id": "P-1", "sale_price": 8800}]});
    assert_eq!(shop.errcode("/shop/spu/add", tea("P")), 0);
    assert_eq!(shop.state("P"), (0, 2));
    assert_eq!(shop.errcode("/shop/spu/update", tea("P")), 1_000_002);
    assert_eq!(
        shop.errcode("/shop/spu/update_without_audit", free()),
        1_000_003
    );
    assert_eq!(shop.errcode("/shop/spu/del_audit", p()), 0);
    assert_eq!(shop.errcode("/shop/spu/del_audit", p()), 1_000_016);
    assert_eq!(shop.state("P"), (0, 1));

    assert_eq!(
        shop.errcode(
            "/shop/spu/update",
            with(tea("P"), "/title", json!("违规商品"))
        ),
        0
    );
    let rejected = shop
        .keeper
        .advance(1800)
        .expect("the clock moves")
        .happenings;
    assert_eq!(
        (rejected.len(), rejected[0].what.to_string()),
        (1, "audit rejected".into())
    );
    assert_eq!(shop.state("P"), (0, 3));
    assert_eq!(shop.errcode("/shop/spu/update", tea("P")), 0);
    assert!(
        shop.keeper
            .advance(1799)
            .expect("the clock moves")
            .happenings
            .is_empty(),
        "the audit takes half an hour"
    );
    assert_eq!(
        shop.keeper.advance(1).expect("the clock moves").happenings[0]
            .what
            .to_string(),
        "audit passed"
    );
    assert_eq!(shop.state("P"), (5, 4));

    assert_eq!(shop.errcode("/shop/spu/update_without_audit", free()), 0);
    let unknown = json!({"out_product_id": "P", "skus": [{"out_sku_id": "P-2", "sale_price": 1}]});
    assert_eq!(
        shop.errcode("/shop/spu/update_without_audit", unknown),
        1_000_004
    );
    assert_eq!(
        shop.errcode(
            "/shop/spu/update",
            with(tea("P"), "/title", json!("新的标题"))
        ),
        0
    );
    let online = shop.call("/shop/spu/get", p());
    assert_eq!(
        online["spu"]["title"], "明前绿茶 250克",
        "the online copy stays until the audit passes"
    );
    assert_eq!(online["spu"]["skus"][0]["sale_price"], 8800);

    assert_eq!(shop.errcode("/shop/spu/delisting", p()), 0);
    assert_eq!(shop.state("P"), (11, 2));
    assert_eq!(shop.errcode("/shop/spu/listing", p()), 0);
    shop.keeper
        .decide(Some(&["P".into()]), &AuditDecision::TakeDown("risk".into()))
        .expect("it is on the shelf");
    assert_eq!(shop.errcode("/shop/spu/listing", p()), 9_401_023);
    shop.keeper
        .decide(None, &AuditDecision::Pass)
        .expect("it is in audit");
    assert_eq!(
        shop.state("P"),
        (5, 4),
        "a corrected product is back on the shelf"
    );
    assert!(
        shop.keeper
            .decide(Some(&["P".into()]), &AuditDecision::Pass)
            .is_err(),
        "nothing is in audit now"
    );
}

#[test]
fn a_change_to_price_and_stock_alone_passes_quickly() {
    let mut shop = Shop::open();
    shop.add("P");
    assert_eq!(
        shop.errcode(
            "/shop/spu/update",
            with(tea("P"), "/skus/0/sale_price", json!(100))
        ),
        0
    );
    assert_eq!(
        shop.keeper
            .advance(60)
            .expect("the clock moves")
            .happenings
            .len(),
        1
    );
}

#[test]
fn numbers_pass_2_to_the_53_and_name_a_product_too() {
    let shop = Shop::open();
    let added = shop.call("/shop/spu/add", tea("P"));
    let id = added["data"]["product_id"].as_u64().expect("an id");
    assert!(
        id > 1 << 53 && (id as f64) as u64 != id,
        "{id} survives as a double"
    );
    assert_eq!(
        shop.call("/shop/spu/get", json!({"product_id": id}))["spu"]["out_product_id"],
        "P"
    );
    assert_eq!(
        shop.errcode("/shop/spu/get", json!({"product_id": (id as f64) as u64})),
        1_000_011
    );
}

#[test]
fn lists_have_pages_windows_and_states() {
    let mut shop = Shop::open();
    for n in 0..7 {
        assert_eq!(shop.errcode("/shop/spu/add", tea(&format!("P{n}"))), 0);
    }
    shop.keeper
        .decide(Some(&["P1".into(), "P4".into()]), &AuditDecision::Pass)
        .expect("they are in audit");
    let list = |body: Value| shop.call("/shop/spu/get_list", body);
    let ids = |reply: &Value| -> Vec<String> {
        let spus = reply["spus"].as_array().expect("a list");
        spus.iter()
            .map(|spu| spu["out_product_id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let page = list(json!({"page": 2, "page_size": 3}));
    assert_eq!(
        (ids(&page), page["total_num"].as_u64()),
        (vec!["P3".into(), "P4".into(), "P5".into()], Some(7))
    );
    let on_shelf = list(json!({"page": 1, "page_size": 100, "status": 5}));
    assert_eq!(
        (ids(&on_shelf), on_shelf["total_num"].as_u64()),
        (vec!["P1".into(), "P4".into()], Some(2))
    );
    assert_eq!(
        list(json!({"page": 1, "page_size": 101}))["errcode"],
        990_005
    );
    let window = |from: &str, to: &str| json!({"page": 1, "page_size": 10, "start_create_time": from, "end_create_time": to});
    assert_eq!(
        list(window("2022-01-02 00:00:00", "2022-01-01 00:00:00"))["errcode"],
        990_009
    );
    assert_eq!(
        list(window("2001-01-01 00:00:00", "2002-01-01 00:00:00"))["total_num"],
        0
    );
    assert_eq!(
        list(window("2001-01-01 00:00:00", "2201-01-01 00:00:00"))["total_num"],
        7
    );
}

#[test]
fn pictures_are_weighed_and_counted() {
    let mut shop = Shop::open();
    let named = "; filename=\"a.png\"";
    let link = shop.upload("&resp_type=1", named, PNG)["img_info"]["temp_img_url"].clone();
    assert!(
        link.as_str()
            .is_some_and(|link| link.starts_with(&format!("https://mmecimage.cn/p/{APPID}/"))),
        "{link}"
    );
    assert_eq!(
        shop.upload("&resp_type=1", named, PNG)["img_info"]["temp_img_url"],
        link
    );
    assert!(shop.upload("", named, PNG)["img_info"]["media_id"].is_string());
    assert_eq!(shop.upload("", "", PNG)["errcode"], 1_070_001);
    assert_eq!(shop.upload("", named, b"")["errcode"], 1_070_001);
    assert_eq!(shop.upload("", named, b"GIF89a")["errcode"], 40004);
    let large = [PNG, &vec![0; 2 << 20]].concat();
    assert_eq!(shop.upload("", named, &large)["errcode"], 40009);
    let uploads = shop.keeper.uploads().expect("it is readable");
    assert_eq!((uploads.len(), uploads[0].1), (1, 3));

    let lost = format!("https://mmecimage.cn/p/{APPID}/0000");
    assert_eq!(
        shop.errcode("/shop/spu/add", with(tea("A"), "/head_img/0", json!(lost))),
        0
    );
    assert_eq!(
        shop.errcode("/shop/spu/add", with(tea("B"), "/head_img/0", link)),
        0
    );
    let audits = shop
        .keeper
        .advance(1800)
        .expect("the clock moves")
        .happenings;
    let verdicts: Vec<_> = audits
        .iter()
        .map(|audit| (audit.number.as_str(), audit.what.to_string()))
        .collect();
    assert_eq!(
        verdicts,
        [("A", "audit rejected".into()), ("B", "audit passed".into())]
    );
}

#[test]
fn calls_that_are_not_calls_are_refused_as_the_platform_does() {
    let shop = Shop::open();
    let base = &shop.running.base_url;
    let errcode = |raw: Raw| raw.json()["errcode"].as_i64().expect("an errcode");
    let target = format!("/shop/spu/get?access_token={}", shop.token);
    assert_eq!(errcode(send(base, "GET", &target, "", b"")), 43002);
    assert_eq!(errcode(post(base, &target, "")), 44002);
    assert_eq!(
        errcode(post(
            base,
            &target,
            "{\"out_product_id\": // the id\n\"P\"}"
        )),
        47001
    );
    assert_eq!(
        errcode(post(
            base,
            &format!("/shop/spu/nothing?access_token={}", shop.token),
            "{}"
        )),
        40066
    );
    assert_eq!(errcode(post(base, "/shop/spu/get", "{}")), 41001);
    assert_eq!(
        errcode(post(base, "/shop/spu/get?access_token=short", "{}")),
        40014
    );
    assert_eq!(
        errcode(post(
            base,
            &format!("/shop/spu/get?access_token={}x", shop.token),
            "{}"
        )),
        40001
    );
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    assert_eq!(
        send(base, "POST", &target, chunked, b"2\r\n{}\r\n0\r\n\r\n").status,
        412
    );
    let token = |appid: &str, secret: &str| {
        let body = json!({"grant_type": "client_credential", "appid": appid, "secret": secret})
            .to_string();
        errcode(post(base, "/cgi-bin/stable_token", &body))
    };
    assert_eq!(
        (token("wx0", SECRET), token(APPID, "wrong")),
        (40013, 40125)
    );
}

#[test]
fn the_stable_token_is_one_for_all_and_changes_with_an_overlap() {
    let mut shop = Shop::open();
    let get_info = |shop: &Shop| shop.errcode("/shop/account/get_info", json!({}));
    assert_eq!(shop.fetch(false)["access_token"], json!(shop.token));
    shop.keeper.advance(6950).expect("the clock moves");
    let next = shop.fetch(false)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert_ne!(next, shop.token);
    assert_eq!(get_info(&shop), 0, "the old one works in its last minutes");
    shop.keeper.advance(250).expect("the clock moves");
    assert_eq!(get_info(&shop), 42001);
    shop.token = next;
    assert_eq!(get_info(&shop), 0);
    shop.fetch(true);
    assert_eq!(
        get_info(&shop),
        40001,
        "a forced refresh ends the token of others"
    );
    let forced = shop.fetch(false)["access_token"].clone();
    assert_eq!(
        shop.fetch(true)["access_token"],
        forced,
        "the second of two in a row changes nothing"
    );
    shop.token = forced.as_str().expect("a token").into();
    shop.keeper.steal_tokens().expect("they are there");
    assert_eq!(get_info(&shop), 40001);
}

#[test]
fn programs_with_classic_tokens_end_each_others() {
    let mut shop = Shop::open();
    let target =
        format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    let fetch = |shop: &Shop| -> String {
        send(&shop.running.base_url, "GET", &target, "", b"").json()["access_token"]
            .as_str()
            .expect("a token")
            .into()
    };
    let stable = shop.token.clone();
    let first = fetch(&shop);
    fetch(&shop);
    shop.token = first;
    assert_eq!(
        shop.errcode("/shop/account/get_info", json!({})),
        0,
        "the one before works five minutes more"
    );
    fetch(&shop);
    shop.keeper.advance(301).expect("the clock moves");
    assert_eq!(shop.errcode("/shop/account/get_info", json!({})), 40001);
    shop.token = stable;
    assert_eq!(
        shop.errcode("/shop/account/get_info", json!({})),
        0,
        "classic and stable tokens leave each other alone"
    );
}

#[test]
fn the_address_list_guards_the_secret_or_every_call() {
    let mut shop = Shop::open();
    shop.keeper
        .set(|settings| settings.allowed_ips = vec!["203.0.113.*".into()])
        .expect("it is set");
    let words = shop.fetch(false)["errmsg"]
        .as_str()
        .expect("words")
        .to_owned();
    assert!(
        words.starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: "),
        "{words}"
    );
    assert_eq!(shop.errcode("/shop/account/get_info", json!({})), 0);
    shop.keeper
        .set(|settings| settings.guard_every_call = true)
        .expect("it is set");
    assert_eq!(shop.errcode("/shop/account/get_info", json!({})), 61004);
    shop.keeper
        .set(|settings| settings.allowed_ips.push("127.0.0.0/8".into()))
        .expect("it is set");
    assert!(shop.fetch(false)["access_token"].is_string());
}

#[test]
fn quotas_stop_calls_once_they_are_set() {
    let mut shop = Shop::open();
    shop.keeper
        .set(|settings| settings.audits_per_hour = Some(2))
        .expect("it is set");
    let add = |shop: &Shop, id: &str| shop.errcode("/shop/spu/add", tea(id));
    assert_eq!(
        (add(&shop, "A"), add(&shop, "B"), add(&shop, "C")),
        (0, 0, 45011)
    );
    shop.keeper.advance(3600).expect("the clock moves");
    assert_eq!(add(&shop, "C"), 0);
    shop.keeper
        .set(|settings| (settings.audits_per_hour, settings.audits_per_product) = (None, Some(1)))
        .expect("set");
    assert_eq!(
        shop.errcode("/shop/spu/del_audit", json!({"out_product_id": "C"})),
        0
    );
    assert_eq!(shop.errcode("/shop/spu/update", tea("C")), 1_000_019);

    shop.token = shop.fetch(false)["access_token"]
        .as_str()
        .expect("a token")
        .into();
    shop.keeper
        .set(|settings| settings.calls_per_day = Some(2))
        .expect("it is set");
    let brands = |shop: &Shop| shop.errcode("/shop/account/get_brand_list", json!({}));
    assert_eq!((brands(&shop), brands(&shop), brands(&shop)), (0, 0, 45009));
    let figures = shop.call(
        "/cgi-bin/openapi/quota/get",
        json!({"cgi_path": "/shop/account/get_brand_list"}),
    );
    assert_eq!(
        figures["quota"],
        json!({"daily_limit": 2, "used": 2, "remain": 0})
    );
    assert_eq!(
        shop.errcode("/cgi-bin/clear_quota", json!({"appid": APPID})),
        0
    );
    assert_eq!(brands(&shop), 0);
}

#[test]
fn a_bare_shop_takes_products_once_customer_service_is_set() {
    let mut shop = Shop::open();
    shop.keeper.reset(true).expect("it is reset");
    shop.token = shop.fetch(false)["access_token"]
        .as_str()
        .expect("a token")
        .into();
    assert_eq!(shop.errcode("/shop/spu/add", tea("A")), 1_040_003);
    assert_eq!(shop.errcode("/shop/register/apply", json!({})), 0);
    assert_eq!(shop.errcode("/shop/register/check", json!({})), 1_040_003);
    shop.keeper.sign().expect("the agreement is signed");
    assert_eq!(shop.errcode("/shop/spu/add", tea("A")), 1_000_014);
    assert_eq!(
        shop.errcode(
            "/shop/account/update_info",
            json!({"service_agent_type": [1]})
        ),
        990_007
    );
    assert_eq!(
        shop.errcode(
            "/shop/account/update_info",
            json!({"service_agent_type": [0]})
        ),
        0
    );
    assert_eq!(shop.errcode("/shop/spu/add", tea("A")), 0);
}

#[test]
fn faults_strike_before_or_after_the_call_as_ordered() {
    let mut shop = Shop::open();
    let mut order = |fault: Fault| shop.keeper.add_fault(&fault).expect("it is ordered");
    let add = "/shop/spu/add";
    order(Fault::once(add, FaultKind::Reset));
    order(Fault::once(add, FaultKind::Reset).after());
    order(Fault::once(add, FaultKind::Half));
    order(
        Fault::once(
            add,
            FaultKind::Errcode {
                errcode: 45011,
                errmsg: "slow down".into(),
            },
        )
        .times(2),
    );
    order(Fault::once(add, FaultKind::Status { status: 502 }));
    order(Fault::once(add, FaultKind::Html));
    order(Fault::once(add, FaultKind::GzipBomb { mebibytes: 1 }));
    order(Fault::once(
        add,
        FaultKind::Redirect {
            to: "http://127.0.0.2/".into(),
        },
    ));
    order(Fault::once(add, FaultKind::Timeout { seconds: 0 }));

    let cut = shop.raw(add, &tea("before").to_string());
    assert!(cut.status == 0 && cut.reset, "{}", cut.head);
    let cut = shop.raw(add, &tea("after").to_string());
    assert!(cut.status == 0 && cut.reset, "{}", cut.head);
    let half = shop.raw(add, &tea("half").to_string());
    assert!(
        half.status == 200 && !half.body.is_empty() && half.body.len() < half.promised(),
        "{}",
        half.body.len()
    );
    assert_eq!(
        (shop.errcode(add, tea("x")), shop.errcode(add, tea("x"))),
        (45011, 45011)
    );
    assert_eq!(shop.raw(add, &tea("x").to_string()).status, 502);
    assert!(
        shop.raw(add, &tea("x").to_string())
            .body
            .starts_with(b"<!DOCTYPE html>")
    );
    assert!(
        shop.raw(add, &tea("x").to_string())
            .head
            .to_ascii_lowercase()
            .contains("content-encoding: gzip")
    );
    assert!(
        shop.raw(add, &tea("x").to_string())
            .head
            .contains("http://127.0.0.2/")
    );
    assert_eq!(shop.raw(add, &tea("x").to_string()).status, 0);
    assert_eq!(shop.errcode(add, tea("x")), 0, "all faults are used up");

    let products: Vec<_> = shop
        .keeper
        .products(true)
        .expect("it is readable")
        .into_iter()
        .map(|p| p.out_product_id)
        .collect();
    assert_eq!(products, ["after", "half", "x"]);
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let strikes = |seed: u64| -> Vec<i64> {
        let mut shop = Shop::open();
        let busy = FaultKind::Errcode {
            errcode: -1,
            errmsg: "system busy".into(),
        };
        shop.keeper
            .add_fault(&Fault::by_chance("/shop/", busy, 0.3, seed))
            .expect("it is ordered");
        (0..40)
            .map(|_| shop.errcode("/shop/account/get_info", json!({})))
            .collect()
    };
    let seven = strikes(7);
    assert_eq!(seven, strikes(7));
    assert_ne!(seven, strikes(8));
    let struck = seven.iter().filter(|errcode| **errcode == -1).count();
    assert!((4..=22).contains(&struck), "{struck} of 40 at 30 %");
}

#[test]
fn the_shop_is_still_there_for_the_next_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state").join("sandbox.db");
    let first = Running::start(&file).expect("it starts");
    let mut keeper = first.shop().expect("it opens");
    keeper.advance(86_400).expect("the clock moves");
    let clock = keeper.status().expect("it is readable").clock_offset;
    drop((first, keeper));
    let again = Running::start(&file).expect("it starts again");
    assert_eq!(
        again
            .shop()
            .expect("it opens")
            .status()
            .expect("it is readable")
            .clock_offset,
        clock
    );
}

#[test]
fn many_processes_may_start_the_same_fresh_shop_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.db");
    let add = || {
        let running = Running::start(&file).expect("it starts");
        let ask = json!({"grant_type": "client_credential", "appid": APPID, "secret": SECRET});
        let token = post(&running.base_url, "/cgi-bin/stable_token", &ask.to_string()).json()["access_token"].clone();
        let target = format!(
            "/shop/spu/add?access_token={}",
            token.as_str().expect("a token")
        );
        let errcode =
            post(&running.base_url, &target, &tea("P").to_string()).json()["errcode"].clone();
        (token.to_string(), errcode.as_i64().expect("an errcode"))
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..24).map(|_| scope.spawn(add)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    });
    assert!(
        answers.iter().all(|(token, _)| *token == answers[0].0),
        "the stable token is one for all"
    );
    let mut errcodes: Vec<_> = answers.iter().map(|(_, errcode)| *errcode).collect();
    errcodes.sort_unstable();
    assert_eq!((errcodes[0], &errcodes[1..]), (0, &[1_000_012; 23][..]));
}
