//! A fingerprint that texts share when they differ in literals, case or layout only.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use sha2::{Digest, Sha256};

/// The first 16 hexadecimal digits of the SHA-256 of the normalised text.
pub fn sql_hash(sql: &str) -> String {
    let digest = Sha256::digest(normalised(sql).as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Tokens with one space between them: literals become `?`, unquoted words lower case, comments
/// vanish. A text that no lexer reads keeps its words.
fn normalised(sql: &str) -> String {
    let tokens = match Tokenizer::new(&GenericDialect {}, sql).tokenize() {
        Ok(tokens) => tokens.iter().filter_map(normalised_token).collect(),
        Err(_) => sql
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    };
    tokens.join(" ")
}

fn normalised_token(token: &Token) -> Option<String> {
    match token {
        Token::Whitespace(_) | Token::EOF => None,
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_lowercase()),
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::HexStringLiteral(_) => Some("?".to_owned()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_forms() {
        let check = |sql: &str, expected: &str| assert_eq!(normalised(sql), expected, "{sql}");
        check(
            "SELECT  a, 1.5\n FROM T -- why\nWHERE b='x y' /* not */ AND c = 2;",
            "select a , ? from t where b = ? and c = ? ;",
        );
        check("select \"Quoted\"", "select \"Quoted\"");
        check("select x'ff', N'a'", "select ? , ?");
        check("", "");
        check("it's  not\n closed", "it's not closed");
    }

    #[test]
    fn hashes() {
        assert_eq!(sql_hash("SELECT 1"), sql_hash("select\n2 -- two"));
        assert_ne!(sql_hash("SELECT 1"), sql_hash("SELECT a"));
        assert_eq!(sql_hash("").len(), 16);
        // SHA-256 of nothing
        assert_eq!(sql_hash(""), "e3b0c44298fc1c14");
    }
}
