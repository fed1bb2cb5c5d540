//! `dispute`: evidence is taken where it is waited for, pictures go up first, and the verdict moves the after-sale.

use super::world::World;
use crate::support::spec;
use serde_json::json;

/// A refused refund that the buyer brought before the platform: the after-sale and the dispute.
fn disputed(world: &World) -> (String, String) {
    world.shipped("W1");
    let aftersale = world.opened(&["refund", "W1", "--product", "T1"]);
    world.ok(&["aftersale", "reject", &aftersale]);
    let dispute = world.opened(&["dispute", &aftersale]);
    (aftersale, dispute)
}

#[test]
fn evidence_goes_in_where_it_is_waited_for() {
    let world = World::selling();
    let (aftersale, dispute) = disputed(&world);
    world.write("seal.png", include_bytes!("../data/images/CLO-2001.png"));
    let respond = [
        "dispute",
        "respond",
        &dispute,
        "--text",
        "包裹已签收",
        "--image",
        "seal.png",
    ];
    let pictures = world.pictures();
    let told = world.refused(1, &respond);
    assert!(
        told.contains("does not accept evidence from you now: you to handle it")
            && told.contains("does not document which states accept evidence"),
        "{told}"
    );
    assert_eq!(world.pictures(), pictures, "refused before the upload");
    // The platform says the same where it is asked all the same.
    let forced = world.refused(1, &[&respond[..], &["--force"]].concat());
    assert!(forced.contains("21001"), "{forced}");
    world.ok(&["sandbox", "dispute", "ask", &dispute, "--of", "both"]);
    world.ok(&["sandbox", "advance", "90m"]);
    let listed = world.ok(&[
        "dispute",
        "list",
        "--due",
        "4d",
        "--columns",
        "state,type,waits_for,time_left,takes_evidence",
    ]);
    insta::assert_snapshot!(listed, @"
     STATE                  WHY                          WAITS FOR          TIME LEFT  EVIDENCE
     both to give evidence  merchant refuses after-sale  you and the buyer  2d 22h     taken
    ");
    let answered = world.json(&respond);
    assert_eq!(
        (&answered["state"], &answered["takes_evidence"]),
        (&json!("buyer_missing"), &json!(false))
    );
    let last = answered["wechat"]["flow_info"]["list"]
        .as_array()
        .and_then(|steps| steps.last());
    let last = &last.expect("steps")["merchant_record"];
    assert_eq!(
        (&last["event"], &last["material_info"]["content"]),
        (&json!(240_011), &json!("包裹已签收"))
    );
    assert_eq!(answered["phone"], "138****0000");
    let told = world.refused(1, &respond);
    assert!(
        told.contains("it waits for the buyer") && told.contains("until "),
        "{told}"
    );
    world.ok(&[
        "sandbox", "dispute", "decide", &dispute, "--gives", "refund",
    ]);
    let shown = world.json(&["dispute", "show", &dispute]);
    assert_eq!(
        (&shown["state"], &shown["verdict"]),
        (&json!("aftersale_runs"), &json!(1))
    );
    world.ok(&["sandbox", "advance", "1m"]);
    assert_eq!(
        world.json(&["dispute", "show", &dispute])["state"],
        "finished"
    );
    assert_eq!(
        world.json(&["aftersale", "show", &aftersale])["state"],
        "refunded"
    );
    let history = world.ok(&["dispute", "show", &dispute]);
    assert!(
        history.contains("buyer opened the dispute") && history.contains("after-sale refund done"),
        "{history}"
    );
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}

#[test]
fn what_is_missed_counts_as_no_evidence() {
    let world = World::selling();
    let (aftersale, dispute) = disputed(&world);
    world.ok(&["sandbox", "dispute", "ask", &dispute]);
    let soon = world.json(&["dispute", "list", "--evidence"]);
    assert_eq!(soon[0]["deadline"]["who"], "merchant");
    world.ok(&["sandbox", "advance", "4d"]);
    let shown = world.json(&["dispute", "show", &dispute]);
    assert_eq!(
        (&shown["state"], &shown["deadline"]),
        (&json!("awaiting_verdict"), &json!(null))
    );
    let none = world.run(&["dispute", "list", "--evidence"]);
    assert_eq!((none.code, none.text()), (Some(0), ""));
    world.ok(&[
        "sandbox", "dispute", "decide", &dispute, "--gives", "nothing", "--liable", "buyer",
    ]);
    let shown = world.json(&["dispute", "show", &dispute]);
    assert_eq!(
        (&shown["state"], &shown["verdict"]),
        (&json!("finished"), &json!(10))
    );
    assert_eq!(
        world.json(&["aftersale", "show", &aftersale])["state"],
        "closed"
    );
    let told = world.refused(2, &["dispute", "respond", &dispute]);
    assert!(told.contains("--text"), "{told}");
    assert_eq!(spec::problems(&world.calls()), [""; 0]);
}
