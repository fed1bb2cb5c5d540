//! What a store needs before it sells and what calls can do of it: categories and brands with their papers, addresses,
//! freight templates. Each step is looked at first, so that the same file can be submitted again and again until all of it
//! stands.

mod documents;
pub mod form;
pub mod plan;

use crate::api::Resend;
use crate::api::store::Id;
use crate::api::store::category::{FLOWS_PATH, Flow, FlowsReply, ListFlows};
use crate::api::store::merchant::{Brand, ListBrands, PAPER_PATH, PaperReply};
use crate::fail::{Failure, Kind, Within};
use crate::shop::Shop;
use crate::shop::pass_through::brand::{
    AUDIT_ID, BRAND_ID, IN_AUDIT, OWN_AUDIT, SHOW, STATE, WITHDRAW,
};
use crate::shop::pass_through::{body, check};
use crate::text;
use anyhow::Result;
use serde_json::Value;
use std::path::Path;

/// The largest paper of an application, in bytes.
const MOST: u64 = 2 * 1024 * 1024;
/// Applications and brands that are read at once.
const PAGE: i64 = 50;

/// How an application or a thing to set up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditState {
    /// There is none.
    Missing,
    /// It was refused, or taken back.
    Refused,
    InAudit,
    Done,
}

/// The state of an application, as categories and brands count it.
fn of_audit(status: i64) -> AuditState {
    match status {
        1 => AuditState::InAudit,
        3 => AuditState::Done,
        _ => AuditState::Refused,
    }
}

impl Shop {
    /// How the application for a leaf stands, with why it was refused.
    pub async fn category_audit(&self, leaf: &Id) -> Result<(AuditState, String)> {
        let relations = self.store_relations().await?;
        let in_force = |status: i64| status == 1;
        if relations
            .iter()
            .any(|relation| relation.id == *leaf && in_force(relation.status))
        {
            return Ok((AuditState::Done, String::new()));
        }
        let (mut newest, mut offset): (Option<Flow>, i64) = (None, 0);
        loop {
            let request = ListFlows {
                is_filter_status: false,
                offset,
                limit: PAGE,
            };
            let reply: FlowsReply = self
                .client
                .post(FLOWS_PATH, &[], &request, Resend::Safe)
                .await?;
            let came = reply.list.len();
            for flow in reply.list.into_iter().filter(|flow| flow.cat_id == *leaf) {
                let is_newer = newest
                    .as_ref()
                    .is_none_or(|known| known.audit_id.number() < flow.audit_id.number());
                if is_newer {
                    newest = Some(flow);
                }
            }
            if came < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                break;
            }
            offset += PAGE;
        }
        Ok(match newest {
            None => (AuditState::Missing, String::new()),
            // What passed and is not in force has lapsed.
            Some(flow) if flow.status == 3 => (AuditState::Missing, String::new()),
            Some(flow) => (of_audit(flow.status), flow.audit_reason),
        })
    }

    /// Every brand of the store, in whatever state.
    pub async fn every_brand(&self) -> Result<Vec<Brand>> {
        let (mut brands, mut key) = (Vec::new(), String::new());
        loop {
            let request = ListBrands {
                status: None,
                page_size: PAGE,
                next_key: key.clone(),
            };
            let page = self.client.call(&request).await?;
            let came = page.brands.len();
            brands.extend(page.brands);
            if came == 0 || page.next_key.is_empty() || page.next_key == key {
                return Ok(brands);
            }
            key = page.next_key;
        }
    }

    /// The request that withdraws the application for a brand: WeChat wants the number of the audit beside that of the brand,
    /// which the brand's record has.
    ///
    /// # Errors
    /// [`Kind::Refused`] for a brand that is in no audit.
    pub async fn brand_withdrawal(&self, brand: &str) -> Result<Value> {
        let record = self.read_once(&SHOW, &body([BRAND_ID.of(brand)])).await?;
        let in_audit = STATE.integer(&record) == Some(IN_AUDIT);
        let Some(audit) = OWN_AUDIT.some_text(&record).filter(|_| in_audit) else {
            return Err(Failure::new(
                Kind::Refused,
                text!(
                    "brand {number} has no audit that can be withdrawn",
                    number = brand
                ),
            )
            .hint(text!("`wxsell brand list` shows the states"))
            .into());
        };
        let request = body([BRAND_ID.of(brand), AUDIT_ID.of(audit)]);
        check(&WITHDRAW, &request, &[])?;
        Ok(request)
    }

    /// Uploads a paper of an application; the answer names it in the application.
    ///
    /// # Errors
    /// A file that is not there, is empty or larger than 2 MB.
    pub async fn upload_paper(&self, path: &Path) -> Result<String> {
        let shown = path.display().to_string();
        check_paper(path)?;
        let bytes = tokio::fs::read(path).await.map_err(|error| {
            Failure::input(text!(
                "cannot read {file}: {why}",
                file = &shown,
                why = error.to_string()
            ))
        })?;
        let name = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mime = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [b'%', b'P', b'D', b'F', ..] => "application/pdf",
            _ => "image/jpeg",
        };
        let sent: Result<PaperReply> = self
            .client
            .upload(PAPER_PATH, &[], &name, mime, bytes)
            .await;
        Ok(sent
            .within(|| text!("uploading {file}", file = &shown))?
            .data
            .file_id)
    }
}

/// Whether a paper can be uploaded.
///
/// # Errors
/// A file that is not there, is empty or larger than 2 MB.
pub fn check_paper(path: &Path) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let length = std::fs::metadata(path).map_err(|error| {
        Failure::input(text!(
            "cannot read {file}: {why}",
            file = &shown,
            why = error.to_string()
        ))
    })?;
    match length.len() {
        0 => Err(Failure::input(text!("{file} is empty", file = shown))),
        length if length > MOST => Err(Failure::input(text!(
            "{file} is larger than 2 MB, the limit for documents",
            file = shown
        ))),
        _ => Ok(()),
    }
}

/// How a brand of this number stands.
pub fn brand_audit(brands: &[Brand], id: &Id) -> (AuditState, String) {
    match brands.iter().find(|brand| brand.brand_id == *id) {
        None => (AuditState::Missing, String::new()),
        Some(brand) => (of_audit(brand.status), brand.refusal()),
    }
}
