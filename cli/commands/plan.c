/* SPDX-License-Identifier: Apache-2.0 */
/* livecol plan: what up would do, statement by statement, and what to know before it does. */
#include "base/json.h"
#include "cli/column/preflight.h"
#include "cli/commands/plan_page.h"
#include "cli/commands/frame.h"
#include "cli/migrate/history.h"
#include "cli/migrate/cluster_check.h"
#include "cli/migrate/lint.h"
#include "cli/migrate/materialize.h"
#include "cli/migrate/rederive.h"
#include "cli/migrate/stale.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 160 }; /* of a statement, in its line of text */

/*
 * Where findings go, and how many of them up would refuse.
 *
 * For each statement: its line, then all that the checks of `up` say of it. What up would
 * refuse is a finding here, so that one plan shows all of them.
 */
struct printer {
    bool json;
    struct lc_plan_page *page; /* with --markdown; else NULL */
    struct lc_json *notes;     /* of the statement, with json; its object owns it */
    unsigned refused;
};

/*
 * A finding of the statement at hand. kind: "note", "hazard" (it may break something) or
 * "refused".
 */
static void print_note(struct printer *p, const char *kind, const char *text)
{
    if (p->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "kind", kind);
        lc_json_set_str(o, "text", text);
        lc_json_add(p->notes, o);
    } else if (p->page) {
        lc_plan_page_note(p->page, kind, text);
    } else {
        printf("       %s%s%s\n", strcmp(kind, "note") == 0 ? "" : kind,
               strcmp(kind, "note") == 0 ? "" : ": ", text);
    }
}

static void on_hazard(void *ctx, bool hazard, const char *text)
{
    print_note(ctx, hazard ? "hazard" : "note", text);
}

/*
 * What up would refuse is counted and printed, and does not end the plan: 0. Any other failure
 * is passed on. *one is the check's own error.
 */
static int take_refusal(struct printer *p, int rc, struct lc_error *one, struct lc_error *err)
{
    char text[sizeof one->msg + sizeof one->hint + 4];

    if (rc == 0)
        return 0;
    if (rc != LC_ERR_REFUSED) {
        lc_error_pass(err, one);
        return rc;
    }
    p->refused++;
    snprintf(text, sizeof text, "%s%s%s", one->msg, *one->hint ? "; " : "", one->hint);
    print_note(p, "refused", text);
    return 0;
}

/*
 * Begin a statement, i from 0. With --json *object becomes an object that the caller prints
 * when its notes are complete, and frees.
 */
static void print_statement(struct printer *p, const struct lc_plan_migration *m, unsigned i,
                            struct lc_json **object)
{
    const struct lc_plan_stmt *s = &m->stmts[i];
    char shown[SHOWN_BYTES * 4 + 8], flat[SHOWN_BYTES + 1];
    size_t n = s->text->n < SHOWN_BYTES ? s->text->n : SHOWN_BYTES, at = 0;
    bool space = false;

    for (size_t k = 0; k < n; k++) { /* newlines and what indents become one blank */
        char c = s->text->p[k];
        bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';

        if (!blank && space && at)
            flat[at++] = ' ';
        if (!blank)
            flat[at++] = c;
        space = blank;
    }
    flat[at] = '\0';
    lc_printable(flat, at, shown, sizeof shown);
    if (p->json) {
        *object = lc_json_object();
        lc_json_set_str(*object, "version", m->m->version_text);
        lc_json_set_str(*object, "name", m->m->name);
        lc_json_set_int(*object, "statement", i + 1);
        lc_json_set_int(*object, "statements", m->stmt_n);
        lc_json_set_int(*object, "line", (int64_t)s->text->line);
        lc_json_set_str(*object, "class", lc_class_name(s->parsed.class));
        lc_json_set_str(*object, "sql", s->formatted ? s->formatted : flat);
        p->notes = lc_json_array();
        lc_json_set(*object, "notes", p->notes);
    } else if (p->page) {
        lc_plan_page_statement(p->page, m, i);
    } else {
        printf("  %u/%u  %s: %s%s\n", i + 1, m->stmt_n, lc_class_name(s->parsed.class), shown,
               s->text->n > n ? " ..." : "");
    }
}

/* What is unsafe runs where the file says why, or with the flag. */
static void print_consent(struct printer *p, const struct lc_migrate *m,
                          const struct lc_plan_migration *pm, const struct lc_stmt *s)
{
    char text[400];

    if (s->class != LC_CLASS_DESTRUCTIVE && s->class != LC_CLASS_READERS)
        return;
    if (pm->m->allow_unsafe) {
        snprintf(text, sizeof text, "unsafe, allowed by the file: %.300s", pm->m->allow_unsafe);
        print_note(p, "note", text);
    } else if (!m->up.allow_unsafe) {
        p->refused++;
        print_note(p, "refused",
                   "unsafe: up runs it with -- migrate:allow-unsafe REASON in the file, or with "
                   "--allow-unsafe");
    }
}

/*
 * Print statement i of the migration, and what is to be known of it. The order matters:
 * lc_preflight_note takes the statement as done, and the looks after it see the tables as it
 * leaves them.
 */
static int plan_statement(struct printer *p, const struct lc_migrate *m, struct lc_preflight *d,
                          const struct lc_lint *h, const struct lc_plan_migration *pm, unsigned i,
                          struct lc_error *err)
{
    const struct lc_stmt *s = &pm->stmts[i].parsed;
    struct lc_json *object = NULL;
    struct lc_error one = LC_ERROR_INIT;
    struct lc_over over;
    bool in_the_way = false; /* what else is asked would fail by the same */
    int rc;

    print_statement(p, pm, i, &object);
    print_consent(p, m, pm, s);
    rc = lc_cluster_check_reach(h->cluster, h->facts, s, &one);
    rc = take_refusal(p, rc, &one, err);
    one = LC_ERROR_INIT;
    if (rc == 0) {
        d->schema.own_settings = pm->stmts[i].text->settings.n || m->up.settings.n;
        d->schema.rederives = pm->stmts[i].text->rederive;
        rc = lc_preflight_check_tables(d, s, lc_plan_may_be_done(pm, i), &one);
        in_the_way = rc != 0;
        rc = take_refusal(p, rc, &one, err);
        one = LC_ERROR_INIT;
    }
    if (rc == 0 && !in_the_way) {
        rc = lc_preflight_check(d, s, false, &one);
        if (rc == 0 && pm->stmts[i].text->rederive) {
            print_note(
                p, "note",
                "runs partition by partition, where a value differs, after earlier INSERTs have "
                "ended, until no row is left (on old servers in one mutation)");
            rc = lc_rederive_check(d, &pm->stmts[i], &one);
        }
        rc = take_refusal(p, rc, &one, err);
    }
    if (rc == 0) {
        one = LC_ERROR_INIT;
        rc = lc_materialize_check(h->plan, pm, i, h->b, &one);
        rc = take_refusal(p, rc, &one, err);
    }
    if (rc == 0)
        rc = lc_preflight_note(d, s, lc_plan_may_be_done(pm, i), err);
    if (rc == 0)
        rc = lc_over_look(h->cluster, s, h->plan, &over, err);
    if (rc == 0) {
        one = LC_ERROR_INIT;
        rc = lc_over_refuse(&over, m->up.strict, m->up.allow_unsafe, &one);
        rc = take_refusal(p, rc, &one, err);
    }
    if (rc == 0)
        rc = lc_stale_look(d, h->plan, &pm->stmts[i], on_hazard, p, err);
    if (rc == 0)
        rc = lc_lint_look(h, &pm->stmts[i], err);
    if (p->json && rc == 0)
        lc_json_line(object, stdout);
    if (p->page)
        lc_plan_page_end(p->page, pm, i);
    lc_json_free(object);
    return rc;
}

/*
 * All statements that are pending. `d` keeps what earlier ones make, so that a later one may
 * use it, though nothing has been sent.
 */
static int print_plan(struct printer *p, const struct lc_migrate *m, const struct lc_session *s,
                      const struct lc_abilities *facts, const struct lc_plan *plan,
                      struct lc_error *err)
{
    struct lc_lint_said said = {.n = 0};
    struct lc_preflight d = {.cluster = &s->cluster,
                             .b = s->b,
                             .facts = facts,
                             .rules = m->up.rules,
                             .allow_unsafe = m->up.allow_unsafe,
                             .keep_columns = m->up.keep_columns,
                             .say = on_hazard,
                             .ctx = p};
    const struct lc_lint h = {.cluster = &s->cluster,
                              .b = s->b,
                              .facts = facts,
                              .plan = plan,
                              .schema = &d.schema,
                              .said = &said,
                              .say = on_hazard,
                              .ctx = p};
    int rc = lc_preflight_leave(&d, s->tracking.database, s->tracking.table, err);

    for (size_t i = 0; rc == 0 && i < plan->n; i++) {
        const struct lc_plan_migration *pm = &plan->v[i];

        if (p->page)
            lc_plan_page_migration(p->page, pm);
        else if (!p->json)
            printf("%s %s%s\n", pm->m->version_text, pm->m->name,
                   pm->first    ? " (continues where it stopped)"
                   : pm->stmt_n ? ""
                                : ": contains no statement, nothing to do");
        /* Statements before `first` were done by a run that failed. */
        for (unsigned k = pm->first; rc == 0 && k < pm->stmt_n; k++)
            rc = plan_statement(p, m, &d, &h, pm, k, err);
    }
    lc_preflight_release(&d);
    lc_lint_forget(&said);
    return rc;
}

int lc_plan_show(const struct lc_migrate *m, const struct lc_session *s, bool markdown,
                 struct lc_error *err)
{
    struct lc_plan_page page;
    struct printer p = {.json = m->global.json && !markdown, .page = markdown ? &page : NULL};
    struct lc_abilities facts;
    struct lc_plan plan = {0};
    int rc = lc_abilities_ask(&facts, s->b, err);

    lc_plan_page_init(&page);
    if (rc == 0)
        rc = lc_plan_make(&plan, &s->files, &s->tracking, &m->up, false, err);
    if (rc == 0 && !m->up.allow_unsafe)
        rc = lc_history_refuse_again(s->b, &s->tracking, &s->files, &plan, err);
    if (rc == 0)
        rc = lc_plan_parse(&plan, s->b, &facts, err);
    if (rc == 0)
        rc = print_plan(&p, m, s, &facts, &plan, err);
    if (rc == 0 && p.page)
        rc = lc_plan_page_print(&page, &plan, s->b, err);
    else if (rc == 0 && !p.json)
        printf("%zu to apply, %u applied before\n", plan.n, plan.skipped);
    if (rc == 0 && p.refused)
        rc = lc_fail(err, LC_ERR_REFUSED, "up would refuse this: see above");
    lc_plan_page_release(&page);
    lc_plan_release(&plan);
    return rc;
}

static int check_form(struct lc_frame_run *r, struct lc_error *err)
{
    const bool *markdown = r->ctx;

    return *markdown && r->m.global.json
               ? lc_fail(err, LC_ERR_USAGE, "--markdown and --json exclude each other")
               : 0;
}

static int plan(struct lc_frame_run *r, struct lc_error *err)
{
    const bool *markdown = r->ctx;

    return lc_plan_show(&r->m, &r->s, *markdown, err);
}

int lc_cmd_plan(int argc, const char **argv)
{
    bool markdown = false;
    struct lc_frame_run r = {.ctx = &markdown};
    const struct lc_option options[] = {
        {"markdown", 0, LC_OPT_FLAG, &markdown, NULL,
         "print a page in Markdown, for a comment in a review"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "plan",
             .synopsis = "[OPTIONS]",
             .about =
                 "Show what up would do: each pending statement, the kind of change, its cost, "
                 "and its hazards. Nothing is changed. Exits with 3 if up would refuse.",
             .connects = true,
             .examples = "livecol plan --rules config/region.csv\n"
                         "livecol plan --markdown > comment.md"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_RANGE | LC_MIGRATE_CHECKS,
        .more = options,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .files = LC_FILES_READ,
        .failure = LC_FAILURE_READS,
        .check = check_form,
        .act = plan,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
