//! What somebody probably meant who typed a command that is not there. It is only ever suggested, never run.

use super::Cli;
use clap::{Command, CommandFactory};
use std::ffi::OsString;

/// What other tools and people call a noun, with the command that it is here.
const NOUNS: &[(&str, &str)] = &[
    ("product", "goods"),
    ("item", "goods"),
    ("sku", "goods"),
    ("spu", "goods"),
    ("商品", "goods"),
    ("refund", "aftersale"),
    ("return", "aftersale"),
    ("after-sale", "aftersale"),
    ("after-sales", "aftersale"),
    ("aftersales", "aftersale"),
    ("售后", "aftersale"),
    ("退款", "aftersale"),
    ("订单", "order"),
    ("shipment", "delivery"),
    ("shipping", "delivery"),
    ("logistics", "delivery"),
    ("carrier", "delivery companies"),
    ("发货", "delivery send"),
    ("物流", "delivery"),
    ("complaint", "dispute"),
    ("纠纷", "dispute"),
    ("到期", "due"),
    ("todo", "due"),
    ("优惠券", "coupon"),
    ("资金", "funds"),
    ("money", "funds"),
    ("balance", "funds balance"),
    ("withdraw", "funds withdraw"),
    ("提现", "funds withdraw"),
    ("类目", "category"),
    ("品牌", "brand"),
    ("图片", "image"),
    ("picture", "image"),
    ("推广员", "promoter"),
    ("分享员", "sharer"),
    ("店铺", "profile"),
    ("shop", "profile"),
    ("store", "profile"),
    ("account", "profile"),
    ("config", "profile"),
    ("settings", "profile"),
    ("login", "auth login"),
    ("登录", "auth login"),
    ("logout", "auth logout"),
    ("whoami", "auth status"),
    ("init", "auth login"),
    ("doctor", "auth doctor"),
    ("ship", "delivery send"),
    ("upload", "goods upload"),
    ("上传", "goods upload"),
    ("export", "goods export"),
    ("import", "goods upload"),
    ("job", "run"),
    ("task", "run"),
    ("resume", "run resume"),
    ("push", "event"),
    ("webhook", "event listen"),
    ("listen", "event listen"),
    ("history", "log list"),
    ("payment", "pay"),
    ("状态", "status"),
    ("帮助", "help"),
];

/// A verb of one noun that belongs to another, or has another name there.
const VERBS_OF: &[(&str, &str, &str)] = &[
    ("order", "ship", "delivery send"),
    ("order", "deliver", "delivery send"),
    ("order", "cancel", "order close"),
    ("order", "refund", "aftersale create"),
    ("order", "address", "order update-address"),
    ("order", "price", "order change-price"),
    ("brand", "list", "brand mine"),
    ("category", "search", "category list"),
    ("delivery", "list", "delivery companies"),
    ("delivery", "ship", "delivery send"),
    ("delivery", "carriers", "delivery companies"),
    ("aftersale", "accept", "aftersale accept-refund"),
    ("aftersale", "approve", "aftersale accept-refund"),
    ("aftersale", "refund", "aftersale accept-refund"),
    ("aftersale", "refuse", "aftersale reject"),
    ("dispute", "answer", "dispute respond"),
    ("dispute", "reply", "dispute respond"),
    ("goods", "import", "goods upload"),
    ("goods", "push", "goods upload"),
    ("goods", "price", "goods price-stock"),
    ("goods", "stock", "goods price-stock"),
    ("goods", "validate", "goods check"),
    ("goods", "publish", "goods on-sale"),
    ("goods", "unpublish", "goods off-sale"),
    ("goods", "上架", "goods on-sale"),
    ("goods", "下架", "goods off-sale"),
    ("profile", "switch", "profile use"),
    ("profile", "select", "profile use"),
    ("funds", "payout", "funds withdraw"),
    ("funds", "transactions", "funds flows"),
    ("run", "continue", "run resume"),
    ("run", "retry", "run resume"),
];

/// Verbs by what they mean, the likelier first; the first that the noun has is it.
const VERBS: &[(&[&str], &[&str])] = &[
    (
        &["delete", "rm", "del", "drop", "destroy", "删除"],
        &["remove", "unbind", "clear", "close", "cancel"],
    ),
    (
        &["create", "new", "insert", "新建", "添加"],
        &["add", "create", "bind", "apply"],
    ),
    (
        &[
            "get", "view", "info", "describe", "detail", "details", "查看",
        ],
        &["show", "describe", "info", "status"],
    ),
    (
        &["ls", "all", "search", "find", "query", "列表"],
        &["list", "mine", "companies", "receivers"],
    ),
    (
        &["edit", "modify", "change", "set", "修改"],
        &["update", "set"],
    ),
    (&["download", "dump", "save", "导出"], &["export"]),
    (&["bulk", "sync", "导入", "上传"], &["upload"]),
    (&["enable", "start", "list-on"], &["on-sale", "finish"]),
    (&["disable", "stop", "hide"], &["off-sale"]),
    (&["reply", "respond"], &["respond"]),
];

/// How like a name must be to be meant.
const ALIKE: f64 = 0.82;

/// The whole command line that was probably meant; `None` where nothing is likely.
pub fn meant(args: &[OsString]) -> Option<String> {
    let mut root = Cli::command();
    root.build();
    let mut path: Vec<String> = Vec::new();
    let mut line: Vec<String> = Vec::new();
    let mut changed = false;
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        let here = at(&root, &path)?;
        if word.starts_with('-') {
            let takes = !word.contains('=') && takes_value(here, &word);
            line.push(quoted(&word));
            line.extend(
                takes
                    .then(|| words.next())
                    .flatten()
                    .map(|value| quoted(&value)),
            );
            continue;
        }
        if !here.has_subcommands() {
            line.push(quoted(&word));
            continue;
        }
        if here.find_subcommand(&*word).is_some() {
            path.push(word.into_owned());
            continue;
        }
        path = candidate(here, &path, &word)?;
        changed = true;
    }
    changed.then(|| {
        let mut whole = vec!["wxsell".to_owned()];
        whole.extend(path);
        whole.extend(line);
        whole.join(" ")
    })
}

/// The command that the words before an error name, for a pointer to its help.
pub fn place(args: &[OsString]) -> String {
    let mut root = Cli::command();
    root.build();
    let mut path: Vec<String> = Vec::new();
    let mut words = args.iter().skip(1).filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let Some(here) = at(&root, &path) else { break };
        if word.starts_with('-') {
            if !word.contains('=') && takes_value(here, word) {
                words.next();
            }
            continue;
        }
        let below = here.find_subcommand(word);
        if below.is_some_and(|below| below.get_name() != "help") {
            path.push(word.to_owned());
        }
    }
    path.join(" ")
}

fn at<'a>(root: &'a Command, path: &[String]) -> Option<&'a Command> {
    path.iter()
        .try_fold(root, |here, word| here.find_subcommand(word))
}

fn takes_value(command: &Command, word: &str) -> bool {
    let named = |arg: &&clap::Arg| match word.strip_prefix("--") {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short() == word.chars().nth(1),
    };
    let arg = command.get_arguments().find(named);
    arg.is_some_and(|arg| arg.get_action().takes_values())
}

/// The path that was meant by `word` below `path`.
fn candidate(here: &Command, path: &[String], word: &str) -> Option<Vec<String>> {
    let split = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let below = |name: &str| [path, &[name.to_owned()]].concat();
    let word = word.to_lowercase().replace('_', "-");
    let singular = word.strip_suffix('s').unwrap_or(&word);
    let has = |name: &&str| {
        here.find_subcommand(*name)
            .is_some_and(|it| !it.is_hide_set())
    };
    if let Some(name) = [&*word, singular].into_iter().find(|name| has(name)) {
        return Some(below(name));
    }
    if path.is_empty() {
        let known = |name: &str| NOUNS.iter().find(|(typed, _)| *typed == name);
        if let Some((_, meant)) = known(&word).or_else(|| known(singular)) {
            return Some(split(meant));
        }
    } else {
        let noun = path.join(" ");
        let of = VERBS_OF
            .iter()
            .find(|(of, typed, _)| *of == noun && (*typed == word || *typed == singular));
        if let Some((_, _, meant)) = of {
            return Some(split(meant));
        }
        let verbs = VERBS.iter().find(|(typed, _)| typed.contains(&&*word));
        if let Some(name) = verbs.and_then(|(_, meant)| meant.iter().find(|name| has(name))) {
            return Some(below(name));
        }
    }
    let names = here
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help");
    let like = names.map(|command| {
        let name = command.get_name();
        (strsim::jaro_winkler(&word, name), name)
    });
    let (alike, name) = like.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (alike >= ALIKE).then(|| below(name))
}

/// A word as it is to be typed.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_./:=,@+%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
