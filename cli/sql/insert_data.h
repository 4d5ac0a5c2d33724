/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the data of an INSERT begins:
 *
 *   INSERT INTO t (a, b) FORMAT JSONEachRow {"a": 1}
 *   └────── head ──────┘        └─format──┘ └─data─┘
 *
 * A server takes everything behind the format's name as data. The embedded engine looks for further
 * statements behind a blank line of it, so that data has to be handed to it apart.
 */
#ifndef LC_CLI_SQL_INSERT_DATA_H
#define LC_CLI_SQL_INSERT_DATA_H
#include "base/buf.h"

#include <stdbool.h>

struct lc_insert_data {
    struct lc_slice head, format, data; /* slices of the statement */
};

/* True where the statement is an INSERT with a FORMAT and its data (which may be empty) inline. */
bool lc_insert_data_find(const char *sql, size_t n, struct lc_insert_data *out);

#endif
