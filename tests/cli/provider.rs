//! `provider`: a service provider that acts for the shop in a box, from the first ticket to a merchant that withdraws.
//!
//! Long because tickets, tokens and merchants hang together, and are tried over the same provider.

use super::event::listen_for;
use super::world::{Said, World, said};
use crate::support::spec;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use wxsell::profile::SANDBOX_PUSH_AES_KEY;
use wxsell::push::{Account, AesKey, Format, Mode, Stamp, seal};
use wxsell::sandbox::{APPID, Fault, FaultKind, PROVIDER_APPID, PROVIDER_SECRET, Running};
use wxsell::state::State;
use wxsell::types::{Secret, now};

/// A machine with a profile `agency`, logged in, beside the shop on a port of its own.
struct Agency {
    world: World,
    _running: Running,
}

impl Agency {
    fn new() -> Agency {
        let world = World::new();
        let file = world.file("../state/sandbox.db");
        let running = Running::start(&file).expect("the shop starts");
        let agency = Agency {
            world,
            _running: running,
        };
        let url = agency._running.base_url.clone();
        let add = [
            "profile",
            "add",
            "agency",
            "--kind",
            "provider",
            "--appid",
            PROVIDER_APPID,
        ];
        let added = said(
            &mut agency
                .world
                .plain_command(&[&add[..], &["--base-url", &url]].concat()),
        );
        assert_eq!(added.code, Some(0), "{}", added.stderr);
        let login = [
            "auth",
            "login",
            "--profile",
            "agency",
            "--secret-store",
            "file",
        ];
        let logged_in = said(
            agency
                .world
                .plain_command(&login)
                .env("WXSELL_APP_SECRET", PROVIDER_SECRET),
        );
        assert_eq!(logged_in.code, Some(0), "{}", logged_in.stderr);
        agency
    }

    /// One that has a ticket, and the shop as its merchant `tea`.
    fn with_merchant() -> Agency {
        let agency = Agency::new();
        agency.take_ticket();
        agency.authorise("tea", &[]);
        agency
    }

    fn command(&self, profile: &str, args: &[&str]) -> Command {
        let mut command = self
            .world
            .plain_command(&[&["--profile", profile], args].concat());
        command.env(wxsell::clock::VARIABLE, self.world.clock());
        command
    }

    fn run(&self, profile: &str, args: &[&str]) -> Said {
        said(&mut self.command(profile, args))
    }

    fn feed(&self, profile: &str, input: &str, args: &[&str]) -> Said {
        self.world.write("input", input);
        let input = std::fs::File::open(self.world.file("input")).expect("a file");
        said(self.command(profile, args).stdin(input))
    }

    #[track_caller]
    fn ok(&self, profile: &str, args: &[&str]) -> String {
        well(self.run(profile, args))
    }

    #[track_caller]
    fn json(&self, profile: &str, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(profile, &[args, &["--format", "json"]].concat()))
            .expect("JSON")
    }

    #[track_caller]
    fn refused(&self, profile: &str, code: i32, args: &[&str]) -> String {
        let said = self.run(profile, args);
        assert_eq!(said.code, Some(code), "{}{}", said.text(), said.stderr);
        said.stderr
    }

    fn take_ticket(&self) {
        let ticket = self.ok("sandbox", &["sandbox", "provider", "ticket"]);
        well(self.feed("agency", &ticket, &["provider", "ticket", "set"]));
    }

    /// The page, the merchant's consent, and the code it leads back with.
    #[track_caller]
    fn code(&self, more: &[&str]) -> String {
        let redirect = [
            "provider",
            "authorize",
            "--redirect",
            "https://shop.example.com/back",
        ];
        let page = self.ok("agency", &redirect);
        let agree = [&["sandbox", "provider", "authorize"], more].concat();
        well(self.feed("sandbox", &page, &agree)).trim().to_owned()
    }

    #[track_caller]
    fn authorise(&self, name: &str, more: &[&str]) -> Value {
        let code = self.code(more);
        let exchange = ["provider", "authorize", "--code-file", "-", "--name", name];
        let json = ["--secret-store", "file", "--format", "json"];
        let done = well(self.feed("agency", &code, &[&exchange[..], &json].concat()));
        serde_json::from_str(&done).expect("JSON")
    }

    /// How many calls of a path were answered well.
    fn calls_of(&self, path: &str) -> usize {
        let calls = self.world.calls();
        calls
            .iter()
            .filter(|call| call.path == path && call.errcode == 0)
            .count()
    }

    fn refresh_token(&self) -> String {
        let kept = self.world.read("../config/credentials.toml");
        let line = kept.lines().find(|line| line.starts_with("tea = "));
        line.expect("it is kept")
            .split('"')
            .nth(1)
            .expect("a value")
            .to_owned()
    }
}

#[track_caller]
fn well(said: Said) -> String {
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    said.text().to_owned()
}

const TOKEN: &str = "/cgi-bin/component/api_component_token";
const RENEWAL: &str = "/cgi-bin/component/api_authorizer_token";

#[test]
fn a_provider_goes_from_its_ticket_to_a_merchant_it_acts_for() {
    let agency = Agency::new();
    let told = agency.refused("agency", 3, &["provider", "token"]);
    assert!(
        told.contains("no ticket of the service provider") && told.contains("ticket set"),
        "{told}"
    );
    let none = agency.json("agency", &["provider", "ticket", "show"]);
    assert_eq!(
        none,
        json!({"appid": PROVIDER_APPID, "ticket": "none", "pushed_at": null, "usable_until": null})
    );
    let started = agency.json("agency", &["provider", "ticket", "start"]);
    assert_eq!(
        started,
        json!({"appid": PROVIDER_APPID, "was_running": true})
    );
    agency.take_ticket();
    assert_eq!(
        agency.json("agency", &["provider", "ticket", "show"])["ticket"],
        "valid"
    );
    let token = agency.ok("agency", &["provider", "token"]);
    assert!(token.starts_with("85_"), "{token}");
    assert_eq!(
        agency.ok("agency", &["provider", "token"]),
        token,
        "it is kept"
    );

    let page = agency.json(
        "agency",
        &[
            "provider",
            "authorize",
            "--redirect",
            "https://shop.example.com/back",
            "--only",
            APPID,
            "--phone",
        ],
    );
    let url = page["url"].as_str().expect("text");
    assert!(
        url.starts_with("https://mp.weixin.qq.com/safe/bindcomponent?action=bindcomponent&no_scan=1&component_appid=wx5a4dbcc0ffee0099&pre_auth_code=preauthcode%40%40%40")
            && url.contains("&redirect_uri=https%3A%2F%2Fshop.example.com%2Fback&biz_appid=")
            && url.ends_with("#wechat_redirect"),
        "{url}"
    );
    let done = agency.authorise("tea", &[]);
    assert_eq!(
        done,
        json!({"profile": "tea", "appid": APPID, "secret": "file", "sets": [85, 116, 140]})
    );
    // Commands work for the merchant, with the token that came with the authorization.
    let brands = agency.json("tea", &["brand", "mine"]);
    assert_eq!(brands[0]["brand_id"], "2100000000");
    assert_eq!((agency.calls_of(TOKEN), agency.calls_of(RENEWAL)), (1, 0));
    let status = agency.json("tea", &["auth", "status"]);
    assert_eq!(
        (&status["token"], &status["secret"], &status["appid"]),
        (&json!("valid"), &json!("file"), &json!(APPID))
    );
    let shown = agency.json("tea", &["profile", "show"]);
    assert_eq!(
        (&shown["kind"], &shown["provider"]),
        (&json!("shop"), &json!("agency"))
    );
    let doctor = agency.json("tea", &["auth", "doctor"]);
    assert!(
        doctor
            .as_array()
            .expect("rows")
            .iter()
            .all(|check| check["state"] == "ok"),
        "{doctor}"
    );
    agency.json("agency", &["auth", "doctor"]);
    assert_eq!(spec::problems(&agency.world.calls()), [""; 0]);
}

#[test]
fn merchants_are_listed_and_shown_without_their_refresh_tokens() {
    let agency = Agency::with_merchant();
    agency.authorise(
        "other",
        &["--merchant", "wx00000000000000aa", "--sets", "85"],
    );
    agency.code(&["--merchant", "wx00000000000000bb"]);
    let merchants = agency.json("agency", &["provider", "merchants"]);
    let rows: Vec<(&Value, &Value)> = merchants
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (&row["authorizer_appid"], &row["refresh_token"]))
        .collect();
    assert_eq!(
        rows,
        [
            (&json!(APPID), &json!("***")),
            (&json!("wx00000000000000aa"), &json!("***")),
            (&json!("wx00000000000000bb"), &json!("")),
        ]
    );
    assert!(
        merchants[0]["auth_time"]
            .as_str()
            .is_some_and(|time| time.ends_with("+08:00"))
    );
    let one = agency.json("agency", &["provider", "merchants", "--limit", "1"]);
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    let merchant = agency.json("agency", &["provider", "merchant", APPID]);
    assert_eq!(
        (
            &merchant["authorizer_info"]["nick_name"],
            &merchant["authorization_info"]["authorizer_refresh_token"]
        ),
        (&json!("山野茶集"), &json!("***"))
    );
    let table = agency.ok("agency", &["provider", "merchant", APPID]);
    assert!(
        table.contains("山野茶集") && table.contains("normal") && table.contains("85"),
        "{table}"
    );
    // Not under --raw either, nor in a trace.
    let secret = agency.refresh_token();
    agency.ok(
        "agency",
        &["--trace", "trace", "provider", "merchants", "--raw"],
    );
    let raw = agency.ok("agency", &["provider", "merchants", "--raw"]);
    let trace = agency.world.read("trace");
    assert!(
        raw.contains("\"refresh_token\":\"***\"") && !raw.contains(&secret),
        "{raw}"
    );
    assert!(!trace.contains(&secret), "{trace}");
    let whole = agency.ok("agency", &["provider", "merchants", "--raw", "--unmask"]);
    assert!(whole.contains(&secret), "{whole}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let kept = std::fs::metadata(agency.world.file("../config/credentials.toml"));
        assert_eq!(kept.expect("there").permissions().mode() & 0o777, 0o600);
    }
    let told = agency.refused("agency", 3, &["provider", "merchant", "wx00000000000000cc"]);
    assert!(told.contains("errcode 61003"), "{told}");
    assert_eq!(spec::problems(&agency.world.calls()), [""; 0]);
}

#[test]
fn a_token_that_ran_out_is_renewed_once_by_whoever_comes_first() {
    let agency = Agency::with_merchant();
    agency.ok("sandbox", &["sandbox", "advance", "3h"]);
    let together: Vec<std::process::Child> = (0..4)
        .map(|_| {
            let mut command = agency.command("tea", &["brand", "mine"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().expect("it starts")
        })
        .collect();
    for one in together {
        let ended = one.wait_with_output().expect("it ends");
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
    assert_eq!((agency.calls_of(TOKEN), agency.calls_of(RENEWAL)), (2, 1));
    // A refresh token that takes the place of the old one is kept, and serves from then on.
    let before = agency.refresh_token();
    agency.ok("sandbox", &["sandbox", "provider", "rotate"]);
    for _ in 0..2 {
        agency.ok("sandbox", &["sandbox", "advance", "3h"]);
        agency.ok("tea", &["brand", "mine"]);
    }
    assert_ne!(agency.refresh_token(), before);
    assert_eq!(agency.calls_of(RENEWAL), 3);
    agency.ok("sandbox", &["sandbox", "provider", "withdraw"]);
    let told = agency.refused("tea", 3, &["brand", "mine"]);
    assert!(
        told.contains("errcode 61003") && told.contains("provider authorize"),
        "{told}"
    );
    assert_eq!(spec::problems(&agency.world.calls()), [""; 0]);
}

#[test]
fn an_authorization_is_fetched_again_where_it_was_lost() {
    let agency = Agency::new();
    agency.take_ticket();
    // The answer to the exchange is lost, and the code is used up.
    let code = agency.code(&[]);
    let path = "/cgi-bin/component/api_query_auth";
    agency
        .world
        .sandbox()
        .add_fault(&Fault::once(path, FaultKind::Half))
        .expect("a fault");
    let exchange = ["provider", "authorize", "--code-file", "-"];
    let lost = agency.feed("agency", &code, &exchange);
    assert_eq!(lost.code, Some(9), "{}", lost.stderr);
    assert!(lost.stderr.contains("provider connect"), "{}", lost.stderr);
    let again = agency.feed("agency", &code, &exchange);
    assert_eq!(again.code, Some(3), "{}", again.stderr);
    assert!(again.stderr.contains("errcode 61009"), "{}", again.stderr);

    let connect = [
        "provider",
        "connect",
        APPID,
        "--name",
        "tea",
        "--secret-store",
        "file",
    ];
    let connected = agency.json("agency", &connect);
    assert_eq!(
        connected,
        json!({"profile": "tea", "appid": APPID, "secret": "file", "sets": null})
    );
    agency.ok("tea", &["brand", "mine"]);
    // A profile that was removed comes back; somebody else's is not taken.
    agency.ok("agency", &["profile", "remove", "tea", "--yes"]);
    agency.ok("agency", &connect);
    agency.ok("tea", &["brand", "mine"]);
    let told = agency.refused(
        "agency",
        2,
        &["provider", "connect", APPID, "--name", "agency"],
    );
    assert!(told.contains("profile \"agency\" already exists"), "{told}");
    let told = agency.refused("agency", 2, &["provider", "connect", "wx00000000000000cc"]);
    assert!(told.contains("has not authorized"), "{told}");
    agency.code(&["--merchant", "wx00000000000000bb"]);
    let told = agency.refused("agency", 3, &["provider", "connect", "wx00000000000000bb"]);
    assert!(told.contains("never exchanged"), "{told}");
}

#[test]
fn what_is_not_allowed_is_refused_with_the_platforms_code_and_what_to_do() {
    let agency = Agency::with_merchant();
    let told = agency.refused("agency", 3, &["brand", "mine"]);
    assert!(
        told.contains("errcode 61015") && told.contains("profile of a merchant"),
        "{told}"
    );
    agency.authorise("tea", &["--sets", "140"]);
    let told = agency.refused("tea", 3, &["brand", "mine"]);
    assert!(told.contains("errcode 61007"), "{told}");
    let told = agency.refused("tea", 2, &["provider", "merchants"]);
    assert!(told.contains("--profile agency"), "{told}");
    let told = agency.refused("sandbox", 2, &["provider", "merchants"]);
    assert!(told.contains("is not a service provider"), "{told}");
    let told = agency.refused("tea", 2, &["auth", "login", "--appid", APPID]);
    assert!(
        told.contains("works through the service provider agency"),
        "{told}"
    );
    let told = agency.refused("tea", 2, &["auth", "token", "--force-refresh", "--yes"]);
    assert!(told.contains("can be forced"), "{told}");

    agency.ok("sandbox", &["sandbox", "advance", "13h"]);
    let told = agency.refused("agency", 3, &["provider", "merchants"]);
    assert!(
        told.contains("errcode 61005") && told.contains("provider ticket start"),
        "{told}"
    );
    well(agency.feed(
        "agency",
        "ticket@@@made-up\n",
        &["provider", "ticket", "set"],
    ));
    let told = agency.refused("agency", 3, &["provider", "merchants"]);
    assert!(told.contains("errcode 61006"), "{told}");
    let two_words = agency.feed("agency", "a b", &["provider", "ticket", "set"]);
    assert_eq!(two_words.code, Some(2), "{}", two_words.stderr);
    agency.take_ticket();
    agency.ok("sandbox", &["sandbox", "set", "--allow-ip", "203.0.113.9"]);
    let told = agency.refused("agency", 3, &["provider", "merchants"]);
    assert!(
        told.contains("errcode 61004") && told.contains("IP whitelist"),
        "{told}"
    );
    assert_eq!(spec::problems(&agency.world.calls()), [""; 0]);
}

#[test]
fn a_wrong_secret_is_found_out_before_it_is_stored() {
    let agency = Agency::new();
    let login = ["auth", "login"];
    let said = said(
        agency
            .command("agency", &login)
            .env("WXSELL_APP_SECRET", "wrong"),
    );
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert!(
        said.stderr.contains("nothing was stored"),
        "{}",
        said.stderr
    );
    agency.take_ticket();
    agency.ok("agency", &["provider", "token"]);
}

#[test]
fn counters_of_a_provider_and_its_merchants_are_cleared_with_its_secret() {
    let agency = Agency::with_merchant();
    agency.ok("sandbox", &["sandbox", "set", "--calls-per-day", "2"]);
    agency.ok("tea", &["brand", "mine"]);
    agency.ok("tea", &["brand", "mine"]);
    agency.refused("tea", 5, &["brand", "mine"]);
    let dry = agency.run(
        "agency",
        &[
            "provider",
            "quota",
            "clear",
            "--merchant",
            APPID,
            "--dry-run",
        ],
    );
    assert!(
        dry.stderr.contains("would reset all daily counters"),
        "{}",
        dry.stderr
    );
    let cleared = agency.json(
        "agency",
        &["provider", "quota", "clear", "--merchant", APPID],
    );
    assert_eq!(cleared, json!({"appid": APPID, "path": null}));
    agency.ok("tea", &["brand", "mine"]);
    // The provider's own are a pot of their own.
    let cleared = agency.json("agency", &["quota", "clear"]);
    assert_eq!(cleared["appid"], PROVIDER_APPID);
    agency.ok("tea", &["quota", "clear", "--by-secret"]);
    let told = agency.refused(
        "agency",
        3,
        &[
            "provider",
            "quota",
            "clear",
            "--merchant",
            "wx00000000000000cc",
        ],
    );
    assert!(told.contains("errcode 61003"), "{told}");
    assert_eq!(spec::problems(&agency.world.calls()), [""; 0]);
}

/// What merchants did is pushed to the provider: `authorized` with its code, and `unauthorized`.
#[test]
fn what_merchants_authorise_and_withdraw_is_taken_from_the_pushes() {
    let agency = Agency::new();
    agency.take_ticket();
    let keys = format!("providerPushToken\n{SANDBOX_PUSH_AES_KEY}\n");
    agency.world.write_private("keys", keys);
    let store = ["auth", "push-key", "--file", "keys"];
    agency.ok("agency", &store);
    let account = Account {
        appid: PROVIDER_APPID.into(),
        token: Secret::new("providerPushToken"),
        key: AesKey::from_encoded(SANDBOX_PUSH_AES_KEY),
        previous: None,
    };
    let receiver = listen_for(&agency.world, "agency", &["--allow-plain"]);
    let push = |kind: &str, at: i64, code: &str, mode: Mode| {
        let event = json!({"AppId": PROVIDER_APPID, "CreateTime": at, "InfoType": kind, "AuthorizerAppid": APPID,
            "AuthorizationCode": code, "AuthorizationCodeExpiredTime": 3600, "PreAuthCode": "p"});
        let sealed = seal(&event, &account, Format::Xml, mode, &Stamp::now()).expect("sealed");
        let target = format!("/wechat?{}", sealed.query);
        let answer = receiver.request("POST", &target, sealed.body.as_bytes());
        assert_eq!(answer, (200, "success".into()));
    };
    let connect = [
        "provider",
        "connect",
        APPID,
        "--name",
        "tea",
        "--secret-store",
        "file",
    ];
    let code = agency.code(&[]);
    let at = now();
    // Anybody could have sent a plain one, and an older one is not the last word.
    push("authorized", at + 5, "forged", Mode::Plain);
    push("authorized", at, &code, Mode::Safe);
    push("authorized", at - 60, "older", Mode::Safe);
    let connected = agency.json("agency", &connect);
    assert_eq!(
        (&connected["profile"], connected["sets"].is_array()),
        (&json!("tea"), true)
    );
    assert_eq!(agency.calls_of("/cgi-bin/component/api_query_auth"), 1);
    agency.ok("tea", &["brand", "mine"]);
    // The code is used up: the next one comes from the list.
    let again = agency.json("agency", &connect);
    assert_eq!(again["sets"], json!(null));
    agency.ok("tea", &["brand", "mine"]);
    // A used code that is pushed once more does not stand in the way.
    push("authorized", at, &code, Mode::Safe);
    let again = agency.json("agency", &connect);
    assert_eq!(again["sets"], json!(null));
    agency.ok("tea", &["brand", "mine"]);
    // What was withdrawn before the token was fetched does not end it; a later one does, and an older code is dead.
    let state = State::open(&agency.world.file("../state")).expect("a state");
    let key = |appid: &str| format!("{appid}@{}", agency._running.base_url);
    let held = || {
        state
            .token(&key(APPID), "authorizer")
            .expect("read")
            .is_some()
    };
    push("unauthorized", at - 3_600, "", Mode::Safe);
    push("unauthorized", at + 60, "", Mode::Plain);
    assert!(held());
    push("unauthorized", at + 60, "", Mode::Safe);
    assert!(!held());
    push("updateauthorized", at + 30, "late", Mode::Safe);
    assert_eq!(state.code(&key(PROVIDER_APPID), APPID).expect("read"), None);
    push("updateauthorized", at + 90, "newer", Mode::Safe);
    let kept = state.code(&key(PROVIDER_APPID), APPID).expect("read");
    let kept = kept.expect("a code");
    assert_eq!(
        (kept.token.expose(), kept.fetched_at, kept.expires_at),
        ("newer", at + 90, at + 90 + 3_600)
    );
    // Nothing of it is shown.
    let shown = agency.json("agency", &["event", "list"]);
    assert!(!shown.to_string().contains("newer") && !shown.to_string().contains(&code));
    let events = shown.as_array().expect("rows");
    assert!(
        events
            .iter()
            .any(|event| event["fields"]["AuthorizationCode"] == "(hidden)")
    );
}

#[test]
fn a_login_that_is_only_tried_out_sends_and_stores_nothing() {
    let agency = Agency::new();
    let calls = agency.world.calls().len();
    let logged = agency.json("agency", &["log", "list"]);
    let login = ["auth", "login", "--dry-run"];
    let said = said(
        agency
            .command("agency", &login)
            .env("WXSELL_APP_SECRET", PROVIDER_SECRET),
    );
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("the AppSecret is not checked"),
        "{}",
        said.stderr
    );
    assert_eq!(agency.world.calls().len(), calls);
    assert_eq!(agency.json("agency", &["log", "list"]), logged);
}

#[test]
fn what_is_done_is_told_in_json_too() {
    let agency = Agency::new();
    let ticket = agency.json("sandbox", &["sandbox", "provider", "ticket"]);
    let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
    let stored = agency.feed(
        "agency",
        &ticket,
        &["provider", "ticket", "set", "--format", "json"],
    );
    assert_eq!(stored.json()["appid"], PROVIDER_APPID);
    assert!(stored.json()["usable_until"].is_string());
    let json = ["--format", "json"];
    let add = ["profile", "add", "tea", "--appid", APPID];
    let added = said(&mut agency.world.plain_command(&[&add[..], &json].concat()));
    assert_eq!(added.json(), json!({"profile": "tea", "current": false}));
    let login = ["auth", "login", "--secret-store", "file"];
    let logged_in = said(
        agency
            .command("agency", &[&login[..], &json].concat())
            .env("WXSELL_APP_SECRET", PROVIDER_SECRET),
    );
    assert_eq!(logged_in.json()["profile"], "agency");
}
