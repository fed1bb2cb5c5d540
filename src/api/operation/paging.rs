//! How the rows of a list are walked through, as `tests/spec/overlay.yaml` declares it of each operation.

use serde::{Deserialize, Serialize};

/// How a call walks through a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// One answer has all of it.
    Once,
    /// Pages from 1.
    Page,
    /// Rows before the page.
    Offset,
    /// The next call takes what the last answer gave.
    Key,
}

/// The paging of one operation. Fields are named by dotted paths: `pagination_info.offset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    pub style: Style,
    /// The field of the request that is counted up or takes the key. Empty for [`Style::Once`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// The field of the answer that holds the next key; of a list, that of its last row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The field of the request that says how many rows an answer has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// The most rows an answer can have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// The field of the answer that says how many rows there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// The field of the answer that says whether more follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
    /// Fields that come with each answer and go into the next call as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carry: Vec<String>,
    /// Errcodes that mean "no rows".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<i64>,
    /// Pairs of fields that span a time, in unix seconds: `begin_create_time..end_create_time`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<String>,
    /// The most days that one call may span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

impl Paging {
    /// Whether the list comes in several answers.
    pub fn has_pages(&self) -> bool {
        self.style != Style::Once
    }

    /// The fields of the request that are filled in on the way.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let fields = [Some(&self.at), self.size.as_ref()].into_iter().flatten();
        fields.chain(&self.carry).map(String::as_str)
    }

    /// The two fields of each span of time.
    pub fn spans(&self) -> impl Iterator<Item = (&str, &str)> {
        self.windows.iter().filter_map(|span| span.split_once(".."))
    }
}
