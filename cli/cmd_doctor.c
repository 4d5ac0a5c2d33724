/* livecol doctor: is all as it should be? Server, functions, lock, migrations, mutations. */
#include "cmd_migrate.h"

#include "defaults.h"
#include "facts.h"
#include "json.h"
#include "livecol_sql.h"
#include "plan.h"
#include "query.h"
#include "session.h"
#include "sqltext.h"
#include "stmt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct doctor {
    struct lc_session s;
    struct lc_facts facts;
    bool json;
    unsigned found;
};

static void say(struct doctor *d, bool good, const char *about, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void say(struct doctor *d, bool good, const char *about, const char *fmt, ...)
{
    char text[2048];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    d->found += !good;
    if (d->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "about", about);
        lc_json_set_bool(o, "ok", good);
        lc_json_set_str(o, "text", text);
        lc_json_line(o, stdout);
        lc_json_free(o);
    } else {
        printf("%-6s  %-10s  %s\n", good ? "ok" : "FOUND", about, text);
    }
}

/* Functions whose definition did not load. */
static int look_at_definitions(struct doctor *d, struct lc_error *err)
{
    struct lc_table t = {0};
    int rc;

    if (!d->facts.udf_table)
        return 0;
    rc = lc_query_read(d->s.b, lc_sql_udf_all, NULL, &t, err);
    for (size_t i = 0; rc == 0 && i < t.rows; i++) {
        const char *status = lc_table_at(&t, i, 1)->p;
        bool good = strcmp(status, "Success") == 0;

        say(d, good, "function", "%s: %s%s%s", lc_table_at(&t, i, 0)->p, good ? "loaded" : status,
            lc_table_at(&t, i, 2)->n ? ": " : "", lc_table_at(&t, i, 2)->p);
    }
    lc_table_release(&t);
    return rc;
}

/* A DEFAULT of the database, tried as an ALTER to the same DEFAULT would be. */
static int try_default(struct doctor *d, struct lc_defaults *defaults, const struct lc_table *t,
                       size_t row, struct lc_error *err)
{
    const char *database = lc_table_at(t, row, 0)->p, *table = lc_table_at(t, row, 1)->p;
    const char *column = lc_table_at(t, row, 2)->p;
    struct lc_error one = LC_ERROR_INIT;
    int rc = lc_defaults_check_column(defaults, database, table, column, lc_table_at(t, row, 3)->p,
                                      lc_table_at(t, row, 4)->p, lc_table_at(t, row, 5)->p, &one);

    if (rc == LC_ERR_REFUSED || rc == LC_ERR_SERVER) {
        say(d, false, "default", "%s.%s.%s: %s; %s", database, table, column, one.msg, one.hint);
        rc = 0;
    } else if (rc && rc != LC_ERR_INPUT) {
        *err = one;
    } else {
        rc = 0;
    }
    return rc;
}

static void on_default(void *ctx, bool warning, const char *text)
{
    say(ctx, !warning, "default", "%s", text);
}

static int look_at_defaults(struct doctor *d, struct lc_error *err)
{
    struct lc_defaults defaults = {
        .b = d->s.b, .facts = &d->facts, .allow_unsafe = true, .say = on_default, .ctx = d};
    struct lc_table t = {0};
    int rc = lc_query_read(d->s.b, lc_sql_default_columns, NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        rc = try_default(d, &defaults, &t, i, err);
    lc_table_release(&t);
    lc_defaults_release(&defaults);
    return rc;
}

static int look_at_lock(struct doctor *d, struct lc_error *err)
{
    struct lc_lock_info h;
    bool held;
    int rc = lc_lock_look(d->s.b, d->s.tracking.database, d->s.tracking.table, &held, &h, err);

    if (rc)
        return rc;
    if (!held)
        say(d, true, "lock", "free");
    else
        say(d, !h.stale, "lock", "held by livecol %s on %s, pid %s, since %s UTC%s", h.command,
            h.host, h.pid, h.since,
            h.stale ? ", without a heartbeat: the next run takes it over" : "");
    return 0;
}

static int look_at_migrations(struct doctor *d, struct lc_error *err)
{
    struct lc_problems problems = {0};
    size_t pending = 0;
    int rc = lc_plan_problems(&d->s.files, &d->s.tracking, &problems);

    if (rc)
        return lc_fail(err, rc, "no memory for the problems");
    for (size_t i = 0; i < problems.n; i++)
        say(d, false, "files", "%s: %s", problems.v[i].file, problems.v[i].text);
    lc_problems_release(&problems);
    for (size_t i = 0; i < d->s.files.n; i++) {
        const struct lc_migration *m = &d->s.files.v[i];
        const struct lc_track_version *v = lc_tracking_find(&d->s.tracking, m->version);

        if (!v || v->status == LC_TRACK_PENDING)
            pending++;
        else if (v->status != LC_TRACK_APPLIED)
            say(d, false, "migration", "%s %s is %s at statement %u%s%s", m->version_text, m->name,
                lc_track_status_name(v->status), v->open ? v->open : v->done + 1,
                *v->error ? ": " : "", v->error);
    }
    if (pending)
        say(d, false, "migration", "%zu pending", pending);
    else
        say(d, true, "migration", "none pending");
    return 0;
}

static int look_at_mutations(struct doctor *d, struct lc_error *err)
{
    struct lc_table t = {0};
    int rc = lc_query_read(d->s.b,
                           d->facts.fail_reason ? lc_sql_mutations_unfinished
                                                : lc_sql_mutations_unfinished_plain,
                           NULL, &t, err);

    for (size_t i = 0; rc == 0 && i < t.rows; i++)
        say(d, false, "mutation", "%s.%s %s (%s), %s parts to do, since %s UTC%s%s",
            lc_table_at(&t, i, 0)->p, lc_table_at(&t, i, 1)->p, lc_table_at(&t, i, 2)->p,
            lc_table_at(&t, i, 3)->p, lc_table_at(&t, i, 4)->p, lc_table_at(&t, i, 6)->p,
            lc_table_at(&t, i, 5)->n ? ": " : "", lc_table_at(&t, i, 5)->p);
    if (rc == 0 && t.rows == 0)
        say(d, true, "mutation", "none unfinished");
    lc_table_release(&t);
    return rc;
}

static int look(struct doctor *d, struct lc_error *err)
{
    int rc = lc_facts_ask(&d->facts, d->s.b, err);

    if (rc)
        return rc;
    say(d, true, "server", "%s, version %s", lc_backend_where(d->s.b), lc_backend_version(d->s.b));
    rc = look_at_definitions(d, err);
    if (rc == 0)
        rc = look_at_defaults(d, err);
    if (rc == 0)
        rc = look_at_lock(d, err);
    if (rc == 0 && d->s.files.dir)
        rc = look_at_migrations(d, err);
    return rc ? rc : look_at_mutations(d, err);
}

int lc_cmd_doctor(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "doctor",
        .synopsis = "[OPTIONS]",
        .about = "Look for what is, or will be, wrong: functions that did not load, DEFAULTs that "
                 "do not answer, a lock left behind, migrations that failed, mutations that hang. "
                 "Exits with 8 where something is found.",
        .connects = true,
        .examples = "livecol doctor\nlivecol doctor --json",
    };
    struct lc_migrate m = {0};
    struct lc_error err = LC_ERROR_INIT;
    struct doctor d = {0};
    struct lc_backend *b = NULL;
    int rc =
        lc_migrate_parse(&m, cmd, LC_MIGRATE_FILES | LC_MIGRATE_TRACKING, NULL, argc, argv, &err);

    d.json = m.global.json;
    if (rc == 0)
        rc = lc_migrate_operands(&m, 0, 0, "", &err);
    if (rc == 0)
        rc = lc_global_open(&m.global, &b, &err);
    if (rc == 0)
        rc = lc_session_open(&d.s, b, &m.up, lc_migrate_has_files(&m), &err);
    if (rc == 0)
        rc = look(&d, &err);
    lc_session_end(&d.s);
    lc_backend_free(b);
    return rc == 0 && d.found ? 8 : lc_migrate_end(rc, &err);
}
