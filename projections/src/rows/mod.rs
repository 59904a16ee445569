//! What a batch of facts changes: rows are read into memory before they are needed, changed there, and written at the end of
//! the batch, all rows of a table at once.
//!
//! A read model names its tables with [`table!`], says in [`prepare`](crate::ReadModel::prepare) which rows a batch will
//! need, and changes them in [`apply`](crate::ReadModel::apply). What it did not say is read when it is asked for: slower, and
//! no less right.

mod shelf;
mod table;

use std::any::TypeId;
use std::collections::HashMap;

use event_log::LogError;
use event_log::sql::{Row, Transaction, query};
use uuid::Uuid;

use self::shelf::{AnyShelf, Shelf};
pub use self::table::Table;
pub(crate) use self::table::{Cell, Grouped, table};

/// Rows in memory, of every table.
pub(crate) struct Shelves {
    /// In the order in which they were first asked for.
    shelves: Vec<Box<dyn AnyShelf>>,
    by_table: HashMap<TypeId, usize>,
    /// Whether every table was empty when this was begun.
    complete: bool,
    /// Rows of a table that are kept from one batch to the next, at most.
    kept: usize,
}

impl Shelves {
    /// No rows yet, of tables that are empty when they are `complete`.
    pub(crate) fn new(complete: bool, kept: usize) -> Self {
        Self { shelves: Vec::new(), by_table: HashMap::new(), complete, kept }
    }

    /// Forgets every row: the tables are others.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(false, self.kept);
    }

    fn shelf<T: Table>(&mut self) -> &mut Shelf<T> {
        let next = self.shelves.len();
        let index = *self.by_table.entry(TypeId::of::<T>()).or_insert(next);
        if index == next {
            self.shelves.push(Box::new(Shelf::<T>::new(self.complete)));
        }
        let found = self.shelves.get_mut(index).and_then(|shelf| shelf.as_any_mut().downcast_mut());
        #[allow(
            clippy::expect_used,
            reason = "an index names the shelf that was put there for its type"
        )]
        found.expect("a shelf of this type")
    }

    fn known<T: Table>(&self) -> Option<&Shelf<T>> {
        let index = self.by_table.get(&TypeId::of::<T>())?;
        self.shelves.get(*index)?.as_any().downcast_ref()
    }

    /// Writes what was changed.
    ///
    /// # Errors
    /// `DATABASE_UNAVAILABLE`, `DISK_FULL`, `IO`. What is in memory is then to be thrown away, as is the transaction.
    pub(crate) async fn write(&self, tx: &mut Transaction) -> Result<(), LogError> {
        for shelf in &self.shelves {
            let (new, changed) = shelf.unwritten();
            if !new.is_empty() {
                new.insert(tx).await?;
            }
            if !changed.is_empty() {
                changed.upsert(tx).await?;
            }
        }
        Ok(())
    }

    /// Notes that what was changed is in the tables.
    pub(crate) fn written(&mut self) {
        self.shelves.iter_mut().for_each(|shelf| shelf.written(self.kept));
    }
}

/// The rows that facts are folded into, and the transaction that those are read in which are not in memory.
pub struct Rows<'t> {
    shelves: &'t mut Shelves,
    tx: &'t mut Transaction,
}

impl<'t> Rows<'t> {
    pub(crate) fn new(shelves: &'t mut Shelves, tx: &'t mut Transaction) -> Self {
        Self { shelves, tx }
    }

    /// The row with a key.
    pub(crate) async fn get<T: Table>(&mut self, key: T::Key) -> Result<Option<&T>, LogError> {
        self.look_up::<T>(&key).await?;
        Ok(self.shelves.shelf::<T>().get(&key))
    }

    /// The row with a key, to be changed.
    pub(crate) async fn change<T: Table>(
        &mut self,
        key: T::Key,
    ) -> Result<Option<&mut T>, LogError> {
        self.look_up::<T>(&key).await?;
        Ok(self.shelves.shelf::<T>().change(&key))
    }

    /// The row with a key if it is in memory, as it is after [`Self::load`] and [`Self::group`].
    pub(crate) fn here<T: Table>(&self, key: &T::Key) -> Option<&T> {
        self.shelves.known::<T>()?.get(key)
    }

    /// Adds a row that is not there.
    pub(crate) fn insert<T: Table>(&mut self, row: T) {
        self.shelves.shelf::<T>().insert(row);
    }

    /// The keys of every row of a group.
    pub(crate) async fn group<T: Table>(&mut self, group: Uuid) -> Result<Vec<T::Key>, LogError> {
        self.load_groups::<T>([group]).await?;
        Ok(self.shelves.shelf::<T>().group(group))
    }

    /// Reads the rows of a table whose key is one id.
    pub(crate) async fn load<T: Table<Key = (Uuid,)>>(
        &mut self,
        ids: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), LogError> {
        let shelf = self.shelves.shelf::<T>();
        let mut unknown: Vec<Uuid> = ids.into_iter().filter(|id| !shelf.knows(&(*id,))).collect();
        let Some(column) = T::COLUMNS.first() else { return Ok(()) };
        self.read::<T>(column, &mut unknown).await?;
        self.shelves.shelf::<T>().looked_up(unknown.into_iter().map(|id| (id,)));
        Ok(())
    }

    /// Reads every row of some groups.
    pub(crate) async fn load_groups<T: Table>(
        &mut self,
        groups: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), LogError> {
        let shelf = self.shelves.shelf::<T>();
        let mut unknown: Vec<Uuid> =
            groups.into_iter().filter(|group| !shelf.knows_group(*group)).collect();
        let Some(column) = T::GROUP else { return Ok(()) };
        self.read::<T>(column, &mut unknown).await?;
        self.shelves.shelf::<T>().looked_up_groups(unknown);
        Ok(())
    }

    /// Reads the rows with one of some ids in a column.
    async fn read<T: Table>(&mut self, column: &str, ids: &mut Vec<Uuid>) -> Result<(), LogError> {
        ids.sort_unstable();
        ids.dedup();
        let columns = T::COLUMNS.join(", ");
        let rows = match ids.as_slice() {
            [] => return Ok(()),
            [one] => {
                let sql = format!("SELECT {columns} FROM {} WHERE {column} = $1", T::NAME);
                query(&sql).bind(one.to_string()).fetch_all(&mut *self.tx).await?
            }
            several => {
                let several: Vec<String> = several.iter().map(Uuid::to_string).collect();
                let (among, ids) = self.tx.dialect().one_of(column, "$1", &several);
                let sql = format!("SELECT {columns} FROM {} WHERE {among}", T::NAME);
                query(&sql).bind(ids).fetch_all(&mut *self.tx).await?
            }
        };
        self.found::<T>(&rows)
    }

    async fn look_up<T: Table>(&mut self, key: &T::Key) -> Result<(), LogError> {
        if self.shelves.shelf::<T>().knows(key) {
            return Ok(());
        }
        let wanted: Vec<String> = (T::COLUMNS.iter().take(T::KEY).zip(1..))
            .map(|(column, n)| format!("{column} = ${n}"))
            .collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {}",
            T::COLUMNS.join(", "),
            T::NAME,
            wanted.join(" AND ")
        );
        let values = T::key_values(key);
        let query = values.into_iter().fold(query(&sql), |query, value| query.bind(value));
        let rows = query.fetch_all(&mut *self.tx).await?;
        self.found::<T>(&rows)?;
        self.shelves.shelf::<T>().looked_up([key.clone()]);
        Ok(())
    }

    fn found<T: Table>(&mut self, rows: &[Row]) -> Result<(), LogError> {
        let shelf = self.shelves.shelf::<T>();
        for row in rows {
            shelf.found(T::read(row)?);
        }
        Ok(())
    }
}
