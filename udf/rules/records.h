/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delimited text, record by record: RFC 4180, read by libcsv in its strict modes.
 *
 * A byte order mark is skipped; blank lines and lines that begin with # are no records. What is no
 * UTF-8 file (UTF-16, gzip, a workbook) is named before anything is read. The first record is
 * the header: messages name its columns.
 *
 * A record's line is where it begins, counted through quoted newlines. An error is latched: the first is
 * kept, and nothing is read behind it.
 */
#ifndef LC_UDF_RULES_RECORDS_H
#define LC_UDF_RULES_RECORDS_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/* Fields a record may have at most: those of a rules file are fewer. */
#define LC_RECORD_MAX_FIELDS 1000u

/* Bytes that a field may have at most, before whoever takes it has a say. */
#define LC_RECORD_MAX_FIELD_BYTES (4u * 65535u)

struct lc_records;

/* Where a text comes from that was made of another file: messages name that. */
struct lc_records_origin {
    const uint32_t *line; /* of record i, the header's first */
    uint32_t lines;
    const uint32_t *column;             /* of field i, from 1 */
    const struct lc_slice *column_name; /* empty: it has none */
    uint32_t columns;
};

/* What is done with what is read. A take that fails has called lc_records_refuse, or set rc. */
struct lc_records_taker {
    void (*take)(struct lc_records *r); /* a record; the first is the header */
    void (*comment)(struct lc_records *r, struct lc_slice line); /* NULL: nothing */
    uint32_t max_fields; /* ≤ LC_RECORD_MAX_FIELDS; what has more is an error */
    char delimiter;      /* 0: the header tells comma, semicolon and tab apart */
    bool trim;           /* blanks around a field that is not quoted are no part of it */
    bool no_header;      /* the first record is data: messages number the columns, and name none */
    const struct lc_records_origin *origin; /* NULL: the text is the file */
};

/* A reading in progress. Those who take records read it, and set rc. */
struct lc_records {
    const char *name; /* of the file, for messages */
    struct lc_error *err;
    int rc; /* the first failure; the rest of the input is then ignored */
    struct lc_records_taker how;
    char delimiter;
    uint32_t fields;      /* of the record at hand */
    uint32_t line;        /* being fed, from 1 */
    uint32_t record_line; /* where the record began; 0: between records */
    uint32_t records;     /* taken so far */
    uint32_t columns;     /* of the header; 0 until it is taken */
    struct lc_slice *headers;
    struct lc_buf text; /* the record so far: its fields one after the other */
    struct lc_buf off;  /* size_t[fields + 1]: where they are */
};

/* Read n bytes. 0, LC_ERR_INPUT with "name:line: column N (header): …" and the line in err->row, LC_ERR_NOMEM. */
int lc_records_read(struct lc_records *r, const void *text, size_t n);

/* Free what reading took; the headers with it. */
void lc_records_release(struct lc_records *r);

/* Is the record at hand the line sep=; by which Excel tells itself the delimiter? */
bool lc_records_is_excel(const struct lc_records *r);

/* What to do with such a line, as a hint. */
#define LC_RECORDS_EXCEL_HINT                                                                      \
    "remove the line: only Excel reads it, and the header shows what separates the fields"

/* Field i of the record at hand, until the next. */
struct lc_slice lc_records_field(const struct lc_records *r, uint32_t i);

/*
 * Latch an error at the record's line; column from 1, or 0 for the whole line. `hint` may be NULL.
 * Returns LC_ERR_INPUT.
 */
int lc_records_refuse(struct lc_records *r, uint32_t column, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Refuse field i where it is no UTF-8, and name what it may be. 0 or LC_ERR_INPUT. */
int lc_records_check_utf8(struct lc_records *r, uint32_t i);

#endif
