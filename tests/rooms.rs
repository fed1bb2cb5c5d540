//! The house keeps its shape: who may look into which room, how long a file may be, who may print.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The picture: a room, and the rooms it uses. What is not here is refused.
const PICTURE: &[(&str, &[&str])] = &[
    ("main", &["cli", "commands", "fail"]),
    ("cli", &["commands", "output", "profile"]),
    (
        "commands",
        &[
            "cli", "shop", "client", "api", "bulk", "model", "output", "profile", "push",
            "sandbox", "state",
        ],
    ),
    (
        "shop",
        &["client", "api", "bulk", "model", "profile", "push", "state"],
    ),
    ("client", &["api", "profile", "state"]),
    ("bulk", &["state"]),
    ("push", &["state"]),
    ("sandbox", &["push", "api", "model"]),
    ("api", &["model"]),
    ("model", &[]),
    ("output", &[]),
    ("profile", &[]),
    ("state", &[]),
    ("fail", &[]),
    ("lang", &[]),
    ("types", &[]),
    ("clock", &[]),
    ("process", &[]),
];

/// Leaves that every room may use; `text` is the macro of `lang`.
const LEAVES: &[&str] = &["types", "fail", "lang", "clock", "text", "process"];

/// Longer files say why in their header, on a line that starts with `//! Long because`.
const LONG: usize = 600;

/// What only the room of output may do, and what nobody does.
const PRINTING: &[&str] = &["println!(", "eprintln!(", "print!(", "eprint!("];
const UNFINISHED: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "TODO", "FIXME"];

struct Source {
    path: PathBuf,
    /// The first part of the path below `src`.
    room: String,
    text: String,
    /// Lines before the file's own tests.
    lines: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let inside = path.strip_prefix(&root).expect("below src");
                let room = inside
                    .components()
                    .next()
                    .expect("a name")
                    .as_os_str()
                    .to_string_lossy();
                let lines = text
                    .lines()
                    .take_while(|line| *line != "#[cfg(test)]")
                    .count();
                found.push(Source {
                    room: room.trim_end_matches(".rs").to_owned(),
                    path,
                    text,
                    lines,
                });
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// Source text without comments, so that prose about another room is no arrow.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.trim_start().starts_with("//") {
            ""
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms named after `crate::` (or `wxsell::` in the binary), also inside `crate::{a, b::c}`.
fn looked_into(text: &str, root: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in text.match_indices(root) {
        let rest = &text[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let mut depth = 0;
                let mut word = String::new();
                let mut first = true;
                for letter in group.chars() {
                    match letter {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            rooms.push(std::mem::take(&mut word));
                            first = true;
                        }
                        ':' if depth == 0 => first = false,
                        letter if depth == 0 && first && !letter.is_whitespace() => {
                            word.push(letter)
                        }
                        _ => {}
                    }
                }
                rooms.push(word);
            }
            None => {
                let name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
                rooms.push(rest.chars().take_while(name).collect());
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn rooms_look_only_where_the_picture_shows_an_arrow() {
    let picture: BTreeMap<&str, &[&str]> = PICTURE.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.room != "lib") {
        let allowed = picture.get(source.room.as_str());
        let allowed = allowed
            .unwrap_or_else(|| panic!("{} is in a room without a place", source.path.display()));
        let text = code(&source.text);
        let root = if source.room == "main" {
            "wxsell::"
        } else {
            "crate::"
        };
        for room in looked_into(&text, root) {
            let known = picture.contains_key(room.as_str()) || room == "text";
            let own = room == source.room || !known;
            if !own && !allowed.contains(&room.as_str()) && !LEAVES.contains(&room.as_str()) {
                wrong.push(format!(
                    "{}: {} -> {room}",
                    source.path.display(),
                    source.room
                ));
            }
        }
    }
    wrong.dedup();
    assert!(
        wrong.is_empty(),
        "not in the picture:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn the_picture_has_no_arrow_that_nobody_uses() {
    let sources = sources();
    for (room, arrows) in PICTURE {
        for arrow in *arrows {
            let root = if *room == "main" {
                "wxsell::"
            } else {
                "crate::"
            };
            let used = sources
                .iter()
                .filter(|source| source.room == *room)
                .any(|source| {
                    looked_into(&code(&source.text), root)
                        .iter()
                        .any(|found| found == arrow)
                });
            assert!(used, "{room} -> {arrow} is drawn but not used");
        }
    }
}

/// Rooms with a file or folder for each noun.
const ROOMS_OF_NOUNS: [&str; 10] = [
    "commands", "shop", "model", "api", "bulk", "client", "output", "profile", "push", "state",
];

/// The nouns below `room` that a source of it uses, by `crate::room::noun` and by `super::`. `depth` is how many modules
/// the source stands below the room: 0 for the room itself, 1 for `commands/order.rs`, 2 for `commands/order/list.rs`.
fn nouns_used(text: &str, room: &str, depth: usize, nouns: &BTreeSet<String>) -> BTreeSet<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    let code = self::code(code.unwrap_or(text));
    let up = "super::".repeat(depth.max(1));
    let mut used: BTreeSet<String> = looked_into(&code, &format!("crate::{room}::"))
        .into_iter()
        .collect();
    // `super::` as often as there are modules above leads to the room; once more or less does not.
    for (at, _) in code.match_indices(&up) {
        let longer =
            code[..at].ends_with("super::") || code[at + up.len()..].starts_with("super::");
        if !longer && depth > 0 {
            used.extend(
                looked_into(&code[at..].chars().take(400).collect::<String>(), &up)
                    .into_iter()
                    .take(1),
            );
        }
    }
    used.retain(|noun| nouns.contains(noun));
    used
}

/// Two nouns that use each other cannot be read apart.
#[test]
fn nouns_do_not_use_each_other_in_a_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ROOMS_OF_NOUNS {
        let sources: Vec<(String, usize, String)> = sources()
            .into_iter()
            .filter(|source| source.room == room)
            .filter_map(|source| {
                let inside = source
                    .path
                    .strip_prefix(root.join(room))
                    .ok()?
                    .with_extension("");
                let mut parts: Vec<String> = inside
                    .iter()
                    .map(|part| part.to_string_lossy().into_owned())
                    .collect();
                parts.retain(|part| part != "mod");
                let noun = parts.first()?.clone();
                Some((noun, parts.len(), source.text))
            })
            .collect();
        let nouns: BTreeSet<String> = sources.iter().map(|(noun, ..)| noun.clone()).collect();
        assert!(nouns.len() > 3, "{room}: {nouns:?}");
        let mut uses: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (noun, depth, text) in &sources {
            let mut used = nouns_used(text, room, *depth, &nouns);
            used.remove(noun);
            uses.entry(noun).or_default().extend(used);
        }
        // What nothing else uses, and what uses nothing, is in no circle; what is left after all of that is.
        let mut left: BTreeSet<&str> = uses.keys().copied().collect();
        loop {
            let free: Vec<&str> = left
                .iter()
                .filter(|noun| !uses[**noun].iter().any(|used| left.contains(used.as_str())))
                .copied()
                .collect();
            if free.is_empty() {
                break;
            }
            left.retain(|noun| !free.contains(noun));
        }
        let circle: Vec<String> = left
            .iter()
            .map(|noun| {
                let used: Vec<&String> = uses[noun]
                    .iter()
                    .filter(|used| left.contains(used.as_str()))
                    .collect();
                format!("{noun} -> {used:?}")
            })
            .collect();
        assert!(
            circle.is_empty(),
            "{room}: in or before a circle:\n{}",
            circle.join("\n")
        );
    }
}

#[test]
fn uses_of_other_nouns_are_found() {
    let nouns: BTreeSet<String> = ["order", "due", "event"].map(str::to_owned).into();
    let of = |text: &str, depth| {
        nouns_used(text, "commands", depth, &nouns)
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(of("use crate::commands::order::list;", 2), ["order"]);
    assert_eq!(
        of("use super::due::several; super::super::event::x", 1),
        ["due"]
    );
    assert_eq!(
        of("use super::super::event::x; use super::due;", 2),
        ["event"]
    );
    assert_eq!(
        of("use crate::commands::{order, due};", 1),
        ["due", "order"]
    );
}

/// Commands ask the output what its form is for; which forms there are, that room knows alone.
#[test]
fn commands_and_flows_do_not_match_on_the_form_of_the_output() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| ["commands", "shop"].contains(&source.room.as_str()))
        .filter(|source| {
            let code = code(&source.text);
            code.contains("out.format") || code.contains("output::Format")
        })
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn groups_and_paths_are_read_as_rooms() {
    let text = "use crate::api::{a, b};\nuse crate::{fail::Failure, text, bulk::{x, y}};\nlet z = crate::state::open();";
    assert_eq!(
        looked_into(text, "crate::"),
        ["api", "fail", "text", "bulk", "state"]
    );
}

#[test]
fn a_long_file_says_why() {
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| {
            source
                .path
                .file_name()
                .is_some_and(|name| name != "tests.rs")
        })
        .filter(|source| source.lines > LONG)
        .filter(|source| {
            !source
                .text
                .lines()
                .any(|line| line.starts_with("//! Long because"))
        })
        .map(|source| format!("{}: {} lines", source.path.display(), source.lines))
        .collect();
    assert!(
        long.is_empty(),
        "split these, or give a reason:\n{}",
        long.join("\n")
    );
}

#[test]
fn only_the_room_of_output_prints_and_nothing_is_left_unfinished() {
    let mut wrong = Vec::new();
    for source in sources() {
        let text = code(&source.text);
        for word in PRINTING
            .iter()
            .filter(|_| source.room != "output")
            .chain(UNFINISHED)
        {
            if text.contains(word) {
                wrong.push(format!("{}: {word}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_lives_in_it() {
    for source in sources() {
        assert!(
            source.text.starts_with("//! "),
            "{} has no header",
            source.path.display()
        );
    }
}

/// Where the wire may be known: its types, the families' adapters, the tables of what is only passed through, and the
/// sandbox, which is the other end of it.
fn may_know_the_wire(path: &str) -> bool {
    // `shop/coupon/component.rs`, or `shop/order/component/price.rs`.
    let family = ["component", "store", "standard"];
    let mut parts = path.split(['/', '.']).skip(2);
    let adapter = path.starts_with("shop/") && parts.any(|part| family.contains(&part));
    path.starts_with("api/")
        || path.ends_with("/tests.rs")
        || path.starts_with("sandbox/")
        || path.starts_with("shop/pass_through")
        || adapter
}

/// Paths of the platform and questions to JSON (`["field"]`) in a source, without its tests and comments.
fn wire_words(text: &str) -> usize {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    let lines = code.unwrap_or(text).lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    let of = |line: &str| {
        let paths = ["\"/shop/", "\"/channels/", "\"/product/"];
        let named: usize = paths.iter().map(|path| line.matches(path).count()).sum();
        let asked = line.match_indices("[\"").filter(|(at, _)| {
            // An index stands right behind what it looks into; a list does not.
            let before = line[..*at].chars().next_back();
            let closed = line[at + 2..]
                .split_once('"')
                .is_some_and(|(_, rest)| rest.starts_with(']'));
            closed
                && before.is_some_and(|before| before.is_alphanumeric() || "_)]".contains(before))
        });
        named + asked.count()
    };
    lines.map(of).sum()
}

/// What the program reasons about has a type that a family's adapter reads; what it passes through has a line in a table.
#[test]
fn the_wire_is_known_to_its_types_adapters_and_tables_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let said: Vec<String> = sources()
        .into_iter()
        .filter_map(|source| {
            let inside = source.path.strip_prefix(&root).expect("below src");
            let path = inside.display().to_string().replace('\\', "/");
            let count = wire_words(&source.text);
            (count > 0 && !may_know_the_wire(&path)).then(|| format!("{path}: {count}"))
        })
        .collect();
    assert!(
        said.is_empty(),
        "paths of the platform and questions to JSON outside the adapters:\n{}",
        said.join("\n")
    );
}

/// What only a flow does: calls by hand, journals and runs of jobs, and waits for what others do.
const OF_FLOWS: [&str; 13] = [
    ".client.",
    ".client;",
    ".client\n",
    ".ask(operation",
    ".ask_all(",
    "bulk::journal",
    "bulk::run(",
    "bulk::settle(",
    "Interrupt",
    "Items::open",
    "begin_run(",
    "end_run(",
    "try_lock(",
];

/// A command asks the shop and shows: what is called when, in what order and how often is decided below it.
#[test]
fn commands_hold_no_flow() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.room == "commands") {
        let own = source.text.split("\n#[cfg(test)]\nmod tests {").next();
        let text = code(own.unwrap_or_default());
        let inside = source.path.strip_prefix(&root).expect("below commands");
        let path = inside.display().to_string().replace('\\', "/");
        let found = OF_FLOWS.iter().filter(|word| text.contains(**word));
        wrong.extend(found.map(|word| format!("{path}: {word}")));
    }
    assert!(wrong.is_empty(), "flows in commands:\n{}", wrong.join("\n"));
}

/// What happens in the sandbox's shop, whatever it is called on the wire.
#[test]
fn the_world_of_the_sandbox_knows_no_wire() {
    let world: Vec<Source> = sources()
        .into_iter()
        .filter(|source| source.path.iter().any(|part| part == "world"))
        .collect();
    assert!(!world.is_empty(), "the world was not found");
    let wire = [
        "serde_json",
        "json!",
        "crate::api",
        "rules::",
        "router::",
        "\"/",
        "errcode",
    ];
    let wrong: Vec<String> = world
        .iter()
        .flat_map(|source| {
            let text = code(&source.text);
            let said = wire.iter().filter(move |word| text.contains(**word));
            said.map(|word| format!("{}: {word}", source.path.display()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rooms that tell families apart: the doors of the shop, the books and errcodes, profiles, the sandbox, and the type.
const OF_FAMILIES: [&str; 5] = ["shop", "api", "profile", "sandbox", "types"];

/// A new family is a list of compile errors at the doors, and nothing elsewhere.
#[test]
fn families_are_told_apart_at_the_doors_alone() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| !OF_FAMILIES.contains(&source.room.as_str()))
        .filter(|source| {
            let own = source.text.split("\n#[cfg(test)]\nmod tests {").next();
            code(own.unwrap_or_default())
                .replace("Family::is_store", "")
                .contains("Family::")
        })
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rules_know_no_json() {
    let wrong: Vec<String> = sources()
        .iter()
        .filter(|source| source.room == "model")
        .filter(|source| {
            let own = source.text.split("\n#[cfg(test)]\nmod tests {").next();
            code(own.unwrap_or_default()).contains("serde_json")
        })
        .map(|source| source.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn questions_to_json_are_told_from_lists() {
    assert_eq!(wire_words(r#"let a = reply["data"]["x"];"#), 2);
    assert_eq!(wire_words(r#"f(&["a"], ["b"]);"#), 0);
    assert_eq!(
        wire_words(r#"Ask::new("order close", "/shop/order/close")"#),
        1
    );
    assert_eq!(wire_words(r#"  // reply["data"]"#), 0);
}

/// Where a source makes a request by hand: `json!`, `put` with the name of a field, and an option that serde renames to
/// a place in a request.
fn made_by_hand(text: &str) -> Vec<String> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    let code = self::code(code.unwrap_or(text));
    let close: String = code.split_whitespace().collect();
    let mut found: Vec<String> = code
        .lines()
        .filter(|line| line.contains("json!("))
        .map(|line| line.trim().to_owned())
        .collect();
    let after = |word: &str| -> Vec<String> {
        // `OPENID.put(…)` names no field.
        let places = close
            .match_indices(word)
            .filter(|(at, _)| !close[..*at].ends_with('.'))
            .map(|(at, _)| &close[at + word.len()..]);
        places.map(|rest| rest.chars().take(60).collect()).collect()
    };
    for rest in after("put(&mut") {
        let literal = rest
            .split_once(',')
            .filter(|(_, name)| name.starts_with('"'));
        found.extend(literal.map(|_| rest.clone()));
    }
    for rest in after("rename=\"") {
        let name = rest.split('"').next().unwrap_or_default();
        if name.contains(['.', '_']) {
            found.push(name.to_owned());
        }
    }
    found
}

/// What an option is called in a request is written in the tables and adapters alone.
#[test]
fn requests_are_made_in_tables_and_adapters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for source in &sources() {
        let inside = source.path.strip_prefix(&root).expect("below src");
        let path = inside.display().to_string().replace('\\', "/");
        if !["commands", "shop"].contains(&source.room.as_str()) || may_know_the_wire(&path) {
            continue;
        }
        let mut found = made_by_hand(&source.text);
        if source.room == "shop" {
            // What serde renames there is written to a journal.
            found.retain(|line| line.contains('"') || line.contains("json!("));
        }
        wrong.extend(
            found
                .iter()
                .map(|line| format!("{}: {line}", source.path.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for bad in [
        r#"let body = json!({"a": 1});"#,
        "put(\n    &mut body,\n    \"a\",\n    x,\n);",
        r#"#[serde(rename = "order_detail.freight")]"#,
    ] {
        assert_eq!(made_by_hand(bad).len(), 1, "{bad}");
    }
    for good in [
        r#"put(&mut body, name, x);"#,
        r#"#[serde(rename = "type")]"#,
        r#"OPENID.put(&mut body, "x");"#,
        "// json!({})",
    ] {
        assert_eq!(made_by_hand(good), [""; 0], "{good}");
    }
}

/// Where a source writes into JSON by index, which panics where the JSON is no object.
fn writes_by_index(text: &str) -> Vec<&str> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next();
    let code = code.unwrap_or(text);
    let writing = [
        "= ",
        "=\n",
        ".take()",
        ".as_object_mut()",
        ".as_array_mut()",
    ];
    let places = code.match_indices("\"]").filter(|(at, end)| {
        let rest = code[at + end.len()..].trim_start();
        let line = code[..*at].rsplit('\n').next().unwrap_or_default();
        let borrowed = line
            .split_once("&mut ")
            .is_some_and(|(_, place)| place.split([' ', ',', '(']).next() == Some(place));
        !line.trim_start().starts_with("//")
            && (borrowed || writing.iter().any(|word| rest.starts_with(word)))
    });
    places
        .map(|(at, _)| code[..at].rsplit('\n').next().unwrap_or_default().trim())
        .collect()
}

/// A reply may hold anything: `crate::api::json` writes into it.
#[test]
fn nobody_writes_into_json_by_index() {
    let mut wrong = Vec::new();
    for source in sources() {
        let inside = source.room != "sandbox" && !source.path.ends_with("api/json.rs");
        for line in writes_by_index(&source.text).into_iter().filter(|_| inside) {
            wrong.push(format!("{}: {line}", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for bad in [
        r#"a["x"]["y"] = 1;"#,
        r#"a["x"].take()"#,
        "a[\"x\"]\n  .as_array_mut()",
        r#"&mut a["x"]"#,
    ] {
        assert_eq!(writes_by_index(bad).len(), 1, "{bad}");
    }
    for good in [
        r#"a["x"] == 1"#,
        r#"const A: [&str; 1] = ["x"];"#,
        r#"put(&mut a, b["x"].clone())"#,
        r#"a["x"].as_array()"#,
    ] {
        assert!(writes_by_index(good).is_empty(), "{good}");
    }
}

/// The names of all fields that the reference has.
fn names_of_the_reference() -> BTreeSet<&'static str> {
    use wxsell::api::operation::{Node, Reference};
    fn walk(node: &'static Node, names: &mut BTreeSet<&'static str>) {
        names.insert(&node.name);
        node.fields.iter().for_each(|field| walk(field, names));
        node.item.iter().for_each(|item| walk(item, names));
    }
    let mut names = BTreeSet::new();
    for book in Reference::ALL.map(Reference::book) {
        book.types.values().for_each(|node| walk(node, &mut names));
        for operation in &book.operations {
            let nodes = operation.request.iter().chain([&operation.reply]);
            nodes.for_each(|node| walk(node, &mut names));
        }
    }
    names
}

/// The names of fields in what a source writes with `json!`.
fn names_in_json(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, word) in text.match_indices("json!(") {
        let body = &text[at + word.len()..];
        let mut depth = 1;
        let end = body.find(|letter| {
            match letter {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let mut parts = body[..end.unwrap_or(body.len())].split('"');
        parts.next();
        while let (Some(name), Some(after)) = (parts.next(), parts.next()) {
            if after.trim_start().starts_with(':') {
                found.push(name);
            }
        }
    }
    found
}

/// A record in a unit test has fields that the reference has; `api::operation::sample` says of each whether it stands
/// there.
#[test]
fn records_in_unit_tests_have_fields_of_the_reference() {
    let known = names_of_the_reference();
    assert!(known.len() > 1000, "{}", known.len());
    let (mut wrong, mut count) = (Vec::new(), 0);
    for source in sources()
        .iter()
        .filter(|source| ["commands", "shop", "model", "sandbox"].contains(&source.room.as_str()))
    {
        let tests = match source.text.split_once("\n#[cfg(test)]\nmod tests {") {
            Some((_, tests)) => tests,
            None if source.path.ends_with("tests.rs") => &source.text,
            None => continue,
        };
        for name in names_in_json(tests) {
            count += 1;
            if !known.contains(name) {
                wrong.push(format!("{}: {name}", source.path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "not in the reference:\n{}",
        wrong.join("\n")
    );
    assert!(count > 100, "{count}");
    assert_eq!(
        names_in_json(r#"json!({"a": {"b": [1, "c"]}}) + "d": 1"#),
        ["a", "b"]
    );
}
