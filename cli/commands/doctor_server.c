/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's own state, read from system tables. Each look asks one or a few questions of
 * sql/doctor.sql, and each finding is said as soon as it is known.
 */
#include "cli/commands/doctor_server.h"

#include "base/format.h"
#include "base/json.h"
#include "cli/server/query.h"
#include "cli/server/server_error.h"
#include "cli/term/message.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    ABORTED = 236,     /* a pause of a mutation, no failure */
    FREE_PERCENT = 10, /* less is a warning */
    DELAY_S = 300      /* of a replica: more is a failure */
};

/* By enum lc_level. */
static const char *const level_names[] = {"ok", "warn", "fail"};

void lc_doctor_say(struct lc_doctor *d, enum lc_level level, const char *about, const char *hint,
                   const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lc_message_plain(text);
    d->count[level]++;
    if (d->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "level", level_names[level]);
        lc_json_set_str(o, "about", about);
        lc_json_set_str(o, "text", text);
        if (hint && *hint)
            lc_json_set_str(o, "hint", hint);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    printf("%-4s  %-9s  %s\n", level_names[level], about, text);
    if (hint && *hint)
        printf("%17shint: %s\n", "", hint);
}

int lc_doctor_end(struct lc_doctor *d, const char *about, int rc, const struct lc_error *one,
                  struct lc_error *err)
{
    if (rc == LC_ERR_SERVER) {
        lc_doctor_say(d, LC_LEVEL_WARN, about, "does the user have the right to read it?",
                      "cannot be read: %s", one->msg);
        return 0;
    }
    if (rc)
        lc_error_pass(err, one);
    return rc;
}

/* Append a word to a list that commas part; what does not fit is cut. */
static void add_word(char *to, size_t size, const char *word)
{
    size_t n = strlen(to);

    snprintf(to + n, size - n, "%s%s", n ? ", " : "", word);
}

/*
 * Which server it is, and what can be known from it: what is missing here limits the looks that
 * follow.
 */
static void look_at_version(struct lc_doctor *d)
{
    const struct {
        bool has;
        const char *what;
    } abilities[] = {
        {d->facts.udf_table, "the state of functions"},
        {d->facts.fail_reason, "why a mutation fails"},
        {d->facts.merge_mutation, "how far a mutation is"},
        {d->facts.format_query, "its own form of a statement"},
        {d->facts.comments, "a running statement by its id"},
        {d->facts.disks, "free disk space"},
        {d->facts.query_log, "the log of queries"},
    };
    char can[512] = "", cannot[512] = "";

    lc_doctor_say(d, LC_LEVEL_OK, "server", NULL, "%s, version %s", lc_backend_where(d->s->b),
                  lc_backend_version(d->s->b));
    for (size_t i = 0; i < sizeof abilities / sizeof *abilities; i++)
        add_word(abilities[i].has ? can : cannot, sizeof can, abilities[i].what);
    lc_doctor_say(d, LC_LEVEL_OK, "server", NULL, "tells %s%s%s", *can ? can : "nothing",
                  *cannot ? "; not " : "", cannot);
}

/*
 * Each disk: is there room? A mutation writes a part anew before the old one goes, so the
 * largest part must fit. Parts are counted by the disk that holds them.
 */
static int look_at_disks(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = d->facts.disks ? lc_query_read(d->s->b, lc_sql_doctor_disks, NULL, &t, &one) : 0;

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t free = lc_answer_u64(&t, i, LC_SQL_DOCTOR_DISKS_FREE, 0),
                 total = lc_answer_u64(&t, i, LC_SQL_DOCTOR_DISKS_TOTAL, 0);
        uint64_t largest = lc_answer_u64(&t, i, LC_SQL_DOCTOR_DISKS_LARGEST, 0);
        enum lc_level level = free < largest                ? LC_LEVEL_FAIL
                              : free < total / FREE_PERCENT ? LC_LEVEL_WARN
                                                            : LC_LEVEL_OK;
        char a[16], b[16], c[16];

        lc_doctor_say(
            d, level, "disk",
            level == LC_LEVEL_FAIL
                ? "a mutation or merge of that part has no room: free some, or add a disk"
            : level == LC_LEVEL_WARN
                ? "mutations write a new version of every part before they remove the old one"
                : NULL,
            "%s: %s of %s free, the largest part has %s",
            lc_answer_at(&t, i, LC_SQL_DOCTOR_DISKS_NAME)->p, lc_short_bytes(a, (double)free),
            lc_short_bytes(b, (double)total), lc_short_bytes(c, (double)largest));
    }
    lc_answer_release(&t);
    return lc_doctor_end(d, "disk", rc, &one, err);
}

/* A limit of MergeTree tables by its name; `otherwise` where the server does not have it. */
static uint64_t limit(const struct lc_answer *limits, const char *name, uint64_t otherwise)
{
    for (size_t i = 0; i < limits->rows; i++) {
        if (strcmp(lc_answer_at(limits, i, LC_SQL_DOCTOR_LIMITS_NAME)->p, name) == 0)
            return lc_answer_u64(limits, i, LC_SQL_DOCTOR_LIMITS_VALUE, otherwise);
    }
    return otherwise;
}

/*
 * Tables with parts_to_delay_insert or parts_to_throw_insert of their own, which the server's
 * defaults say nothing of. Only those that come near them are said.
 */
static int look_at_own_limits(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    char limits[LC_LIMITS_BYTES];
    int rc =
        d->facts.engine_full ? lc_query_read(d->s->b, lc_sql_doctor_own_limits, NULL, &t, &one) : 0;

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        uint64_t n = lc_answer_u64(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_N, 0);
        const struct lc_limits own =
            lc_limits_of_parts(lc_answer_u64(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_SLOW, LC_LIMIT_NEVER),
                               lc_answer_u64(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_FAIL, LC_LIMIT_NEVER));
        enum lc_level level = lc_limits_level(n, &own);

        if (level == LC_LEVEL_OK)
            continue;
        lc_limits_text(limits, "slow down", "fail", &own);
        lc_doctor_say(d, level, "limit",
                      "by the table's own settings: merges do not keep up with them",
                      "%s.%s has %" PRIu64 " part%s in partition %s; its INSERTs %s",
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_DATABASE)->p,
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_TABLE)->p, n, LC_S(n),
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_OWN_LIMITS_ID)->p, limits);
    }
    lc_answer_release(&t);
    return lc_doctor_end(d, "limit", rc, &one, err);
}

/*
 * The table with the most unfinished mutations, and the partition with the most parts: where
 * they are far from the limits, all others are. Tables with limits of their own come after.
 */
static int look_at_limits(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer limits = {0}, mutations = {0}, parts = {0};
    int rc = lc_query_read(d->s->b, lc_sql_doctor_limits, NULL, &limits, &one);

    if (rc == 0)
        rc = lc_query_read(d->s->b, lc_sql_doctor_mutations, NULL, &mutations, &one);
    if (rc == 0)
        rc = lc_query_read(d->s->b, lc_sql_doctor_parts, NULL, &parts, &one);
    if (rc == 0 && mutations.rows) {
        uint64_t n = lc_answer_u64(&mutations, 0, LC_SQL_DOCTOR_MUTATIONS_N, 0);
        const struct lc_limits l =
            lc_limits_of_mutations(limit(&limits, "number_of_mutations_to_delay", 0),
                                   limit(&limits, "number_of_mutations_to_throw", 0));
        enum lc_level level = lc_limits_level(n, &l);
        char says[LC_LIMITS_BYTES];

        lc_limits_text(says, "slows down", "refuses", &l);
        lc_doctor_say(
            d, level, "limit",
            level ? "let them finish, or KILL those that you do not need, before you start another "
                    "one"
                  : NULL,
            "%s.%s has %" PRIu64 " unfinished mutation%s; the server %s",
            lc_answer_at(&mutations, 0, LC_SQL_DOCTOR_MUTATIONS_DATABASE)->p,
            lc_answer_at(&mutations, 0, LC_SQL_DOCTOR_MUTATIONS_TABLE)->p, n, LC_S(n), says);
    }
    if (rc == 0 && parts.rows) {
        uint64_t n = lc_answer_u64(&parts, 0, LC_SQL_DOCTOR_PARTS_N, 0);
        const struct lc_limits l =
            lc_limits_of_parts(limit(&limits, "parts_to_delay_insert", LC_LIMIT_NEVER),
                               limit(&limits, "parts_to_throw_insert", LC_LIMIT_NEVER));
        enum lc_level level = lc_limits_level(n, &l);
        char says[LC_LIMITS_BYTES];

        lc_limits_text(says, "slow down", "fail", &l);
        lc_doctor_say(d, level, "limit",
                      level ? "merges do not keep up: use larger INSERTs, or find what delays them"
                            : NULL,
                      "%s.%s has %" PRIu64 " part%s in partition %s; INSERTs %s",
                      lc_answer_at(&parts, 0, LC_SQL_DOCTOR_PARTS_DATABASE)->p,
                      lc_answer_at(&parts, 0, LC_SQL_DOCTOR_PARTS_TABLE)->p, n, LC_S(n),
                      lc_answer_at(&parts, 0, LC_SQL_DOCTOR_PARTS_ID)->p, says);
    }
    lc_answer_release(&limits);
    lc_answer_release(&mutations);
    lc_answer_release(&parts);
    rc = lc_doctor_end(d, "limit", rc, &one, err);
    return rc ? rc : look_at_own_limits(d, err);
}

/*
 * Replicas that are read-only, or late: the query gives only those. They are late by more than
 * a minute; more than DELAY_S is a failure.
 */
static int look_at_replicas(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_query_read(d->s->b, lc_sql_doctor_replicas, NULL, &t, &one);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        bool readonly = lc_answer_u64(&t, i, LC_SQL_DOCTOR_REPLICAS_IS_READONLY, 0) != 0;
        uint64_t delay_s = lc_answer_u64(&t, i, LC_SQL_DOCTOR_REPLICAS_ABSOLUTE_DELAY, 0);

        lc_doctor_say(d, readonly || delay_s > DELAY_S ? LC_LEVEL_FAIL : LC_LEVEL_WARN, "replica",
                      readonly ? "it cannot reach its Keeper: INSERTs and ALTERs fail" : NULL,
                      "%s.%s is %s%" PRIu64 " s behind, with %s entries in its queue",
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_REPLICAS_DATABASE)->p,
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_REPLICAS_TABLE)->p,
                      readonly ? "read-only and " : "", delay_s,
                      lc_answer_at(&t, i, LC_SQL_DOCTOR_REPLICAS_QUEUE_SIZE)->p);
    }
    lc_answer_release(&t);
    return lc_doctor_end(d, "replica", rc, &one, err);
}

int lc_doctor_server(struct lc_doctor *d, struct lc_error *err)
{
    int rc;

    look_at_version(d);
    rc = look_at_disks(d, err);
    if (rc == 0)
        rc = look_at_limits(d, err);
    return rc ? rc : look_at_replicas(d, err);
}

int lc_doctor_mutations(struct lc_doctor *d, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_query_read(d->s->b,
                           d->facts.fail_reason ? lc_sql_mutations_unfinished
                                                : lc_sql_mutations_unfinished_plain,
                           NULL, &t, &one);

    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const struct lc_cell *reason =
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_LATEST_FAIL_REASON);
        /* ABORTED as its last reason tells of a pause, and of nothing wrong. */
        bool fails = reason->n && lc_server_error_code(reason->p, reason->n) != ABORTED;
        struct lc_error why = LC_ERROR_INIT;

        if (fails)
            lc_server_error(&why, reason->p, reason->n);
        lc_doctor_say(
            d, fails ? LC_LEVEL_FAIL : LC_LEVEL_WARN, "mutation",
            fails ? "the server retries it forever, and it blocks those queued after it: fix the "
                    "cause; or MODIFY the DEFAULT to one that works; or KILL MUTATION"
                  : NULL,
            "%s.%s %s %s, %s parts to do, since %s UTC%s%s",
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_DATABASE)->p,
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_TABLE)->p,
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_MUTATION_ID)->p,
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_COMMAND)->p,
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_PARTS_TO_DO)->p,
            lc_answer_at(&t, i, LC_SQL_MUTATIONS_UNFINISHED_MADE_UTC)->p, fails ? ": " : "",
            why.msg);
    }
    if (rc == 0 && t.rows == 0)
        lc_doctor_say(d, LC_LEVEL_OK, "mutation", NULL, "none unfinished");
    lc_answer_release(&t);
    return lc_doctor_end(d, "mutation", rc, &one, err);
}
