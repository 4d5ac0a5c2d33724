/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hot. A value as it comes in → the key that rules take: see argument.h for what is made of which type.
 *
 *   Native, RowBinary   bytes on the wire ──────────────► lc_key_set ──► row i of the batch
 *   TabSeparated        text ── lc_key_parse ──► bytes ───┘
 *
 * So all formats give the same key for the same value. Strings, and numbers for ranges, go another
 * way where they can: many at once, straight from the input (codec.h).
 */
#ifndef LC_UDF_KEY_H
#define LC_UDF_KEY_H
#include "udf/codec.h"

/* Bytes of the widest value that is no String. */
#define LC_KEY_WIDTH_MAX 16

/*
 * Make row i of s->batch of the arg->width bytes at `wire`, which must lie still until the match,
 * and behind which LC_SLACK bytes may be read. Not for LC_ARG_STRING. 0, or LC_ERR_INPUT where it is
 * no value of the type (an Enum's number without a label).
 */
int lc_key_set(struct lc_stream *s, size_t i, const uint8_t *wire);

/* Make row i the key that no rule but the default takes: a NULL. */
void lc_key_set_none(struct lc_stream *s, size_t i);

/*
 * Read a value's text, n bytes, escapes undone, into `wire`, which has room for LC_KEY_WIDTH_MAX.
 * Not for strings. 0, or LC_ERR_INPUT where it is no such text.
 */
int lc_key_parse(const struct lc_argument *arg, const uint8_t *text, size_t n, uint8_t *wire);

#endif
