//! What an application of a store sends: licenses of categories, papers of brands, addresses and freight templates. A
//! file that a person writes holds the same fields.

use super::Id;
use super::merchant::DispatchTime;
use crate::types::Fen;
use serde::Serialize;

/// `category_info`, beside the category itself.
#[derive(Debug, Clone, Serialize)]
pub struct Licenses {
    pub license_group_list: Vec<LicenseGroup>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LicenseGroup {
    pub license_group_id: String,
    pub license: License,
}

#[derive(Debug, Clone, Serialize)]
pub struct License {
    pub license_id: String,
    pub file_id_list: Vec<String>,
    pub license_field_list: Vec<LicenseField>,
}

#[derive(Debug, Clone, Serialize)]
pub struct LicenseField {
    pub key: &'static str,
    pub value: String,
}

/// The number that stands on a license.
pub const LICENSE_NUMBER: &str = "audit_license_no";

/// The category of an application, level by level.
#[derive(Debug, Clone, Serialize)]
pub struct Level<'a> {
    pub cat_id: &'a Id,
}

/// `brand`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Brand {
    pub brand_id: String,
    /// 1 registered, 2 pending.
    pub trade_mark_symbol: u8,
    /// Nice class.
    pub classification_no: String,
    /// 1 the store's own, 2 licensed.
    pub grant_type: u8,
    pub ch_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_details: Option<Registration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_details: Option<Application>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_details: Option<Grant>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Registration {
    pub registrant: String,
    pub register_no: String,
    #[serde(flatten)]
    pub term: Term,
    pub register_certifications: [String; 1],
}

#[derive(Debug, Clone, Serialize)]
pub struct Application {
    pub acceptance_no: String,
    /// Unix seconds.
    pub acceptance_time: i64,
    pub acceptance_certification: [String; 1],
}

#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// 1: by the owner itself.
    pub grant_level: u8,
    #[serde(flatten)]
    pub term: Term,
    pub grant_certifications: [String; 1],
}

/// How long a document is valid, in unix seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Term {
    pub is_permanent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
}

/// `address_detail`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Address {
    pub name: String,
    pub send_addr: bool,
    pub recv_addr: bool,
    pub default_recv: bool,
    pub address_info: Place,
}

/// A place, with whom to find there where that is said.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tel_number: Option<String>,
    pub province_name: String,
    pub city_name: String,
    pub county_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_info: Option<String>,
}

/// `freight_template`.
#[derive(Debug, Clone, Serialize)]
pub struct Template {
    pub name: String,
    /// `PIECE` or `WEIGHT`.
    pub valuation_type: &'static str,
    pub send_time: DispatchTime,
    pub delivery_type: &'static str,
    /// `FREE` or `NO_FREE`.
    pub shipping_method: &'static str,
    pub is_default: bool,
    pub address_info: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all_freight_calc_method: Option<Charges>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Charges {
    pub freight_calc_method_list: [Charge; 1],
}

/// What shipping costs to some places; to all of them where none is named.
#[derive(Debug, Clone, Serialize)]
pub struct Charge {
    pub address_info: [Place; 0],
    pub is_default: bool,
    /// Pieces or kilograms.
    pub first_val_amount: u32,
    pub first_price: Fen,
    pub second_val_amount: u32,
    pub second_price: Fen,
}
