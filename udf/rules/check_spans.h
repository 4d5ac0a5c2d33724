/* SPDX-License-Identifier: Apache-2.0 */
/* As check.h, of ranges and networks: what is compared as points. */
#ifndef LC_UDF_RULES_CHECK_SPANS_H
#define LC_UDF_RULES_CHECK_SPANS_H
#include "udf/rules/draft.h"

/*
 * Sort the drafts by their points, the default last, and check them: of spans that are there twice one
 * is kept, and with other values it is an error. Ranges may not overlap, or with
 * LC_OPTION_NARROWEST not so that two of one width share a point. Networks may overlap.
 * 0, LC_ERR_NOMEM, or LC_ERR_INPUT with the line in err->row.
 */
int lc_check_spans(struct lc_builder *b, const char *name, struct lc_error *err);

#endif
