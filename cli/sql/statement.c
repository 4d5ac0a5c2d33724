/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a parsed statement. Reading one is in statement_parse.c. */
#include "cli/sql/statement.h"

#include <stdlib.h>
#include <string.h>

/* `object` is never NULL, not even after a release: callers compare it without a look. */
void lc_stmt_release(struct lc_stmt *s)
{
    for (size_t i = 0; i < s->command_n; i++) {
        free(s->commands[i].column);
        free(s->commands[i].renamed_to);
    }
    free(s->commands);
    for (size_t i = 0; i < s->table_n; i++) {
        free(s->tables[i].database);
        free(s->tables[i].name);
        free(s->tables[i].to_database);
        free(s->tables[i].to);
    }
    free(s->tables);
    free(s->like_database);
    free(s->like);
    free(s->database);
    free(s->name);
    free(s->renamed_db);
    free(s->renamed_to);
    *s = (struct lc_stmt){.object = ""};
}

const char *lc_stmt_column_after(const struct lc_stmt *s, size_t i)
{
    const char *name = s->commands[i].column;

    for (size_t k = i + 1; k < s->command_n; k++) {
        const struct lc_stmt_command *c = &s->commands[k];

        if (strcmp(c->column, name) != 0)
            continue;
        if (c->kind == LC_STMT_DROP_COLUMN)
            return NULL;
        /* From here on later commands call the column by its new name. */
        if (c->kind == LC_STMT_RENAME_COLUMN)
            name = c->renamed_to;
    }
    return name;
}

const char *lc_stmt_database(const struct lc_stmt *s, const char *otherwise)
{
    return *s->database ? s->database : otherwise;
}

const char *lc_class_name(enum lc_stmt_class class)
{
    switch (class) {
    case LC_CLASS_READ:
        return "reads only";
    case LC_CLASS_METADATA:
        return "metadata only";
    case LC_CLASS_MUTATION:
        return "mutation";
    case LC_CLASS_INSERT:
        return "insert";
    case LC_CLASS_OTHER:
        return "other";
    case LC_CLASS_READERS:
        return "breaks readers";
    case LC_CLASS_KEY:
        return "key rewrite";
    case LC_CLASS_DESTRUCTIVE:
        return "destructive";
    }
    return "other";
}
