//! How deep a statement nests, told from its tokens alone.
//!
//! The engine walks trees of statements and plans by recursion, and a thread whose stack
//! overflows takes the process with it. So what would become a deep tree is refused
//! before anything is parsed. What is long and flat, such as lists of values or columns,
//! may have any length.

use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer, Word};

/// Operators within each other. A thread has room for twice as many.
const DEPTH_MAX: usize = 800;
/// Brackets within each other; the parser takes half of them.
const BRACKETS_MAX: usize = 100;
/// Queries, and tables and steps that they combine.
const PARTS_MAX: usize = 256;
/// Parentheses in texts that name types.
const TYPE_DEPTH_MAX: usize = 64;

/// The text of a statement or an expression is none that would overflow a stack.
pub(crate) fn check(text: &str) -> Result<()> {
    // What has no tokens has no tree: the parser will say so.
    let Ok(mut tokens) = Tokenizer::new(&GenericDialect {}, text).tokenize() else {
        return Ok(());
    };
    tokens.retain(|token| !matches!(token, Token::Whitespace(_) | Token::EOF));
    let mut nesting = Nesting::default();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let neighbours = [before, tokens.get(index + 1)];
        let is_operand = neighbours.into_iter().flatten().any(is_symbol);
        nesting.read(token, is_operand);
    }
    if nesting.most_brackets > BRACKETS_MAX {
        return plan_err!("the statement has more than {BRACKETS_MAX} brackets within each other");
    }
    if nesting.deepest > DEPTH_MAX {
        return plan_err!(
            "the statement nests too deeply: one expression has more than {DEPTH_MAX} operators \
             within each other; a list, IN (...) or a table of VALUES does without"
        );
    }
    if nesting.parts > PARTS_MAX {
        return plan_err!(
            "the statement combines more than {PARTS_MAX} queries and tables; ask for them in \
             several statements"
        );
    }
    if nesting.names_types && deepest_type(&tokens) > TYPE_DEPTH_MAX {
        return plan_err!("a type nests more than {TYPE_DEPTH_MAX} levels");
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Nesting {
    /// The open brackets around [`Self::level`].
    outer: Vec<Level>,
    level: Level,
    /// Operators of the outer levels.
    outside: usize,
    deepest: usize,
    most_brackets: usize,
    parts: usize,
    names_types: bool,
}

/// What is between two brackets.
#[derive(Default)]
struct Level {
    /// Operators since the last comma or clause.
    operators: usize,
    /// Whether commas separate tables.
    is_from: bool,
}

impl Nesting {
    /// `is_operand`: there is the symbol of an operator before or behind it.
    fn read(&mut self, token: &Token, is_operand: bool) {
        match token {
            Token::Comma => self.next_item(),
            Token::LParen | Token::LBrace => self.open(),
            Token::LBracket => {
                // Types of lists and elements of elements have brackets one behind the other.
                self.operator(2);
                self.open();
            }
            Token::RParen | Token::RBracket | Token::RBrace => self.close(),
            Token::Word(word) => self.word(word, is_operand),
            Token::VerticalBarRightAngleBracket => self.part(),
            // Types within types, which cost more than comparisons.
            Token::Lt => self.operator(2),
            token if is_symbol(token) => self.operator(1),
            _ => {}
        }
    }

    /// Columns may be named by words of the language: what a symbol relates is no operator.
    fn word(&mut self, word: &Word, is_operand: bool) {
        self.names_types |= word.value.to_ascii_lowercase().starts_with("arrow_");
        match word.keyword {
            Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE => {}
            Keyword::SELECT
            | Keyword::VALUES
            | Keyword::TABLE
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT
            | Keyword::JOIN => self.part(),
            Keyword::FROM => self.clause(true),
            Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::QUALIFY
            | Keyword::ORDER
            | Keyword::LIMIT => self.clause(false),
            Keyword::ON | Keyword::WHEN | Keyword::THEN | Keyword::ELSE => {
                self.level.operators = 0;
            }
            // These the parser follows by recursion, at a high price each.
            Keyword::EXPLAIN => self.operator(16),
            Keyword::INTERVAL => self.operator(8),
            _ => self.operator(usize::from(!is_operand)),
        }
    }

    fn operator(&mut self, weight: usize) {
        self.level.operators += weight;
        self.deepest = self.deepest.max(self.outside + self.level.operators);
    }

    fn next_item(&mut self) {
        self.level.operators = 0;
        self.parts += usize::from(self.level.is_from);
    }

    fn part(&mut self) {
        self.parts += 1;
        self.clause(false);
    }

    fn clause(&mut self, is_from: bool) {
        self.level = Level {
            operators: 0,
            is_from,
        };
    }

    fn open(&mut self) {
        let outer = std::mem::take(&mut self.level);
        self.outside += outer.operators;
        self.outer.push(outer);
        self.most_brackets = self.most_brackets.max(self.outer.len());
    }

    fn close(&mut self) {
        self.level = self.outer.pop().unwrap_or_default();
        self.outside -= self.level.operators;
    }
}

/// Whether it is neither word nor value nor bracket.
fn is_symbol(token: &Token) -> bool {
    let is_other = matches!(
        token,
        Token::Word(_)
            | Token::Number(..)
            | Token::Comma
            | Token::SemiColon
            | Token::LParen
            | Token::RParen
            | Token::LBracket
            | Token::RBracket
            | Token::LBrace
            | Token::RBrace
    );
    !is_other && text_of(token).is_none()
}

fn text_of(token: &Token) -> Option<&str> {
    match token {
        Token::SingleQuotedString(text)
        | Token::EscapedStringLiteral(text)
        | Token::UnicodeStringLiteral(text)
        | Token::NationalStringLiteral(text)
        | Token::HexStringLiteral(text) => Some(text),
        Token::DollarQuotedString(text) => Some(&text.value),
        _ => None,
    }
}

fn deepest_type(tokens: &[Token]) -> usize {
    let texts = tokens.iter().filter_map(text_of);
    let depths = texts.map(|text| text.bytes().filter(|byte| *byte == b'(').count());
    depths.max().unwrap_or_default()
}

#[cfg(test)]
mod tests;
