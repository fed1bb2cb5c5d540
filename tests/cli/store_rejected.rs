//! Rejected products of a WeChat Store: the reason that the store pushes, the sheet that comes back, and the audit that passes
//! then; and products that two machines add at the same moment.

use super::event::listen_for;
use super::store_goods::{json, one, pass, sampled, store};
use super::world::{World, said};
use serde_json::Value;
use std::process::Stdio;

/// The reason that the audit of the sandbox gives.
const REASON: &str = "违规";

fn rejected(world: &World) -> Value {
    let rows = json(world, &["goods", "rejected"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    rows[0].clone()
}

#[test]
fn a_rejection_is_shown_with_the_reason_that_was_pushed() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 违规", "39.90", "10"));
    let receiver = listen_for(&world, "store-sandbox", &[]);
    let said = store(&world, &["sandbox", "push", "to", &receiver.url()]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    json(&world, &["goods", "upload", "cup.csv"]);
    assert_eq!(json(&world, &["goods", "rejected"]), serde_json::json!([]));
    // The audit ends, and its event arrives.
    pass(&world);
    let row = rejected(&world);
    let reason = row["reject_reason"].as_str().expect("a reason");
    assert!(!reason.is_empty(), "{row}");
    let event = row["reject_reason_event"].as_i64().expect("an event");
    let shown = json(&world, &["event", "show", &event.to_string()]);
    assert_eq!(shown["event"], "product_spu_audit");
    assert_eq!(shown["fields"]["reason"], reason);
    assert_eq!(shown["family"], "store");
    let listed = json(&world, &["event", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    // The component's receiver gets nothing of it.
    assert_eq!(world.json(&["event", "list"]), serde_json::json!([]));
    let table = store(&world, &["goods", "rejected"]);
    assert!(table.text().contains(reason), "{}", table.text());
    assert!(
        table.text().contains(&format!("(event {event})")),
        "{}",
        table.text()
    );
    let one = json(&world, &["goods", "show", "CUP-1"]);
    assert_eq!(one["reject_reason"], reason);

    // The rejected products as a sheet, corrected and submitted again.
    let exported = json(
        &world,
        &["goods", "export", "rejected.csv", "--audit", "failed"],
    );
    assert_eq!(exported["products"], 1, "{exported}");
    let sheet = world.read("rejected.csv");
    assert!(sheet.contains(REASON), "{sheet}");
    world.write("rejected.csv", sheet.replace(REASON, "白瓷"));
    let report = json(&world, &["goods", "upload", "rejected.csv"]);
    assert_eq!(
        (&report["updated"], &report["in_audit"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    pass(&world);
    assert_eq!(json(&world, &["goods", "rejected"]), serde_json::json!([]));
    let listed = json(&world, &["goods", "list", "--status", "on-sale"]);
    assert_eq!(listed[0]["title"], "茶杯一只 白瓷", "{listed}");
    assert_eq!(listed[0]["reject_reason"], "");
    let listed = json(&world, &["event", "list", "--event", "product_spu_audit"]);
    assert_eq!(listed[0]["fields"]["status"], 3, "{listed}");
}

#[test]
fn a_rejection_without_an_event_says_where_its_reason_stands() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 违规", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    pass(&world);
    let row = rejected(&world);
    assert_eq!(row["reject_reason"], "");
    assert_eq!(row["reject_reason_event"], Value::Null);
    for args in [&["goods", "rejected"][..], &["goods", "show", "CUP-1"]] {
        let said = store(&world, args);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(
            said.stderr.contains("wxsell event listen"),
            "{}",
            said.stderr
        );
    }
    let said = store(&world, &["event", "verify"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("WeChat Store yet"), "{}", said.stderr);
    // A component answers it with the product.
    let world = World::with_goods(&super::catalogues::teas(&[("REJECT-A", "12.50")]));
    let said = world.run(&["goods", "rejected"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn two_processes_that_upload_at_the_same_moment_add_a_product_once() {
    let world = sampled();
    let shop = world.running();
    world.configure(&format!(
        "[profile.far]\nfamily = \"store\"\nappid = \"{}\"\nbase_url = \"{}\"\nsecret = \"process\"\ncredential_process = [\"/bin/echo\", \"{}\"]\n",
        wxsell::sandbox::STORE_APPID, shop.base_url, wxsell::sandbox::STORE_SECRET
    ));
    let folders = ["one", "two"].map(|name| world.file(&format!("../state-{name}")));
    let upload = |folder: &std::path::Path| {
        let mut command = world.plain_command(&[
            "--profile",
            "far",
            "goods",
            "upload",
            "store-catalog.xlsx",
            "--yes",
            "--format",
            "json",
        ]);
        command
            .env("WXSELL_STATE_DIR", folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    };
    let both: Vec<_> = folders
        .iter()
        .map(|folder| upload(folder).spawn().expect("it runs"))
        .collect();
    let mut added = 0;
    for child in both {
        let output = child.wait_with_output().expect("it ends");
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 6)),
            "{code:?} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        added += report["added"].as_i64().expect("a count");
        assert_eq!(report["doubled"], serde_json::json!([]), "{report}");
    }
    assert_eq!(added, 4, "every product once");
    // Whoever was refused finds what the other has added.
    for folder in &folders {
        let again = said(&mut upload(folder));
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert_eq!(again.json()["added"], 0, "{}", again.text());
    }
    let listed = json(&world, &["goods", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(4), "{listed}");
}

#[test]
fn products_of_one_number_are_named_after_a_run() {
    let world = sampled();
    world.write("cup.csv", one("茶杯一只 白瓷", "39.90", "10"));
    json(&world, &["goods", "upload", "cup.csv"]);
    // Somebody else has added it again, with other images.
    let held = json(&world, &["goods", "show", "CUP-1"]);
    let mut twin = held["wechat"]["edit_product"].clone();
    let fields = twin.as_object_mut().expect("a product");
    for name in
        wxsell::api::store::goods::READ_ONLY
            .iter()
            .chain(&["product_id", "status", "edit_status"])
    {
        fields.shift_remove(*name);
    }
    for sku in fields["skus"].as_array_mut().expect("SKUs") {
        let sku = sku.as_object_mut().expect("a SKU");
        for name in ["sku_id", "status"] {
            sku.shift_remove(name);
        }
    }
    let images = [
        "store-images/bowl-detail-1.png",
        "store-images/bowl-2.png",
        "store-images/bowl-3.png",
    ];
    let mut links = Vec::new();
    for (at, image) in images.iter().enumerate() {
        let mut bytes = std::fs::read(world.file(image)).expect("an image");
        // Another file of the same image.
        bytes.extend([0, u8::try_from(at).expect("few")]);
        let name = format!("twin-{at}.png");
        world.write(&name, &bytes);
        let sent = json(&world, &["image", "upload", &name]);
        links.push(sent[0]["value"].clone());
    }
    fields.insert("head_imgs".into(), links.into());
    let twin = twin.to_string();
    let said = store(
        &world,
        &["api", "call", "goods_add", "--data", &twin, "--yes"],
    );
    assert_eq!(said.code, Some(0), "{}{}", said.text(), said.stderr);
    // One of these shares its images with it, and is refused.
    let upload = ["goods", "upload", "store-catalog.xlsx", "--format", "json"];
    let report = store(&world, &upload).json();
    assert_eq!(report["added"], 3, "{report}");
    assert_eq!(report["doubled"][0]["out_product_id"], "CUP-1", "{report}");
    let ids = report["doubled"][0]["product_ids"].as_array();
    assert_eq!(ids.map(Vec::len), Some(2), "{report}");
    // A change of one of them is refused, since nobody knows which is meant.
    world.write("price.csv", "商品编号,售价\nCUP-1,35.00\n");
    let said = store(&world, &["goods", "price-stock", "price.csv"]);
    assert_ne!(said.code, Some(0), "{}", said.text());
    let words = format!("{}{}", said.text(), said.stderr);
    assert!(
        words.contains("several products of number CUP-1"),
        "{words}"
    );
}
