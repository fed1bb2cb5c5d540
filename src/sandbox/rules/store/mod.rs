//! The WeChat Store, the second dialect of the sandbox: `/channels/ec/*` and `/shop/ec/*`, with an account of its own.
//! Its rows stand apart from those of the component.
//!
//! Not simulated: orders and everything after them, warehouses, and the size of anything that is fetched from an
//! address.

pub mod category;
pub mod goods;
pub mod image;
pub mod merchant;
pub mod opening;
pub mod sale;
pub mod seed;
pub mod strategy;

pub use crate::api::store::is_of_store as is_own;
use crate::api::store::{
    category as of_category, goods as of_goods, image as of_image, merchant as of_merchant,
};
use crate::sandbox::router::{Call, Refusal, Router};
use crate::sandbox::store::Tx;

/// What stands in the column `family` of its rows.
pub const FAMILY: &str = "store";

/// The path under which a rule stands: since 2026 pages list some calls of `/channels/ec/` as `/shop/ec/`.
pub fn canonical(path: &str) -> Option<String> {
    path.strip_prefix("/shop/ec/")
        .map(|rest| format!("/channels/ec/{rest}"))
}

/// A wrong parameter, as the calls of goods and images refuse it.
pub fn parameter(words: &str) -> Refusal {
    Refusal::new(10_020_051, format!("invalid parameter: {words}"))
}

/// Opens another family's rows for a while.
pub fn within<T>(
    tx: &mut Tx<'_>,
    act: impl FnOnce(&mut Tx<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let before = std::mem::replace(&mut tx.family, FAMILY);
    let done = act(tx);
    tx.family = before;
    done
}

/// Whether the network in front of the Store lets a caller through: its own list is voluntary, and one who is not on
/// it gets HTTP 403 without an errcode.
pub fn lets_in(tx: &Tx<'_>, call: &Call) -> bool {
    !is_own(&call.path) || super::token::is_listed(tx, &call.client_ip)
}

/// The rules of the Store.
pub fn routes(router: Router) -> Router {
    router
        .raw(of_merchant::INFO_PATH, merchant::info)
        .raw(of_category::ALL_PATH, category::all)
        .on::<of_category::GetDetail>(category::detail)
        .on::<of_category::GetProductRule>(category::product_rule)
        .on::<of_category::ListRelations>(category::relations)
        .on::<of_merchant::ListValidBrands>(merchant::valid_brands)
        .on::<of_merchant::ListBrands>(merchant::brands)
        .on::<of_merchant::ListTemplates>(merchant::templates)
        .on::<of_merchant::GetTemplate>(merchant::template)
        .on::<of_merchant::ListAddresses>(merchant::addresses)
        .on::<of_merchant::GetAddress>(merchant::address)
        .raw(of_image::PATH, image::upload)
        .raw(of_image::V2_PATH, image::upload_v2)
        .raw(of_image::MEDIA_PATH, image::media)
        .on::<of_goods::AddProduct>(goods::add)
        .on::<of_goods::UpdateProduct>(goods::update)
        .on::<of_goods::UpdateAuditFree>(goods::update_free)
        .on::<of_goods::GetProduct>(goods::get)
        .on::<of_goods::ListProducts>(goods::list)
        .on::<of_goods::Listing>(goods::listing)
        .on::<of_goods::Delisting>(goods::delisting)
        .on::<of_goods::DeleteProduct>(goods::delete)
        .on::<of_goods::CancelAudit>(goods::cancel_audit)
        .on::<of_goods::GetAuditQuota>(goods::quota)
        .on::<of_goods::UpdateStock>(goods::update_stock)
        .on::<of_goods::GetStock>(goods::stock)
        .on::<of_goods::Precheck>(category::precheck)
        .says("/channels/ec/product/auditstrategy/get", strategy::read)
        .raw("/channels/ec/product/auditstrategy/set", strategy::set)
        .says(
            "/channels/ec/product/productbrandrecommend",
            merchant::recommend,
        )
        .says(
            "/channels/ec/category/get_category_relation_detail",
            category::relation,
        )
        .raw(of_merchant::PAPER_PATH, opening::upload)
        .says(of_category::APPLY_PATH, opening::apply)
        .says("/channels/ec/category/audit/cancel", opening::withdraw)
        .says(of_category::FLOWS_PATH, opening::flows)
        .says("/channels/ec/category/getbizcatflowdetail", opening::flow)
        .says(of_merchant::ADD_BRAND_PATH, opening::add_brand)
        .says(of_merchant::UPDATE_BRAND_PATH, opening::update_brand)
        .says("/channels/ec/brand/audit/cancel", opening::withdraw_brand)
        .says("/channels/ec/brand/get", opening::show_brand)
        .says("/channels/ec/brand/all", merchant::library)
        .says("/channels/ec/basics/addresscode/get", merchant::places)
        .says("/channels/ec/brand/delete", opening::delete_brand)
        .says(of_merchant::ADD_ADDRESS_PATH, opening::add_address)
        .says(
            "/channels/ec/merchant/address/update",
            opening::update_address,
        )
        .says(
            "/channels/ec/merchant/address/delete",
            opening::delete_address,
        )
        .says(of_merchant::ADD_TEMPLATE_PATH, opening::add_template)
        .says(
            "/channels/ec/merchant/updatefreighttemplate",
            opening::update_template,
        )
        .says(of_goods::ADD_SALE_PATH, sale::add)
        .says(of_goods::UPDATE_SALE_PATH, sale::update)
        .says(of_goods::LIST_SALES_PATH, sale::list)
        .says(of_goods::STOP_SALE_PATH, sale::stop)
        .says(of_goods::DELETE_SALE_PATH, sale::delete)
        .says(of_goods::RESTRICTED_PATH, sale::restricted)
}

/// A page by `next_key`: the key names where it goes on and for what, and is refused for anything else.
pub struct Page {
    pub skip: u32,
    pub size: u32,
}

impl Page {
    /// `what` is every other parameter of the call.
    pub fn read(key: &str, size: i64, most: i64, what: &str) -> Result<Page, Refusal> {
        if !(1..=most).contains(&size) {
            return Err(Refusal::new(
                40097,
                format!("invalid args: page_size must be 1 to {most}"),
            ));
        }
        let skip = match key {
            "" => 0,
            key => {
                let (skip, of) = key.split_once('-').unwrap_or(("", ""));
                let skip = u32::from_str_radix(skip, 16).ok().filter(|skip| *skip > 0);
                skip.filter(|_| of == mark(what, size))
                    .ok_or_else(|| Refusal::new(606_006, "next_key does not fit the parameters"))?
            }
        };
        Ok(Page {
            skip,
            size: u32::try_from(size).unwrap_or(1),
        })
    }

    /// The key of the page after this one; empty at the end.
    pub fn next(&self, came: usize, total: u64, what: &str) -> String {
        let after = self.skip + u32::try_from(came).unwrap_or(0);
        if u64::from(after) < total && came > 0 {
            format!("{after:x}-{}", mark(what, i64::from(self.size)))
        } else {
            String::new()
        }
    }
}

fn mark(what: &str, size: i64) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(format!("{what} {size}").as_bytes())
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The part of a list between offset and limit.
pub fn part<T: Clone>(all: &[T], offset: i64, limit: i64) -> Result<Vec<T>, Refusal> {
    match (usize::try_from(offset), usize::try_from(limit)) {
        (Ok(offset), Ok(limit @ 1..)) => Ok(all.iter().skip(offset).take(limit).cloned().collect()),
        _ => Err(Refusal::new(
            40097,
            "invalid args: offset begins with 0 and limit with 1",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_for_the_parameters_it_was_made_for() {
        let first = Page::read("", 10, 30, "status 5").expect("the first page");
        let key = first.next(10, 25, "status 5");
        let second = Page::read(&key, 10, 30, "status 5").expect("the second page");
        assert_eq!(second.skip, 10);
        for (key, size, what) in [
            (key.as_str(), 20, "status 5"),
            (key.as_str(), 10, "status 11"),
            ("abc", 10, "status 5"),
            ("5-x", 10, "status 5"),
        ] {
            assert!(
                Page::read(key, size, 30, what).is_err(),
                "{key} {size} {what}"
            );
        }
        assert!(Page::read("", 31, 30, "").is_err());
        assert_eq!(second.next(5, 15, "status 5"), "");
    }
}
