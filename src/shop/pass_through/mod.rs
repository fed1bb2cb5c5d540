//! Tables of what is passed through: a verb that is one call is a line that says what it calls and what it shows of the
//! answer, and nothing else of it is written down. A table has one file per noun.

pub mod access;
pub mod address;
pub mod aftersale;
pub mod audit;
pub mod brand;
pub mod callback;
pub mod category;
pub mod certificate;
pub mod commission;
pub mod coupon;
pub mod delivery;
pub mod dispute;
pub mod due;
pub mod event;
pub mod flash_sale;
pub mod freight;
pub mod funds;
pub mod goods;
pub mod ip;
pub mod merchant;
pub mod named;
pub mod order;
pub mod pay;
pub mod promoter;
pub mod provider;
mod request;
pub mod sharer;
pub mod status;
mod whole;

pub use request::{check, meaning, request, words_of};
pub use whole::{Whole, unwrapped};

use crate::api::json::put;
use crate::api::operation::{self, Book, Kind, Operation};
use crate::api::{Resend, reader};
use crate::fail::{self, Failure};
use crate::lang::Text;
use crate::text;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// The verbs of a noun: each is a constant, and all of them are `ASKS`.
macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $entry:expr;)*) => {
        $($(#[$doc])* pub const $name: Ask = $entry;)*

        pub const ASKS: &[Ask] = &[$($name),*];
    };
}
use verbs;

/// What a verb calls and what it shows of the answer.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// As it is typed after `wxsell`: `order close`.
    pub command: &'static str,
    /// `/shop/order/close`
    pub path: &'static str,
    /// Where in the answer stands what is shown: `orders`, `order.pay_info`; empty for all of it.
    pub shows: &'static str,
    /// Path below that, and heading. The kind of value (money, time, state) is known from the reference. Empty: every
    /// field that is a plain value.
    pub columns: &'static [(&'static str, &'static str)],
    /// Fields beside the rows that belong to each of them: the bank of its branches.
    pub beside: &'static [&'static str],
    /// What a live shop is asked before it is done: "Pay out 12.00 yuan".
    pub confirm: Option<fn() -> Text>,
    /// The command that tells whether it was done, for an answer that was lost.
    pub look_up: Option<&'static str>,
    /// Where in the request stands what an option says; what is not named here stands under the option's own name.
    pub takes: Places,
}

/// Names of options, each with a dotted path in a request.
pub type Places = &'static [(&'static str, &'static str)];

impl Ask {
    pub const fn new(command: &'static str, path: &'static str) -> Ask {
        Ask {
            command,
            path,
            shows: "",
            columns: &[],
            beside: &[],
            confirm: None,
            look_up: None,
            takes: &[],
        }
    }

    pub const fn shows(
        self,
        shows: &'static str,
        columns: &'static [(&'static str, &'static str)],
    ) -> Ask {
        Ask {
            shows,
            columns,
            ..self
        }
    }

    pub const fn with_fields(self, beside: &'static [&'static str]) -> Ask {
        Ask { beside, ..self }
    }

    pub const fn confirm(self, question: fn() -> Text) -> Ask {
        Ask {
            confirm: Some(question),
            ..self
        }
    }

    pub const fn look_up(self, command: &'static str) -> Ask {
        Ask {
            look_up: Some(command),
            ..self
        }
    }

    pub const fn takes(self, takes: Places) -> Ask {
        Ask { takes, ..self }
    }

    /// Options laid over a base, each where this request has it.
    pub fn laid(&self, options: &impl Serialize, base: Value) -> Result<Value> {
        laid(self.takes, options, base)
    }

    /// Whether rows are shown.
    pub fn is_list(&self) -> bool {
        let (book, operation) = self.operation();
        let shown = book.field(&operation.reply, self.shows);
        shown.is_some_and(|shown| book.kind(shown) == Kind::List)
    }

    /// A success without what was asked for.
    pub fn without(&self) -> Failure {
        let (_, operation) = self.operation();
        match operation.resend {
            Resend::Safe => Failure::new(
                fail::Kind::Refused,
                text!(
                    "WeChat answered {path} with success but without {field}",
                    path = self.path,
                    field = self.shows
                ),
            ),
            _ => Failure::new(
                fail::Kind::Unknown,
                text!(
                    "done, but WeChat answered {path} without {field}, so it cannot be shown",
                    path = self.path,
                    field = self.shows
                ),
            ),
        }
    }

    /// The operation behind it.
    ///
    /// # Panics
    /// Where a path is declared that no book has; a test reads every declaration.
    pub fn operation(&self) -> (&'static Book, &'static Operation) {
        operation::by_path(self.path).expect("declared paths are in the books")
    }
}

/// A field of a request or an answer that the program itself fills in or takes, by its dotted path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field(pub &'static str);

impl Field {
    /// What stands there; null where nothing does.
    pub fn at(self, record: &Value) -> &Value {
        self.0.split('.').fold(record, |here, name| &here[name])
    }

    /// Text; a number as its digits, nothing as the empty text.
    pub fn text(self, record: &Value) -> String {
        reader::text(self.at(record)).unwrap_or_default()
    }

    /// Text that is not empty.
    pub fn some_text(self, record: &Value) -> Option<String> {
        Some(self.text(record)).filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub fn integer(self, record: &Value) -> Option<i64> {
        reader::integer(self.at(record))
    }

    pub fn is(self, record: &Value, text: &str) -> bool {
        reader::text(self.at(record)).is_some_and(|own| own == text)
    }

    /// The items of a list.
    pub fn items(self, record: &Value) -> impl Iterator<Item = &Value> {
        self.at(record).as_array().into_iter().flatten()
    }

    pub fn put(self, record: &mut Value, value: impl Into<Value>) {
        put(record, self.0, value.into());
    }

    /// Takes out what stands there; null where nothing does.
    pub fn take(self, record: &mut Value) -> Value {
        let pointer = format!("/{}", self.0.replace('.', "/"));
        record
            .pointer_mut(&pointer)
            .map(Value::take)
            .unwrap_or_default()
    }

    /// With what is to stand there, for [`body`].
    pub fn of(self, value: impl Serialize) -> (Field, Value) {
        (self, serde_json::to_value(value).unwrap_or_default())
    }
}

/// A request, or a part of one, without a field.
pub fn empty() -> Value {
    Value::Object(Map::new())
}

/// A request, or a part of one, of these fields.
pub fn body<const COUNT: usize>(fields: [(Field, Value); COUNT]) -> Value {
    with(empty(), fields)
}

/// A request with these fields as well; what is null or an empty list says nothing and is left out.
pub fn with<const COUNT: usize>(mut body: Value, fields: [(Field, Value); COUNT]) -> Value {
    for (field, value) in fields {
        if !says_nothing(&value) {
            field.put(&mut body, value);
        }
    }
    body
}

fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Options laid over a base, each at its place; what is null or an empty list says nothing and is left out.
pub fn laid(places: Places, options: &impl Serialize, mut base: Value) -> Result<Value> {
    let Value::Object(given) = serde_json::to_value(options)? else {
        return Ok(base);
    };
    for (name, value) in given {
        if says_nothing(&value) {
            continue;
        }
        let place = places.iter().find(|(option, _)| *option == name);
        put(&mut base, place.map_or(&*name, |(_, place)| place), value);
    }
    Ok(base)
}

/// Every verb that is one call, noun by noun in the order of the help.
pub fn all() -> impl Iterator<Item = &'static Ask> {
    let nouns = [
        status::ASKS,
        aftersale::ASKS,
        dispute::ASKS,
        due::ASKS,
        goods::ASKS,
        access::ASKS,
        category::ASKS,
        brand::ASKS,
        address::ASKS,
        freight::ASKS,
        flash_sale::ASKS,
        audit::ASKS,
        certificate::ASKS,
        merchant::ASKS,
        order::ASKS,
        event::ASKS,
        funds::ASKS,
        pay::ASKS,
        commission::ASKS,
        delivery::ASKS,
        coupon::ASKS,
        promoter::ASKS,
        sharer::ASKS,
        provider::ASKS,
        callback::ASKS,
        ip::ASKS,
    ];
    nouns.into_iter().flatten()
}

/// Operations behind the commands that do more than one call.
pub const BEHIND: &[(&str, &str)] = &[
    ("/cgi-bin/token", "auth token"),
    ("/cgi-bin/stable_token", "auth token"),
    ("/cgi-bin/clear_quota", "quota clear"),
    ("/cgi-bin/clear_quota/v2", "quota clear"),
    ("/cgi-bin/openapi/quota/clear", "quota clear"),
    ("/cgi-bin/openapi/quota/get", "quota show"),
    ("/cgi-bin/openapi/rid/get", "rid show"),
    ("/shop/account/get_info", "merchant info"),
    ("/shop/account/update_info", "merchant update"),
    ("/shop/account/get_category_list", "category mine"),
    ("/shop/account/get_brand_list", "brand mine"),
    ("/shop/cat/get", "category list"),
    ("/shop/img/upload", "image upload"),
    ("/channels/ec/basics/media/get", "image download"),
    ("/shop/spu/add", "goods upload"),
    ("/shop/spu/update", "goods update"),
    ("/shop/spu/update_without_audit", "goods price-stock"),
    ("/shop/spu/del", "goods remove"),
    ("/shop/spu/del_audit", "goods withdraw-audit"),
    ("/shop/spu/get", "goods show"),
    ("/shop/spu/get_list", "goods list"),
    ("/shop/spu/listing", "goods on-sale"),
    ("/shop/spu/delisting", "goods off-sale"),
];

/// Commands that change something at WeChat by calls that belong to other commands.
pub const ALSO_WRITE: [&str; 4] = ["goods add", "aftersale auto", "run resume", "api call"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_declared_stands_in_the_books() {
        for ask in all() {
            let (book, operation) = operation::by_path(ask.path).expect(ask.path);
            let thing = book.at(&operation.reply, ask.shows);
            let thing = thing.unwrap_or_else(|| panic!("{}: no {}", ask.command, ask.shows));
            for (path, _) in ask.columns {
                assert!(book.at(thing, path).is_some(), "{}: no {path}", ask.command);
            }
            for (_, path) in ask.takes {
                let request = operation.request.as_ref();
                let field = request.and_then(|request| book.at(request, path));
                assert!(field.is_some(), "{}: takes no {path}", ask.command);
            }
        }
    }

    #[derive(Serialize)]
    struct Options {
        out_order_id: Option<String>,
        freight: i64,
    }

    #[test]
    fn options_go_where_their_request_has_them() {
        let options = Options {
            out_order_id: None,
            freight: 3,
        };
        let base =
            json!({"out_order_id": "A1", "order_detail": {"price_info": {"order_price": 5}}});
        assert_eq!(
            order::CREATE.laid(&options, base).expect("an object"),
            json!({"out_order_id": "A1", "order_detail": {"price_info": {"order_price": 5, "freight": 3}}})
        );
    }
}
