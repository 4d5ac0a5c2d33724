/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands, limits and names that the function's and the dictionary's XML have in common.
 *
 * A command is split by the server at single spaces, with no quotes and no escapes, or by
 * /bin/sh on servers that do not run programs directly. lc_server_xml_settle refuses arguments
 * with a space in both cases; for a shell they are quoted as well.
 */
#include "cli/deploy/server_xml_parts.h"

#include <stdlib.h>
#include <string.h>

const char *lc_server_xml_key_type(const struct lc_server_xml *s)
{
    return s->usual;
}

bool lc_server_xml_is_whole(const char *layout)
{
    return strcmp(layout, "complex_key_hashed") == 0 || strcmp(layout, "regexp_tree") == 0;
}

const char *lc_server_xml_key_name(const struct lc_server_xml *s)
{
    return strcmp(s->layout, "regexp_tree") == 0 ? "regexp" : s->key;
}

struct lc_slice lc_server_xml_attribute_name(const struct lc_server_xml *s, unsigned i)
{
    return s->rules->names[s->attribute[i]];
}

void lc_server_xml_plain_type(const struct lc_server_xml *s, unsigned i, struct lc_buf *out)
{
    /* sizeof wrap counts the NUL, which makes up for the ')' that is cut off. */
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

/* One more argument of the command, after a space. Only a shell's needs quotes. */
static void add_argument(const struct lc_server_xml *s, struct lc_buf *out, const char *arg)
{
    lc_buf_adds(out, " ");
    if (s->on->direct_commands)
        lc_buf_adds(out, arg);
    else
        add_shell(out, arg);
}

/* An option, given with the space before it, and its value. Without memory the value is empty. */
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

void lc_server_xml_function_command(const struct lc_server_xml *s, struct lc_buf *out)
{
    lc_buf_adds(out, "livecol-udf");
    add_option(s, out, " --rules", slice(s->rules_name));
    /* Rules of one attribute leave no choice. */
    if (s->rules->attributes > 1)
        add_option(s, out, " --attribute", lc_server_xml_attribute_name(s, 0));
    add_option(s, out, " --format", slice(s->format));
    add_option(s, out, " --argument", slice(s->argument));
    add_option(s, out, " --type", slice(s->type[0]));
    if (s->sandbox)
        lc_buf_adds(out, " --sandbox");
}

void lc_server_xml_dictionary_command(const struct lc_server_xml *s, struct lc_buf *out)
{
    bool whole = lc_server_xml_is_whole(s->layout);

    if (s->on->direct_commands) {
        lc_buf_adds(out, "livecol-udf");
    } else {
        /* A shell starts in the server's working directory, not in user_scripts_path. */
        struct lc_buf path;

        lc_buf_init(&path, LC_SERVER_XML_TEXT_MAX);
        lc_buf_addf(&path, "%s/livecol-udf", s->scripts);
        add_shell(out, lc_buf_str(&path) ? lc_buf_str(&path) : "");
        lc_buf_release(&path);
    }
    add_option(s, out, " --rules", slice(s->rules_name));
    add_option(s, out, " --emit", slice(whole ? "all" : "rows"));
    if (whole)
        add_option(s, out, " --key", slice(lc_server_xml_key_name(s)));
    add_option(s, out, " --format", slice(s->format));
    for (unsigned i = 0; i < s->n; i++) {
        struct lc_buf type;

        lc_buf_init(&type, LC_SERVER_XML_TEXT_MAX);
        lc_server_xml_plain_type(s, i, &type);
        add_option(s, out, " --attribute", lc_server_xml_attribute_name(s, i));
        add_option(s, out, " --type", (struct lc_slice){type.p, type.n});
        lc_buf_release(&type);
    }
    if (s->sandbox)
        lc_buf_adds(out, " --sandbox");
}

void lc_server_xml_text_by(struct lc_xml *x, const char *element, const struct lc_server_xml *s,
                           void (*add)(const struct lc_server_xml *, struct lc_buf *))
{
    struct lc_buf text;

    lc_buf_init(&text, LC_SERVER_XML_TEXT_MAX);
    add(s, &text);
    lc_xml_text(x, element, lc_buf_str(&text) ? lc_buf_str(&text) : "");
    lc_buf_release(&text);
}

void lc_server_xml_limits(struct lc_xml *x, const struct lc_server_xml *s, bool pool)
{
    if (pool) {
        lc_xml_comment(
            x,
            "Processes at most. Further callers wait, INSERTs among them: use the server's cores\n"
            "times the queries that may call it at once. A process costs about 1 MB.");
        lc_xml_number(x, "pool_size", s->pool_size);
        lc_xml_gap(x);
    }
    lc_xml_comment(
        x,
        "How long the server waits for bytes from, or for, the program. The default of 10 s ends\n"
        "a query on a busy machine.");
    lc_xml_number(x, "command_read_timeout", 60000);
    lc_xml_number(x, "command_write_timeout", 60000);
    lc_xml_comment(x, "How long a process may take to end, and a query may wait, in seconds.");
    lc_xml_number(x, "command_termination_timeout", 10);
    if (pool)
        lc_xml_number(x, "max_command_execution_time", 60);
    lc_xml_gap(x);
    lc_xml_comment(
        x, "livecol-udf writes to stderr only when it gives up: one line, which the error should "
           "contain.");
    lc_xml_text(x, "stderr_reaction", "log_last");
    lc_xml_comment(x,
                   "A process that ends with an error fails the query, rather than give it half an "
                   "answer.");
    lc_xml_number(x, "check_exit_code", 1);
}
