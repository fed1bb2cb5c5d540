//! What `wxsell status` reads, all at once. A read that fails is no reason to stop: its step says why.

use crate::commands::merchant::application;
use crate::commands::{Ctx, access};
use crate::fail::{Failure, failure};
use crate::lang::Text;
use crate::shop::pass_through;
use crate::shop::pass_through::status::{
    BALANCE, BRANDS, CATEGORIES, GOODS, INFO, PROMOTERS, SHARERS,
};
use anyhow::Result;
use serde_json::{Value, json};

/// "This call is offline": the component is closed for the Mini Program.
const OFFLINE: i64 = 1_400_007;
/// "No data", which the account of a shop that never sold answers.
const NO_DATA: i64 = 9_710_001;

/// What one read came to.
#[derive(Debug, Clone)]
pub enum Read<T> {
    Known(T),
    NotJoined,
    Offline,
    Unknown(Text),
}

/// Everything that was read.
pub struct Reads {
    pub component: Read<Value>,
    pub number: Read<Value>,
    pub info: Read<Value>,
    pub categories: Read<Value>,
    pub brands: Read<Value>,
    pub on_shelf: Read<Value>,
    pub goods: Read<Value>,
    pub promoters: Read<Value>,
    pub sharers: Read<Value>,
    pub balance: Read<Value>,
    /// What stopped the reads, where not one of them was answered.
    pub stopped: Option<anyhow::Error>,
}

impl Reads {
    /// Whether any call is out of service.
    pub fn is_offline(&self) -> bool {
        [
            &self.component,
            &self.number,
            &self.info,
            &self.categories,
            &self.brands,
            &self.on_shelf,
        ]
        .iter()
        .any(|read| matches!(read, Read::Offline))
    }
}

/// Reads everything. Fails only where the shop cannot be opened at all.
pub async fn all(ctx: &Ctx) -> Result<Reads> {
    ctx.shop().await?;
    let page = json!({"page": 1, "page_size": 1});
    let on_shelf = json!({"page": 1, "page_size": 1, "status": 5});
    let nothing = json!({});
    let number = async { application::read(ctx).await.map(Some) };
    let (component, number, info, categories, brands) = tokio::join!(
        ctx.send(&pass_through::access::CHECK, &nothing),
        number,
        ctx.send(&INFO, &nothing),
        ctx.send(&CATEGORIES, &nothing),
        ctx.send(&BRANDS, &nothing),
    );
    let (on_shelf, goods, promoters, sharers, balance) = tokio::join!(
        ctx.send(&GOODS, &on_shelf),
        ctx.send(&GOODS, &page),
        ctx.send(&PROMOTERS, &page),
        ctx.send(&SHARERS, &page),
        ctx.send(&BALANCE, &nothing),
    );
    let mut stopped = None;
    let mut answered = 0;
    let mut took = |reply: Result<Option<Value>>| match reply {
        Ok(reply) => {
            answered += 1;
            Read::Known(reply.unwrap_or_default())
        }
        Err(error) => {
            let code = failure(&error).and_then(|failure| failure.errcode);
            // An errcode of the shop is an answer; one of the token is not.
            let of_the_shop = code.is_some_and(|code| !(0..=1_000_000).contains(&code));
            answered += i32::from(of_the_shop);
            let read = match code {
                Some(access::NOT_JOINED) => Read::NotJoined,
                Some(OFFLINE) => Read::Offline,
                Some(NO_DATA) => Read::Known(json!({})),
                _ => Read::Unknown(Failure::from_any(anyhow_again(&error)).message),
            };
            stopped.get_or_insert(error);
            read
        }
    };
    let mut reads = Reads {
        component: took(component),
        number: took(number),
        info: took(info),
        categories: took(categories),
        brands: took(brands),
        on_shelf: took(on_shelf),
        goods: took(goods),
        promoters: took(promoters),
        sharers: took(sharers),
        balance: took(balance),
        stopped: None,
    };
    if answered == 0 {
        reads.stopped = stopped;
    }
    Ok(reads)
}

/// The failure once more, so that the first can be kept.
fn anyhow_again(error: &anyhow::Error) -> anyhow::Error {
    match failure(error) {
        Some(known) => known.clone().into(),
        None => anyhow::anyhow!("{error:#}"),
    }
}
