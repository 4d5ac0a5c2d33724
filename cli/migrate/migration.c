/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-ups in the migrations of a folder, and their release. files.c and file_text.c fill them
 * in.
 */
#include "cli/migrate/migration.h"

#include <stdlib.h>

const struct lc_migration *lc_migrations_find(const struct lc_migrations *m, uint64_t version)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->v[i].version == version)
            return &m->v[i];
    }
    return NULL;
}

const char *lc_migration_sha256(const struct lc_migration *m, bool down)
{
    return down && m->pair ? m->down_file.sha256 : m->file.sha256;
}

const struct lc_section_stmts *lc_migration_section(const struct lc_migration *m, bool down)
{
    return down ? &m->down : &m->up;
}

const char *lc_migration_path(const struct lc_migration *m, bool down)
{
    /*
     * A file with both sections is its own way back; a .down.sql without its .up.sql has no
     * other path.
     */
    return (down && m->pair) || !m->file.path ? m->down_file.path : m->file.path;
}

static void release_file(struct lc_migration_file *f)
{
    free(f->path);
    free(f->text);
}

/* A statement's text p is not freed: it is part of the file's text, or is `filled`. */
static void release_section(struct lc_section_stmts *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->v[i].filled);
        lc_sql_settings_release(&s->v[i].settings);
    }
    free(s->v);
}

void lc_migrations_release(struct lc_migrations *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct lc_migration *one = &m->v[i];

        release_file(&one->file);
        release_file(&one->down_file);
        free(one->version_text);
        free(one->name);
        release_section(&one->up);
        release_section(&one->down);
        free(one->allow_unsafe);
        for (size_t k = 0; k < one->vars_n; k++)
            free(one->vars[k]);
        free(one->vars);
        free(one->requires);
    }
    free(m->v);
    free(m->dir);
    lc_problems_release(&m->problems);
    *m = (struct lc_migrations){0};
}
