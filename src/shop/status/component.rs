//! What the component tells of a shop.

use super::{Balance, Overview, Read};
use crate::api::component::goods::NO_BRAND;
use crate::api::reader::integer;
use crate::fail::{Failure, failure};
use crate::shop::Shop;
use crate::shop::joining::{Component, NOT_JOINED};
use crate::shop::number::Application;
use crate::shop::pass_through::Ask;
use crate::shop::pass_through::access::CHECK;
use crate::shop::pass_through::status::{
    BALANCE, BRANDS, CATEGORIES, GOODS, INFO, PROMOTERS, SHARERS,
};
use crate::types::Fen;
use anyhow::Result;
use serde_json::{Value, json};

/// "This call is offline": the component is closed for the Mini Program.
const OFFLINE: i64 = 1_400_007;
/// "No data", which the account of a shop that never sold answers.
const NO_DATA: i64 = 9_710_001;

/// The reads that were answered, and the first failure.
#[derive(Default)]
struct Tally {
    answered: u32,
    stopped: Option<anyhow::Error>,
}

impl Tally {
    fn took<T>(&mut self, reply: Result<Value>, read: impl Fn(&Value) -> T) -> Read<T> {
        let error = match reply {
            Ok(reply) => {
                self.answered += 1;
                return Read::Known(read(&reply));
            }
            Err(error) => error,
        };
        let code = failure(&error).and_then(|failure| failure.errcode);
        // An errcode of the shop is an answer; one of the token is not.
        let of_the_shop = code.is_some_and(|code| !(0..=1_000_000).contains(&code));
        self.answered += u32::from(of_the_shop);
        let told = match code {
            Some(NOT_JOINED) => Read::NotJoined,
            Some(OFFLINE) => Read::Offline,
            Some(NO_DATA) => Read::Known(read(&json!({}))),
            _ => Read::Unknown(Failure::from_any(anyhow_again(&error)).message),
        };
        self.stopped.get_or_insert(error);
        told
    }
}

pub(super) async fn overview(shop: &Shop) -> Overview {
    let page = json!({"page": 1, "page_size": 1});
    let shelf = json!({"page": 1, "page_size": 1, "status": 5});
    let nothing = json!({});
    let ask = async |ask: &Ask, body: &Value| shop.ask(ask.operation().1, &[], body).await;
    let (component, number, info, categories, brands) = tokio::join!(
        ask(&CHECK, &nothing),
        shop.application(),
        ask(&INFO, &nothing),
        ask(&CATEGORIES, &nothing),
        ask(&BRANDS, &nothing),
    );
    let (on_shelf, goods, promoters, sharers, balance) = tokio::join!(
        ask(&GOODS, &shelf),
        ask(&GOODS, &page),
        ask(&PROMOTERS, &page),
        ask(&SHARERS, &page),
        ask(&BALANCE, &nothing),
    );
    let mut tally = Tally::default();
    let rows = |reply: &Value| reply["data"].as_array().map_or(0, Vec::len);
    let total = |reply: &Value| reply["total_num"].as_u64().unwrap_or_default();
    let mut overview = Overview {
        component: tally.took(component, Component::read),
        number: tally.took(number, |reply| Application::read(shop.family, reply)),
        services: tally.took(info, |reply| {
            let kinds = reply["data"]["service_agent_type"].as_array();
            kinds.map_or(0, Vec::len)
        }),
        categories: tally.took(categories, rows),
        brands: tally.took(brands, |reply| {
            let brands = reply["data"].as_array().into_iter().flatten();
            brands
                .filter(|brand| brand["brand_id"].as_u64() != Some(NO_BRAND))
                .count()
        }),
        on_shelf: tally.took(on_shelf, total),
        goods: tally.took(goods, total),
        promoters: tally.took(promoters, total),
        sharers: tally.took(sharers, total),
        balance: tally.took(balance, |reply| {
            let fen = |name: &str| integer(&reply["balance_info"][name]).map(Fen);
            Balance {
                available: fen("available_amount"),
                pending: fen("pending_amount"),
            }
        }),
        stopped: None,
    };
    if tally.answered == 0 {
        overview.stopped = tally.stopped;
    }
    overview
}

/// The failure once more, so that the first can be kept.
fn anyhow_again(error: &anyhow::Error) -> anyhow::Error {
    match failure(error) {
        Some(known) => known.clone().into(),
        None => anyhow::anyhow!("{error:#}"),
    }
}
