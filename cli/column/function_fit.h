/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a function's XML fit its program's command?
 *
 *   <command>livecol-udf --rules r.csv --format RowBinary --argument UInt64 --type String</command>
 *   <argument><type>UInt64</type>…   <return_type>String</return_type>   <format>RowBinary</format>
 *
 * The server believes the one and the program the other. Where they differ values are garbled in
 * silence, or the query hangs until a time-out. `livecol config` writes both from one source; this is
 * for those that were written by hand. Only commands that run livecol-udf are looked at.
 */
#ifndef LC_CLI_COLUMN_FUNCTION_FIT_H
#define LC_CLI_COLUMN_FUNCTION_FIT_H
#include "cli/server/cluster.h"

/* A function as the server has it. */
struct lc_function_fit {
    const char *name, *command, *format, *return_type, *return_name;
    const char *argument_type; /* of the first */
    uint64_t arguments;
    bool chunk_header;
};

/* What could not be compared, in a sentence; "" where all was. */
struct lc_function_fit_note {
    char text[400];
};

/* 0; LC_ERR_REFUSED with what does not fit, and what to do. */
int lc_function_fit_judge(const struct lc_function_fit *f, struct lc_function_fit_note *note,
                          struct lc_error *err);

/*
 * Ask host i of the cluster, and judge. A name that is no executable function there is fine. As
 * lc_function_fit_judge; the failures of a query.
 */
int lc_function_fit_check(const struct lc_cluster *c, size_t i, const char *name,
                          struct lc_function_fit_note *note, struct lc_error *err);

/*
 * The attribute that the function's command names on host i, malloc'ed; NULL where it names none, or
 * the server does not say. 0, or the failures of a query.
 */
int lc_function_fit_attribute(const struct lc_cluster *c, size_t i, const char *name,
                              char **attribute, struct lc_error *err);

#endif
