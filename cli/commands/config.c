/* SPDX-License-Identifier: Apache-2.0 */
/* livecol config function, dictionary, all, install, uninstall */
#include "cli/commands/config.h"

#include "cli/column/rule_expression.h"
#include "base/files.h"
#include "base/json.h"
#include "cli/column/dependents.h"
#include "cli/commands/frame.h"
#include "cli/deploy/install.h"
#include "cli/server/connect.h"
#include "cli/term/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MAX = 1 << 20, OPTIONS_MAX = 25 };

/*
 * One run of a command of config. `setup` is what the XML or SQL is made of, `place` where it
 * goes.
 */
struct request {
    struct lc_frame_run r;
    const char *command; /* "config function": for messages */
    struct lc_server_xml setup;
    struct lc_install_options place;
    const char *out, *what; /* --out: a folder, NULL: stdout; --what, as typed */
    const char *as;         /* program or sql; NULL: program */
    bool dry_run, offline;  /* as typed */
};

/*
 * Which options a command takes besides the names.
 *
 *                RULES   OUT   FOLDERS   OFFLINE   AS
 *   function       x      x                         x
 *   dictionary     x      x
 *   all            x      x
 *   install        x              x
 *   uninstall                     x         x
 */
enum { TAKES_RULES = 1, TAKES_OUT = 2, TAKES_FOLDERS = 4, TAKES_OFFLINE = 8, TAKES_AS = 16 };

/*
 * Append the options about rules and what answers by them. Returns how many: the next option
 * goes after them.
 */
static size_t add_rules_options(struct lc_option *to, struct lc_server_xml *s)
{
    const struct lc_option options[] = {
        {"rules", 0, LC_OPT_STRING, &s->rules_path, "FILE", "the rules: CSV, or compiled"},
        {"target", 0, LC_OPT_STRING, &s->target, "26.7|18.16", "the server (default: 26.7)"},
        {"key", 'k', LC_OPT_STRING, &s->key, "NAME", "the key column's name (default: key)"},
        {"attribute", 'a', LC_OPT_LIST, &s->attributes, "NAME",
         "an attribute to return; may be repeated (default: all; one function each: region_v1 "
         "for the first, then region_v1_tier)"},
        {"type", 't', LC_OPT_LIST, &s->types, "TYPE",
         "the attribute's type; repeat it for each attribute (default: LowCardinality(String); "
         "in a dictionary String)"},
        {"argument", 0, LC_OPT_STRING, &s->argument, "TYPE",
         "the function's argument type: what the server casts a key to (default: String, or the "
         "type that the bounds of ranges need). \"Nullable(String)\" accepts NULL"},
        {"format", 0, LC_OPT_STRING, &s->format, "Native|RowBinary|TabSeparated",
         "format of rows in both directions (default: Native)"},
        {"layout", 0, LC_OPT_STRING, &s->layout, "LAYOUT",
         "layout of the dictionary: complex_key_direct, complex_key_cache, complex_key_hashed, "
         "regexp_tree (default: chosen by the rules and the target)"},
        {"pool-size", 0, LC_OPT_COUNT, &s->pool_size, "N",
         "maximum number of processes (default: 16)"},
        {"sandbox", 0, LC_OPT_FLAG, &s->sandbox, NULL,
         "livecol-udf ends if the kernel offers no sandbox; without this option it then runs "
         "unsandboxed"},
        {"cache-cells", 0, LC_OPT_COUNT, &s->cache_cells, "N",
         "number of cells of complex_key_cache (default: 1048576)"},
    };

    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* Append the folders of the server on this machine; with `rules` also what to install. */
static size_t add_place_options(struct lc_option *to, struct request *q, bool rules)
{
    const struct lc_option options[] = {
        {"scripts", 0, LC_OPT_STRING, &q->place.scripts, "DIR", "the server's user_scripts_path"},
        {"config", 0, LC_OPT_STRING, &q->place.config, "DIR",
         "the folder of the server's config.xml"},
        {"what", 0, LC_OPT_STRING, &q->what, "function|dictionary|all",
         "what to install (default: function, if the target has functions, else dictionary)"},
    };
    size_t n = rules ? 3 : 2; /* what there is to install, the rules say */

    memcpy(to, options, n * sizeof *options);
    return n;
}

/*
 * Append where XML is printed to. --scripts is here the path on a server that may be another
 * machine: it is written into the XML and not looked at.
 */
static size_t add_out_options(struct lc_option *to, struct request *q)
{
    const struct lc_option options[] = {
        {"out", 'o', LC_OPT_STRING, &q->out, "DIR",
         "write files into this folder instead of stdout"},
        {"scripts", 0, LC_OPT_STRING, &q->setup.scripts, "DIR",
         "the server's user_scripts_path (default: /var/lib/clickhouse/user_scripts)"},
    };

    memcpy(to, options, sizeof options);
    return sizeof options / sizeof *options;
}

/* The options of one command, in the order of its help; to ends with a name NULL. */
static void collect(struct lc_option to[OPTIONS_MAX], struct request *q, unsigned takes)
{
    size_t n = 0;

    to[n++] =
        (struct lc_option){"name",         0,      LC_OPT_STRING,
                           &q->setup.name, "NAME", "name of the function or dictionary: region"};
    to[n++] = (struct lc_option){"version",         0,   LC_OPT_COUNT,
                                 &q->setup.version, "N", "its version: 1 makes region_v1"};
    if (takes & TAKES_RULES)
        n += add_rules_options(to + n, &q->setup);
    if (takes & TAKES_OUT)
        n += add_out_options(to + n, q);
    if (takes & TAKES_FOLDERS)
        n += add_place_options(to + n, q, takes & TAKES_RULES);
    if (takes & TAKES_AS)
        to[n++] = (struct lc_option){
            "as",
            0,
            LC_OPT_STRING,
            &q->as,
            "program|sql",
            "program: the XML of livecol-udf; sql: a CREATE FUNCTION of built-in "
            "expressions, which needs no program on any host (default: program)"};
    if (takes & TAKES_OFFLINE)
        to[n++] = (struct lc_option){
            "offline",   0,    LC_OPT_FLAG,
            &q->offline, NULL, "do not ask a server whether a column still depends on it"};
    if (takes & (TAKES_OUT | TAKES_FOLDERS))
        to[n++] = (struct lc_option){"dry-run",   0,    LC_OPT_FLAG,
                                     &q->dry_run, NULL, "print what would be done, change nothing"};
    to[n] = (struct lc_option){0};
}

/* All of a command is in its options: an operand is a mistake. */
static int check_operands(struct lc_frame_run *r, struct lc_error *err)
{
    const struct request *q = r->ctx;

    return r->m.rest.n ? lc_fail(err, LC_ERR_USAGE, "%s takes no operands: '%s'", q->command,
                                 r->m.rest.v[0])
                       : 0;
}

static void finish(struct lc_frame_run *r, int rc, struct lc_error *err)
{
    struct request *q = r->ctx;

    (void)rc;
    (void)err;
    lc_server_xml_release(&q->setup);
}

/* Run one of the commands of config. Returns the exit code. */
static int run(struct lc_command command, unsigned takes,
               int (*act)(struct lc_frame_run *r, struct lc_error *err), int argc,
               const char **argv)
{
    struct request q = {
        .command = command.name, .r.ctx = &q, .setup.pool_size = 16, .setup.cache_cells = 1048576};
    struct lc_option options[OPTIONS_MAX];
    const struct lc_frame c = {
        .command = command,
        .more = options,
        .most = SIZE_MAX,
        .check = check_operands,
        .act = act,
        .finish = finish,
    };

    collect(options, &q, takes);
    return lc_frame_command(&c, &q.r, argc, argv);
}

/* Another install or uninstall has the folders: said once, before the wait. */
static void on_waiting(void *ctx, const char *folder)
{
    (void)ctx;
    lc_say("waiting for another livecol config in %s", folder);
}

/* What was done, or would be, with a file: the tables are by enum lc_install_did. */
static void on_file(void *ctx, enum lc_install_did did, const char *path)
{
    static const char *const done[] = {"kept", "wrote", "replaced", "removed"};
    static const char *const would[] = {"would keep", "would write", "would replace",
                                        "would remove"};
    static const char *const events[] = {"kept", "written", "replaced", "removed"};
    const struct request *q = ctx;
    struct lc_json *o;

    if (!q->r.m.global.json) {
        printf("%s %s\n", q->dry_run ? would[did] : done[did], path);
        return;
    }
    o = lc_json_object();
    lc_json_set_str(o, "event", events[did]);
    lc_json_set_str(o, "path", path);
    lc_json_set_bool(o, "dry_run", q->dry_run);
    lc_json_line(o, stdout);
    lc_json_free(o);
}

/*
 * Make one file and write it to stdout, or as NAME_vN_what into --out. A file there is kept
 * where it is the same, and refused where it is not: another text may have been edited by hand.
 */
static int put_out(struct request *q, const char *what,
                   int (*make)(const struct lc_server_xml *, struct lc_buf *, struct lc_error *),
                   struct lc_error *err)
{
    enum lc_file_state state = LC_FILE_ABSENT;
    struct lc_buf xml;
    char name[256], *path = NULL;
    int rc;

    lc_buf_init(&xml, TEXT_MAX);
    rc = make(&q->setup, &xml, err);
    if (rc == 0 && !q->out) {
        lc_output_is_data();
        fwrite(xml.p, 1, xml.n, stdout);
    } else if (rc == 0) {
        snprintf(name, sizeof name, "%s_%s", q->setup.full, what);
        path = lc_path_join(q->out, name, err);
        rc = path ? lc_file_compare(path, xml.p, xml.n, &state, err) : LC_ERR_NOMEM;
        if (rc == 0 && state == LC_FILE_OTHER) {
            rc = lc_fail(err, LC_ERR_REFUSED, "%s exists with other content", path);
            lc_hint(err, "move it away, or name another folder with --out");
        }
        if (rc == 0 && state == LC_FILE_ABSENT && !q->dry_run)
            rc = lc_file_write(path, xml.p, xml.n, 0644, err);
        if (rc == 0)
            on_file(q, state == LC_FILE_SAME ? LC_INSTALL_KEPT : LC_INSTALL_WROTE, path);
    }
    free(path);
    lc_buf_release(&xml);
    return rc;
}

/*
 * Append a CREATE FUNCTION for each attribute. In the form that put_out wants, as
 * lc_server_xml_function.
 */
static int make_sql(const struct lc_server_xml *s, struct lc_buf *out, struct lc_error *err)
{
    int rc = 0;

    for (unsigned i = 0; i < s->n && !rc; i++) {
        struct lc_server_xml one = lc_server_xml_one(s, i);
        const struct lc_rule_function f = {
            .name = one.function,
            .rules = s->rules,
            .attribute = one.attribute[0],
            .type = one.type[0],
        };

        rc = lc_rule_function(&f, out, err);
    }
    return rc;
}

#define EXAMPLE_RULES "--rules region.csv --name region --version 1"
#define EXAMPLE_PLACE                                                                              \
    "--scripts /var/lib/clickhouse/user_scripts \\\n"                                              \
    "    --config /etc/clickhouse-server"

static int act_function(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    bool sql = q->as && strcmp(q->as, "sql") == 0;
    int rc;

    if (q->as && !sql && strcmp(q->as, "program") != 0)
        return lc_fail(err, LC_ERR_USAGE, "--as is program or sql, not %s", q->as);
    rc = lc_server_xml_settle(&q->setup, err);
    if (rc == 0)
        rc = sql ? put_out(q, "function.sql", make_sql, err)
                 : put_out(q, "function.xml", lc_server_xml_function, err);
    return rc;
}

int lc_cmd_config_function(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "config function",
        .synopsis = "--rules FILE --name NAME --version N [OPTIONS]",
        .about =
            "Print the XML of the executable function NAME_vN that applies a rule set. Every "
            "relevant element is set. With --as sql, print a CREATE FUNCTION instead: the rules "
            "as built-in expressions, for prefixes of up to 8 lengths, exact keys, ranges and "
            "IPv4 networks, and as many rules as fit into a statement. Such a function needs no "
            "program on any host, and the server stores the expression itself in a DEFAULT that "
            "calls it.",
        .examples = "livecol config function " EXAMPLE_RULES "\n"
                    "livecol config function " EXAMPLE_RULES " \\\n"
                    "    --key user_id --type String --out .\n"
                    "livecol config function " EXAMPLE_RULES " \\\n"
                    "    --argument 'Nullable(String)'\n"
                    "livecol config function " EXAMPLE_RULES " \\\n"
                    "    --as sql",
    };

    return run(cmd, TAKES_RULES | TAKES_OUT | TAKES_AS, act_function, argc, argv);
}

static int act_dictionary(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    int rc = lc_server_xml_settle(&q->setup, err);

    return rc ? rc : put_out(q, "dictionary.xml", lc_server_xml_dictionary, err);
}

int lc_cmd_config_dictionary(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "config dictionary",
        .synopsis = "--rules FILE --name NAME --version N [OPTIONS]",
        .about = "Print the XML of the external dictionary NAME_vN that applies a rule set, for "
                 "servers without executable functions and for queries that use dictGet.",
        .examples = "livecol config dictionary " EXAMPLE_RULES "\n"
                    "livecol config dictionary " EXAMPLE_RULES " \\\n"
                    "    --target 18.16\n"
                    "livecol config dictionary " EXAMPLE_RULES " \\\n"
                    "    --layout regexp_tree",
    };

    return run(cmd, TAKES_RULES | TAKES_OUT, act_dictionary, argc, argv);
}

/* Can the dictionary be made? Its text is thrown away. */
static int try_dictionary(const struct request *q, struct lc_error *err)
{
    struct lc_buf xml;
    int rc;

    lc_buf_init(&xml, TEXT_MAX);
    rc = lc_server_xml_dictionary(&q->setup, &xml, err);
    lc_buf_release(&xml);
    return rc;
}

/* That the dictionary cannot be made is found out before the function's file is written. */
static int act_all(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    int rc;

    if (!q->out)
        return lc_fail(err, LC_ERR_USAGE, "--out is missing: the folder for the files");
    rc = lc_server_xml_settle(&q->setup, err);
    rc = rc ? rc : try_dictionary(q, err); /* before the function is written */
    if (rc == 0 && lc_server_xml_knows_functions(&q->setup))
        rc = put_out(q, "function.xml", lc_server_xml_function, err);
    return rc ? rc : put_out(q, "dictionary.xml", lc_server_xml_dictionary, err);
}

int lc_cmd_config_all(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "config all",
        .synopsis = "--rules FILE --name NAME --version N [OPTIONS]",
        .about = "Write the XML of the function, if the target has functions, and that of the "
                 "dictionary.",
        .examples = "livecol config all " EXAMPLE_RULES " --out .",
    };

    return run(cmd, TAKES_RULES | TAKES_OUT, act_all, argc, argv);
}

/*
 * Is the folder there? It is the server's own: one that is made here would be a folder that no
 * server reads.
 */
static int check_folder(const char *option, const char *path, struct lc_error *err)
{
    struct stat st;

    if (!path)
        return lc_fail(err, LC_ERR_USAGE, "%s is missing: a folder of the server", option);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        lc_fail(err, LC_ERR_IO, "%s: there is no such folder: %s", option, path);
        lc_hint(err, "run this on the server's own machine; it does not create that folder");
        return LC_ERR_IO;
    }
    return 0;
}

/* Check both folders, and fill the rest of q->place: dry run, and whom to tell. */
static int check_folders(struct request *q, struct lc_error *err)
{
    int rc = check_folder("--scripts", q->place.scripts, err);

    q->place.dry_run = q->dry_run;
    q->place.tell = on_file;
    q->place.waiting = on_waiting;
    q->place.ctx = q;
    return rc ? rc : check_folder("--config", q->place.config, err);
}

/*
 * *what: a set of enum lc_install_what. By default a function, and of targets without functions
 * (18.16) a dictionary.
 */
static int choose_what(const struct request *q, unsigned *what, struct lc_error *err)
{
    bool functions = lc_server_xml_knows_functions(&q->setup);

    if (!q->what)
        *what = functions ? LC_INSTALL_FUNCTION : LC_INSTALL_DICTIONARY;
    else if (strcmp(q->what, "function") == 0)
        *what = LC_INSTALL_FUNCTION;
    else if (strcmp(q->what, "dictionary") == 0)
        *what = LC_INSTALL_DICTIONARY;
    else if (strcmp(q->what, "all") == 0)
        *what = LC_INSTALL_DICTIONARY | (functions ? LC_INSTALL_FUNCTION : 0);
    else
        return lc_fail(err, LC_ERR_USAGE, "--what is function, dictionary or all, not '%.100s'",
                       q->what);
    return 0;
}

/*
 * Install, and say what the server must be told then. The XML names the rules by a path, and a
 * server's working directory is not this one's: so the folder's full path goes in.
 */
static int act_install(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    unsigned what = 0;
    char *scripts = NULL;
    int rc = check_folders(q, err);

    if (rc == 0) {
        scripts = realpath(q->place.scripts, NULL); /* in XML that names it, by its full path */
        q->setup.scripts = scripts;
        rc = lc_server_xml_settle(&q->setup, err);
    }
    rc = rc ? rc : choose_what(q, &what, err);
    rc = rc ? rc : lc_install(&q->setup, what, &q->place, err);
    if (rc == 0 && !q->dry_run)
        lc_say("next, on the server: %s",
               what == (LC_INSTALL_FUNCTION | LC_INSTALL_DICTIONARY)
                   ? "SYSTEM RELOAD FUNCTIONS; SYSTEM RELOAD DICTIONARIES"
               : what & LC_INSTALL_FUNCTION ? "SYSTEM RELOAD FUNCTIONS"
                                            : "SYSTEM RELOAD DICTIONARIES");
    q->setup.scripts = NULL;
    free(scripts);
    return rc;
}

int lc_cmd_config_install(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "config install",
        .synopsis = "--rules FILE --name NAME --version N [OPTIONS]",
        .about =
            "Copy program, rules and XML to the folders where the server on this machine looks "
            "for them, each by rename, with a manifest for uninstall. livecol never replaces "
            "rules that are published under a name: new rules are a new version next to the old "
            "one. Afterwards run SYSTEM RELOAD FUNCTIONS.",
        .examples = "livecol config install " EXAMPLE_RULES " \\\n"
                    "    --key user_id " EXAMPLE_PLACE,
    };

    return run(cmd, TAKES_RULES | TAKES_FOLDERS, act_install, argc, argv);
}

/* Refuse while a column of the server's tables still calls it. */
static int check_one_unused(struct lc_backend *b, const char *name, struct lc_error *err)
{
    struct lc_buf names;
    size_t n = 0;
    int rc;

    lc_buf_init(&names, TEXT_MAX);
    rc = lc_dependents_find(b, name, &names, &n, err);
    if (rc == 0 && n) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s is in use: %s depends on it", name,
                     lc_buf_str(&names));
        lc_hint(err,
                "livecol inline, or livecol down, removes it from a DEFAULT; change views, "
                "constraints and so on by hand. Without it INSERTs, merges and every ALTER of the "
                "table would fail");
    }
    lc_buf_release(&names);
    return rc;
}

/*
 * Refuse where a column depends on one of the functions that were installed under `full`.
 * Without a server named the command fails, and does not take silence for a no.
 */
static int check_unused(const struct request *q, const char *full, struct lc_error *err)
{
    struct lc_backend *b = NULL;
    char *names[LC_MAX_ATTRIBUTES];
    size_t n = 0;
    int rc = lc_connection_open(&q->r.m.global, &b, err);

    if (rc == LC_ERR_USAGE)
        lc_hint(err, "or --offline: no server is asked whether a column still depends on %s", full);
    rc = rc ? rc : lc_installed_functions(full, &q->place, names, &n, err);
    for (size_t i = 0; i < n; i++) {
        rc = rc ? rc : check_one_unused(b, names[i], err);
        free(names[i]);
    }
    lc_backend_free(b);
    return rc;
}

/*
 * Asked first, removed then: a DEFAULT that calls a function which is gone makes INSERTs,
 * merges and ALTERs fail.
 */
static int act_uninstall(struct lc_frame_run *r, struct lc_error *err)
{
    struct request *q = r->ctx;
    char full[200] = "";
    int rc = lc_server_xml_name(&q->setup, full, sizeof full, err);

    rc = rc ? rc : check_folders(q, err);
    if (rc == 0 && !q->offline)
        rc = check_unused(q, full, err);
    return rc ? rc : lc_uninstall(full, &q->place, err);
}

int lc_cmd_config_uninstall(int argc, const char **argv)
{
    const struct lc_command cmd = {
        .name = "config uninstall",
        .synopsis = "--name NAME --version N [OPTIONS]",
        .about =
            "Remove the files that config install wrote, as its manifest lists them, and nothing "
            "else. livecol refuses while a column's default on the named server depends on the "
            "function or dictionary, and if a file was changed since. The program stays while "
            "another version needs it.",
        .connects = true,
        .examples = "livecol config uninstall --name region --version 1 \\\n"
                    "    " EXAMPLE_PLACE,
    };

    return run(cmd, TAKES_FOLDERS | TAKES_OFFLINE, act_uninstall, argc, argv);
}
