/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd in a rules file that can be loaded, as warnings and as JSON. */
#include "base/format.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands/rules.h"
#include "cli/term/message.h"

#include <stdio.h>
#include <string.h>

/* What is said of fields that a program has rewritten, behind their number. */
struct rewritten {
    const char *json, *one, *many, *why;
};

static const struct rewritten rewritten[LC_REWRITTEN_KINDS] = {
    [LC_REWRITTEN_SHORTENED] =
        {"shortened numbers", "field is", "fields are",
         "spreadsheets and R write long numbers so, and codes like 1E05; the digits are "
         "lost: export the column as text"},
    [LC_REWRITTEN_ROUNDED] =
        {"rounded numbers", "number is", "numbers are",
         "a spreadsheet keeps 15 digits of a number, and writes 0 for the others: "
         "export the column as text"},
    [LC_REWRITTEN_DATES] =
        {"dates", "field is", "fields are",
         "spreadsheets make such dates of codes like 3-1 and MAR1: format the column "
         "as text before you paste into it"},
    [LC_REWRITTEN_GROUPED] = {"grouped digits", "number is", "numbers are",
                              "digits in groups are a text, which no number equals: write 1000"},
    [LC_REWRITTEN_ERRORS] = {"spreadsheet errors", "field is", "fields are",
                             "a formula that failed, and no value"},
    [LC_REWRITTEN_ZEROS] =
        {"lost zeros", "key is", "keys are",
         "shorter than the others, of which some begin with 0: a spreadsheet removes "
         "zeros at the start of numbers"},
    [LC_REWRITTEN_POINTS] =
        {"decimal keys", "key is", "keys are",
         "all keys end with .0: whole numbers that a program has written as decimals, "
         "and which match no whole number"},
    [LC_REWRITTEN_APOSTROPHES] =
        {"apostrophes", "key is", "keys are",
         "the apostrophe is for spreadsheets alone, and part of the key here: remove it"},
    [LC_REWRITTEN_RECODED] = {"encoding", "field is", "fields are",
                              "UTF-8 that was read in another encoding and saved again"},
};

static void warn_rewritten(const struct lc_rewritten_found *f, const struct rewritten *about,
                           const char *path)
{
    char shown[4 * LC_REWRITTEN_SHOWN + 1];

    if (f->fields)
        lc_warn("%s:%u: %u %s like '%s', the first here: %s", path, f->line, f->fields,
                f->fields == 1 ? about->one : about->many,
                lc_printable((const uint8_t *)f->example, strlen(f->example), shown, sizeof shown),
                about->why);
}

/* A character as it is named in a warning: a blank, ':', \x07. */
static const char *shown_byte(uint8_t c, char out[8])
{
    if (c == ' ')
        return "a blank";
    if (c > ' ' && c < 0x7f)
        snprintf(out, 8, "'%c'", c);
    else
        snprintf(out, 8, "\\x%02x", c);
    return out;
}

void lc_rules_warn(const struct lc_csv_notes *n, const char *path)
{
    char shown[8];

    if (n->blanks)
        lc_warn("%s:%u: %u field%s with a blank at the start or end, the first here: it belongs to "
                "the field, unless --trim removes it",
                path, n->blanks_line, n->blanks, n->blanks == 1 ? "" : "s");
    if (n->hard_blanks)
        lc_warn(
            "%s:%u: %u field%s with a no-break space or a mark that nobody sees (U+00A0, U+FEFF, "
            "...) at the start or end, the first here: it belongs to the field, and --trim leaves it",
            path, n->hard_blanks_line, n->hard_blanks, LC_S(n->hard_blanks));
    if (n->stars)
        lc_warn("%s:%u: the key * is one character, which keys begin or end with: the default of "
                "prefix and suffix rules is the empty key",
                path, n->stars_line);
    if (n->patterns)
        lc_warn(
            "%s:%u: %u key%s with a * at an end, the first here: it is a character of the key, and no pattern; a "
            "prefix rule matches whatever follows without it, a suffix rule whatever comes before",
            path, n->patterns_line, n->patterns, LC_S(n->patterns));
    if (n->networks)
        lc_warn(
            "%s:%u: %u key%s like a network, the first here: these rules compare texts, and no address "
            "is one with a / in it; for networks use the kind cidr",
            path, n->networks_line, n->networks, n->networks == 1 ? " looks" : "s look");
    if (n->no_hosts)
        lc_warn(
            "%s:%u: %u name%s that no host has, the first here, with %s: a domain rule is a host "
            "name, without port, scheme and blanks",
            path, n->no_hosts_line, n->no_hosts, LC_S(n->no_hosts),
            shown_byte(n->no_host_byte, shown));
    if (n->nothing)
        lc_warn(
            "%s:%u: %u line%s with delimiters alone, the first here: it is the rule of the empty key, "
            "with empty values",
            path, n->nothing_line, n->nothing, LC_S(n->nothing));
    if (n->repeats)
        lc_warn(
            "%s:%u: %u rule%s that an earlier line has, with the same values, the first here: it "
            "is kept once",
            path, n->repeats_line, n->repeats, LC_S(n->repeats));
    if (n->alone)
        lc_warn(
            "%s:%u: %u exception%s (!name) that no *. rule takes, the first here: it holds as the "
            "name without the ! does",
            path, n->alone_line, n->alone, LC_S(n->alone));
    if (n->doubtful)
        lc_warn("%s:%u: %u comment%s like a rule, the first here: write a key that begins with # "
                "in quotes",
                path, n->doubtful_line, n->doubtful, n->doubtful == 1 ? " looks" : "s look");
    for (unsigned i = 0; i < LC_REWRITTEN_KINDS; i++)
        warn_rewritten(&n->rewritten[i], &rewritten[i], path);
}

static void add_warning(struct lc_json *list, const char *what, uint32_t count, uint32_t line)
{
    struct lc_json *o;

    if (count == 0)
        return;
    o = lc_json_object();
    lc_json_set_str(o, "warning", what);
    lc_json_set_int(o, "count", count);
    lc_json_set_int(o, "line", line);
    lc_json_add(list, o);
}

struct lc_json *lc_rules_warnings(const struct lc_csv_notes *n)
{
    struct lc_json *list = lc_json_array();

    add_warning(list, "blanks", n->blanks, n->blanks_line);
    add_warning(list, "no-break spaces", n->hard_blanks, n->hard_blanks_line);
    add_warning(list, "stars", n->stars, n->stars_line);
    add_warning(list, "patterns", n->patterns, n->patterns_line);
    add_warning(list, "networks", n->networks, n->networks_line);
    add_warning(list, "exceptions", n->alone, n->alone_line);
    add_warning(list, "no host names", n->no_hosts, n->no_hosts_line);
    add_warning(list, "empty lines", n->nothing, n->nothing_line);
    add_warning(list, "repeated", n->repeats, n->repeats_line);
    add_warning(list, "comments", n->doubtful, n->doubtful_line);
    for (unsigned i = 0; i < LC_REWRITTEN_KINDS; i++)
        add_warning(list, rewritten[i].json, n->rewritten[i].fields, n->rewritten[i].line);
    return list;
}
