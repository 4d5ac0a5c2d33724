/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An option is LIVECOL_ and its name in capitals, so a variable's name is turned into the option's
 * that it would be, and that is looked for among the options of all commands: a variable may be set
 * for another command than the one that runs.
 */
#include "cli/term/environment.h"

#include "base/suggest.h"
#include "cli/term/message.h"
#include "cli/term/options.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PREFIX "LIVECOL_"

/* A longer name is not looked at: no option has one. */
enum { NAME_BYTES = 64 };

/*
 * Read without an option: where libchdb is; what a hook is given, which the livecol that it calls
 * inherits; what the tests and scripts of the source are told.
 */
static const char *const others[] = {"LIBCHDB",      "DATABASE",     "TABLE",     "COLUMN",
                                     "ROWS",         "PARTS",        "SECONDS",   "EXIT_CODE",
                                     "ERROR",        "BIN",          "UDF",       "SOURCE",
                                     "BUILD",        "LONG",         "CHDB_HTTP", "NODE_CLIENT",
                                     "NETWORKS",     "ARM64",        "ZOOKEEPER", "CLICKHOUSE_1816",
                                     "FUZZ_SECONDS", "HOSTILE_RUNS", NULL};

/* Families: of variables of a migration, and of the tests. */
static const char *const families[] = {"VAR_", "TEST_", "GUARD_", NULL};

/* One variable that is none of those above. */
struct odd {
    const char *name; /* as it is set */
    char as_option[NAME_BYTES];
    bool is_read, is_flag;
    struct lc_suggest near;
};

/* The name's bytes, where it begins with LIVECOL_, in any case; else 0. */
static size_t name_of(const char *entry)
{
    size_t n = strcspn(entry, "=");

    return strncasecmp(entry, PREFIX, strlen(PREFIX)) == 0 && n < NAME_BYTES ? n : 0;
}

static bool is_other(const char *entry, size_t n)
{
    const char *rest = entry + strlen(PREFIX);

    if (strncmp(entry, PREFIX, strlen(PREFIX)) != 0)
        return false;
    n -= strlen(PREFIX);
    for (size_t i = 0; others[i]; i++)
        if (strlen(others[i]) == n && strncmp(rest, others[i], n) == 0)
            return true;
    for (size_t i = 0; families[i]; i++)
        if (strncmp(rest, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

/* LIVECOL_LOCK_TIMEOUT is lock-timeout. */
static void name_option(struct odd *v, size_t n)
{
    size_t from = strlen(PREFIX);

    for (size_t i = from; i < n; i++)
        v->as_option[i - from] =
            (char)(v->name[i] == '_' ? '-' : tolower((unsigned char)v->name[i]));
    v->as_option[n - from] = '\0';
}

/* LC_OPT_FLAG is read from the command line alone, and so is an option whose name a hook is given. */
static void offer(void *ctx, const struct lc_option *o)
{
    struct odd *v = ctx;
    char env[LC_OPTION_ENV_BYTES];
    bool has_name = *lc_option_env(o, env) != '\0';

    v->is_read = v->is_read || (has_name && strlen(env) == strcspn(v->name, "=") &&
                                strncmp(env, v->name, strlen(env)) == 0);
    v->is_flag = v->is_flag || (o->kind == LC_OPT_FLAG && strcmp(o->name, v->as_option) == 0);
    if (has_name)
        lc_suggest_offer(&v->near, v->as_option, o->name);
}

static void warn(const struct odd *v)
{
    int n = (int)strcspn(v->name, "=");
    const struct lc_option nearest = {.name = v->near.best, .kind = LC_OPT_STRING};
    char env[LC_OPTION_ENV_BYTES];

    if (v->is_flag)
        lc_warn("%.*s is not read: --%s has no value, and is taken from the command line alone", n,
                v->name, v->as_option);
    else if (v->near.best)
        lc_warn("%.*s is not read: did you mean %s?", n, v->name,
                strcmp(v->near.best, "libchdb") == 0 ? PREFIX "LIBCHDB"
                                                     : lc_option_env(&nearest, env));
    else
        lc_warn("%.*s is not read: no option has this name (livecol COMMAND --help)", n, v->name);
}

void lc_environment_check(void (*each)(void))
{
    for (char **entry = environ; entry && *entry; entry++) {
        size_t n = name_of(*entry);
        struct odd v = {.name = *entry};

        if (n == 0 || is_other(*entry, n))
            continue;
        name_option(&v, n);
        lc_suggest_offer(&v.near, v.as_option, "libchdb");
        lc_options_walk(offer, &v);
        each();
        lc_options_walk(NULL, NULL);
        if (!v.is_read)
            warn(&v);
    }
}
