/* SPDX-License-Identifier: Apache-2.0 */
/* livecol inline: a column without the function that its DEFAULT calls; and the rescue. */
#include "base/format.h"
#include "base/json.h"
#include "cli/column/compare_rules.h"
#include "cli/column/replace_default.h"
#include "cli/commands/narrow.h"
#include "cli/commands/rescue.h"
#include "cli/sql/name.h"
#include "cli/term/message.h"
#include "udf/rules/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * May the column lose its function? Not while a part does not store it: its rows would be
 * computed by the new expression, or be empty. `stays`: the function is kept, and only its key
 * changes.
 */
static int check_column(const struct lc_column *d, bool stays, struct lc_error *err)
{
    uint64_t lacking = 0;
    int rc;

    if (strcmp(d->kind, "DEFAULT") != 0 && strcmp(d->kind, "MATERIALIZED") != 0)
        return lc_fail(err, LC_ERR_REFUSED, "%s.%s.%s has no DEFAULT to replace", d->database,
                       d->table, d->column);
    if (stays) /* the function is there, and answers for what is not stored as before */
        return 0;
    rc = lc_replace_lacking(d, &lacking, err);
    if (rc == 0 && lacking) {
        rc = lc_fail(err, LC_ERR_REFUSED,
                     "%" PRIu64 " row%s of %s.%s %s not store %s yet: computed by %s when read",
                     lacking, LC_S(lacking), d->database, d->table, lacking == 1 ? "does" : "do",
                     d->column, d->expr);
        lc_hint(err,
                "store it first: livecol backfill %s.%s.%s (18.16: ALTER TABLE … UPDATE %s = %s "
                "WHERE 1)",
                d->database, d->table, d->column, d->column, d->column);
    }
    return rc;
}

/*
 * Do the rules say what the function says? Asked for keys that are made from the rules, and so
 * for keys that the table does not have yet. Without --rules there is nothing to ask: 0.
 */
static int check_rules(struct lc_column *d, const struct lc_replace_source *source,
                       struct lc_error *err)
{
    const struct lc_column_call *c = NULL;
    struct lc_rules *rules = NULL;
    char *type = NULL;
    uint64_t compared = 0;
    int rc = source->rules ? lc_rules_open(&rules, source->rules, err) : 0;

    if (rc == 0 && rules)
        rc = lc_column_read_calls(d, err);
    /* Where there is not one call, lc_replace_expression says so. */
    if (rc == 0 && rules && lc_column_one_call(d, &c, NULL) == 0) {
        rc = lc_column_type_of_expr(d, c->argument, &type, err);
        if (rc == 0) {
            const struct lc_compare_call call = {.function = c->function,
                                                 .dictionary = c->dictionary,
                                                 .tuple = c->tuple,
                                                 .column_type = type,
                                                 .attribute = c->dictionary ? c->attribute
                                                              : source->attribute
                                                                  ? source->attribute
                                                                  : d->column};

            rc = lc_compare_with(d->b, &call, rules, source->rules, &compared, err);
        }
        if (rc == 0 && compared == 0)
            lc_say("keys of the type %s cannot be made up: those of the table are compared", type);
        else if (rc == 0)
            lc_say("%s answers %" PRIu64 " key%s as %s says", c->function, compared, LC_S(compared),
                   source->rules);
    }
    lc_rules_free(rules);
    free(type);
    return rc;
}

/* The function stays: *expr becomes the column's expression with the key narrow or whole. */
static int choose_narrow(struct lc_column *d, const struct lc_inline_options *o,
                         struct lc_buf *expr, struct lc_error *err)
{
    struct lc_rules *rules = NULL;
    bool narrow;
    int rc = o->source.rules ? lc_rules_open(&rules, o->source.rules, err) : 0;

    if (rc == 0)
        rc = lc_column_read_calls(d, err);
    if (rc == 0)
        rc = lc_narrow_choose(d, rules, o->narrow, expr, &narrow, err);
    lc_rules_free(rules);
    return rc;
}

/*
 * *expr becomes what takes the place of the column's expression. It is proven: it gives the
 * same for every distinct key that the table has, or nothing is changed.
 */
static int choose_expression(struct lc_column *d, const struct lc_inline_options *o,
                             struct lc_buf *expr, struct lc_error *err)
{
    uint64_t keys = 0;
    int rc = o->narrow ? choose_narrow(d, o, expr, err)
                       : lc_replace_expression(d, &o->source, expr, err);

    if (rc == 0 && !lc_buf_str(expr))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = lc_replace_compare(d, lc_buf_str(expr), o->r.m.up.cancel, &keys, err);
    if (rc == 0)
        lc_say("both give the same for every one of %" PRIu64 " distinct key%s", keys, LC_S(keys));
    return rc;
}

/* Whoever had the lock before may have changed the DEFAULT. */
static int look_again(struct lc_column *d, struct lc_error *err)
{
    struct lc_column now;
    int rc = lc_column_find(&now, d->b, d->database, d->table, d->column, err);

    lc_column_release(d);
    *d = now;
    return rc;
}

/*
 * Check, choose, prove, and send one ALTER … MODIFY COLUMN. It changes no stored value, so it
 * is done at once. --remove needs no proof: the stored values stay, and later rows get an empty
 * one.
 */
static int inline_column(struct lc_inline_options *o, struct lc_error *err)
{
    struct lc_column *d = &o->column;
    struct lc_buf expr, sql;
    struct lc_replace_change change;
    int rc = look_again(d, err);

    lc_buf_init(&expr, (size_t)1 << 20);
    lc_buf_init(&sql, (size_t)1 << 22);
    if (rc == 0)
        rc = check_column(d, o->narrow != NULL, err);
    if (rc == 0 && !o->remove)
        rc = check_rules(d, &o->source, err);
    if (rc == 0 && !o->remove)
        rc = choose_expression(d, o, &expr, err);
    if (rc == 0 && o->narrow && strcmp(lc_buf_str(&expr), d->expr) == 0) {
        lc_say("%s.%s.%s has it already: %s", d->database, d->table, d->column, d->expr);
    } else if (rc == 0) {
        change = (struct lc_replace_change){.column = d->column,
                                            .type = lc_column_type_to_say(d),
                                            .kind = d->kind,
                                            .expr = o->remove ? NULL : lc_buf_str(&expr)};
        if (lc_replace_alter(&sql, d->database, d->table, &change, 1) || !lc_buf_str(&sql))
            rc = lc_no_memory(err);
        if (rc == 0)
            rc = lc_inline_send(o, lc_buf_str(&sql), err);
    }
    lc_buf_release(&expr);
    lc_buf_release(&sql);
    return rc;
}

/* Is the operand a column's name? Only its form is checked. */
static int check_name(const char *text, struct lc_error *err)
{
    char *database, *table, *column;
    int rc = lc_column_name_parse(text, &database, &table, &column, err);

    free(database);
    free(table);
    free(column);
    return rc;
}

/*
 * Which options go together. `ways` counts what is to take the place of the function: one of
 * the three, but for --narrow never, which needs none.
 */
static int check_options(const struct lc_inline_options *o, struct lc_error *err)
{
    int ways = !!o->source.rules + !!o->source.dictionary + o->remove;
    int rc;

    if (o->rescue && o->narrow)
        return lc_fail(err, LC_ERR_USAGE,
                       "--narrow keeps the function, which --rescue says is gone");
    if (o->rescue) {
        rc = lc_migrate_operands(&o->r.m, 0, 0, "", err);
        if (rc == 0 && (ways > 1 || o->source.dictionary))
            rc = lc_fail(err, LC_ERR_USAGE, "--rescue takes --rules FILE or --remove");
        return rc;
    }
    rc = lc_migrate_operands(&o->r.m, 1, 1, "the column, as DATABASE.TABLE.COLUMN,", err);
    if (rc == 0 && ways != 1 && !(o->narrow && ways == 0 && strcmp(o->narrow, "never") == 0))
        rc = lc_fail(err, LC_ERR_USAGE, "give one of --rules FILE, --dictionary NAME and --remove");
    if (rc == 0)
        rc = lc_narrow_check_when(o->narrow, err);
    if (rc == 0 && o->narrow && (o->source.dictionary || o->remove))
        rc = lc_fail(err, LC_ERR_USAGE,
                     "--narrow keeps the function: it goes with --rules FILE alone");
    if (rc == 0 && o->force)
        rc = lc_fail(err, LC_ERR_USAGE, "--force goes with --rescue");
    return rc ? rc : check_name(o->r.m.rest.v[0], err);
}

/*
 * Before anything is connected. A dry run writes nothing, so it needs neither the tracking
 * table nor its lock.
 */
static int check(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_inline_options *o = r->ctx;

    if (r->m.up.cluster) {
        lc_fail(
            err, LC_ERR_USAGE,
            "inline changes the table on the connected server and its replicas, not on a cluster");
        lc_hint(err, "run it without --cluster, on one host of each shard");
        return LC_ERR_USAGE;
    }
    if (r->m.up
            .dry_run) { /* nothing is written: neither the tracking table nor its lock is needed */
        r->reach = LC_REACH_SERVER;
        r->lock = NULL;
    }
    return check_options(o, err);
}

/* Does the column exist? Asked before the lock, so that a wrong name does not wait for it. */
static int look(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_inline_options *o = r->ctx;

    return o->rescue ? 0 : lc_column_open(&o->column, &r->b, &r->m.global, r->m.rest.v[0], err);
}

static int act(struct lc_frame_run *r, struct lc_error *err)
{
    struct lc_inline_options *o = r->ctx;

    return o->rescue ? lc_inline_rescue(o, err) : inline_column(o, err);
}

static void finish(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    struct lc_inline_options *o = r->ctx;

    (void)rc;
    (void)err;
    lc_column_release(&o->column);
}

int lc_cmd_inline(int argc, const char **argv)
{
    struct lc_inline_options o = {.r.ctx = &o};
    const struct lc_option own[] = {
        {"rules", 0, LC_OPT_STRING, &o.source.rules, "FILE",
         "the function's rules, to be written as an expression; prefixes of up to 8 lengths"},
        {"dictionary", 0, LC_OPT_STRING, &o.source.dictionary, "NAME",
         "a dictionary on the server that holds the values, to be read by dictGet"},
        {"attribute", 0, LC_OPT_STRING, &o.source.attribute, "NAME",
         "attribute of the rules or the dictionary (default: the column's name)"},
        {"narrow", 0, LC_OPT_STRING, &o.narrow, "measured|always|never",
         "keep the function, and " LC_NARROW_WHEN_HELP},
        {"remove", 0, LC_OPT_FLAG, &o.remove, NULL,
         "leave no DEFAULT: INSERTs that do not give the column store an empty value"},
        {"rescue", 0, LC_OPT_STRING, &o.rescue, "FUNCTION",
         "the function is lost: change every column that depends on it, with one ALTER for each "
         "table"},
        {"force", 0, LC_OPT_FLAG, &o.force, NULL,
         "--rescue: even if the function is registered, or rows that are not stored become empty"},
        {"dry-run", 0, LC_OPT_FLAG, &o.r.m.up.dry_run, NULL, "check everything, change nothing"},
        {0},
    };
    const struct lc_frame c = {
        .command =
            {.name = "inline",
             .synopsis = "[OPTIONS] [DATABASE.]TABLE.COLUMN | --rescue FUNCTION",
             .about =
                 "Replace the function in a column's DEFAULT, once every part stores the column, "
                 "by a built-in expression that gives the same for every key of the table, or "
                 "remove the DEFAULT. INSERTs, merges and other ALTERs then work without the "
                 "function. With --rescue, for a function that is already lost, livecol changes "
                 "all columns that depend on it; until then their tables accept no other ALTER. "
                 "With --narrow the function stays, and only its argument changes.",
             .connects = true,
             .examples = "livecol inline analytics.events.region --rules config/region.csv\n"
                         "livecol inline analytics.events.region --dictionary regions --dry-run\n"
                         "livecol inline analytics.events.region --narrow measured \\\n"
                         "    --rules config/region.csv\n"
                         "livecol inline --rescue region_v1 --rules config/region.csv"},
        .which = LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK,
        .more = own,
        .most = SIZE_MAX,
        .operands = "",
        .reach = LC_REACH_TRACKING,
        .lock = "inline",
        .tells_wait = true,
        .check = check,
        .look = look,
        .act = act,
        .finish = finish,
    };

    return lc_frame_command(&c, &o.r, argc, argv);
}
