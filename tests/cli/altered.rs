//! A shop whose replies are changed on their way: records of the sandbox in the odd forms that the platform has been
//! seen to send.

use super::world::{Said, World, said};
use crate::support::standin;
use serde_json::Value;
use std::sync::Arc;
use wxsell::sandbox::{APPID, Running, SECRET, STORE_APPID, STORE_SECRET};

pub struct Altered {
    base_url: String,
    _shop: Running,
}

impl World {
    /// The same shop, whose replies go through `change`: path, request, reply.
    pub fn altered(
        &self,
        change: impl Fn(&str, &Value, &mut Value) + Send + Sync + 'static,
    ) -> Altered {
        self.altered_bytes(move |path, request, reply| {
            let request = serde_json::from_slice(request).unwrap_or_default();
            let mut reply: Value = serde_json::from_slice(&reply).expect("JSON of the sandbox");
            change(path, &request, &mut reply);
            reply.to_string().into_bytes()
        })
    }

    /// As [`World::altered`], byte for byte.
    pub fn altered_bytes(
        &self,
        change: impl Fn(&str, &[u8], Vec<u8>) -> Vec<u8> + Send + Sync + 'static,
    ) -> Altered {
        let shop = self.running();
        let base_url = standin::before(&shop.base_url, Arc::new(change));
        Altered {
            base_url,
            _shop: shop,
        }
    }
}

impl Altered {
    /// Runs in the world's folder, with a state of its own.
    pub fn run(&self, world: &World, args: &[&str]) -> Said {
        self.run_as(world, ("component", APPID, SECRET), args)
    }

    /// The same for the WeChat Store in the sandbox.
    pub fn run_store(&self, world: &World, args: &[&str]) -> Said {
        self.run_as(world, ("store", STORE_APPID, STORE_SECRET), args)
    }

    fn run_as(
        &self,
        world: &World,
        (family, appid, secret): (&str, &str, &str),
        args: &[&str],
    ) -> Said {
        let state = world.file("altered-state");
        said(
            world
                .plain_command(args)
                .env("WXSELL_STATE_DIR", state)
                .env(wxsell::clock::VARIABLE, world.clock())
                .env("WXSELL_BASE_URL", &self.base_url)
                .env("WXSELL_FAMILY", family)
                .env("WXSELL_APPID", appid)
                .env("WXSELL_APP_SECRET", secret),
        )
    }

    /// Runs with `--format json` and this exit code.
    #[track_caller]
    pub fn json(&self, world: &World, code: i32, args: &[&str]) -> (Value, String) {
        let said = self.run(world, &[args, &["--format", "json"]].concat());
        assert_eq!(said.code, Some(code), "{}{}", said.text(), said.stderr);
        (said.json(), said.stderr)
    }
}
