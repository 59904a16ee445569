//! The rows of one table that are in memory.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use event_log::sql::Bulk;
use uuid::Uuid;

use super::table::Table;

/// Rows of one table, by key.
pub(super) struct Shelf<T: Table> {
    rows: HashMap<T::Key, Option<Slot<T>>>,
    /// Keys of the rows here, by the group that they are in.
    groups: HashMap<Uuid, Vec<T::Key>>,
    /// Groups of which every row is here.
    whole: HashSet<Uuid>,
    /// Whether every row of the table is here.
    complete: bool,
}

struct Slot<T> {
    row: T,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As in the table.
    Written,
    /// Not in the table yet.
    New,
    /// In the table, otherwise.
    Changed,
}

impl<T: Table> Shelf<T> {
    /// An empty shelf, of a table that is empty when it is `complete`.
    pub(super) fn new(complete: bool) -> Self {
        Self { rows: HashMap::new(), groups: HashMap::new(), whole: HashSet::new(), complete }
    }

    /// Whether it is known what there is under a key.
    pub(super) fn knows(&self, key: &T::Key) -> bool {
        self.complete
            || self.rows.contains_key(key)
            || T::group_of(key).is_some_and(|group| self.whole.contains(&group))
    }

    /// Whether every row of a group is here.
    pub(super) fn knows_group(&self, group: Uuid) -> bool {
        self.complete || self.whole.contains(&group)
    }

    pub(super) fn get(&self, key: &T::Key) -> Option<&T> {
        self.rows.get(key)?.as_ref().map(|slot| &slot.row)
    }

    /// A row that is about to be changed.
    pub(super) fn change(&mut self, key: &T::Key) -> Option<&mut T> {
        let slot = self.rows.get_mut(key)?.as_mut()?;
        if slot.state == State::Written {
            slot.state = State::Changed;
        }
        Some(&mut slot.row)
    }

    pub(super) fn group(&self, group: Uuid) -> Vec<T::Key> {
        self.groups.get(&group).cloned().unwrap_or_default()
    }

    /// Puts a row here that is not in the table.
    pub(super) fn insert(&mut self, row: T) {
        self.put(row, State::New);
    }

    /// Puts a row here as it is in the table, unless it is here.
    pub(super) fn found(&mut self, row: T) {
        if self.get(&row.key()).is_none() {
            self.put(row, State::Written);
        }
    }

    fn put(&mut self, row: T, state: State) {
        let key = row.key();
        if let Some(group) = row.group() {
            self.groups.entry(group).or_default().push(key.clone());
        }
        self.rows.insert(key, Some(Slot { row, state }));
    }

    /// Notes that there are no other rows under these keys than those that are here.
    pub(super) fn looked_up(&mut self, keys: impl IntoIterator<Item = T::Key>) {
        for key in keys {
            self.rows.entry(key).or_default();
        }
    }

    /// Notes that every row of these groups is here.
    pub(super) fn looked_up_groups(&mut self, groups: impl IntoIterator<Item = Uuid>) {
        self.whole.extend(groups);
    }
}

/// A shelf, whatever it holds.
pub(super) trait AnyShelf: Any + Send + Sync {
    /// The rows to be inserted, and those to be written over what is there.
    fn unwritten(&self) -> (Bulk<'_>, Bulk<'_>);
    /// Notes that they were written; when there are more than are `kept`, they are forgotten.
    fn written(&mut self, kept: usize);
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Table> AnyShelf for Shelf<T> {
    fn unwritten(&self) -> (Bulk<'_>, Bulk<'_>) {
        let bulk = || Bulk::new(T::NAME, T::COLUMNS, T::KEY);
        let (mut new, mut changed) = (bulk(), bulk());
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter_map(|(key, slot)| Some((key, slot.as_ref()?)))
            .filter(|(_, slot)| slot.state != State::Written)
            .collect();
        // Near one another in the table are near one another in time.
        rows.sort_unstable_by_key(|(key, _)| *key);
        for (_, slot) in rows {
            match slot.state {
                State::Written => {}
                State::New => slot.row.values(new.values()),
                State::Changed => slot.row.values(changed.values()),
            }
        }
        (new, changed)
    }

    fn written(&mut self, kept: usize) {
        if !T::READ_AGAIN || self.rows.len() > kept {
            *self = Self::new(false);
            return;
        }
        for slot in self.rows.values_mut().flatten() {
            slot.state = State::Written;
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
