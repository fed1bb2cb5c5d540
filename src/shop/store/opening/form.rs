//! What a person answers about categories, brands, addresses and freight templates, as the file of an application has it.

use super::plan::Fields;
use crate::api::store::merchant::DispatchTime;
use crate::api::store::opening as wire;
use crate::types::Fen;
use serde::Serialize;
use serde_json::Value;

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
    let group = |one: &License| wire::LicenseGroup {
        license_group_id: one.group.clone(),
        license: wire::License {
            license_id: one.license.clone(),
            file_id_list: one.files.clone(),
            license_field_list: vec![wire::LicenseField {
                key: wire::LICENSE_NUMBER,
                value: one.number.clone(),
            }],
        },
    };
    fields(&wire::Licenses {
        license_group_list: groups.iter().map(group).collect(),
    })
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
        let mut brand = wire::Brand {
            brand_id: self.brand,
            trade_mark_symbol: 1,
            classification_no: self.class,
            grant_type: 1,
            ch_name: self.name,
            ..wire::Brand::default()
        };
        match self.trademark {
            Trademark::Registered {
                owner,
                number,
                term,
                certificate,
            } => {
                brand.register_details = Some(wire::Registration {
                    registrant: owner,
                    register_no: number,
                    term: lasts(term),
                    register_certifications: [certificate],
                });
            }
            Trademark::Pending {
                number,
                accepted_at,
                receipt,
            } => {
                brand.trade_mark_symbol = 2;
                brand.application_details = Some(wire::Application {
                    acceptance_no: number,
                    acceptance_time: accepted_at,
                    acceptance_certification: [receipt],
                });
            }
        }
        if let Some(grant) = self.grant {
            brand.grant_type = 2;
            brand.grant_details = Some(wire::Grant {
                grant_level: 1,
                term: lasts(grant.term),
                grant_certifications: [grant.authorization],
            });
        }
        fields(&brand)
    }
}

fn lasts(term: Option<Term>) -> wire::Term {
    wire::Term {
        is_permanent: term.is_none(),
        start_time: term.map(|term| term.start),
        end_time: term.map(|term| term.end),
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
        fields(&wire::Address {
            name: self.name,
            send_addr: true,
            recv_addr: true,
            default_recv: self.is_default,
            address_info: wire::Place {
                user_name: Some(self.person),
                tel_number: Some(self.phone),
                detail_info: Some(self.street),
                ..place(self.place)
            },
        })
    }
}

fn place([province, city, district]: Place) -> wire::Place {
    wire::Place {
        province_name: province,
        city_name: city,
        county_name: district,
        ..wire::Place::default()
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
        let (unit, rates) = match self.charge {
            Charge::Nothing => ("PIECE", None),
            Charge::ByPiece(rates) => ("PIECE", Some(rates)),
            Charge::ByWeight(rates) => ("WEIGHT", Some(rates)),
        };
        let charge = |rates: Rates| wire::Charge {
            address_info: [],
            is_default: true,
            first_val_amount: rates.first,
            first_price: rates.first_price,
            second_val_amount: rates.further,
            second_price: rates.further_price,
        };
        fields(&wire::Template {
            name: self.name,
            valuation_type: unit,
            send_time: self.dispatch,
            delivery_type: "EXPRESS",
            shipping_method: if rates.is_none() { "FREE" } else { "NO_FREE" },
            is_default: false,
            address_info: place(self.place),
            all_freight_calc_method: rates.map(|rates| wire::Charges {
                freight_calc_method_list: [charge(rates)],
            }),
        })
    }
}

fn fields(given: &impl Serialize) -> Fields {
    match serde_json::to_value(given) {
        Ok(Value::Object(fields)) => fields,
        _ => Fields::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation::sample::requested;
    use crate::shop::pass_through::merchant::{ADDRESS, BRAND, CATEGORY, FREIGHT};
    use serde_json::json;

    fn at() -> Place {
        ["浙江省", "杭州市", "西湖区"].map(str::to_owned)
    }

    #[test]
    fn an_application_has_the_fields_of_its_calls() {
        let term = Some(Term { start: 1, end: 2 });
        let licenses = licenses(&[License {
            group: "1".into(),
            license: "2".into(),
            files: vec!["F1".into()],
            number: "SC1".into(),
        }]);
        let licenses = requested(CATEGORY.path, "category_info", licenses.into());
        let stands = &licenses["license_group_list"][0]["license"]["license_field_list"];
        assert_eq!(
            stands,
            &json!([{"key": "audit_license_no", "value": "SC1"}])
        );
        let brand = |trademark, grant| {
            let papers = BrandPapers {
                brand: "7".into(),
                name: "茶".into(),
                class: "30".into(),
                trademark,
                grant,
            };
            requested(BRAND.path, "brand", papers.fields().into())
        };
        let registered = Trademark::Registered {
            owner: "茶厂".into(),
            number: "9".into(),
            term,
            certificate: "F2".into(),
        };
        let grant = Grant {
            term: None,
            authorization: "F3".into(),
        };
        let licensed = brand(registered, Some(grant));
        assert_eq!(
            licensed["register_details"],
            json!({"registrant": "茶厂", "register_no": "9", "is_permanent": false, "start_time": 1, "end_time": 2,
                "register_certifications": ["F2"]})
        );
        assert_eq!(licensed["grant_details"]["is_permanent"], true);
        assert_eq!(
            (&licensed["trade_mark_symbol"], &licensed["grant_type"]),
            (&json!(1), &json!(2))
        );
        let pending = Trademark::Pending {
            number: "9".into(),
            accepted_at: 5,
            receipt: "F4".into(),
        };
        let own = brand(pending, None);
        assert_eq!(
            (&own["trade_mark_symbol"], &own["grant_type"]),
            (&json!(2), &json!(1))
        );
        let address = NewAddress {
            name: "仓".into(),
            person: "李".into(),
            phone: "13800000000".into(),
            place: at(),
            street: "1 号".into(),
            is_default: true,
        };
        requested(ADDRESS.path, "address_detail", address.fields().into());
        let rates = Rates {
            first: 1,
            first_price: Fen(800),
            further: 1,
            further_price: Fen(200),
        };
        for charge in [Charge::Nothing, Charge::ByWeight(rates)] {
            let template = NewTemplate {
                name: "快递".into(),
                place: at(),
                dispatch: DispatchTime::Within48Hours,
                charge,
            };
            requested(FREIGHT.path, "freight_template", template.fields().into());
        }
    }
}
