//! A parcel of an order: who carries it and under which waybill.

use serde::{Serialize, Serializer};

/// A parcel that the platform has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Parcel {
    /// The carrier's code, as `delivery companies` lists it.
    pub carrier: String,
    pub waybill: String,
}

/// The parcels of an order, as far as they could be read. Which it is decides about refunds and about what is sent
/// again, so that "none" and "cannot be told" are two things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parcels {
    Known(Vec<Parcel>),
    /// The platform sent something that is no list of parcels.
    Unreadable,
}

impl std::fmt::Display for Parcel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.carrier, self.waybill)
    }
}

impl std::fmt::Display for Parcels {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parcels: Vec<String> = self.known().iter().map(Parcel::to_string).collect();
        out.write_str(&parcels.join(", "))
    }
}

crate::types::shape::printed_as!(Parcels => Option<Vec<Parcel>>);

/// In machine output a list; null where it cannot be told.
impl Serialize for Parcels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Parcels::Known(parcels) => parcels.serialize(serializer),
            Parcels::Unreadable => serializer.serialize_none(),
        }
    }
}

impl Parcels {
    /// Those that were read.
    pub fn known(&self) -> &[Parcel] {
        match self {
            Parcels::Known(parcels) => parcels,
            Parcels::Unreadable => &[],
        }
    }

    /// Whether this waybill of this carrier is there.
    pub fn have(&self, carrier: &str, waybill: &str) -> bool {
        self.known()
            .iter()
            .any(|parcel| parcel.carrier == carrier && parcel.waybill == waybill)
    }
}
