/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules from CSV: RFC 4180, read by libcsv in its strict modes.
 *
 *   prefix,region        exact,region,tier      from,to,issuer         bucket,variant
 *   u1,us-east           u1_001,us-east,gold    400000,499999,visa     50,control
 *   ,unknown             *,none,none            510000,559999,mc       50,treatment
 *
 * UTF-8, a byte order mark skipped, blank lines ignored, spaces kept, LF or CRLF or CR. The first header
 * names the kind (kind.h), with options behind it (prefix:nocase), the others the attributes. Comma, semicolon or
 * tab: the header tells. A line that begins with # is a comment; a key that does is quoted. In a prefix set an empty
 * key is the default; in an exact set the key * alone.
 */
#ifndef LC_UDF_RULES_CSV_H
#define LC_UDF_RULES_CSV_H
#include "udf/rules/notes.h"
#include "udf/rules/ruleset.h"

struct lc_csv_options {
    char delimiter;             /* 0: the header tells */
    bool trim;                  /* blanks around a field that is not quoted are no part of it */
    bool narrowest;             /* as from:narrowest in the header of ranges */
    struct lc_csv_notes *notes; /* filled, where it is not NULL */
    const struct lc_records_origin *origin; /* of a text that was made of another file; or NULL */
};

/*
 * Build a rule set from n bytes of CSV. `name` is the file's name for messages. 0 and *out, or
 * LC_ERR_INPUT with "name:line: column N (header): …" and the line in err->row, or LC_ERR_NOMEM.
 */
int lc_rules_parse_csv_with(struct lc_rules **out, const void *text, size_t n, const char *name,
                            const struct lc_csv_options *options, struct lc_error *err);

/* As it is without options. */
int lc_rules_parse_csv(struct lc_rules **out, const void *text, size_t n, const char *name,
                       struct lc_error *err);

#endif
