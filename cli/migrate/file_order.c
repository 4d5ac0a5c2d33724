/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorted by version, then moved by need: a depth-first walk places what a migration requires
 * before it. Gaps are looked for in between, while neighbours in the array are neighbours by
 * number.
 */
#include "cli/migrate/file_order.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int by_version(const void *a, const void *b)
{
    const struct lc_migration *x = a, *y = b;

    return x->version < y->version ? -1 : x->version > y->version;
}

/* Numbers that count up from the first must not leave one out; time stamps may. */
#define COUNTED_DIGITS 7

static int check_gaps(struct lc_migrations *all)
{
    for (size_t i = 1; i < all->n; i++) {
        const struct lc_migration *a = &all->v[i - 1], *b = &all->v[i];
        int rc;

        if (strlen(b->version_text) > COUNTED_DIGITS || b->version == a->version + 1)
            continue;
        rc = lc_problems_add(&all->problems, LC_PROBLEM_GAP, lc_migration_path(b, false), 0,
                             "follows version %s: %" PRIu64 " is missing", a->version_text,
                             a->version + 1);
        if (rc)
            return rc;
    }
    return 0;
}

/* A .down.sql without its .up.sql: there is nothing that it would take back. */
static int check_halves(struct lc_migrations *all)
{
    for (size_t i = 0; i < all->n; i++) {
        int rc = 0;

        if (!all->v[i].file.path)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, all->v[i].down_file.path, 0,
                                 "has no .up.sql next to it");
        if (rc)
            return rc;
    }
    return 0;
}

/* A problem of that file that was just noted is the version's. */
static void mark_version(struct lc_problems *p, const char *path, uint64_t version)
{
    if (p->n && !p->v[p->n - 1].version && p->v[p->n - 1].kind == LC_PROBLEM_FILE &&
        strcmp(p->v[p->n - 1].file, path) == 0)
        p->v[p->n - 1].version = version;
}

/* Where the walk by need is: a migration, and which of its needs is next. */
struct walk {
    size_t i, need;
};

/* The next need of w that is to be placed first; all->n: none is left. */
static int next_need(struct lc_migrations *all, struct walk *w, const char *state, size_t *out)
{
    const struct lc_migration *m = &all->v[w->i];
    const char *path = lc_migration_path(m, false);
    int rc = 0;

    *out = all->n;
    while (rc == 0 && *out == all->n && w->need < m->requires_n) {
        uint64_t version = m->requires[w->need++];
        const struct lc_migration *need = lc_migrations_find(all, version);
        size_t at = need ? (size_t)(need - all->v) : 0;

        if (!need)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0,
                                 "requires version %" PRIu64 ", which is not in %s", version,
                                 all->dir);
        else if (state[at] == 1)
            rc = lc_problems_add(&all->problems, LC_PROBLEM_FILE, path, 0,
                                 "requires version %s, which in turn requires it",
                                 need->version_text);
        else if (state[at] == 0)
            *out = at;
        mark_version(&all->problems, path, m->version);
    }
    return rc;
}

/*
 * Depth first by need, on a stack of its own, since a chain is as long as there are files: state 1
 * is on the way, 2 is placed.
 */
static int place(struct lc_migrations *all, size_t i, char *state, struct walk *stack,
                 size_t *order, size_t *placed)
{
    size_t depth = 0;

    stack[depth++] = (struct walk){.i = i};
    state[i] = 1;
    while (depth) {
        struct walk *w = &stack[depth - 1];
        size_t need;
        int rc = next_need(all, w, state, &need);

        if (rc)
            return rc;
        if (need < all->n) {
            stack[depth++] = (struct walk){.i = need};
            state[need] = 1;
            continue;
        }
        state[w->i] = 2;
        order[(*placed)++] = w->i;
        depth--;
    }
    return 0;
}

/*
 * Migrations are moved as a whole into a new array. Pointers into the old one are void after
 * it; it runs before anything but the files themselves knows of them.
 */
static int order_by_need(struct lc_migrations *all)
{
    char *state = calloc(all->n + 1, 1);
    size_t *order = calloc(all->n + 1, sizeof *order);
    struct walk *stack = calloc(all->n + 1, sizeof *stack);
    struct lc_migration *v = calloc(all->n + 1, sizeof *v);
    size_t placed = 0;
    int rc = state && order && stack && v ? 0 : LC_ERR_NOMEM;

    for (size_t i = 0; rc == 0 && i < all->n; i++) {
        if (state[i] == 0)
            rc = place(all, i, state, stack, order, &placed);
    }
    if (rc == 0) {
        for (size_t i = 0; i < all->n; i++)
            v[i] = all->v[order[i]];
        free(all->v);
        all->v = v;
        v = NULL;
    }
    free(state);
    free(order);
    free(stack);
    free(v);
    return rc;
}

int lc_files_order(struct lc_migrations *all)
{
    int rc;

    if (all->n)
        qsort(all->v, all->n, sizeof *all->v, by_version);
    rc = check_gaps(all);
    if (rc == 0)
        rc = check_halves(all);
    return rc ? rc : order_by_need(all);
}
