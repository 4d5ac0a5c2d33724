/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/buf.h"
#include "base/files.h"
#include "base/secret.h"
#include "base/utf8.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define REAL_DIGITS JSON_REAL_PRECISION(15)
#define LINE_FLAGS  (JSON_COMPACT | REAL_DIGITS)

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Some member or element found no memory. */
static atomic_bool lost;

/* errno of the first line that could not be written; 0: none. */
static atomic_int write_error;

/*
 * struct lc_json is never defined: a pointer to one is a json_t pointer, with or
 * without const.
 */
static json_t *value_of(const struct lc_json *v)
{
    return (json_t *)(uintptr_t)v;
}

/* A value that the library has just made, or NULL, which is noted: see the head of json.h. */
static struct lc_json *noted(json_t *v)
{
    if (!v)
        atomic_store(&lost, true);
    return (struct lc_json *)v;
}

struct lc_json *lc_json_object(void)
{
    return noted(json_object());
}

struct lc_json *lc_json_array(void)
{
    return noted(json_array());
}

void lc_json_free(struct lc_json *v)
{
    json_decref(value_of(v));
}

/* Append the text, its bad bytes replaced. */
static bool add_clean(struct lc_buf *out, const char *text)
{
    bool ok = true;

    for (const char *s = text, *end = text + strlen(text); ok && s < end;) {
        size_t n = lc_utf8_char(s, (size_t)(end - s));

        ok = (n ? lc_buf_add(out, s, n) : lc_buf_adds(out, replacement)) == 0;
        s += n ? n : 1;
    }
    return ok;
}

/* A JSON string of n bytes, without its secrets and its bad bytes. NULL: no memory. */
static json_t *string_of(const char *text, size_t n)
{
    struct lc_buf clean;
    char *copy = malloc(n + 1);
    json_t *v = NULL;
    bool ok = copy != NULL;

    lc_buf_init(&clean, SIZE_MAX);
    if (ok) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    for (size_t at = 0, bytes; ok && at <= n; at += bytes + 1) { /* from one NUL to the next */
        bytes = strlen(copy + at);
        lc_secret_redact(copy + at);
        ok = (at == 0 || lc_buf_add(&clean, "", 1) == 0) && add_clean(&clean, copy + at);
    }
    if (ok && lc_buf_str(&clean))
        v = json_stringn_nocheck((const char *)clean.p, clean.n);
    lc_buf_release(&clean);
    free(copy);
    return v;
}

/* JSON has no NaN and no infinity. NULL: no memory. */
static json_t *real_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void lc_json_set(struct lc_json *object, const char *key, struct lc_json *value)
{
    if (json_object_set_new(value_of(object), key, value_of(value)) != 0)
        noted(NULL);
}

void lc_json_set_str(struct lc_json *object, const char *key, const char *text)
{
    lc_json_set(object, key, noted(text ? string_of(text, strlen(text)) : json_null()));
}

void lc_json_set_bytes(struct lc_json *object, const char *key, const void *p, size_t n)
{
    lc_json_set(object, key, noted(string_of(p, n)));
}

void lc_json_set_int(struct lc_json *object, const char *key, int64_t value)
{
    lc_json_set(object, key, noted(json_integer(value)));
}

void lc_json_set_double(struct lc_json *object, const char *key, double value)
{
    lc_json_set(object, key, noted(real_of(value)));
}

void lc_json_set_bool(struct lc_json *object, const char *key, bool value)
{
    lc_json_set(object, key, noted(json_boolean(value)));
}

void lc_json_add(struct lc_json *array, struct lc_json *value)
{
    if (json_array_append_new(value_of(array), value_of(value)) != 0)
        noted(NULL);
}

void lc_json_add_str(struct lc_json *array, const char *text)
{
    lc_json_add(array, noted(text ? string_of(text, strlen(text)) : json_null()));
}

void lc_json_add_int(struct lc_json *array, int64_t value)
{
    lc_json_add(array, noted(json_integer(value)));
}

void lc_json_add_double(struct lc_json *array, double value)
{
    lc_json_add(array, noted(real_of(value)));
}

/* What a terminal would obey, and what hides or turns text, is written \uNNNN; n bytes were that. */
static bool put_text(const char *text, FILE *to)
{
    bool ok = true;

    for (const char *s = text, *end = text + strlen(text); ok && s < end;) {
        size_t n = lc_utf8_char(s, (size_t)(end - s));
        uint32_t v = n ? lc_utf8_number(s, n) : (unsigned char)*s;

        n = n ? n : 1;
        if (*s == '\n' || lc_utf8_shown(s, n))
            ok = fwrite(s, 1, n, to) == n;
        else if (v > 0xffff)
            ok = fprintf(to, "\\u%04X\\u%04X", 0xd7c0 + (v >> 10), 0xdc00 + (v & 0x3ff)) > 0;
        else
            ok = fprintf(to, "\\u%04X", v) > 0;
        s += n;
    }
    return ok;
}

/*
 * Write v and a newline, then flush, so that a reader of a pipe sees whole lines at once.
 * The text is made whole first: put_text looks at every character, and where memory is
 * short nothing is written.
 */
static int dump(const struct lc_json *v, FILE *to, size_t flags)
{
    int rc = 0;
    char *text;

    if (!v || atomic_load(&lost))
        return LC_ERR_NOMEM;
    text = json_dumps(value_of(v), flags | JSON_ENCODE_ANY);
    if (!text)
        return LC_ERR_NOMEM;
    errno = 0;
    if (!put_text(text, to) || fputc('\n', to) == EOF || fflush(to) != 0) {
        int none = 0;

        atomic_compare_exchange_strong(&write_error, &none, errno ? errno : EIO);
        rc = LC_ERR_IO;
    }
    free(text);
    return rc;
}

int lc_json_write_error(void)
{
    return atomic_load(&write_error);
}

int lc_json_line(const struct lc_json *v, FILE *to)
{
    return dump(v, to, LINE_FLAGS);
}

int lc_json_pretty(const struct lc_json *v, FILE *to)
{
    return dump(v, to, JSON_INDENT(2) | REAL_DIGITS);
}

char *lc_json_text(const struct lc_json *v)
{
    if (!v || atomic_load(&lost))
        return NULL;
    return json_dumps(value_of(v), LINE_FLAGS | JSON_ENCODE_ANY);
}

int lc_json_load(const char *path, struct lc_json **out, struct lc_error *err)
{
    struct lc_buf text;
    int rc;

    *out = NULL;
    lc_buf_init(&text, LC_JSON_MAX_BYTES);
    rc = lc_file_read(path, &text, err);
    if (rc == 0)
        rc = lc_json_parse((const char *)text.p, text.n, path, out, err);
    lc_buf_release(&text);
    return rc;
}

int lc_json_parse(const char *text, size_t n, const char *path, struct lc_json **out,
                  struct lc_error *err)
{
    json_error_t e;
    /* A repeated key is refused: which of the two counts would depend on the reader. */
    json_t *v = json_loadb(n ? text : "", n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);

    *out = (struct lc_json *)v;
    if (v)
        return 0;
    return lc_fail_at(err, LC_ERR_INPUT, (uint64_t)e.position, (uint64_t)e.line - 1,
                      "%s: line %d, column %d: %s", path, e.line, e.column, e.text);
}

const struct lc_json *lc_json_get(const struct lc_json *v, const char *key)
{
    return (const struct lc_json *)json_object_get(value_of(v), key);
}

const struct lc_json *lc_json_at(const struct lc_json *v, size_t i)
{
    return (const struct lc_json *)json_array_get(value_of(v), i);
}

bool lc_json_is_array(const struct lc_json *v)
{
    return json_is_array(value_of(v));
}

size_t lc_json_size(const struct lc_json *v)
{
    const json_t *j = value_of(v);

    return json_is_array(j) ? json_array_size(j) : json_object_size(j);
}

const char *lc_json_key(const struct lc_json *v, size_t i)
{
    json_t *j = value_of(v);
    void *at = json_object_iter(j);

    /* The library has no access by number, so each call walks from the first member. */
    while (at && i--)
        at = json_object_iter_next(j, at);
    return at ? json_object_iter_key(at) : NULL;
}

const char *lc_json_str(const struct lc_json *v, const char *otherwise)
{
    const char *s = json_string_value(value_of(v));

    return s ? s : otherwise;
}

double lc_json_num(const struct lc_json *v, double otherwise)
{
    const json_t *j = value_of(v);

    return json_is_number(j) ? json_number_value(j) : otherwise;
}

bool lc_json_bool(const struct lc_json *v, bool otherwise)
{
    return json_is_boolean(value_of(v)) ? json_is_true(value_of(v)) : otherwise;
}

const char *lc_json_library(void)
{
    return JANSSON_VERSION;
}
