/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XML of a dictionary whose source is livecol-udf:
 *
 *   <dictionary>
 *     <name>
 *     <source>      executable or executable_pool: the command, its format, its limits
 *     <layout>      how the server keeps the answers, and <lifetime>
 *     <structure>   the key, then each attribute with the value for a key that is not there
 *
 * Old servers run the command by a shell and know fewer elements (struct
 * lc_server_xml_target): what they do not know is left out, since they pass over it in
 * silence.
 */
#include "cli/deploy/server_xml_parts.h"

#include "udf/column_type.h"
#include "udf/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Which of the source's kinds. A layout that is loaded whole runs the program once: a pool
 * would only keep an idle process. One that asks key by key runs it for each block of keys, so
 * a pool saves its start, where the server knows pools.
 */
static const char *source_of(const struct lc_server_xml *s)
{
    return s->on->pools && !lc_server_xml_is_whole(s->layout) ? "executable_pool" : "executable";
}

/* The source: how the program is run. Its comments are for the person who edits the file. */
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
    lc_server_xml_text_by(x, "command", s, lc_server_xml_dictionary_command);
    lc_xml_text(x, "format", s->format);
    if (s->on->direct_commands) {
        lc_xml_comment(x,
                       "1: found in user_scripts_path, and run directly, with no shell between.");
        lc_xml_number(x, "execute_direct", 1);
        lc_xml_comment(x, "The program answers with the keys, too.");
        lc_xml_number(x, "implicit_key", 0);
        lc_xml_number(x, "send_chunk_header", 0);
        lc_xml_gap(x);
        lc_server_xml_limits(x, s, pool);
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

/* One attribute, or the key. null_value NULL: the element is left out, as a key has none. */
static void attribute(struct lc_xml *x, const char *name, const char *type, const char *null_value)
{
    lc_xml_open(x, "attribute");
    lc_xml_text(x, "name", name);
    lc_xml_text(x, "type", type);
    if (null_value)
        lc_xml_text(x, "null_value", null_value);
    lc_xml_close(x, "attribute");
}

/*
 * Append what a key gets that is not in the dictionary. For complex_key_hashed that is the
 * default rule's value, since the program leaves the default out of what it emits: it has no
 * key. In other layouts the default is among the answers, and the miss is taken, whose rule
 * number is r->rules. A value of a scalar type is written in the form of that type; the miss
 * of a plain UInt is 0, since the server reads no number from an empty text.
 */
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

/* The key and the attributes, in the order in which the program answers them. */
static void structure(struct lc_xml *x, const struct lc_server_xml *s)
{
    lc_xml_open(x, "structure");
    lc_xml_open(x, "key");
    attribute(x, lc_server_xml_key_name(s), lc_server_xml_key_type(s), NULL);
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
        struct lc_slice name = lc_server_xml_attribute_name(s, i);
        char *text = strndup((const char *)name.p, name.n);

        lc_buf_init(&type, LC_SERVER_XML_TEXT_MAX);
        lc_buf_init(&miss, LC_SERVER_XML_TEXT_MAX);
        lc_server_xml_plain_type(s, i, &type);
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

/*
 * The comment at the head of the file: how to call the dictionary, where the files go, and
 * what to do with new rules. All keys but those of regexp_tree are tuples, also of one column.
 */
static void dictionary_head(struct lc_xml *x, const struct lc_server_xml *s)
{
    bool tuple = strcmp(s->layout, "regexp_tree") != 0;
    struct lc_buf text;

    lc_buf_init(&text, LC_SERVER_XML_TEXT_MAX);
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
        s->full, s->rules_name, s->full, (int)lc_server_xml_attribute_name(s, 0).n,
        (const char *)lc_server_xml_attribute_name(s, 0).p, tuple ? "tuple(" : "", s->key,
        tuple ? ")" : "", s->rules_name, s->on->direct_commands ? "user_scripts_path" : s->scripts,
        s->name, s->version + 1);
    lc_xml_comment(x, lc_buf_str(&text) ? lc_buf_str(&text) : "");
    lc_buf_release(&text);
}

/*
 * Refuse what regexp_tree would answer wrongly: attributes named as columns that its source
 * has for itself, and values that it would change (a backslash with a digit is a reference to
 * a group).
 */
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
            struct lc_slice name = lc_server_xml_attribute_name(s, i);

            if (name.n != strlen(own[k]) || memcmp(name.p, own[k], name.n) != 0)
                continue;
            lc_fail(err, LC_ERR_USAGE,
                    "regexp_tree has a column %s of its own, and the attribute has the same name",
                    own[k]);
            lc_hint(err, "rename the attribute in the rules' header, or use another --layout");
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
    if (strcmp(s->argument, lc_server_xml_key_type(s)) != 0) {
        lc_fail(err, LC_ERR_USAGE,
                "a dictionary of %s rules has a key of type %s, not --argument %.200s",
                lc_kind_name(s->rules->kind), lc_server_xml_key_type(s), s->argument);
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
