-- Rules that refuse queries: match_expr is a Boolean SQL expression over what is known of
-- a query and its caller.
CREATE TABLE query_denials (
    rule_id BLOB NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    match_expr TEXT NOT NULL,
    last_hit_at BIGINT
);
