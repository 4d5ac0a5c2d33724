/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The column that goes out: a ClickHouse type, and how each value of an attribute is written in it.
 *
 * Every value is fitted to the type once, when the rules load, so that a value which the type
 * cannot hold is an error with file and line, never a wrong value in a table.
 */
#ifndef LC_UDF_COLUMN_TYPE_H
#define LC_UDF_COLUMN_TYPE_H
#include "udf/rules/ruleset.h"
#include "udf/rules/scalar.h"
#include "udf/type_text.h"

enum lc_base {
    LC_BASE_STRING,
    LC_BASE_ENUM8,
    LC_BASE_ENUM16,
    LC_BASE_UINT8,
    LC_BASE_UINT16,
    LC_BASE_UINT32,
    LC_BASE_UINT64,
    LC_BASE_SCALAR /* Nullable UInt; Int, Float, Decimal, Date, DateTime, Bool */
};

/* So many values are copied from slots of one size: 68 KiB of them stay in the level-2 cache. */
#define LC_SLOT_VALUES 4096u

struct lc_column_type {
    const struct lc_rules *rules;
    uint32_t attribute;
    enum lc_base base;
    bool nullable;        /* a miss is NULL, and an empty cell where it is no String */
    bool low_cardinality; /* only with LC_BASE_STRING */
    char *type;           /* the type's text, as it is in a Native header */
    unsigned width;       /* bytes a value in Native and RowBinary; 0: variable (String) */
    bool no_miss; /* an Enum without a name for a miss: of buckets, which only NULL misses */
    const uint64_t *code;    /* by value id: the number to write, where width is 1 to 8 */
    uint64_t *own_code;      /* `code`, where this result allocated it */
    uint8_t *wide;           /* by value id: 16 bytes to write, where width is 16 */
    struct lc_scalar scalar; /* LC_BASE_SCALAR: how its values are read and written */
    uint32_t null_id;        /* the value id that is NULL too, next to the miss; or LC_NONE */
    uint8_t *
        slots; /* String: 16 bytes a value id, as lc_column_type_encoded has it; NULL: some are longer,
                       or they are over LC_SLOT_VALUES */
    const uint8_t *slot_bytes; /* how many of them count; behind the slots, in the same memory */
};

/*
 * Fit the attribute's values to the type `type` ("String", "LowCardinality(String)",
 * "Nullable(String)", "LowCardinality(Nullable(String))", "Enum8('a'=1,…)", "Enum16(…)",
 * "UInt8" … "UInt64", "Int8" … "Int64", "Float32", "Float64", "Decimal(P,S)", "Date", "DateTime",
 * "DateTime('UTC')", "Bool", and "Nullable(…)" of a number, date or Bool; spaces between its parts
 * are fine). `name` is the rules file's name. scalar.h says how a value is written.
 *
 * A key that no rule takes gives NULL where the type is Nullable, '' for String, 0 for a number,
 * 1970-01-01 for a date, false for Bool; an Enum then needs a value named '' (of buckets only where
 * keys may be NULL: lc_column_type_takes_null). An empty cell is NULL
 * where the type is Nullable and no String. 0; LC_ERR_USAGE (no such type); LC_ERR_INPUT (a value
 * does not fit: err names file, line and column); LC_ERR_NOMEM.
 */
int lc_column_type_init(struct lc_column_type *res, const struct lc_rules *rules,
                        uint32_t attribute, const char *type, const char *name,
                        struct lc_error *err);

/*
 * Keys may be NULL: is there an answer to them? 0; LC_ERR_INPUT with a way, where res->no_miss. `name` is
 * the rules file's.
 */
int lc_column_type_takes_null(const struct lc_column_type *res, const char *name,
                              struct lc_error *err);

/* Free what it holds. A zeroed struct may be released. */
void lc_column_type_release(struct lc_column_type *res);

/*
 * Turn rule numbers into value ids, in place. 0, or LC_ERR_INPUT where the arena is corrupt.
 */
int lc_column_type_values(const struct lc_column_type *res, uint32_t *rule_to_value, size_t n);

/* Is this value NULL? */
static inline bool lc_column_type_is_null(const struct lc_column_type *res, uint32_t value_id)
{
    return res->nullable && (value_id == 0 || value_id == res->null_id);
}

/* The text of a value of fixed width as TabSeparated has it, into `out`: its length. */
size_t lc_column_type_text(const struct lc_column_type *res, uint32_t value_id,
                           char out[LC_SCALAR_TEXT_BYTES]);

/*
 * Read a scalar type's text: Int8 … DateTime('UTC'), at c. False, and nothing is taken but spaces,
 * where it is none.
 */
bool lc_scalar_type_read(struct lc_scalar *out, struct lc_type_text *c);

/* Is the whole text a scalar type, or Nullable of one? */
bool lc_scalar_type_parse(struct lc_scalar *out, bool *nullable, const char *type);

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
