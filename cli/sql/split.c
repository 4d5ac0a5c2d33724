#include "cli/sql/split.h"

#include "cli/sql/lexer.h"

#include <stdlib.h>
#include <string.h>

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
    struct lc_tok last; /* the code token before, within the statement */
};

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

/* The text behind "-- migrate:" of a comment, n 0 where it is no directive. */
static struct lc_slice directive_text(const struct lc_tok *tok)
{
    const char *p = tok->p, *end = tok->p + tok->n;
    size_t n = strlen("migrate:");

    if (tok->n < 2 || memcmp(p, "--", 2) != 0)
        return (struct lc_slice){NULL, 0};
    for (p += 2; p < end && (*p == ' ' || *p == '\t'); p++)
        ;
    if ((size_t)(end - p) < n || memcmp(p, "migrate:", n) != 0)
        return (struct lc_slice){NULL, 0};
    p += n;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    return (struct lc_slice){(const uint8_t *)p, (size_t)(end - p)};
}

/* One directive; its text is not empty only where it is one. */
static int take_directive(struct splitter *s, const struct lc_tok *tok, struct lc_slice text)
{
    struct lc_piece piece = {.at = tok->at, .n = tok->n, .line = tok->line};
    const char *p = (const char *)text.p;
    size_t word = 0, arg;
    char shown[64];
    int rc;

    while (word < text.n && p[word] != ' ' && p[word] != '\t')
        word++;
    for (arg = word; arg < text.n && (p[arg] == ' ' || p[arg] == '\t'); arg++)
        ;
    piece.arg = (struct lc_slice){text.p + arg, text.n - arg};
    if (word == 2 && memcmp(p, "up", 2) == 0 && piece.arg.n == 0)
        piece.kind = LC_PIECE_UP;
    else if (word == 4 && memcmp(p, "down", 4) == 0 && piece.arg.n == 0)
        piece.kind = LC_PIECE_DOWN;
    else if (word == 8 && memcmp(p, "requires", 8) == 0 && piece.arg.n != 0)
        piece.kind = LC_PIECE_REQUIRES;
    else if (word == 8 && memcmp(p, "rederive", 8) == 0 && piece.arg.n == 0)
        piece.kind = LC_PIECE_REDERIVE;
    else
        return lc_fail_at(
            s->err, LC_ERR_INPUT, tok->at, tok->line - 1,
            "no such directive: -- migrate:%s (there are up, down, rederive, and requires NNNN)",
            lc_printable(p, text.n, shown, sizeof shown));
    rc = end_statement(s, tok->at);
    return rc ? rc : add(s, piece);
}

/* A comment: a directive, a breakpoint, or a part of what surrounds it. */
static int take_comment(struct splitter *s, const struct lc_tok *tok)
{
    struct lc_slice text = directive_text(tok);
    struct lc_piece piece = {.at = tok->at, .n = tok->n, .line = tok->line};
    int rc;

    if (text.p && begins_line(s, tok->at))
        return take_directive(s, tok, text);
    if (is_breakpoint(tok)) {
        rc = end_statement(s, tok->at);
        piece.kind = LC_PIECE_SEPARATOR;
        return rc ? rc : add(s, piece);
    }
    if (s->in_statement)
        return 0;
    piece.kind = LC_PIECE_SPACE;
    return add(s, piece);
}

/* True where a line of data ends the data: blank, a directive, a breakpoint. */
static bool ends_data(const char *line, size_t n)
{
    struct lc_tok tok = {.kind = LC_TOK_COMMENT, .p = line, .n = n};
    size_t blank = 0;

    while (blank < n && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
        blank++;
    return blank == n || is_breakpoint(&tok) || directive_text(&tok).p != NULL;
}

/* The format's name has been read: what follows it on the line, or the lines below, are data. */
static int take_format_data(struct splitter *s)
{
    struct lc_lexer *lex = &s->lex;
    size_t pos = lex->pos;
    bool first = true;

    while (pos < lex->n &&
           (lex->text[pos] == ' ' || lex->text[pos] == '\t' || lex->text[pos] == '\r'))
        pos++;
    if (pos < lex->n && lex->text[pos] == ';')
        return 0; /* no data: the `;` ends it as ever */
    while (pos < lex->n) {
        const char *line = lex->text + pos;
        const char *nl = memchr(line, '\n', lex->n - pos);
        size_t n = nl ? (size_t)(nl - line) : lex->n - pos;

        if (!first && ends_data(line, n))
            break;
        first = false;
        pos += nl ? n + 1 : n;
    }
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

static int take_code(struct splitter *s, const struct lc_tok *tok)
{
    if (tok->kind == LC_TOK_SYMBOL && *tok->p == '\0')
        return lc_fail_at(s->err, LC_ERR_INPUT, tok->at, tok->line - 1,
                          "a NUL byte (byte %zu of the file): is it UTF-8?", tok->at);
    if (!s->in_statement) {
        s->in_statement = true;
        s->statement = (struct lc_piece){
            .kind = LC_PIECE_STATEMENT, .at = tok->at, .line = tok->line, .arg = {NULL, 0}};
        s->state = lc_tok_is(tok, "INSERT") ? IN_INSERT : NOT_INSERT;
        s->depth = 0;
        s->last = *tok;
        s->statement.n = tok->n;
        return 0;
    }
    s->statement.n = tok->at + tok->n - s->statement.at;
    if (s->state != NOT_INSERT) {
        int rc = follow_insert(s, tok);

        if (rc)
            return rc;
    }
    s->last = *tok;
    return 0;
}

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
    *s = (struct lc_split){0};
}
