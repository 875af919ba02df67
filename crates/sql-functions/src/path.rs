//! JSON paths: parsed by the `jsonb` crate, evaluated here.
//!
//! The crate's own evaluator loops over ranges such as `[0 to last]` of an
//! empty array without end and counts levels in one byte, so a plain query
//! could take the process down. This one walks a tree, counts its steps and
//! cannot fail otherwise.
//!
//! Paths are lax: a member of something that is no object, an index outside an
//! array or arithmetic on text is no match, never an error.

use std::borrow::Cow;
use std::cmp::Ordering;

use jsonb::jsonpath::{
    ArrayIndex, BinaryOperator, Expr, Index, JsonPath, Path, PathValue, RecursiveLevel,
    RecursiveLevelEnd, UnaryOperator, parse_json_path,
};
use jsonb::{Number, Value};

#[cfg(test)]
mod tests;

/// Longest path text, in bytes.
const PATH_BYTES_MAX: usize = 4096;
/// Most opening parentheses of a path: the parser recurses on each.
const PARENTHESES_MAX: usize = 32;
/// Most tree nodes visited for one document: `.**` in a row multiply.
const STEPS_MAX: usize = 2_000_000;

/// Why a path gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("not a JSON path")]
    Syntax,
    #[error("the path is longer than {PATH_BYTES_MAX} bytes")]
    TooLong,
    #[error("the path has more than {PARENTHESES_MAX} parentheses")]
    TooNested,
    #[error("the path visits more than {STEPS_MAX} values of one document")]
    TooManySteps,
}

/// A parsed path.
#[derive(Debug)]
pub(crate) struct Query<'p> {
    path: JsonPath<'p>,
}

impl<'p> Query<'p> {
    pub(crate) fn parse(text: &'p str) -> Result<Self, PathError> {
        if text.len() > PATH_BYTES_MAX {
            return Err(PathError::TooLong);
        }
        if text.bytes().filter(|byte| *byte == b'(').count() > PARENTHESES_MAX {
            return Err(PathError::TooNested);
        }
        if !quotes_are_closed(text.as_bytes()) {
            return Err(PathError::Syntax);
        }
        let path = parse_json_path(text.as_bytes()).map_err(|_| PathError::Syntax)?;
        // `@` stands for the item of a filter: a path cannot start with it.
        if matches!(path.paths.first(), Some(Path::Current)) {
            return Err(PathError::Syntax);
        }
        Ok(Self { path })
    }

    /// All matches, in document order.
    pub(crate) fn select<'v>(&self, root: &'v Value<'v>) -> Result<Vec<Match<'v>>, PathError> {
        let mut evaluation = Evaluation { root, steps: 0 };
        if let [Path::Expr(expression)] = self.path.paths.as_slice() {
            return evaluation.predicate_or_arithmetic(expression);
        }
        evaluation.walk(Cow::Borrowed(root), &self.path.paths)
    }
}

/// A value of the document, or one computed from it.
pub(crate) type Match<'v> = Cow<'v, Value<'v>>;

/// The crate's parser reads past the end of a string that is never closed.
/// This scan skips escapes by the same widths as the parser does.
fn quotes_are_closed(path: &[u8]) -> bool {
    let mut in_string = false;
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        match byte {
            b'\\' => {
                at += match (path.get(at + 1), path.get(at + 2)) {
                    (Some(b'u'), Some(b'{')) => 8,
                    (Some(b'u'), _) => 6,
                    _ => 2,
                };
                if at > path.len() {
                    return false;
                }
                continue;
            }
            b'"' => in_string = !in_string,
            _ => {}
        }
        at += 1;
    }
    !in_string
}

struct Evaluation<'v> {
    root: &'v Value<'v>,
    steps: usize,
}

impl<'v> Evaluation<'v> {
    fn walk(&mut self, start: Match<'v>, steps: &[Path<'_>]) -> Result<Vec<Match<'v>>, PathError> {
        let mut items = vec![start];
        for step in steps {
            let mut next = Vec::new();
            for item in items {
                let before = next.len();
                self.step(item, step, &mut next)?;
                self.count(1 + next.len() - before)?;
            }
            items = next;
        }
        Ok(items)
    }

    fn count(&mut self, visited: usize) -> Result<(), PathError> {
        self.steps += visited;
        if self.steps > STEPS_MAX {
            return Err(PathError::TooManySteps);
        }
        Ok(())
    }

    fn step(
        &mut self,
        item: Match<'v>,
        step: &Path<'_>,
        out: &mut Vec<Match<'v>>,
    ) -> Result<(), PathError> {
        match step {
            Path::Root | Path::Current => out.push(item),
            Path::DotField(name) | Path::ColonField(name) | Path::ObjectField(name) => {
                out.extend(member(item, name));
            }
            Path::DotWildcard => {
                if matches!(*item, Value::Object(_)) {
                    out.extend(children(item));
                }
            }
            // Lax: a value that is no array counts as an array of itself.
            Path::BracketWildcard => match *item {
                Value::Array(_) => out.extend(children(item)),
                _ => out.push(item),
            },
            Path::RecursiveDotWildcard(levels) => self.descend(item, 0, levels.as_ref(), out)?,
            Path::ArrayIndices(indices) => {
                for index in indices {
                    self.elements(&item, index, out)?;
                }
            }
            Path::FilterExpr(condition) | Path::Expr(condition) => {
                if self.condition(&item, condition)? == Some(true) {
                    out.push(item);
                }
            }
        }
        Ok(())
    }

    fn descend(
        &mut self,
        item: Match<'v>,
        level: usize,
        levels: Option<&RecursiveLevel>,
        out: &mut Vec<Match<'v>>,
    ) -> Result<(), PathError> {
        self.count(1)?;
        let (first, last) = level_range(levels);
        if level > last {
            return Ok(());
        }
        if level >= first {
            out.push(item.clone());
        }
        for child in children(item) {
            self.descend(child, level + 1, levels, out)?;
        }
        Ok(())
    }

    fn elements(
        &mut self,
        item: &Match<'v>,
        index: &ArrayIndex,
        out: &mut Vec<Match<'v>>,
    ) -> Result<(), PathError> {
        let Value::Array(values) = &**item else {
            return Ok(());
        };
        let (first, last) = match index {
            ArrayIndex::Index(index) => {
                let at = position(index, values.len());
                (at, at)
            }
            ArrayIndex::Slice((first, last)) => {
                let first = position(first, values.len());
                (first.max(0), position(last, values.len()))
            }
        };
        let last = last.min(values.len() as i64 - 1);
        for at in first..=last {
            self.count(1)?;
            let at = usize::try_from(at).ok();
            out.extend(at.and_then(|at| element(item, at)));
        }
        Ok(())
    }

    /// The whole path is an expression: its answer is a boolean (null when
    /// unknown) or numbers.
    fn predicate_or_arithmetic(
        &mut self,
        expression: &Expr<'_>,
    ) -> Result<Vec<Match<'v>>, PathError> {
        let root = Cow::Borrowed(self.root);
        let numbers = match expression {
            Expr::UnaryOp { op, operand } => self
                .numbers(&root, operand)?
                .map(|numbers| numbers.iter().map(|number| negated(op, number)).collect()),
            Expr::BinaryOp { op, left, right } if is_arithmetic(op) => {
                let left = self.numbers(&root, left)?;
                let right = self.numbers(&root, right)?;
                match (left.as_deref(), right.as_deref()) {
                    (Some([left]), Some([right])) => Some(vec![arithmetic(op, left, right)]),
                    _ => None,
                }
            }
            _ => {
                let answer = self.condition(&root, expression)?;
                let value = answer.map_or(Value::Null, Value::Bool);
                return Ok(vec![Cow::Owned(value)]);
            }
        };
        let numbers: Option<Vec<Number>> =
            numbers.and_then(|numbers: Vec<Option<Number>>| numbers.into_iter().collect());
        Ok(numbers
            .unwrap_or_default()
            .into_iter()
            .map(|number| Cow::Owned(Value::Number(number)))
            .collect())
    }

    /// Three-valued: `None` is unknown.
    fn condition(
        &mut self,
        item: &Match<'v>,
        expression: &Expr<'_>,
    ) -> Result<Option<bool>, PathError> {
        self.count(1)?;
        match expression {
            Expr::BinaryOp { op, left, right } => match op {
                BinaryOperator::And | BinaryOperator::Or => {
                    let left = self.condition(item, left)?;
                    let right = self.condition(item, right)?;
                    // The value that decides alone.
                    let decisive = *op == BinaryOperator::Or;
                    Ok(match (left, right) {
                        (Some(one), _) | (_, Some(one)) if one == decisive => Some(decisive),
                        (Some(_), Some(_)) => Some(!decisive),
                        _ => None,
                    })
                }
                _ if is_arithmetic(op) => Ok(None),
                _ => {
                    let left = self.operands(item, left)?;
                    let right = self.operands(item, right)?;
                    self.compare_any(op, &left, &right)
                }
            },
            Expr::ExistsFunc(path) => {
                let found = self.path_of(item, path)?;
                Ok(Some(!found.is_empty()))
            }
            Expr::UnaryOp { .. } | Expr::Value(_) | Expr::Paths(_) => Ok(None),
        }
    }

    /// A path inside an expression: from the item (`@`) or from the root (`$`).
    fn path_of(
        &mut self,
        item: &Match<'v>,
        path: &[Path<'_>],
    ) -> Result<Vec<Match<'v>>, PathError> {
        let start = match path.first() {
            Some(Path::Current) => item.clone(),
            _ => Cow::Borrowed(self.root),
        };
        self.walk(start, path)
    }

    /// The scalars an operand stands for; elements of arrays one level deep.
    fn operands(
        &mut self,
        item: &Match<'v>,
        expression: &Expr<'_>,
    ) -> Result<Vec<Match<'v>>, PathError> {
        match expression {
            Expr::Value(value) => Ok(vec![Cow::Owned(literal(value))]),
            Expr::Paths(path) => {
                let mut out = Vec::new();
                for found in self.path_of(item, path)? {
                    self.count(1)?;
                    match *found {
                        Value::Array(_) => out.extend(children(found)),
                        _ => out.push(found),
                    }
                }
                Ok(out)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// The operand as numbers; `None` when any of it is something else.
    fn numbers(
        &mut self,
        item: &Match<'v>,
        expression: &Expr<'_>,
    ) -> Result<Option<Vec<Number>>, PathError> {
        let operands = self.operands(item, expression)?;
        Ok(operands
            .iter()
            .map(|value| value.as_number().cloned())
            .collect())
    }

    /// True when any pair compares true; unknown when none does and some pair
    /// cannot be compared.
    fn compare_any(
        &mut self,
        op: &BinaryOperator,
        left: &[Match<'v>],
        right: &[Match<'v>],
    ) -> Result<Option<bool>, PathError> {
        let mut answer = Some(false);
        for left in left {
            for right in right {
                self.count(1)?;
                match compare(op, left, right) {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => answer = None,
                }
            }
        }
        Ok(answer)
    }
}

// --- navigation ---

fn member<'v>(item: Match<'v>, name: &str) -> Option<Match<'v>> {
    match item {
        Cow::Borrowed(Value::Object(members)) => members.get(name).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut members)) => members.remove(name).map(Cow::Owned),
        _ => None,
    }
}

fn element<'v>(item: &Match<'v>, at: usize) -> Option<Match<'v>> {
    match item {
        Cow::Borrowed(Value::Array(values)) => values.get(at).map(Cow::Borrowed),
        Cow::Owned(Value::Array(values)) => values.get(at).cloned().map(Cow::Owned),
        _ => None,
    }
}

/// Elements of an array, values of an object, in order.
fn children<'v>(item: Match<'v>) -> Vec<Match<'v>> {
    match item {
        Cow::Borrowed(Value::Array(values)) => values.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(members)) => members.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(values)) => values.into_iter().map(Cow::Owned).collect(),
        Cow::Owned(Value::Object(members)) => members.into_values().map(Cow::Owned).collect(),
        _ => Vec::new(),
    }
}

/// May lie outside the array.
fn position(index: &Index, length: usize) -> i64 {
    match index {
        Index::Index(at) => i64::from(*at),
        Index::LastIndex(offset) => length as i64 - 1 + i64::from(*offset),
    }
}

/// First and last level that `.**` selects; the start itself is level 0.
fn level_range(levels: Option<&RecursiveLevel>) -> (usize, usize) {
    match levels {
        None => (0, usize::MAX),
        Some(levels) => {
            let first = usize::from(levels.start);
            match levels.end {
                None => (first, first),
                Some(RecursiveLevelEnd::Index(last)) => (first, usize::from(last)),
                Some(RecursiveLevelEnd::Last) => (first, usize::MAX),
            }
        }
    }
}

// --- values ---

fn literal(value: &PathValue<'_>) -> Value<'static> {
    match value {
        PathValue::Null | PathValue::Raw(_) => Value::Null,
        PathValue::Boolean(value) => Value::Bool(*value),
        PathValue::Number(value) => Value::Number(value.clone()),
        PathValue::String(value) => Value::String(Cow::Owned(value.to_string())),
    }
}

fn compare(op: &BinaryOperator, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
    if *op == BinaryOperator::StartsWith {
        return match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.starts_with(&**right)),
            _ => None,
        };
    }
    let order = match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            return None;
        }
        _ => None,
    };
    match (op, order) {
        // Scalars of different kinds are not equal, and have no order.
        (BinaryOperator::NotEq, None) => Some(true),
        (BinaryOperator::Eq, order) => Some(order? == Ordering::Equal),
        (BinaryOperator::NotEq, order) => Some(order? != Ordering::Equal),
        (BinaryOperator::Lt, order) => Some(order? == Ordering::Less),
        (BinaryOperator::Lte, order) => Some(order? != Ordering::Greater),
        (BinaryOperator::Gt, order) => Some(order? == Ordering::Greater),
        (BinaryOperator::Gte, order) => Some(order? != Ordering::Less),
        _ => None,
    }
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
    )
}

fn negated(op: &UnaryOperator, number: &Number) -> Option<Number> {
    match op {
        UnaryOperator::Add => Some(number.clone()),
        UnaryOperator::Subtract => arithmetic(&BinaryOperator::Subtract, &Number::Int64(0), number),
    }
}

/// Exact on integers while the result fits 64 bits, else in floating point;
/// `None` when there is no finite result.
fn arithmetic(op: &BinaryOperator, left: &Number, right: &Number) -> Option<Number> {
    if let (Some(left), Some(right)) = (integer(left), integer(right)) {
        let exact = match op {
            BinaryOperator::Add => left.checked_add(right),
            BinaryOperator::Subtract => left.checked_sub(right),
            BinaryOperator::Multiply => left.checked_mul(right),
            BinaryOperator::Modulo => left.checked_rem(right),
            _ => None,
        };
        let fits = exact.and_then(|exact| {
            let signed = i64::try_from(exact).map(Number::Int64);
            signed
                .or_else(|_| u64::try_from(exact).map(Number::UInt64))
                .ok()
        });
        if fits.is_some() {
            return fits;
        }
    }
    let (left, right) = (left.as_f64(), right.as_f64());
    let result = match op {
        BinaryOperator::Add => left + right,
        BinaryOperator::Subtract => left - right,
        BinaryOperator::Multiply => left * right,
        BinaryOperator::Divide => left / right,
        BinaryOperator::Modulo => left % right,
        _ => return None,
    };
    result.is_finite().then_some(Number::Float64(result))
}

fn integer(number: &Number) -> Option<i128> {
    match number {
        Number::Int64(value) => Some(i128::from(*value)),
        Number::UInt64(value) => Some(i128::from(*value)),
        _ => None,
    }
}
