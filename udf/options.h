/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of livecol-udf. It links libc alone, so the parsing is getopt_long's.
 */
#ifndef LC_UDF_OPTIONS_H
#define LC_UDF_OPTIONS_H
#include "base/error.h"
#include "udf/sandbox.h"
#include "udf/stream.h"

/* What goes out. */
enum lc_udf_emit {
    LC_EMITS_VALUES, /* a value for each key that comes in: a function */
    LC_EMITS_ROWS,   /* key and attributes for each key that comes in: a dictionary */
    LC_EMITS_ALL     /* the whole rule set, nothing is read: a dictionary loaded whole */
};

struct lc_udf_options {
    const char *rules;
    const char *key; /* the key column's name, LC_EMITS_ALL */
    enum lc_udf_emit emit;
    unsigned attributes; /* that were named; 0: the only one, or for a dictionary all */
    unsigned types;      /* that were given; 0: String for all */
    const char *attribute[LC_MAX_ATTRIBUTES];
    const char
        *type[LC_MAX_ATTRIBUTES]; /* a type's text, or @FILE; of the attribute in its place */
    const char *argument;         /* the type of what comes, or @FILE; NULL: not said */
    enum lc_format format;
    enum lc_sandbox sandbox;
    bool chunk_header, check, help, version;
};

/* Parse argv. 0, or LC_ERR_USAGE with a message and a hint. */
int lc_udf_options_parse(struct lc_udf_options *o, int argc, char **argv, struct lc_error *err);

/* The help, as it is printed. */
const char *lc_udf_help(void);

#endif
