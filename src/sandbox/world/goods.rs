//! A product of two versions: the draft that the merchant writes, and the online version that buyers see. `C` is what
//! stands in a version.

use serde::{Deserialize, Serialize};

/// How the draft stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Draft {
    Editing,
    /// It is being written; `submit` says whether it goes to the audit afterwards.
    Writing {
        submit: bool,
    },
    WriteFailed,
    InAudit,
    Refused,
    Passed,
    /// It should have gone to the audit, and nothing could be handed in.
    NotSubmitted,
}

/// How the online version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnlineState {
    Never,
    OnSale,
    OffSale,
    /// By the platform.
    TakenDown,
    Deleted,
}

/// Why something cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    NoSuchProduct,
    InAudit,
    StillWriting,
    NotInAudit,
    NotOnSale,
    NeverListed,
    TakenDown,
    NothingLeft,
}

/// What may be handed to the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    /// Nothing for today.
    Used,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versions<C> {
    pub draft: C,
    pub online: Option<C>,
    pub edit: Draft,
    pub online_state: OnlineState,
    pub refusal: String,
}

impl<C: Clone> Versions<C> {
    pub fn new(draft: C) -> Versions<C> {
        Versions {
            draft,
            online: None,
            edit: Draft::Editing,
            online_state: OnlineState::Never,
            refusal: String::new(),
        }
    }

    /// Whether it was ever on sale.
    pub fn was_listed(&self) -> bool {
        self.online.is_some()
    }

    fn exists(&self) -> Result<(), Refused> {
        match self.online_state {
            OnlineState::Deleted => Err(Refused::NoSuchProduct),
            _ => Ok(()),
        }
    }

    /// Whether the draft may be written or handed in now.
    pub fn may_edit(&self) -> Result<(), Refused> {
        self.exists()?;
        match self.edit {
            Draft::InAudit => Err(Refused::InAudit),
            Draft::Writing { .. } => Err(Refused::StillWriting),
            _ => Ok(()),
        }
    }

    /// Writes the draft: at once, or so that it is written later.
    pub fn write(&mut self, draft: C, later: bool, submit: bool) -> Result<(), Refused> {
        self.may_edit()?;
        self.draft = draft;
        self.edit = if later {
            Draft::Writing { submit }
        } else {
            Draft::Editing
        };
        Ok(())
    }

    /// The draft is written. Says whether it is to be handed in.
    pub fn written(&mut self) -> bool {
        let submit = matches!(self.edit, Draft::Writing { submit: true });
        self.edit = Draft::Editing;
        submit
    }

    /// Hands the draft to the audit. A written draft is kept where nothing can be handed in.
    pub fn submit(&mut self, room: Room) -> Result<(), Refused> {
        self.may_edit()?;
        // The way back is a change.
        if self.online_state == OnlineState::TakenDown && self.edit == Draft::Passed {
            return Err(Refused::TakenDown);
        }
        self.edit = match room {
            Room::Free => Draft::InAudit,
            Room::Used => Draft::NotSubmitted,
        };
        Ok(())
    }

    pub fn cancel_audit(&mut self) -> Result<(), Refused> {
        self.exists()?;
        if self.edit != Draft::InAudit {
            return Err(Refused::NotInAudit);
        }
        self.edit = Draft::Editing;
        Ok(())
    }

    /// The audit passed: buyers see the draft.
    pub fn pass(&mut self) {
        self.edit = Draft::Passed;
        self.online = Some(self.draft.clone());
        self.online_state = OnlineState::OnSale;
        self.refusal.clear();
    }

    /// The audit refused the draft; buyers see what they saw before.
    pub fn refuse(&mut self, reason: &str) {
        self.edit = Draft::Refused;
        reason.clone_into(&mut self.refusal);
    }

    pub fn off_sale(&mut self) -> Result<(), Refused> {
        self.exists()?;
        if self.online_state != OnlineState::OnSale {
            return Err(Refused::NotOnSale);
        }
        self.online_state = OnlineState::OffSale;
        Ok(())
    }

    pub fn take_down(&mut self) {
        self.online_state = OnlineState::TakenDown;
    }

    pub fn delete(&mut self) -> Result<(), Refused> {
        self.exists()?;
        match self.edit {
            Draft::InAudit => return Err(Refused::InAudit),
            Draft::Writing { .. } => return Err(Refused::StillWriting),
            _ => {}
        }
        self.online_state = OnlineState::Deleted;
        Ok(())
    }

    /// The online version, for a change that needs no audit.
    pub fn free(&mut self) -> Result<&mut C, Refused> {
        self.exists()?;
        if self.edit == Draft::InAudit {
            return Err(Refused::InAudit);
        }
        match (&mut self.online, self.online_state) {
            (Some(online), OnlineState::OnSale) => Ok(online),
            _ => Err(Refused::NotOnSale),
        }
    }

    /// The online version, for a change of stock: also while it is not on sale.
    pub fn stocked(&mut self) -> Result<&mut C, Refused> {
        self.exists()?;
        if self.edit == Draft::InAudit {
            return Err(Refused::InAudit);
        }
        self.online.as_mut().ok_or(Refused::NeverListed)
    }
}

/// Stock after a change; `None` where too little is left.
pub fn stock_after(stock: i64, change: StockChange) -> Option<i64> {
    match change {
        StockChange::Add(pieces) => Some(stock.saturating_add(pieces)),
        StockChange::Subtract(pieces) => Some(stock - pieces).filter(|left| *left >= 0),
        StockChange::Set(pieces) => Some(pieces),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockChange {
    Add(i64),
    Subtract(i64),
    Set(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buyers_see_the_old_version_until_the_new_one_passes() {
        let mut tea = Versions::new("green");
        tea.submit(Room::Free).expect("a fresh draft");
        assert_eq!(tea.write("red", false, false), Err(Refused::InAudit));
        tea.pass();
        assert_eq!(
            (tea.online, tea.online_state),
            (Some("green"), OnlineState::OnSale)
        );
        tea.write("red", false, false).expect("passed");
        tea.submit(Room::Free).expect("written");
        tea.refuse("colour");
        assert_eq!(
            (tea.online, tea.online_state),
            (Some("green"), OnlineState::OnSale)
        );
        assert_eq!((tea.edit, tea.draft), (Draft::Refused, "red"));
        tea.submit(Room::Used).expect("refused ones may go again");
        assert_eq!(tea.edit, Draft::NotSubmitted);
    }

    #[test]
    fn a_large_draft_is_written_later_and_cannot_be_touched_meanwhile() {
        let mut tea = Versions::new("green");
        tea.write("red", true, true).expect("a draft");
        assert_eq!(tea.may_edit(), Err(Refused::StillWriting));
        assert_eq!(tea.delete(), Err(Refused::StillWriting));
        assert!(tea.written());
        assert_eq!(tea.may_edit(), Ok(()));
    }

    #[test]
    fn what_needs_no_audit_changes_the_online_version_alone() {
        let mut tea = Versions::new(1);
        assert_eq!(tea.free(), Err(Refused::NotOnSale));
        assert_eq!(tea.stocked(), Err(Refused::NeverListed));
        tea.submit(Room::Free).expect("a fresh draft");
        tea.pass();
        *tea.free().expect("on sale") = 2;
        assert_eq!((tea.draft, tea.online), (1, Some(2)));
        tea.off_sale().expect("on sale");
        assert_eq!(tea.free(), Err(Refused::NotOnSale));
        assert!(tea.stocked().is_ok());
        assert_eq!(tea.off_sale(), Err(Refused::NotOnSale));
        tea.delete().expect("it is there");
        assert_eq!(tea.may_edit(), Err(Refused::NoSuchProduct));
    }

    #[test]
    fn stock_never_falls_below_nothing() {
        assert_eq!(stock_after(3, StockChange::Subtract(3)), Some(0));
        assert_eq!(stock_after(3, StockChange::Subtract(4)), None);
        assert_eq!(stock_after(3, StockChange::Set(9)), Some(9));
    }
}
