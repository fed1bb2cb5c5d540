//! Bodies of pushed messages. XML and JSON are read into the same shape: an object of texts, numbers, objects and
//! lists. In XML every number is text and a list of one looks like a single element; `events` evens that out.

use super::{Format, Refusal};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// No message of the platform is nested deeper than five.
const DEPTH: usize = 32;

/// The format of a body: `<` begins XML, `{` begins JSON.
pub fn format_of(body: &[u8]) -> Option<Format> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match body.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'<' => Some(Format::Xml),
        b'{' => Some(Format::Json),
        _ => None,
    }
}

/// Reads a body of either format.
pub fn read(body: &[u8]) -> Result<(Format, Map<String, Value>), Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let format = format_of(text.as_bytes()).ok_or(Refusal::Malformed)?;
    let read = match format {
        Format::Json => serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&escaped(text)))
            .map_err(|_| Refusal::Malformed)?,
        Format::Xml => from_xml(text).ok_or(Refusal::Malformed)?,
    };
    match read {
        Value::Object(fields) => Ok((format, fields)),
        _ => Err(Refusal::Malformed),
    }
}

/// JSON with the control characters inside its texts escaped: the platform writes reasons and remarks as people typed
/// them, line breaks included.
fn escaped(json: &str) -> String {
    let (mut quoted, mut after_backslash) = (false, false);
    json.chars()
        .fold(String::with_capacity(json.len() + 16), |mut out, c| {
            match c {
                c if quoted && c < ' ' => {
                    // What a backslash stood before is that character itself.
                    if after_backslash {
                        out.pop();
                    }
                    out.push_str(&format!("\\u{:04x}", c as u32));
                }
                '"' if !after_backslash => {
                    quoted = !quoted;
                    out.push(c);
                }
                c => out.push(c),
            }
            after_backslash = quoted && c == '\\' && !after_backslash;
            out
        })
}

/// An element that is open.
#[derive(Default)]
struct Open {
    name: String,
    text: String,
    children: Map<String, Value>,
}

impl Open {
    fn value(self) -> Value {
        if self.children.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.children)
        }
    }
}

/// Reads `<xml>…</xml>`. Document types and entities of one's own are refused: they could grow without end.
fn from_xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                if open.len() == DEPTH || root.is_some() {
                    return None;
                }
                let name = element.local_name().into_inner().to_owned();
                if open.is_empty() && name != "xml" {
                    return None;
                }
                open.push(Open {
                    name,
                    ..Open::default()
                });
            }
            Event::End(_) => {
                let closed = open.pop()?;
                let name = closed.name.clone();
                match open.last_mut() {
                    Some(parent) => add(&mut parent.children, name, closed.value()),
                    None => root = Some(closed.value()),
                }
            }
            Event::Text(words) => match open.last_mut() {
                Some(element) => element.text.push_str(&words.xml10_content()),
                None if words.trim().is_empty() => {}
                None => return None,
            },
            Event::CData(words) => open.last_mut()?.text.push_str(&words),
            Event::GeneralRef(name) => open.last_mut()?.text.push(entity(&name)?),
            Event::DocType(_) | Event::Empty(_) => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    // An empty root is an object without fields.
    match (root?, open.is_empty()) {
        (_, false) => None,
        (Value::String(text), true) if text.is_empty() => Some(Value::Object(Map::new())),
        (value, true) => Some(value),
    }
}

/// A repeated element is a list.
fn add(fields: &mut Map<String, Value>, name: String, value: Value) {
    match fields.get_mut(&name) {
        None => drop(fields.insert(name, value)),
        Some(Value::Array(list)) => list.push(value),
        Some(first) => {
            let list = vec![first.take(), value];
            *first = Value::Array(list);
        }
    }
}

/// The five names that XML itself defines, and characters by number.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// Writes a message in a format. XML has texts in CDATA and numbers bare, as the platform writes it.
pub fn write(fields: &Map<String, Value>, format: Format) -> String {
    match format {
        Format::Json => Value::Object(fields.clone()).to_string(),
        Format::Xml => {
            let mut xml = String::from("<xml>");
            for (name, value) in fields {
                element(&mut xml, name, value);
            }
            xml.push_str("</xml>");
            xml
        }
    }
}

fn element(xml: &mut String, name: &str, value: &Value) {
    if let Value::Array(values) = value {
        values.iter().for_each(|value| element(xml, name, value));
        return;
    }
    xml.push_str(&format!("<{name}>"));
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| element(xml, name, value)),
        Value::String(text) => xml.push_str(&cdata(text)),
        Value::Null => {}
        number => xml.push_str(&number.to_string()),
    }
    xml.push_str(&format!("</{name}>"));
}

/// Text as CDATA; where it holds the end of one, it is split into two.
pub fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// Whether every name in a message can be an element of XML.
pub fn fits_xml(value: &Value) -> bool {
    let name_fits = |name: &str| {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    match value {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| name_fits(name) && fits_xml(value)),
        Value::Array(values) => values
            .iter()
            .all(|value| !value.is_array() && fits_xml(value)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn value(body: &str) -> Result<Value, Refusal> {
        read(body.as_bytes()).map(|(_, fields)| Value::Object(fields))
    }

    #[test]
    fn xml_reads_as_json_with_texts_and_lists() {
        let read = value(
            "\u{feff}<?xml version=\"1.0\"?>\n<xml>\n <Event><![CDATA[a]]><![CDATA[b]]></Event><n>5</n><e/>\
             <list><id>1</id></list><list><id>2</id></list><t>x &lt; &#121; &amp;</t><!-- no --></xml>\n",
        );
        assert_eq!(
            read.expect("read"),
            json!({"Event": "ab", "n": "5", "e": "", "list": [{"id": "1"}, {"id": "2"}], "t": "x < y &"})
        );
        assert_eq!(value("<xml></xml>").expect("read"), json!({}));
    }

    #[test]
    fn control_characters_inside_texts_are_read() {
        let read = value("{\"reason\": \"含有\n违禁词\t\u{1}\\\"x\\\\\",\n\"n\": 1}");
        assert_eq!(
            read.expect("read"),
            json!({"reason": "含有\n违禁词\t\u{1}\"x\\", "n": 1})
        );
    }

    #[test]
    fn what_could_grow_or_is_no_message_is_refused() {
        let deep = format!("<xml>{}{}</xml>", "<a>".repeat(100), "</a>".repeat(100));
        for wrong in [
            "<!DOCTYPE xml [<!ENTITY a \"b\">]><xml>&a;</xml>",
            "<xml>&own;</xml>",
            "<html></html>",
            "<xml><a></xml>",
            "<xml>",
            "<xml></xml><xml></xml>",
            "text",
            "",
            "[1]",
            "{\"a\":",
            &deep,
        ] {
            assert_eq!(value(wrong), Err(Refusal::Malformed), "{wrong}");
        }
    }

    #[test]
    fn what_is_written_as_xml_is_read_again() {
        let message =
            json!({"Event": "x]]>y<&", "block": {"list": [{"a": "1"}, {"a": "2"}], "n": 7}});
        let Value::Object(fields) = &message else {
            panic!("an object")
        };
        let xml = write(fields, Format::Xml);
        assert_eq!(
            value(&xml).expect("read"),
            json!({"Event": "x]]>y<&", "block": {"list": [{"a": "1"}, {"a": "2"}], "n": "7"}})
        );
        assert!(fits_xml(&message));
        assert!(!fits_xml(&json!({"a b": 1})));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
            let wrapped = [b"<xml><a>", bytes.as_slice(), b"</a></xml>"].concat();
            let _ = read(&wrapped);
        }

        #[test]
        fn any_text_survives_xml(text in "\\PC{0,60}") {
            let fields = Map::from_iter([("t".to_owned(), Value::String(text.trim().to_owned()))]);
            prop_assert_eq!(read(write(&fields, Format::Xml).as_bytes()), Ok((Format::Xml, fields)));
        }
    }
}
