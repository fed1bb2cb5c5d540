//! What a policy says of an after-sale, and why. Nothing here calls anybody.

use super::super::words::Reason;
use crate::api::component::deadline::{left, seconds};
use crate::lang::Text;
use crate::text;
use crate::types::Fen;
use serde_json::Value;

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
    /// WeChat's number of the type.
    pub kind: Option<i64>,
    pub up_to: Option<Fen>,
    /// WeChat's numbers.
    pub reasons: Vec<i64>,
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
    /// Where returned goods go, as WeChat takes it.
    pub return_address: Option<Value>,
}

/// What rules ask of an after-sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub kind: i64,
    pub amount: Fen,
    reason: i64,
    /// Seconds since it was opened, where WeChat says when.
    age: Option<i64>,
    product: String,
    sku: String,
    /// Whether a parcel of the order is on its way; `None` while that is not known.
    pub shipped: Option<bool>,
}

impl Facts {
    /// Reads an after-sale as `ecaftersale/get` gives it, at a moment in unix seconds.
    pub fn of(aftersale: &Value, now: i64) -> Facts {
        let number = |name: &str| aftersale[name].as_i64().unwrap_or_default();
        let goods = |name: &str| {
            let name = aftersale["product_info"][name].as_str();
            name.unwrap_or_default().to_owned()
        };
        Facts {
            kind: number("type"),
            amount: Fen(number("orderamt")),
            reason: number("refund_reason_type"),
            age: seconds(&aftersale["create_time"]).map(|opened| now - opened),
            product: goods("out_product_id"),
            sku: goods("out_sku_id"),
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
            why: why.unwrap_or_else(|| text!("no rule fits")),
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
        if let Some(most) = self.up_to.filter(|most| facts.amount > *most) {
            misses.push(text!(
                "over the ceiling of rule {rule}: {amount} > {most}",
                rule,
                amount = facts.amount.to_yuan(),
                most = most.to_yuan()
            ));
        }
        if !self.reasons.is_empty() && !self.reasons.contains(&facts.reason) {
            misses.push(text!(
                "rule {rule} is not for the reason {reason}",
                rule,
                reason = match Reason::of(facts.reason) {
                    Some(reason) => reason.words(),
                    None => Text::verbatim(facts.reason.to_string()),
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
                "rule {rule} is for what is open for {limit} and more, not {age}",
                rule,
                limit = left(least),
                age = age.clone()
            ));
        }
        if let Some(most) = self.younger_than
            && facts.age.is_none_or(|age| age >= most)
        {
            misses.push(text!(
                "rule {rule} is for what is open for less than {limit}, not {age}",
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
                amount = facts.amount.to_yuan(),
                most = most.to_yuan()
            ),
            (Action::Reject(reason), _) => {
                text!("rule {rule} refuses it: {reason}", rule, reason)
            }
            (Action::Wait | Action::Accept, _) => text!("rule {rule} leaves it to you", rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::component::aftersale::REFUND;

    const TWO: &str = r#"
        [limits]
        per_day = 100
        [[rule]]
        name = "small"
        type = "refund"
        reasons = ["quality", 7, "no longer wanted"]
        up_to = "20.00"
        action = "accept"
        [[rule]]
        name = "late"
        shipped = false
        older_than = "12h"
        younger_than = "1d"
        skus = "T1-1"
        up_to = "1,000"
        action = "accept"
    "#;

    fn facts(fen: i64, reason: i64) -> Facts {
        Facts {
            kind: REFUND,
            amount: Fen(fen),
            reason,
            age: Some(3600),
            product: "T1".into(),
            sku: "T1-1".into(),
            shipped: None,
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_says_why() {
        let policy = Policy::parse("p.toml", TWO).expect("a policy");
        assert_eq!(policy.per_day, Fen(10_000));
        let decide = |facts: &Facts| {
            let decision = policy.decide(facts);
            let rule = decision.rule.map_or("", |rule| rule.name.as_str());
            (rule.to_owned(), decision.why.to_string())
        };
        let (rule, why) = decide(&facts(2000, 14));
        assert_eq!(
            (rule.as_str(), why.as_str()),
            ("small", "within the ceiling of rule small: 20.00 of 20.00")
        );
        let (rule, why) = decide(&facts(2001, 14));
        assert_eq!(
            (rule.as_str(), why.as_str()),
            ("", "over the ceiling of rule small: 20.01 > 20.00")
        );
        // By number, and by WeChat's words.
        assert_eq!(decide(&facts(1, 7)).0, "small");
        assert_eq!(decide(&facts(1, 3)).0, "small");
        let (_, why) = decide(&facts(1, 1));
        assert_eq!(why, "rule small is not for the reason out of stock");
        let late = Facts {
            age: Some(12 * 3600),
            shipped: Some(false),
            ..facts(100_000, 1)
        };
        assert_eq!(decide(&late).0, "late");
        for (other, why) in [
            (
                Facts {
                    age: Some(12 * 3600 - 1),
                    ..late.clone()
                },
                "rule late is for what is open for 12h 0m and more, not 11h 59m",
            ),
            (
                Facts {
                    age: Some(24 * 3600),
                    ..late.clone()
                },
                "rule late is for what is open for less than 1d 0h, not 1d 0h",
            ),
            (
                Facts {
                    sku: "T2-1".into(),
                    ..late.clone()
                },
                "rule late is not for SKU T2-1",
            ),
            (
                Facts {
                    shipped: Some(true),
                    ..late.clone()
                },
                "rule late is for orders that are not shipped",
            ),
            (
                Facts {
                    shipped: None,
                    ..late.clone()
                },
                "rule late asks whether the order is shipped, which is not known",
            ),
        ] {
            assert_eq!(decide(&other), (String::new(), why.to_owned()));
        }
        // The order is read where it decides, and only there.
        assert!(policy.asks_order(&late));
        assert!(!policy.asks_order(&facts(100_000, 1)));
    }
}
