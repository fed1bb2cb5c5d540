//! The worked vectors, byte for byte, and bytes of all kinds.

use super::*;
use proptest::prelude::*;

const APPID: &str = "wx0000000000000001";
const KEY: &str = "K7dQ2mVx9TzYb4LsR8nWcE1uHf6PjXa3GoMtZi5ByND";

fn account() -> Account {
    Account {
        appid: APPID.into(),
        token: Secret::new("merchantPushToken01"),
        key: AesKey::from_encoded(KEY),
        previous: AesKey::from_encoded("Zz9YxWvUtSrQpOnMlKjIhGfEdCbA0987654321abcde"),
    }
}

fn stamp(timestamp: i64, nonce: &str, random: &str) -> Stamp {
    Stamp {
        timestamp,
        nonce: nonce.into(),
        random: random.as_bytes().try_into().expect("16 bytes"),
    }
}

/// A query that is signed for `body`.
fn signed_query(body: &[u8]) -> Query {
    let mut query = Query {
        timestamp: "1".into(),
        nonce: "2".into(),
        ..Query::default()
    };
    query.signature = signature(&["merchantPushToken01", "1", "2"]);
    if let Ok((_, fields)) = body::read(body)
        && let Some(Value::String(encrypted)) = fields.get("Encrypt")
    {
        query.msg_signature = signature(&["merchantPushToken01", "1", "2", encrypted]);
    }
    query
}

#[test]
fn the_address_test_is_answered_with_its_echo() {
    let query = "signature=c5d04d146fae760cf4f95306cf020c8b594485ce&timestamp=1760000000&nonce=829104557&echostr=5836207341190846713";
    assert_eq!(
        verify_address(&account(), &Query::parse(query)),
        Ok("5836207341190846713".into())
    );
    let wrong = query.replace("c5d0", "c5d1");
    assert_eq!(
        verify_address(&account(), &Query::parse(&wrong)),
        Err(Refusal::Forged)
    );
    assert_eq!(
        verify_address(&account(), &Query::parse("echostr=1")),
        Err(Refusal::Unsigned)
    );
    let own = address_test(
        &account(),
        &stamp(1_760_000_000, "829104557", &"0".repeat(16)),
        "5836207341190846713",
    );
    assert_eq!(own, query);
}

#[test]
fn an_answer_with_content_is_sealed_as_the_platform_expects() {
    let stamp = stamp(1_760_000_043, "", "00112233445566aa");
    let key = account().key.expect("a key");
    let json = sealed_answer(
        "{\"ret_code\":0,\"ret_msg\":\"收到\"}",
        &account(),
        &key,
        Format::Json,
        "1183650274",
        &stamp,
    );
    assert_eq!(
        json,
        "{\"Encrypt\":\"w7a6d62DDsj252Q/Er6J01gAAlfXNB+5MyxfU6i/OFhAC4NYpWU5s5+FRN88nisghNgTFjyI43aAsM4GsXy83iZICE7ymK39uldOXu3w8MaK5CpPRcI5EuRoeiIx87sZ\",\"MsgSignature\":\"58959c7a918aa5f2c30f6f5a920022d21efa31da\",\"TimeStamp\":1760000043,\"Nonce\":\"1183650274\"}"
    );
    let xml = sealed_answer(
        "<xml><ret_code>0</ret_code><ret_msg><![CDATA[收到]]></ret_msg></xml>",
        &account(),
        &key,
        Format::Xml,
        "1183650274",
        &stamp,
    );
    assert_eq!(
        xml,
        "<xml><Encrypt><![CDATA[w7a6d62DDsj252Q/Er6J0/6nfLwohR3QeUDhMd+vQBmisXJJ8ZYVnMOPI3HqCTh/cV1rx0jSuiELt9YQK2rSP8ygFSEoqPeNdewV1R01UpeF3BTLOxQcRqftiV8dgvaMLYQpNDTbtOh8D60Hy6LGLPO90BPUJZRo4JnInrVUUO0=]]></Encrypt><MsgSignature><![CDATA[70b088f1e0a55e6094b2337a1bee2cb29080512e]]></MsgSignature><TimeStamp>1760000043</TimeStamp><Nonce><![CDATA[1183650274]]></Nonce></xml>"
    );
}

#[test]
fn the_answer_the_platform_publishes_is_reproduced() {
    let account = Account {
        appid: "wxba5fad812f8e6fb9".into(),
        token: Secret::new("AAAAA"),
        key: AesKey::from_encoded(&"A".repeat(43)),
        previous: None,
    };
    let answer = sealed_answer(
        "{\"demo_resp\":\"good luck\"}",
        &account,
        account.key.as_ref().expect("a key"),
        Format::Json,
        "415670741",
        &stamp(1_713_424_427, "", "707722b803182950"),
    );
    assert!(
        answer.contains("1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"),
        "{answer}"
    );
}

#[test]
fn only_the_handshake_of_the_coupons_is_answered_with_content() {
    let answer = |coupon: &str| {
        let fields = json!({"Event": "open_product_receive_coupon", "out_coupon_id": coupon, "request_id": "test_coupon_request_id"});
        content_answer(fields.as_object().expect("an object"))
    };
    let handshake = answer("test_coupon").expect("an answer");
    assert_eq!(
        handshake["out_user_coupon_id"],
        "test_coupon_user_coupon_id"
    );
    assert_eq!(handshake["ret_code"], 0);
    assert_eq!(answer("CPN-1"), None);
}

#[test]
fn every_mode_and_format_is_opened_again() {
    let event = json!({"ToUserName": "gh_0", "FromUserName": "o1", "CreateTime": 5, "MsgType": "event", "Event": "debug_demo", "text": "a]]>b"});
    for format in [Format::Json, Format::Xml] {
        for mode in [Mode::Plain, Mode::Compatible, Mode::Safe] {
            let sealed = seal(&event, &account(), format, mode, &Stamp::now()).expect("sealed");
            let query = Query::parse(&sealed.query);
            let opened = open(&account(), &query, sealed.body.as_bytes()).expect("opened");
            assert_eq!((opened.mode, opened.format), (mode, format));
            assert_eq!(opened.fields["text"], "a]]>b");
            let other = Account {
                appid: "wx0000000000000002".into(),
                ..account()
            };
            let refusal = open(&other, &query, sealed.body.as_bytes()).err();
            assert_eq!(
                refusal,
                (mode != Mode::Plain).then_some(Refusal::OtherAccount)
            );
        }
    }
}

#[test]
fn an_encrypted_message_does_not_pass_for_a_plain_one() {
    let event = json!({"ToUserName": "gh_0", "MsgType": "event", "Event": "debug_demo"});
    let sealed = seal(
        &event,
        &account(),
        Format::Json,
        Mode::Compatible,
        &Stamp::now(),
    );
    let sealed = sealed.expect("sealed");
    let mut query = Query::parse(&sealed.query);
    query.msg_signature.clear();
    query.encrypt_type.clear();
    let refusal = open(&account(), &query, sealed.body.as_bytes()).err();
    assert_eq!(refusal, Some(Refusal::Unsigned));
}

proptest! {
    #[test]
    fn any_push_is_opened_or_refused(query in "\\PC{0,120}", body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = open(&account(), &Query::parse(&query), &body);
        let _ = open(&account(), &signed_query(&body), &body);
    }
}

/// Ten million pushes: noise, and good ones with bytes changed, cut off or put in. Memory must not grow.
/// `cargo test --release --lib push::tests::ten -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn ten_million_pushes_are_opened_or_refused() {
    let seeds: Vec<Vec<u8>> = [Format::Json, Format::Xml]
        .into_iter()
        .flat_map(|format| [Mode::Plain, Mode::Compatible, Mode::Safe].map(|mode| (format, mode)))
        .map(|(format, mode)| {
            let event = json!({"ToUserName": "gh_0", "Event": "open_product_scene_group_audit", "CreateTime": 5,
                "SceneGroupAudit": {"group_id": 1, "scene_group_ext_list": [{"ext_id": 1, "status": 1}, {"ext_id": 2}]}});
            let sealed = seal(&event, &account(), format, mode, &Stamp::now()).expect("sealed");
            sealed.body.into_bytes()
        })
        .collect();
    let mut memory = Vec::new();
    let mut opened = 0_u64;
    for round in 0..10_000_000_u32 {
        let mut body = match round % 8 {
            0 => (0..fastrand::usize(..200))
                .map(|_| fastrand::u8(..))
                .collect(),
            seed => seeds[seed as usize % seeds.len()].clone(),
        };
        for _ in 0..fastrand::usize(..4) {
            if body.is_empty() {
                break;
            }
            let at = fastrand::usize(..body.len());
            match fastrand::u8(..4) {
                0 => body[at] = fastrand::u8(..),
                1 => body.truncate(at),
                2 => body.insert(at, *fastrand::choice(b"<>&{}[]\"]!/=\\\x00").expect("one")),
                _ => drop(body.remove(at)),
            }
        }
        if let Ok(push) = open(&account(), &signed_query(&body), &body) {
            let event = events::decode(&push.fields);
            let _ = (event.key(&push.message), event.summary().to_string());
            opened += 1;
        }
        if round % 1_000_000 == 999_999 {
            memory.push(resident_kib());
        }
    }
    assert!(opened > 1_000_000, "{opened} were opened");
    let (first, last) = (memory[1], memory[memory.len() - 1]);
    assert!(
        last <= first + 4_096,
        "memory grew from {first} to {last} KiB"
    );
}

/// Memory of this process in KiB; 0 where the system does not tell.
fn resident_kib() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    resident.unwrap_or(0_u64) * 4
}
