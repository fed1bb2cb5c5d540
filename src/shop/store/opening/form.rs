//! What a person answers about categories, brands, addresses and freight templates, as the file of an application has it.

use super::plan::Fields;
use crate::api::store::merchant::DispatchTime;
use crate::types::Fen;
use serde_json::{Value, json};

/// One license of an application for a category.
#[derive(Debug)]
pub struct License {
    /// Numbers as the console names them for the category.
    pub group: String,
    pub license: String,
    /// Files of its pages.
    pub files: Vec<String>,
    /// The number that stands on it.
    pub number: String,
}

/// An application for a category with these licenses.
pub fn licenses(groups: &[License]) -> Fields {
    let groups: Vec<Value> = groups
        .iter()
        .map(|one| {
            json!({
                "license_group_id": one.group,
                "license": {
                    "license_id": one.license,
                    "file_id_list": one.files,
                    "license_field_list": [{"key": "audit_license_no", "value": one.number}],
                },
            })
        })
        .collect();
    fields(json!({"license_group_list": groups}))
}

/// How long a document is valid, in unix seconds; without one it has no end.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    pub start: i64,
    pub end: i64,
}

#[derive(Debug)]
pub enum Trademark {
    Registered {
        owner: String,
        number: String,
        term: Option<Term>,
        certificate: String,
    },
    Pending {
        number: String,
        /// Unix seconds.
        accepted_at: i64,
        receipt: String,
    },
}

/// What a licensed brand is used by.
#[derive(Debug)]
pub struct Grant {
    pub term: Option<Term>,
    pub authorization: String,
}

/// An application for a brand.
#[derive(Debug)]
pub struct BrandPapers {
    /// Number in WeChat's library.
    pub brand: String,
    pub name: String,
    /// Nice class, 1 to 45.
    pub class: String,
    pub trademark: Trademark,
    /// `None`: the brand is the store's own.
    pub grant: Option<Grant>,
}

impl BrandPapers {
    pub fn fields(self) -> Fields {
        let is_pending = matches!(self.trademark, Trademark::Pending { .. });
        let mut papers = fields(json!({
            "brand_id": self.brand,
            "trade_mark_symbol": if is_pending { 2 } else { 1 },
            "classification_no": self.class,
            "grant_type": if self.grant.is_some() { 2 } else { 1 },
            "ch_name": self.name,
        }));
        match self.trademark {
            Trademark::Registered {
                owner,
                number,
                term,
                certificate,
            } => {
                let mut details = fields(json!({"registrant": owner, "register_no": number}));
                lasts(&mut details, term);
                details.insert("register_certifications".into(), json!([certificate]));
                papers.insert("register_details".into(), details.into());
            }
            Trademark::Pending {
                number,
                accepted_at,
                receipt,
            } => {
                let details = json!({
                    "acceptance_no": number,
                    "acceptance_time": accepted_at,
                    "acceptance_certification": [receipt],
                });
                papers.insert("application_details".into(), details);
            }
        }
        if let Some(grant) = self.grant {
            let mut details = fields(json!({"grant_level": 1}));
            lasts(&mut details, grant.term);
            details.insert("grant_certifications".into(), json!([grant.authorization]));
            papers.insert("grant_details".into(), details.into());
        }
        papers
    }
}

fn lasts(details: &mut Fields, term: Option<Term>) {
    details.insert("is_permanent".into(), term.is_none().into());
    if let Some(term) = term {
        details.insert("start_time".into(), term.start.into());
        details.insert("end_time".into(), term.end.into());
    }
}

/// Province, city and district, as `address places` names them.
pub type Place = [String; 3];

#[derive(Debug)]
pub struct NewAddress {
    /// For the store's own use.
    pub name: String,
    pub person: String,
    pub phone: String,
    pub place: Place,
    pub street: String,
    /// Whether returns go there unless a product says otherwise.
    pub is_default: bool,
}

impl NewAddress {
    pub fn fields(self) -> Fields {
        let [province, city, district] = self.place;
        fields(json!({
            "name": self.name, "send_addr": true, "recv_addr": true, "default_recv": self.is_default,
            "address_info": {
                "user_name": self.person, "tel_number": self.phone, "province_name": province, "city_name": city,
                "county_name": district, "detail_info": self.street,
            },
        }))
    }
}

/// What buyers pay for shipping.
#[derive(Debug)]
pub enum Charge {
    Nothing,
    ByPiece(Rates),
    ByWeight(Rates),
}

/// Pieces or kilograms, and what they cost.
#[derive(Debug)]
pub struct Rates {
    pub first: u32,
    pub first_price: Fen,
    pub further: u32,
    pub further_price: Fen,
}

#[derive(Debug)]
pub struct NewTemplate {
    pub name: String,
    pub place: Place,
    pub dispatch: DispatchTime,
    pub charge: Charge,
}

impl NewTemplate {
    pub fn fields(self) -> Fields {
        let [province, city, district] = self.place;
        let (unit, rates) = match self.charge {
            Charge::Nothing => ("PIECE", None),
            Charge::ByPiece(rates) => ("PIECE", Some(rates)),
            Charge::ByWeight(rates) => ("WEIGHT", Some(rates)),
        };
        let mut template = fields(json!({
            "name": self.name,
            "valuation_type": unit,
            "send_time": self.dispatch,
            "delivery_type": "EXPRESS",
            "shipping_method": if rates.is_none() { "FREE" } else { "NO_FREE" },
            "is_default": false,
            "address_info": {"province_name": province, "city_name": city, "county_name": district},
        }));
        if let Some(rates) = rates {
            let charges = json!({"freight_calc_method_list": [{
                "address_info": [], "is_default": true,
                "first_val_amount": rates.first, "first_price": rates.first_price,
                "second_val_amount": rates.further, "second_price": rates.further_price,
            }]});
            template.insert("all_freight_calc_method".into(), charges);
        }
        template
    }
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}
