//! An application for a brand: which papers the kind of trademark and the relation to it ask for.

/// What an application says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// Everything that it says something of.
    pub says: Vec<Part>,
    pub stage: Option<Stage>,
    /// The brand is imported, or is another's: its owner must have authorized the sale.
    pub needs_authorization: bool,
    /// Nice class of the trademark, as it is written.
    pub class: Option<String>,
}

/// How far a trademark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Registered,
    Pending,
}

/// A part of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    License,
    Name,
    Trademark,
    Relation,
    Class,
    Number,
    Certificate,
    Owner,
    LastDay,
    Acceptance,
    Applicant,
    Applied,
    Authorization,
}

/// Parts that every application has.
const ALWAYS: [Part; 6] = [
    Part::License,
    Part::Name,
    Part::Trademark,
    Part::Relation,
    Part::Class,
    Part::Number,
];
const OF_REGISTERED: [Part; 3] = [Part::Certificate, Part::Owner, Part::LastDay];
const OF_PENDING: [Part; 3] = [Part::Acceptance, Part::Applicant, Part::Applied];

impl Application {
    /// The parts that are needed and not there.
    pub fn missing(&self) -> Vec<Part> {
        let of_stage: &[Part] = match self.stage {
            Some(Stage::Registered) => &OF_REGISTERED,
            Some(Stage::Pending) => &OF_PENDING,
            None => &[],
        };
        let authorization = self.needs_authorization.then_some(Part::Authorization);
        ALWAYS
            .into_iter()
            .chain(of_stage.iter().copied())
            .chain(authorization)
            .filter(|part| !self.says.contains(part))
            .collect()
    }

    /// Whether its class is one of the 45 that there are; none is.
    pub fn has_odd_class(&self) -> bool {
        let class = self.class.as_deref();
        class.is_some_and(|class| {
            class
                .parse::<u8>()
                .map_or(true, |number| !(1..=45).contains(&number))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_follows_from_the_stage_and_the_relation() {
        let mut application = Application {
            says: ALWAYS.to_vec(),
            class: Some("30".into()),
            ..Application::default()
        };
        assert_eq!(application.missing(), []);
        application.stage = Some(Stage::Registered);
        assert_eq!(application.missing(), OF_REGISTERED);
        application.stage = Some(Stage::Pending);
        application.says.push(Part::Applicant);
        application.needs_authorization = true;
        assert_eq!(
            application.missing(),
            [Part::Acceptance, Part::Applied, Part::Authorization]
        );
        assert!(!application.has_odd_class());
        for odd in ["0", "46", "tea", ""] {
            application.class = Some(odd.into());
            assert!(application.has_odd_class(), "{odd}");
        }
    }
}
