/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is taken apart into words, and each word is looked up. It looks like a mark when it
 * names a section (up, down, a block) and has no other word than tools, fillers and numbers; a
 * word that is not known makes it a sentence. What has a sign of a tool (@UNDO, +micrate)
 * counts whatever follows. Of a sentence only the words for the way back matter, and where they are.
 */
#include "cli/sql/near_mark.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
    MARK_WORDS_MAX = 8, /* a line of more is a sentence */
    WORDS_MAX = 40      /* what is behind them is not looked at */
};

/*
 * OTHER: not in the table, so the line is a sentence. TOOL: a migration tool, or its word for
 * itself. UP, DOWN: a section. BLOCK: the begin or end of a statement. FILLER: says nothing by
 * itself. LOOSE: nothing next to a word for the way back.
 */
enum word_kind { WORD_OTHER, WORD_TOOL, WORD_UP, WORD_DOWN, WORD_BLOCK, WORD_FILLER, WORD_LOOSE };

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
    {"tern", WORD_TOOL},
    {"alembic", WORD_TOOL},
    {"knex", WORD_TOOL},
    {"refinery", WORD_TOOL},
    {"phinx", WORD_TOOL},
    {"yoyo", WORD_TOOL},
    {"ebean", WORD_TOOL},
    {"sqitch", WORD_TOOL},
    {"bytebase", WORD_TOOL},
    {"livecol", WORD_TOOL},
    {"clickhouse", WORD_LOOSE},
    {"golang", WORD_LOOSE},
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
    {"downgrades", WORD_DOWN},
    {"teardown", WORD_DOWN},
    {"reverts", WORD_DOWN},
    {"reverted", WORD_DOWN},
    {"reverting", WORD_DOWN},
    {"undoing", WORD_DOWN},
    {"undone", WORD_DOWN},
    {"unapply", WORD_DOWN},
    {"uninstall", WORD_DOWN},
    {"backout", WORD_DOWN},
    {"\xe5\x9b\x9e\xe6\xbb\x9a", WORD_DOWN},                 /* Chinese */
    {"\xe5\x9b\x9e\xe9\x80\x80", WORD_DOWN},                 /* Chinese */
    {"\xd0\xbe\xd1\x82\xd0\xba\xd0\xb0\xd1\x82", WORD_DOWN}, /* Russian */
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
    {"step", WORD_LOOSE},
    {"steps", WORD_FILLER},
    {"code", WORD_FILLER},
    {"query", WORD_LOOSE},
    {"queries", WORD_LOOSE},
    {"command", WORD_LOOSE},
    {"commands", WORD_LOOSE},
    {"instructions", WORD_LOOSE},
    {"plan", WORD_LOOSE},
    {"procedure", WORD_LOOSE},
    {"operation", WORD_LOOSE},
    {"operations", WORD_LOOSE},
    {"block", WORD_LOOSE},
    {"region", WORD_LOOSE},
    {"your", WORD_LOOSE},
    {"write", WORD_LOOSE},
    {"put", WORD_LOOSE},
    {"add", WORD_LOOSE},
    {"goes", WORD_LOOSE},
    {"go", WORD_LOOSE},
    {"def", WORD_LOOSE},
    {"function", WORD_LOOSE},
    {"exports", WORD_LOOSE},
    {"line", WORD_LOOSE},
    {"here", WORD_FILLER},
    {"below", WORD_FILLER},
    {"begin", WORD_FILLER},
    {"begins", WORD_FILLER},
    {"start", WORD_LOOSE},
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
 * U+2000 to U+2FFF, U+3000 to U+303F, U+FE0F, U+FF01 to U+FF20, U+1F000 to U+1FFFF). 0: it is none. They
 * say no more than "----" does.
 */
static size_t decoration(const char *p, const char *end)
{
    size_t left = (size_t)(end - p);

    if (left >= 2 && *p == '\xc2')
        return 2;
    if (left >= 3 &&
        (*p == '\xe2' || memcmp(p, "\xe3\x80", 2) == 0 || memcmp(p, "\xef\xb8", 2) == 0 ||
         (memcmp(p, "\xef\xbc", 2) == 0 && (unsigned char)p[2] <= 0xa0)))
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

/* "roll back", "Rolled-back": the word before and this one are one. */
static bool is_rolled_back(const struct word *before, const struct word *w)
{
    return is_text(w, "back") &&
           (is_text(before, "roll") || is_text(before, "rolled") || is_text(before, "rolling"));
}

/* Two known words in one, one of them a section: "gooseDown", "downMigration", "DownSQL". False: it is none. */
static bool take_apart(const struct word *w, struct word parts[2])
{
    for (size_t head = w->n - 1; head > 0; head--) {
        struct word a = {w->p, head, look_up(w->p, head)};
        struct word b = {w->p + head, w->n - head, look_up(w->p + head, w->n - head)};
        bool section = (a.kind == WORD_TOOL && names_section(b.kind)) || a.kind == WORD_DOWN ||
                       b.kind == WORD_DOWN;

        if (a.kind == WORD_OTHER || b.kind == WORD_OTHER || !section)
            continue;
        parts[0] = a;
        parts[1] = b;
        return true;
    }
    return false;
}

/* Take the line apart. "gooseDown" is two words. */
static size_t read_words(struct lc_slice line, struct word words[WORDS_MAX])
{
    const char *p = (const char *)line.p, *end = p + line.n;
    size_t n = 0;

    while (p < end && n + 2 <= WORDS_MAX) {
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
        w.kind = look_up(w.p, w.n);
        if (n > 0 && is_rolled_back(&words[n - 1], &w))
            words[n - 1].kind = WORD_DOWN;
        else if (w.kind == WORD_OTHER && take_apart(&w, &words[n]))
            n += 2;
        else
            words[n++] = w;
    }
    return n;
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
        if (n < 4 || n > 6 || !is_text(&words[i], wanted[i]))
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

/* Does it come right behind the sign, blanks aside? */
static bool is_behind(struct lc_slice line, const struct word *w, char sign)
{
    const char *p = w->p;

    while (p > (const char *)line.p && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    return p > (const char *)line.p && p[-1] == sign;
}

/* "-- mytool: down", "-- +mytool Down", "-- :name down": a tool's way, whatever the tool's name is. */
static bool is_signed_down(struct lc_slice line, const struct word *words, size_t n)
{
    bool begins = n > 1 && (is_behind(line, &words[0], '+') || is_behind(line, &words[0], ':') ||
                            is_behind(line, &words[0], '@'));

    for (size_t i = 1; i < n && i < 4; i++) {
        if (words[i].kind == WORD_DOWN &&
            (begins || (i + 1 == n && is_behind(line, &words[i], ':'))))
            return true;
    }
    return false;
}

/* Does a word that says something by itself stand there? */
static bool says(const struct word *w)
{
    return w->kind == WORD_UP || w->kind == WORD_DOWN || w->kind == WORD_BLOCK ||
           (w->kind == WORD_OTHER && !is_number(w));
}

enum { SHORT_WORDS = 3 }; /* so long is a title at most */

/* Of a sentence: a word for the way back, in front, or at the end of a title, or somewhere. */
static enum lc_near_kind in_sentence(const struct word *words, size_t n)
{
    enum lc_near_kind kind = LC_NEAR_NONE;
    size_t first = 0, last = n;

    while (first < n && !says(&words[first]))
        first++;
    while (last > first && !says(&words[last - 1]))
        last--;
    for (size_t i = first; i < last; i++) {
        if (words[i].kind == WORD_DOWN)
            kind =
                kind == LC_NEAR_HEAD || i == first || (i + 1 == last && last - first <= SHORT_WORDS)
                    ? LC_NEAR_HEAD
                    : LC_NEAR_WORD;
    }
    return kind;
}

/*
 * A line with both up and down is about them, and no mark of either. A tool counts among the
 * first two words only, and before the section.
 */
enum lc_near_kind lc_near_mark(struct lc_slice line, bool *up)
{
    struct word words[WORDS_MAX];
    bool section = false, down = false, tool = false, loose = false;
    size_t n = read_words(line, words);
    bool all = n <= MARK_WORDS_MAX;

    *up = false;
    for (size_t i = 0; i < n; i++) {
        tool = tool || (i < 2 && words[i].kind == WORD_TOOL && !section);
        loose = loose || words[i].kind == WORD_LOOSE;
        *up = *up || words[i].kind == WORD_UP;
        down = down || words[i].kind == WORD_DOWN;
        section = section || names_section(words[i].kind);
        all = all && (words[i].kind != WORD_OTHER || is_number(&words[i]));
    }
    if (is_signed(line, words, n) || is_terns(words, n))
        return LC_NEAR_TOOL;
    if (*up && down)
        return LC_NEAR_NONE;
    if (all && section && (down || !loose))
        return tool && !loose ? LC_NEAR_TOOL : LC_NEAR_BARE;
    return is_signed_down(line, words, n) ? LC_NEAR_SIGN : in_sentence(words, n);
}
