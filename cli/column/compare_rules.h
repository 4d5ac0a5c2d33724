/* SPDX-License-Identifier: Apache-2.0 */
/* Does a function on the server answer as the rules file does? Rows are sent, never constants. */
#ifndef LC_CLI_COLUMN_COMPARE_RULES_H
#define LC_CLI_COLUMN_COMPARE_RULES_H
#include "cli/server/cluster.h"
#include "udf/rules/ruleset.h"

/*
 * A call with one argument: f(column), the column's type as the server names it; or with a
 * dictionary dictGet…('dictionary', 'attribute', tuple(column)).
 */
struct lc_compare_call {
    const char *function;
    const char *dictionary; /* NULL: none */
    bool tuple;             /* the key is a tuple of the column */
    const char *column_type;
    const char *attribute; /* of the rules, and of the dictionary; NULL: the rules' first */
    const struct lc_answer
        *own; /* its first column: further keys to ask for, as text; NULL: none */
};

/*
 * Compare the host's answers for keys made from the rules (each key, longer and shorter at
 * either end, in the other case, the numbers around a range, none at all), and for call->own.
 * Keys of a type that no text makes (arrays, enums) are not made: 0 compared. 0 and *compared;
 * LC_ERR_REFUSED with the first key that differs; LC_ERR_INPUT where the rules are corrupt; the
 * failures of a query.
 */
int lc_compare_host(const struct lc_cluster *c, size_t host, const struct lc_compare_call *call,
                    const struct lc_rules *rules, const char *rules_path, uint64_t *compared,
                    struct lc_error *err);

/*
 * What --rules takes: "FILE", for any function, or "FUNCTION=FILE". The file, in the argument's own
 * text; *name_n: bytes of the name before it, 0 for any. A '=' behind what is no identifier belongs
 * to the file's name.
 */
const char *lc_compare_file(const char *argument, size_t *name_n);

/* The same of the connected server. */
int lc_compare_with(struct lc_backend *b, const struct lc_compare_call *call,
                    const struct lc_rules *rules, const char *rules_path, uint64_t *compared,
                    struct lc_error *err);

#endif
