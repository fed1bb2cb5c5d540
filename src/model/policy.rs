//! A policy for after-sales: rules in their order, what they say of an after-sale, and why.

use super::aftersale::{Aftersale, Kind, Reason};
use super::deadline::left;
use super::order::Receiver;
use crate::lang::Text;
use crate::text;
use crate::types::Fen;

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Accept,
    /// With what the buyer is told.
    Reject(String),
    /// A person decides.
    Wait,
}

/// One rule. What it does not name fits every after-sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub action: Action,
    pub kind: Option<Kind>,
    pub up_to: Option<Fen>,
    pub reasons: Vec<Reason>,
    /// Seconds since it was opened.
    pub older_than: Option<i64>,
    pub younger_than: Option<i64>,
    /// The merchant's numbers.
    pub products: Vec<String>,
    pub skus: Vec<String>,
    pub shipped: Option<bool>,
}

/// Rules in their order, and what goes for all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub rules: Vec<Rule>,
    /// What may be accepted on one day in China; 0 where no rule accepts.
    pub per_day: Fen,
    /// Where returned goods go.
    pub return_address: Option<Receiver>,
}

/// What rules ask of an after-sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    /// What it would cost; `None` where that cannot be read, and then no rule that pays fits.
    pub amount: Option<Fen>,
    pub reason: Option<Reason>,
    /// Seconds since it was opened, where that is told.
    pub age: Option<i64>,
    pub product: String,
    pub sku: String,
    /// Whether a parcel of the order is on its way; `None` while that is not known.
    pub shipped: Option<bool>,
}

impl Facts {
    /// Those of an after-sale at a moment in unix seconds.
    pub fn of(aftersale: &Aftersale, now: i64) -> Facts {
        let opened = aftersale.opened_ms.map(|millis| millis.div_euclid(1000));
        Facts {
            kind: aftersale.kind,
            amount: aftersale.amount,
            reason: aftersale.reason,
            age: opened.map(|opened| now - opened),
            product: aftersale.product.clone(),
            sku: aftersale.sku.clone(),
            shipped: None,
        }
    }
}

/// What a policy says of an after-sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The first that fits.
    pub rule: Option<&'a Rule>,
    pub why: Text,
}

impl Policy {
    /// The first rule that fits, and why. Where none does, what kept those apart that nearly did.
    pub fn decide(&self, facts: &Facts) -> Decision<'_> {
        let mut nearly = Vec::new();
        for rule in self.rules_for(facts) {
            let mut misses = rule.misses(facts);
            match misses.len() {
                0 => {
                    return Decision {
                        why: rule.fits(facts),
                        rule: Some(rule),
                    };
                }
                // One that would have left it to a person changes nothing.
                1 if rule.action != Action::Wait => nearly.extend(misses.pop()),
                _ => {}
            }
        }
        let why = nearly
            .into_iter()
            .reduce(|all, one| text!("{all}; {one}", all, one));
        Decision {
            rule: None,
            why: why.unwrap_or_else(|| text!("no rule matches")),
        }
    }

    /// Whether it depends on the order which rule fits.
    pub fn asks_order(&self, facts: &Facts) -> bool {
        let unknown = Facts {
            shipped: None,
            ..facts.clone()
        };
        self.rules_for(facts)
            .any(|rule| rule.shipped.is_some() && rule.misses(&unknown).len() == 1)
    }

    fn rules_for(&self, facts: &Facts) -> impl Iterator<Item = &Rule> {
        let kind = facts.kind;
        self.rules
            .iter()
            .filter(move |rule| rule.kind.is_none_or(|only| only == kind))
    }
}

impl Rule {
    /// What keeps a rule for this type from fitting, a sentence each.
    fn misses(&self, facts: &Facts) -> Vec<Text> {
        let rule = self.name.as_str();
        let mut misses = Vec::new();
        match (self.up_to, facts.amount) {
            (Some(most), Some(amount)) if amount > most => misses.push(text!(
                "over the ceiling of rule {rule}: {amount} > {most}",
                rule,
                amount = amount.to_yuan(),
                most = most.to_yuan()
            )),
            (Some(_), None) => misses.push(text!(
                "rule {rule} has a ceiling, and the amount cannot be read",
                rule
            )),
            (Some(_) | None, _) => {}
        }
        let named = |reason| self.reasons.contains(&reason);
        if !self.reasons.is_empty() && !facts.reason.is_some_and(named) {
            misses.push(text!(
                "rule {rule} is not for the reason {reason}",
                rule,
                reason = match facts.reason {
                    Some(reason) => reason.words(),
                    None => text!("that is not known"),
                }
            ));
        }
        let age = match facts.age {
            Some(age) => left(age.max(1)),
            None => text!("an unknown time"),
        };
        if let Some(least) = self.older_than
            && facts.age.is_none_or(|age| age < least)
        {
            misses.push(text!(
                "rule {rule} is for after-sales open for {limit} or more, not {age}",
                rule,
                limit = left(least),
                age = age.clone()
            ));
        }
        if let Some(most) = self.younger_than
            && facts.age.is_none_or(|age| age >= most)
        {
            misses.push(text!(
                "rule {rule} is for after-sales open for less than {limit}, not {age}",
                rule,
                limit = left(most),
                age
            ));
        }
        if !self.products.is_empty() && !self.products.contains(&facts.product) {
            misses.push(text!(
                "rule {rule} is not for product {product}",
                rule,
                product = &facts.product
            ));
        }
        if !self.skus.is_empty() && !self.skus.contains(&facts.sku) {
            misses.push(text!(
                "rule {rule} is not for SKU {sku}",
                rule,
                sku = &facts.sku
            ));
        }
        match (self.shipped, facts.shipped) {
            (None, _) => {}
            (Some(wanted), Some(is)) if wanted == is => {}
            (Some(true), Some(_)) => {
                misses.push(text!("rule {rule} is for orders that are shipped", rule));
            }
            (Some(false), Some(_)) => {
                misses.push(text!(
                    "rule {rule} is for orders that are not shipped",
                    rule
                ));
            }
            (Some(_), None) => misses.push(text!(
                "rule {rule} asks whether the order is shipped, which is not known",
                rule
            )),
        }
        misses
    }

    fn fits(&self, facts: &Facts) -> Text {
        let rule = self.name.as_str();
        match (&self.action, self.up_to) {
            (Action::Accept, Some(most)) => text!(
                "within the ceiling of rule {rule}: {amount} of {most}",
                rule,
                amount = facts.amount.unwrap_or_default().to_yuan(),
                most = most.to_yuan()
            ),
            (Action::Reject(reason), _) => {
                text!("rule {rule} rejects it: {reason}", rule, reason)
            }
            (Action::Wait | Action::Accept, _) => text!("rule {rule} leaves it to you", rule),
        }
    }
}
