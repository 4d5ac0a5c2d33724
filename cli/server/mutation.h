/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations: ALTERs that rewrite parts in the background, and how a statement's end is waited for.
 *
 * An ALTER gives no mutation id, and its own setting to wait differs between servers, so the ids of
 * the table are noted before the send, and every one that was not there before is waited for, on
 * every host of the cluster. Of a Replicated table Keeper has the list of what must come: a replica
 * that has just been started shows an empty system.mutations for a while, so each one must be there
 * and be done.
 */
#ifndef LC_CLI_SERVER_MUTATION_H
#define LC_CLI_SERVER_MUTATION_H
#include "cli/server/abilities.h"
#include "cli/server/cluster.h"

#include <stdbool.h>
#include <stdint.h>

/* How far the mutations of a statement are. */
struct lc_mutation_progress {
    uint64_t parts_total; /* to do when the wait began */
    uint64_t parts_to_do;
    uint64_t rows_done;  /* of the parts in work and those finished; an estimate */
    uint64_t rows_total; /* in the table's active parts when the wait began */
    double fraction;     /* 0 … 1, within parts too */
    uint64_t elapsed_ms;
    double rows_per_s;   /* 0: not known yet */
    uint64_t left_ms;    /* estimate; 0: not known yet */
    const char *waiting; /* what a backfill waits for; NULL: it does not */
};

/* A mutation that was there. */
struct lc_mutation_seen {
    size_t host;
    char *id;
    uint64_t fail_s; /* when it had last failed, by the server's clock; 0: never */
    bool ours;       /* an earlier send of the same statement made it: to be waited for */
};

/* A Replicated table's node in Keeper, which its replicas share. */
struct lc_mutation_shard {
    char *path; /* …/mutations */
    char **before;
    size_t before_n;
};

struct lc_mutation_watch {
    struct lc_backend *b;
    const struct lc_cluster *cluster;
    struct lc_mutation_shard *shards;
    size_t shards_n;
    size_t *shard_of; /* of each host, an index into shards; shards_n and above: it has none */
    uint64_t replicas, active; /* of a Replicated table, as the connected server knows; else 0 */
    char waiting[256];
    const struct lc_abilities *facts;
    const char *database, *table; /* the caller's */
    struct lc_mutation_seen *before;
    size_t before_n;
    bool before_send; /* it was made before the send: what it has noted is not the statement's */
    uint64_t *after;  /* nor are each host's mutations up to this number; NULL, 0: not known */
    bool rows_counted;
    uint64_t rows_total, parts_total;
    uint64_t begun_ms;
    uint64_t last_parts, moved_ms; /* parts to do, and since when as many */
};

/* What is done with each look; `ctx` is the caller's. */
struct lc_mutation_hooks {
    void (*progress)(void *ctx, const struct lc_mutation_progress *p); /* may be NULL */
    void *ctx;
    const atomic_bool *cancel;
};

/* Note what is there. 0 or the failures of a query. Release it in any case. */
int lc_mutation_watch(struct lc_mutation_watch *w, const struct lc_cluster *cluster,
                      const struct lc_abilities *facts, const char *database, const char *table,
                      struct lc_error *err);

/*
 * The number of the newest mutation of each host, as a text for lc_mutation_after: "12" or "12,7,0"; "" where
 * they do not fit. Returns out.
 */
const char *lc_mutation_newest(const struct lc_mutation_watch *w, char *out, size_t size);

/*
 * What is to be found is newer than those: of two that say the same in one second the later one alone can be
 * it. A text of another number of hosts says nothing. 0 or LC_ERR_NOMEM.
 */
int lc_mutation_after(struct lc_mutation_watch *w, const char *newest, struct lc_error *err);

/* Was a mutation made since then that does what a command says? */
enum lc_mutation_trace {
    LC_MUTATION_NONE,
    LC_MUTATION_FOUND,
    LC_MUTATION_UNSURE /* one that may be it; or the server has forgotten those of that time */
};

/*
 * Is there an unfinished or finished mutation that means the same as this command, made at or after
 * since_s (server time)? If so lc_mutation_wait waits for it too, and minds its failures from now
 * on. What the server shows is not the statement's text: see same_sql.h. 0 or a query's failures.
 */
int lc_mutation_find(struct lc_mutation_watch *w, struct lc_slice command, uint64_t since_s,
                     enum lc_mutation_trace *trace, struct lc_error *err);

/*
 * Wait until every mutation that was not there before has ended, on every host; one that does not
 * answer is waited for. 0; LC_ERR_SERVER where one fails,
 * with its reason and the ways out; LC_ERR_STOPPED, the mutation going on in the server; the
 * failures of a query.
 */
int lc_mutation_wait(struct lc_mutation_watch *w, const struct lc_mutation_hooks *hooks,
                     struct lc_error *err);

void lc_mutation_release(struct lc_mutation_watch *w);

#endif
