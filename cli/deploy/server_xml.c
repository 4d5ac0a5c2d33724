/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/deploy/server_xml.h"

#include "base/xml.h"
#include "udf/argument.h"
#include "udf/column_type.h"
#include "udf/export.h"
#include "udf/rules/open.h"
#include "udf/stream.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, NAME_MAX_BYTES = 150, POOL_MAX = 1024 };

/* What a server of that version knows. */
struct lc_server_xml_target {
    const char *version;
    const char *root;     /* of a dictionary's file */
    bool functions;       /* executable UDFs */
    bool direct_commands; /* programs are looked up in user_scripts and run without a shell */
    bool pools;           /* executable_pool as a dictionary's source */
    bool nullable;        /* attributes of Nullable, besides String and UInt */
    const char *layouts;  /* that this can be the source of, between spaces */
};

static const struct lc_server_xml_target targets[] = {
    {"26.7", "dictionaries", true, true, true, true,
     " complex_key_direct complex_key_cache complex_key_hashed regexp_tree "},
    {"18.16", "dictionaries", false, false, false, false, " complex_key_cache complex_key_hashed "},
};

static int choose_target(struct lc_server_xml *s, struct lc_error *err)
{
    s->on = &targets[0];
    if (!s->target)
        return 0;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        s->on = &targets[i];
        if (strcmp(s->target, s->on->version) == 0)
            return 0;
    }
    lc_fail(err, LC_ERR_USAGE, "unknown target '%.100s'", s->target);
    lc_hint(err, "26.7, for servers with executable functions; 18.16, for those without");
    return LC_ERR_USAGE;
}

bool lc_server_xml_knows_functions(const struct lc_server_xml *s)
{
    return s->on->functions;
}

/* A name that needs no quotes: in SQL, in a file's name, in a command. */
static int check_word(const char *what, const char *word, struct lc_error *err)
{
    size_t n = strlen(word);
    bool good = n > 0 && n <= NAME_MAX_BYTES && !isdigit((unsigned char)word[0]);

    for (size_t i = 0; i < n; i++)
        good = good && (word[i] == '_' || (isalnum((unsigned char)word[i]) && word[i] > 0));
    if (good)
        return 0;
    lc_fail(err, LC_ERR_USAGE,
            "%s is '%.100s': letters, digits and _ alone, at most %d, no digit first", what, word,
            NAME_MAX_BYTES);
    return LC_ERR_USAGE;
}

int lc_server_xml_name(const struct lc_server_xml *s, char *out, size_t size, struct lc_error *err)
{
    if (!s->name)
        return lc_fail(err, LC_ERR_USAGE, "--name is missing: region makes region_v1");
    if (s->version == 0)
        return lc_fail(err, LC_ERR_USAGE, "--version is missing: 1 for the first rules, then 2");
    snprintf(out, size, "%s_v%" PRIu64, s->name, s->version);
    return check_word("--name", s->name, err);
}

static int name_all(struct lc_server_xml *s, struct lc_error *err)
{
    const char *dot = strrchr(s->rules_path, '.');
    int rc = lc_server_xml_name(s, s->full, sizeof s->full, err);

    rc = rc ? rc : check_word("--key", s->key, err);
    snprintf(s->function, sizeof s->function, "%s", s->full);
    snprintf(s->rules_name, sizeof s->rules_name, "%s%s", s->full,
             dot && strcmp(dot, ".rules") == 0 ? ".rules" : ".csv");
    return rc;
}

static int no_attribute(const struct lc_server_xml *s, const char *name, struct lc_error *err)
{
    char there[400] = "", shown[100];
    size_t n = 0;

    for (uint32_t i = 0; i < s->rules->attributes && n + 110 < sizeof there; i++)
        n += (size_t)snprintf(
            there + n, sizeof there - n, "%s'%s'", i ? ", " : "",
            lc_printable(s->rules->names[i].p, s->rules->names[i].n, shown, sizeof shown));
    lc_fail(err, LC_ERR_USAGE, "%s: no attribute '%.100s' in it", s->rules_path, name);
    lc_hint(err, "its header has %s", there);
    return LC_ERR_USAGE;
}

static int choose_attributes(struct lc_server_xml *s, struct lc_error *err)
{
    const struct lc_rules *r = s->rules;

    if (s->attributes.n > LC_MAX_ATTRIBUTES)
        return lc_fail(err, LC_ERR_USAGE, "at most %u --attribute", LC_MAX_ATTRIBUTES);
    for (size_t i = 0; i < s->attributes.n; i++) {
        int at = lc_rules_attribute(r, s->attributes.v[i]);

        if (at < 0)
            return no_attribute(s, s->attributes.v[i], err);
        s->attribute[i] = (uint32_t)at;
    }
    s->n = (unsigned)s->attributes.n;
    for (; s->attributes.n == 0 && s->n < r->attributes; s->n++)
        s->attribute[s->n] = s->n;
    for (unsigned i = 0; i < s->n; i++) {
        char name[200];
        struct lc_slice v = r->names[s->attribute[i]];
        int rc;

        snprintf(name, sizeof name, "%.*s", (int)(v.n < 199 ? v.n : 199), (const char *)v.p);
        rc = check_word("the attribute", name, err);
        if (rc)
            return rc;
        if (strcmp(name, s->key) == 0)
            return lc_fail(err, LC_ERR_USAGE, "the key and an attribute are both '%s': --key NAME",
                           name);
    }
    return 0;
}

/* A type as the server shows it has spaces between its parts; a command has none. */
static char *without_spaces(const char *type)
{
    char *text = strdup(type), *to = text;
    char quote = 0;

    for (char *from = text; text && *from; from++) {
        if (quote && *from == '\\' && from[1])
            *to++ = *from++;
        else if (*from == '\'')
            quote = quote ? 0 : '\'';
        if (quote || *from != ' ')
            *to++ = *from;
    }
    if (text)
        *to = '\0';
    return text;
}

/* The types, fitted to the values now rather than by the server's first call. */
static int choose_types(struct lc_server_xml *s, struct lc_error *err)
{
    if (s->types.n && s->types.n != s->n)
        return lc_fail(err, LC_ERR_USAGE, "%zu --type for %u attribute%s: one for each", s->types.n,
                       s->n, s->n == 1 ? "" : "s");
    for (unsigned i = 0; i < s->n; i++) {
        const char *type;
        struct lc_column_type res = {0};
        int rc;

        s->type[i] = without_spaces(s->types.n ? s->types.v[i] : "LowCardinality(String)");
        type = s->type[i];
        if (!type)
            return lc_fail(err, LC_ERR_NOMEM, "no memory");
        rc = lc_column_type_init(&res, s->rules, s->attribute[i], type, s->rules_path, err);

        lc_column_type_release(&res);
        if (rc)
            return rc;
        if (strchr(type, ' '))
            return lc_fail(err, LC_ERR_USAGE,
                           "the type '%.200s' holds a space, and the server splits the command at "
                           "spaces",
                           type);
    }
    return 0;
}

static const char *key_type(const struct lc_server_xml *s)
{
    return s->usual;
}

/* What the function is given: the rules, and the format, must take it. */
static int choose_argument(struct lc_server_xml *s, struct lc_error *err)
{
    struct lc_argument arg = {0};
    int format = lc_format_from_name(s->format), rc;

    lc_argument_usual(s->rules, s->usual, sizeof s->usual);
    s->argument_text = without_spaces(s->argument ? s->argument : key_type(s));
    if (!s->argument_text)
        return lc_fail(err, LC_ERR_NOMEM, "no memory");
    s->argument = s->argument_text;
    rc = lc_argument_parse(&arg, s->argument, err);
    if (!rc)
        rc = lc_argument_fits(&arg, s->argument, s->rules->kind, &s->rules->takes,
                              (enum lc_format)format, err);
    if (!rc && strchr(s->argument, ' ')) {
        rc = lc_fail(err, LC_ERR_USAGE,
                     "the argument type '%.200s' holds a space, and the server splits the command "
                     "at spaces",
                     s->argument);
        lc_hint(err, "write it without; of an Enum whose labels hold spaces declare String: the "
                     "server gives the label");
    }
    lc_argument_release(&arg);
    return rc;
}

static bool is_whole_layout(const char *layout)
{
    return strcmp(layout, "complex_key_hashed") == 0 || strcmp(layout, "regexp_tree") == 0;
}

static int choose_layout(struct lc_server_xml *s, struct lc_error *err)
{
    bool plain = s->rules->form == LC_FORM_PLAIN;
    const char *whole = plain && s->rules->kind == LC_KIND_EXACT    ? "complex_key_hashed"
                        : plain && s->rules->kind == LC_KIND_PREFIX ? "regexp_tree"
                                                                    : "";
    char spaced[80];

    if (!s->layout)
        s->layout = plain && s->rules->kind == LC_KIND_EXACT ? "complex_key_hashed"
                    : s->on->pools                           ? "complex_key_direct"
                                                             : "complex_key_cache";
    snprintf(spaced, sizeof spaced, " %.70s ", s->layout);
    if (!strstr(s->on->layouts, spaced)) {
        lc_fail(err, LC_ERR_USAGE, "no layout '%.70s' with livecol-udf on %s", s->layout,
                s->on->version);
        lc_hint(err, "one of%s", s->on->layouts);
        return LC_ERR_USAGE;
    }
    if (is_whole_layout(s->layout) && strcmp(s->layout, whole) != 0) {
        lc_fail(err, LC_ERR_USAGE, "%s: %s rules are not for the layout %s", s->rules_path,
                lc_kind_name_with(s->rules->kind, s->rules->options), s->layout);
        lc_hint(err, "complex_key_hashed takes exact rules, regexp_tree prefixes; the others ask "
                     "key by key, and take all");
        return LC_ERR_USAGE;
    }
    return 0;
}

int lc_server_xml_settle(struct lc_server_xml *s, struct lc_error *err)
{
    int rc;

    s->key = s->key ? s->key : "key";
    s->format = s->format ? s->format : "Native";
    s->scripts = s->scripts ? s->scripts : LC_SERVER_XML_SCRIPTS;
    rc = s->rules_path ? choose_target(s, err)
                       : lc_fail(err, LC_ERR_USAGE, "--rules is missing: the rules file");
    if (!rc && lc_format_from_name(s->format) < 0)
        rc = lc_fail(err, LC_ERR_USAGE, "unknown format '%.100s': Native, RowBinary, TabSeparated",
                     s->format);
    if (!rc && (s->pool_size == 0 || s->cache_cells == 0))
        rc = lc_fail(err, LC_ERR_USAGE, "--pool-size and --cache-cells must be above 0");
    if (!rc && s->pool_size > POOL_MAX)
        rc = lc_fail(err, LC_ERR_USAGE, "--pool-size is %d processes at most", POOL_MAX);
    rc = rc ? rc : name_all(s, err);
    rc = rc ? rc : lc_rules_open(&s->rules, s->rules_path, err);
    rc = rc ? rc : lc_rules_check_content(s->rules, s->rules_path, err);
    rc = rc ? rc : choose_attributes(s, err);
    rc = rc ? rc : choose_types(s, err);
    rc = rc ? rc : choose_argument(s, err);
    return rc ? rc : choose_layout(s, err);
}

void lc_server_xml_release(struct lc_server_xml *s)
{
    for (unsigned i = 0; i < LC_MAX_ATTRIBUTES; i++)
        free(s->type[i]);
    free(s->argument_text);
    lc_rules_free(s->rules);
    *s = (struct lc_server_xml){0};
}

/* The key attribute's name: regexp_tree looks for this one. */
static const char *key_name(const struct lc_server_xml *s)
{
    return strcmp(s->layout, "regexp_tree") == 0 ? "regexp" : s->key;
}

static struct lc_slice attribute_name(const struct lc_server_xml *s, unsigned i)
{
    return s->rules->names[s->attribute[i]];
}

/* The type without LowCardinality, which no dictionary's attribute has. */
static void plain_type(const struct lc_server_xml *s, unsigned i, struct lc_buf *out)
{
    static const char wrap[] = "LowCardinality(";
    const char *type = s->type[i];

    if (strncmp(type, wrap, sizeof wrap - 1) == 0)
        lc_buf_add(out, type + sizeof wrap - 1, strlen(type) - sizeof wrap);
    else
        lc_buf_adds(out, type);
}

/* An argument of a command that a shell splits: '…' around all but plain characters. */
static void add_shell(struct lc_buf *out, const char *arg)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./:,=@%";

    if (*arg && arg[strspn(arg, plain)] == '\0') {
        lc_buf_adds(out, arg);
        return;
    }
    lc_buf_adds(out, "'");
    for (; *arg; arg++)
        lc_buf_adds(out, *arg == '\'' ? "'\\''" : (const char[]){*arg, '\0'});
    lc_buf_adds(out, "'");
}

/* One more argument of the command, behind a space. */
static void add_argument(const struct lc_server_xml *s, struct lc_buf *out, const char *arg)
{
    lc_buf_adds(out, " ");
    if (s->on->direct_commands)
        lc_buf_adds(out, arg);
    else
        add_shell(out, arg);
}

static void add_option(const struct lc_server_xml *s, struct lc_buf *out, const char *option,
                       struct lc_slice value)
{
    char *text = strndup((const char *)value.p, value.n);

    lc_buf_adds(out, option);
    add_argument(s, out, text ? text : "");
    free(text);
}

static struct lc_slice slice(const char *text)
{
    return (struct lc_slice){(const uint8_t *)text, strlen(text)};
}

static void function_command(const struct lc_server_xml *s, struct lc_buf *out)
{
    lc_buf_adds(out, "livecol-udf");
    add_option(s, out, " --rules", slice(s->rules_name));
    if (s->rules->attributes > 1)
        add_option(s, out, " --attribute", attribute_name(s, 0));
    add_option(s, out, " --format", slice(s->format));
    add_option(s, out, " --argument", slice(s->argument));
    add_option(s, out, " --type", slice(s->type[0]));
    if (s->sandbox)
        lc_buf_adds(out, " --sandbox");
}

static void dictionary_command(const struct lc_server_xml *s, struct lc_buf *out)
{
    bool whole = is_whole_layout(s->layout);

    if (s->on->direct_commands) {
        lc_buf_adds(out, "livecol-udf");
    } else {
        struct lc_buf path;

        lc_buf_init(&path, TEXT_MAX);
        lc_buf_addf(&path, "%s/livecol-udf", s->scripts);
        add_shell(out, lc_buf_str(&path) ? lc_buf_str(&path) : "");
        lc_buf_release(&path);
    }
    add_option(s, out, " --rules", slice(s->rules_name));
    add_option(s, out, " --emit", slice(whole ? "all" : "rows"));
    if (whole)
        add_option(s, out, " --key", slice(key_name(s)));
    add_option(s, out, " --format", slice(s->format));
    for (unsigned i = 0; i < s->n; i++) {
        struct lc_buf type;

        lc_buf_init(&type, TEXT_MAX);
        plain_type(s, i, &type);
        add_option(s, out, " --attribute", attribute_name(s, i));
        add_option(s, out, " --type", (struct lc_slice){type.p, type.n});
        lc_buf_release(&type);
    }
    if (s->sandbox)
        lc_buf_adds(out, " --sandbox");
}

/* An element whose text the function appends to a buffer. */
static void text_by(struct lc_xml *x, const char *element, const struct lc_server_xml *s,
                    void (*add)(const struct lc_server_xml *, struct lc_buf *))
{
    struct lc_buf text;

    lc_buf_init(&text, TEXT_MAX);
    add(s, &text);
    lc_xml_text(x, element, lc_buf_str(&text) ? lc_buf_str(&text) : "");
    lc_buf_release(&text);
}

struct lc_server_xml lc_server_xml_one(const struct lc_server_xml *s, unsigned i)
{
    struct lc_server_xml one = *s;
    struct lc_slice name = attribute_name(s, i);

    one.n = 1;
    one.attribute[0] = s->attribute[i];
    one.type[0] = s->type[i];
    /* At most NAME_MAX_BYTES, by choose_attributes. */
    if (i)
        snprintf(one.function, sizeof one.function, "%.190s_%.*s", s->full,
                 (int)(name.n < NAME_MAX_BYTES ? name.n : NAME_MAX_BYTES), (const char *)name.p);
    return one;
}

static void function_head(struct lc_xml *x, const struct lc_server_xml *s)
{
    struct lc_buf text;

    lc_buf_init(&text, TEXT_MAX);
    for (unsigned i = 0; i < s->n; i++) {
        struct lc_server_xml one = lc_server_xml_one(s, i);

        lc_buf_addf(&text, "%s(%s): %.*s by the rules of %s, answered by livecol-udf.\n",
                    one.function, s->key, (int)attribute_name(&one, 0).n,
                    (const char *)attribute_name(&one, 0).p, s->rules_name);
    }
    lc_buf_addf(&text,
                "\n"
                "Copy this file to where the server looks for functions\n"
                "(user_defined_executable_functions_config, by default *_function.*ml next to\n"
                "config.xml), and livecol-udf and the rules, as %s, to user_scripts_path.\n"
                "Then: SYSTEM RELOAD FUNCTIONS. `livecol config install` does that much.\n"
                "\n"
                "New rules are a new function, %s_v%" PRIu64
                ", next to this one: never change the\n"
                "rules of a function that is in use.",
                s->rules_name, s->name, s->version + 1);
    lc_xml_comment(x, lc_buf_str(&text) ? lc_buf_str(&text) : "");
    lc_buf_release(&text);
}

static void function_call(struct lc_xml *x, const struct lc_server_xml *s)
{
    lc_xml_comment(x, "A pool: processes stay, block after block. 'executable' would start one for "
                      "each block.");
    lc_xml_text(x, "type", "executable_pool");
    lc_xml_text(x, "name", s->function);
    lc_xml_gap(x);
    lc_xml_comment(x, "Found in user_scripts_path; split at single spaces, so no argument may hold "
                      "one.");
    text_by(x, "command", s, function_command);
    lc_xml_comment(x, "1: run it directly, with no shell between.");
    lc_xml_number(x, "execute_direct", 1);
    lc_xml_gap(x);
    lc_xml_comment(x,
                   "What the server casts a key to, and sends. The type must be the one that the "
                   "command has in its\nargument option: RowBinary and TabSeparated do not carry "
                   "it.");
    lc_xml_open(x, "argument");
    lc_xml_text(x, "type", s->argument);
    lc_xml_text(x, "name", s->key);
    lc_xml_close(x, "argument");
    lc_xml_gap(x);
    lc_xml_comment(x,
                   "The type must be the one that the command has in its type option: the server "
                   "casts a\nnarrower one in silence.");
    lc_xml_text(x, "return_type", s->type[0]);
    lc_xml_comment(x,
                   "livecol-udf names its column 'result'; under another name every row would be "
                   "empty.");
    lc_xml_text(x, "return_name", "result");
    lc_xml_comment(x, "Native is the fastest of the three formats: see README.md.");
    lc_xml_text(x, "format", s->format);
    lc_xml_number(x, "send_chunk_header", 0);
    lc_xml_gap(x);
    lc_xml_comment(x, "The same key gives the same answer forever: this function's rules do not "
                      "change.");
    lc_xml_number(x, "deterministic", 1);
    lc_xml_gap(x);
}

/* What bounds the processes: the same for functions and for dictionaries that keep a pool. */
static void limits(struct lc_xml *x, const struct lc_server_xml *s, bool pool)
{
    if (pool) {
        lc_xml_comment(x, "Processes at most. Callers above it wait, INSERTs among them: take the "
                          "server's cores\ntimes the queries that may call it at once. A process "
                          "costs about 1 MB.");
        lc_xml_number(x, "pool_size", s->pool_size);
        lc_xml_gap(x);
    }
    lc_xml_comment(x,
                   "How long the server waits for bytes from, or for, the program. The default of "
                   "10 s ends\na query on a machine that is merely busy.");
    lc_xml_number(x, "command_read_timeout", 60000);
    lc_xml_number(x, "command_write_timeout", 60000);
    lc_xml_comment(x, "How long a process may take to end, and a query may wait, in seconds.");
    lc_xml_number(x, "command_termination_timeout", 10);
    if (pool)
        lc_xml_number(x, "max_command_execution_time", 60);
    lc_xml_gap(x);
    lc_xml_comment(x, "livecol-udf writes to stderr only when it gives up: one line, wanted in the "
                      "error.");
    lc_xml_text(x, "stderr_reaction", "log_last");
    lc_xml_comment(x,
                   "A process that ends with an error fails the query, rather than give it half an "
                   "answer.");
    lc_xml_number(x, "check_exit_code", 1);
}

int lc_server_xml_function(const struct lc_server_xml *s, struct lc_buf *out, struct lc_error *err)
{
    struct lc_xml x;

    if (!s->on->functions) {
        lc_fail(err, LC_ERR_USAGE, "%s has no executable functions", s->on->version);
        lc_hint(err, "livecol config dictionary: the same rules as a dictionary");
        return LC_ERR_USAGE;
    }
    lc_xml_init(&x, out, err);
    function_head(&x, s);
    lc_xml_open(&x, "functions");
    for (unsigned i = 0; i < s->n; i++) {
        struct lc_server_xml one = lc_server_xml_one(s, i);

        lc_xml_open(&x, "function");
        function_call(&x, &one);
        limits(&x, &one, true);
        lc_xml_comment(&x, "0: do not read the program's definition again on a timer.");
        lc_xml_number(&x, "lifetime", 0);
        lc_xml_close(&x, "function");
    }
    lc_xml_close(&x, "functions");
    return x.rc;
}

/* Which of the source's kinds: a pool only where keys are asked for, and the server knows it. */
static const char *source_of(const struct lc_server_xml *s)
{
    return s->on->pools && !is_whole_layout(s->layout) ? "executable_pool" : "executable";
}

static void source(struct lc_xml *x, const struct lc_server_xml *s)
{
    const char *kind = source_of(s);
    bool pool = strcmp(kind, "executable_pool") == 0;

    lc_xml_open(x, "source");
    lc_xml_open(x, kind);
    if (!s->on->direct_commands)
        lc_xml_comment(
            x, "Run by /bin/sh, in the server's working directory: so by its full path. The "
               "rules are looked\nup next to the program.");
    text_by(x, "command", s, dictionary_command);
    lc_xml_text(x, "format", s->format);
    if (s->on->direct_commands) {
        lc_xml_comment(x,
                       "1: found in user_scripts_path, and run directly, with no shell between.");
        lc_xml_number(x, "execute_direct", 1);
        lc_xml_comment(x, "The program answers with the keys, too.");
        lc_xml_number(x, "implicit_key", 0);
        lc_xml_number(x, "send_chunk_header", 0);
        lc_xml_gap(x);
        limits(x, s, pool);
    }
    lc_xml_close(x, kind);
    lc_xml_close(x, "source");
}

static void layout(struct lc_xml *x, const struct lc_server_xml *s)
{
    lc_xml_open(x, "layout");
    lc_xml_open(x, s->layout);
    if (strcmp(s->layout, "complex_key_cache") == 0) {
        lc_xml_comment(x,
                       "Answers that are kept, at most; a power of two. Above the keys in use, a "
                       "key is asked for once.");
        lc_xml_number(x, "size_in_cells", s->cache_cells);
    }
    lc_xml_close(x, s->layout);
    lc_xml_close(x, "layout");
    /* A layout that keeps nothing takes no lifetime: the server refuses one. */
    if (strcmp(s->layout, "complex_key_direct") != 0) {
        lc_xml_comment(x, "0: never asked for again. These rules do not change; new ones are a new "
                          "dictionary.");
        lc_xml_number(x, "lifetime", 0);
    }
}

static void attribute(struct lc_xml *x, const char *name, const char *type, const char *null_value)
{
    lc_xml_open(x, "attribute");
    lc_xml_text(x, "name", name);
    lc_xml_text(x, "type", type);
    if (null_value)
        lc_xml_text(x, "null_value", null_value);
    lc_xml_close(x, "attribute");
}

/* What a key gets that is not in the dictionary: loaded whole, that is the default rule's value. */
static void null_value(const struct lc_server_xml *s, unsigned i, const char *type,
                       struct lc_buf *out)
{
    const struct lc_rules *r = s->rules;
    bool whole = strcmp(s->layout, "complex_key_hashed") == 0;
    uint32_t rule = whole && r->default_rule != LC_NONE ? r->default_rule : r->rules;
    uint32_t id = lc_rules_value_id(r, s->attribute[i], rule);
    struct lc_slice v = lc_rules_value(r, s->attribute[i], id);
    struct lc_column_type typed = {0};

    if (id != LC_NONE &&
        lc_column_type_init(&typed, r, s->attribute[i], type, s->rules_path, NULL) == 0 &&
        typed.base == LC_BASE_SCALAR) {
        char text[LC_SCALAR_TEXT_BYTES];

        /* An empty one is NULL. */
        if (!lc_column_type_is_null(&typed, id))
            lc_buf_add(out, text, lc_column_type_text(&typed, id, text));
        lc_column_type_release(&typed);
        return;
    }
    lc_column_type_release(&typed);
    if (rule == r->rules && strncmp(type, "UInt", 4) == 0)
        lc_buf_adds(out, "0");
    else
        lc_buf_add(out, v.p, v.n);
}

static void structure(struct lc_xml *x, const struct lc_server_xml *s)
{
    lc_xml_open(x, "structure");
    lc_xml_open(x, "key");
    attribute(x, key_name(s), key_type(s), NULL);
    lc_xml_close(x, "key");
    if (strcmp(s->layout, "regexp_tree") == 0) {
        lc_xml_comment(x, "The columns in which this layout looks for the rules.");
        attribute(x, "id", "UInt64", "0");
        attribute(x, "parent_id", "UInt64", "0");
        attribute(x, "keys", "Array(String)", "");
        attribute(x, "values", "Array(String)", "");
    }
    for (unsigned i = 0; i < s->n && !x->rc; i++) {
        struct lc_buf type, miss;
        struct lc_slice name = attribute_name(s, i);
        char *text = strndup((const char *)name.p, name.n);

        lc_buf_init(&type, TEXT_MAX);
        lc_buf_init(&miss, TEXT_MAX);
        plain_type(s, i, &type);
        null_value(s, i, lc_buf_str(&type) ? lc_buf_str(&type) : "", &miss);
        if (text && lc_buf_str(&type) && lc_buf_str(&miss))
            attribute(x, text, lc_buf_str(&type), lc_buf_str(&miss));
        else
            x->rc = lc_fail(x->err, LC_ERR_NOMEM, "no memory for the XML");
        free(text);
        lc_buf_release(&type);
        lc_buf_release(&miss);
    }
    lc_xml_close(x, "structure");
}

static void dictionary_head(struct lc_xml *x, const struct lc_server_xml *s)
{
    bool tuple = strcmp(s->layout, "regexp_tree") != 0;
    struct lc_buf text;

    lc_buf_init(&text, TEXT_MAX);
    lc_buf_addf(
        &text,
        "%s: a dictionary by the rules of %s, answered by livecol-udf:\n"
        "  dictGetString('%s', '%.*s', %s%s%s)\n"
        "\n"
        "Copy this file to where the server looks for dictionaries (dictionaries_config, by\n"
        "default *_dictionary.*ml next to config.xml), and livecol-udf and the rules, as\n"
        "%s, to %s. `livecol config install` does that much.\n"
        "\n"
        "New rules are a new dictionary, %s_v%" PRIu64 ", next to this one: never change the\n"
        "rules of a dictionary that is in use.",
        s->full, s->rules_name, s->full, (int)attribute_name(s, 0).n,
        (const char *)attribute_name(s, 0).p, tuple ? "tuple(" : "", s->key, tuple ? ")" : "",
        s->rules_name, s->on->direct_commands ? "user_scripts_path" : s->scripts, s->name,
        s->version + 1);
    lc_xml_comment(x, lc_buf_str(&text) ? lc_buf_str(&text) : "");
    lc_buf_release(&text);
}

/* Names that regexp_tree has for itself, in what its source gives, and values it would change. */
static int check_tree(const struct lc_server_xml *s, struct lc_error *err)
{
    static const char *const own[] = {"id", "parent_id", "regexp", "keys", "values"};

    if (strcmp(s->layout, "regexp_tree") != 0)
        return 0;
    for (unsigned i = 0; i < s->n; i++) {
        int rc = lc_export_check_values(s->rules, s->attribute[i], s->rules_path, err);

        if (rc)
            return rc;
        for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
            struct lc_slice name = attribute_name(s, i);

            if (name.n != strlen(own[k]) || memcmp(name.p, own[k], name.n) != 0)
                continue;
            lc_fail(err, LC_ERR_USAGE,
                    "regexp_tree has a column %s of its own, and the attribute "
                    "is called so, too",
                    own[k]);
            lc_hint(err, "call the attribute otherwise in the rules' header, or take another "
                         "--layout");
            return LC_ERR_USAGE;
        }
    }
    return 0;
}

int lc_server_xml_dictionary(const struct lc_server_xml *s, struct lc_buf *out,
                             struct lc_error *err)
{
    struct lc_xml x;

    if (!s->on->direct_commands && s->scripts[0] != '/') {
        lc_fail(err, LC_ERR_USAGE, "--scripts is '%.200s': %s needs a full path", s->scripts,
                s->on->version);
        return LC_ERR_USAGE;
    }
    if (s->rules->takes.order > LC_ORDER_UINT && s->rules->takes.order != LC_ORDER_ADDRESS) {
        lc_fail(
            err, LC_ERR_USAGE,
            "a dictionary's key is a text or an unsigned whole number, and that of these %s rules "
            "is %s",
            lc_kind_name(s->rules->kind), lc_order_name(&s->rules->takes));
        lc_hint(err, "livecol config function: the rules as a function");
        return LC_ERR_USAGE;
    }
    if (strcmp(s->argument, key_type(s)) != 0) {
        lc_fail(err, LC_ERR_USAGE,
                "a dictionary of %s rules has a key of type %s, not --argument %.200s",
                lc_kind_name(s->rules->kind), key_type(s), s->argument);
        lc_hint(err, "the argument is a function's");
        return LC_ERR_USAGE;
    }
    for (unsigned i = 0; i < s->n; i++)
        if (strncmp(s->type[i], "Enum", 4) == 0 ||
            (strstr(s->type[i], "Nullable(") && !s->on->nullable)) {
            lc_fail(err, LC_ERR_USAGE, "%s has no dictionary attribute of type %.200s",
                    s->on->version, s->type[i]);
            lc_hint(err, "String, an integer, Float32, Float64, Decimal, Date or DateTime");
            return LC_ERR_USAGE;
        }
    if (check_tree(s, err))
        return LC_ERR_USAGE;
    lc_xml_init(&x, out, err);
    dictionary_head(&x, s);
    lc_xml_open(&x, s->on->root);
    lc_xml_open(&x, "dictionary");
    lc_xml_text(&x, "name", s->full);
    source(&x, s);
    layout(&x, s);
    structure(&x, s);
    lc_xml_close(&x, "dictionary");
    lc_xml_close(&x, s->on->root);
    return x.rc;
}
