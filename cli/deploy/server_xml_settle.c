/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lc_server_xml_settle fills in what was not given, in an order that matters: the target says which layouts
 * there are; the rules, once open, which attributes, what key type and which layout suits them; types are
 * checked against the values now, rather than by the server's first call.
 */
#include "cli/deploy/server_xml.h"

#include "cli/deploy/server_xml_parts.h"
#include "udf/argument.h"
#include "udf/column_type.h"
#include "udf/rules/open.h"
#include "udf/stream.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 150 bytes leave room in `full` and `function` for _v, a version, and an attribute's name. */
enum { NAME_MAX_BYTES = 150, POOL_MAX = 1024 };

/*
 * The first is the default. Fields: version, root, functions, direct_commands, pools,
 * nullable, layouts. Layouts have a space on both sides, so that a search for " name " finds
 * whole names.
 */
static const struct lc_server_xml_target targets[] = {
    {"26.7", "dictionaries", true, true, true, true,
     " complex_key_direct complex_key_cache complex_key_hashed regexp_tree "},
    {"18.16", "dictionaries", false, false, false, false, " complex_key_cache complex_key_hashed "},
};

/*
 * s->on is one of the table above from here on, also after a failure, so that messages can use
 * it.
 */
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
bool lc_server_xml_is_word(const char *word)
{
    size_t n = strlen(word);
    bool good = n > 0 && n <= NAME_MAX_BYTES && !isdigit((unsigned char)word[0]);

    for (size_t i = 0; i < n; i++)
        good = good && (word[i] == '_' || (isalnum((unsigned char)word[i]) && word[i] > 0));
    return good;
}

/* `what` names the option in the message. 0 or LC_ERR_USAGE. */
static int check_word(const char *what, const char *word, struct lc_error *err)
{
    if (lc_server_xml_is_word(word))
        return 0;
    lc_fail(err, LC_ERR_USAGE,
            "%s is '%.100s': only letters, digits and _, at most %d, no digit first", what, word,
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

/*
 * The names that follow from name and version. The rules file keeps the suffix of the form
 * that it has: a compiled one is .rules, all else .csv.
 */
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

/* The error for an unknown attribute, with those that there are: as many as fit into the hint. */
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

/*
 * Settle s->attribute and s->n: those that were asked for, in that order, or all. The first
 * gives the function its plain name. Each becomes part of a name in SQL, so it must be a word,
 * and in the dictionary it must differ from the key.
 */
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

/*
 * A type as the server shows it has spaces between its parts; a command must have none, as it
 * is split there. Spaces within the quotes of an Enum's label are part of it and stay.
 * Malloc'ed; NULL: no memory.
 */
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
            return lc_fail(
                err, LC_ERR_USAGE,
                "the type '%.200s' contains a space, and the server splits the command at spaces",
                type);
    }
    return 0;
}

/* Keys may be NULL: every type must have an answer to them. The types are good by now. */
static int check_null_answers(const struct lc_server_xml *s, struct lc_error *err)
{
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < s->n; i++) {
        struct lc_column_type res = {0};

        rc = lc_column_type_init(&res, s->rules, s->attribute[i], s->type[i], s->rules_path, err);
        if (rc == 0)
            rc = lc_column_type_takes_null(&res, s->rules_path, err);
        lc_column_type_release(&res);
    }
    return rc;
}

/* What the function is given: the rules, and the format, must take it. */
static int choose_argument(struct lc_server_xml *s, struct lc_error *err)
{
    struct lc_argument arg = {0};
    int format = lc_format_from_name(s->format), rc;

    lc_argument_usual(s->rules, s->usual, sizeof s->usual);
    s->argument_text = without_spaces(s->argument ? s->argument : lc_server_xml_key_type(s));
    if (!s->argument_text)
        return lc_fail(err, LC_ERR_NOMEM, "no memory");
    s->argument = s->argument_text;
    rc = lc_argument_parse(&arg, s->argument, err);
    if (!rc)
        rc = lc_argument_fits(&arg, s->argument, s->rules->kind, &s->rules->takes,
                              (enum lc_format)format, err);
    if (!rc && arg.nullable)
        rc = check_null_answers(s, err);
    if (!rc && strchr(s->argument, ' ')) {
        rc = lc_fail(
            err, LC_ERR_USAGE,
            "the argument type '%.200s' contains a space, and the server splits the command at "
            "spaces",
            s->argument);
        lc_hint(
            err,
            "write it without spaces; for an Enum with spaces in its labels declare String: the "
            "server sends the label");
    }
    lc_argument_release(&arg);
    return rc;
}

/*
 * Which layout: by default the one that answers as the rules do at the least cost. Exact rules
 * are a hash table, and the server's own is the fastest. All other kinds are matched by
 * livecol-udf, key by key: without a cache where processes are pooled, with one where each
 * block would start a process. `whole` is the layout that can hold these rules in full; a form
 * other than plain (no case, say) changes a key before it is compared, which no layout of the
 * server does.
 */
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
    if (lc_server_xml_is_whole(s->layout) && strcmp(s->layout, whole) != 0) {
        lc_fail(err, LC_ERR_USAGE, "%s: %s rules are not for the layout %s", s->rules_path,
                lc_kind_name_with(s->rules->kind, s->rules->options), s->layout);
        lc_hint(err,
                "complex_key_hashed takes exact rules, regexp_tree prefixes; the others ask key by "
                "key, and accept all kinds");
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

struct lc_server_xml lc_server_xml_one(const struct lc_server_xml *s, unsigned i)
{
    struct lc_server_xml one = *s;
    struct lc_slice name = lc_server_xml_attribute_name(s, i);

    one.n = 1;
    one.attribute[0] = s->attribute[i];
    one.type[0] = s->type[i];
    /* At most NAME_MAX_BYTES, by choose_attributes. */
    if (i)
        snprintf(one.function, sizeof one.function, "%.190s_%.*s", s->full,
                 (int)(name.n < NAME_MAX_BYTES ? name.n : NAME_MAX_BYTES), (const char *)name.p);
    return one;
}
