//! What is said of movements: which one, how it stands, what to do.

use super::{Sort, component};
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use crate::state::money::Movement;
use crate::text;
use crate::types::ChinaTime;

/// "refund RF20220401 of 10.00 yuan"
pub(super) fn named(sort: Sort, movement: &Movement) -> Text {
    let number = match movement.number.as_str() {
        _ if sort.goes_by_subject() => &movement.subject,
        "" => &movement.mark,
        number => number,
    };
    match movement.amount.0 {
        0 => text!("{movement} {number}", movement = sort.words(), number),
        _ => text!(
            "{movement} {number} of {amount} yuan",
            movement = sort.words(),
            number,
            amount = movement.amount.to_yuan()
        ),
    }
}

/// Nobody knows whether it was done, and from when on that can be told.
pub(super) fn unknown(
    sort: Sort,
    movement: &Movement,
    until: i64,
    why: Option<&Failure>,
) -> anyhow::Error {
    let message = text!(
        "it is not known yet whether the {movement} was made",
        movement = named(sort, movement)
    );
    let mut failure = Failure::new(Kind::Unknown, message).hint(text!(
        "from {time} on, the same command or `wxsell run settle` finds out; until then, do not make it any other way",
        time = ChinaTime::from_unix(until).0
    ));
    failure.unclear = true;
    if let Some(why) = why {
        failure.errcode = why.errcode;
        failure.rid = why.rid.clone();
        failure.also.push(why.message.clone());
    }
    failure.into()
}

pub(super) fn never_arrived(
    sort: Sort,
    movement: &Movement,
    why: Option<&Failure>,
) -> anyhow::Error {
    let message = text!(
        "WeChat never got the {movement}",
        movement = named(sort, movement)
    );
    let failure = Failure::new(Kind::Network, message);
    let also = why.map(|why| why.message.clone()).into_iter().collect();
    failure.also(also).into()
}

/// It was done, and this machine cannot keep that: the next run finds it open.
pub(super) fn not_kept(sort: Sort, movement: &Movement, error: anyhow::Error) -> anyhow::Error {
    let failure = Failure::from_any(error);
    Failure {
        kind: Kind::Unknown,
        message: text!(
            "the {movement} was made, but could not be recorded: {why}",
            movement = named(sort, movement),
            why = failure.message.clone()
        ),
        hint: Some(text!(
            "repair the state folder, then run the same command again: it finds this one and does not make another"
        )),
        ..failure
    }
    .into()
}

pub(super) fn goes_on(sort: Sort, movement: &Movement) -> anyhow::Error {
    Failure::input(text!(
        "{movement} is not finished yet",
        movement = named(sort, movement)
    ))
    .hint(text!(
        "continue it with the same command and amount, or make another one with --new"
    ))
    .into()
}

pub(super) fn held(sort: Sort, movement: &Movement) -> anyhow::Error {
    Failure::new(
        Kind::Held,
        text!(
            "the same was already done at {time}: {movement}",
            time = ChinaTime::from_unix(movement.at).0,
            movement = named(sort, movement)
        ),
    )
    .hint(text!(
        "nothing was sent; to make another one, use --new; after a day the same command counts as a new one"
    ))
    .into()
}

/// Nobody knows whether it was done, and nothing at WeChat tells.
pub(super) fn undecided(movement: &Movement, why: Option<&Failure>) -> anyhow::Error {
    let (id, path) = (movement.id, movement.subject.as_str());
    let message = text!(
        "it is not known whether {path} was done, and WeChat does not show it",
        path
    );
    let mut failure = Failure::new(Kind::Unknown, message).hint(match component::seen_by(path) {
        Some(command) => text!(
            "check with `wxsell {command}` in a minute, then say what you found: `wxsell run settle --made {id}` or `--not-made {id}`; until then the same is not sent again",
            command,
            id
        ),
        None => text!(
            "check in the console in a minute, then say what you found: `wxsell run settle --made {id}` or `--not-made {id}`; until then the same is not sent again",
            id
        ),
    });
    failure.unclear = true;
    if let Some(why) = why {
        failure.errcode = why.errcode;
        failure.rid = why.rid.clone();
        failure.also.push(why.message.clone());
    }
    failure.into()
}

/// An earlier run made it, and nothing was sent now.
pub(super) fn twice(movement: &Movement) -> Text {
    text!(
        "another command did this at {time}; nothing was sent now",
        time = ChinaTime::from_unix(movement.at).0
    )
}
