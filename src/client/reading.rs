//! A reply as it comes, with the damage that is known to happen on the way: a byte order mark or other junk before
//! the object, control characters inside texts, a character cut in half, a lone surrogate. What can be read is read.

use crate::api::Envelope;
use crate::api::operation;
use crate::lang::Text;
use crate::text;
use crate::types::Family;
use anyhow::Result;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use std::collections::BTreeMap;

/// What was mended in a reply.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Damage {
    /// Bytes before or after the JSON.
    junk: bool,
    /// Bytes that are no UTF-8; they became U+FFFD.
    lost: usize,
    /// Control characters and wrong escapes inside texts; they are kept, escaped.
    unescaped: usize,
}

impl Damage {
    /// What the operator is told; `None` where every character was kept.
    pub(super) fn text(&self, path: &str) -> Option<Text> {
        (self.lost > 0).then(|| {
            text!(
                "the reply of {path} has {count} {count:character|characters} that cannot be read, shown as �",
                path,
                count = self.lost
            )
        })
    }
}

/// The reply with its damage mended; `None` for one that is sound, which nearly all are, and for one that stays
/// unreadable.
pub(super) fn mended(reply: &[u8]) -> Option<(Vec<u8>, Damage)> {
    if is_json(reply) {
        return None;
    }
    let mut damage = Damage::default();
    let text = String::from_utf8_lossy(reply);
    let before = reply
        .utf8_chunks()
        .filter(|chunk| !chunk.invalid().is_empty());
    damage.lost = before.count();
    let inner = text.trim_matches(|letter: char| {
        letter.is_whitespace() || letter.is_control() || matches!(letter, '\u{feff}' | '\u{200b}')
    });
    damage.junk = inner.len() < text.len();
    let sound = escaped(inner, &mut damage.unescaped);
    is_json(sound.as_bytes()).then(|| (sound.into_bytes(), damage))
}

/// Whether these bytes are one JSON value, texts included.
fn is_json(bytes: &[u8]) -> bool {
    // Texts that are skipped are not looked at as UTF-8.
    std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
        && !has_lone_surrogate(bytes)
}

/// A skipped text is not looked at for this, either. Surrogates are rare: only a reply that has an escape of one is
/// read whole.
fn has_lone_surrogate(bytes: &[u8]) -> bool {
    let surrogate = |window: &[u8]| matches!(window, [b'\\', b'u', b'd' | b'D', ..]);
    bytes.windows(3).any(surrogate) && serde_json::from_slice::<Value>(bytes).is_err()
}

/// The text with everything escaped that JSON wants escaped inside of quotes.
fn escaped(text: &str, count: &mut usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut letters = text.char_indices();
    let mut quoted = false;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => {
                quoted = !quoted;
                out.push('"');
            }
            '\\' if quoted => {
                let length = escape(&text[at..]);
                match length {
                    0 => {
                        *count += 1;
                        out.push_str("\\\\");
                    }
                    length if is_lone_surrogate(&text[at..]) => {
                        *count += 1;
                        out.push('\u{fffd}');
                        letters.nth(length - 2);
                    }
                    length => {
                        out.push_str(&text[at..at + length]);
                        letters.nth(length - 2);
                    }
                }
            }
            control if quoted && control < ' ' => {
                *count += 1;
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            letter => out.push(letter),
        }
    }
    out
}

/// The length of the escape that `text` begins with, a pair of surrogates as one; 0 for a backslash that begins none.
fn escape(text: &str) -> usize {
    match text.as_bytes() {
        [
            _,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            ..,
        ] => 2,
        [_, b'u', ..] => match unit(text) {
            Some(0xd800..=0xdbff) if matches!(unit(&text[6..]), Some(0xdc00..=0xdfff)) => 12,
            Some(_) => 6,
            None => 0,
        },
        _ => 0,
    }
}

fn is_lone_surrogate(text: &str) -> bool {
    escape(text) == 6 && matches!(unit(text), Some(0xd800..=0xdfff))
}

/// The UTF-16 unit of `\u1234`.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    hexadecimal.then(|| u16::from_str_radix(digits, 16).ok())?
}

/// The envelope of a reply. `None` for what the platform does not send: no object, an errcode that is no number, or
/// neither an errcode nor any field that the reference knows of this call.
pub(super) fn envelope(family: Family, path: &str, reply: &[u8]) -> Option<Envelope> {
    let first = reply.iter().find(|byte| !byte.is_ascii_whitespace());
    let envelope: Envelope = match first {
        Some(b'{') => serde_json::from_slice(reply).ok()?,
        _ => return None,
    };
    if envelope.named || has_documented_field(family, path, reply) {
        Some(envelope)
    } else {
        None
    }
}

fn has_documented_field(family: Family, path: &str, reply: &[u8]) -> bool {
    let Some((book, known)) = operation::lookup(family, path) else {
        return true;
    };
    let fields = &book.resolve(&known.reply).fields;
    let documented = |name: &String| {
        let known = fields.iter().any(|field| field.name == *name);
        known && !matches!(name.as_str(), "errcode" | "errmsg")
    };
    let Ok(reply) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(reply) else {
        return false;
    };
    fields.is_empty() || reply.keys().any(documented)
}

/// A reply as a type. What has another form than the reference gives it is brought into it first, and what cannot be
/// is left out and named, so that one odd field does not hide the rest.
pub(super) fn typed<R: DeserializeOwned>(
    family: Family,
    path: &str,
    reply: &[u8],
    tell: impl Fn(Text),
) -> Result<R, serde_json::Error> {
    let error = match serde_json::from_slice(reply) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let Some((book, known)) = operation::lookup(family, path) else {
        return Err(error);
    };
    let mut value: Value = serde_json::from_slice(reply)?;
    let unlike = book.conform(&known.reply, &mut value);
    for field in &unlike {
        if let Some(value) = value.pointer_mut(&field.pointer) {
            *value = Value::Null;
        }
    }
    without_nulls(&mut value);
    let read = serde_json::from_value(value)?;
    if let Some(words) = operation::unlike_text(path, &unlike) {
        tell(words);
    }
    Ok(read)
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => {
            items.retain(|value| !value.is_null());
            items.iter_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::component::goods::{GetSpuReply, ListSpuReply};
    use proptest::prelude::*;

    const FAMILY: Family = Family::Component;

    fn read(reply: &[u8]) -> Value {
        let (mended, _) = mended(reply).expect("mended");
        serde_json::from_slice(&mended).expect("JSON")
    }

    #[test]
    fn a_sound_reply_stays_as_it_came() {
        for reply in [
            r#"{"errcode":0,"errmsg":"ok","name":"A\u00e9\ud83d\ude00\n张"}"#,
            " {\"errcode\":0}\n",
        ] {
            assert_eq!(mended(reply.as_bytes()), None, "{reply}");
        }
    }

    #[test]
    fn damage_inside_texts_is_mended() {
        assert_eq!(read(b"\xef\xbb\xbf{\"errcode\":0}")["errcode"], 0);
        assert_eq!(read("\0\n\u{a0}{\"a\":1}\0".as_bytes())["a"], 1);
        assert_eq!(
            read("{\"name\":\"\x14张某\",\"at\":\"路1号\x07\n二楼\"}".as_bytes()),
            serde_json::json!({"name": "\x14张某", "at": "路1号\x07\n二楼"})
        );
        assert_eq!(read(b"{\"a\":\"C:\\dir\\x\"}")["a"], "C:\\dir\\x");
        assert_eq!(read(br#"{"a":"x\ud83d","b":"\udc00y"}"#)["a"], "x\u{fffd}");
        assert_eq!(read(b"{\"a\":\"\xe5\xbc\",\"b\":2}")["b"], 2);
        let (_, damage) = mended(b"{\"a\":\"\xe5\xbc\",\"b\":2}").expect("mended");
        assert_eq!(damage.lost, 1);
        assert!(damage.text("/x").is_some());
    }

    #[test]
    fn what_is_cut_or_no_json_is_not_mended() {
        for reply in ["{\"errcode\":0,\"data\":{\"prod", "<html>\x07</html>", ""] {
            assert_eq!(mended(reply.as_bytes()), None, "{reply}");
        }
    }

    #[test]
    fn an_envelope_is_read_in_every_form_that_came_up() {
        let code =
            |reply: &str| envelope(FAMILY, "/shop/spu/get", reply.as_bytes()).map(|it| it.errcode);
        for reply in [
            r#"{"errcode":0,"errmsg":"ok"}"#,
            r#"{"errcode":"0"}"#,
            r#"{"errcode":0,"errmsg":null}"#,
            r#"{"errcode":0.0}"#,
            r#"{"spu":{}}"#,
        ] {
            assert_eq!(code(reply), Some(0), "{reply}");
        }
        assert_eq!(code(r#"{"errcode":" 1010003 "}"#), Some(1_010_003));
        assert_eq!(code(r#"{"errcode":"-1","errmsg":5}"#), Some(-1));
        for reply in [
            "[]",
            "[0,\"ok\"]",
            "{}",
            r#"{"ret":0}"#,
            r#"{"errcode":"x"}"#,
            r#"{"errcode":true}"#,
            "null",
            "",
        ] {
            assert_eq!(code(reply), None, "{reply}");
        }
    }

    #[test]
    fn quoted_numbers_and_missing_lists_do_not_hide_a_product() {
        let reply = br#"{"errcode":0,"total_num":"2","spus":[
            {"out_product_id":"P1","product_id":"1000000000000001","title":"a","status":"5","edit_status":4,
             "skus":{"sku_id":"1","out_sku_id":"S1","sale_price":"100","stock_num":"7"}},
            {"out_product_id":7,"title":{"odd":1},"skus":null,"desc_info":null},
            null]}"#;
        let told = std::cell::RefCell::new(Vec::new());
        let list: ListSpuReply = typed(FAMILY, "/shop/spu/get_list", reply, |words| {
            told.borrow_mut().push(words.to_string());
        })
        .expect("read");
        assert_eq!(list.total_num, 2);
        assert_eq!(list.spus.len(), 2);
        assert_eq!(list.spus[0].status, 5);
        assert_eq!(list.spus[0].skus[0].sale_price.0, 100);
        assert_eq!(list.spus[1].out_product_id, "7");
        let told = told.into_inner().join("\n");
        assert!(told.contains("spus[1].title"), "{told}");
        let one: GetSpuReply = typed(
            FAMILY,
            "/shop/spu/get",
            br#"{"errcode":0,"spu":null}"#,
            |_| (),
        )
        .expect("no product is no failure");
        assert!(one.spu.is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_mended_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = mended(&bytes);
            let _ = envelope(FAMILY, "/shop/spu/get", &bytes);
        }

        #[test]
        fn any_text_in_quotes_becomes_readable(text in "[^\"]{0,40}") {
            let reply = format!("{{\"a\":\"{text} \"}}");
            if !text.contains('\\') {
                let value: Value = match mended(reply.as_bytes()) {
                    Some((mended, _)) => serde_json::from_slice(&mended).expect("JSON"),
                    None => serde_json::from_str(&reply).expect("JSON"),
                };
                let expected = format!("{text} ");
                prop_assert_eq!(value["a"].as_str(), Some(expected.as_str()));
            }
        }
    }
}
