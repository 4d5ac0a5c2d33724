/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which exceptions of a domain set (!www.example.com) are next to no wildcard that takes the name
 * (*.example.com, *.com). Such a rule holds as the name without its ! does: whoever wrote it may have
 * meant more.
 */
#ifndef LC_UDF_RULES_EXCEPTIONS_H
#define LC_UDF_RULES_EXCEPTIONS_H
#include "udf/rules/interned.h"

struct lc_exceptions {
    struct lc_interned wildcards; /* what is behind their *., in lower case */
    struct lc_interned names;     /* of the exceptions, in lower case */
    struct lc_buf lines;          /* u32: where each of names is first */
};

/* Start with nothing. 0 or LC_ERR_NOMEM; release it in either case. */
int lc_exceptions_init(struct lc_exceptions *e);
void lc_exceptions_release(struct lc_exceptions *e);

/* The name of a rule, without its mark and a dot at its end. 0 or LC_ERR_NOMEM. */
int lc_exceptions_wildcard(struct lc_exceptions *e, struct lc_slice name);
int lc_exceptions_add(struct lc_exceptions *e, struct lc_slice name, uint32_t line);

/* How many exceptions no wildcard takes; *line: where the first is. Asked when all rules are read. */
uint32_t lc_exceptions_alone(const struct lc_exceptions *e, uint32_t *line);

#endif
