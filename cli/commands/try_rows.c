/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine reads the file itself, by file(); livecol reads the header alone, so that what
 * does not fit the table is said with the file's name and what to do, before a step fails.
 * Where a file has no header that can be read here, the engine tells its columns.
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
#include <sys/stat.h>

enum { NAMES_MAX = 4096, SHOWN_BYTES = 200 }; /* columns of a header; bytes of them in a message */

/* What the end of a file's name shows. */
static const struct format {
    const char *end;
    const char *name; /* for file(): "auto" where the engine tells it by the name */
    bool header;      /* the first line names the columns */
    bool text;        /* its values have no types of their own: the table's are to be given */
} formats[] = {
    {".csv", "CSVWithNames", true, true}, {".tsv", "TabSeparatedWithNames", true, true},
    {".jsonl", "auto", false, true},      {".ndjson", "auto", false, true},
    {".json", "auto", false, true},       {".parquet", "Parquet", false, false},
};

/* What the engine unpacks while it reads. */
static const char *const packed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};

/* The names that the file has for its columns. */
struct header {
    char *line;            /* of a file that is read here: malloc'ed; the names are in it */
    struct lc_answer told; /* else: DESCRIBE, as the engine answers it; the names are in it */
    char delimiter;        /* of a line that is read here; else 0 */
    char *names[NAMES_MAX];
    size_t n;
};

/* Does the name end so? In upper or lower case. */
static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcasecmp(name + n - m, end) == 0;
}

/* The format of the file, by its name; NULL: none that is known. *unpack: the engine unpacks it. */
static const struct format *format_of(const char *file, bool *unpack)
{
    char name[300];
    size_t n = strlen(file), from = n < sizeof name ? 0 : n - sizeof name + 1;

    memcpy(name, file + from, n - from + 1);
    *unpack = false;
    for (size_t i = 0; i < sizeof packed / sizeof *packed && !*unpack; i++) {
        if (ends_with(name, packed[i])) {
            name[strlen(name) - strlen(packed[i])] = '\0';
            *unpack = true;
        }
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (ends_with(name, formats[i].end))
            return &formats[i];
    return NULL;
}

int lc_try_rows_check(const char *file, struct lc_error *err)
{
    struct stat st;
    bool unpack;

    if (stat(file, &st))
        return lc_fail(err, LC_ERR_IO, "%s: %s", file, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return lc_fail(err, LC_ERR_IO, "%s is not a file", file);
    if (format_of(file, &unpack))
        return 0;
    lc_fail(err, LC_ERR_USAGE, "the name of %s shows no format that livecol try reads", file);
    lc_hint(err,
            "save it as .csv with a header, .tsv with a header, .jsonl or .parquet (or packed: "
            ".csv.gz)");
    return LC_ERR_USAGE;
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

/* The names of a file that has no header, or is packed: the engine looks into it. */
static int ask_names(const struct lc_try_rows *r, const struct format *f, struct header *h,
                     struct lc_error *err)
{
    struct lc_buf sql;
    int rc = 0;

    lc_buf_init(&sql, 1 << 16);
    if (lc_buf_adds(&sql, "DESCRIBE TABLE file(") || lc_sql_add_str(&sql, r->path) ||
        lc_buf_addf(&sql, ", '%s')", f->name) || !lc_buf_str(&sql))
        rc = lc_no_memory(err);
    if (rc == 0)
        rc = lc_backend_run(r->engine, lc_buf_str(&sql), &h->told, err);
    if (rc)
        lc_error_prefix(err, "%s: ", r->file);
    for (size_t i = 0; rc == 0 && i < h->told.rows && h->n < NAMES_MAX; i++)
        h->names[h->n++] = (char *)(uintptr_t)lc_answer_at(&h->told, i, 0)->p;
    lc_buf_release(&sql);
    return rc;
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
    const char *where = h->line ? ":1" : "";

    if (none) {
        lc_fail(err, LC_ERR_INPUT, "%s%s: no column of %s.%s is named here: %s", r->file, where,
                r->database, r->table, shown(h, text));
        lc_hint(err, h->line ? "the first line names the columns, as the schema writes them"
                             : "the file names its columns as the schema writes them");
        return LC_ERR_INPUT;
    }
    lc_fail(err, LC_ERR_INPUT, "%s%s: %s does not name %s, a column of %s.%s: it has %s", r->file,
            where, h->line ? "the header" : "the file", column, r->database, r->table,
            shown(h, text));
    lc_hint(err, "add the column to the file, or give it a DEFAULT in the schema");
    return LC_ERR_INPUT;
}

/*
 * Append the columns that are given, "a, b", and to *types the same with their types, "a T, b U":
 * those that the file names (a MATERIALIZED or ALIAS column may not be given). A column with a
 * DEFAULT may be left out; any other must be in the file, or its rows would be silently empty.
 */
static int add_columns(const struct lc_try_rows *r, const struct header *h, struct lc_buf *out,
                       struct lc_buf *types, struct lc_error *err)
{
    const char *missing = NULL;
    size_t n = 0;

    for (size_t i = 0; i < r->columns->rows; i++) {
        const char *name = lc_answer_at(r->columns, i, LC_SQL_COLUMNS_NAME)->p;
        const char *type = lc_answer_at(r->columns, i, LC_SQL_COLUMNS_TYPE)->p;
        const char *kind = lc_answer_at(r->columns, i, LC_SQL_COLUMNS_DEFAULT_KIND)->p;

        if (*kind && strcmp(kind, "DEFAULT") != 0)
            continue;
        if (!names(h, name)) {
            missing = *kind || missing ? missing : name;
            continue;
        }
        if (n++ && (lc_buf_adds(out, ", ") || lc_buf_adds(types, ", ")))
            return lc_no_memory(err);
        if (lc_sql_add_id(out, name) || lc_sql_add_id(types, name) ||
            lc_buf_addf(types, " %s", type))
            return lc_no_memory(err);
    }
    return missing || n == 0 ? refuse_column(r, h, missing, n == 0, err) : 0;
}

/* Append the statement, whose columns and their types are known. 0, LC_ERR_NOMEM. */
static int add_insert(const struct lc_try_rows *r, const struct format *f, const struct header *h,
                      const char *columns, const char *types, struct lc_buf *sql)
{
    const char delimiter[] = {h->delimiter, '\0'};

    if (!columns || !types || lc_buf_adds(sql, "INSERT INTO ") || lc_sql_add_id(sql, r->database) ||
        lc_buf_adds(sql, ".") || lc_sql_add_id(sql, r->table) ||
        lc_buf_addf(sql, " (%s)\nSELECT %s\nFROM file(", columns, columns) ||
        lc_sql_add_str(sql, r->path) || lc_buf_addf(sql, ", '%s'", f->name) ||
        (f->text && (lc_buf_adds(sql, ",\n    ") || lc_sql_add_str(sql, types))) ||
        lc_buf_adds(sql, ")"))
        return LC_ERR_NOMEM;
    /* Times as programs write them too: 2026-01-01T00:00:00Z. */
    if (f->text && lc_buf_adds(sql, "\nSETTINGS date_time_input_format = 'best_effort'"))
        return LC_ERR_NOMEM;
    if (h->delimiter && h->delimiter != ',' && strcmp(f->end, ".csv") == 0 &&
        (lc_buf_adds(sql, ", format_csv_delimiter = ") || lc_sql_add_str(sql, delimiter)))
        return LC_ERR_NOMEM;
    return lc_buf_adds(sql, ";\n");
}

int lc_try_rows_insert(const struct lc_try_rows *r, struct lc_buf *sql, struct lc_error *err)
{
    struct header *h = calloc(1, sizeof *h);
    struct lc_buf columns, types;
    bool unpack;
    const struct format *f = format_of(r->path, &unpack);
    int rc = !h ? lc_no_memory(err) : !f ? lc_try_rows_check(r->path, err) : 0;

    lc_buf_init(&columns, 1 << 20);
    lc_buf_init(&types, 1 << 20);
    if (rc == 0)
        rc = f->header && !unpack ? read_header(r, h, err) : ask_names(r, f, h, err);
    if (rc == 0)
        rc = add_columns(r, h, &columns, &types, err);
    if (rc == 0 && add_insert(r, f, h, lc_buf_str(&columns), lc_buf_str(&types), sql))
        rc = lc_no_memory(err);
    lc_buf_release(&columns);
    lc_buf_release(&types);
    if (h) {
        lc_answer_release(&h->told);
        free(h->line);
    }
    free(h);
    return rc;
}
