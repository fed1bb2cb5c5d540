//! The worked vectors of message push, byte for byte: what is made here, and what is taken and refused.

use serde_json::Value;
use wxsell::push::{Account, AesKey, KeyUsed, Mode, Query, Refusal, Stamp, open, seal_message};
use wxsell::types::Secret;

fn vectors() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/spec/platform.openapi.yaml"
    );
    let text = std::fs::read_to_string(path).expect("the reference");
    let whole: Value = serde_saphyr::from_str(&text).expect("YAML");
    whole["x-push-vectors"].clone()
}

fn account(vectors: &Value, appid: &str) -> Account {
    let previous = vectors["accept"]
        .as_array()
        .and_then(|list| list.iter().find(|vector| vector["name"] == "P8"));
    Account {
        appid: appid.into(),
        token: Secret::new(vectors["token"].as_str().expect("a token")),
        key: AesKey::from_encoded(vectors["encoding_aes_key"].as_str().expect("a key")),
        previous: AesKey::from_encoded(
            previous.expect("P8")["encoding_aes_key"]
                .as_str()
                .expect("a key"),
        ),
    }
}

fn query(vector: &Value) -> Query {
    let text = |name: &str| vector[name].as_str().unwrap_or_default().to_owned();
    Query {
        signature: text("signature"),
        timestamp: text("timestamp"),
        nonce: text("nonce"),
        msg_signature: text("msg_signature"),
        encrypt_type: if vector["encrypt"].is_null() {
            ""
        } else {
            "aes"
        }
        .into(),
        echostr: vector["echostr"].as_str().map(str::to_owned),
    }
}

#[test]
fn every_vector_to_be_taken_is_made_and_opened_byte_for_byte() {
    let vectors = vectors();
    let mut made = 0;
    for vector in vectors["accept"].as_array().expect("a list") {
        let name = vector["name"].as_str().expect("a name");
        let appid = vector["appid"].as_str().unwrap_or("wx0000000000000001");
        let account = account(&vectors, appid);
        let query = query(vector);
        let (Some(encrypted), Some(message)) =
            (vector["encrypt"].as_str(), vector["message"].as_str())
        else {
            continue;
        };
        let stamp = Stamp {
            timestamp: query.timestamp.parse().expect("a number"),
            nonce: query.nonce.clone(),
            random: vector["random"]
                .as_str()
                .expect("random")
                .as_bytes()
                .try_into()
                .expect("16 bytes"),
        };
        let maker = match name {
            "P8" => Account {
                key: account.previous.clone(),
                ..account.clone()
            },
            _ => account.clone(),
        };
        let sealed = seal_message(message, &maker, Mode::Safe, &stamp).expect("sealed");
        assert!(sealed.body.contains(encrypted), "{name}: {}", sealed.body);
        let own = Query::parse(&sealed.query);
        assert_eq!(own.msg_signature, query.msg_signature, "{name}");
        if !query.signature.is_empty() {
            assert_eq!(own.signature, query.signature, "{name}");
        }
        let opened = open(&account, &query, sealed.body.as_bytes()).expect(name);
        assert_eq!(opened.message, message, "{name}");
        let key = match name {
            "P8" => KeyUsed::Previous,
            _ => KeyUsed::Current,
        };
        assert_eq!(opened.key, key, "{name}");
        made += 1;
    }
    assert_eq!(made, 11);
}

#[test]
fn the_plain_vector_is_taken_and_a_changed_signature_is_not() {
    let vectors = vectors();
    let account = account(&vectors, "wx0000000000000001");
    let plain = &vectors["accept"][1];
    let body = plain["body"].as_str().expect("a body");
    let opened = open(&account, &query(plain), body.as_bytes()).expect("P2");
    assert_eq!((opened.mode, opened.message.as_str()), (Mode::Plain, body));
    let mut wrong = query(plain);
    wrong.nonce.push('1');
    assert_eq!(
        open(&account, &wrong, body.as_bytes()).err(),
        Some(Refusal::Forged)
    );
}

#[test]
fn every_vector_to_be_refused_is_refused_at_its_own_step() {
    let vectors = vectors();
    let account = account(&vectors, "wx0000000000000001");
    let refused = vectors["refuse"].as_array().expect("a list");
    assert_eq!(refused.len(), 7);
    for vector in refused {
        let encrypted = vector["encrypt"].as_str().expect("a text");
        let body = serde_json::json!({"ToUserName": "gh_0123456789ab", "Encrypt": encrypted});
        let refusal = open(&account, &query(vector), body.to_string().as_bytes()).err();
        let expected = match vector["name"].as_str() {
            Some("N1") => Refusal::Forged,
            Some("N2") => Refusal::OtherAccount,
            _ => Refusal::Undecryptable,
        };
        assert_eq!(refusal, Some(expected), "{vector}");
    }
}

#[test]
fn the_vector_with_surplus_bits_is_opened() {
    let account = Account {
        appid: "wx0000000000000001".into(),
        token: Secret::new("wxshopToken"),
        key: AesKey::from_encoded("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
        previous: None,
    };
    let message = "{\"ToUserName\":\"gh_0123456789ab\",\"FromUserName\":\"oPlatformOpenid\",\"CreateTime\":1648742400,\"MsgType\":\"event\",\"Event\":\"open_product_order_pay\"}";
    let stamp = Stamp {
        timestamp: 1_648_742_400,
        nonce: "1372623149".into(),
        random: *b"0123456789abcdef",
    };
    let sealed = seal_message(message, &account, Mode::Safe, &stamp).expect("sealed");
    assert!(sealed.body.contains("Q3stYC6hdFzMh9T8HCvyDHmhuctoMbWUq6F/GD4TfMdQ5MZkE2A7JlSlNmv2Pp7tbiRYSEuu2+cXy+1YT/ciIs8QVETCWg0upX87CHjQSM953b+ojCQ9UUB875Zb9qSSNlkZZIWZqE+zC7SqSgvGwotaE+Ca+6IVc3w7434v+JY4ufTxoBsdgYTzVpkRzLLMsBa/0KAzL3d8VWy9wIrgXZx/GcQ5hb5qf13TcI/sVpIyOf1dTr9LsrEKMSsyOzzi"));
    assert!(
        sealed
            .query
            .contains("signature=c8c4dcc7c729c3f64b8a10677d50f42b5d18bf38")
    );
    assert!(
        sealed
            .query
            .contains("msg_signature=ef5fbba4cce07e27e8dfb4a48d7b901dba6486e1")
    );
}
