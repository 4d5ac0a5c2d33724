/*
 * The column that goes out: a ClickHouse type, and how each value of an attribute is written in it.
 *
 * Every value is fitted to the type once, when the rules load, so that a value which the type
 * cannot hold is an error with file and line, never a wrong value in a table.
 */
#ifndef LC_UDF_COLUMN_TYPE_H
#define LC_UDF_COLUMN_TYPE_H
#include "udf/rules/ruleset.h"

enum lc_base {
    LC_BASE_STRING,
    LC_BASE_ENUM8,
    LC_BASE_ENUM16,
    LC_BASE_UINT8,
    LC_BASE_UINT16,
    LC_BASE_UINT32,
    LC_BASE_UINT64
};

struct lc_column_type {
    const struct lc_rules *rules;
    uint32_t attribute;
    enum lc_base base;
    bool nullable;        /* a miss is NULL; only with LC_BASE_STRING */
    bool low_cardinality; /* only with LC_BASE_STRING */
    char *type;           /* the type's text, as it is in a Native header */
    unsigned width;       /* bytes a value in Native and RowBinary; 0: variable (String) */
    const uint64_t *code; /* by value id: the number to write, where width > 0 */
    uint64_t *own_code;   /* `code`, where this result allocated it */
};

/*
 * Fit the attribute's values to the type `type` ("String", "LowCardinality(String)",
 * "Nullable(String)", "LowCardinality(Nullable(String))", "Enum8('a'=1,…)", "Enum16(…)",
 * "UInt8" … "UInt64"; spaces between its parts are fine). `name` is the rules file's name.
 *
 * A key that no rule takes gives NULL where the type is Nullable, '' for String, 0 for UInt; an
 * Enum then needs a value named ''. 0; LC_ERR_USAGE (no such type); LC_ERR_INPUT (a value does not
 * fit: err names file and line); LC_ERR_NOMEM.
 */
int lc_column_type_init(struct lc_column_type *res, const struct lc_rules *rules,
                        uint32_t attribute, const char *type, const char *name,
                        struct lc_error *err);

/* Free what it holds. A zeroed struct may be released. */
void lc_column_type_release(struct lc_column_type *res);

/*
 * Turn rule numbers into value ids, in place. 0, or LC_ERR_INPUT where the arena is corrupt.
 */
int lc_column_type_values(const struct lc_column_type *res, uint32_t *rule_to_value, size_t n);

/*
 * A value as the formats carry a String: varint length, then bytes; 64 bytes from it may be read.
 * Empty (n = 0) where the arena is corrupt.
 */
static inline struct lc_slice lc_column_type_encoded(const struct lc_column_type *res,
                                                     uint32_t value_id)
{
    const struct lc_rules *r = res->rules;
    const uint32_t *off = r->value_off + r->attrs[res->attribute].first_off + value_id;

    if (__builtin_expect(off[0] > off[1] || off[1] > r->values_bytes, 0))
        return (struct lc_slice){r->base, 0};
    return (struct lc_slice){r->values + off[0], off[1] - off[0]};
}

#endif
