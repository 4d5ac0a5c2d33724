/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine reads the file itself, by file(); livecol reads the header alone, so that what
 * does not fit the table is said with the file's name and what to do, before a step fails.
 */
#include "cli/commands/try_rows.h"

#include "cli/sql/quote.h"
#include "livecol_sql.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAMES_MAX = 4096, SHOWN_BYTES = 200 }; /* columns of a header; bytes of them in a message */

/* The first line, taken apart. */
struct header {
    char *line;     /* malloc'ed; the names are in it */
    char delimiter; /* 0: the file has no header to look at */
    char *names[NAMES_MAX];
    size_t n;
};

/* Does the name end so? In upper or lower case. */
static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcasecmp(name + n - m, end) == 0;
}

/* An error in the header, with what to do: LC_ERR_INPUT. */
static int refuse(const struct lc_try_rows *r, struct lc_error *err, const char *what,
                  const char *hint)
{
    lc_fail(err, LC_ERR_INPUT, "%s:1: %s", r->file, what);
    lc_hint(err, "%s", hint);
    return LC_ERR_INPUT;
}

/*
 * What no text file of UTF-8 begins with: a byte order mark, which the engine would take for a
 * part of the first name, and the marks and zeroes of UTF-16.
 */
static int check_encoding(const struct lc_try_rows *r, const char *line, size_t n,
                          struct lc_error *err)
{
    if (n >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        return refuse(
            r, err, "the file begins with a byte order mark",
            "save it as UTF-8 without one: the engine reads the mark as part of the first "
            "column's name");
    if ((n >= 2 && (memcmp(line, "\xff\xfe", 2) == 0 || memcmp(line, "\xfe\xff", 2) == 0)) ||
        memchr(line, '\0', n))
        return refuse(r, err, "the file is not UTF-8 text",
                      "save it as UTF-8: it looks like UTF-16");
    return 0;
}

/*
 * What parts the names of a .csv: a comma, or where there is none a semicolon, tab or bar, as
 * spreadsheets of some countries write. One column needs none, and gets the comma.
 */
static char delimiter_of(const char *line)
{
    static const char others[] = ";\t|";

    if (strchr(line, ','))
        return ',';
    for (const char *p = others; *p; p++)
        if (strchr(line, *p))
            return *p;
    return ',';
}

/*
 * Take the field at *p, in place: its quotes are removed, "" in quotes becomes ". Returns it,
 * NUL-terminated; *p becomes the next field, or NULL after the last.
 */
static char *take_name(char **p, char delimiter)
{
    char *name = *p, *to = *p, *from = *p;
    bool quoted = *from == '"';

    for (from += quoted; *from && (quoted || *from != delimiter); from++) {
        if (quoted && *from == '"') {
            if (from[1] != '"') {
                quoted = false;
                continue;
            }
            from++;
        }
        *to++ = *from;
    }
    *p = *from ? from + 1 : NULL;
    *to = '\0';
    return name;
}

/*
 * Read and take apart the first line of the file. h->line is the caller's to free, also after a
 * failure. A quoted name may not hold a line break.
 */
static int read_header(const struct lc_try_rows *r, struct header *h, struct lc_error *err)
{
    FILE *f = fopen(r->path, "re");
    size_t room = 0;
    ssize_t n = f ? getline(&h->line, &room, f) : -1;
    int rc = 0;

    if (!f)
        return lc_fail(err, LC_ERR_IO, "%s: %s", r->file, strerror(errno));
    if (n < 0 && ferror(f))
        rc = lc_fail(err, LC_ERR_IO, "%s: %s", r->file, strerror(errno));
    else if (n <= 0)
        rc = refuse(r, err, "the file is empty", "its first line names the columns");
    fclose(f);
    if (rc == 0)
        rc = check_encoding(r, h->line, (size_t)n, err);
    if (rc)
        return rc;
    h->line[strcspn(h->line, "\r\n")] = '\0';
    h->delimiter = ends_with(r->path, ".tsv") ? '\t' : delimiter_of(h->line);
    for (char *p = h->line; p && h->n < NAMES_MAX;)
        h->names[h->n++] = take_name(&p, h->delimiter);
    return 0;
}

/* Does the header name the column? The case counts, as in ClickHouse. */
static bool names(const struct header *h, const char *column)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->names[i], column) == 0)
            return true;
    return false;
}

/* "a, b, c" of the header, cut where it is long. */
static const char *shown(const struct header *h, char out[SHOWN_BYTES])
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < h->n && at + 8 < SHOWN_BYTES; i++) {
        char name[SHOWN_BYTES];

        lc_printable(h->names[i], strlen(h->names[i]), name, sizeof name);
        at += (size_t)snprintf(out + at, SHOWN_BYTES - at, "%s%s", i ? ", " : "", name);
    }
    return out;
}

/* The header does not fit the table: `column` is not in it, or with `none` no column at all is. */
static int refuse_column(const struct lc_try_rows *r, const struct header *h, const char *column,
                         bool none, struct lc_error *err)
{
    char text[SHOWN_BYTES];

    if (none) {
        lc_fail(err, LC_ERR_INPUT, "%s:1: no column of %s.%s is named here: %s", r->file,
                r->database, r->table, shown(h, text));
        lc_hint(err, "the first line names the columns, as the schema writes them");
        return LC_ERR_INPUT;
    }
    lc_fail(err, LC_ERR_INPUT, "%s:1: the header does not name %s, a column of %s.%s: it has %s",
            r->file, column, r->database, r->table, shown(h, text));
    lc_hint(err, "add the column to the file, or give it a DEFAULT in the schema");
    return LC_ERR_INPUT;
}

/*
 * Append the columns that are given, "a, b": those of the header, and of a file without one all
 * that may be given (a MATERIALIZED or ALIAS column may not). A column with a DEFAULT may be
 * left out; any other must be in the header, or its rows would be silently empty.
 */
static int add_columns(const struct lc_try_rows *r, const struct header *h, struct lc_buf *out,
                       struct lc_error *err)
{
    const char *missing = NULL;
    size_t n = 0;

    for (size_t i = 0; i < r->columns->rows; i++) {
        const char *name = lc_answer_at(r->columns, i, LC_SQL_COLUMNS_NAME)->p;
        const char *kind = lc_answer_at(r->columns, i, LC_SQL_COLUMNS_DEFAULT_KIND)->p;

        if (*kind && strcmp(kind, "DEFAULT") != 0)
            continue;
        if (h->delimiter && !names(h, name)) {
            missing = *kind || missing ? missing : name;
            continue;
        }
        if ((n++ && lc_buf_adds(out, ", ")) || lc_sql_add_id(out, name))
            return lc_no_memory(err);
    }
    return h->delimiter && (missing || n == 0) ? refuse_column(r, h, missing, n == 0, err) : 0;
}

int lc_try_rows_insert(const struct lc_try_rows *r, struct lc_buf *sql, struct lc_error *err)
{
    struct header *h = calloc(1, sizeof *h);
    struct lc_buf columns;
    int rc = h ? 0 : lc_no_memory(err);

    lc_buf_init(&columns, 1 << 20);
    if (rc == 0 && (ends_with(r->path, ".csv") || ends_with(r->path, ".tsv")))
        rc = read_header(r, h, err);
    if (rc == 0)
        rc = add_columns(r, h, &columns, err);
    if (rc == 0 &&
        (lc_buf_adds(sql, "INSERT INTO ") || lc_sql_add_id(sql, r->database) ||
         lc_buf_adds(sql, ".") || lc_sql_add_id(sql, r->table) || !lc_buf_str(&columns) ||
         lc_buf_addf(sql, " (%s)\nSELECT %s\nFROM file(", lc_buf_str(&columns),
                     lc_buf_str(&columns)) ||
         lc_sql_add_str(sql, r->path) || lc_buf_adds(sql, ")")))
        rc = lc_no_memory(err);
    /* The engine knows a .tsv's tab by the name. */
    if (rc == 0 && ends_with(r->path, ".csv") && h->delimiter != ',' &&
        (lc_buf_adds(sql, "\nSETTINGS format_csv_delimiter = ") ||
         lc_sql_add_str(sql, (const char[]){h->delimiter, '\0'})))
        rc = lc_no_memory(err);
    if (rc == 0 && lc_buf_adds(sql, ";\n"))
        rc = lc_no_memory(err);
    lc_buf_release(&columns);
    free(h ? h->line : NULL);
    free(h);
    return rc;
}
