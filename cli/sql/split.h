/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A migration file as pieces: statements, what separates them, directives, and the rest.
 *
 *   file = piece piece piece …        joining the pieces gives back the file, byte for byte
 *
 * A statement ends at `;`, at a `--> statement-breakpoint`, at a `-- migrate:` directive, and at
 * the end of the file. Its slice begins and ends with code: comments around it are not part of it.
 *
 * An INSERT takes its inline data with it:
 *   VALUES …      up to the next `;` outside of quotes, as clickhouse-client reads it
 *   FORMAT name   a `;` right behind the name ends it (no data); else the data begins behind the
 *                 name, or on the next line, and goes to a blank line, a directive, a breakpoint
 *                 or the end of the file. (clickhouse-client ends such data at the first newline:
 *                 one line of data followed by a blank line is read alike by both.)
 */
#ifndef LC_CLI_SQL_SPLIT_H
#define LC_CLI_SQL_SPLIT_H
#include "base/buf.h"
#include "base/error.h"
#include "cli/sql/near_mark.h"

#include <stdbool.h>

enum lc_piece_kind {
    LC_PIECE_SPACE, /* blanks and comments */
    LC_PIECE_STATEMENT,
    LC_PIECE_SEPARATOR, /* `;` or the comment of a breakpoint */
    LC_PIECE_UP,        /* -- migrate:up */
    LC_PIECE_DOWN,      /* -- migrate:down */
    LC_PIECE_REQUIRES,  /* -- migrate:requires 0003; arg is "0003" */
    LC_PIECE_REDERIVE,  /* -- migrate:rederive: of the statement behind it */
    LC_PIECE_SETTINGS, /* -- migrate:settings x = y, …: of those behind it; arg is "x = y, …" */
    LC_PIECE_ALLOW,    /* -- migrate:allow-unsafe REASON: of the migration; arg is the reason */
    LC_PIECE_VARS,     /* -- migrate:vars a, b: ${a} is replaced; arg is "a, b" */
    LC_PIECE_ENVSUB    /* -- +goose ENVSUB ON or OFF, between statements */
};

struct lc_piece {
    enum lc_piece_kind kind;
    size_t at; /* byte offset in the file, from 0 */
    size_t n;
    uint64_t line;       /* from 1 */
    struct lc_slice arg; /* of a directive */
};

/* Whose way of marking sections a file uses; a set of bits. */
enum lc_split_marks {
    LC_MARKS_LIVECOL = 1,    /* -- migrate:up */
    LC_MARKS_DBMATE = 2,     /* -- migrate:up transaction:false */
    LC_MARKS_GOOSE = 4,      /* -- +goose Up, Down, StatementBegin, StatementEnd, NO TRANSACTION */
    LC_MARKS_SQL_MIGRATE = 8 /* -- +migrate Up, Down, StatementBegin, StatementEnd */
};

/*
 * A comment that looks like the mark of a section, and is none that is read: taken for a comment, it
 * would let what it is to keep apart run as one.
 */
struct lc_near_mark {
    enum lc_near_kind kind;
    bool up;       /* of the way there */
    uint64_t line; /* from 1 */
    size_t at;     /* of the comment, as a piece's */
    char text[64]; /* as it is written, to be shown */
};

struct lc_split {
    struct lc_piece *v;
    size_t n, cap;
    unsigned marks;            /* enum lc_split_marks */
    struct lc_near_mark *near; /* in the order of the file */
    size_t near_n;
};

/*
 * Split n bytes of text. 0 and *out (to be released), or LC_ERR_INPUT with byte and row: something
 * that does not end, a NUL byte outside of quotes, a `-- migrate:`, `-- +goose` or `-- +migrate`
 * line that is not known; or LC_ERR_NOMEM. On failure *out is empty.
 */
int lc_split_split(struct lc_split *out, const char *text, size_t n, struct lc_error *err);

/*
 * Is the line, without its newline, goose's ENVSUB ON or ENVSUB OFF? *on is set where it is. Within a
 * statement such a line is a part of it.
 */
bool lc_split_is_envsub(const char *line, size_t n, bool *on);

/* Free what it holds and zero it. A zeroed struct may be released. */
void lc_split_release(struct lc_split *s);

#endif
