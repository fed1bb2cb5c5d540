//! The custom trade component: `/shop/*`, as documented on 18 March 2022.

pub mod account;
pub mod aftersale;
pub mod brand;
pub mod category;
pub mod coupon;
pub mod dispute;
pub mod funds;
pub mod goods;
pub mod image;
pub mod order;
pub mod staff;

/// Whether a path is one of the component alone.
pub fn is_of_component(path: &str) -> bool {
    path.starts_with("/shop/") && !crate::api::store::is_of_store(path)
}
