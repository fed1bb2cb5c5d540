//! What a pushed message says: its event, the object it is about, the state that object reached. `events.tsv` lists
//! every event of the custom trade component, of the Store, and of a third-party platform; an event that is not
//! listed is kept as it came.
//!
//! Events carry numbers and a state, never the object: read the object before acting.

use crate::lang::Text;
use crate::text;
use crate::types::{ChinaTime, rfc3339};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::OnceLock;

/// One line of the table.
#[derive(Debug)]
pub struct Spec {
    pub event: &'static str,
    /// `component`, `store` or `platform`.
    pub family: &'static str,
    /// The object in the message that holds the fields; empty where they stand at the top.
    pub block: &'static str,
    /// What the event is about, e.g. `order`.
    pub object: &'static str,
    /// Fields that hold the number of the object; the first that is there counts.
    pub numbers: Vec<&'static str>,
    /// Fields that hold the number of the order it belongs to.
    pub orders: Vec<&'static str>,
    /// Fields that hold the state.
    pub states: Vec<&'static str>,
    pub fields: Vec<Field>,
    /// English, Chinese.
    pub title: (&'static str, &'static str),
    /// Value, English, Chinese.
    words: Vec<(&'static str, &'static str, &'static str)>,
}

/// A field and its type.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
}

#[derive(Debug)]
pub enum FieldKind {
    /// A number that identifies something; text, since it may pass 2^53.
    Id,
    Text,
    Integer,
    /// Money, integer.
    Fen,
    /// China time in words; RFC 3339 when decoded.
    Time,
    /// Unix seconds; RFC 3339 when decoded.
    Unix,
    /// A credential; `(hidden)` when decoded.
    Secret,
    Object(Vec<Field>),
    /// A list of objects, or of texts where no fields are named. One row may come without its list.
    List(Vec<Field>),
}

/// A decoded message.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The name as the platform writes it; `MsgType` for messages that are no events, empty where there is neither.
    pub event: String,
    /// `component`, `store` or `platform`; `unknown` for an event that is not in the table.
    pub family: &'static str,
    /// What it is about; empty for an unknown event.
    pub object: &'static str,
    pub number: String,
    /// The order it belongs to, where the message says so.
    pub order: Option<String>,
    /// Every number in the message by which an object is known: the kind of object, its number.
    #[serde(skip)]
    pub names: Vec<(&'static str, String)>,
    pub state: Option<String>,
    /// Unix seconds of `CreateTime`.
    #[serde(skip)]
    pub created: Option<i64>,
    #[serde(skip)]
    from: String,
    #[serde(skip)]
    message_id: Option<String>,
    /// The fields with numbers as text, money in fen, times in RFC 3339; of an unknown event all fields as they came.
    pub fields: Map<String, Value>,
}

/// The whole table, in the order of the file.
pub fn table() -> &'static [Spec] {
    static TABLE: OnceLock<Vec<Spec>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("events.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(spec)
            .collect()
    })
}

/// The line of an event.
pub fn find(event: &str) -> Option<&'static Spec> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Spec>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| table().iter().map(|spec| (spec.event, spec)).collect());
    by_name.get(event).copied()
}

fn spec(line: &'static str) -> Option<Spec> {
    let cells: Vec<&'static str> = line
        .split('\t')
        .map(|cell| if cell == "-" { "" } else { cell })
        .collect();
    let [
        event,
        family,
        block,
        object,
        numbers,
        orders,
        states,
        fields,
        english,
        chinese,
        words,
    ] = cells[..].try_into().ok()?;
    let list = |cell: &'static str| cell.split_whitespace().collect();
    let word = |cell: &'static str| {
        let (value, rest) = cell.split_once('=')?;
        let (english, chinese) = rest.split_once('=')?;
        Some((value, english, chinese))
    };
    Some(Spec {
        event,
        family,
        block,
        object,
        numbers: list(numbers),
        orders: list(orders),
        states: list(states),
        fields: fields_of(&mut { fields }),
        title: (english, chinese),
        words: words.split('|').filter_map(word).collect(),
    })
}

/// Reads `name:type name:[…] name:{…}` up to the end or a closing bracket, which it takes too.
fn fields_of(rest: &mut &'static str) -> Vec<Field> {
    let mut fields = Vec::new();
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix([']', '}']) {
            *rest = after;
            return fields;
        }
        let Some((name, after)) = rest.split_once(':') else {
            return fields;
        };
        *rest = after;
        let kind = if let Some(inner) = rest.strip_prefix('[') {
            *rest = inner;
            FieldKind::List(fields_of(rest))
        } else if let Some(inner) = rest.strip_prefix('{') {
            *rest = inner;
            FieldKind::Object(fields_of(rest))
        } else {
            let end = rest.find([' ', ']', '}']).unwrap_or(rest.len());
            let word = &rest[..end];
            *rest = &rest[end..];
            match word {
                "id" => FieldKind::Id,
                "int" => FieldKind::Integer,
                "fen" => FieldKind::Fen,
                "time" => FieldKind::Time,
                "unix" => FieldKind::Unix,
                "secret" => FieldKind::Secret,
                _ => FieldKind::Text,
            }
        };
        fields.push(Field { name, kind });
    }
}

/// A text or number as text; empty texts count as absent.
fn plain(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn first(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| plain(fields.get(*name)))
}

/// Reads a message. Never fails: what is not known stays as it is.
pub fn decode(message: &Map<String, Value>) -> Event {
    let name = first(message, &["Event", "InfoType", "MsgType"]).unwrap_or_default();
    let created = plain(message.get("CreateTime")).and_then(|seconds| seconds.parse().ok());
    let from = first(message, &["FromUserName"]).unwrap_or_default();
    let message_id = first(message, &["MsgId"]);
    let Some(spec) = find(&name) else {
        let fields = message
            .iter()
            .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        return Event {
            event: name,
            family: "unknown",
            object: "",
            number: String::new(),
            order: None,
            names: Vec::new(),
            state: None,
            created,
            from,
            message_id,
            fields,
        };
    };
    let (name_of_block, block) = block_of(message, spec.block);
    let number = first(block, &spec.numbers).unwrap_or_default();
    let order = first(block, &spec.orders);
    let own = spec.numbers.iter().map(|name| (spec.object, *name));
    let orders = spec.orders.iter().map(|name| ("order", *name));
    let mut names: Vec<(&'static str, String)> = own
        .chain(orders)
        .filter_map(|(object, name)| Some((object, plain(block.get(name))?)))
        .collect();
    names.dedup();
    Event {
        event: name,
        family: spec.family,
        object: spec.object,
        number,
        order,
        names,
        state: first(block, &spec.states),
        created,
        from,
        message_id,
        fields: with_the_rest(
            typed(block, &spec.fields, name_of_block.is_empty()),
            message,
            name_of_block,
        ),
    }
}

/// The object that holds the fields of an event, and its name: the one that the table names, else the only object in the
/// message, whatever it is called, else the message itself, whose name is empty.
fn block_of<'a>(
    message: &'a Map<String, Value>,
    named: &'a str,
) -> (&'a str, &'a Map<String, Value>) {
    if named.is_empty() {
        return ("", message);
    }
    let object = |value: &'a Value| match value {
        Value::Object(block) => Some(block),
        // A block that came as a list of one.
        Value::Array(rows) if rows.len() == 1 => rows[0].as_object(),
        _ => None,
    };
    if let Some(block) = message.get(named).and_then(object) {
        return (named, block);
    }
    let mut others = message
        .iter()
        .filter(|(name, _)| !ENVELOPE.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str(), object(value)?)));
    match (others.next(), others.next()) {
        (Some(only), None) => only,
        _ => ("", message),
    }
}

/// Adds what stands beside the block: nothing that was pushed is lost.
fn with_the_rest(
    mut fields: Map<String, Value>,
    message: &Map<String, Value>,
    block: &str,
) -> Map<String, Value> {
    if block.is_empty() {
        return fields;
    }
    let beside = message.iter().filter(|(name, _)| {
        *name != block && *name != "MsgId" && !ENVELOPE.contains(&name.as_str())
    });
    for (name, value) in beside {
        fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    fields
}

/// What stands around every message.
const ENVELOPE: [&str; 6] = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Event",
    "InfoType",
];

/// The fields of a block with their types; fields that are not in the table stay as they are.
fn typed(block: &Map<String, Value>, fields: &[Field], top: bool) -> Map<String, Value> {
    block
        .iter()
        .filter(|(name, _)| !(top && ENVELOPE.contains(&name.as_str())))
        .map(|(name, value)| {
            let field = fields.iter().find(|field| field.name == name);
            let value = match field {
                Some(field) => typed_value(value, &field.kind),
                None => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

fn typed_value(value: &Value, kind: &FieldKind) -> Value {
    let as_text = || plain(Some(value)).map_or(Value::Null, Value::String);
    let as_number = || {
        plain(Some(value))
            .and_then(|text| text.parse::<i64>().ok())
            .map_or_else(|| value.clone(), Value::from)
    };
    match kind {
        FieldKind::Id => as_text(),
        FieldKind::Text => match value {
            Value::String(_) => value.clone(),
            _ => plain(Some(value)).map_or_else(|| value.clone(), Value::String),
        },
        FieldKind::Integer | FieldKind::Fen => as_number(),
        FieldKind::Time => match value {
            Value::String(time) => Value::String(ChinaTime(time.clone()).rfc3339()),
            _ => value.clone(),
        },
        FieldKind::Unix => match as_number() {
            Value::Number(seconds) if seconds.as_i64().is_some_and(|seconds| seconds > 0) => {
                Value::String(rfc3339(seconds.as_i64().unwrap_or_default()))
            }
            other => other,
        },
        FieldKind::Secret => Value::String("(hidden)".into()),
        FieldKind::Object(fields) => match value {
            Value::Object(block) => Value::Object(typed(block, fields, false)),
            other => other.clone(),
        },
        FieldKind::List(fields) => {
            let row = |row: &Value| match row {
                Value::Object(block) => Value::Object(typed(block, fields, false)),
                other => other.clone(),
            };
            match value {
                Value::Array(rows) => Value::Array(rows.iter().map(row).collect()),
                Value::String(text) if text.is_empty() => Value::Array(Vec::new()),
                one => Value::Array(vec![row(one)]),
            }
        }
    }
}

impl Event {
    pub fn spec(&self) -> Option<&'static Spec> {
        find(&self.event)
    }

    /// What tells this event from every other of its shop, and is the same when it is pushed again: the event, the number
    /// of its object, its state, `CreateTime` and what it says. The platform counts in seconds, so that two events of one
    /// object may differ in their content alone. Random part, nonce and signature of a repeat differ, so they do not count.
    pub fn key(&self, message: &str) -> String {
        let created = self
            .created
            .map(|seconds| seconds.to_string())
            .unwrap_or_default();
        let state = self.state.as_deref().unwrap_or_default();
        let content = if self.fields.is_empty() {
            // It could not be read, or says nothing beside its name.
            message.to_owned()
        } else {
            // The same event may be written in another order, and in XML.
            in_order(&self.fields).to_string()
        };
        let content = format!(
            "{}|{}|{content}",
            self.from,
            self.message_id.as_deref().unwrap_or_default()
        );
        let key = format!(
            "{}|{}|{state}|{created}|{}",
            self.event,
            self.number,
            short_hash(&content)
        );
        if key.len() <= 240 {
            key
        } else {
            format!("{}|{}", short(&self.event), short_hash(&key))
        }
    }

    /// The queue of events that must stay in order: those of one order, else those of one object. `None` where order
    /// does not matter.
    pub fn lane(&self) -> Option<String> {
        match (&self.order, self.number.is_empty()) {
            (Some(order), _) => Some(format!("order|{}", short(order))),
            (None, false) => Some(format!("{}|{}", self.object, short(&self.number))),
            (None, true) => None,
        }
    }

    /// What happened, in words.
    pub fn title(&self) -> Text {
        match self.spec() {
            Some(spec) => Text::pair(spec.title.0, spec.title.1),
            None => text!("unknown event"),
        }
    }

    /// The state in words, or as it came.
    pub fn state_words(&self) -> Option<Text> {
        let state = self.state.as_deref()?;
        let words = self
            .spec()
            .and_then(|spec| spec.words.iter().find(|(value, ..)| *value == state));
        Some(match words {
            Some((_, english, chinese)) => Text::pair(english, chinese),
            None => Text::verbatim(state),
        })
    }

    /// The reason that a refusal gives.
    pub fn reason(&self) -> Option<&str> {
        ["reject_reason", "reason"]
            .iter()
            .find_map(|name| self.fields.get(*name)?.as_str())
            .filter(|reason| !reason.is_empty())
    }

    /// One line for people: what happened to what.
    pub fn summary(&self) -> Text {
        let said = match (&self.number, self.state_words()) {
            (number, Some(state)) if !number.is_empty() => {
                text!(
                    "{what} {number}: {state}",
                    what = self.title(),
                    number,
                    state
                )
            }
            (number, None) if !number.is_empty() => {
                text!("{what} {number}", what = self.title(), number)
            }
            (_, Some(state)) => text!("{what}: {state}", what = self.title(), state),
            (_, None) => self.title(),
        };
        match self.reason() {
            Some(reason) => text!("{said} ({reason})", said, reason),
            None => said,
        }
    }
}

/// Fields in the order of their names, at every depth.
fn in_order(fields: &Map<String, Value>) -> Value {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(fields) => in_order(fields),
            Value::Array(values) => values.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    let by_name: std::collections::BTreeMap<_, _> = fields.iter().collect();
    let sorted = by_name
        .into_iter()
        .map(|(name, value)| (name.clone(), sorted(value)));
    Value::Object(sorted.collect())
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..12])
}

#[cfg(test)]
mod tests {
    use super::super::body;
    use super::*;
    use serde_json::json;

    fn event(message: Value) -> Event {
        decode(message.as_object().expect("an object"))
    }

    #[test]
    fn the_table_is_whole() {
        let lines = include_str!("events.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'));
        assert_eq!(table().len(), lines.count());
        for spec in table() {
            let known = ["component", "store", "platform"].contains(&spec.family);
            assert!(
                known && !spec.title.0.is_empty() && !spec.title.1.is_empty(),
                "{spec:?}"
            );
            for name in spec.numbers.iter().chain(&spec.orders).chain(&spec.states) {
                assert!(
                    spec.fields.iter().any(|field| field.name == *name),
                    "{}: {name}",
                    spec.event
                );
            }
        }
        let settle = find("open_product_order_settle").expect("listed");
        assert!(matches!(settle.fields[3].kind, FieldKind::Fen));
        let pay = find("open_product_order_pay").expect("listed");
        let last = pay.fields.last().expect("a field");
        assert!(
            matches!(&last.kind, FieldKind::Object(inner) if matches!(&inner[0].kind, FieldKind::List(rows) if rows.len() == 10))
        );
    }

    #[test]
    fn both_formats_are_decoded_alike() {
        let xml = "<xml><ToUserName><![CDATA[gh]]></ToUserName><CreateTime>1648742400</CreateTime><Event><![CDATA[open_product_scene_group_audit]]></Event>\
            <SceneGroupAudit><group_id>1</group_id><name><![CDATA[n]]></name><scene_group_ext_list><ext_id>1</ext_id><status>2</status></scene_group_ext_list></SceneGroupAudit></xml>";
        let json = json!({"ToUserName": "gh", "CreateTime": 1_648_742_400, "Event": "open_product_scene_group_audit",
            "SceneGroupAudit": {"group_id": 1, "name": "n", "scene_group_ext_list": {"ext_id": 1, "status": 2}}});
        let (_, fields) = body::read(xml.as_bytes()).expect("read");
        let (from_xml, from_json) = (decode(&fields), event(json));
        assert_eq!(from_xml.fields, from_json.fields);
        assert_eq!(
            Value::Object(from_xml.fields.clone()),
            json!({"group_id": 1, "name": "n", "scene_group_ext_list": [{"ext_id": 1, "status": 2}]})
        );
        assert_eq!(from_xml.key(xml), from_json.key(""));
    }

    #[test]
    fn numbers_beyond_doubles_stay_whole_and_money_and_times_are_typed() {
        let paid = event(
            json!({"Event": "open_product_order_settle", "CreateTime": "5",
            "order_info": {"order_id": 3_307_243_203_710_027_776_u64, "out_order_id": "WX1", "amount": "1250", "settle_time": "2022-04-01 12:00:00"}}),
        );
        assert_eq!(paid.number, "3307243203710027776");
        assert_eq!(paid.lane().as_deref(), Some("order|3307243203710027776"));
        assert!(paid.names.contains(&("order", "WX1".into())));
        assert_eq!(paid.fields["amount"], 1250);
        assert_eq!(paid.fields["settle_time"], "2022-04-01T12:00:00+08:00");
    }

    #[test]
    fn two_states_of_one_object_are_two_events_and_a_repeat_is_none() {
        let audit = |status: i64, at: i64| {
            let message = json!({"Event": "open_product_spu_audit", "CreateTime": at, "FromUserName": "o",
                "OpenProductSpuAudit": {"out_product_id": "T", "product_id": 1, "status": status, "reject_reason": "words"}});
            event(message).key("")
        };
        assert_eq!(audit(3, 5), audit(3, 5));
        assert_ne!(audit(3, 5), audit(4, 5));
        // Rejected, corrected, rejected again.
        assert_ne!(audit(3, 5), audit(3, 6));
        assert!(audit(3, 5).starts_with("open_product_spu_audit|1|3|5|"));
    }

    #[test]
    fn events_that_differ_in_content_alone_are_two() {
        let pushed = |message: Value| {
            let mut message = message;
            message["CreateTime"] = 5.into();
            message["FromUserName"] = "o".into();
            event(message).key("")
        };
        for (one, other) in [
            (
                json!({"Event": "open_product_order_settle", "order_info": {"order_id": 1, "settle_no": "1"}}),
                json!({"Event": "open_product_order_settle", "order_info": {"order_id": 1, "settle_no": "2"}}),
            ),
            (
                json!({"Event": "channels_ec_stock_no_enough", "channels_ec_stock_no_enough": {"product_id": "1", "sku_id": "1"}}),
                json!({"Event": "channels_ec_stock_no_enough", "channels_ec_stock_no_enough": {"product_id": "1", "sku_id": "2"}}),
            ),
            (
                json!({"Event": "complaint_notify", "complaint_info": {"complaint_order_id": 1, "state": 230_002, "event": 5}}),
                json!({"Event": "complaint_notify", "complaint_info": {"complaint_order_id": 1, "state": 230_002, "event": 6}}),
            ),
            (
                json!({"Event": "miniprogram_sharer_action", "openid": "o1", "type": 1, "promoter": {"promoter_id": 1}}),
                json!({"Event": "miniprogram_sharer_action", "openid": "o1", "type": 1, "promoter": {"promoter_id": 2}}),
            ),
            (
                json!({"Event": "anything", "MsgId": 7, "a": 1}),
                json!({"Event": "anything", "MsgId": 7, "a": 2}),
            ),
        ] {
            assert_ne!(pushed(one.clone()), pushed(other), "{one}");
        }
        let first = json!({"Event": "anything", "MsgId": 7, "a": 1, "b": {"c": 1, "d": 2}});
        let again = json!({"b": {"d": 2, "c": 1}, "a": 1, "MsgId": 7, "Event": "anything"});
        assert_eq!(pushed(first), pushed(again));
    }

    #[test]
    fn a_block_of_another_name_keeps_its_fields_and_what_stands_beside_it_stays() {
        let renamed = event(
            json!({"Event": "open_product_spu_status_update", "CreateTime": 5,
            "OpenProductSpuAudit": {"product_id": 12, "status": 3}, "extra": "x"}),
        );
        assert_eq!(
            (renamed.number.as_str(), renamed.state.as_deref()),
            ("12", Some("3"))
        );
        assert_eq!(
            Value::Object(renamed.fields),
            json!({"product_id": "12", "status": 3, "extra": "x"})
        );
        for block in ["Data", "EventData"] {
            let shared = event(json!({"Event": "cooperation_shop_order", block: {"order_id": 7}}));
            assert_eq!(shared.number, "7", "{block}");
        }
        let flat = event(
            json!({"Event": "open_product_order_confirm", "order_id": 7, "MsgType": "event"}),
        );
        assert_eq!(Value::Object(flat.fields), json!({"order_id": "7"}));
    }

    #[test]
    fn an_unknown_event_is_kept_as_it_came() {
        let odd = event(json!({"Event": "brand_new", "CreateTime": 7, "some": {"thing": [1]}}));
        assert_eq!((odd.family, odd.lane()), ("unknown", None));
        assert_eq!(
            Value::Object(odd.fields.clone()),
            json!({"some": {"thing": [1]}})
        );
        assert_eq!(odd.key("a"), odd.key("b"));
        let nothing = event(json!({}));
        assert_ne!(nothing.key("a"), nothing.key("b"));
        assert_eq!((nothing.event.as_str(), nothing.number.as_str()), ("", ""));
    }

    #[test]
    fn an_event_is_told_in_one_line() {
        let audit = event(
            json!({"Event": "open_product_spu_audit", "OpenProductSpuAudit":
            {"out_product_id": "T-1", "status": 3, "reject_reason": "二维码"}}),
        );
        assert_eq!(
            audit.summary().to_string(),
            "Product audit finished T-1: audit failed (二维码)"
        );
        assert!(
            audit
                .summary()
                .render(crate::lang::Lang::Zh)
                .contains("审核驳回")
        );
        let ticket = event(
            json!({"InfoType": "component_verify_ticket", "AppId": "wx1", "ComponentVerifyTicket": "ticket@@@x"}),
        );
        assert_eq!(ticket.fields["ComponentVerifyTicket"], "(hidden)");
    }
}
