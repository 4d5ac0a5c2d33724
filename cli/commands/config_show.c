/* SPDX-License-Identifier: Apache-2.0 */
/* livecol config show: what holds of the options that commands share, and where it comes from. */
#include "base/json.h"
#include "base/secret.h"
#include "cli/commands/config.h"
#include "cli/commands/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1024 };

/*
 * What follows "(default: " in the help; "" where nothing does. The help texts are the one
 * place that names the defaults.
 */
static const char *default_of(const char *help, char out[VALUE_MAX])
{
    const char *at = strstr(help, "(default: ");

    out[0] = '\0';
    if (at) {
        at += strlen("(default: ");
        snprintf(out, VALUE_MAX, "%.*s", (int)strcspn(at, ")"), at);
    }
    return out;
}

/*
 * The value as one line, without secrets. Values of --var are not shown at all: any of them may
 * be a secret.
 */
static void value_of(const struct lc_option_use *u, char out[VALUE_MAX])
{
    if (!u->value)
        default_of(u->help, out);
    else
        snprintf(out, VALUE_MAX, "%s", strcmp(u->name, "var") == 0 ? "(set)" : u->value);
    lc_secret_redact(out);
    for (char *p = out; *p; p++) {
        if (*p == '\n')
            *p = ' ';
    }
}

/*
 * One option, as a line or an object. `from`: the command line, a variable's name, or
 * "default".
 */
static void show(const struct lc_global *g, const char *name, const char *value, const char *from)
{
    if (g->json) {
        struct lc_json *o = lc_json_object();

        lc_json_set_str(o, "option", name);
        lc_json_set_str(o, "value", value);
        lc_json_set_str(o, "from", from);
        lc_json_line(o, stdout);
        lc_json_free(o);
        return;
    }
    printf("%-18s  %-40s  %s\n", name, value, from);
}

/*
 * Only whether there is a password, and where it was found: it is no option, so g->uses does
 * not have it.
 */
static void show_password(const struct lc_global *g)
{
    static const char *const names[] = {"CLICKHOUSE_PASSWORD", "CLICKHOUSE_PASSWORD_FILE"};
    const char *from = "the URL";

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (getenv(names[i]))
            from = names[i];
    }
    show(g, "(password)", g->connect.password ? "(set)" : "",
         g->connect.password ? from : "default");
}

static int show_all(struct lc_frame_run *r, struct lc_error *err)
{
    const struct lc_global *g = &r->m.global;
    char value[VALUE_MAX];

    (void)err;
    for (size_t i = 0; i < g->uses_n; i++) {
        const struct lc_option_use *u = &g->uses[i];
        const char *from = u->from ? u->from : "default";

        value_of(u, value);
        /*
         * A URL that no --url gave is CLICKHOUSE_URL's: its name is not made like those of
         * other options.
         */
        if (!u->from && strcmp(u->name, "url") == 0) {
            snprintf(value, sizeof value, "%s", g->connect.url ? g->connect.url : "");
            lc_secret_redact(value);
            from = *value ? "CLICKHOUSE_URL" : from;
        }
        show(g, u->name, value, from);
    }
    show_password(g);
    return 0;
}

int lc_cmd_config_show(int argc, const char **argv)
{
    struct lc_frame_run r = {0};
    const struct lc_frame c = {
        .command =
            {.name = "config show",
             .synopsis = "[OPTIONS]",
             .about =
                 "Print the options that commands share, with their values and where each value "
                 "comes from: the command line, the environment, or the default. There is no "
                 "configuration file, and livecol contacts no server.",
             .connects = true,
             .examples = "LIVECOL_MIGRATIONS_DIR=db/migrations livecol config show"},
        .which = LC_MIGRATE_FILES | LC_MIGRATE_TRACKING | LC_MIGRATE_LOCK | LC_MIGRATE_RUN |
                 LC_MIGRATE_CHECKS | LC_MIGRATE_BACKFILL,
        .operands = "",
        .act = show_all,
    };

    return lc_frame_command(&c, &r, argc, argv);
}
