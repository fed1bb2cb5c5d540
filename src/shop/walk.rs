//! Reads a list page by page while the shop behind it moves: rows come, change and go between two pages. What is there
//! from the beginning to the end is listed once; where the platform's way of paging cannot promise that, the list is
//! read again, and what stays unsure is counted.

use crate::fail::{Failure, Kind};
use crate::text;
use anyhow::Result;
use futures_util::future::try_join_all;
use std::collections::HashMap;

/// No list is longer: one of a shop that "always has more" is refused here.
pub const MOST: usize = 1_000_000;
/// How often a list is read that loses rows while it is read.
const PASSES: u32 = 3;
/// Rows that are read twice, so that it is seen whether rows before them have gone.
const OVERLAP: u64 = 5;
/// Pages in a row without anything new.
const STALE: u32 = 3;

/// One page.
#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Rows of the whole list, where the platform tells.
    pub total: Option<u64>,
    /// Whether there is another page, where the platform tells.
    pub more: Option<bool>,
}

/// A list that was read.
#[derive(Debug)]
pub struct Walked<T> {
    /// Each row once.
    pub rows: Vec<T>,
    /// Rows that may be missing, because others went while the list was read.
    pub unsure: u64,
}

/// Rows by their ids, each once, in the order in which they came; the newest form counts.
struct Found<T> {
    rows: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Found<T> {
    fn new() -> Found<T> {
        Found {
            rows: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// Adds a row; whether it is new.
    fn add(&mut self, id: String, row: T) -> bool {
        if let Some(place) = self.places.get(&id) {
            self.rows[*place] = row;
            return false;
        }
        self.places.insert(id, self.rows.len());
        self.rows.push(row);
        true
    }

    /// Whether no more are wanted. Refuses a list that has no end.
    fn is_enough(&self, limit: Option<usize>) -> Result<bool> {
        is_enough(self.rows.len(), limit)
    }

    fn end(mut self, limit: Option<usize>, unsure: u64) -> Walked<T> {
        self.rows.truncate(limit.unwrap_or(MOST));
        Walked {
            rows: self.rows,
            unsure,
        }
    }
}

/// Walks by offsets. Pages overlap by some rows: where none of them is known, rows before them have gone, and the walk
/// goes back. `fetch` takes an offset and a size.
pub async fn by_offset<T>(
    size: u64,
    limit: Option<usize>,
    id: impl Fn(&T) -> String,
    fetch: impl AsyncFn(u64, u64) -> Result<Page<T>>,
) -> Result<Walked<T>> {
    let mut found = Found::new();
    let (mut offset, mut stale) = (0u64, 0);
    loop {
        let page = fetch(offset, size).await?;
        let count = page.rows.len() as u64;
        let ids: Vec<String> = page.rows.iter().map(&id).collect();
        let known = ids.iter().any(|id| found.places.contains_key(id));
        // Nothing here that was seen: what lay between has moved towards the beginning.
        if offset > 0 && !known {
            offset = offset.saturating_sub(size / 2 + 1);
            if offset > 0 {
                continue;
            }
        }
        let before = found.rows.len();
        for (id, row) in ids.into_iter().zip(page.rows) {
            found.add(id, row);
        }
        let grew = found.rows.len() > before;
        stale = if grew { 0 } else { stale + 1 };
        let more = page.more.unwrap_or(count >= size);
        if count == 0 || !more || found.is_enough(limit)? {
            return Ok(found.end(limit, 0));
        }
        if stale >= STALE {
            return Err(repeats());
        }
        offset += if count > OVERLAP && grew {
            count - OVERLAP
        } else {
            count
        };
    }
}

/// Walks by page numbers, from 1. Some pages are read together; where the length of the list changes among them they
/// are read again one after the other, because a row that moves to the next page would be in neither. Rows that come
/// are then seen twice and listed once. Where rows have gone, others have moved to pages that were read already, and
/// the list is read again.
pub async fn by_page<T>(
    size: u64,
    at_once: u64,
    limit: Option<usize>,
    id: impl Fn(&T) -> String,
    fetch: impl AsyncFn(u64, u64) -> Result<Page<T>>,
) -> Result<Walked<T>> {
    let mut found = Found::new();
    let mut gone = 0;
    for _ in 0..PASSES {
        gone = pass(size, at_once, limit, &id, &fetch, &mut found).await?;
        if gone == 0 || found.is_enough(limit)? {
            return Ok(found.end(limit, 0));
        }
    }
    Ok(found.end(limit, gone))
}

/// Reads the list once; how many rows went meanwhile.
async fn pass<T>(
    size: u64,
    at_once: u64,
    limit: Option<usize>,
    id: &impl Fn(&T) -> String,
    fetch: &impl AsyncFn(u64, u64) -> Result<Page<T>>,
    found: &mut Found<T>,
) -> Result<u64> {
    let (mut next, mut gone) = (1u64, 0u64);
    let mut length: Option<u64> = None;
    let mut last: Vec<String> = Vec::new();
    let mut stale = 0;
    loop {
        let left = length.map_or(1, |length| length.div_ceil(size).saturating_sub(next - 1));
        let together = left.clamp(1, at_once.max(1));
        let mut pages = try_join_all((next..next + together).map(|page| fetch(page, size))).await?;
        let moved = pages.iter().any(|page| page.total != pages[0].total);
        if together > 1 && (moved || pages[0].total != length) {
            pages.clear();
            for page in next..next + together {
                pages.push(fetch(page, size).await?);
            }
        }
        next += together;
        let mut ended = false;
        for page in pages {
            if let (Some(before), Some(now)) = (length, page.total) {
                gone += before.saturating_sub(now);
            }
            length = page.total.or(length);
            let ids: Vec<String> = page.rows.iter().map(id).collect();
            ended |= (ids.len() as u64) < size || page.more == Some(false);
            stale = if !ids.is_empty() && ids == last {
                stale + 1
            } else {
                0
            };
            last.clone_from(&ids);
            for (id, row) in ids.into_iter().zip(page.rows) {
                found.add(id, row);
            }
        }
        if stale > 0 {
            return Err(repeats());
        }
        let read = (next - 1).saturating_mul(size);
        if found.is_enough(limit)? || length.map_or(ended, |length| read >= length) {
            return Ok(gone);
        }
    }
}

/// Whether so many rows are as many as are wanted; more than [`MOST`] are refused, because what is left out of them would
/// not be seen.
pub fn is_enough(rows: usize, limit: Option<usize>) -> Result<bool> {
    match limit {
        Some(limit) if rows >= limit => Ok(true),
        _ if rows > MOST => Err(Failure::new(
            Kind::Refused,
            text!("the list does not end: more than 1,000,000 rows arrived"),
        )
        .hint(text!("narrow it down, or take the first rows with --limit"))
        .into()),
        _ => Ok(false),
    }
}

fn repeats() -> anyhow::Error {
    Failure::new(Kind::Refused, text!("WeChat keeps returning the same page")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A list in which something happens before each page that is read.
    struct Moving {
        rows: RefCell<Vec<u64>>,
        next: RefCell<u64>,
    }

    impl Moving {
        fn of(count: u64) -> Moving {
            Moving {
                rows: RefCell::new((1..=count).rev().collect()),
                next: RefCell::new(count + 1),
            }
        }

        /// The newest comes first.
        fn comes(&self) {
            let mut next = self.next.borrow_mut();
            self.rows.borrow_mut().insert(0, *next);
            *next += 1;
        }

        fn goes(&self, at: usize) -> u64 {
            self.rows.borrow_mut().remove(at)
        }

        fn read(&self, offset: u64, size: u64) -> Page<u64> {
            let rows = self.rows.borrow();
            let from = usize::try_from(offset).expect("small").min(rows.len());
            let to = (from + usize::try_from(size).expect("small")).min(rows.len());
            Page {
                rows: rows[from..to].to_vec(),
                total: Some(rows.len() as u64),
                more: Some(to < rows.len()),
            }
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime")
            .block_on(future)
    }

    #[track_caller]
    fn holds_once(rows: &[u64], wanted: impl Iterator<Item = u64>) {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), rows.len(), "none twice");
        for row in wanted {
            assert!(sorted.binary_search(&row).is_ok(), "{row} is missing");
        }
    }

    #[test]
    fn what_comes_meanwhile_costs_nothing_that_was_there() {
        for at_once in [1, 4] {
            let list = Moving::of(903);
            let calls = RefCell::new(0);
            let walked = run(by_page(
                50,
                at_once,
                None,
                u64::to_string,
                async |page, size| {
                    *calls.borrow_mut() += 1;
                    list.comes();
                    Ok(list.read((page - 1) * size, size))
                },
            ));
            let walked = walked.expect("a list");
            holds_once(&walked.rows, 1..=903);
            assert_eq!(walked.unsure, 0);
            assert!(*calls.borrow() < 60, "{}", calls.borrow());
        }
    }

    #[test]
    fn what_goes_meanwhile_takes_nothing_else_along() {
        for by_pages in [false, true] {
            let list = Moving::of(600);
            let gone = RefCell::new(Vec::new());
            // A dozen go while it is read the first time, then it rests.
            let step = || {
                if gone.borrow().len() < 12 {
                    gone.borrow_mut().push(list.goes(0));
                }
            };
            let walked = if by_pages {
                run(by_page(50, 4, None, u64::to_string, async |page, size| {
                    step();
                    Ok(list.read((page - 1) * size, size))
                }))
            } else {
                run(by_offset(50, None, u64::to_string, async |offset, size| {
                    step();
                    Ok(list.read(offset, size))
                }))
            };
            let walked = walked.expect("a list");
            let gone = gone.borrow();
            holds_once(&walked.rows, (1..=600).filter(|row| !gone.contains(row)));
            assert_eq!(walked.unsure, 0, "{by_pages}");
        }
    }

    #[test]
    fn what_stays_unsure_is_counted() {
        let list = Moving::of(600);
        let walked = run(by_page(50, 1, None, u64::to_string, async |page, size| {
            list.goes(0);
            Ok(list.read((page - 1) * size, size))
        }));
        assert!(walked.expect("a list").unsure > 0);
    }

    #[test]
    fn a_list_without_an_end_ends() {
        let same = run(by_page(50, 1, None, u64::to_string, async |_, _| {
            Ok(Page {
                rows: (0..50).collect(),
                total: None,
                more: Some(true),
            })
        }));
        assert!(same.is_err());
        let same = run(by_offset(50, None, u64::to_string, async |_, _| {
            Ok(Page {
                rows: (0..50).collect(),
                total: None,
                more: Some(true),
            })
        }));
        assert!(same.is_err());
        let ever = run(by_page(
            10_000,
            1,
            None,
            u64::to_string,
            async |page, size| {
                let first = (page - 1) * size;
                Ok(Page {
                    rows: (first..first + size).collect(),
                    total: None,
                    more: Some(true),
                })
            },
        ));
        assert!(ever.is_err());
        assert!(!is_enough(MOST, None).expect("a whole list"));
        assert!(is_enough(MOST + 1, Some(MOST)).expect("as many as are wanted"));
        let few = run(by_offset(
            50,
            Some(7),
            u64::to_string,
            async |offset, size| Ok(Moving::of(600).read(offset, size)),
        ));
        assert_eq!(few.expect("a list").rows.len(), 7);
    }
}
