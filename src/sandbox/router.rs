//! Path → rule, typed by [`Endpoint`]: the same types that the client sends are the server's contract. Also what
//! every call must pass before its rule is asked.

use super::rules::component::{access, goods, image, order, staff};
use super::rules::token::Owner;
use super::rules::{quota, store, token};
use super::store::Tx;
use crate::api::Endpoint;
use crate::api::common::CLASSIC_TOKEN_PATH;
use crate::api::operation::{self, Problem, Wrong};
use crate::fail::Failure;
use crate::text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A path that is declared but has no rule is answered with this; the platform has no such code.
pub const NOT_SIMULATED: i64 = -9999;

/// A refusal as the platform words it; the rid is added when it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub errcode: i64,
    pub errmsg: String,
}

impl Refusal {
    pub fn new(errcode: i64, errmsg: impl Into<String>) -> Refusal {
        Refusal {
            errcode,
            errmsg: errmsg.into(),
        }
    }
}

/// A shop file that does not work reads as "system busy", which is what a platform in trouble says.
impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Refusal {
        Refusal::new(-1, format!("system error: sandbox store: {error}"))
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Refusal {
        Refusal::new(-1, format!("system error: sandbox document: {error}"))
    }
}

/// A refusal met outside a call, where a command works on the shop's file itself.
impl From<Refusal> for anyhow::Error {
    fn from(refusal: Refusal) -> anyhow::Error {
        Failure::input(text!(
            "the sandbox cannot do this: {reason}",
            reason = refusal.errmsg
        ))
        .into()
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    /// As sent, without the question mark.
    pub query: String,
    pub body: Body,
    pub client_ip: String,
}

#[derive(Debug, Clone)]
pub enum Body {
    Plain(Vec<u8>),
    Picture(Picture),
}

/// The file of a multipart upload.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    pub file_name: Option<String>,
    /// As its part says.
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
    /// Old samples send it beside the file.
    pub resp_type: Option<String>,
}

impl Call {
    /// The value of a query parameter, percent signs resolved.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let address = reqwest::Url::parse(&format!("http://sandbox/?{}", self.query)).ok()?;
        address
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

type Rule = Box<dyn Fn(&mut Tx<'_>, &Call, Value) -> Result<Value, Refusal> + Send + Sync>;

/// The rules, by path.
#[derive(Default)]
pub struct Router {
    rules: HashMap<&'static str, Rule>,
}

impl Router {
    pub fn new() -> Router {
        Router::default()
    }

    /// Answers `E` by `rule`.
    pub fn on<E: Endpoint + 'static>(
        self,
        rule: fn(&mut Tx<'_>, E) -> Result<E::Reply, Refusal>,
    ) -> Router {
        self.with(E::PATH, move |tx, _, body| {
            let request = serde_json::from_value(body).map_err(|error| misread(E::PATH, &error))?;
            Ok(serde_json::to_value(rule(tx, request)?)?)
        })
    }

    /// As [`on`](Router::on), for a rule that looks at the call itself: its address and its query.
    pub fn on_call<E: Endpoint + 'static>(
        self,
        rule: fn(&mut Tx<'_>, &Call, E) -> Result<E::Reply, Refusal>,
    ) -> Router {
        self.with(E::PATH, move |tx, call, body| {
            let request = serde_json::from_value(body).map_err(|error| misread(E::PATH, &error))?;
            Ok(serde_json::to_value(rule(tx, call, request)?)?)
        })
    }

    /// Answers an operation of the books by `rule`. Its request was held against the book before, so that a field the
    /// reference requires is there and of its type; what the reference does not know was ignored, as the platform does.
    pub fn says<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        self,
        path: &'static str,
        rule: fn(&mut Tx<'_>, Q) -> Result<R, Refusal>,
    ) -> Router {
        self.with(path, move |tx, _, body| {
            fits(path, &body)?;
            let request = serde_json::from_value(body).map_err(|error| misread(path, &error))?;
            Ok(serde_json::to_value(rule(tx, request)?)?)
        })
    }

    /// As [`says`](Router::says), for a rule that looks at the call itself: its query.
    pub fn says_call<Q: DeserializeOwned + 'static, R: Serialize + 'static>(
        self,
        path: &'static str,
        rule: fn(&mut Tx<'_>, &Call, Q) -> Result<R, Refusal>,
    ) -> Router {
        self.with(path, move |tx, call, body| {
            fits(path, &body)?;
            let request = serde_json::from_value(body).map_err(|error| misread(path, &error))?;
            Ok(serde_json::to_value(rule(tx, call, request)?)?)
        })
    }

    /// Answers what is no [`Endpoint`]: a GET or a picture.
    pub fn raw<R: Serialize + 'static>(
        self,
        path: &'static str,
        rule: fn(&mut Tx<'_>, &Call) -> Result<R, Refusal>,
    ) -> Router {
        self.with(path, move |tx, call, _| {
            Ok(serde_json::to_value(rule(tx, call)?)?)
        })
    }

    /// Every path that has a rule.
    pub fn paths(&self) -> Vec<&'static str> {
        self.rules.keys().copied().collect()
    }

    fn with(
        mut self,
        path: &'static str,
        rule: impl Fn(&mut Tx<'_>, &Call, Value) -> Result<Value, Refusal> + Send + Sync + 'static,
    ) -> Router {
        self.rules.insert(path, Box::new(rule));
        self
    }

    /// What the rule of a path says, without what every call must pass before.
    #[cfg(test)]
    pub fn ask(&self, tx: &mut Tx<'_>, path: &str, body: Value) -> Result<Value, Refusal> {
        let call = Call {
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            body: Body::Plain(Vec::new()),
            client_ip: String::new(),
        };
        self.rules[path](tx, &call, body)
    }

    /// Checks a call and asks its rule.
    pub fn answer(&self, tx: &mut Tx<'_>, call: &Call) -> Result<Value, Refusal> {
        let of_store = store::is_own(&call.path);
        let other = store::canonical(&call.path).filter(|_| of_store);
        let found = self.rules.get(call.path.as_str()).or_else(|| {
            let other = other.as_ref()?;
            self.rules.get(other.as_str())
        });
        let Some(rule) = found else {
            return Err(if operation::by_path(&call.path).is_some() {
                Refusal::new(NOT_SIMULATED, "not simulated by the sandbox")
            } else {
                Refusal::new(40066, "invalid url")
            });
        };
        let known = operation::by_path(&call.path)
            .or_else(|| operation::by_path(other.as_deref()?))
            .map(|(_, known)| known);
        let asked_by_get = known.is_some_and(|known| known.method == "GET");
        match (asked_by_get, call.method.as_str()) {
            (true, "GET") | (false, "POST") => {}
            (true, _) => return Err(Refusal::new(43001, "require GET method")),
            (false, _) => return Err(Refusal::new(43002, "require POST method")),
        }
        let mut owner = Owner::Component;
        if !token::is_open(&call.path) {
            owner = token::authorise(tx, call)?;
            if known.is_some_and(|known| known.ip_list) {
                token::check_address(tx, call)?;
            }
        }
        if owner == Owner::Component {
            access::enter(tx, &call.path)?;
        }
        quota::spend(tx, &call.path)?;
        let takes_a_file = |path: &str| {
            use crate::api::{component, store};
            [
                component::image::PATH,
                store::image::PATH,
                store::image::V2_PATH,
                store::merchant::PAPER_PATH,
            ]
            .contains(&path)
        };
        let body = match &call.body {
            _ if asked_by_get
                || takes_a_file(&call.path)
                || other.as_deref().is_some_and(takes_a_file) =>
            {
                Value::Null
            }
            Body::Plain(bytes) if bytes.is_empty() => {
                return Err(Refusal::new(44002, "empty post data"));
            }
            Body::Plain(bytes) => parse(bytes)?,
            Body::Picture(_) => return Err(Refusal::new(47001, "data format error")),
        };
        if of_store {
            store::within(tx, |tx| rule(tx, call, body))
        } else {
            let body = goods::numbered(tx, &call.path, body)?;
            rule(tx, call, body)
        }
    }
}

/// The JSON object of a body.
pub fn parse(bytes: &[u8]) -> Result<Value, Refusal> {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(object)) => Ok(Value::Object(object)),
        Ok(_) => Err(Refusal::new(
            47001,
            "data format error: the body is no JSON object",
        )),
        Err(error) => Err(Refusal::new(47001, format!("data format error: {error}"))),
    }
}

/// What does not fit the request's type: a missing field, or a value of the wrong type such as a number in quotes.
fn misread(path: &str, error: &serde_json::Error) -> Refusal {
    let words = error.to_string();
    match words
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        Some(field) => missing(path, field),
        None => Refusal::new(47001, format!("data format error: {words}")),
    }
}

fn missing(path: &str, field: &str) -> Refusal {
    match (path, field) {
        (path, _) if path.starts_with("/promoter/") => staff::wrong(),
        (_, "grant_type") => Refusal::new(40002, "invalid grant_type"),
        (_, "appid") => Refusal::new(41002, "appid missing"),
        (_, "secret") => Refusal::new(41004, "appsecret missing"),
        (_, "rid") => Refusal::new(76002, "rid format error"),
        (_, "cgi_path") => Refusal::new(76003, "cgi_path format error"),
        (path, field) if path.starts_with("/shop/spu/") => goods::missing(field),
        (path, field)
            if path.starts_with("/shop/order/") || path.starts_with("/shop/delivery/") =>
        {
            order::missing(field)
        }
        (path, field) if path.starts_with("/shop/ecaftersale/") => {
            super::rules::component::aftersale::missing(field)
        }
        (path, field) if path.starts_with("/shop/funds/") || path.starts_with("/shop/pay/") => {
            Refusal::new(400, format!("invalid parameter: {field} is missing"))
        }
        (_, field) => Refusal::new(990_007, format!("{field} is missing")),
    }
}

/// The first way in which a body does not fit its operation, as the platform refuses it.
fn fits(path: &str, body: &Value) -> Result<(), Refusal> {
    let Some((book, operation)) = operation::by_path(path) else {
        return Ok(());
    };
    let Some(node) = &operation.request else {
        return Ok(());
    };
    let found = book.check(node, body).into_iter().find_map(|problem| {
        let Problem { field, wrong } = &problem;
        Some(match wrong {
            Wrong::Unknown => return None,
            Wrong::Missing => missing(path, field),
            Wrong::NoneOf(names) => missing(path, names.first().map_or("", String::as_str)),
            Wrong::Type(_) => Refusal::new(47001, format!("data format error: {}", problem.text())),
            _ if path.starts_with("/promoter/") => staff::wrong(),
            _ => Refusal::new(40097, format!("invalid args: {}", problem.text())),
        })
    });
    found.map_or(Ok(()), Err)
}

/// The envelope around a reply; replies with tokens, addresses and what the push test found have none.
pub fn envelope(path: &str, reply: Value) -> Value {
    let mut object = Map::new();
    if !token::is_bare(path) {
        object.insert("errcode".into(), 0.into());
        object.insert("errmsg".into(), "ok".into());
    }
    if let Value::Object(fields) = reply {
        object.extend(fields);
    }
    Value::Object(object)
}

/// Every rule of the shop.
pub fn rules() -> Router {
    use super::rules::component::{
        account, aftersale, bank, category, certificate, commission, complaint, coupon, delivery,
        funds, legacy_aftersale, pay, permit, promoter, reach, sharer, wxpay,
    };
    use super::rules::{callback, provider};
    use crate::api::component::{
        account as of_account, category as of_category, goods as of_goods,
    };
    use crate::api::{common, component, provider as of_provider};
    let router = Router::new()
        .raw(CLASSIC_TOKEN_PATH, token::classic)
        .on_call::<common::StableToken>(token::stable)
        .on::<common::QuotaGet>(quota::get)
        .on::<common::ClearQuota>(quota::clear)
        .on::<common::ClearOneQuota>(quota::clear_one)
        .raw(common::CLEAR_QUOTA_BY_SECRET_PATH, quota::clear_by_secret)
        .raw("/cgi-bin/get_api_domain_ip", callback::api_addresses)
        .raw("/cgi-bin/getcallbackip", callback::callback_addresses)
        .says("/cgi-bin/callback/check", callback::check)
        .on_call::<of_provider::StartPushTicket>(provider::start_push)
        .on_call::<of_provider::ComponentToken>(provider::component_token)
        .says(
            "/cgi-bin/component/api_create_preauthcode",
            provider::preauth,
        )
        .on::<of_provider::QueryAuth>(provider::query_auth)
        .on::<of_provider::AuthorizerToken>(provider::authorizer_token)
        .says("/cgi-bin/component/api_get_authorizer_info", provider::info)
        .says("/cgi-bin/component/api_get_authorizer_list", provider::list)
        .on_call::<of_provider::ClearComponentQuota>(provider::clear_quota)
        .on::<common::RidGet>(quota::rid)
        .on::<of_account::GetInfo>(account::get_info)
        .on::<of_account::UpdateInfo>(account::update_info)
        .on::<of_account::GetCategoryList>(account::categories)
        .on::<of_account::GetBrandList>(account::brands)
        .on::<of_category::CatGet>(category::all)
        .says_call("/shop/ec/category/getcategoryrule", category::rule)
        .says("/shop/audit/get_miniapp_certificate", certificate::show)
        .says("/shop/audit/audit_category", permit::audit_category)
        .says("/shop/audit/audit_brand", permit::audit_brand)
        .says("/shop/audit/result", permit::result)
        .says("/shop/register/apply", access::apply)
        .says("/shop/register/check", access::check)
        .says("/shop/register/finish_access_info", access::finish)
        .says("/shop/register/apply_scene", access::apply_scene)
        .says("/shop/wxpay/apply", wxpay::apply)
        .says("/shop/wxpay/get", wxpay::get)
        .says("/shop/wxpay/get_info", wxpay::get_info)
        .says("/shop/coupon/confirm", coupon::confirm)
        .says("/shop/coupon/add", coupon::add)
        .says("/shop/coupon/get", coupon::get)
        .says("/shop/coupon/get_list", coupon::list)
        .says("/shop/coupon/update", coupon::update)
        .says("/shop/coupon/update_status", coupon::update_status)
        .says("/shop/coupon/update_coupon_stock", coupon::update_stock)
        .says("/shop/coupon/add_user_coupon", coupon::add_copy)
        .says("/shop/coupon/get_usercoupon_list", coupon::copies)
        .says("/shop/coupon/update_user_coupon", coupon::update_copy)
        .says(
            "/shop/coupon/update_usercoupon_status",
            coupon::update_copy_status,
        )
        .says("/shop/promoter/list", promoter::list)
        .says("/shop/sharer/bind", sharer::bind)
        .says("/shop/sharer/unbind", sharer::unbind)
        .says("/shop/sharer/get_sharer_list", sharer::list)
        .says("/shop/sharer/search_sharer", sharer::search)
        .says("/shop/sharer/get_sharer_data_summary", sharer::summary)
        .says("/shop/sharer/get_sharer_live_summary_list", sharer::lives)
        .says("/shop/sharer/get_sharer_live_order_list", sharer::orders)
        .says("/shop/sharer/set_share_mode", sharer::set_mode)
        .says("/promoter/addrole", staff::add_role)
        .says("/promoter/getrole", staff::roles)
        .says("/promoter/updaterole", staff::update_role)
        .says("/promoter/addpromoter", staff::add)
        .says("/promoter/getpromoter", staff::list)
        .says("/promoter/updatepromoter", staff::update)
        .says("/promoter/getinvitationmaterial", staff::invitation)
        .says("/promoter/getsharematerial", staff::material)
        .says("/promoter/getrelation", reach::relations)
        .says("/promoter/getorder", reach::orders)
        .says("/promoter/sendmsg", reach::send)
        .says("/promoter/singlesendmsg", reach::send_one)
        .says("/promoter/getmsg", reach::message)
        .says("/promoter/getmsgclickdata", reach::clicks)
        .raw(component::image::PATH, image::upload)
        .says("/shop/ecaftersale/add", aftersale::add)
        .says("/shop/ecaftersale/update", aftersale::update)
        .says("/shop/ecaftersale/cancel", aftersale::cancel)
        .says("/shop/ecaftersale/uploadreturninfo", aftersale::return_info)
        .says("/shop/ecaftersale/acceptrefund", aftersale::accept_refund)
        .says("/shop/ecaftersale/acceptreturn", aftersale::accept_return)
        .says("/shop/ecaftersale/reject", aftersale::reject)
        .says(
            "/shop/ecaftersale/upload_certificates",
            aftersale::certificates,
        )
        .says("/shop/ecaftersale/get", aftersale::get)
        .says("/shop/ecaftersale/get_list", aftersale::list)
        .says(
            "/shop/ecaftersale/merchantupdate",
            aftersale::merchant_update,
        )
        .says("/shop/ecaftersale/merchanttest", aftersale::merchant_test)
        .says(
            "/shop/ecaftersale/update_deadline",
            aftersale::update_deadline,
        )
        .says(
            "/shop/aftersale/update_deadline",
            aftersale::update_deadline,
        )
        .says("/shop/aftersale/add", legacy_aftersale::add)
        .says("/shop/aftersale/update", legacy_aftersale::update)
        .says("/shop/aftersale/get", legacy_aftersale::get)
        .says("/shop/aftersale/list", legacy_aftersale::list)
        .says("/shop/complaint/get_list", complaint::list)
        .says("/shop/complaint/get", complaint::get)
        .says(
            "/shop/complaint/upload_material",
            complaint::upload_material,
        )
        .on::<of_goods::AddSpu>(goods::add)
        .on::<of_goods::UpdateSpu>(goods::update)
        .on::<of_goods::UpdateSpuFree>(goods::update_free)
        .on::<of_goods::DeleteSpu>(goods::delete)
        .on::<of_goods::WithdrawAudit>(goods::withdraw)
        .on::<of_goods::GetSpu>(goods::get)
        .on::<of_goods::ListSpu>(goods::list)
        .on::<of_goods::ListingSpu>(goods::listing)
        .on::<of_goods::DelistingSpu>(goods::delisting)
        .says("/shop/scene/check", order::check_scene)
        .says("/shop/order/add", order::add)
        .says("/shop/order/pay", order::pay)
        .says("/shop/order/get", order::get)
        .says("/shop/order/get_list", order::list)
        .says("/shop/order/get_list_by_finder", order::list_by_promoter)
        .says("/shop/order/get_list_by_sharer", order::list_by_sharer)
        .says("/shop/order/getpaymentparams", order::payment_params)
        .says("/shop/order/close", order::close)
        .says("/shop/order/change_price", order::change_price)
        .says("/shop/order/update_address", order::update_address)
        .says("/shop/delivery/get_company_list", delivery::carriers)
        .says("/shop/delivery/send", delivery::send)
        .says("/shop/delivery/recieve", delivery::receive)
        .says("/shop/funds/getbalance", funds::balance)
        .says("/shop/funds/scanorderflow", funds::flows)
        .says("/shop/funds/getorderflow", funds::flow)
        .says("/shop/funds/submitwithdraw", funds::submit)
        .says("/shop/funds/scanwithdraw", funds::withdrawals)
        .says("/shop/funds/getwithdrawdetail", funds::withdrawal)
        .says("/shop/funds/qrcode/gen", funds::new_code)
        .says("/shop/funds/qrcode/get", funds::code_picture)
        .says("/shop/funds/qrcode/check", funds::check_code)
        .says("/shop/funds/setbankaccount", bank::set)
        .says("/shop/funds/getbankaccount", bank::show)
        .says("/shop/funds/getbanklist", bank::search)
        .says("/shop/funds/getbankbynum", bank::of_card)
        .says("/shop/funds/getprovince", bank::provinces)
        .says("/shop/funds/getcity", bank::cities)
        .says("/shop/funds/getsubbranch", bank::branches)
        .says("/shop/pay/createorder", pay::create)
        .says("/shop/pay/closeorder", pay::close)
        .says("/shop/pay/getorder", pay::get)
        .says("/shop/pay/getorderlist", pay::list)
        .says("/shop/pay/refundorder", pay::refund)
        .says("/shop/pay/profitsharingorder", pay::share)
        .says("/shop/commission/addreceiver", commission::add)
        .says("/shop/commission/removereceiver", commission::remove)
        .says("/shop/commission/getordercommission", commission::receivers)
        .says("/shop/commission/setordercommission", commission::set);
    store::routes(router)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_path_is_simulated() {
        let rules = rules().rules;
        let without: Vec<_> = crate::api::paths()
            .map(|(path, _)| path)
            .filter(|path| !rules.contains_key(path))
            .collect();
        assert!(
            without.is_empty(),
            "declared, but the sandbox has no rule: {without:?}"
        );
    }

    #[test]
    fn percent_signs_in_a_query_are_resolved() {
        let call = Call {
            method: "GET".into(),
            path: "/".into(),
            query: "a=1&access_token=x%2By+z%".into(),
            body: Body::Plain(Vec::new()),
            client_ip: String::new(),
        };
        assert_eq!(call.parameter("access_token").as_deref(), Some("x+y z%"));
        assert_eq!(call.parameter("b"), None);
    }
}
