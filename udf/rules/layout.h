/* SPDX-License-Identifier: Apache-2.0 */
/* From sorted and checked drafts to the bytes of an arena (ruleset.h has its picture). */
#ifndef LC_UDF_RULES_LAYOUT_H
#define LC_UDF_RULES_LAYOUT_H
#include "udf/rules/draft.h"

/*
 * Write the arena. *base is aligned to 64 bytes and belongs to the caller, who frees it. 0, or
 * LC_ERR_NOMEM, and *base is NULL.
 */
int lc_layout_arena(const struct lc_builder *b, void **base, size_t *size);

#endif
