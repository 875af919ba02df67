//! What the server says of itself to `CommandGetSqlInfo`.

use arrow::array::RecordBatch;
use arrow_flight::error::Result;
use arrow_flight::sql::metadata::{SqlInfoData, SqlInfoDataBuilder};
use arrow_flight::sql::{
    SqlInfo, SqlNullOrdering, SqlOuterJoinsSupportLevel, SqlSupportedCaseSensitivity,
    SqlSupportedGroupBy, SqlSupportedResultSetConcurrency, SqlSupportedResultSetType,
    SqlSupportedSubqueries, SqlSupportedTransaction, SqlSupportedUnions,
    SqlTransactionIsolationLevel, SupportedSqlGrammar,
};
use std::collections::HashMap;

mod words;

/// Values of a fixed set of names.
pub(crate) struct ServerInfo(SqlInfoData);

impl ServerInfo {
    pub fn new() -> Result<Self> {
        let mut info = SqlInfoDataBuilder::new();
        server(&mut info);
        names(&mut info);
        queries(&mut info);
        absent(&mut info);
        limits(&mut info);
        Ok(Self(info.build()?))
    }

    /// The rows of `names`; of all names when it is empty. Unknown names have no row.
    pub fn rows(&self, names: &[u32]) -> Result<RecordBatch> {
        if names.is_empty() {
            return self.0.record_batch([]);
        }
        // A request may repeat names without end; each costs a pass over the rows.
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| i32::try_from(*name).is_ok_and(|name| SqlInfo::try_from(name).is_ok()));
        if names.is_empty() {
            return Ok(self.0.record_batch([])?.slice(0, 0));
        }
        self.0.record_batch(names)
    }
}

fn server(info: &mut SqlInfoDataBuilder) {
    info.append(SqlInfo::FlightSqlServerName, "Micromegas Flight SQL Server");
    info.append(SqlInfo::FlightSqlServerVersion, "1");
    info.append(SqlInfo::FlightSqlServerArrowVersion, "1.3");
    info.append(SqlInfo::FlightSqlServerReadOnly, true);
    info.append(SqlInfo::FlightSqlServerSql, true);
    info.append(SqlInfo::FlightSqlServerSubstrait, false);
    info.append(
        SqlInfo::FlightSqlServerTransaction,
        SqlSupportedTransaction::None as i32,
    );
    info.append(SqlInfo::FlightSqlServerCancel, false);
    info.append(SqlInfo::FlightSqlServerBulkIngestion, false);
    info.append(SqlInfo::FlightSqlServerIngestTransactionsSupported, false);
    // Prepared statements hold no state, so they never expire.
    info.append(SqlInfo::FlightSqlServerStatementTimeout, 0_i32);
    info.append(SqlInfo::FlightSqlServerTransactionTimeout, 0_i32);
}

/// Values of enumerations are sent as sets: the bit of each value that applies.
const fn bits<const N: usize>(values: [i32; N]) -> i32 {
    let mut set = 0;
    let mut at = 0;
    while at < N {
        set |= 1 << values[at];
        at += 1;
    }
    set
}

fn names(info: &mut SqlInfoDataBuilder) {
    info.append(
        SqlInfo::SqlIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityLowercase as i32,
    );
    info.append(SqlInfo::SqlIdentifierQuoteChar, "\"");
    info.append(
        SqlInfo::SqlQuotedIdentifierCase,
        SqlSupportedCaseSensitivity::SqlCaseSensitivityUnknown as i32,
    );
    info.append(SqlInfo::SqlSearchStringEscape, "\\");
    info.append(SqlInfo::SqlExtraNameCharacters, "");
    info.append(SqlInfo::SqlSchemaTerm, "schema");
    info.append(SqlInfo::SqlProcedureTerm, "procedure");
    // An empty term says that there are no catalogs.
    info.append(SqlInfo::SqlCatalogTerm, "");
    info.append(SqlInfo::SqlCatalogAtStart, false);
    info.append(SqlInfo::SqlSchemasSupportedActions, 0_i32);
    info.append(SqlInfo::SqlCatalogsSupportedActions, 0_i32);
    info.append(SqlInfo::SqlAllTablesAreSelectable, true);
    info.append(SqlInfo::SqlSupportsNonNullableColumns, true);
    info.append(SqlInfo::SqlKeywords, words::KEYWORDS);
    info.append(SqlInfo::SqlNumericFunctions, words::NUMERIC_FUNCTIONS);
    info.append(SqlInfo::SqlStringFunctions, words::STRING_FUNCTIONS);
    info.append(SqlInfo::SqlSystemFunctions, words::SYSTEM_FUNCTIONS);
    info.append(SqlInfo::SqlDatetimeFunctions, words::DATETIME_FUNCTIONS);
}

fn queries(info: &mut SqlInfoDataBuilder) {
    use SqlOuterJoinsSupportLevel::{SqlFullOuterJoins, SqlLimitedOuterJoins};
    use SqlSupportedGroupBy::{SqlGroupByBeyondSelect, SqlGroupByUnrelated};
    use SqlSupportedSubqueries::{
        SqlSubqueriesInComparisons, SqlSubqueriesInExists, SqlSubqueriesInIns,
    };
    use SqlSupportedUnions::{SqlUnion, SqlUnionAll};
    info.append(
        SqlInfo::SqlNullOrdering,
        SqlNullOrdering::SqlNullsSortedHigh as i32,
    );
    info.append(SqlInfo::SqlSupportsColumnAliasing, true);
    info.append(SqlInfo::SqlNullPlusNullIsNull, true);
    info.append(SqlInfo::SqlSupportsConvert, HashMap::new());
    info.append(SqlInfo::SqlSupportsTableCorrelationNames, true);
    info.append(SqlInfo::SqlSupportsDifferentTableCorrelationNames, false);
    info.append(SqlInfo::SqlSupportsExpressionsInOrderBy, true);
    info.append(SqlInfo::SqlSupportsOrderByUnrelated, true);
    info.append(SqlInfo::SqlSupportsLikeEscapeClause, true);
    let group_by = [SqlGroupByUnrelated as i32, SqlGroupByBeyondSelect as i32];
    info.append(SqlInfo::SqlSupportedGroupBy, bits(group_by));
    let grammar = [SupportedSqlGrammar::SqlMinimumGrammar as i32];
    info.append(SqlInfo::SqlSupportedGrammar, bits(grammar));
    info.append(SqlInfo::SqlAnsi92SupportedLevel, bits([ANSI92_ENTRY]));
    info.append(SqlInfo::SqlSupportsIntegrityEnhancementFacility, false);
    let joins = [SqlLimitedOuterJoins as i32, SqlFullOuterJoins as i32];
    info.append(SqlInfo::SqlOuterJoinsSupportLevel, bits(joins));
    info.append(SqlInfo::SqlCorrelatedSubqueriesSupported, true);
    let subqueries = [
        SqlSubqueriesInComparisons as i32,
        SqlSubqueriesInExists as i32,
        SqlSubqueriesInIns as i32,
    ];
    info.append(SqlInfo::SqlSupportedSubqueries, bits(subqueries));
    let unions = [SqlUnion as i32, SqlUnionAll as i32];
    info.append(SqlInfo::SqlSupportedUnions, bits(unions));
}

/// Of an enumeration that the Flight crate keeps private.
const ANSI92_ENTRY: i32 = 0;

/// Some clients fail on a missing value, so what does not exist is said not to.
fn absent(info: &mut SqlInfoDataBuilder) {
    for name in [
        SqlInfo::SqlDdlCatalog,
        SqlInfo::SqlDdlSchema,
        SqlInfo::SqlDdlTable,
        SqlInfo::SqlSelectForUpdateSupported,
        SqlInfo::SqlStoredProceduresSupported,
        SqlInfo::SqlTransactionsSupported,
        SqlInfo::SqlDataDefinitionCausesTransactionCommit,
        SqlInfo::SqlDataDefinitionsInTransactionsIgnored,
        SqlInfo::SqlBatchUpdatesSupported,
        SqlInfo::SqlSavepointsSupported,
        SqlInfo::SqlNamedParametersSupported,
        SqlInfo::SqlLocatorsUpdateCopy,
        SqlInfo::SqlStoredFunctionsUsingCallSyntaxSupported,
    ] {
        info.append(name, false);
    }
    info.append(SqlInfo::SqlSupportedPositionedCommands, 0_i32);
    let none = SqlTransactionIsolationLevel::SqlTransactionNone as i32;
    info.append(SqlInfo::SqlDefaultTransactionIsolation, i64::from(none));
    info.append(
        SqlInfo::SqlSupportedTransactionsIsolationLevels,
        bits([none]),
    );
    let forward = SqlSupportedResultSetType::SqlResultSetTypeForwardOnly as i32;
    info.append(SqlInfo::SqlSupportedResultSetTypes, bits([forward]));
    let read_only = SqlSupportedResultSetConcurrency::SqlResultSetConcurrencyReadOnly as i32;
    for name in [
        SqlInfo::SqlSupportedConcurrenciesForResultSetUnspecified,
        SqlInfo::SqlSupportedConcurrenciesForResultSetForwardOnly,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollSensitive,
        SqlInfo::SqlSupportedConcurrenciesForResultSetScrollInsensitive,
    ] {
        info.append(name, bits([read_only]));
    }
}

/// Zero stands for no limit or an unknown one.
fn limits(info: &mut SqlInfoDataBuilder) {
    for name in [
        SqlInfo::SqlMaxBinaryLiteralLength,
        SqlInfo::SqlMaxCharLiteralLength,
        SqlInfo::SqlMaxColumnNameLength,
        SqlInfo::SqlMaxColumnsInGroupBy,
        SqlInfo::SqlMaxColumnsInIndex,
        SqlInfo::SqlMaxColumnsInOrderBy,
        SqlInfo::SqlMaxColumnsInSelect,
        SqlInfo::SqlMaxColumnsInTable,
        SqlInfo::SqlMaxConnections,
        SqlInfo::SqlMaxCursorNameLength,
        SqlInfo::SqlMaxIndexLength,
        SqlInfo::SqlDbSchemaNameLength,
        SqlInfo::SqlMaxProcedureNameLength,
        SqlInfo::SqlMaxCatalogNameLength,
        SqlInfo::SqlMaxRowSize,
        SqlInfo::SqlMaxStatementLength,
        SqlInfo::SqlMaxStatements,
        SqlInfo::SqlMaxTableNameLength,
        SqlInfo::SqlMaxTablesInSelect,
        SqlInfo::SqlMaxUsernameLength,
    ] {
        info.append(name, 0_i64);
    }
    info.append(SqlInfo::SqlMaxRowSizeIncludesBlobs, true);
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::UInt32Type;

    fn names(rows: &RecordBatch) -> Vec<u32> {
        rows.column(0)
            .as_primitive::<UInt32Type>()
            .values()
            .to_vec()
    }

    #[test]
    fn no_name_means_all() {
        let info = ServerInfo::new().unwrap();
        let rows = info.rows(&[]).unwrap();
        let names = names(&rows);
        assert!(names.is_sorted());
        for name in (0..=11)
            .filter(|name| ![6, 7].contains(name))
            .chain(500..=576)
        {
            assert!(names.contains(&name), "{name}");
        }
    }

    #[test]
    fn some_names_and_unknown_ones() {
        let info = ServerInfo::new().unwrap();
        let check = |asked: &[u32], expected: &[u32]| {
            let rows = info.rows(asked).unwrap();
            assert_eq!(names(&rows), expected, "{asked:?}");
            assert_eq!(rows.schema(), info.rows(&[]).unwrap().schema());
        };
        check(&[8, 0, 8], &[0, 8]);
        check(&[9999, u32::MAX], &[]);
        check(&[0, 9999], &[0]);
        // a Substrait version, of which there is none
        check(&[6], &[]);
        check(&vec![3; 100_000], &[3]);
    }
}
