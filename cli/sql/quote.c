/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way from a value to SQL text. A value is quoted by what it is in the statement: an identifier, a
 * string or an integer; so nothing in it can end its quotes. The three kinds are checked when a statement is
 * formatted, and that the arguments are those that the statement lists.
 */
#include "cli/sql/quote.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Both quotings escape the same way: a backslash before the quote and before a backslash. */
static int add_quoted(struct lc_buf *b, const char *value, size_t n, char quote)
{
    if (lc_buf_add(b, &quote, 1))
        return LC_ERR_NOMEM;
    for (const char *s = value; s < value + n; s++) {
        if (*s == '\0') {
            if (lc_buf_adds(b, "\\0"))
                return LC_ERR_NOMEM;
            continue;
        }
        if ((*s == quote || *s == '\\') && lc_buf_add(b, "\\", 1))
            return LC_ERR_NOMEM;
        if (lc_buf_add(b, s, 1))
            return LC_ERR_NOMEM;
    }
    return lc_buf_add(b, &quote, 1);
}

int lc_sql_add_id(struct lc_buf *b, const char *value)
{
    return add_quoted(b, value, strlen(value), '`');
}

/* Words that mean something else in an expression or after a column's name. */
static bool is_keyword(const char *name)
{
    static const char *const words[] = {
        "after",      "alias",  "all",          "and",       "any",      "as",         "asc",
        "between",    "by",     "case",         "cast",      "codec",    "column",     "comment",
        "constraint", "date",   "default",      "desc",      "distinct", "else",       "end",
        "ephemeral",  "except", "exists",       "false",     "final",    "first",      "format",
        "from",       "global", "group",        "having",    "if",       "ilike",      "in",
        "index",      "inf",    "intersect",    "interval",  "is",       "join",       "key",
        "like",       "limit",  "materialized", "nan",       "not",      "null",       "offset",
        "on",         "or",     "order",        "partition", "prewhere", "primary",    "projection",
        "qualify",    "remove", "sample",       "select",    "settings", "statistics", "then",
        "timestamp",  "to",     "true",         "ttl",       "union",    "update",     "using",
        "values",     "when",   "where",        "window",    "with"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(name, words[i]) == 0)
            return true;
    return false;
}

/*
 * May the name go without backticks: an ASCII identifier that the parser takes for nothing
 * else?
 */
static bool is_plain(const char *name)
{
    if (is_keyword(name))
        return false;
    if (!isalpha((unsigned char)*name) && *name != '_')
        return false;
    for (; *name; name++) {
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    }
    return true;
}

int lc_sql_add_name(struct lc_buf *b, const char *name)
{
    return is_plain(name) ? lc_buf_adds(b, name) : lc_sql_add_id(b, name);
}

int lc_sql_add_str(struct lc_buf *b, const char *value)
{
    return add_quoted(b, value, strlen(value), '\'');
}

int lc_sql_add_bytes(struct lc_buf *b, const void *p, size_t n)
{
    return add_quoted(b, p, n, '\'');
}

size_t lc_sql_bytes_size(const void *p, size_t n)
{
    const uint8_t *s = p;
    size_t size = n + 2;

    for (size_t i = 0; i < n; i++)
        size += s[i] == '\'' || s[i] == '\\' || s[i] == '\0';
    return size;
}

/*
 * The value of an argument; NULL: there is none of that name. args ends with name NULL, or is
 * NULL.
 */
static const char *find_arg(const struct lc_sql_arg *args, const char *name, size_t n)
{
    for (; args && args->name; args++)
        if (strlen(args->name) == n && memcmp(args->name, name, n) == 0)
            return args->value;
    return NULL;
}

/*
 * Nothing but an optional minus and digits: what is not quoted must not be able to be anything
 * else.
 */
static bool is_integer(const char *value)
{
    size_t digits = strspn(value + (*value == '-'), "0123456789");

    return digits > 0 && value[digits + (*value == '-')] == '\0';
}

/* Replace the placeholder between open ('{') and close ('}'). */
static int add_placeholder(struct lc_buf *b, const char *open, const char *close,
                           const struct lc_sql_arg *args, struct lc_error *err)
{
    int n = (int)(close - open) + 1;
    bool id = strncmp(open, "{id:", 4) == 0, num = strncmp(open, "{num:", 5) == 0;
    const char *name, *value;

    if (!id && !num && strncmp(open, "{str:", 5) != 0)
        return lc_fail(err, LC_ERR_USAGE, "placeholder %.*s is none of {id:x}, {str:x} and {num:x}",
                       n, open);
    name = open + (id ? 4 : 5);
    value = find_arg(args, name, (size_t)(close - name));
    if (!value)
        return lc_fail(err, LC_ERR_USAGE, "placeholder %.*s has no value", n, open);
    if (num && !is_integer(value))
        return lc_fail(err, LC_ERR_USAGE, "placeholder %.*s takes an integer, not \"%.40s\"", n,
                       open, value);
    if (num ? lc_buf_adds(b, value) : id ? lc_sql_add_id(b, value) : lc_sql_add_str(b, value))
        return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
    return 0;
}

/* Do the arguments given and those of the statement have the same names? */
static int check_args(const struct lc_sql *sql, const struct lc_sql_arg *args, struct lc_error *err)
{
    for (const char *const *name = sql->args; *name; name++)
        if (!find_arg(args, *name, strlen(*name)))
            return lc_fail(err, LC_ERR_USAGE, "statement %s lacks its argument %s", sql->name,
                           *name);
    for (; args && args->name; args++) {
        const char *const *name = sql->args;

        while (*name && strcmp(*name, args->name) != 0)
            name++;
        if (!*name)
            return lc_fail(err, LC_ERR_USAGE, "statement %s takes no argument %s", sql->name,
                           args->name);
    }
    return 0;
}

int lc_sql_format(struct lc_buf *b, const struct lc_sql *sql, const struct lc_sql_arg *args,
                  struct lc_error *err)
{
    const char *s = sql->text;

    if (check_args(sql, args, err))
        return LC_ERR_USAGE;
    while (*s) {
        size_t plain = strcspn(s, "{");
        const char *close;
        int rc;

        if (lc_buf_add(b, s, plain))
            return lc_fail(err, LC_ERR_NOMEM, "no memory for a statement");
        s += plain;
        if (!*s)
            break;
        close = strchr(s, '}');
        if (!close)
            return lc_fail(err, LC_ERR_USAGE, "a placeholder is not closed: %.40s", s);
        rc = add_placeholder(b, s, close, args, err);
        if (rc)
            return rc;
        s = close + 1;
    }
    return 0;
}
