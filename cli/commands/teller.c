/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event becomes an object on stdout (--json), or text: results on stdout, talk on stderr.
 * Events of a mutation come several times a second; each migration that waits has its own time
 * for the next line, since with --jobs several do.
 */
#include "cli/commands/teller.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "cli/commands/progress.h"
#include "cli/migrate/send.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REDRAW_MS = 160, /* between two drawings of the line on a terminal */
    PLAIN_MS = 10000 /* between two lines where there is no terminal */
};

void lc_teller_init(struct lc_teller *t, const struct lc_migrate *m)
{
    *t = (struct lc_teller){.m = m};
}

/*
 * When this migration's next line is due, in ms of lc_now_ms; 0: it has not had one. It gets a
 * place in t->waits when it is first seen. There is always a free one: no more than
 * LC_TURNS_MAX migrations are open at once, and forget_line frees the place of one that ends.
 */
static uint64_t *next_line_ms(struct lc_teller *t, uint64_t version)
{
    size_t free_place = LC_TURNS_MAX - 1;

    for (size_t i = LC_TURNS_MAX; i-- > 0;) {
        if (t->waits[i].version == version)
            return &t->waits[i].next_ms;
        if (t->waits[i].version == 0)
            free_place = i;
    }
    t->waits[free_place].version = version;
    t->waits[free_place].next_ms = 0;
    return &t->waits[free_place].next_ms;
}

/* It has stopped waiting: its place is free, and another one may have the terminal's line. */
static void forget_line(struct lc_teller *t, uint64_t version)
{
    for (size_t i = 0; i < LC_TURNS_MAX; i++) {
        if (t->waits[i].version == version)
            t->waits[i].version = 0;
    }
    if (t->shown == version)
        t->shown = 0;
}

/*
 * One line that is redrawn on a terminal; else a plain line every few seconds. The terminal has
 * room for one migration: the first that waits keeps the line until its statement ends.
 */
static void tell_progress(struct lc_teller *t, const struct lc_run_event *e)
{
    uint64_t now = lc_now_ms(), *next_ms = next_line_ms(t, e->version);
    char line[256];
    bool terminal = lc_message_is_terminal();

    if (t->m->global.quiet)
        return;
    if (*next_ms == 0 && !terminal)
        *next_ms = now + PLAIN_MS; /* what is over by then needs no line */
    if (now < *next_ms || (terminal && t->shown && t->shown != e->version))
        return;
    t->shown = e->version;
    *next_ms = now + (terminal ? REDRAW_MS : PLAIN_MS);
    lc_progress_line(line, sizeof line, e);
    if (terminal) {
        lc_message_plain(line);
        lc_message_redraw(line);
    } else {
        lc_say("%s", line);
    }
}

/* The names of events in --json: part of the interface, and not to be changed. */
static const char *const event_names[] = {
    [LC_RUN_LOCK_WAIT] = "lock_wait",
    [LC_RUN_CHECKED] = "checked",
    [LC_RUN_WARNING] = "warning",
    [LC_RUN_MIGRATION_START] = "migration_start",
    [LC_RUN_STMT_START] = "stmt_start",
    [LC_RUN_MUTATION] = "mutation",
    [LC_RUN_RETRY] = "retry",
    [LC_RUN_UNKNOWN] = "unknown",
    [LC_RUN_REDERIVE] = "rederive",
    [LC_RUN_STMT_DONE] = "stmt_done",
    [LC_RUN_MIGRATION_DONE] = "migration_done",
    [LC_RUN_MIGRATION_FAILED] = "migration_failed",
    [LC_RUN_WOULD_REVERT] = "would_revert",
};

static void add_progress(struct lc_json *o, const struct lc_mutation_progress *p)
{
    lc_json_set_int(o, "parts_total", (int64_t)p->parts_total);
    lc_json_set_int(o, "parts_to_do", (int64_t)p->parts_to_do);
    lc_json_set_int(o, "rows_done", (int64_t)p->rows_done);
    lc_json_set_int(o, "rows_total", (int64_t)p->rows_total);
    lc_json_set_double(o, "fraction", p->fraction);
    lc_json_set_int(o, "elapsed_ms", (int64_t)p->elapsed_ms);
    lc_json_set_int(o, "left_ms", (int64_t)p->left_ms);
    if (p->waiting)
        lc_json_set_str(o, "waiting", p->waiting);
}

/* An event as an object, a line. Members that the event does not have are left out. */
static void tell_json(struct lc_teller *t, const struct lc_run_event *e)
{
    struct lc_json *o;
    uint64_t now = lc_now_ms();

    if (e->kind == LC_RUN_MUTATION) { /* each look is too many for a log */
        uint64_t *next_ms = next_line_ms(t, e->version);

        if (now < *next_ms)
            return;
        *next_ms = now + 1000;
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", event_names[e->kind]);
    if (e->version) {
        lc_json_set_str(o, "version", e->version_text);
        lc_json_set_str(o, "name", e->name);
        lc_json_set_str(o, "direction", e->down ? "down" : "up");
        lc_json_set_int(o, "statements", e->stmts);
    }
    if (e->stmt) {
        lc_json_set_int(o, "statement", e->stmt);
        lc_json_set_str(o, "class", lc_class_name(e->class));
    }
    if (e->kind == LC_RUN_STMT_DONE || e->kind == LC_RUN_MIGRATION_DONE)
        lc_json_set_int(o, "ms", (int64_t)e->ms);
    if (e->progress)
        add_progress(o, e->progress);
    if (e->text)
        lc_json_set_str(o, "text", e->text);
    if (e->error && e->error->code) {
        lc_json_set_int(o, "server_code", e->error->server_code);
        lc_json_set_str(o, "error", e->error->msg);
        lc_json_set_str(o, "hint", e->error->hint);
    }
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/*
 * Is setting i sent as it is? livecol itself sets some (lc_send_owns_setting), and of two with
 * one name the later holds.
 */
static bool is_sent_setting(const struct lc_sql_settings *all, size_t i)
{
    if (lc_send_owns_setting(all->v[2 * i]))
        return false;
    for (size_t k = i + 1; k < all->n; k++) {
        if (strcmp(all->v[2 * k], all->v[2 * i]) == 0)
            return false;
    }
    return true;
}

/*
 * Print the settings that go with a statement: those of the run, then those of the file, which
 * win. `file` may be NULL.
 */
static void echo_settings(const struct lc_strings *run, const struct lc_sql_settings *file)
{
    struct lc_sql_settings all = {0};
    struct lc_buf line;
    int rc = 0;

    lc_buf_init(&line, (size_t)1 << 26);

    for (size_t i = 0; i < run->n; i++)
        (void)lc_sql_settings_read(&all, run->v[i], strlen(run->v[i]));
    if (file)
        (void)lc_sql_settings_copy(&all, file);
    for (size_t i = 0; rc == 0 && i < all.n; i++) {
        if (is_sent_setting(&all, i))
            rc = lc_buf_addf(&line, "%s%s = %s", line.n ? ", " : "-- SETTINGS ", all.v[2 * i],
                             all.v[2 * i + 1]);
    }
    if (line.n && lc_buf_str(&line))
        lc_say("%s",
               lc_buf_str(&line)); /* a secret is hidden in the whole line, before it is cut */
    lc_buf_release(&line);
    lc_sql_settings_release(&all);
}

/*
 * The statement as it is written, line by line. Secrets are hidden in the whole of it: one may have several lines.
 */
static void echo_lines(struct lc_slice sql)
{
    char *text = strndup((const char *)sql.p, sql.n), *rest = text, *line;

    if (!text)
        return;
    lc_secret_redact(text);
    while ((line = strsep(&rest, "\n")) != NULL) {
        size_t n = strlen(line);

        lc_say("%.*s%s", (int)(n && line[n - 1] == '\r' ? n - 1 : n), line, rest ? "" : ";");
    }
    free(text);
}

/* --echo-sql: the statement, with its settings, and then the time that it took. */
static void echo_statement(const struct lc_teller *t, const struct lc_run_event *e)
{
    if (e->kind == LC_RUN_STMT_DONE) {
        lc_say("-- %s, statement %u of %u: %" PRIu64 " ms", e->version_text, e->stmt, e->stmts,
               e->ms);
        return;
    }
    echo_settings(&t->m->up.settings, e->settings);
    echo_lines(e->sql);
}

/* An event as text: what is printed goes to stdout, what is said to stderr. */
static void tell_text(struct lc_teller *t, const struct lc_run_event *e)
{
    bool quiet = t->m->global.quiet;

    switch (e->kind) {
    case LC_RUN_LOCK_WAIT:
    case LC_RUN_CHECKED:
    case LC_RUN_RETRY:
    case LC_RUN_UNKNOWN:
    case LC_RUN_REDERIVE:
        lc_say("%s", e->text);
        break;
    case LC_RUN_WARNING:
        lc_warn("%s", e->text);
        break;
    case LC_RUN_MUTATION:
        tell_progress(t, e);
        break;
    case LC_RUN_WOULD_REVERT:
        if (!quiet)
            printf("%s %s: would be reverted\n", e->version_text, e->name);
        break;
    case LC_RUN_MIGRATION_DONE:
        if (!quiet)
            printf("%s %s: %s in %.1f s\n", e->version_text, e->name,
                   e->down ? "reverted" : "applied", (double)e->ms / 1000);
        fflush(stdout);
        break;
    case LC_RUN_STMT_START:
    case LC_RUN_STMT_DONE:
        if (t->m->echo_sql)
            echo_statement(t, e);
        break;
    case LC_RUN_MIGRATION_START:
    case LC_RUN_MIGRATION_FAILED:
        break;
    }
}

void lc_teller_event(void *ctx, const struct lc_run_event *e)
{
    struct lc_teller *t = ctx;

    if (e->kind != LC_RUN_MUTATION)
        lc_message_erase();
    if (e->kind == LC_RUN_STMT_START || e->kind == LC_RUN_STMT_DONE ||
        e->kind == LC_RUN_MIGRATION_FAILED)
        forget_line(t, e->version);
    if (t->m->global.json)
        tell_json(t, e);
    else
        tell_text(t, e);
}

void lc_teller_done(struct lc_teller *t, const struct lc_up_report *report, bool down)
{
    const char *word = down ? "reverted" : "applied";

    lc_message_erase();
    if (t->m->global.json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "event", "done");
        lc_json_set_int(o, word, report->applied);
        if (!down)
            lc_json_set_int(o, "skipped", report->skipped);
        lc_json_set_int(o, "pending", report->pending);
        lc_json_set_bool(o, "dry_run", t->m->up.dry_run);
        lc_json_set_int(o, "ms", (int64_t)report->ms);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    if (t->m->global.quiet)
        return;
    if (t->m->up.dry_run)
        printf("dry run: would have %s %u, ", word, report->planned);
    else
        printf("%s %u, ", word, report->applied);
    if (down)
        printf("%u left in %.1f s\n", report->pending - (t->m->up.dry_run ? report->planned : 0),
               (double)report->ms / 1000);
    else
        printf("skipped %u in %.1f s\n", report->skipped, (double)report->ms / 1000);
}
