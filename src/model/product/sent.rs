//! What a product was when it was sent last, in few bytes: enough to see which field somebody else has changed since, to
//! keep what the shop never shows, and to hold a new price against the last one without asking the shop.

use super::{Change, Comparable, Comparison, Draft, Field, Product, Sku, UNSEEN};
use crate::types::Fen;
use bytes::{Buf, BufMut};

/// The first byte; another one is of another version, and counts as nothing known.
const VERSION: u8 = 1;
const SEEN: [Field; 10] = [
    Field::Title,
    Field::Path,
    Field::DirectPath,
    Field::HeadImages,
    Field::Description,
    Field::DescriptionImages,
    Field::Category,
    Field::Brand,
    Field::Version,
    Field::Permits,
];
const OF_SKU: [Field; 5] = [
    Field::ListPrice,
    Field::Image,
    Field::Code,
    Field::Barcode,
    Field::Attributes,
];
/// The bit that says that the fields which the shop never shows are known.
const UNSEEN_KNOWN: u16 = 1 << 15;

/// A digest of each field as it was sent last, where it is known, and the prices themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sent {
    seen: [Option<u32>; SEEN.len()],
    /// Empty where nothing was sent; `None` where nobody knows.
    unseen: Option<[String; UNSEEN]>,
    skus: Vec<SentSku>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct SentSku {
    /// Of its number.
    id: u32,
    price: Option<Fen>,
    fields: [Option<u32>; OF_SKU.len()],
}

/// The digest of a text, as it is remembered.
pub fn of_text(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// The digest of a list of texts.
pub fn of_list<'a>(items: impl IntoIterator<Item = &'a str>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for item in items {
        hasher.update(item.as_bytes());
        hasher.update(&[0]);
    }
    hasher.finalize()
}

/// The digest of a number.
pub fn of_number(number: u64) -> u32 {
    crc32fast::hash(&number.to_le_bytes())
}

fn product_digest(product: &Product, field: Field) -> u32 {
    match field {
        Field::Title => product.title.digest(),
        Field::Path => product.path.digest(),
        Field::DirectPath => product.direct_path.digest(),
        Field::HeadImages => product.head_images.digest(),
        Field::Description => product.description.digest(),
        Field::DescriptionImages => product.description_images.digest(),
        Field::Category => product.category.digest(),
        Field::Brand => product.brand.digest(),
        Field::Version => product.version.digest(),
        _ => product.permits.digest(),
    }
}

fn sku_digest(sku: &Sku, field: Field) -> u32 {
    match field {
        Field::ListPrice => sku.list_price.digest(),
        Field::Image => sku.image.digest(),
        Field::Code => sku.code.digest(),
        Field::Barcode => sku.barcode.digest(),
        _ => sku.attributes.digest(),
    }
}

fn is_given(draft: &Draft, field: Field) -> bool {
    match field {
        Field::Title => draft.title.is_given(),
        Field::Path => draft.path.is_given(),
        Field::DirectPath => draft.direct_path.is_given(),
        Field::HeadImages => draft.head_images.is_given(),
        Field::Description => draft.description.is_given(),
        Field::DescriptionImages => draft.description_images.is_given(),
        Field::Category => draft.category.is_given(),
        Field::Brand => draft.brand.is_given(),
        Field::Version => draft.version.is_given(),
        _ => draft.permits.is_given(),
    }
}

impl Sent {
    /// Of a product that was added: every field is ours.
    pub fn of_new(product: &Product, unseen: &[String; UNSEEN]) -> Sent {
        Sent {
            seen: SEEN.map(|field| Some(product_digest(product, field))),
            unseen: Some(unseen.clone()),
            skus: product
                .skus
                .iter()
                .map(|sku| SentSku {
                    id: of_text(&sku.id),
                    price: Some(sku.price),
                    fields: OF_SKU.map(|field| Some(sku_digest(sku, field))),
                })
                .collect(),
        }
    }

    /// After a product was changed, or found to be as it is wanted: what the draft gives is known now, the rest as it
    /// was before. `arrived` says which fields reached the shop.
    pub fn after(
        before: Option<&Sent>,
        draft: &Draft,
        comparison: &Comparison,
        whole_draft_sent: bool,
        arrived: impl Fn(Field) -> bool,
    ) -> Sent {
        let mut sent = before.cloned().unwrap_or_default();
        let merged = &comparison.merged;
        let is_ours = |field: Field, sku: Option<&str>| {
            arrived(field)
                && !comparison
                    .kept
                    .iter()
                    .any(|(kept, of)| *kept == field && of.as_deref() == sku)
        };
        // What follows another field was sent by us, too.
        let changed = |field: Field, sku: Option<&str>| {
            let is_it = |change: &Change| change.field == field && change.sku.as_deref() == sku;
            comparison.changes.iter().any(is_it)
        };
        for (place, field) in SEEN.into_iter().enumerate() {
            if is_given(draft, field) && is_ours(field, None) {
                sent.seen[place] = Some(product_digest(merged, field));
            }
        }
        if whole_draft_sent {
            sent.unseen = Some(comparison.unseen.clone());
        }
        let mut skus = Vec::with_capacity(merged.skus.len());
        for sku in &merged.skus {
            let number = Some(sku.id.as_str());
            let id = of_text(&sku.id);
            let known = sent.skus.iter().find(|known| known.id == id);
            let mut known = known.cloned().unwrap_or_default();
            known.id = id;
            let given = draft.skus.iter().find(|given| given.id == sku.id);
            let is_new = changed(Field::Sku, number);
            let says = |field: Field| {
                given.is_some_and(|given| match field {
                    Field::Price => given.price.is_given(),
                    Field::ListPrice => given.list_price.is_given(),
                    Field::Image => given.image.is_given(),
                    Field::Code => given.code.is_given(),
                    Field::Barcode => given.barcode.is_given(),
                    _ => given.attributes.is_given(),
                })
            };
            let is_sent = |field: Field| {
                (is_new || says(field) || changed(field, number)) && is_ours(field, number)
            };
            if is_sent(Field::Price) {
                known.price = Some(sku.price);
            }
            for (place, field) in OF_SKU.into_iter().enumerate() {
                if is_sent(field) {
                    known.fields[place] = Some(sku_digest(sku, field));
                }
            }
            skus.push(known);
        }
        sent.skus = skus;
        sent
    }

    /// The digest of a product's field as it was sent last.
    pub(super) fn seen(&self, field: Field) -> Option<u32> {
        let place = SEEN.iter().position(|known| *known == field)?;
        self.seen[place]
    }

    /// The digest of a SKU's field as it was sent last.
    pub(super) fn of_sku(&self, sku: &str, field: Field) -> Option<u32> {
        let id = of_text(sku);
        let known = self.skus.iter().find(|known| known.id == id)?;
        match field {
            Field::Price => known.price.map(|price| price.digest()),
            field => known.fields[OF_SKU.iter().position(|known| *known == field)?],
        }
    }

    /// What was sent last of the fields that the shop never shows; `None` where nobody knows.
    pub fn unseen(&self) -> Option<&[String; UNSEEN]> {
        self.unseen.as_ref()
    }

    /// The price of a SKU as it was sent last.
    pub fn price(&self, sku: &str) -> Option<Fen> {
        let id = of_text(sku);
        self.skus.iter().find(|known| known.id == id)?.price
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48 + self.skus.len() * 33);
        let unseen = self.unseen.as_ref();
        write(
            &mut out,
            self.seen,
            unseen.map(|unseen| unseen.each_ref().map(String::as_str)),
        );
        for sku in &self.skus {
            write_sku(&mut out, sku.id, sku.price, sku.fields);
        }
        out
    }

    /// What [`Sent::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Sent> {
        let bytes = &mut bytes;
        if bytes.try_get_u8().ok()? != VERSION {
            return None;
        }
        let known = bytes.try_get_u16_le().ok()?;
        let mut sent = Sent::default();
        for (place, field) in sent.seen.iter_mut().enumerate() {
            if known & (1 << place) != 0 {
                *field = Some(bytes.try_get_u32_le().ok()?);
            }
        }
        if known & UNSEEN_KNOWN != 0 {
            let mut unseen: [String; UNSEEN] = Default::default();
            let there = bytes.try_get_u16_le().ok()?;
            for (place, text) in unseen.iter_mut().enumerate() {
                if there & (1 << place) != 0 {
                    let mut raw = vec![0; bytes.try_get_u32_le().ok()? as usize];
                    bytes.try_copy_to_slice(&mut raw).ok()?;
                    *text = String::from_utf8(raw).ok()?;
                }
            }
            sent.unseen = Some(unseen);
        }
        while bytes.has_remaining() {
            let mut sku = SentSku {
                id: bytes.try_get_u32_le().ok()?,
                ..SentSku::default()
            };
            let known = bytes.try_get_u8().ok()?;
            if known & 1 != 0 {
                sku.price = Some(Fen(bytes.try_get_i64_le().ok()?));
            }
            for (place, field) in sku.fields.iter_mut().enumerate() {
                if known & (2 << place) != 0 {
                    *field = Some(bytes.try_get_u32_le().ok()?);
                }
            }
            sent.skus.push(sku);
        }
        Some(sent)
    }
}

/// Writes what is known of the product's own fields, in the order title, path, direct path, head images, description,
/// its images, category, brand, version, permits.
pub fn write(out: &mut Vec<u8>, seen: [Option<u32>; 10], unseen: Option<[&str; UNSEEN]>) {
    out.put_u8(VERSION);
    let mut known = if unseen.is_some() { UNSEEN_KNOWN } else { 0 };
    for (place, digest) in seen.iter().enumerate() {
        known |= u16::from(digest.is_some()) << place;
    }
    out.put_u16_le(known);
    seen.iter()
        .flatten()
        .for_each(|digest| out.put_u32_le(*digest));
    if let Some(unseen) = unseen {
        let mut there = 0u16;
        for (place, text) in unseen.iter().enumerate() {
            there |= u16::from(!text.is_empty()) << place;
        }
        out.put_u16_le(there);
        for text in unseen.iter().filter(|text| !text.is_empty()) {
            out.put_u32_le(text.len() as u32);
            out.put_slice(text.as_bytes());
        }
    }
}

/// Writes what is known of a SKU: the digest of its number, its price, and digests of list price, image, code, bar code
/// and attributes.
pub fn write_sku(out: &mut Vec<u8>, id: u32, price: Option<Fen>, fields: [Option<u32>; 5]) {
    out.put_u32_le(id);
    let mut known = u8::from(price.is_some());
    for (place, digest) in fields.iter().enumerate() {
        known |= u8::from(digest.is_some()) << (place + 1);
    }
    out.put_u8(known);
    if let Some(price) = price {
        out.put_i64_le(price.0);
    }
    fields
        .iter()
        .flatten()
        .for_each(|digest| out.put_u32_le(*digest));
}

/// The digest of attributes.
pub fn of_attributes<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> u32 {
    of_list(
        attributes
            .into_iter()
            .flat_map(|(name, value)| [name, value]),
    )
}

/// The digest of a price.
pub fn of_price(price: Fen) -> u32 {
    price.digest()
}

#[cfg(test)]
mod tests {
    use super::super::Attribute;
    use super::*;

    #[test]
    fn what_was_sent_comes_back_from_its_bytes() {
        let product = Product {
            id: "P".into(),
            title: "tea".into(),
            permits: vec!["a".into()],
            skus: vec![Sku {
                id: "P-1".into(),
                price: Fen(1250),
                attributes: vec![Attribute {
                    name: "size".into(),
                    value: "L".into(),
                }],
                ..Sku::default()
            }],
            ..Product::default()
        };
        let mut unseen: [String; UNSEEN] = Default::default();
        unseen[1] = "\"远山茶厂\"".into();
        let sent = Sent::of_new(&product, &unseen);
        let back = Sent::from_bytes(&sent.to_bytes()).expect("it was written here");
        assert_eq!(back, sent);
        assert_eq!(back.price("P-1"), Some(Fen(1250)));
        assert_eq!(back.unseen(), Some(&unseen));
        assert_eq!(Sent::from_bytes(&[9, 0]), None, "another version");
        assert_eq!(Sent::from_bytes(&sent.to_bytes()[..20]), None, "cut off");
        assert_eq!(
            Sent::from_bytes(&Sent::default().to_bytes()),
            Some(Sent::default())
        );
    }
}
