//! Functions that statements call: those that change no row, and the others.

use super::statement::{Act, Change};

/// Built in, or of a common extension, and without effect on rows.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    // rows in sum
    "count", "sum", "avg", "min", "max", "total", "every", "bool_and", "bool_or", "bit_and", "bit_or", "group_concat",
    "mode", "corr", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "covar_pop", "covar_samp",
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
    "last_value", "nth_value", "grouping", "any_value", "median",
    // conditions and kinds
    "coalesce", "nullif", "greatest", "least", "ifnull", "iif", "if", "typeof", "cast", "convert", "row", "exists",
    "likely", "unlikely", "likelihood", "subtype", "num_nulls", "num_nonnulls",
    // text
    "lower", "upper", "initcap", "length", "char_length", "character_length", "octet_length", "bit_length", "substr",
    "substring", "trim", "ltrim", "rtrim", "btrim", "lpad", "rpad", "left", "right", "repeat", "reverse", "replace",
    "translate", "concat", "concat_ws", "format", "split_part", "position", "strpos", "instr", "overlay", "ascii", "chr",
    "char", "unicode", "hex", "unhex", "quote", "quote_ident", "quote_literal", "quote_nullable", "printf", "encode",
    "decode", "md5", "starts_with", "soundex", "metaphone", "dmetaphone", "levenshtein", "difference", "unaccent", "similarity", "word_similarity",
    "glob", "like", "normalize", "unistr", "parse_ident", "convert_from", "convert_to", "collation", "digest", "hmac", "crypt",
    "gen_salt", "citext", "highlight", "snippet", "bm25", "matchinfo", "offsets",
    // numbers
    "abs", "ceil", "ceiling", "floor", "round", "trunc", "mod", "div", "power", "pow", "sqrt", "cbrt", "exp", "ln",
    "log", "log10", "log2", "sign", "pi", "random", "randomblob", "setseed", "degrees", "radians", "sin", "cos", "tan",
    "asin", "acos", "atan", "atan2", "gcd", "lcm", "factorial", "width_bucket", "scale", "min_scale", "trim_scale",
    "isnan", "isfinite", "get_bit", "get_byte", "set_bit", "set_byte", "zeroblob", "int4", "int8", "float8", "numeric",
    "text", "bool", "crc32", "hashtext",
    // moments
    "now", "today", "date", "age", "extract", "strftime", "julianday", "unixepoch", "timediff", "time", "datetime", "timestamp",
    "timezone", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "localtime",
    "localtimestamp", "justify_days", "justify_hours", "justify_interval", "make_date", "make_time", "make_timestamp",
    "make_timestamptz", "make_interval", "interval", "time_bucket", "overlaps",
    // lists, rows and ranges
    "unnest", "generate_series", "generate_subscripts", "cardinality", "any", "all", "some", "array", "lower_inc", "upper_inc",
    "lower_inf", "upper_inf", "isempty", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange",
    "multirange", "row_to_json", "hstore", "akeys", "avals", "skeys", "svals", "each", "subpath", "nlevel", "lca",
    "enum_first", "enum_last", "enum_range", "trim_array",
    // places, networks and XML
    "point", "box", "circle", "polygon", "area", "center", "radius", "diameter", "distance", "height", "width", "host",
    "hostmask", "masklen", "netmask", "network", "broadcast", "family", "abbrev", "xpath", "xpath_exists", "table_to_xml",
    "bit_count",
    // searching
    "setweight", "strip", "numnode", "querytree", "phraseto_tsquery", "plainto_tsquery", "websearch_to_tsquery",
    "cosine_distance", "l2_distance", "inner_product", "l1_distance", "vector_dims", "vector_norm", "halfvec", "vector",
    // the catalogue and the session
    "version", "user", "session_user", "set_config", "obj_description", "col_description", "shobj_description",
    "format_type", "row_security_active", "sqlite_version", "sqlite_source_id", "sqlite_compileoption_used",
    "sqlite_compileoption_get", "changes", "total_changes", "last_insert_rowid", "database", "schema",
    "table_list", "index_list", "index_info", "index_xinfo", "table_info", "table_xinfo", "foreign_key_list", "pragma_table_info",
    "pg_typeof", "pg_has_role", "pg_client_encoding", "pg_describe_object", "pg_identify_object", "pg_trigger_depth",
    "pg_available_extensions", "pg_table_is_visible", "pg_type_is_visible", "pg_function_is_visible", "pg_prepared_statement",
    "pg_cursor", "pg_listening_channels", "pg_timezone_abbrevs", "pg_sequence_parameters", "pg_tablespace_location",
    "mxid_age", "getdatabaseencoding", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "pg_notify", "pg_backend_pid", "pg_is_in_recovery",
    "pg_postmaster_start_time", "pg_conf_load_time", "pg_my_temp_schema", "pg_export_snapshot", "pg_input_is_valid",
    "pg_encoding_to_char", "pg_char_to_encoding", "pg_relation_filenode", "pg_relation_filepath", "pg_blocking_pids",
    "pg_column_size", "pg_column_compression", "pg_database_size", "pg_relation_size", "pg_table_size", "pg_indexes_size",
    "pg_total_relation_size", "pg_tablespace_size", "pg_size_pretty", "pg_size_bytes", "pg_options_to_table",
    "pg_wal_lsn_diff", "pg_walfile_name", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn", "pg_timezone_names",
    "pg_last_xact_replay_timestamp", "pg_show_all_settings", "pg_lock_status", "pg_index_column_has_property",
    "pg_partition_tree", "pg_partition_root", "pg_partition_ancestors", "pg_prewarm", "pg_buffercache_pages",
    // counters hold no rows
    "nextval", "currval", "lastval", "setval",
];

/// Beginnings of the names of whole families.
const FAMILIES: [&str; 34] = [
    "json_",
    "jsonb_",
    "array_",
    "string_",
    "regexp_",
    "regr_",
    "to_",
    "date_",
    "has_",
    "current_",
    "percentile_",
    "range_",
    "st_",
    "ts_rank",
    "ts_headline",
    "ts_lexize",
    "ts_delete",
    "ts_filter",
    "ts_rewrite",
    "tsvector_",
    "tsquery_",
    "uuid_",
    "gen_random_",
    "txid_",
    "inet_",
    "xml",
    "sha",
    "pg_get_",
    "pg_stat_get_",
    "pg_advisory_",
    "pg_try_advisory_",
    "pg_current_",
    "pragma_",
    "fts5_",
];

/// What a function does that no name of a table tells.
const EFFECTS: [(&str, &str); 15] = [
    ("lo_unlink", "which removes a large object"),
    ("lo_put", "which writes a large object"),
    ("lo_truncate", "which cuts a large object"),
    ("lowrite", "which writes a large object"),
    ("pg_terminate_backend", "which ends other sessions"),
    ("pg_cancel_backend", "which stops other statements"),
    ("pg_drop_replication_slot", "which removes a replication slot"),
    ("pg_file_unlink", "which removes a file of the server"),
    ("pg_file_write", "which writes a file of the server"),
    ("pg_restore_relation_stats", "which writes statistics"),
    ("dblink", "which runs SQL in another database"),
    ("dblink_exec", "which runs SQL in another database"),
    ("load_extension", "which loads code"),
    ("writefile", "which writes a file"),
    ("query_to_xml", "which runs the SQL in a text"),
];

/// Words before a bracket that are no functions.
#[rustfmt::skip]
const SYNTAX: [&str; 44] = [
    "in", "values", "as", "over", "filter", "using", "on", "and", "or", "not", "when", "then", "else", "select", "from",
    "where", "having", "by", "set", "join", "union", "except", "intersect", "all", "distinct", "materialized", "with",
    "recursive", "group", "returning", "lateral", "limit", "offset", "between", "is", "varchar", "decimal", "numeric", "bit",
    "timestamptz", "analyze", "verbose", "only", "into",
];

/// A finding, if one of the functions that are called is not known to leave rows alone.
pub(super) fn suspect(called: impl IntoIterator<Item = String>) -> Option<Act> {
    let name = called.into_iter().find(|name| !is_known(name))?;
    let why = EFFECTS.iter().find(|(known, _)| *known == name).map_or("whose effect is not known", |(_, why)| why);
    let name = if name.contains(super::UNKNOWN) { "a function".to_owned() } else { format!("{name}()") };
    Some(Change::unknown(format!("it calls {name}, {why}")))
}

fn is_known(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    if EFFECTS.iter().any(|(known, _)| *known == name) {
        return false;
    }
    KNOWN.contains(&name) || SYNTAX.contains(&name) || FAMILIES.iter().any(|family| name.starts_with(family))
}
