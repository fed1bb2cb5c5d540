//! The steps of a WeChat Store to its first sale. The store itself is opened in its console, where no call reaches.

use crate::commands::Ctx;
use crate::lang::Text;
use crate::shop::status::steps::{State, Step};
use crate::shop::store::StoreState;
use crate::text;
use anyhow::Result;

/// Where a store is looked after.
const CONSOLE: &str = "https://store.weixin.qq.com";

/// The command that asks for what calls can do of it.
const APPLY: &str = "merchant apply";

/// Reads how far the store is. A read that fails makes its step unknown, unless all of them do.
pub async fn steps(ctx: &Ctx) -> Result<Vec<Step>> {
    let shop = ctx.shop().await?;
    let info = shop.store_info().await?;
    let (relations, addresses, templates, on_sale) = tokio::join!(
        shop.store_relations(),
        shop.store_addresses(),
        shop.store_templates(),
        shop.store_on_sale(),
    );
    let console = || Text::verbatim(CONSOLE);
    let mut opened = Step::new("store", "", text!("Open the store")).place(console());
    opened = match StoreState::read(&info.status) {
        StoreState::Open => opened,
        StoreState::Unknown => opened.is(
            State::Unknown,
            text!(
                "the store is in the state \"{state}\"",
                state = &info.status
            ),
        ),
        state => opened.is(State::Todo, state.refusal().message),
    };
    let categories = Step::new("categories", "", text!("Get a category approved"));
    let categories = look(categories, APPLY, relations, |list| {
        let in_force = list.iter().filter(|relation| relation.status == 1).count();
        (in_force == 0).then(|| text!("no approved category"))
    });
    let address = Step::new("return_address", "", text!("Set a default return address"));
    let address = look(address, APPLY, addresses, |list| {
        let none = !list.iter().any(|address| address.default_recv);
        none.then(|| text!("no default return address"))
    });
    let freight = Step::new("freight", "", text!("Create a freight template"));
    let freight = look(freight, APPLY, templates, |list| {
        list.is_empty().then(|| text!("no freight template"))
    });
    let goods = Step::new("goods", "", text!("Put goods on sale"));
    let goods = look(goods, "goods template --help", on_sale, |count| {
        (*count == 0).then(|| text!("no product is on sale"))
    });
    Ok(vec![opened, categories, address, freight, goods])
}

/// A step by what was read: `missing` says what stands in its way, and `command` what does it.
fn look<T>(
    step: Step,
    command: &str,
    read: Result<T>,
    missing: impl Fn(&T) -> Option<Text>,
) -> Step {
    match read {
        Ok(read) => match missing(&read) {
            None => step,
            Some(missing) => step.is(State::Todo, missing).run(command),
        },
        Err(error) => step.is(
            State::Unknown,
            crate::fail::Failure::from_any(error).message,
        ),
    }
}
