/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks in order, one at a time; while some wait for something slow, later ones may begin.
 *
 *   not begun ─ the turn is free, at most `most` are open, it may go next to those before it ─► turn
 *   turn ─ lc_turns_leave ─► away ─ lc_turns_enter, once the turn is free ─► turn ─ returns ─► ended
 *
 * Only the task that has the turn touches what tasks share; each has a thread of its own. When one
 * fails no further one begins, and those that are open run to their end.
 */
#ifndef LC_BASE_TURNS_H
#define LC_BASE_TURNS_H
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define LC_TURNS_MAX 64u

struct lc_turns;

struct lc_turns_hooks {
    /* May task `later` run while task `earlier` is away, or has not begun? */
    bool (*may_pair)(void *ctx, size_t earlier, size_t later);
    /* Task i is about to be overtaken by a later one, once. Called with the turn. */
    int (*overtaken)(void *ctx, size_t i, struct lc_error *err);
    /* The task. Called with the turn, which it has when it returns. */
    int (*run)(void *ctx, struct lc_turns *jobs, size_t i, struct lc_error *err);
    /* Called for every failure after the first; only the first is returned. */
    void (*failed_too)(void *ctx, size_t i, const struct lc_error *err);
    void *ctx;
};

/*
 * Run n tasks, at most `most` of them open at a time (1 … LC_TURNS_MAX). 0, or the code of the first
 * one that failed with its error; LC_ERR_NOMEM; LC_ERR_IO (no thread).
 */
int lc_turns_run(size_t n, unsigned most, const struct lc_turns_hooks *hooks, struct lc_error *err);

/* Give up the turn; wait for it and take it again. NULL does nothing. */
void lc_turns_leave(struct lc_turns *jobs, size_t i);
void lc_turns_enter(struct lc_turns *jobs, size_t i);

#endif
