/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edges of a type's domain: values that a column may hold although none of its rows does today.
 *
 * Each is a text that CAST('text' AS type) takes, or an expression: 0, 1, -1, the least and the greatest, a fraction,
 * NaN and infinities, '' and the bytes 0x00 and 0xFF, the ends of the calendar, each label of an
 * Enum; of an Array, Tuple or Map those of its elements; last of all NULL, where it may be one.
 */
#ifndef LC_CLI_COLUMN_EDGE_VALUES_H
#define LC_CLI_COLUMN_EDGE_VALUES_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

struct lc_edge_values {
    struct lc_slice *v; /* p NULL: NULL */
    size_t n;
    bool is_sql; /* each is an expression, of an Array, Tuple or Map, rather than a text */
    bool known;  /* false: nothing is known of the type; there is none */
};

/* Those of a type by its name. 0, LC_ERR_NOMEM. Release it in any case. */
int lc_edge_values_make(struct lc_edge_values *e, const char *type, struct lc_error *err);

void lc_edge_values_release(struct lc_edge_values *e);

/*
 * Append CAST(['…', '…'], 'Array(type)'): all of them. LowCardinality of what is no string is left
 * out of the type, since a CAST to it may be refused. 0, LC_ERR_NOMEM.
 */
int lc_edge_values_add_array(const struct lc_edge_values *e, const char *type, struct lc_buf *sql);

/* The type without LowCardinality and Nullable around it, of any length; malloc'ed, NULL: no memory. */
char *lc_edge_values_plain(const char *type);

#endif
