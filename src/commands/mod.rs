//! One file per noun: arguments, what they do, what they show. Parse, ask the shop, show.

pub mod auth;
pub mod brand;
pub mod category;
pub mod completion;
pub mod goods;
pub mod image;
pub mod merchant;
pub mod profile;
pub mod quota;
pub mod rid;
pub mod run;
pub mod sandbox;
pub mod util;

use crate::cli::{Cli, Global, Noun};
use crate::output::Output;
use crate::profile::Dirs;
use anyhow::Result;

/// What a command works with. Nothing is opened before it is used.
pub struct Ctx {
    pub global: Global,
    pub out: Output,
    pub dirs: Dirs,
}

impl Ctx {
    pub fn new(global: Global, out: Output) -> Result<Ctx> {
        let dirs = crate::profile::dirs()?;
        Ok(Ctx { global, out, dirs })
    }
}

pub async fn run(cli: Cli, ctx: &Ctx) -> Result<()> {
    match cli.noun {
        Noun::Goods(verb) => goods::run(verb, ctx).await,
        Noun::Image(verb) => image::run(verb, ctx).await,
        Noun::Category(verb) => category::run(verb, ctx).await,
        Noun::Brand(verb) => brand::run(verb, ctx).await,
        Noun::Merchant(verb) => merchant::run(verb, ctx).await,
        Noun::Run(verb) => run::run(verb, ctx).await,
        Noun::Profile(verb) => profile::run(verb, ctx).await,
        Noun::Auth(verb) => auth::run(verb, ctx).await,
        Noun::Quota(verb) => quota::run(verb, ctx).await,
        Noun::Rid(verb) => rid::run(verb, ctx).await,
        Noun::Sandbox(verb) => sandbox::run(verb, ctx).await,
        Noun::Completion(args) => completion::run(args, ctx).await,
        Noun::Util(verb) => util::run(verb, ctx).await,
    }
}
