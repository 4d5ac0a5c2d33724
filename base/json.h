/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, written and read. The library behind it is jansson; this header hides it.
 *
 * A struct lc_json is one value with all that is in it. Who makes a value frees it, by
 * lc_json_free, unless it was put into another one, which then owns it. What lc_json_get and
 * lc_json_at give is borrowed from the value they were asked of.
 *
 * The functions that fill a value do not fail on their own: once one has found no memory, every
 * later lc_json_line, lc_json_pretty and lc_json_text says so, rather than write less than is true.
 */
#ifndef LC_BASE_JSON_H
#define LC_BASE_JSON_H
#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct lc_json;

/* A new, empty object or array. NULL where there is no memory; all functions below take a NULL. */
struct lc_json *lc_json_object(void);
struct lc_json *lc_json_array(void);

/* Free a value that was not put into another. */
void lc_json_free(struct lc_json *v);

/*
 * Set a member of an object; an earlier one of that key is replaced. Text that is not UTF-8 has its
 * bad bytes replaced by U+FFFD, and secrets by *** (see lc_secret_redact). NULL text, and a double
 * that is not finite, become null. lc_json_set takes the value over.
 */
void lc_json_set_str(struct lc_json *object, const char *key, const char *text);
/* As lc_json_set_str, of n bytes; a NUL among them becomes \u0000. */
void lc_json_set_bytes(struct lc_json *object, const char *key, const void *p, size_t n);
void lc_json_set_int(struct lc_json *object, const char *key, int64_t value);
void lc_json_set_double(struct lc_json *object, const char *key, double value);
void lc_json_set_bool(struct lc_json *object, const char *key, bool value);
void lc_json_set(struct lc_json *object, const char *key, struct lc_json *value);

/* Append to an array; lc_json_add takes the value over. */
void lc_json_add_str(struct lc_json *array, const char *text);
void lc_json_add_int(struct lc_json *array, int64_t value);
void lc_json_add_double(struct lc_json *array, double value);
void lc_json_add(struct lc_json *array, struct lc_json *value);

/*
 * Write the value on one line with a newline, members in the order they were set, and flush; or
 * over several lines, for people. 0, LC_ERR_IO (errno says), LC_ERR_NOMEM.
 */
int lc_json_line(const struct lc_json *v, FILE *to);

/* The version of the library behind it. */
const char *lc_json_library(void);

/* errno of the first value that could not be written, which a later flush does not say; 0: none. */
int lc_json_write_error(void);
int lc_json_pretty(const struct lc_json *v, FILE *to);

/* The value on one line, without a newline, as a malloc'ed string. NULL: no memory. */
char *lc_json_text(const struct lc_json *v);

/*
 * Read a file that holds one value. 0 and *out, to be freed; LC_ERR_IO; LC_ERR_INPUT with the
 * position in the message, byte and row.
 */
int lc_json_load(const char *path, struct lc_json **out, struct lc_error *err);

/* The same of text in memory; path is what messages call it. */
int lc_json_parse(const char *text, size_t n, const char *path, struct lc_json **out,
                  struct lc_error *err);

#define LC_JSON_MAX_BYTES ((size_t)1 << 30)

/* A member by its key, an element by its number; NULL where there is none, or v is another kind. */
const struct lc_json *lc_json_get(const struct lc_json *v, const char *key);
const struct lc_json *lc_json_at(const struct lc_json *v, size_t i);

/* Is it an array? Not where v is NULL. */
bool lc_json_is_array(const struct lc_json *v);

/* How many members or elements; 0 for what has none. */
size_t lc_json_size(const struct lc_json *v);

/* The key of the i-th member, in the order of the file; NULL past the end, or v is no object. */
const char *lc_json_key(const struct lc_json *v, size_t i);

/* A value as text, or `otherwise` where v is NULL or no string. Borrowed. */
const char *lc_json_str(const struct lc_json *v, const char *otherwise);

/* A value as a truth value, or `otherwise` where v is NULL or none. */
bool lc_json_bool(const struct lc_json *v, bool otherwise);

/* A value as a number, or `otherwise` where v is NULL or no number. */
double lc_json_num(const struct lc_json *v, double otherwise);

#endif
