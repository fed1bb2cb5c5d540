//! THE table of WeChat's errcodes: what each means, whether the same request may be sent again, and what the
//! operator does next, in both languages. The data is `errcode.tsv`; it is read when the first errcode comes.

use crate::fail::Kind;
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
    lookup(code).is_some_and(|entry| entry.before)
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
        category: match field()? {
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
        },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_complete_and_every_line_reads() {
        assert_eq!(lines().count(), 241);
        for line in lines() {
            let entry = read(line);
            assert!(entry.is_some(), "does not read: {line}");
            assert_eq!(line.split('\t').count(), 8, "{line}");
        }
        let codes: HashSet<i64> = entries().map(|entry| entry.code).collect();
        assert_eq!(codes.len(), 241, "a code stands twice");
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
