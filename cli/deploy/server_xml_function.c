/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XML of executable functions: one <function> for each attribute, all in one file. Each
 * has a pool of processes of its own.
 */
#include "cli/deploy/server_xml_parts.h"

#include <inttypes.h>

/* The comment at the head of the file: a line for each function, then how to install it. */
static void function_head(struct lc_xml *x, const struct lc_server_xml *s)
{
    struct lc_buf text;

    lc_buf_init(&text, LC_SERVER_XML_TEXT_MAX);
    for (unsigned i = 0; i < s->n; i++) {
        struct lc_server_xml one = lc_server_xml_one(s, i);

        lc_buf_addf(&text, "%s(%s): %.*s by the rules of %s, answered by livecol-udf.\n",
                    one.function, s->key, (int)lc_server_xml_attribute_name(&one, 0).n,
                    (const char *)lc_server_xml_attribute_name(&one, 0).p, s->rules_name);
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

/*
 * What the function is called, and how the program is run and spoken to. s is of one attribute
 * (lc_server_xml_one). The types in the command and in the XML come from the same fields, and
 * so cannot differ.
 */
static void function_call(struct lc_xml *x, const struct lc_server_xml *s)
{
    lc_xml_comment(x, "A pool: processes stay, block after block. 'executable' would start one for "
                      "each block.");
    lc_xml_text(x, "type", "executable_pool");
    lc_xml_text(x, "name", s->function);
    lc_xml_gap(x);
    lc_xml_comment(
        x, "Found in user_scripts_path; split at single spaces, so no argument may contain one.");
    lc_server_xml_text_by(x, "command", s, lc_server_xml_function_command);
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
        lc_server_xml_limits(&x, &one, true);
        lc_xml_comment(&x, "0: do not read the program's definition again on a timer.");
        lc_xml_number(&x, "lifetime", 0);
        lc_xml_close(&x, "function");
    }
    lc_xml_close(&x, "functions");
    return x.rc;
}
