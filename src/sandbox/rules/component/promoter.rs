//! Channels promoters: who may bind this Mini Program to a Channels account. They are added in the admin console, so
//! that here, too, no call does it; the keeper of the shop does.

use super::Happening;
use crate::sandbox::router::Refusal;
use crate::sandbox::store::{Document, Filter, Tx};
use crate::text;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOUN: &str = "promoter";

#[derive(Serialize, Deserialize)]
struct Promoter {
    promoter_id: String,
    openid: String,
    nickname: String,
}

#[derive(Deserialize)]
pub struct Page {
    page: u32,
    page_size: u32,
}

pub fn list(tx: &mut Tx<'_>, request: Page) -> Result<Value, Refusal> {
    let filter = Filter {
        skip: request
            .page
            .saturating_sub(1)
            .saturating_mul(request.page_size),
        limit: Some(request.page_size),
        ..Filter::default()
    };
    let rows: Vec<Value> = tx
        .all::<Promoter>(NOUN, &filter)?
        .into_iter()
        .map(|promoter| {
            let Promoter { promoter_id, openid, nickname } = promoter.body;
            json!({"promoter_id": promoter_id, "promoter_openid": openid, "finder_nickname": nickname})
        })
        .collect();
    Ok(json!({"promoters": rows, "total_num": tx.how_many(NOUN, &Filter::default())?}))
}

/// What the admin console does once the person has accepted. The same Channels account a second time is refused.
pub fn add(tx: &mut Tx<'_>, nickname: &str) -> Result<Happening, Refusal> {
    if tx.find::<Promoter>(NOUN, nickname)?.is_some() {
        return Err(Refusal::new(
            100_003,
            format!("{nickname} is a promoter already"),
        ));
    }
    let (id, at) = (tx.next_id(NOUN)?, tx.now);
    let body = Promoter {
        promoter_id: format!("PROMOTER_{id}"),
        openid: format!("oSandboxPromoter{:012}", id % 1_000_000_000_000),
        nickname: nickname.to_owned(),
    };
    let document = Document {
        id,
        out_id: nickname.to_owned(),
        state: 1,
        draft: 0,
        due: None,
        created_at: at,
        changed_at: at,
        body,
    };
    tx.put(NOUN, &document)?;
    Ok(Happening {
        at,
        noun: text!("promoter"),
        number: nickname.to_owned(),
        what: text!("added"),
        reason: String::new(),
    })
}
