//! Replies that are odd in the ways that were reported of the platform, through the binary and against a stand-in: what
//! can be read is used, what cannot is named, and what is no reply of the platform is no success.

use super::catalogues::many;
use super::world::World;
use crate::support::standin::{self, Asked};

use serde_json::{Value, json};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// A machine before a stand-in, and what the stand-in was asked.
struct Stand {
    world: World,
    base_url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stand {
    fn new(answer: impl Fn(&Asked) -> Option<Vec<u8>> + Send + Sync + 'static) -> Stand {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let base_url = standin::start_with(Arc::new(move |request: &Asked| {
            seen.lock().expect("a lock").push(request.clone());
            let known = match request.path.as_str() {
                "/cgi-bin/stable_token" => {
                    Some(json!({"access_token": "T".repeat(40), "expires_in": 7200}))
                }
                "/shop/account/get_info" => Some(json!({"errcode": 0, "data": {
                    "service_agent_path": "pages/s", "service_agent_phone": "02000000000",
                    "service_agent_type": [0, 1, 2]}})),
                "/shop/img/upload" => Some(json!({"errcode": 0, "errmsg": "ok", "img_info": {
                    "temp_img_url": "https://mmecimage.cn/p/wx0/1"}})),
                _ => None,
            };
            let known = known.map(|reply| reply.to_string().into_bytes());
            let ok = || br#"{"errcode":0,"errmsg":"ok"}"#.to_vec();
            answer(request).or(known).unwrap_or_else(ok)
        }));
        Stand {
            world: World::new(),
            base_url,
            asked,
        }
    }

    /// One whose answers to a path are these bytes.
    fn says(path: &'static str, reply: impl AsRef<[u8]>) -> Stand {
        let reply = reply.as_ref().to_vec();
        Stand::new(move |asked| (asked.path == path).then(|| reply.clone()))
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.plain_command(args);
        command
            .env("WXSELL_BASE_URL", &self.base_url)
            .env("WXSELL_TEST_CLOCK", self.world.file("clock"))
            .env("WXSELL_APPID", "wx0000000000000001")
            .env("WXSELL_APP_SECRET", "0123456789abcdef0123456789abcdef");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary runs")
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str]) -> (String, String) {
        let output = self.run(args);
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        assert_eq!(output.status.code(), Some(code), "{args:?}: {out}{err}");
        (out, err)
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> (Value, String) {
        let (out, err) = self.ends(0, &[args, &["--format", "json"]].concat());
        (serde_json::from_str(&out).expect("JSON"), err)
    }

    fn calls(&self, path: &str) -> usize {
        let asked = self.asked.lock().expect("a lock");
        asked.iter().filter(|asked| asked.path == path).count()
    }
}

const PRODUCT: &str =
    r#"{"out_product_id":"P1","product_id":1,"status":5,"edit_status":4,"title":"a","skus":[]}"#;

#[test]
fn a_success_is_one_in_every_envelope() {
    for envelope in [
        r#""errcode":0,"errmsg":null"#,
        r#""errcode":0"#,
        r#""errcode":"0","errmsg":"ok""#,
    ] {
        let reply = format!("{{{envelope},\"total_num\":1,\"spus\":[{PRODUCT}]}}");
        for reply in [
            reply.clone(),
            format!("\u{feff}{reply}"),
            format!("\0 {reply}\n\0"),
        ] {
            let (rows, err) = Stand::says("/shop/spu/get_list", &reply).json(&["goods", "list"]);
            assert_eq!(rows[0]["out_product_id"], "P1", "{reply}: {err}");
        }
        // A write that was answered so is done, and is not sent again.
        let reply = format!("{{{envelope}}}");
        let stand = Stand::new(move |asked| {
            match asked.path.as_str() {
            "/shop/order/close" => Some(reply.clone().into_bytes()),
            "/shop/order/get" => Some(
                br#"{"errcode":0,"order":{"order_id":1,"out_order_id":"O1","openid":"o1","status":10}}"#
                    .to_vec(),
            ),
            _ => None,
        }
        });
        stand.ends(0, &["order", "close", "O1", "--openid", "o1"]);
        assert_eq!(stand.calls("/shop/order/close"), 1);
    }
}

#[test]
fn a_refusal_in_quotes_is_a_refusal() {
    let stand = Stand::says(
        "/shop/spu/get_list",
        r#"{"errcode":"1010003","errmsg":", bad value rid: 6a-0b-0c"}"#,
    );
    let (_, err) = stand.ends(1, &["goods", "list"]);
    assert!(err.contains("(errcode 1010003: bad value)"), "{err}");
    assert!(err.contains("6a-0b-0c"), "{err}");
    assert_eq!(stand.calls("/shop/spu/get_list"), 1);
}

#[test]
fn what_is_no_reply_of_the_platform_is_no_empty_list() {
    let replies = ["[]", "{}", r#"{"ok":true}"#, "<html>log in</html>", "null"];
    std::thread::scope(|scope| {
        for reply in replies {
            scope.spawn(move || {
                let stand = Stand::says("/shop/coupon/get_list", reply);
                let output = stand.run(&["coupon", "list"]);
                assert_ne!(output.status.code(), Some(0), "{reply}");
                assert!(output.stdout.is_empty(), "{reply}");
            });
        }
    });
}

#[test]
fn control_characters_and_cut_ones_do_not_hide_the_orders() {
    let mut reply = br#"{"errcode":0,"errmsg":"ok","total_num":2,"orders":[
        {"order_id":3300000000000000001,"out_order_id":"O1","openid":"oX","status":20,"create_time":"2022-04-01 12:00:00",
         "order_detail":{"product_infos":[]},"address_info":{"city":"A"#
        .to_vec();
    reply.extend(b"\x14\x07\nB\xe5\xbc");
    reply.extend(
        br#""}},{"order_id":3300000000000000002,"out_order_id":"O2","openid":"oX","status":20,
         "create_time":"2022-04-01 12:00:00","order_detail":{"product_infos":[]}}]}"#,
    );
    let stand = Stand::says("/shop/order/get_list", reply);
    let (rows, err) = stand.json(&[
        "order",
        "list",
        "--since",
        "2022-04-01",
        "--until",
        "2022-04-02",
    ]);
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    assert_eq!(rows[0]["receiver"]["city"], "A\u{14}\u{7}\nB\u{fffd}");
    assert!(err.contains("cannot be read"), "{err}");
    assert_eq!(stand.calls("/shop/order/get_list"), 1);
}

#[test]
fn quoted_numbers_are_numbers_everywhere() {
    let spus = r#"{"errcode":0,"total_num":"1","spus":[{"out_product_id":"P1","product_id":"1000000000000001",
        "title":"a","status":"5","edit_status":"4","skus":[{"sku_id":"1","out_sku_id":"S1","sale_price":"100",
        "market_price":"200","stock_num":"7"}]}]}"#;
    let (rows, err) = Stand::says("/shop/spu/get_list", spus).json(&["goods", "list"]);
    assert_eq!(rows[0]["out_product_id"], "P1");
    assert_eq!(rows[0]["skus"][0]["sale_price"], 100, "{rows}");
    assert!(!err.contains("another kind"), "{err}");

    let orders = r#"{"errcode":0,"total_num":"1","orders":[{"order_id":"3300000000000000001",
        "out_order_id":1234567890123,"openid":"oX","status":"20","create_time":"2022-04-01 12:00:00",
        "order_detail":{"product_infos":[],"price_info":{"order_price":"9900","freight":"0"}}}]}"#;
    let stand = Stand::says("/shop/order/get_list", orders);
    let window = [
        "order",
        "list",
        "--since",
        "2022-04-01",
        "--until",
        "2022-04-02",
    ];
    let (rows, _) = stand.json(&window);
    assert_eq!(rows[0]["state"], "paid", "{rows}");
    assert_eq!(rows[0]["total"], 9900, "{rows}");
    assert_eq!(rows[0]["number"], "1234567890123");
    let (table, _) = stand.ends(0, &window);
    assert!(table.contains("99.00"), "{table}");
}

#[test]
fn lists_that_are_missing_are_empty_and_one_object_is_a_list_of_one() {
    for nothing in ["null", "[]", "\"\""] {
        let reply = format!(r#"{{"errcode":0,"total_num":0,"spus":{nothing}}}"#);
        let (rows, _) = Stand::says("/shop/spu/get_list", reply).json(&["goods", "list"]);
        assert_eq!(rows, json!([]), "{nothing}");
    }
    let one = format!(r#"{{"errcode":0,"total_num":1,"spus":{PRODUCT}}}"#);
    let (rows, _) = Stand::says("/shop/spu/get_list", one).json(&["goods", "list"]);
    assert_eq!(rows[0]["out_product_id"], "P1");
}

#[test]
fn one_odd_record_does_not_hide_the_others_and_is_named() {
    let reply = format!(
        r#"{{"errcode":0,"total_num":3,"spus":[{PRODUCT},{{"out_product_id":"P2","title":{{"odd":1}}}},null]}}"#
    );
    let (rows, err) = Stand::says("/shop/spu/get_list", reply).json(&["goods", "list"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(2), "{rows}");
    assert!(err.contains("spus[1].title"), "{err}");
}

#[test]
fn a_picture_that_wechat_cannot_fetch_is_downloaded_and_uploaded() {
    let png = std::fs::read("tests/data/images/TEA-1001.png").expect("a picture");
    let stand = Stand::new(move |asked| match asked.path.as_str() {
        "/picture.png" => Some(png.clone()),
        "/shop/img/upload" if asked.query.contains("upload_type=1") => Some(
            br#"{"errcode":1070008,"errmsg":"cannot be fetched, send the file rid: 6a-0b-0c"}"#
                .to_vec(),
        ),
        _ => None,
    });
    let url = format!("{}/picture.png", stand.base_url);
    let (rows, err) = stand.json(&["image", "upload", &url]);
    assert_eq!(rows[0]["value"], "https://mmecimage.cn/p/wx0/1", "{err}");
    assert!(err.contains("downloaded and uploaded"), "{err}");
    let asked = stand.asked.lock().expect("a lock");
    let sent = asked.last().expect("a call");
    assert!(sent.body.windows(4).any(|four| four == b"\x89PNG"));
}

#[test]
fn numbers_in_quotes_are_sent_as_numbers_and_a_request_goes_unchecked_where_asked() {
    let sent = |args: &[&str]| {
        let stand = Stand::new(|_| None);
        stand.ends(0, args);
        let asked = stand.asked.lock().expect("a lock");
        String::from_utf8(asked.last().expect("a call").body.clone()).expect("UTF-8")
    };
    let branches = ["api", "call", "/shop/funds/getsubbranch", "--data"];
    let data = r#"{"city_code":"571","bank_code":"1001","offset":0,"limit":"10"}"#;
    assert_eq!(
        sent(&[&branches[..], &[data]].concat()),
        r#"{"city_code":571,"bank_code":"1001","offset":0,"limit":10}"#
    );
    assert_eq!(sent(&[&branches[..], &[data, "--no-check"]].concat()), data);
    let odd = r#"{"colour":"red"}"#;
    let (_, err) = Stand::new(|_| None).ends(2, &[&branches[..], &[odd]].concat());
    assert!(err.contains("--no-check"), "{err}");
    assert_eq!(sent(&[&branches[..], &[odd, "--no-check"]].concat()), odd);
}

#[test]
fn a_field_that_is_no_list_is_refused_before_any_call() {
    let stand = Stand::new(|_| None);
    for field in ["WRONGFIELD", "total_num", "orders.order_id"] {
        let (out, err) = stand.ends(2, &["api", "call", "order_get_list", "--all", field]);
        assert!(out.is_empty() && err.contains("orders"), "{out}{err}");
    }
    let (_, err) = stand.ends(2, &["api", "call", "order_get", "--all", "order"]);
    assert!(err.contains("has no pages"), "{err}");
    assert!(stand.asked.lock().expect("a lock").is_empty());
}

#[test]
fn a_path_that_nobody_documented_is_read_with_get() {
    let stand = Stand::says("/union/thing", r#"{"errcode":0,"thing":1}"#);
    let call = ["api", "call", "/union/thing", "--raw", "--method", "get"];
    let (out, _) = stand.ends(0, &[&call[..], &["--query", "a=b"]].concat());
    assert!(out.contains("\"thing\":1"), "{out}");
    let asked = stand.asked.lock().expect("a lock");
    let last = asked.last().expect("a call");
    assert!(last.query.ends_with("a=b") && last.body.is_empty());
}

#[test]
fn a_success_without_the_thing_asked_for_is_no_empty_page() {
    for line in ["coupon show C1", "funds flow F1"] {
        let args: Vec<&str> = line.split(' ').collect();
        let (out, err) = Stand::new(|_| None).ends(1, &args);
        assert!(
            out.is_empty() && err.contains("without"),
            "{line}: {out}{err}"
        );
    }
}

#[test]
fn what_the_platform_does_not_say_is_not_made_up() {
    let reply = r#"{"errcode":0,"spu":{"out_product_id":"P1","title":"a","skus":[]}}"#;
    let stand = Stand::says("/shop/spu/get", reply);
    let (thing, _) = stand.json(&["goods", "show", "P1"]);
    for field in ["status", "audit", "product_id"] {
        assert_eq!(thing[field], "", "{thing}");
    }
    let (table, _) = stand.ends(0, &["goods", "show", "P1"]);
    assert!(
        !table.contains("not listed") && !table.contains("editing"),
        "{table}"
    );
}

#[test]
fn a_percentage_is_a_percentage_whatever_stands_beside_it() {
    let reply = r#"{"errcode":0,"total_num":1,"result_list":[{"coupon":{"out_coupon_id":"C1","type":101,"status":2,
        "coupon_info":{"name":"n","discount_info":{"discount_num":9800,"discount_fee":6400}}}}]}"#;
    let (table, _) = Stand::says("/shop/coupon/get_list", reply).ends(0, &["coupon", "list"]);
    assert!(table.contains("98%") && !table.contains("64.00"), "{table}");
}

/// A shop that may sell tea and has none yet, whose answer to an added product is `reply`.
fn shop_of_teas(reply: &str) -> Stand {
    let tea = json!({"third_cat_id": 1423, "third_cat_name": "tea", "second_cat_id": 1422, "second_cat_name": "tea",
        "first_cat_id": 1421, "first_cat_name": "food", "qualification": "", "qualification_type": 0,
        "product_qualification": "", "product_qualification_type": 0});
    let added = reply.to_owned();
    Stand::new(move |asked| {
        let reply = match asked.path.as_str() {
            "/shop/account/get_category_list" => json!({"errcode": 0, "data": [tea]}).to_string(),
            "/shop/cat/get" => json!({"errcode": 0, "third_cat_list": [tea]}).to_string(),
            "/shop/spu/get" => json!({"errcode": 1_000_011, "errmsg": "none"}).to_string(),
            "/shop/spu/add" => added.clone(),
            _ => return None,
        };
        Some(reply.into_bytes())
    })
}

const UPLOAD: [&str; 4] = ["goods", "upload", "goods.csv", "--yes"];

#[test]
fn a_refused_row_keeps_the_words_and_the_number_of_the_request_everywhere() {
    let rid = "68e6c4c0-1a2b3c4d-5e6f7081";
    let reply = format!("{{\"errcode\":1000020,\"errmsg\":\"title not allowed rid: {rid}\"}}");
    let stand = shop_of_teas(&reply);
    stand.world.write("goods.csv", many(1));
    let (table, _) = stand.ends(6, &UPLOAD);
    let once = |words: &str| {
        assert_eq!(words.matches(rid).count(), 1, "{words}");
        assert_eq!(words.matches("title not allowed").count(), 1, "{words}");
    };
    once(&table);
    once(&stand.world.read("goods.failed.csv"));
    let (out, _) = stand.ends(0, &["run", "failed", "1", "--format", "json"]);
    once(&out);
    let (out, _) = stand.ends(6, &[&UPLOAD[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&out).expect("JSON");
    let reason = report["failed"][0]["reason"].as_str();
    assert!(
        reason.is_some_and(|reason| reason.contains(rid)),
        "{report}"
    );
    once(&out);
    // Of a single call JSON has a field for it, and the words are once more apart.
    let call = ["api", "call", "/shop/spu/add", "--no-check", "--data", "{}"];
    let (_, err) = stand.ends(1, &[&call[..], &["--format", "json"]].concat());
    let error = err.lines().last().expect("an error");
    let error: Value = serde_json::from_str(error).expect("JSON");
    let error = &error["error"];
    assert_eq!(error["rid"], rid, "{error}");
    let message = error["message"].as_str().expect("text");
    assert!(!message.contains(rid), "{error}");
    assert_eq!(message.matches("title not allowed").count(), 1, "{error}");
    // People see it once, where it says what to do with it.
    let (_, err) = stand.ends(1, &call);
    once(&err);
    assert!(err.contains(&format!("wxsell rid show {rid}")), "{err}");
}

#[test]
fn a_refusal_of_the_account_ends_a_job_at_its_first_item_with_the_remedy() {
    for (code, remedy) in [
        (40066, "does not exist there"),
        (48001, "permission"),
        (1_040_042, "wxsell merchant update --service wechat"),
        (1_400_007, "WeChat Store"),
    ] {
        let reply = format!("{{\"errcode\":{code},\"errmsg\":\"no\"}}");
        let stand = shop_of_teas(&reply);
        stand.world.write("goods.csv", many(60));
        let output = stand.run(&UPLOAD);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{code}: {words}");
        assert_eq!(stand.calls("/shop/spu/add"), 1, "{code}: {words}");
        assert!(words.contains(remedy), "{code}: {words}");
    }
}

#[test]
fn words_that_are_empty_leave_no_brackets_behind() {
    for (reply, rid) in [
        (r#"{"errcode":-2,"errmsg":""}"#, false),
        (r#"{"errcode":9401037}"#, false),
        (
            r#"{"errcode":-2,"errmsg":" rid: 68e6c4c0-1a2b3c4d-5e6f7081"}"#,
            true,
        ),
    ] {
        let (_, words) = Stand::says("/shop/order/get", reply)
            .ends(1, &["order", "show", "P1", "--openid", "o1"]);
        let first = words.lines().next().unwrap_or_default();
        assert!(
            !first.contains(": )") && !first.contains(":  ") && !first.contains("()"),
            "{words}"
        );
        assert!(!words.contains("in brackets"), "{words}");
        assert_eq!(words.contains("rid"), rid, "{words}");
    }
}

#[test]
fn a_state_or_an_amount_in_quotes_has_its_word_and_its_scale() {
    let reply =
        r#"{"errcode":0,"openid":"o1","nickname":"n","bind_status":"1","bind_time":"1650000000"}"#;
    let (table, _) =
        Stand::says("/shop/sharer/search_sharer", reply).ends(0, &["sharer", "search", "o1"]);
    assert!(table.contains("bound"), "{table}");
    let reply = r#"{"errcode":0,"balance_info":{"available_amount":"45331","pending_amount":"7","sub_mchid":"1"}}"#;
    let stand = Stand::says("/shop/funds/getbalance", reply);
    let (table, _) = stand.ends(0, &["funds", "balance"]);
    assert!(table.contains("453.31"), "{table}");
    assert!(!table.contains("45331"), "{table}");
    let (thing, _) = stand.json(&["funds", "balance"]);
    assert_eq!(thing["available_amount"], 45_331, "{thing}");
    let reply = r#"{"errcode":0,"errmsg":"ok","gmv":"12345","order_cnt":9,"user_cnt":7}"#;
    let stand = Stand::says("/shop/sharer/get_sharer_data_summary", reply);
    let (table, _) = stand.ends(0, &["sharer", "summary", "o1"]);
    assert!(table.contains("123.45"), "{table}");
    let (thing, _) = stand.json(&["sharer", "summary", "o1"]);
    assert_eq!(thing["gmv"], 12_345, "{thing}");
}

#[test]
fn no_list_begins_before_there_were_shops() {
    let world = World::new();
    for list in [
        &["pay", "list"][..],
        &["funds", "flows"],
        &["aftersale", "list"],
        &["dispute", "list"],
        &["order", "list"],
    ] {
        let said = world.run(&[list, &["--since", "0001-01-01"]].concat());
        assert_eq!(said.code, Some(2), "{list:?}: {}", said.stderr);
        assert!(
            said.stderr.contains("before 2021"),
            "{list:?}: {}",
            said.stderr
        );
    }
    assert_eq!(world.calls().len(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn too_few_open_files_are_named_and_no_bug() {
    let world = World::new();
    let inner = world.command(&["goods", "list"]);
    for files in [4, 6, 9, 12, 18, 24] {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(world.file("."))
            .env_clear()
            .stdin(std::process::Stdio::null())
            .envs(
                inner
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let said = super::world::said(&mut shell);
        // Below some number the system cannot even load the program (127), or runs no thread of it.
        let ended = [Some(0), Some(2), Some(4), Some(127)].contains(&said.code);
        assert!(
            ended && !said.stderr.contains("panicked"),
            "{files}: {:?} {}",
            said.code,
            said.stderr
        );
    }
}

/// Whole memory of a command at its peak, in MB, and what it said.
#[cfg(target_os = "linux")]
fn peak(stand: &Stand, args: &[&str]) -> (i64, String) {
    let (megabytes, words, _) = peak_and_code(stand, args);
    (megabytes, words)
}

/// As [`peak`], with its exit code.
#[cfg(target_os = "linux")]
fn peak_and_code(stand: &Stand, args: &[&str]) -> (i64, String, String) {
    let inner = stand.command(args);
    let mut shell = Command::new("/bin/sh");
    // The shell waits for it and says what it used.
    shell
        .args(["-c", "\"$0\" \"$@\" & wait $!; echo $?"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let child = shell
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("a shell");
    let id = child.id();
    let watched = std::thread::spawn(move || {
        let (mut most, children) = (0, format!("/proc/{id}/task/{id}/children"));
        // Ends with the shell.
        while let Ok(found) = std::fs::read_to_string(&children) {
            for child in found.split_whitespace() {
                let status =
                    std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                let kilobytes =
                    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
                most = most.max(kilobytes.unwrap_or(0));
            }
            std::thread::yield_now();
        }
        most / 1024
    });
    let output = child.wait_with_output().expect("it ends");
    (
        watched.join().expect("no panic"),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned(),
    )
}

/// Small replies that are large once they are read.
#[cfg(target_os = "linux")]
#[test]
fn a_reply_that_grows_when_it_is_read_stays_below_200_megabytes() {
    let lists = format!(
        "{{\"errcode\":0,\"spus\":[{}[]],\"total_num\":1}}",
        "[],".repeat(9_000_000)
    );
    let objects = format!(
        "{{\"errcode\":0,\"spus\":[{}{{}}],\"total_num\":1}}",
        "{},".repeat(9_000_000)
    );
    let deep = format!("{{\"errcode\":0,\"spus\":{}", "[".repeat(20_000_000));
    let typed = &["goods", "list"][..];
    let plain = &["api", "call", "/shop/spu/get_list", "--no-check"][..];
    for (reply, args) in [
        (lists, typed),
        (objects.clone(), typed),
        (objects, plain),
        (deep, plain),
    ] {
        let start: String = reply.chars().take(40).collect();
        let stand = Stand::says("/shop/spu/get_list", reply);
        let (megabytes, words) = peak(&stand, args);
        assert!(
            (1..200).contains(&megabytes),
            "{start} {args:?}: {megabytes} MB; {words}"
        );
        assert!(words.contains("Error"), "{start} {args:?}: {words}");
    }
}

/// A quarter of a gigabyte of blanks in less than a megabyte, as the named encoding has it. It has no end.
#[cfg(target_os = "linux")]
fn bomb(encoding: &str) -> Vec<u8> {
    let mut block = Vec::with_capacity(1 << 20);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(
            &vec![b' '; 1 << 20],
            &mut block,
            flate2::FlushCompress::Sync,
        )
        .expect("compressed");
    let head: &[u8] = match encoding {
        "gzip" => b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
        _ => b"\x78\x9c",
    };
    // A block that was flushed goes on with any other.
    [head, &block.repeat(256)].concat()
}

/// Replies that were made small for the way.
#[cfg(target_os = "linux")]
#[test]
fn a_compressed_reply_that_grows_without_end_stays_below_200_megabytes() {
    for encoding in ["gzip", "deflate"] {
        let bomb = bomb(encoding);
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        let mut stand = Stand::new(|_| None);
        stand.base_url = standin::start_whole(Arc::new(move |asked: &Asked| {
            let (more, body) = match asked.path.as_str() {
                "/cgi-bin/stable_token" => {
                    let token = json!({"access_token": "T".repeat(40), "expires_in": 7200});
                    (String::new(), token.to_string().into_bytes())
                }
                _ => (format!("Content-Encoding: {encoding}\r\n"), bomb.clone()),
            };
            [standin::head(&more, body.len()).as_bytes(), &body].concat()
        }));
        for (args, code) in [
            (&["goods", "list"][..], "4"),
            // Of a write nobody knows whether it was done.
            (&["goods", "off-sale", "T1"][..], "9"),
        ] {
            let (megabytes, words, ended) = peak_and_code(&stand, args);
            assert!(
                (1..200).contains(&megabytes),
                "{encoding} {args:?}: {megabytes} MB; {words}"
            );
            assert_eq!(ended, code, "{encoding} {args:?}: {words}");
        }
    }
}

#[test]
fn a_ceiling_of_calls_is_kept() {
    let stand = shop_of_teas(r#"{"errcode":1000020,"errmsg":"no"}"#);
    stand.world.write("goods.csv", many(30));
    let clock = stand.world.file("clock");
    stand.run(&[&UPLOAD[..], &["--rate", "5"]].concat());
    let calls = stand.asked.lock().expect("a lock").len();
    assert!(calls >= 30, "{calls}");
    // What was waited for, by the clock: none of it really passed.
    let waited = wxsell::clock::later(&clock).as_secs_f64();
    let least = calls as f64 / 5.0 * 0.6;
    assert!(waited > least, "{calls} calls within {waited} s");
}
