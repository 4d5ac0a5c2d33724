/*
 * The command line of livecol-udf. It links libc alone, so the parsing is getopt_long's.
 */
#ifndef LC_OPTIONS_UDF_H
#define LC_OPTIONS_UDF_H

#include "error.h"
#include "stream.h"

struct lc_udf_options {
    const char *rules;
    const char *attribute; /* NULL: the only one */
    const char *type;      /* the type's text, or @FILE */
    enum lc_format format;
    bool chunk_header, check, help, version;
};

/* Parse argv. 0, or LC_ERR_USAGE with a message and a hint. */
int lc_udf_options_parse(struct lc_udf_options *o, int argc, char **argv, struct lc_error *err);

/* The help, as it is printed. */
const char *lc_udf_help(void);

#endif
