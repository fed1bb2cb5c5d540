//! The documented samples of the calls of a WeChat Store, each read by the type that the program reads it with: what the sample
//! has, the type keeps. The few fields that no type keeps are listed.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wxsell::api::Endpoint;
use wxsell::api::store::{category, goods, merchant};

/// What no type keeps, by path and field. The applications for categories and the flash sales are printed as they came; their
/// types hold what a decision needs. Of the rest nothing is used: the older type of an attribute, fees, the days after which
/// a receipt counts as confirmed, and since when a right is in force.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "/channels/ec/category/all",
        "cats_v2.cat_and_qua.cat.f_cat_id",
    ),
    ("/channels/ec/category/detail", "attr.confirm_receipt_days"),
    (
        "/channels/ec/category/detail",
        "attr.product_attr_list.type",
    ),
    ("/channels/ec/category/detail", "attr.sale_attr_list.type"),
    (
        "/channels/ec/category/detail",
        "attr.transactionfee_info.basis_point",
    ),
    (
        "/channels/ec/category/detail",
        "attr.transactionfee_info.original_basis_point",
    ),
    (
        "/channels/ec/category/get_category_relation_list",
        "list.effective_time",
    ),
    (
        "/channels/ec/category/get_category_relation_list",
        "list.qua_id",
    ),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.audit_info.cats_v2.cat_id",
    ),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.audit_info.is_new_apply_cat",
    ),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.audit_info.license_group_list.license.file_id_list",
    ),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.audit_info.license_group_list.license.license_id",
    ),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.audit_info.license_group_list.license_group_id",
    ),
    ("/channels/ec/category/getbizcatflowlist", "list.audit_time"),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.create_time",
    ),
    ("/channels/ec/category/getbizcatflowlist", "list.qua_id"),
    (
        "/channels/ec/category/getbizcatflowlist",
        "list.update_time",
    ),
    (
        "/channels/ec/product/getproductrestrictedinfo",
        "data.restricted_info_list.scene_info.source",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.create_time",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.end_time",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.limited_discount_skus.sale_price",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.limited_discount_skus.sale_stock",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.limited_discount_skus.sku_id",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "limited_discount_tasks.start_time",
    ),
    (
        "/channels/ec/product/limiteddiscounttask/list/get",
        "total_num",
    ),
];

struct Sample {
    request: Value,
    reply: Value,
}

fn samples() -> BTreeMap<String, Sample> {
    let spec = include_str!("spec/store.openapi.yaml");
    let spec: Value = serde_saphyr::from_str(spec).expect("the reference is YAML");
    let mut found = BTreeMap::new();
    for (path, methods) in spec["paths"].as_object().expect("paths") {
        for operation in methods.as_object().expect("methods").values() {
            let json = |part: &Value| {
                part.pointer("/content/application~1json")
                    .cloned()
                    .unwrap_or_default()
            };
            let request = json(&operation["requestBody"])["example"].clone();
            let reply = json(&operation["responses"]["200"]);
            let reply = reply
                .pointer("/examples/success/value")
                .cloned()
                .unwrap_or_default();
            found.insert(path.clone(), Sample { request, reply });
        }
    }
    found
}

fn kept<T: serde::Serialize + serde::de::DeserializeOwned>(sample: &Value) -> Value {
    let read: T = serde_json::from_value(sample.clone()).expect("a documented sample");
    serde_json::to_value(&read).expect("JSON")
}

/// A value as the platform may also write it: ids as numbers, flags as 0 and 1.
fn plain(value: &Value) -> String {
    match value {
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Nothing where it is left out when it is sent.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
    }
}

fn compare(sample: &Value, kept: &Value, place: &str, lost: &mut BTreeSet<String>) {
    match (sample, kept) {
        (Value::Object(fields), _) => {
            for (name, value) in fields {
                if place.is_empty() && matches!(name.as_str(), "errcode" | "errmsg") {
                    continue;
                }
                let place = if place.is_empty() {
                    name.clone()
                } else {
                    format!("{place}.{name}")
                };
                compare(value, kept.get(name).unwrap_or(&Value::Null), &place, lost);
            }
        }
        (Value::Array(rows), _) => {
            for (at, row) in rows.iter().enumerate() {
                compare(row, kept.get(at).unwrap_or(&Value::Null), place, lost);
            }
        }
        (sample, kept) if plain(sample) == plain(kept) => {}
        (sample, Value::Null) if is_empty(sample) => {}
        _ => drop(lost.insert(place.to_owned())),
    }
}

#[test]
fn a_documented_sample_is_read_without_loss() {
    let samples = samples();
    let mut lost = BTreeSet::new();
    let mut count = 0;
    let mut hold = |path: &str, request: Option<Value>, reply: Value| {
        let sample = &samples[path];
        let mut missing = BTreeSet::new();
        if let Some(request) = request {
            compare(&sample.request, &request, "", &mut missing);
        }
        assert!(sample.reply.is_object(), "{path} has a sample");
        compare(&sample.reply, &reply, "", &mut missing);
        lost.extend(missing.into_iter().map(|field| (path.to_owned(), field)));
        count += 1;
    };
    macro_rules! held {
        ($($request:ty),* $(,)?) => {$({
            let sample = &samples[<$request>::PATH];
            hold(
                <$request>::PATH,
                Some(kept::<$request>(&sample.request)),
                kept::<<$request as Endpoint>::Reply>(&sample.reply),
            );
        })*};
    }
    macro_rules! read {
        ($($path:expr => $reply:ty),* $(,)?) => {$(
            hold($path, None, kept::<$reply>(&samples[$path].reply));
        )*};
    }
    held!(
        category::GetDetail,
        category::GetProductRule,
        category::ListRelations,
        goods::AddProduct,
        goods::UpdateProduct,
        goods::UpdateAuditFree,
        goods::GetProduct,
        goods::ListProducts,
        goods::Listing,
        goods::Delisting,
        goods::DeleteProduct,
        goods::CancelAudit,
        goods::GetAuditQuota,
        goods::UpdateStock,
        goods::GetStock,
        goods::Precheck,
        merchant::ListValidBrands,
        merchant::ListBrands,
        merchant::ListTemplates,
        merchant::GetTemplate,
        merchant::ListAddresses,
        merchant::GetAddress,
    );
    read!(
        category::ALL_PATH => category::AllReply,
        category::FLOWS_PATH => category::FlowsReply,
        merchant::INFO_PATH => merchant::InfoReply,
        merchant::PAPER_PATH => merchant::PaperReply,
        goods::LIST_SALES_PATH => goods::SalesReply,
        goods::RESTRICTED_PATH => goods::RestrictedReply,
    );
    assert_eq!(count, 28);
    let known: BTreeSet<(String, String)> = LEFT_OUT
        .iter()
        .map(|(path, field)| ((*path).to_owned(), (*field).to_owned()))
        .collect();
    let unknown: Vec<_> = lost.difference(&known).collect();
    let stale: Vec<_> = known.difference(&lost).collect();
    assert!(
        unknown.is_empty() && stale.is_empty(),
        "lost: {unknown:#?}\nkept after all: {stale:#?}"
    );
    // Each typed call is among them.
    let held: BTreeSet<&str> = samples.keys().map(String::as_str).collect();
    for (path, _) in wxsell::api::paths().filter(|(path, _)| path.starts_with("/channels/ec/")) {
        assert!(held.contains(path), "{path}");
    }
}

#[test]
fn a_field_that_is_lost_is_noticed() {
    let sample = &samples()[goods::GetProduct::PATH];
    let mut read = kept::<goods::GetProductReply>(&sample.reply);
    let product = read["product"].as_object_mut().expect("a product");
    product.shift_remove("total_sold_num");
    let mut lost = BTreeSet::new();
    compare(&sample.reply["product"], &read["product"], "", &mut lost);
    assert_eq!(lost, BTreeSet::from(["total_sold_num".to_owned()]));
}
