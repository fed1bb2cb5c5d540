//! Products in the form of the API: JSON documents, prices in fen.

use super::cells::{Fault, Value, cleared};
use super::fields::{Field, SKU_FIELDS, Shape};
use super::rows::{Payload, Values, sku_slot};
use crate::api::component::goods::SkuAttr;
use crate::bulk::number;
use crate::bulk::source::CellKind;
use crate::text;
use crate::types::Fen;
use serde_json::{Map, Value as Json};

/// A document that was read: its values, which fields each SKU gives, and what is wrong in it.
#[derive(Default)]
pub struct Document {
    pub values: Values,
    /// Bits of the fields of the product, then with those of each SKU.
    pub touched: u64,
    pub sku_touched: Vec<u64>,
    /// The path of the field in the document, and the fault.
    pub faults: Vec<(String, Field, Fault)>,
}

/// Reads one document. `called` is what messages call a field; `vet` checks each value and may change it.
pub fn read<T: Payload>(
    text: &str,
    called: &dyn Fn(Field) -> &'static str,
    vet: &mut dyn FnMut(Field, &str, &mut Value) -> Result<(), Fault>,
) -> Result<Document, Fault> {
    let json: Json = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    if let Some(name) = repeated_key(text) {
        return Err(
            Fault::new(text!("the field \"{name}\" appears twice", name))
                .hint(text!("keep the right one")),
        );
    }
    let Json::Object(object) = json else {
        return Err(Fault::new(text!("each product must be a JSON object")));
    };
    let mut reader = Reader::<T> {
        document: Document::default(),
        called,
        vet,
        payload: std::marker::PhantomData,
    };
    for (name, json) in object {
        match (name.as_str(), json) {
            // Left there by a file of failed products.
            ("reason", _) => {}
            ("skus", Json::Array(skus)) => skus
                .into_iter()
                .enumerate()
                .for_each(|(place, sku)| reader.sku(place, sku)),
            ("skus", Json::Null) => {}
            ("desc_info", Json::Null) if T::takes(Field::Desc) => {
                reader.product("desc_info".into(), Field::Desc, Json::Null);
                reader.product("desc_info".into(), Field::DescImgs, Json::Null);
            }
            ("skus", _) => reader.fault(
                "skus".into(),
                Field::OutSkuId,
                Fault::new(text!("skus must be a list in brackets")),
            ),
            ("desc_info", Json::Object(desc)) if T::takes(Field::Desc) => reader.desc_info(desc),
            (_, json) => match Field::named(&name)
                .filter(|field| field.of_product() && field.twin() != Some(Field::ExpressFee))
            {
                Some(field)
                    if T::takes(field) && !matches!(field, Field::Desc | Field::DescImgs) =>
                {
                    reader.product(name, field, json)
                }
                _ => reader.unknown(name, Field::OutProductId),
            },
        }
    }
    Ok(reader.document)
}

/// What keeps a document from being read, without the line, which is that of the document.
fn not_json(text: &str, error: &serde_json::Error) -> Fault {
    let whole = error.to_string();
    let why = whole.split(" at line ").next().unwrap_or(&whole).to_owned();
    let mut fault = Fault::new(text!(
        "not JSON: {why} (column {column})",
        why,
        column = error.column()
    ));
    if error.is_eof() {
        fault.is_open = true;
        return fault.hint(text!(
            "write each product on one line; for products over several lines use the extension .json"
        ));
    }
    if text.trim_end().ends_with(',') {
        return fault.hint(text!("remove the comma at the end of the line"));
    }
    fault
}

/// A key that stands twice in one object of a sound document: of two values only one would be read.
fn repeated_key(text: &str) -> Option<String> {
    struct Found<'a>(&'a mut Option<String>);

    impl<'de> serde::de::DeserializeSeed<'de> for Found<'_> {
        type Value = ();
        fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
            json.deserialize_any(self)
        }
    }

    impl<'de> serde::de::Visitor<'de> for Found<'_> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }
        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while items.next_element_seed(Found(self.0))?.is_some() {}
            Ok(())
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let mut keys: Vec<String> = Vec::new();
            while let Some(key) = map.next_key::<String>()? {
                if keys.contains(&key) {
                    self.0.get_or_insert_with(|| key.clone());
                }
                keys.push(key);
                map.next_value_seed(Found(self.0))?;
            }
            Ok(())
        }
    }

    let mut found = None;
    let mut json = serde_json::Deserializer::from_str(text);
    // The document was read before, so that it is sound.
    let _ = serde::de::DeserializeSeed::deserialize(Found(&mut found), &mut json);
    found
}

struct Reader<'a, T> {
    document: Document,
    called: &'a dyn Fn(Field) -> &'static str,
    vet: &'a mut dyn FnMut(Field, &str, &mut Value) -> Result<(), Fault>,
    payload: std::marker::PhantomData<T>,
}

impl<T: Payload> Reader<'_, T> {
    fn fault(&mut self, path: String, field: Field, fault: Fault) {
        self.document.faults.push((path, field, fault));
    }

    fn unknown(&mut self, path: String, near: Field) {
        let fault = Fault::new(text!("the field \"{path}\" is unknown", path = &path));
        let last = path.rsplit('.').next().unwrap_or_default();
        let fault = match Field::nearest(last).filter(|nearest| *nearest != last) {
            Some(nearest) => fault.hint(text!("did you mean {nearest}?", nearest)),
            None => fault.hint(text!(
                "JSON files use the API's field names; remove this field"
            )),
        };
        self.fault(path, near, fault);
    }

    /// A checked value; `None` for an empty one and for one with a fault, which is noted.
    fn value(&mut self, path: &str, field: Field, json: Json) -> Option<Value> {
        let name = (self.called)(field);
        match read_value(field, name, json) {
            Ok(None) => None,
            Ok(Some(mut value)) => match (self.vet)(field, name, &mut value) {
                Ok(()) => Some(value),
                Err(fault) => {
                    self.fault(path.to_owned(), field, fault);
                    None
                }
            },
            Err(fault) => {
                self.fault(path.to_owned(), field, fault);
                None
            }
        }
    }

    fn product(&mut self, path: String, field: Field, json: Json) {
        self.document.touched |= field.bit();
        match self.value(&path, field, json) {
            Some(Value::Text(id)) if field == Field::OutProductId => self.document.values.id = id,
            value => self.document.values.product[field as usize] = value,
        }
    }

    fn desc_info(&mut self, desc: Map<String, Json>) {
        for (name, json) in desc {
            let path = format!("desc_info.{name}");
            match (name.as_str(), json) {
                ("desc", json) => self.product(path, Field::Desc, json),
                ("imgs", json) => self.product(path, Field::DescImgs, json),
                _ => self.unknown(path, Field::Desc),
            }
        }
    }

    fn sku(&mut self, place: usize, json: Json) {
        let Json::Object(object) = json else {
            return self.fault(
                format!("skus[{place}]"),
                Field::OutSkuId,
                Fault::new(text!("each SKU must be a JSON object")),
            );
        };
        let mut sku: [Option<Value>; SKU_FIELDS] = Default::default();
        let mut touched = 0;
        for (name, json) in object {
            let path = format!("skus[{place}].{name}");
            match Field::named(&name) {
                // Repeated in every SKU by the API; the product says it once.
                Some(Field::OutProductId) => {}
                Some(field)
                    if !field.of_product()
                        && field.target() == field
                        && T::takes(field)
                        && field.shape() != Shape::Ignored =>
                {
                    let before = self.document.faults.len();
                    let value = self.value(&path, field, json);
                    if value.is_some() || self.document.faults.len() > before {
                        touched |= field.bit();
                    }
                    sku[sku_slot(field)] = value;
                }
                _ => self.unknown(path, Field::OutSkuId),
            }
        }
        self.document.values.skus.push(sku);
        self.document.sku_touched.push(touched);
    }
}

fn read_value(field: Field, name: &str, json: Json) -> Result<Option<Value>, Fault> {
    if json.is_null() {
        return cleared(field, name).map(Some);
    }
    let value = match field.shape() {
        Shape::Id => {
            let id = string(name, json)?;
            // JSON is taken as it is written, but for what nobody can see in it.
            number::read(&number::quoted(&id), CellKind::Text)?;
            Value::Text(id)
        }
        Shape::Line | Shape::Words => Value::Text(string(name, json)?),
        Shape::Image => Value::List(
            Some(string(name, json)?)
                .filter(|image| !image.is_empty())
                .into_iter()
                .collect(),
        ),
        Shape::Images | Shape::Lines => Value::List(
            list(name, json)?
                .into_iter()
                .map(|item| string(name, item))
                .collect::<Result<_, _>>()?,
        ),
        Shape::Yuan | Shape::Fen => Value::Fen(Fen(whole(name, &json).map_err(|fault| {
            fault.hint(text!("in JSON, prices are in fen: 12.50 yuan is 1250"))
        })?)),
        Shape::Whole => Value::Whole(whole(name, &json)?),
        Shape::Wholes => Value::Wholes(
            list(name, json)?
                .iter()
                .map(|item| whole(name, item))
                .collect::<Result<_, _>>()?,
        ),
        Shape::Attrs => Value::Attrs(attrs(name, json)?),
        Shape::Ignored => return Ok(None),
    };
    let empty = match &value {
        Value::Text(text) => text.trim().is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Wholes(list) => list.is_empty(),
        Value::Attrs(list) => list.is_empty(),
        Value::Whole(_) | Value::Fen(_) | Value::Clear => false,
    };
    if empty {
        return Err(Fault::new(text!("{name} is empty", name)).hint(text!(
            "leave the field out to keep what the shop has, or write null to empty it"
        )));
    }
    Ok(Some(value))
}

fn string(name: &str, json: Json) -> Result<String, Fault> {
    match json {
        Json::String(text) => Ok(text),
        _ => Err(Fault::new(text!("{name} must be text in quotes", name))),
    }
}

fn list(name: &str, json: Json) -> Result<Vec<Json>, Fault> {
    match json {
        Json::Array(items) => Ok(items),
        _ => Err(Fault::new(text!("{name} must be a list in brackets", name))),
    }
}

fn whole(name: &str, json: &Json) -> Result<i64, Fault> {
    json.as_i64()
        .ok_or_else(|| Fault::new(text!("{name} must be a whole number without quotes", name)))
}

fn attrs(name: &str, json: Json) -> Result<Vec<SkuAttr>, Fault> {
    let mut attrs: Vec<SkuAttr> = Vec::new();
    for item in list(name, json)? {
        let attr: SkuAttr = serde_json::from_value(item).map_err(|_| {
            Fault::new(text!(
                "an attribute must be an object with attr_key and attr_value"
            ))
        })?;
        if attr.attr_key.is_empty() || attr.attr_value.is_empty() {
            return Err(Fault::new(text!("an attribute needs a name and a value")));
        }
        if attrs.iter().any(|known| known.attr_key == attr.attr_key) {
            return Err(Fault::new(text!(
                "attribute \"{key}\" appears twice",
                key = attr.attr_key
            )));
        }
        attrs.push(attr);
    }
    Ok(attrs)
}
