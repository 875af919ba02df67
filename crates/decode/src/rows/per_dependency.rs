//! What is known of each dependency after its first use.

use wire::transit::{Dependencies, LayoutError, Problem, read_array};

use crate::error::EventProblem;

/// One value per dependency, by position, made at first use.
#[derive(Debug)]
pub(crate) struct PerDependency<T> {
    values: Vec<Option<T>>,
}

impl<T: Copy> PerDependency<T> {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            values: vec![None; dependencies.len()],
        }
    }

    #[inline]
    pub(crate) fn get_or_make(
        &mut self,
        position: u32,
        make: impl FnOnce() -> Result<T, EventProblem>,
    ) -> Result<T, EventProblem> {
        match self.values.get(position as usize) {
            Some(Some(value)) => Ok(*value),
            _ => self.make(position, make),
        }
    }

    #[cold]
    fn make(
        &mut self,
        position: u32,
        make: impl FnOnce() -> Result<T, EventProblem>,
    ) -> Result<T, EventProblem> {
        let value = make()?;
        if let Some(slot) = self.values.get_mut(position as usize) {
            *slot = Some(value);
        }
        Ok(value)
    }
}

/// Position of the text that a member of a descriptor refers to.
pub(crate) fn member_text(
    dependencies: &Dependencies,
    instance: &[u8],
    member: &Result<u32, LayoutError>,
) -> Result<u32, EventProblem> {
    let offset = *member.as_ref().map_err(LayoutError::clone)?;
    let id = id_at(instance, offset)?;
    Ok(dependencies.find_text(id)?)
}

#[inline]
pub(crate) fn id_at(instance: &[u8], offset: u32) -> Result<u64, Problem> {
    read_array(instance, offset).map(u64::from_le_bytes)
}

#[inline]
pub(crate) fn time_at(instance: &[u8], offset: u32) -> Result<i64, Problem> {
    read_array(instance, offset).map(i64::from_le_bytes)
}
