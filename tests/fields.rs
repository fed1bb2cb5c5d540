//! Nothing that WeChat documents is lost on the way: for every reading operation a reply with all documented fields is
//! served, and each of them stands in what the command prints as JSON, ids as text and times as RFC 3339; `--raw`
//! prints the reply as it came.

use crate::support::readings::READINGS;
use crate::support::{filled, standin};

use filled::{Leaf, Specs};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wxsell::api::Resend;
use wxsell::api::operation::Reference;

/// Operations that no command shows, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("/cgi-bin/token", "a token, which is printed alone"),
    ("/cgi-bin/stable_token", "a token, which is printed alone"),
    (
        "/cgi-bin/component/api_component_token",
        "a token, which is printed alone",
    ),
    (
        "/cgi-bin/component/api_authorizer_token",
        "tokens, which are kept and never printed",
    ),
    (
        "/cgi-bin/component/api_create_preauthcode",
        "a code, which is printed as a link",
    ),
];

/// Fields beside the rows of a list that count or continue its pages. A command prints the rows of all pages as one
/// array, and is done with these.
const PAGES: &[&str] = &[
    "total",
    "total_num",
    "total_count",
    "total_cnt",
    "count",
    "has_more",
    "last_index",
    "start_id",
];

/// Fields that are printed under another name, which JSON has promised: path of the call, field, name.
const RENAMED: &[(&str, &str, &str)] = &[
    ("/shop/img/upload", "img_info.media_id", "value"),
    ("/shop/img/upload", "img_info.temp_img_url", "value"),
    ("/shop/img/upload", "img_info.pay_media_id", "value"),
    ("/shop/spu/get", "spu.status", "status_code"),
    ("/shop/spu/get", "spu.third_cat_id", "category_id"),
    ("/shop/spu/get_list", "spus.third_cat_id", "category_id"),
    ("/shop/spu/get", "spu.create_time", "created_at"),
    ("/shop/spu/get", "spu.update_time", "updated_at"),
    (
        "/shop/spu/get",
        "spu.audit_info.submit_time",
        "audit_submitted_at",
    ),
    ("/shop/spu/get", "spu.audit_info.audit_time", "audited_at"),
    ("/shop/spu/get_list", "spus.status", "status_code"),
    ("/shop/spu/get_list", "spus.create_time", "created_at"),
    ("/shop/spu/get_list", "spus.update_time", "updated_at"),
    (
        "/shop/spu/get_list",
        "spus.audit_info.submit_time",
        "audit_submitted_at",
    ),
    (
        "/shop/spu/get_list",
        "spus.audit_info.audit_time",
        "audited_at",
    ),
    ("/promoter/getinvitationmaterial", "tag", "link"),
    ("/promoter/getsharematerial", "tag", "link"),
    ("/promoter/getsharematerial", "share_path", "path"),
    (
        "/cgi-bin/openapi/rid/get",
        "request.invoke_time",
        "invoked_at",
    ),
    ("/cgi-bin/openapi/quota/get", "quota.remain", "remaining"),
    (
        "/cgi-bin/openapi/quota/get",
        "rate_limit.call_count",
        "rate_limit",
    ),
    (
        "/cgi-bin/openapi/quota/get",
        "rate_limit.refresh_second",
        "period_seconds",
    ),
    (
        "/cgi-bin/openapi/quota/get",
        "component_rate_limit.call_count",
        "component_rate_limit",
    ),
    (
        "/cgi-bin/openapi/quota/get",
        "component_rate_limit.refresh_second",
        "component_period_seconds",
    ),
];

/// Fields that a command does not print, and why.
const NOT_PRINTED: &[(&str, &str, &str)] = &[
    (
        "/shop/ecaftersale/get_list",
        "after_sales_orders",
        "numbers alone: each is read, and printed whole",
    ),
    (
        "/promoter/getinvitationmaterial",
        "poster",
        "a picture, which is saved as a file",
    ),
    (
        "/promoter/getinvitationmaterial",
        "qrcode",
        "a picture, which is saved as a file",
    ),
    (
        "/promoter/getsharematerial",
        "qrcode",
        "a picture, which is saved as a file",
    ),
    (
        "/promoter/getpromoter",
        "fail_cnt",
        "a count beside the rows that one SDK alone knows",
    ),
];

/// A machine before a platform that answers with full replies.
struct Stand {
    folder: tempfile::TempDir,
    base_url: String,
    replies: BTreeMap<String, (String, Vec<Leaf>)>,
}

impl Stand {
    fn new() -> Stand {
        let reference = Specs::read();
        let made = |path: &str| {
            let (reply, leaves) = reference.reply(path);
            (path.to_owned(), (reply.to_string(), leaves))
        };
        let replies: BTreeMap<_, _> = reference.paths().map(made).collect();
        let texts: BTreeMap<String, String> = replies
            .iter()
            .map(|(path, (text, _))| (path.clone(), text.clone()))
            .collect();
        let token = json!({
            "access_token": "T".repeat(40), "component_access_token": "C".repeat(40), "expires_in": 7200,
        })
        .to_string();
        let answers = move |path: &str| match path {
            "/cgi-bin/stable_token" | "/cgi-bin/component/api_component_token" => token.clone(),
            path => texts
                .get(path)
                .cloned()
                .unwrap_or_else(|| json!({"errcode": -1, "errmsg": "no such call"}).to_string()),
        };
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(
            "tests/data/images/TEA-1001.png",
            folder.path().join("a.png"),
        )
        .expect("a picture");
        std::fs::write(folder.path().join("number"), "6222000000000000000\n").expect("a file");
        let stand = Stand {
            base_url: standin::start(Arc::new(answers)),
            folder,
            replies,
        };
        let settings = format!(
            "[profile.agency]\nkind = \"provider\"\nappid = \"wx0000000000000009\"\nbase_url = \"{}\"\n",
            stand.base_url
        );
        let config = stand.folder.path().join("config");
        std::fs::create_dir(&config).expect("a folder");
        std::fs::write(config.join("config.toml"), settings).expect("settings");
        std::fs::write(stand.folder.path().join("ticket"), "ticket@@@x\n").expect("a file");
        let ticket = std::fs::File::open(stand.folder.path().join("ticket")).expect("a file");
        let stored = stand.command("provider ticket set").stdin(ticket).output();
        let stored = stored.expect("the binary runs");
        let words = String::from_utf8_lossy(&stored.stderr);
        assert!(stored.status.success(), "{words}");
        stand
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wxsell"));
        command
            // A rid begins with its time, and is kept for 7 days.
            .args(
                line.replace(
                    "RID",
                    &format!("{:x}-00000001-00000001", wxsell::types::now()),
                )
                .split(' '),
            )
            .env_clear()
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("WXSELL_CONFIG_DIR", self.folder.path().join("config"))
            .env("WXSELL_STATE_DIR", self.folder.path().join("state"))
            .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef");
        if line.starts_with("provider ") {
            command.env("WXSELL_PROFILE", "agency")
        } else {
            command
                .env("WXSELL_APPID", "wx0000000000000001")
                .env("WXSELL_BASE_URL", &self.base_url)
        };
        command
    }

    /// What a command prints on stdout.
    fn printed(&self, line: &str, more: &[&str]) -> Result<String, String> {
        let child = self
            .command(line)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let output = within_a_minute(child.expect("the binary runs"), line);
        let words = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(0) {
            return Err(format!("{line}: {} {words}", output.status));
        }
        Ok(String::from_utf8(output.stdout).expect("UTF-8"))
    }
}

/// A list whose pages never end would hold up everything.
fn within_a_minute(mut child: Child, line: &str) -> Output {
    let id = child.id();
    let mut streams = (child.stdout.take(), child.stderr.take());
    let read = std::thread::spawn(move || {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        if let Some(stream) = &mut streams.0 {
            stream.read_to_end(&mut stdout).expect("output");
        }
        if let Some(stream) = &mut streams.1 {
            stream.read_to_end(&mut stderr).expect("output");
        }
        (stdout, stderr)
    });
    let began = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().expect("it dies");
            panic!("{line} (process {id}) does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let (stdout, stderr) = read.join().expect("output");
    Output {
        status: child.wait().expect("a child"),
        stdout,
        stderr,
    }
}

/// Every plain value of a JSON text with the name of its field; a plain list gives its name to what it holds.
fn values(printed: &Value, name: &str, found: &mut Vec<(String, Value)>) {
    match printed {
        Value::Object(object) => {
            for (name, value) in object {
                values(value, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, name, found)),
        plain => found.push((name.to_owned(), plain.clone())),
    }
}

/// The fields that are not printed. Each value counts once, so that two of a name must both be there.
fn missing<'a>(path: &str, leaves: &'a [Leaf], printed: &Value) -> BTreeSet<&'a str> {
    let mut found = Vec::new();
    values(printed, "", &mut found);
    let mut missing = BTreeSet::new();
    for leaf in leaves {
        if printed.is_array() && PAGES.contains(&leaf.path.as_str()) {
            continue;
        }
        let renamed = RENAMED
            .iter()
            .find(|(of, field, _)| *of == path && *field == leaf.path);
        let name = renamed.map_or(leaf.name(), |(_, _, name)| *name);
        // What stands in a plain list has no name of its own, and becomes a row with one.
        let named = |printed: &str| leaf.listed || printed == name;
        match found
            .iter()
            .position(|(name, value)| named(name) && leaf.is(value))
        {
            Some(at) => drop(found.swap_remove(at)),
            None => drop(missing.insert(leaf.path.as_str())),
        }
    }
    missing
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures, under --nocapture")]
fn every_documented_field_of_a_reply_is_printed() {
    let stand = Stand::new();
    let mut lost = Vec::new();
    let mut fields = 0;
    for (path, commands) in READINGS {
        let (reply, leaves) = &stand.replies[*path];
        let mut lacking: Option<BTreeSet<&str>> = None;
        for command in *commands {
            let printed = match stand.printed(command, &["--format", "json", "--unmask"]) {
                Ok(printed) => serde_json::from_str(&printed).expect("JSON"),
                Err(why) => {
                    lost.push(format!("{path}: {why}"));
                    continue;
                }
            };
            let missing = missing(path, leaves, &printed);
            lacking = Some(match lacking {
                None => missing,
                Some(before) => before.intersection(&missing).copied().collect(),
            });
            let raw = stand.printed(command, &["--raw", "--unmask"]);
            let raw = raw.unwrap_or_else(|why| why);
            if !raw.lines().any(|line| line == reply) {
                lost.push(format!(
                    "{path}: --raw of `{command}` is not what came: {raw}"
                ));
            }
        }
        let known: BTreeSet<&str> = NOT_PRINTED
            .iter()
            .filter(|(of, _, _)| of == path)
            .map(|(_, field, _)| *field)
            .collect();
        let lacking = lacking.unwrap_or_default();
        fields += leaves.len() - lacking.len();
        for field in lacking.difference(&known) {
            lost.push(format!("{path}: {field} is not printed"));
        }
        for field in known.difference(&lacking) {
            lost.push(format!("{path}: {field} is printed; take it off the list"));
        }
    }
    assert!(lost.is_empty(), "{}\n{}", lost.len(), lost.join("\n"));
    println!("{fields} fields of {} operations", READINGS.len());
    assert!(fields > 500, "{fields}");
}

#[test]
fn every_reading_operation_has_a_command_that_shows_it() {
    let mut without = Vec::new();
    for reference in [
        Reference::Component,
        Reference::Promoter,
        Reference::Platform,
    ] {
        for operation in &reference.book().operations {
            let shown = READINGS.iter().any(|(path, _)| *path == operation.path);
            let excused = NOT_SHOWN.iter().any(|(path, _)| *path == operation.path);
            if operation.resend == Resend::Safe && shown == excused {
                without.push(&operation.path);
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn a_field_that_is_lost_is_noticed() {
    let reference = Specs::read();
    let (reply, leaves) = reference.reply("/shop/order/get");
    let (book, operation) =
        wxsell::api::operation::by_path("/shop/order/get").expect("a known path");
    let mut printed = wxsell::api::operation::present(book, &operation.reply, reply);
    assert_eq!(
        missing("/shop/order/get", &leaves, &printed),
        BTreeSet::new()
    );
    let price = printed.pointer_mut("/order/order_detail/price_info");
    price
        .expect("a price")
        .as_object_mut()
        .expect("an object")
        .remove("freight");
    printed["order"]["order_id"] = 1.into();
    let lost = ["order.order_detail.price_info.freight", "order.order_id"];
    assert_eq!(
        missing("/shop/order/get", &leaves, &printed),
        BTreeSet::from(lost)
    );
}
