//! What people read about a function, beside its definition.

use datafusion::logical_expr::{DocSection, Documentation};

/// The headings under which functions are listed.
pub(crate) const JSONB: &str = "JSONB functions";
pub(crate) const PROPERTIES: &str = "Property functions";
pub(crate) const HISTOGRAMS: &str = "Histogram functions";
pub(crate) const NUMBERS: &str = "Numeric helpers";
pub(crate) const COLORS: &str = "Color functions";

/// The documentation of a scalar or aggregate function.
#[derive(Debug, Clone, Copy)]
pub struct FunctionDoc {
    pub section: &'static str,
    pub syntax: &'static str,
    pub description: &'static str,
    /// Names and what they are.
    pub arguments: &'static [(&'static str, &'static str)],
    /// One statement. Those of this crate run without any table.
    pub example: &'static str,
}

impl FunctionDoc {
    pub fn build(&self) -> Documentation {
        let section = DocSection {
            include: true,
            label: self.section,
            description: None,
        };
        let documentation = Documentation::builder(section, self.description, self.syntax)
            .with_sql_example(self.example);
        self.arguments
            .iter()
            .fold(documentation, |documentation, (name, description)| {
                documentation.with_argument(*name, *description)
            })
            .build()
    }
}

/// The documentation of a table function, which DataFusion has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFunctionDoc {
    pub name: &'static str,
    pub syntax: &'static str,
    pub description: &'static str,
    /// Names and what they are.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Names, types and what they hold.
    pub columns: &'static [(&'static str, &'static str, &'static str)],
    pub example: &'static str,
}
