/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever the bytes of a migration: splitter and statement parser end, together and alone, and
 * what they point at lies within the text.
 */
#include "cli/sql/create_parts.h"
#include "cli/sql/expression.h"
#include "cli/sql/fragment.h"
#include "cli/sql/insert_data.h"
#include "cli/sql/insert_target.h"
#include "cli/sql/mutation_command.h"
#include "cli/sql/references.h"
#include "cli/sql/session_statement.h"
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

/* Commands, sessions, INSERTs: slices lie within the text. */
static void look_at_commands(const char *text, size_t n)
{
    const struct lc_slice sql = {(const uint8_t *)text, n};
    struct lc_materialize_command m;
    struct lc_update_command u;
    struct lc_slice found = {0};
    uint64_t line;

    (void)lc_materialize_command_read(sql, &m);
    lc_materialize_command_release(&m);
    if (lc_update_command_read(sql, &u, NULL) == 0) {
        within(u.value, text, n);
        within(u.where, text, n);
        if (u.end > n)
            abort();
    }
    lc_update_command_release(&u);
    if (lc_session_is_set(sql, &found))
        within(found, text, n);
    if (lc_session_loss_of(sql, &found, &line) != LC_SESSION_LOSES_NOTHING)
        within(found, text, n);
    (void)lc_insert_is_positional(text, n, NULL, "d", "t");
}

static bool any(const void *ctx, const char *column)
{
    return column[0] == *(const char *)ctx;
}

static int take_part(void *ctx, const struct lc_create_part *part)
{
    const char *text = ctx;

    within(part->text, text, strlen(text));
    return 0;
}

static void look_at_parts(char *text)
{
    const struct lc_slice sql = {(const uint8_t *)text, strlen(text)};
    char *names[2], *argument = lc_engine_argument(text, 1);
    size_t n = lc_create_engine_names(text, "f", names, 2);

    (void)lc_create_parts(text, take_part, text);
    (void)lc_references_callable(text, "f");
    (void)lc_references_table(sql, "d", "d", "t");
    (void)lc_references_engine(sql, "d", "t");
    (void)lc_references_columns(sql, "d", "t", any, "a");
    if (lc_fragment_is_blank(text) && !lc_fragment_is_readable(text))
        abort();
    while (n > 0)
        free(names[--n]);
    free(argument);
    free(lc_fragment_declared_type(sql));
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
    look_at_commands(text, size);
    look_at_parts(string);
    free(text);
    free(string);
    return 0;
}
