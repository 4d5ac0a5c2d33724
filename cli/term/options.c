/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each command has one table; the common options and the connection's are two more. All three become
 * popt's table, the help, and the names that the environment is asked for. Precedence: the command
 * line, then the environment, then the value that the variable had before.
 */
#include "cli/term/options.h"

#include "base/strings.h"
#include "base/suggest.h"
#include "cli/term/connection.h"
#include "cli/term/message.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * HELP_COLUMN: where an option's text begins. GROUP_MAX counts the entry that ends a group;
 * OPTIONS_MAX is for all groups of a command.
 */
enum { HELP_WIDTH = 80, HELP_COLUMN = 28, GROUP_MAX = 16, OPTIONS_MAX = 64 };

/* The options that every command has, into out[GROUP_MAX]. */
static void common_group(struct lc_option *out, struct lc_global *g)
{
    const struct lc_option options[] = {
        {"json", 0, LC_OPT_FLAG, &g->json, NULL, "print data as JSON, one object per line"},
        {"quiet", 'q', LC_OPT_FLAG, &g->quiet, NULL, "print only warnings and errors"},
        {"verbose", 'v', LC_OPT_FLAG, &g->verbose, NULL,
         "also print settings from the environment, the server's version, and each statement of "
         "a migration as it is sent"},
        {"no-color", 0, LC_OPT_FLAG, &g->no_color, NULL, "no colour (also: NO_COLOR)"},
        {"help", 'h', LC_OPT_FLAG, &g->help, NULL, "print this help"},
        {0},
    };

    memcpy(out, options, sizeof options);
}

/* The options of the commands that connect, into out[GROUP_MAX]. */
static void connect_group(struct lc_option *out, struct lc_connect_options *c)
{
    const struct lc_option options[] = {
        {"url", 'u', LC_OPT_STRING, &c->url, "URL",
         "the server: http(s)://user@host:port/database (default: CLICKHOUSE_URL); its password "
         "comes from CLICKHOUSE_PASSWORD or CLICKHOUSE_PASSWORD_FILE"},
        {"backend", 0, LC_OPT_STRING, &c->backend, "http|embedded",
         "http: a server; embedded: the engine in this process (default: http)"},
        {"path", 0, LC_OPT_STRING, &c->path, "DIR",
         "embedded: the data folder; only up creates it"},
        {"scripts", 0, LC_OPT_STRING, &c->scripts, "DIR",
         "embedded: the folder of function programs (default: PATH/user_scripts)"},
        {"functions", 0, LC_OPT_STRING, &c->functions, "GLOB",
         "embedded: the functions' XML files (default: PATH/*_function.xml)"},
        {"ca-cert", 0, LC_OPT_STRING, &c->ca_cert, "FILE",
         "https: PEM file of trusted certificate authorities (default: the system's)"},
        {"cert", 0, LC_OPT_STRING, &c->cert, "FILE", "https: PEM file of the client certificate"},
        {"key", 0, LC_OPT_STRING, &c->key, "FILE", "https: PEM file of its private key"},
        {"connect-timeout", 0, LC_OPT_ABOVE, &c->connect_timeout_s, "SECONDS",
         "give up connecting after this long (default: 10)"},
        {"timeout", 0, LC_OPT_ABOVE, &c->timeout_s, "SECONDS",
         "give up waiting for an answer after this long (default: 300)"},
        {0},
    };

    memcpy(out, options, sizeof options);
}

/*
 * Decimal digits, then k, M or G at most. The first byte is looked at since strtoull takes
 * blanks and a sign.
 */
static int set_uint(uint64_t *out, const char *name, const char *text, struct lc_error *err)
{
    unsigned long long v, unit = 1;
    char *end;

    errno = 0;
    v = strtoull(text, &end, 10);
    if (*end == 'k' || *end == 'K')
        unit = 1000;
    else if (*end == 'M')
        unit = 1000000;
    else if (*end == 'G')
        unit = 1000000000;
    if (unit > 1)
        end++;
    if (text[0] < '0' || text[0] > '9' || *end || errno || v > UINT64_MAX / unit)
        return lc_fail(err, LC_ERR_USAGE, "--%s takes a whole number, not \"%s\"", name, text);
    *out = v * unit;
    return 0;
}

/* inf and nan are no numbers here. */
static int set_double(double *out, const char *name, const char *text, struct lc_error *err)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || *end || !isfinite(v))
        return lc_fail(err, LC_ERR_USAGE, "--%s takes a number, not \"%s\"", name, text);
    *out = v;
    return 0;
}

/* Append to a list; the list itself is kept until exit. */
static int add_string(struct lc_strings *list, const char *s, struct lc_error *err)
{
    const char **more = malloc((list->n + 1) * sizeof *more);

    if (!more || !lc_keep((char *)more))
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the command line");
    if (list->n)
        memcpy(more, list->v, list->n * sizeof *more);
    more[list->n] = s;
    list->v = more;
    list->n++;
    return 0;
}

/*
 * Takes over arg, which is NULL for a flag, and puts it where the option says. The text lives
 * until exit.
 */
static int set_value(const struct lc_option *o, char *arg, struct lc_error *err)
{
    const char *text;
    int rc;

    if (o->kind == LC_OPT_FLAG) {
        *(bool *)o->value = true;
        return 0;
    }
    text = lc_keep(arg);
    if (!text)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the command line");
    switch (o->kind) {
    case LC_OPT_UINT:
        return set_uint(o->value, o->name, text, err);
    case LC_OPT_COUNT:
        rc = set_uint(o->value, o->name, text, err);
        return rc || *(const uint64_t *)o->value
                   ? rc
                   : lc_fail(err, LC_ERR_USAGE, "--%s takes a whole number from 1", o->name);
    case LC_OPT_DOUBLE:
        return set_double(o->value, o->name, text, err);
    case LC_OPT_ABOVE:
        rc = set_double(o->value, o->name, text, err);
        return rc || *(const double *)o->value > 0
                   ? rc
                   : lc_fail(err, LC_ERR_USAGE, "--%s takes a number above 0", o->name);
    case LC_OPT_LIST:
        return add_string(o->value, text, err);
    default:
        *(const char **)o->value = text;
        return 0;
    }
}

/* Every option of the command, as livecol's table and as popt's: `all` ends with name NULL. */
struct option_set {
    struct lc_option all[OPTIONS_MAX + 1];
    struct poptOption popt[OPTIONS_MAX + 1];
    struct lc_option_use uses[OPTIONS_MAX];
    size_t n;
};

/*
 * Append a table to the command's. `val` is the place + 1: poptGetNextOpt does not return
 * options whose val is 0.
 */
static int add_group(struct option_set *set, const struct lc_option *group, struct lc_error *err)
{
    for (; group && group->name; group++) {
        if (set->n == OPTIONS_MAX)
            return lc_fail(err, LC_ERR_USAGE, "a command has more than %d options", OPTIONS_MAX);
        set->all[set->n] = *group;
        set->uses[set->n] = (struct lc_option_use){.name = group->name, .help = group->help};
        set->popt[set->n] = (struct poptOption){
            .longName = group->name,
            .shortName = group->short_name,
            .argInfo = group->kind == LC_OPT_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
            .val = (int)set->n + 1,
        };
        set->n++;
    }
    return 0;
}

/*
 * Always LC_ERR_USAGE. What is shown is the name alone: a value that was typed after = may be a
 * secret.
 */
static int bad_option(const struct lc_command *cmd, const struct option_set *set, poptContext con,
                      int popt_rc, struct lc_error *err)
{
    const char *typed = poptBadOption(con, POPT_BADOPTION_NOALIAS);
    struct lc_suggest near = {0};
    char name[64];

    snprintf(name, sizeof name, "%.*s", (int)strcspn(typed, "="), typed);
    if (popt_rc == POPT_ERROR_NOARG)
        return lc_fail(err, LC_ERR_USAGE, "%s needs a value", name);
    if (popt_rc == POPT_ERROR_UNWANTEDARG)
        return lc_fail(err, LC_ERR_USAGE, "%s takes no value", name);
    if (popt_rc != POPT_ERROR_BADOPT)
        return lc_fail(err, LC_ERR_USAGE, "%s: %s", name, poptStrerror(popt_rc));
    lc_fail(err, LC_ERR_USAGE, "unknown option %s", name);
    if (strncmp(name, "--", 2) == 0)
        for (size_t i = 0; i < set->n; i++)
            lc_suggest_offer(&near, name + 2, set->all[i].name);
    if (near.best)
        lc_hint(err, "did you mean --%s?", near.best);
    else
        lc_hint(err, "livecol %s --help lists the options", cmd->name);
    return LC_ERR_USAGE;
}

const char *lc_option_env(const struct lc_option *o, char out[LC_OPTION_ENV_BYTES])
{
    /* What a hook is given: the livecol that it calls is to be none the wiser. */
    static const char *const hooks[] = {"table", "column", "rows", "error", "exit-code", NULL};
    size_t n;

    out[0] = '\0';
    for (size_t i = 0; hooks[i]; i++) {
        if (strcmp(o->name, hooks[i]) == 0)
            return out;
    }
    if (o->kind == LC_OPT_FLAG)
        return out;
    n = (size_t)snprintf(out, LC_OPTION_ENV_BYTES, "LIVECOL_%s", o->name);
    for (size_t i = 0; i < n && out[i]; i++)
        out[i] = (char)(out[i] == '-' ? '_' : toupper((unsigned char)out[i]));
    return out;
}

/* Give the option the value, or a list each line of it. */
static int set_from_environment(const struct lc_option *o, const char *text, struct lc_error *err)
{
    int rc = 0;

    while (rc == 0 && *text) {
        size_t n = o->kind == LC_OPT_LIST ? strcspn(text, "\n") : strlen(text);

        if (n)
            rc = set_value(o, strndup(text, n), err);
        text += n + (text[n] == '\n');
    }
    return rc;
}

/* Only what the command line has not set. */
static int take_environment(struct option_set *set, struct lc_error *err)
{
    char name[LC_OPTION_ENV_BYTES];
    int rc = 0;

    lc_message_from_environment(NULL, NULL);
    for (size_t i = 0; rc == 0 && i < set->n; i++) {
        const char *text = *lc_option_env(&set->all[i], name) ? getenv(name) : NULL;

        if (!text || !*text || set->uses[i].from)
            continue;
        rc = set_from_environment(&set->all[i], text, err);
        if (rc)
            lc_error_prefix(err, "%s: ", name);
        set->uses[i].value = text;
        set->uses[i].from = lc_keep(strdup(name));
        if (set->uses[i].from)
            lc_message_from_environment(set->all[i].name, set->uses[i].from);
    }
    return rc;
}

/* What was made of each option that takes a value, for config show. */
static int keep_uses(const struct option_set *set, struct lc_global *global, struct lc_error *err)
{
    struct lc_option_use *uses = malloc((set->n + 1) * sizeof *uses);

    if (!uses || !lc_keep((char *)uses))
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the command line");
    for (size_t i = 0; i < set->n; i++) {
        if (set->all[i].kind != LC_OPT_FLAG)
            uses[global->uses_n++] = set->uses[i];
    }
    global->uses = uses;
    return 0;
}

/* With --verbose. The values of --var are a migration's and may be secrets. */
static void say_environment(const struct lc_global *global)
{
    for (size_t i = 0; i < global->uses_n; i++) {
        const struct lc_option_use *u = &global->uses[i];

        if (u->from && strncmp(u->from, "LIVECOL_", strlen("LIVECOL_")) == 0)
            lc_say("--%s %s, by %s", u->name, strcmp(u->name, "var") == 0 ? "…" : u->value,
                   u->from);
    }
}

static int parse_args(const struct lc_command *cmd, struct option_set *set, int argc,
                      const char **argv, struct lc_strings *rest, struct lc_error *err)
{
    poptContext con = poptGetContext("livecol", argc, argv, set->popt, POPT_CONTEXT_NO_EXEC);
    const char **operands;
    int rc = 0, val = -1;

    if (!con)
        return lc_fail(err, LC_ERR_NOMEM, "no memory for the command line");
    /* Returns the option's val; -1 after the last option; another negative number is an error. */
    while (!rc && (val = poptGetNextOpt(con)) > 0) {
        char *arg = poptGetOptArg(con);

        set->uses[val - 1].value = arg;
        set->uses[val - 1].from = "command line";
        rc = set_value(&set->all[val - 1], arg, err);
    }
    if (!rc && val < -1)
        rc = bad_option(cmd, set, con, val, err);
    operands = rc ? NULL : poptGetArgs(con);
    for (; !rc && operands && *operands; operands++) {
        const char *s = lc_keep(strdup(*operands));

        rc = s ? add_string(rest, s, err) : lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    poptFreeContext(con);
    return rc;
}

/* A short name that the command has for itself is not the common option's too. */
static void yield_short_names(struct lc_option *group, const struct lc_option *own)
{
    for (; group->name; group++)
        for (const struct lc_option *o = own; o && o->name; o++)
            if (o->short_name == group->short_name)
                group->short_name = 0;
}

static struct {
    void (*take)(void *ctx, const struct lc_option *o);
    void *ctx;
} walk;

void lc_options_walk(void (*take)(void *ctx, const struct lc_option *o), void *ctx)
{
    walk.take = take;
    walk.ctx = ctx;
}

/* An error before --json was parsed is told as the others are. */
static bool is_typed(int argc, const char **argv, const char *word)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

int lc_options_parse(const struct lc_command *cmd, int argc, const char **argv,
                     struct lc_global *global, struct lc_strings *rest, struct lc_error *err)
{
    struct lc_option common[GROUP_MAX], connect[GROUP_MAX];
    struct lc_connect_options given = {0};
    struct option_set set = {0};
    int rc;

    *global = (struct lc_global){0};
    *rest = (struct lc_strings){0};
    common_group(common, global);
    connect_group(connect, &given);
    yield_short_names(common, cmd->options);
    yield_short_names(connect, cmd->options);
    rc = add_group(&set, cmd->options, err);
    if (!rc && cmd->connects)
        rc = add_group(&set, connect, err);
    if (!rc)
        rc = add_group(&set, common, err);
    if (!rc && walk.take) {
        for (size_t i = 0; i < set.n; i++)
            walk.take(walk.ctx, &set.all[i]);
        return LC_HELP_PRINTED;
    }
    if (!rc)
        rc = parse_args(cmd, &set, argc, argv, rest, err);
    global->json = global->json || (rc && is_typed(argc, argv, "--json"));
    /* Before the environment: a wrong variable must not hide the help. */
    if (!rc && global->help) {
        lc_options_help(cmd);
        return LC_HELP_PRINTED;
    }
    if (!rc)
        rc = take_environment(&set, err);
    if (!rc)
        rc = keep_uses(&set, global, err);
    lc_message_init(global->no_color, global->quiet);
    if (!rc && cmd->connects)
        rc = lc_connection_settle(global, &given, err);
    if (!rc && global->verbose)
        say_environment(global);
    return rc;
}

/* Print words from column `at` on, wrapped at HELP_WIDTH with `indent` blanks on further lines. */
static void print_wrapped(const char *text, size_t at, size_t indent)
{
    bool first = true;

    while (*text) {
        size_t n = strcspn(text, " \n");

        if (!first && at + 1 + n > HELP_WIDTH) {
            printf("\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        printf("%s%.*s", first ? "" : " ", (int)n, text);
        at += n + (first ? 0 : 1);
        first = false;
        text += n;
        text += strspn(text, " \n");
    }
    putchar('\n');
}

/* "  -u, --url URL      text", the text on a line of its own where the left side is too long. */
static void print_option(const struct lc_option *o)
{
    char left[128], help[512], env[LC_OPTION_ENV_BYTES];
    int n;

    if (o->short_name)
        n = snprintf(left, sizeof left, "  -%c, --%s", o->short_name, o->name);
    else
        n = snprintf(left, sizeof left, "      --%s", o->name);
    if (o->arg && n >= 0 && (size_t)n < sizeof left)
        n += snprintf(left + n, sizeof left - (size_t)n, " %s", o->arg);
    if (n < 0)
        return;
    if (n > HELP_COLUMN - 2)
        printf("%s\n%*s", left, HELP_COLUMN, "");
    else
        printf("%-*s", HELP_COLUMN, left);
    lc_option_env(o, env);
    snprintf(help, sizeof help, "%s%s%s%s", o->help, *env ? " [" : "", env, *env ? "]" : "");
    print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

static void print_group(const char *title, const struct lc_option *group)
{
    if (!group || !group->name)
        return;
    printf("\n%s:\n", title);
    for (; group->name; group++)
        print_option(group);
}

void lc_options_help(const struct lc_command *cmd)
{
    struct lc_option common[GROUP_MAX], connect[GROUP_MAX];
    struct lc_connect_options given = {0};
    struct lc_global global = {0};

    common_group(common, &global);
    connect_group(connect, &given);
    yield_short_names(common, cmd->options);
    yield_short_names(connect, cmd->options);
    printf("Usage: livecol %s %s\n\n", cmd->name, cmd->synopsis);
    print_wrapped(cmd->about, 0, 0);
    print_group("Options", cmd->options);
    if (cmd->connects)
        print_group("Connection", connect);
    print_group("Common options", common);
    if (cmd->examples)
        printf("\nExamples:\n%s\n", cmd->examples);
}
