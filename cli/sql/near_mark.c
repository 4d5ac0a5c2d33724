/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is taken apart into words, and each word is looked up. It looks like a mark when it
 * names a section (up, down, a block) and has no other word than tools, fillers and numbers; a
 * word that is not known makes it a sentence. What has a sign of a tool (@UNDO, +micrate)
 * counts whatever follows.
 */
#include "cli/sql/near_mark.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 8 }; /* a line of more is a sentence */

/*
 * OTHER: not in the table, so the line is a sentence. TOOL: a migration tool, or its word for
 * itself. UP, DOWN: a section. BLOCK: the begin or end of a statement. FILLER: says nothing by
 * itself.
 */
enum word_kind { WORD_OTHER, WORD_TOOL, WORD_UP, WORD_DOWN, WORD_BLOCK, WORD_FILLER };

static const struct {
    const char *text;
    enum word_kind kind;
} known[] = {
    {"goose", WORD_TOOL},
    {"dbmate", WORD_TOOL},
    {"micrate", WORD_TOOL},
    {"rambler", WORD_TOOL},
    {"shmig", WORD_TOOL},
    {"flyway", WORD_TOOL},
    {"liquibase", WORD_TOOL},
    {"sqlx", WORD_TOOL},
    {"atlas", WORD_TOOL},
    {"migrate", WORD_TOOL},
    {"migration", WORD_TOOL},
    {"migrations", WORD_TOOL},
    {"up", WORD_UP},
    {"ups", WORD_UP},
    {"down", WORD_DOWN},
    {"downs", WORD_DOWN},
    {"undo", WORD_DOWN},
    {"rollback", WORD_DOWN},
    {"rollbacks", WORD_DOWN},
    {"revert", WORD_DOWN},
    {"reverse", WORD_DOWN},
    {"backward", WORD_DOWN},
    {"backwards", WORD_DOWN},
    {"downgrade", WORD_DOWN},
    {"teardown", WORD_DOWN},
    {"statementbegin", WORD_BLOCK},
    {"statementend", WORD_BLOCK},
    {"sql", WORD_FILLER},
    {"section", WORD_FILLER},
    {"script", WORD_FILLER},
    {"scripts", WORD_FILLER},
    {"part", WORD_FILLER},
    {"direction", WORD_FILLER},
    {"schema", WORD_FILLER},
    {"change", WORD_FILLER},
    {"changes", WORD_FILLER},
    {"statement", WORD_FILLER},
    {"statements", WORD_FILLER},
    {"steps", WORD_FILLER},
    {"code", WORD_FILLER},
    {"here", WORD_FILLER},
    {"below", WORD_FILLER},
    {"begin", WORD_FILLER},
    {"begins", WORD_FILLER},
    {"starts", WORD_FILLER},
    {"end", WORD_FILLER},
    {"follows", WORD_FILLER},
    {"the", WORD_FILLER},
    {"of", WORD_FILLER},
    {"this", WORD_FILLER},
    {"for", WORD_FILLER},
    {"to", WORD_FILLER},
    {"notransaction", WORD_FILLER},
    {"transaction", WORD_FILLER},
    {"false", WORD_FILLER},
    {"true", WORD_FILLER},
};

/* A slice of the line. */
struct word {
    const char *p;
    size_t n;
    enum word_kind kind;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/*
 * Bytes of a decoration at p: lines, arrows, dashes, quotes, bullets and emoji (U+0080 to U+00BF,
 * U+2000 to U+2FFF, U+3000 to U+303F, U+FE0F, U+1F000 to U+1FFFF). 0: it is none. They say no more
 * than "----" does.
 */
static size_t decoration(const char *p, const char *end)
{
    size_t left = (size_t)(end - p);

    if (left >= 2 && *p == '\xc2')
        return 2;
    if (left >= 3 &&
        (*p == '\xe2' || memcmp(p, "\xe3\x80", 2) == 0 || memcmp(p, "\xef\xb8", 2) == 0))
        return 3;
    return left >= 4 && memcmp(p, "\xf0\x9f", 2) == 0 ? 4 : 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum word_kind look_up(const char *p, size_t n)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strlen(known[i].text) == n && strncasecmp(known[i].text, p, n) == 0)
            return known[i].kind;
    }
    return WORD_OTHER;
}

static bool names_section(enum word_kind kind)
{
    return kind == WORD_UP || kind == WORD_DOWN || kind == WORD_BLOCK;
}

static bool is_text(const struct word *w, const char *text)
{
    return w->n == strlen(text) && strncasecmp(w->p, text, w->n) == 0;
}

/* Take the line apart. "gooseDown" is two words. False: there are more than fit. */
static bool read_words(struct lc_slice line, struct word *words, size_t *n)
{
    const char *p = (const char *)line.p, *end = p + line.n;

    *n = 0;
    while (p < end) {
        struct word w = {p, 0, WORD_OTHER};

        if (decoration(p, end)) {
            p += decoration(p, end);
            continue;
        }
        while (p < end && (is_letter(*p) || is_digit(*p)) && !decoration(p, end))
            p++;
        w.n = (size_t)(p - w.p);
        if (w.n == 0) {
            p++;
            continue;
        }
        if (*n + 2 > WORDS_MAX)
            return false;
        w.kind = look_up(w.p, w.n);
        if (*n > 0 && is_text(&w, "back") && is_text(&words[*n - 1], "roll")) {
            words[*n - 1].kind = WORD_DOWN; /* "roll back", "Roll-back" */
            continue;
        }
        /* A tool and a section written as one word: "gooseDown". */
        for (size_t head = w.n - 1; w.kind == WORD_OTHER && head > 0; head--) {
            enum word_kind tail = look_up(w.p + head, w.n - head);

            if (look_up(w.p, head) != WORD_TOOL || !names_section(tail))
                continue;
            words[(*n)++] = (struct word){w.p, head, WORD_TOOL};
            w = (struct word){w.p + head, w.n - head, tail};
        }
        words[(*n)++] = w;
    }
    return true;
}

/* "12" or "v12": a version in a mark makes no sentence of it. */
static bool is_number(const struct word *w)
{
    size_t i = w->n > 1 && (*w->p == 'v' || *w->p == 'V') ? 1 : 0;

    while (i < w->n && is_digit(w->p[i]))
        i++;
    return i == w->n;
}

/* "---- create above / drop below ----", as tern has it. */
static bool is_terns(const struct word *words, size_t n)
{
    static const char *const wanted[] = {"create", "above", "drop", "below"};

    for (size_t i = 0; i < 4; i++) {
        if (n != 4 || !is_text(&words[i], wanted[i]))
            return false;
    }
    return true;
}

/*
 * Has it a sign that makes a mark of the section's word, whatever follows: "-- @UNDO text",
 * "# --- !Downs", "-- +micrate Down", "-- migration:down x"?
 */
static bool is_signed(struct lc_slice line, const struct word *words, size_t n)
{
    size_t section = n > 0 && words[0].kind == WORD_TOOL ? 1 : 0;
    const char *p;

    /* "sql-migrate" */
    if (n > 1 && words[0].kind == WORD_FILLER && words[1].kind == WORD_TOOL)
        section = 2;
    if (section >= n || !names_section(words[section].kind))
        return false;
    p = words[section].p;
    if (section == 0)
        return p > (const char *)line.p && strchr("@!+$:", p[-1]) != NULL;
    return p[-1] == ':' || memchr(line.p, '+', (size_t)(words[0].p - (const char *)line.p)) != NULL;
}

/*
 * A line with both up and down is about them, and no mark of either. A tool counts among the
 * first two words only, and before the section.
 */
enum lc_near_kind lc_near_mark(struct lc_slice line)
{
    struct word words[WORDS_MAX];
    bool up = false, section = false, down = false, tool = false;
    size_t n = 0;
    bool all = read_words(line, words, &n);

    if (is_signed(line, words, n) || is_terns(words, n))
        return LC_NEAR_TOOL;
    for (size_t i = 0; all && i < n; i++) {
        tool = tool || (i < 2 && words[i].kind == WORD_TOOL && !section);
        up = up || words[i].kind == WORD_UP;
        down = down || words[i].kind == WORD_DOWN;
        section = section || names_section(words[i].kind);
        all = words[i].kind != WORD_OTHER || is_number(&words[i]);
    }
    if (!all || !section || (up && down))
        return LC_NEAR_NONE;
    return tool ? LC_NEAR_TOOL : LC_NEAR_BARE;
}
