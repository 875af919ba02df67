//! Lists of identifiers that restrict a scan, cut to what one statement can hold.

use crate::sql::Builder;
use crate::{Error, Result};

/// Identifiers per statement of the list that a scan is cut by.
const PART: usize = 1024;
/// Identifiers of any other list, which every statement of the scan repeats. All lists
/// together stay below the 32,766 parameters that SQLite accepts.
const MAX_WHOLE: usize = 8192;

/// For some columns, the values that pass. Each list is sorted, without repetitions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists(Vec<(&'static str, Vec<[u8; 16]>)>);

impl Lists {
    /// Add a restriction, if there is one.
    pub fn and<'a, I>(mut self, column: &'static str, ids: Option<I>) -> Self
    where
        I: IntoIterator<Item = &'a [u8; 16]>,
    {
        if let Some(ids) = ids {
            let mut ids: Vec<[u8; 16]> = ids.into_iter().copied().collect();
            ids.sort_unstable();
            ids.dedup();
            self.0.push((column, ids));
        }
        self
    }

    /// The column that was restricted first.
    pub fn first_column(&self) -> Option<&'static str> {
        self.0.first().map(|(column, _)| *column)
    }

    /// Whether a column that begins with `prefix` is restricted.
    pub fn concern(&self, prefix: &str) -> bool {
        self.0.iter().any(|(column, _)| column.starts_with(prefix))
    }

    /// Restrictions that fit one statement each and together let the same rows pass,
    /// ascending in `column`. None when nothing can pass.
    pub fn cut_by(&self, column: Option<&'static str>) -> Result<Vec<Self>> {
        if self.0.iter().any(|(_, ids)| ids.is_empty()) {
            return Ok(Vec::new());
        }
        let (cut, whole): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .cloned()
            .partition(|(other, _)| Some(*other) == column);
        if whole.iter().any(|(_, ids)| ids.len() > MAX_WHOLE) {
            return Err(Error::FilterTooLong { limit: MAX_WHOLE });
        }
        let Some((column, ids)) = cut.into_iter().next() else {
            return Ok(vec![Self(whole)]);
        };
        let parts = ids.chunks(PART).map(|part| {
            let mut lists = whole.clone();
            lists.push((column, part.to_vec()));
            Self(lists)
        });
        Ok(parts.collect())
    }

    /// Append ` AND column IN (…)` for each list.
    pub fn push_to(&self, builder: &mut Builder) {
        for (column, ids) in &self.0 {
            builder
                .push(" AND ")
                .push(column)
                .push(" IN ")
                .bind_list(ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<u128>) -> Vec<[u8; 16]> {
        range.map(u128::to_be_bytes).collect()
    }

    fn lengths(lists: &Lists) -> Vec<usize> {
        lists.0.iter().map(|(_, ids)| ids.len()).collect()
    }

    #[test]
    fn the_chosen_list_is_cut_and_the_others_are_repeated() {
        let mut twice = ids(0..2000);
        twice.extend(ids(0..2000));
        let lists = Lists::default()
            .and("a", Some(&twice))
            .and("b", Some(&ids(0..3)))
            .and("c", None::<&Vec<[u8; 16]>>);
        assert_eq!(lists.first_column(), Some("a"));
        let parts = lists.cut_by(Some("a")).unwrap();
        let parts: Vec<_> = parts.iter().map(lengths).collect();
        assert_eq!(parts, [[3, 1024], [3, 976]]);
        assert_eq!(lengths(&lists.cut_by(Some("b")).unwrap()[0]), [2000, 3]);
    }

    #[test]
    fn no_list_is_one_part_and_an_empty_list_is_none() {
        assert_eq!(Lists::default().cut_by(None).unwrap().len(), 1);
        let empty = Lists::default().and("a", Some(&ids(0..0)));
        assert!(empty.cut_by(Some("a")).unwrap().is_empty());
        assert!(empty.cut_by(None).unwrap().is_empty());
    }

    #[test]
    fn a_repeated_list_has_a_limit() {
        let lists = Lists::default()
            .and("a", Some(&ids(0..1)))
            .and("b", Some(&ids(0..8193)));
        let error = lists.cut_by(Some("a")).unwrap_err();
        assert!(matches!(error, Error::FilterTooLong { limit: 8192 }));
    }
}
