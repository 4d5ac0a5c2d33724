/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of udf/ share: rule sets from text, streams fed in pieces, a seeded generator, and
 * an allocator that counts.
 */
#ifndef LC_UDF_SUPPORT_H
#define LC_UDF_SUPPORT_H
#include "udf/rules/build.h"
#include "udf/rules/ruleset.h"
#include "udf/stream.h"

/* A rule set from CSV text; the test fails where it does not load. */
struct lc_rules *support_rules(const char *csv);

/* Run a whole input through a stream in pieces of at most `piece` bytes; the output in *out. */
int support_stream(const struct lc_column_type *res, enum lc_format format, bool chunk_header,
                   struct lc_slice in, size_t piece, struct lc_buf *out, struct lc_error *err);

/* The same of an argument whose type is told. */
int support_stream_of(const struct lc_column_type *res, const char *argument, enum lc_format format,
                      bool chunk_header, struct lc_slice in, size_t piece, struct lc_buf *out,
                      struct lc_error *err);

/* The same for a dictionary: rows of key and attributes. */
int support_rows(const struct lc_column_type *results, unsigned n, enum lc_format format,
                 bool chunk_header, struct lc_slice in, size_t piece, struct lc_buf *out,
                 struct lc_error *err);

/* A reproducible generator (splitmix64). */
uint64_t support_random(uint64_t *state);

/* The seed of a random test: LC_TEST_SEED, else from the clock; printed, so that it can be
 * repeated. */
uint64_t support_seed(const char *test);

/* True with LIVECOL_LONG=1: many more rounds. */
bool support_long(void);

/* Calls of malloc, calloc, realloc and aligned_alloc since the start of the program. */
size_t support_allocations(void);

#endif
