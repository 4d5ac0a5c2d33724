/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the tokens. Only an INSERT needs more than a look for `;`, since its data is not SQL: these
 * states say whether data comes, and where it begins.
 *
 *               ┌────────────── VALUES ─────────────┐
 *               │                                   ▼
 *   INSERT ─▶ IN_INSERT ── FORMAT ─▶ AFTER_FORMAT ─▶ IN_VALUES     data is tokens, up to `;`
 *               │                       │    ▲
 *            SELECT, WITH, FROM         │    └ FORMAT ── IN_INPUT ◀─ input( ── IN_SELECT
 *               ▼                       ▼
 *           IN_SELECT               take_format_data: lines, up to a blank one
 *
 * In IN_SELECT a FORMAT is that of an output, and no data follows.
 */
#include "cli/sql/split.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Drizzle's mark between statements; anything may follow it on the line. */
#define BREAKPOINT "--> statement-breakpoint"

/* How far the statement that is being read has come to having inline data. */
enum insert_state {
    NOT_INSERT,
    IN_INSERT,    /* INSERT seen: VALUES or FORMAT may follow */
    IN_SELECT,    /* its rows come from a SELECT or a file: FORMAT is the output's */
    IN_INPUT,     /* SELECT … FROM input(…): FORMAT is the data's after all */
    AFTER_FORMAT, /* the format's name is next */
    IN_VALUES
};

struct splitter {
    struct lc_split *out;
    struct lc_lexer lex;
    struct lc_error *err;
    bool in_statement;
    struct lc_piece statement; /* the one being read; its n reaches to the last code token */
    enum insert_state state;
    unsigned depth;     /* of parentheses, within an INSERT */
    unsigned open;      /* parentheses of the statement that are not closed yet */
    struct lc_tok last; /* the code token before, within the statement */
};

/* Append a piece. An empty one is left out: pieces join to the file with or without it. */
static int add(struct splitter *s, struct lc_piece piece)
{
    struct lc_split *out = s->out;

    if (piece.n == 0)
        return 0;
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 16;
        struct lc_piece *v = realloc(out->v, cap * sizeof *v);

        if (!v)
            return lc_fail(s->err, LC_ERR_NOMEM, "no memory for the pieces of a file");
        out->v = v;
        out->cap = cap;
    }
    out->v[out->n++] = piece;
    return 0;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n';
    return lines;
}

/* The statement has ended; what lies between its last code token and `upto` is space. */
static int end_statement(struct splitter *s, size_t upto)
{
    struct lc_piece p = s->statement;
    size_t end = p.at + p.n;
    struct lc_piece rest = {.kind = LC_PIECE_SPACE, .at = end, .n = upto - end};
    int rc;

    if (!s->in_statement)
        return 0;
    s->in_statement = false;
    rest.line = p.line + count_lines(s->lex.text + p.at, p.n);
    rc = add(s, p);
    return rc ? rc : add(s, rest);
}

/* True where nothing but blanks is before `at` on its line. */
static bool begins_line(const struct splitter *s, size_t at)
{
    const char *text = s->lex.text;

    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\r'))
        at--;
    return at == 0 || text[at - 1] == '\n' || (at == 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0);
}

static bool is_breakpoint(const struct lc_tok *tok)
{
    size_t n = strlen(BREAKPOINT);

    return tok->n >= n && memcmp(tok->p, BREAKPOINT, n) == 0;
}

/* --- comments that mark sections ---------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct lc_slice trimmed(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    while (end > p && is_blank(end[-1]))
        end--;
    return (struct lc_slice){(const uint8_t *)p, (size_t)(end - p)};
}

/* Does the text begin with those words (any case)? What is after them is *rest. */
static bool begins_with(struct lc_slice text, const char *words, struct lc_slice *rest)
{
    size_t n = strlen(words);
    const char *p = (const char *)text.p;

    if (text.n < n || strncasecmp(p, words, n) != 0)
        return false;
    *rest = (struct lc_slice){text.p + n, text.n - n};
    return true;
}

/* goose takes no notice of "--" in the line of a mark: "-- -- +goose Down", "-- +goose Up ----". */
static struct lc_slice without_dashes(struct lc_slice text)
{
    while (text.n >= 2 && memcmp(text.p, "--", 2) == 0)
        text = trimmed((const char *)text.p + 2, (const char *)text.p + text.n);
    while (text.n >= 2 && memcmp(text.p + text.n - 2, "--", 2) == 0)
        text = trimmed((const char *)text.p, (const char *)text.p + text.n - 2);
    return text;
}

/*
 * What follows "-- migrate:", "-- +goose " or "-- +migrate " in a comment, and whose mark it is;
 * 0: it is no mark that is read.
 */
static unsigned mark_text(const struct lc_tok *tok, struct lc_slice *text)
{
    struct lc_slice body, rest;
    size_t n = strlen("migrate:");

    if (tok->n < 2 || memcmp(tok->p, "--", 2) != 0)
        return 0;
    body = trimmed(tok->p + 2, tok->p + tok->n);
    if (body.n >= n && memcmp(body.p, "migrate:", n) == 0) {
        *text = (struct lc_slice){body.p + n, body.n - n};
        return LC_MARKS_LIVECOL;
    }
    if (begins_with(without_dashes(body), "+goose", &rest) && rest.n && is_blank((char)*rest.p)) {
        *text = without_dashes(trimmed((const char *)rest.p, (const char *)rest.p + rest.n));
        return LC_MARKS_GOOSE;
    }
    if (begins_with(body, "+migrate", &rest) && rest.n && is_blank((char)*rest.p)) {
        *text = trimmed((const char *)rest.p, (const char *)rest.p + rest.n);
        return LC_MARKS_SQL_MIGRATE;
    }
    return 0;
}

static int add_near_mark(struct splitter *s, const struct lc_near_mark *near)
{
    struct lc_split *out = s->out;
    struct lc_near_mark *v = realloc(out->near, (out->near_n + 1) * sizeof *v);

    if (!v)
        return lc_fail(s->err, LC_ERR_NOMEM, "no memory for the comments of a file");
    out->near = v;
    v[out->near_n++] = *near;
    return 0;
}

/*
 * A comment that is no mark: note its lines that look like one. Within a list in parentheses, and behind
 * code of the statement ("up UInt8, -- up"), only a tool's do.
 */
static int note_near_marks(struct splitter *s, const struct lc_tok *tok)
{
    const char *p = tok->p, *end = tok->p + tok->n;
    bool within = s->in_statement && (s->open > 0 || !begins_line(s, tok->at));
    int rc = 0;

    for (uint64_t line = tok->line; rc == 0 && p < end; line++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end;
        struct lc_slice text = trimmed(p, stop);
        struct lc_near_mark near = {.line = line, .at = tok->at};

        near.kind = lc_near_mark(text, &near.up);
        lc_printable(text.p, text.n, near.text, sizeof near.text);
        if (near.kind == LC_NEAR_TOOL || (near.kind != LC_NEAR_NONE && !within))
            rc = add_near_mark(s, &near);
        p = nl ? nl + 1 : end;
    }
    return rc;
}

/* The words of a mark: the first one, and what comes after it. */
static struct lc_slice first_word(struct lc_slice text, struct lc_slice *rest)
{
    size_t n = 0;

    while (n < text.n && !is_blank((char)text.p[n]))
        n++;
    *rest = trimmed((const char *)text.p + n, (const char *)text.p + text.n);
    return (struct lc_slice){text.p, n};
}

/* Our own marks are in lower case; other tools take any case. */
static bool is(struct lc_slice text, const char *words)
{
    return text.n == strlen(words) && memcmp(text.p, words, text.n) == 0;
}

static bool is_any_case(struct lc_slice text, const char *words)
{
    return text.n == strlen(words) && strncasecmp((const char *)text.p, words, text.n) == 0;
}

/* -- migrate:… of ours, and of dbmate, whose sections may say that they want no transaction. */
static int read_own_mark(struct splitter *s, struct lc_slice text, struct lc_piece *piece)
{
    struct lc_slice word = first_word(text, &piece->arg), option;
    bool section = is(word, "up") || is(word, "down");

    /* livecol opens no transaction: either value of the option means the same. */
    if (section && piece->arg.n && begins_with(piece->arg, "transaction:", &option)) {
        s->out->marks |= LC_MARKS_DBMATE;
        piece->arg.n = 0;
    }
    if (section && piece->arg.n == 0)
        piece->kind = is(word, "up") ? LC_PIECE_UP : LC_PIECE_DOWN;
    else if (is(word, "requires") && piece->arg.n != 0)
        piece->kind = LC_PIECE_REQUIRES;
    else if (is(word, "rederive") && piece->arg.n == 0)
        piece->kind = LC_PIECE_REDERIVE;
    else if (is(word, "settings") && piece->arg.n != 0)
        piece->kind = LC_PIECE_SETTINGS;
    else if (is(word, "allow-unsafe") && piece->arg.n != 0)
        piece->kind = LC_PIECE_ALLOW;
    else if (is(word, "vars") && piece->arg.n != 0)
        piece->kind = LC_PIECE_VARS;
    else
        return LC_ERR_INPUT;
    return 0;
}

/* -- +goose … and -- +migrate …. A statement's begin and end are no more than separators here. */
static int read_foreign_mark(struct lc_slice text, struct lc_piece *piece)
{
    struct lc_slice rest, word = first_word(text, &rest);

    if (is_any_case(word, "Up"))
        piece->kind = LC_PIECE_UP;
    else if (is_any_case(word, "Down"))
        piece->kind = LC_PIECE_DOWN;
    else if (is_any_case(word, "StatementBegin") || is_any_case(word, "StatementEnd"))
        piece->kind = LC_PIECE_SEPARATOR;
    else if (is_any_case(text, "ENVSUB ON") || is_any_case(text, "ENVSUB OFF"))
        piece->kind = LC_PIECE_ENVSUB;
    else if (is_any_case(text, "NO TRANSACTION"))
        piece->kind = LC_PIECE_SPACE;
    else
        return LC_ERR_INPUT;
    return rest.n == 0 || piece->kind == LC_PIECE_SPACE || piece->kind == LC_PIECE_ENVSUB ||
                   is_any_case(rest, "notransaction")
               ? 0
               : LC_ERR_INPUT;
}

bool lc_split_is_envsub(const char *line, size_t n, bool *on)
{
    struct lc_slice body = trimmed(line, line + n), text;
    struct lc_tok tok = {.kind = LC_TOK_COMMENT, .p = (const char *)body.p, .n = body.n};

    if (mark_text(&tok, &text) != LC_MARKS_GOOSE)
        return false;
    if (!is_any_case(text, "ENVSUB ON") && !is_any_case(text, "ENVSUB OFF"))
        return false;
    *on = is_any_case(text, "ENVSUB ON");
    return true;
}

static int take_mark(struct splitter *s, const struct lc_tok *tok, unsigned whose,
                     struct lc_slice text)
{
    struct lc_piece piece = {.at = tok->at, .n = tok->n, .line = tok->line};
    char shown[64];
    int rc = whose == LC_MARKS_LIVECOL ? read_own_mark(s, text, &piece)
                                       : read_foreign_mark(text, &piece);

    s->out->marks |= whose;
    if (rc && whose == LC_MARKS_LIVECOL)
        return lc_fail_at(
            s->err, LC_ERR_INPUT, tok->at, tok->line - 1,
            "no such directive: -- migrate:%s (there are up, down, rederive, requires NNNN, settings, vars, and allow-unsafe REASON)",
            lc_printable(text.p, text.n, shown, sizeof shown));
    if (rc)
        return lc_fail_at(
            s->err, LC_ERR_INPUT, tok->at, tok->line - 1,
            "this mark of %s is not read: %s (Up, Down, StatementBegin, StatementEnd, "
            "NO TRANSACTION and ENVSUB are)",
            whose == LC_MARKS_GOOSE ? "goose" : "sql-migrate",
            lc_printable(text.p, text.n, shown, sizeof shown));
    /* goose reads on over these two: within a statement they are comments. */
    if (s->in_statement && (piece.kind == LC_PIECE_ENVSUB || piece.kind == LC_PIECE_SPACE))
        return 0;
    /* A mark ends the statement before it, also one without a `;`. */
    rc = end_statement(s, tok->at);
    return rc ? rc : add(s, piece);
}

/* A comment: a mark, a breakpoint, or a part of what surrounds it. */
static int take_comment(struct splitter *s, const struct lc_tok *tok)
{
    struct lc_slice text;
    unsigned whose = begins_line(s, tok->at) ? mark_text(tok, &text) : 0;
    struct lc_piece piece = {.at = tok->at, .n = tok->n, .line = tok->line};
    int rc;

    if (whose)
        return take_mark(s, tok, whose, text);
    if (is_breakpoint(tok)) {
        rc = end_statement(s, tok->at);
        piece.kind = LC_PIECE_SEPARATOR;
        return rc ? rc : add(s, piece);
    }
    rc = note_near_marks(s, tok);
    if (rc || s->in_statement)
        return rc;
    piece.kind = LC_PIECE_SPACE;
    return add(s, piece);
}

/* Is it a comment of a tool's mark, in whatever way comments are written? */
static bool is_tools_comment(struct lc_slice line)
{
    static const char *const signs[] = {"--", "#", "//", "/*"};
    struct lc_slice rest;
    bool up;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (begins_with(line, signs[i], &rest))
            return lc_near_mark(line, &up) == LC_NEAR_TOOL;
    }
    return false;
}

/* True where a line of data ends the data: blank, a mark or what looks like one, a breakpoint. */
static bool ends_data(const char *line, size_t n)
{
    struct lc_tok tok = {.kind = LC_TOK_COMMENT, .p = line, .n = n};
    struct lc_slice text = trimmed(line, line + n);

    return text.n == 0 || is_breakpoint(&tok) || mark_text(&tok, &text) != 0 ||
           is_tools_comment(text);
}

/* The format's name has been read: what follows it on the line, or the lines below, are data. */
static int take_format_data(struct splitter *s)
{
    struct lc_lexer *lex = &s->lex;
    size_t pos = lex->pos;
    bool first = true;

    /* A `;` on the line of the format's name: the INSERT has no data. */
    while (pos < lex->n &&
           (lex->text[pos] == ' ' || lex->text[pos] == '\t' || lex->text[pos] == '\r'))
        pos++;
    if (pos < lex->n && lex->text[pos] == ';')
        return 0; /* no data: the `;` ends it as ever */
    while (pos < lex->n) {
        const char *line = lex->text + pos;
        const char *nl = memchr(line, '\n', lex->n - pos);
        size_t n = nl ? (size_t)(nl - line) : lex->n - pos;

        /* Only a later line ends the data: the format's own line may be empty after the name. */
        if (!first && ends_data(line, n))
            break;
        first = false;
        pos += nl ? n + 1 : n;
    }
    /*
     * The lexer goes on after the data, which it has not seen: its place and line are set by
     * hand.
     */
    lex->line += count_lines(lex->text + lex->pos, pos - lex->pos);
    lex->pos = pos;
    s->statement.n = pos - s->statement.at;
    return end_statement(s, pos);
}

/* Follow an INSERT's words as far as needed to know whether data comes with it. */
static int follow_insert(struct splitter *s, const struct lc_tok *tok)
{
    if (lc_tok_symbol(tok, '('))
        s->depth++;
    else if (lc_tok_symbol(tok, ')') && s->depth > 0)
        s->depth--;
    switch (s->state) {
    case IN_INSERT:
        if (lc_tok_symbol(&s->last, '(') && (lc_tok_is(tok, "SELECT") || lc_tok_is(tok, "WITH")))
            s->state = IN_SELECT;
        else if (s->depth > 0)
            return 0; /* a column's name */
        else if (lc_tok_is(tok, "VALUES"))
            s->state = IN_VALUES;
        else if (lc_tok_is(tok, "FORMAT"))
            s->state = AFTER_FORMAT;
        else if (lc_tok_is(tok, "SELECT") || lc_tok_is(tok, "WITH") || lc_tok_is(tok, "FROM"))
            s->state = IN_SELECT;
        return 0;
    case IN_SELECT:
        if (lc_tok_symbol(tok, '(') && lc_tok_is(&s->last, "input"))
            s->state = IN_INPUT;
        return 0;
    case IN_INPUT:
        if (lc_tok_is(tok, "FORMAT"))
            s->state = AFTER_FORMAT;
        return 0;
    case AFTER_FORMAT:
        if (tok->kind != LC_TOK_WORD)
            s->state = IN_INSERT; /* a table named format, say */
        else if (lc_tok_is(tok, "Values"))
            s->state = IN_VALUES;
        else
            return take_format_data(s);
        return 0;
    default:
        return 0;
    }
}

/*
 * "#migrate:down", "//@UNDO", two long dashes: comments elsewhere, and none in ClickHouse, which wants "# " or
 * "#!".
 */
static bool is_foreign_comment(const struct splitter *s, const struct lc_tok *tok)
{
    unsigned char c = (unsigned char)*tok->p;

    return begins_line(s, tok->at) &&
           (c == '#' || (!s->in_statement && (c == '/' || c == '-' || c >= 0x80)));
}

static int note_near_line(struct splitter *s, const struct lc_tok *tok)
{
    struct lc_tok line = *tok;
    const char *nl = memchr(tok->p, '\n', s->lex.n - tok->at);

    line.n = nl ? (size_t)(nl - tok->p) : s->lex.n - tok->at;
    return note_near_marks(s, &line);
}

/* A token of a statement: it begins one, or extends the one being read up to its own end. */
static int take_code(struct splitter *s, const struct lc_tok *tok)
{
    int rc = 0;

    if (tok->kind == LC_TOK_SYMBOL && *tok->p == '\0')
        return lc_fail_at(s->err, LC_ERR_INPUT, tok->at, tok->line - 1,
                          "a NUL byte (byte %zu of the file): is it UTF-8?", tok->at);
    if (is_foreign_comment(s, tok))
        rc = note_near_line(s, tok);
    if (rc)
        return rc;
    if (!s->in_statement) {
        s->in_statement = true;
        s->statement = (struct lc_piece){
            .kind = LC_PIECE_STATEMENT, .at = tok->at, .line = tok->line, .arg = {NULL, 0}};
        s->state = lc_tok_is(tok, "INSERT") ? IN_INSERT : NOT_INSERT;
        s->depth = 0;
        s->open = lc_tok_opens(tok);
        s->last = *tok;
        s->statement.n = tok->n;
        return 0;
    }
    s->open += lc_tok_opens(tok);
    s->open -= lc_tok_closes(tok) && s->open > 0;
    s->statement.n = tok->at + tok->n - s->statement.at;
    if (s->state != NOT_INSERT)
        rc = follow_insert(s, tok);
    if (rc == 0)
        s->last = *tok;
    return rc;
}

/*
 * One token of the file. Within a statement, space and comments stay unassigned until the next
 * code token takes them in, or the end of the statement makes them a piece of their own.
 */
static int take(struct splitter *s, const struct lc_tok *tok)
{
    struct lc_piece piece = {.at = tok->at, .n = tok->n, .line = tok->line};
    int rc;

    switch (tok->kind) {
    case LC_TOK_SPACE:
        piece.kind = LC_PIECE_SPACE;
        return s->in_statement ? 0 : add(s, piece);
    case LC_TOK_COMMENT:
        return take_comment(s, tok);
    default:
        if (!lc_tok_symbol(tok, ';'))
            return take_code(s, tok);
        rc = end_statement(s, tok->at);
        piece.kind = LC_PIECE_SEPARATOR;
        return rc ? rc : add(s, piece);
    }
}

int lc_split_split(struct lc_split *out, const char *text, size_t n, struct lc_error *err)
{
    struct splitter s = {.out = out, .lex = LC_LEXER(text, n), .err = err};
    struct lc_tok tok;
    int rc;

    *out = (struct lc_split){0};
    do {
        rc = lc_lex_next(&s.lex, &tok, err);
        if (rc == 0)
            rc = tok.kind == LC_TOK_END ? end_statement(&s, n) : take(&s, &tok);
    } while (rc == 0 && tok.kind != LC_TOK_END);
    if (rc)
        lc_split_release(out);
    return rc;
}

void lc_split_release(struct lc_split *s)
{
    free(s->v);
    free(s->near);
    *s = (struct lc_split){0};
}
