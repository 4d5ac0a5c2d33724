/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the bytes of a migration: splitter and statement parser end, together and alone, and
 * what they point at lies within the text.
 */
#include "cli/column/dependents.h"
#include "cli/sql/expression.h"
#include "cli/sql/insert_data.h"
#include "cli/sql/lexer.h"
#include "cli/sql/split.h"
#include "cli/sql/statement.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(struct lc_slice s, const char *text, size_t n)
{
    if (s.n && ((const char *)s.p < text || s.n > n || (const char *)s.p > text + n - s.n))
        abort();
}

static void look(const char *text, size_t n)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_insert_data data;
    struct lc_stmt s;
    size_t at = 0;
    char *function;

    if (lc_stmt_parse(&s, text, n, &err) == 0) {
        for (size_t i = 0; i < s.command_n; i++) {
            within(s.commands[i].text, text, n);
            within(s.commands[i].type, text, n);
            within(s.commands[i].default_kind, text, n);
            within(s.commands[i].default_expr, text, n);
        }
        if (!s.name || !s.database || !s.object || !*lc_class_name(s.class))
            abort();
    } else if (!err.code) {
        abort();
    }
    lc_stmt_release(&s);
    if (lc_insert_data_find(text, n, &data)) {
        within(data.head, text, n);
        within(data.format, text, n);
        within(data.data, text, n);
    }
    while ((function = lc_expr_function((struct lc_slice){(const uint8_t *)text, n}, &at)) != NULL)
        free(function);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Copies of the exact size, so that reading a byte too many is seen. */
    char *text = malloc(size ? size : 1), *string = calloc(size + 1, 1);
    struct lc_split s;

    if (!text || !string)
        abort();
    if (size) {
        memcpy(text, data, size);
        memcpy(string, data, size);
    }
    look(text, size);
    if (lc_split_split(&s, text, size, NULL) == 0) {
        for (size_t i = 0; i < s.n; i++)
            if (s.v[i].kind == LC_PIECE_STATEMENT)
                look(text + s.v[i].at, s.v[i].n);
        lc_split_release(&s);
    }
    (void)lc_depends(string, "f");
    free(text);
    free(string);
    return 0;
}
