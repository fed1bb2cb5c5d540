//! THE table of WeChat's errcodes: what each means, whether the same request may be sent again, and what the
//! operator does next, in both languages. The data is `errcode.tsv` of the custom component and of what all families share,
//! and `errcode.store.tsv` of the Store and the standard component; each is read when the first errcode comes.

use crate::api::operation::Reference;
use crate::fail::{Failure, Kind};
use crate::lang::Text;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What sort of answer an errcode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    Ok,
    /// Token, secret or IP list.
    Auth,
    /// The account may not do this.
    Permission,
    /// A rate or a quota.
    Quota,
    /// WeChat could not just now.
    Transient,
    /// A value in the request is wrong.
    Validation,
    /// The object is in another state than the step needs.
    State,
    NotFound,
    /// The call was taken out of service.
    Offline,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Errcode {
    pub code: i64,
    pub category: Category,
    /// Whether the same request may succeed later without a change.
    pub retryable: bool,
    /// Known to be given before anything is done: the call that it refuses changed nothing.
    pub before: bool,
    /// English, Chinese; fits into a sentence.
    pub meaning: (&'static str, &'static str),
    /// What the operator does next: English, Chinese.
    pub next: (&'static str, &'static str),
}

impl Errcode {
    /// The kind that decides the exit code. A transient code that outlived every retry is a refusal like any other:
    /// WeChat was reached and did not do it, and no limit says when it will.
    pub fn kind(&self) -> Kind {
        match self.category {
            Category::Auth | Category::Permission | Category::Offline => Kind::Access,
            Category::Quota => Kind::Limited,
            Category::Ok
            | Category::Transient
            | Category::Validation
            | Category::State
            | Category::NotFound => Kind::Refused,
        }
    }

    pub fn meaning_text(&self) -> Text {
        Text::pair(self.meaning.0, self.meaning.1)
    }

    /// Whether what to do next is to read WeChat's own words.
    pub fn points_to_words(&self) -> bool {
        self.next.0.contains("in brackets")
    }

    pub fn next_text(&self) -> Text {
        Text::pair(self.next.0, self.next.1)
    }
}

/// The line of a code; `None` for one that WeChat never documented.
pub fn lookup(code: i64) -> Option<&'static Errcode> {
    static TABLE: OnceLock<HashMap<i64, Errcode>> = OnceLock::new();
    let table = TABLE.get_or_init(|| entries().map(|entry| (entry.code, entry)).collect());
    table.get(&code)
}

/// Whether a code proves that the call it answers changed nothing. Of a code that nobody documented nothing is known.
pub fn is_given_before_acting(code: i64) -> bool {
    lookup(code)
        .or_else(|| of_store(code))
        .is_some_and(|entry| entry.before)
}

/// The line of a code as a family means it: the same number can mean different things. `None` for one that this family
/// never documented.
pub fn lookup_in(reference: Reference, code: i64) -> Option<&'static Errcode> {
    // Token, permission and limit are the same for all; -2 is not.
    let shared = (40_000..100_000).contains(&code) || matches!(code, -1 | 0);
    match reference {
        Reference::Component | Reference::Promoter | Reference::Platform => lookup(code),
        Reference::Store if shared => in_other_words(code)
            .or_else(|| lookup(code))
            .or_else(|| of_store(code)),
        Reference::Store => of_store(code),
        Reference::Standard => lookup(code).or_else(|| of_store(code)),
    }
}

/// Refusals of the account that their category does not tell.
const OF_THE_ACCOUNT: &[i64] = &[
    40066,     // no such call
    41002,     // no AppID
    41004,     // no secret
    41018,     // no AppID of the provider
    43002,     // no POST arrives
    43003,     // no HTTPS arrives
    48017,     // an address out of service
    1_040_003, // the component is not joined
    1_040_041, // a task of joining is open
    1_040_042, // WeChat's service is none of the ways of service
];
/// Permissions and limits that concern one thing, not the account.
const OF_ONE_THING: &[i64] = &[
    50001,     // a user
    76003,     // a request id
    76022,     // a path
    108_038,   // a buyer
    108_039,   // an order
    109_103,   // a buyer
    1_000_005, // a category
    1_000_006, // a brand
    1_000_019, // a product
    2_747_016, // an after-sale
    9_401_021, // a product
];

/// States of a store's objects that no earlier copy of the same call brings about: the call was refused, and changed
/// nothing.
const STANDS_ANYWAY: &[i64] = &[
    606_003,    // no address for returns
    606_046,    // waybills must be electronic
    10_020_014, // in a flash sale
    10_020_041, // the account is being closed
    10_020_048, // the deposit is too low
    10_020_053, // the product is banned
    10_020_070, // the deposit is too low
    10_020_071, // the product of a flash sale is not listed
    10_020_083, // the deposit is too low
    10_020_089, // the store is not open
    10_020_105, // the registration is unfinished
    10_020_211, // fees are owed
    10_020_217, // stock does not change in this state
    10_020_221, // freight insurance is needed
    10_020_222, // freight insurance is needed
    10_020_223, // an inspection is needed
    10_020_231, // freight insurance is needed
    10_020_232, // the brand is too weak
    10_020_233, // the brand is being assessed
    10_020_234, // freight insurance is needed
    10_020_235, // the store sells after an inspection only
    10_020_247, // the store must be upgraded
    10_020_289, // the product was never listed
    10_020_298, // a product like another
];

/// Whether every item that follows would be refused for the same cause: a job over many ends with the first.
pub fn concerns_the_account(code: i64) -> bool {
    let category = lookup(code)
        .or_else(|| of_store(code))
        .map(|entry| entry.category);
    OF_THE_ACCOUNT.contains(&code)
        || !OF_ONE_THING.contains(&code)
            && matches!(
                category,
                Some(Category::Auth | Category::Permission | Category::Offline | Category::Quota)
            )
}

/// Whether a failure concerns every item that would follow: one of the account, or one of this side.
pub fn ends_the_job(failure: &Failure) -> bool {
    match failure.errcode {
        Some(code) => concerns_the_account(code),
        None => matches!(
            failure.kind,
            Kind::Access | Kind::Limited | Kind::Stopped | Kind::Bug
        ),
    }
}

/// Codes that every family has, where the console of a store, and no Mini Program, is where to look.
fn in_other_words(code: i64) -> Option<&'static Errcode> {
    static TABLE: OnceLock<HashMap<i64, Errcode>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let address = (
            "add the IP address of this machine in the store's console (Service market → Self-developed → IP whitelist), or empty the list there; `wxsell auth doctor` shows the address that WeChat saw",
            "请在小店后台（服务市场 → 自研 → IP 白名单）添加本机 IP，或清空白名单；`wxsell auth doctor` 会显示微信看到的 IP",
        );
        let secret = (
            "look up or reset the AppSecret in the store's console, then: wxsell auth login",
            "请在小店后台查看或重置 AppSecret，然后执行：wxsell auth login",
        );
        let words = [
            (40125, None, secret),
            (40164, None, address),
            (41004, None, secret),
            (45035, None, address),
            (
                48001,
                Some(("no permission for this call", "接口未授权")),
                (
                    "several causes look like this: the AppID is not the store's own, a permission set is missing, or the call was withdrawn; `wxsell auth doctor` tells which",
                    "可能的原因不止一个：AppID 不是小店自己的、缺少权限集，或接口已下线；请执行 wxsell auth doctor 判断",
                ),
            ),
        ];
        let told = words.into_iter().filter_map(|(code, meaning, next)| {
            let shared = lookup(code)?;
            let meaning = meaning.unwrap_or(shared.meaning);
            Some((
                code,
                Errcode {
                    meaning,
                    next,
                    ..*shared
                },
            ))
        });
        told.collect()
    });
    table.get(&code)
}

fn of_store(code: i64) -> Option<&'static Errcode> {
    static TABLE: OnceLock<HashMap<i64, Errcode>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let lines = include_str!("errcode.store.tsv").lines();
        let lines = lines.filter(|line| !line.starts_with('#'));
        let entries = lines.filter_map(read_of_store);
        entries.map(|entry| (entry.code, entry)).collect()
    });
    table.get(&code)
}

fn read_of_store(line: &'static str) -> Option<Errcode> {
    let mut fields = line.split('\t').filter(|field| !field.is_empty());
    let (code, category) = (fields.next()?.parse().ok()?, category(fields.next()?)?);
    let retryable = fields.next()? == "retry";
    Some(Errcode {
        code,
        category,
        retryable,
        // What is looked at before anything is done.
        before: matches!(
            category,
            Category::Auth
                | Category::Permission
                | Category::Quota
                | Category::Validation
                | Category::NotFound
                | Category::Offline
        ) || STANDS_ANYWAY.contains(&code),
        meaning: (fields.next()?, fields.next()?),
        next: next_of(category),
    })
}

/// What to do about a code of which nothing more is known than its category.
fn next_of(category: Category) -> (&'static str, &'static str) {
    match category {
        Category::Ok => ("nothing to do", "无需处理"),
        Category::Auth => (
            "check the AppID and the token of the store: wxsell auth doctor",
            "请检查小店的 AppID 和 token：wxsell auth doctor",
        ),
        Category::Permission => (
            "check in the console of the store that this call is permitted",
            "请在小店后台确认已有此接口的权限",
        ),
        Category::Quota => (
            "send fewer calls, or try again later",
            "请减少调用次数，或稍后再试",
        ),
        Category::Transient => (
            "wait a little and run the same command again; if it stays, give the rid to WeChat's support",
            "稍等后重新执行同一命令；若持续出现，请把 rid 提供给微信客服",
        ),
        Category::Validation => (
            "correct the value that WeChat names and try again",
            "请更正微信指出的值后重试",
        ),
        Category::State => (
            "read the object's present state and act on that",
            "请先查看对象当前状态再处理",
        ),
        Category::NotFound => (
            "check the number, every digit of it: a spreadsheet may have rounded it",
            "请逐位核对编号：电子表格可能已将其四舍五入",
        ),
        Category::Offline => (
            "this call is out of service; look for its successor in the console of the store",
            "此接口已下线，请在小店后台查找替代接口",
        ),
    }
}

/// Every line of the table, in order of the codes.
pub fn entries() -> impl Iterator<Item = Errcode> {
    lines().filter_map(read)
}

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("errcode.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read(line: &'static str) -> Option<Errcode> {
    let mut fields = line.split('\t');
    let mut field = || fields.next().filter(|field| !field.is_empty());
    Some(Errcode {
        code: field()?.parse().ok()?,
        category: category(field()?)?,
        retryable: match field()? {
            "retry" => true,
            "no" => false,
            _ => return None,
        },
        before: match field()? {
            "before" => true,
            "unsure" => false,
            _ => return None,
        },
        meaning: (field()?, field()?),
        next: (field()?, field()?),
    })
}

fn category(name: &str) -> Option<Category> {
    Some(match name {
        "ok" => Category::Ok,
        "auth" => Category::Auth,
        "permission" => Category::Permission,
        "quota" => Category::Quota,
        "transient" => Category::Transient,
        "validation" => Category::Validation,
        "state" => Category::State,
        "not_found" => Category::NotFound,
        "offline" => Category::Offline,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_complete_and_every_line_reads() {
        assert_eq!(lines().count(), 243);
        for line in lines() {
            let entry = read(line);
            assert!(entry.is_some(), "does not read: {line}");
            assert_eq!(line.split('\t').count(), 8, "{line}");
        }
        let codes: HashSet<i64> = entries().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), 243, "a code stands twice");
    }

    #[test]
    fn the_same_number_means_what_its_family_means() {
        let meaning = |reference, code| lookup_in(reference, code).map(|entry| entry.meaning.0);
        assert_eq!(
            meaning(Reference::Component, -2),
            Some("parameter problem or token too long")
        );
        assert_eq!(
            meaning(Reference::Store, -2),
            Some("token value is too long to be valid")
        );
        assert_ne!(
            meaning(Reference::Store, 100_002),
            meaning(Reference::Standard, 100_002)
        );
        assert_eq!(
            meaning(Reference::Store, 40164),
            meaning(Reference::Component, 40164)
        );
        // A store has a console, and no Mini Program.
        for code in [40125, 40164, 41004, 45035, 48001] {
            let entry = lookup_in(Reference::Store, code).expect("a line");
            let words = [entry.meaning.0, entry.next.0].join(" ");
            assert!(!words.contains("mini program"), "{words}");
            assert!(!words.contains("backend"), "{words}");
        }
        assert_eq!(meaning(Reference::Component, 10_020_110), None);
        assert!(meaning(Reference::Store, 10_020_110).is_some());
        let lines = include_str!("errcode.store.tsv").lines();
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 442);
        assert!(lines.iter().all(|line| read_of_store(line).is_some()));
    }

    #[test]
    fn only_what_concerns_every_item_ends_a_job() {
        for code in [40001, 40066, 40164, 45009, 48001, 1_040_042, 1_400_007] {
            assert!(concerns_the_account(code), "{code}");
        }
        for code in [
            -1, -2, 1_000_005, 1_000_012, 1_000_015, 1_000_019, 2_747_008, -987_654,
        ] {
            assert!(!concerns_the_account(code), "{code}");
        }
    }

    #[test]
    fn only_codes_known_to_come_first_prove_that_nothing_was_done() {
        for code in [
            40001, 42001, 40164, 48001, 45009, 45011, 300_000, 1_000_012, 2_747_026,
        ] {
            assert!(is_given_before_acting(code), "{code}");
        }
        for code in [
            -1, 40013, 1_000_000, 2_747_008, 2_747_009, 109_001, 990_010, -987_654,
        ] {
            assert!(!is_given_before_acting(code), "{code}");
        }
    }

    #[test]
    fn every_line_speaks_both_languages() {
        let han = |text: &str| {
            text.chars()
                .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
        };
        for entry in entries() {
            assert!(
                !han(entry.meaning.0) && !han(entry.next.0),
                "{}",
                entry.code
            );
            assert!(han(entry.meaning.1) && han(entry.next.1), "{}", entry.code);
            assert!(!entry.meaning.0.contains('{') && !entry.next.0.contains('{'));
        }
    }

    #[test]
    fn the_codes_a_script_meets_have_their_exit_codes() {
        let kind = |code| lookup(code).map(Errcode::kind);
        for (code, expected) in [
            (-1, Kind::Refused),
            (40001, Kind::Access),
            (40164, Kind::Access),
            (48001, Kind::Access),
            (45009, Kind::Limited),
            (45011, Kind::Limited),
            (300_000, Kind::Limited),
            (1_000_019, Kind::Limited),
            (1_000_012, Kind::Refused),
            (1_400_007, Kind::Access),
        ] {
            assert_eq!(kind(code), Some(expected), "{code}");
        }
        assert_eq!(kind(-987_654), None);
    }

    #[test]
    fn what_to_do_is_said_in_the_readers_language() {
        let hint = lookup(1_000_002).map(Errcode::next_text);
        let zh = hint
            .as_ref()
            .map(|hint| hint.render(Lang::Zh))
            .unwrap_or_default();
        assert!(
            zh.contains("wxsell goods withdraw-audit") && zh.contains("撤回"),
            "{zh}"
        );
    }
}
