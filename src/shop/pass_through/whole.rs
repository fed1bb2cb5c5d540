//! Things that WeChat takes whole: what is given is laid over the thing as it stands, and all of it is sent back.

use super::request::check;
use super::{Ask, Field, body, empty};
use crate::api::operation::Wrong;
use crate::fail::Failure;
use crate::lang::Text;
use crate::shop::Shop;
use crate::shop::ask::pointer;
use crate::text;
use anyhow::Result;
use serde_json::{Map, Value};

/// How such a thing is read and sent.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    pub show: Ask,
    pub update: Ask,
    /// Its number in the request that reads it.
    pub asked: Field,
    /// The thing in an answer and in a request.
    pub thing: Field,
    /// Its number in a request that sends it.
    pub number: Field,
    /// What stands in an answer and is not taken in a request.
    pub read_only: &'static [&'static str],
    /// What WeChat shows masked, and the option that gives it.
    pub masked: &'static [(Field, &'static str)],
    /// Makes of a thing as it is read one as it is sent.
    pub as_sent: fn(&mut Map<String, Value>),
}

impl Shop {
    /// The request that changes a thing: `given` laid over it as it stands.
    ///
    /// # Errors
    /// [`crate::fail::Kind::Input`] where nothing is given, something that WeChat shows masked is not given again, or a field is wrong.
    pub async fn changed(&self, whole: &Whole, number: &str, given: Value) -> Result<Value> {
        let mut rest = given.clone();
        whole.number.take(&mut rest);
        if is_nothing(&rest) {
            return Err(Failure::input(text!("nothing to change was given"))
                .hint(text!(
                    "`wxsell {command} --help` lists what can change",
                    command = whole.update.command
                ))
                .into());
        }
        let asked = body([whole.asked.of(number)]);
        let mut reply = self.read_once(&whole.show, &asked).await?;
        let mut thing = whole.thing.take(&mut reply);
        if let Some(fields) = thing.as_object_mut() {
            (whole.as_sent)(fields);
        }
        let mut request = empty();
        whole.thing.put(&mut request, thing);
        lay_over(&mut request, given.clone());
        if let Some(Value::Object(fields)) = request.get_mut(whole.thing.0) {
            for name in whole.read_only {
                fields.shift_remove(*name);
            }
        }
        whole.number.put(&mut request, number);
        not_masked(whole.masked, &request)?;
        check_changed(&whole.update, &request, &given)?;
        Ok(request)
    }
}

/// The fields of a thing from a file, below the name that its call gives it: a file may leave that name out.
pub fn unwrapped(given: Value, below: Field) -> Value {
    if !below.at(&given).is_null() {
        return given;
    }
    match &given {
        Value::Object(fields) if fields.is_empty() => given,
        _ => {
            let mut whole = empty();
            below.put(&mut whole, given);
            whole
        }
    }
}

fn is_nothing(given: &Value) -> bool {
    match given {
        Value::Object(fields) => fields.values().all(is_nothing),
        given => given.is_null(),
    }
}

/// Lays an object over another, field by field; a list or a plain value replaces what stands there.
fn lay_over(base: &mut Value, given: Value) {
    match (base, given) {
        (Value::Object(base), Value::Object(given)) => {
            for (name, value) in given {
                lay_over(base.entry(name).or_insert(Value::Null), value);
            }
        }
        (base, given) => *base = given,
    }
}

/// Refuses to send back what WeChat showed masked: it would be written over the true value.
fn not_masked(masked: &[(Field, &'static str)], body: &Value) -> Result<()> {
    let found: Vec<Text> = masked
        .iter()
        .filter(|(field, _)| field.text(body).contains('*'))
        .map(|(_, option)| text!("give {option}, or the field in a file", option = *option))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::input(text!(
        "WeChat masks a part of it and accepts only the whole: what is masked must be given again"
    ))
    .also(found)
    .into())
}

/// As [`check`], for a thing that was read and is sent back whole with what was `given`: what came with it and is not known
/// is carried along, since the platform clears what is left out.
fn check_changed(ask: &Ask, body: &Value, given: &Value) -> Result<()> {
    let (book, operation) = ask.operation();
    let Some(node) = &operation.request else {
        return Ok(());
    };
    let carried: Vec<String> = book
        .check(node, body)
        .into_iter()
        .filter(|problem| problem.wrong == Wrong::Unknown)
        .filter(|problem| {
            let pointer = pointer(&problem.field).replace('[', "/").replace(']', "");
            given.pointer(&pointer).is_none()
        })
        .map(|problem| problem.field)
        .collect();
    let carried: Vec<&str> = carried.iter().map(String::as_str).collect();
    check(ask, body, &carried)
}
