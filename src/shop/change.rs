//! What has to be sent for a product that the shop has already: nothing, a change without audit, or a new draft.

use crate::api::component::goods::{AddSpu, DescInfo, FreeSku, Sku, Spu, UpdateSpuFree};
use crate::types::Fen;
use sha2::{Digest, Sha256};

/// States of a draft.
pub const EDITING: i64 = 1;
pub const IN_AUDIT: i64 = 2;
pub const AUDIT_FAILED: i64 = 3;
pub const AUDIT_PASSED: i64 = 4;

/// How a merchant's product differs from the shop's.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    None,
    /// Path, price, stock or codes only: takes effect at once and costs no audit.
    Free(UpdateSpuFree),
    /// The whole new draft, for the audit, and the names of the fields that differ.
    Audited(Box<AddSpu>, Vec<&'static str>),
}

/// SKUs of the shop that the merchant's product does not name.
pub fn missing_skus(wanted: &AddSpu, held: &Spu) -> Vec<String> {
    held.skus
        .iter()
        .filter(|sku| {
            !wanted
                .skus
                .iter()
                .any(|other| other.out_sku_id == sku.out_sku_id)
        })
        .map(|sku| sku.out_sku_id.clone())
        .collect()
}

/// Fields that WeChat takes and never shows again; whether they changed is known from their fingerprint only.
pub fn unseen_fingerprint(spu: &AddSpu) -> [u8; 16] {
    let unseen = (
        &spu.scene_group_list,
        &spu.supplier,
        spu.express_fee,
        &spu.product_type,
        &spu.sell_time,
    );
    let more = (
        &spu.pick_up_type,
        spu.onsale,
        &spu.unitname,
        spu.unitfactor,
        &spu.direct_path,
    );
    if unseen == (&None, &None, None, &None, &None) && more == (&None, None, &None, None, &None) {
        return [0; 16];
    }
    let text = serde_json::to_vec(&(unseen, more)).unwrap_or_default();
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(&text)[..16]);
    half
}

/// Compares a merchant's product with the shop's draft. What the merchant does not give stays as it is; SKUs that the
/// merchant does not name stay, unless `remove_missing`. `unseen_changed` says that fields which WeChat does not show
/// have changed.
pub fn change(wanted: &AddSpu, held: &Spu, remove_missing: bool, unseen_changed: bool) -> Change {
    let merged = merge(wanted, held, remove_missing);
    let mut differs = Vec::new();
    let mut field = |name, same: bool| {
        if !same {
            differs.push(name);
        }
    };
    field("title", merged.title == held.title);
    field("head_img", merged.head_img == held.head_img);
    field(
        "qualification_pics",
        merged.qualification_pics.as_deref().unwrap_or_default() == held.qualification_pics,
    );
    field(
        "desc_info",
        merged.desc_info.clone().unwrap_or_default() == held.desc_info,
    );
    field("third_cat_id", merged.third_cat_id == held.third_cat_id);
    field("brand_id", merged.brand_id == held.brand_id);
    field(
        "info_version",
        merged.info_version.clone().unwrap_or_default() == held.info_version,
    );
    let audited_part = |sku: &Sku| {
        (
            sku.out_sku_id.clone(),
            sku.thumb_img.clone(),
            sku.sku_attrs.clone(),
        )
    };
    field(
        "skus",
        merged
            .skus
            .iter()
            .map(audited_part)
            .eq(held.skus.iter().map(audited_part)),
    );
    field("unseen", !unseen_changed);
    // Withdrawn and never submitted again: the draft waits for its audit.
    field("audit", !matches!(held.edit_status, 0 | EDITING));

    let free = free_change(&merged, held);
    let passed_once = held.status != 0 || held.edit_status == AUDIT_PASSED;
    match free {
        _ if !differs.is_empty() => Change::Audited(Box::new(merged), differs),
        None => Change::None,
        Some(free) if passed_once => Change::Free(free),
        Some(_) => Change::Audited(Box::new(merged), vec!["price and stock"]),
    }
}

/// Whether a product can be added as it is.
pub fn is_complete(spu: &AddSpu) -> bool {
    let whole = |sku: &Sku| !sku.thumb_img.is_empty() && sku.market_price != Fen(0);
    spu.skus.iter().all(whole)
}

/// A product as it can be added: WeChat wants a picture and a list price of every SKU, which a merchant need not give.
/// Without them the product's first picture and the selling price stand in.
pub fn completed(mut spu: AddSpu) -> AddSpu {
    for sku in &mut spu.skus {
        if sku.thumb_img.is_empty() {
            sku.thumb_img = spu.head_img.first().cloned().unwrap_or_default();
        }
        if sku.market_price == Fen(0) {
            sku.market_price = sku.sale_price;
        }
    }
    spu
}

/// The shop's product with everything the merchant gives.
pub fn merge(wanted: &AddSpu, held: &Spu, remove_missing: bool) -> AddSpu {
    let kept = |given: &Option<String>, held: &str| {
        given
            .clone()
            .or_else(|| (!held.is_empty()).then(|| held.to_owned()))
    };
    let mut skus: Vec<Sku> = Vec::with_capacity(held.skus.len().max(wanted.skus.len()));
    for old in &held.skus {
        match wanted
            .skus
            .iter()
            .find(|sku| sku.out_sku_id == old.out_sku_id)
        {
            Some(new) => skus.push(Sku {
                sku_code: new.sku_code.clone().or_else(|| old.sku_code.clone()),
                barcode: new.barcode.clone().or_else(|| old.barcode.clone()),
                thumb_img: if new.thumb_img.is_empty() {
                    old.thumb_img.clone()
                } else {
                    new.thumb_img.clone()
                },
                market_price: if new.market_price == Fen(0) {
                    old.market_price
                } else {
                    new.market_price
                },
                ..new.clone()
            }),
            None if remove_missing => {}
            None => skus.push(Sku {
                out_product_id: wanted.out_product_id.clone(),
                ..old.clone()
            }),
        }
    }
    skus.extend(
        wanted
            .skus
            .iter()
            .filter(|sku| !held.skus.iter().any(|old| old.out_sku_id == sku.out_sku_id))
            .cloned(),
    );
    let merged = AddSpu {
        direct_path: wanted
            .direct_path
            .clone()
            .or_else(|| held.direct_path.clone()),
        qualification_pics: wanted.qualification_pics.clone().or_else(|| {
            (!held.qualification_pics.is_empty()).then(|| held.qualification_pics.clone())
        }),
        desc_info: wanted
            .desc_info
            .clone()
            .or_else(|| (held.desc_info != DescInfo::default()).then(|| held.desc_info.clone())),
        info_version: kept(&wanted.info_version, &held.info_version),
        skus,
        ..wanted.clone()
    };
    completed(merged)
}

/// The part of a change that needs no audit, if there is one.
fn free_change(merged: &AddSpu, held: &Spu) -> Option<UpdateSpuFree> {
    let mut update = UpdateSpuFree {
        out_product_id: merged.out_product_id.clone(),
        ..UpdateSpuFree::default()
    };
    update.path = (merged.path != held.path).then(|| merged.path.clone());
    for sku in &merged.skus {
        let Some(old) = held
            .skus
            .iter()
            .find(|old| old.out_sku_id == sku.out_sku_id)
        else {
            continue;
        };
        let text = |new: &Option<String>, old: &Option<String>| {
            (new.as_deref().unwrap_or_default() != old.as_deref().unwrap_or_default())
                .then(|| new.clone().unwrap_or_default())
        };
        let one = FreeSku {
            out_sku_id: sku.out_sku_id.clone(),
            sale_price: (sku.sale_price != old.sale_price).then_some(sku.sale_price),
            market_price: (sku.market_price != old.market_price).then_some(sku.market_price),
            stock_num: (sku.stock_num != old.stock_num).then_some(sku.stock_num),
            sku_code: text(&sku.sku_code, &old.sku_code),
            barcode: text(&sku.barcode, &old.barcode),
        };
        if one
            != (FreeSku {
                out_sku_id: sku.out_sku_id.clone(),
                ..FreeSku::default()
            })
        {
            update.skus.push(one);
        }
    }
    (update.path.is_some() || !update.skus.is_empty()).then_some(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sku(id: &str, price: i64) -> Sku {
        Sku {
            out_product_id: "P".into(),
            out_sku_id: id.into(),
            thumb_img: "t".into(),
            sale_price: Fen(price),
            market_price: Fen(99),
            stock_num: 5,
            ..Sku::default()
        }
    }

    fn wanted(skus: Vec<Sku>) -> AddSpu {
        AddSpu {
            out_product_id: "P".into(),
            title: "tea".into(),
            path: "p".into(),
            head_img: vec!["u".into()],
            skus,
            ..AddSpu::default()
        }
    }

    fn held(skus: Vec<Sku>) -> Spu {
        Spu {
            out_product_id: "P".into(),
            title: "tea".into(),
            path: "p".into(),
            head_img: vec!["u".into()],
            info_version: "7".into(),
            status: 5,
            edit_status: AUDIT_PASSED,
            skus,
            ..Spu::default()
        }
    }

    #[test]
    fn the_same_product_needs_nothing() {
        assert_eq!(
            change(
                &wanted(vec![sku("a", 1)]),
                &held(vec![sku("a", 1)]),
                false,
                false
            ),
            Change::None
        );
    }

    #[test]
    fn a_price_needs_no_audit_once_the_product_passed() {
        let Change::Free(update) = change(
            &wanted(vec![sku("a", 2)]),
            &held(vec![sku("a", 1), sku("b", 1)]),
            false,
            false,
        ) else {
            panic!("a price is free");
        };
        assert_eq!(
            update.skus,
            [FreeSku {
                out_sku_id: "a".into(),
                sale_price: Some(Fen(2)),
                ..FreeSku::default()
            }]
        );
        let never_passed = Spu {
            status: 0,
            edit_status: AUDIT_FAILED,
            ..held(vec![sku("a", 1)])
        };
        assert!(matches!(
            change(&wanted(vec![sku("a", 2)]), &never_passed, false, false),
            Change::Audited(..)
        ));
    }

    #[test]
    fn skus_that_the_sheet_does_not_name_stay() {
        let mut new_title = wanted(vec![sku("a", 1)]);
        new_title.title = "green tea".into();
        let shop = held(vec![sku("a", 1), sku("b", 9)]);
        let Change::Audited(draft, fields) = change(&new_title, &shop, false, false) else {
            panic!("a title is audited")
        };
        assert_eq!(fields, ["title"]);
        assert_eq!(
            draft
                .skus
                .iter()
                .map(|sku| sku.out_sku_id.as_str())
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(
            draft.info_version.as_deref(),
            Some("7"),
            "what is not given stays"
        );
        let Change::Audited(draft, _) = change(&new_title, &shop, true, false) else {
            panic!("a title is audited")
        };
        assert_eq!(draft.skus.len(), 1);
        assert_eq!(missing_skus(&new_title, &shop), ["b"]);
    }

    #[test]
    fn a_sku_without_picture_and_list_price_keeps_those_of_the_shop_or_gets_stand_ins() {
        let bare = |id: &str| Sku {
            thumb_img: String::new(),
            market_price: Fen(0),
            ..sku(id, 1)
        };
        let given = wanted(vec![bare("a"), bare("b")]);
        let merged = merge(&given, &held(vec![sku("a", 1)]), false);
        let told = |spu: &AddSpu| -> Vec<(String, i64)> {
            let one = |sku: &Sku| (sku.thumb_img.clone(), sku.market_price.0);
            spu.skus.iter().map(one).collect()
        };
        assert_eq!(told(&merged), [("t".into(), 99), ("u".into(), 1)]);
        assert_eq!(
            told(&completed(given.clone())),
            [("u".into(), 1), ("u".into(), 1)],
            "a new product has nothing to keep"
        );
    }

    #[test]
    fn a_withdrawn_draft_is_submitted_again() {
        let withdrawn = Spu {
            edit_status: EDITING,
            ..held(vec![sku("a", 1)])
        };
        assert!(matches!(
            change(&wanted(vec![sku("a", 1)]), &withdrawn, false, false),
            Change::Audited(..)
        ));
    }

    #[test]
    fn fields_wechat_does_not_show_are_sent_when_they_changed() {
        let same = wanted(vec![sku("a", 1)]);
        assert_eq!(unseen_fingerprint(&same), [0; 16]);
        let fee = AddSpu {
            express_fee: Some(Fen(800)),
            ..same
        };
        assert_ne!(unseen_fingerprint(&fee), [0; 16]);
        assert!(matches!(
            change(&fee, &held(vec![sku("a", 1)]), false, true),
            Change::Audited(..)
        ));
    }
}
