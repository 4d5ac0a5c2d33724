/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server says of an error is long, and its form differs from version to version:
 *
 *   Code: 60. DB::Exception: Table a.b doesn't exist. (UNKNOWN_TABLE) (version 26.7.3.1)
 *   Code: 60, e.displayText() = DB::Exception: …, e.what() = DB::Exception        18.16
 *
 * One line of it is kept: the number, the text up to the version or the stack trace, and of a syntax error
 * only the beginning of the list of what could have come. Secrets are hidden before anything is cut.
 *
 * An error that comes when the answer has begun is at the end of its body. From 25.11 on it is between marks
 * with a tag, 16 letters that a header of the answer names; before that behind a mark, or as the last lines alone.
 * With a mark the server closes the connection, without the last chunk:
 *
 *   …rows\n ␍␊ __exception__ ␍␊ TAG ␍␊ Code: 395. DB::Exception: …\n BYTES TAG ␍␊ __exception__ ␍␊
 *                                      └────────── BYTES ──────────┘  src/Server/HTTP/HTTP1
 *
 * No row of a table in TabSeparated has a carriage return, so no data can look so.
 */
#include "cli/server/server_error.h"

#include "base/secret.h"

#include <stdio.h>
#include <string.h>

enum { EXPECTED_MAX_BYTES = 120, EXCEPTION_MAX_BYTES = 16384, OPENING_MAX_BYTES = 300 };

static const char code_prefix[] = "Code: ";
static const char expected[] = "Expected one of: ";

/* The server meets the closed pipe of a function's program before it reads what that wrote to
 * stderr. */
static const char broken_pipe[] = "Cannot write into pipe";
static const char early_end[] =
    "; the function's program ended before it had read its rows, and its own message is lost: "
    "run it by hand";

bool lc_server_code_is_transient(int code)
{
    return code == LC_SERVER_CANNOT_ASSIGN_ALTER || code == LC_SERVER_TOO_MANY_MUTATIONS ||
           code == LC_SERVER_TABLE_IS_READ_ONLY;
}

bool lc_keeper_is_away(const struct lc_error *err)
{
    if (err->server_code == LC_SERVER_NO_ZOOKEEPER ||
        err->server_code == LC_SERVER_TABLE_IS_READ_ONLY)
        return true;
    return err->server_code == LC_SERVER_KEEPER_EXCEPTION && !strstr(err->msg, "No node") &&
           !strstr(err->msg, "Node exists");
}

int lc_server_error_code(const char *text, size_t n)
{
    size_t at = sizeof code_prefix - 1;
    int code = 0;

    if (n <= at || memcmp(text, code_prefix, at) != 0)
        return 0;
    for (; at < n && text[at] >= '0' && text[at] <= '9' && code < 1000000; at++)
        code = code * 10 + (text[at] - '0');
    /* A number that ends with the text may be the beginning of another. */
    return at < n && (text[at] == '.' || text[at] == ',') ? code : 0;
}

/* End the text where the mark begins; the first one counts. */
static void cut_at(char *s, const char *mark)
{
    char *at = strstr(s, mark);

    if (at)
        *at = '\0';
}

/* A syntax error lists everything the parser knows; its beginning says enough. */
static void cut_expected(char *s)
{
    char *list = strstr(s, expected);
    char *name;

    if (!list || strlen(list) <= EXPECTED_MAX_BYTES + sizeof expected)
        return;
    list += sizeof expected - 1 + EXPECTED_MAX_BYTES;
    name = strrchr(list, '(');
    memcpy(list, "... ", 4);
    if (name && name >= list + 4)
        memmove(list + 4, name, strlen(name) + 1);
    else
        list[3] = '\0';
}

int lc_server_error(struct lc_error *err, const char *text, size_t n)
{
    char line[8192];
    size_t at = 0;
    int code = lc_server_error_code(text, n);

    for (size_t i = 0, hidden; i < n && at < sizeof line - 4; i += hidden ? hidden : 1) {
        hidden = lc_secret_at(text + i, n - i); /* before it is cut */
        for (size_t k = 0; k < 3 && hidden; k++)
            line[at++] = '*';
        if (!hidden)
            line[at++] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    }
    line[at] = '\0';
    cut_at(line, ", e.what() = DB::");
    cut_at(line, " Stack trace:");
    cut_at(line, " Stack trace (when copying");
    cut_at(line, " (version ");
    cut_expected(line);
    at = strlen(line);
    while (at && (line[at - 1] == ' ' || line[at - 1] == ','))
        line[--at] = '\0';
    if (err && err->code == 0)
        err->server_code = code;
    return lc_fail(err, LC_ERR_SERVER, "%s%s",
                   line[0] ? line : "the server gave an error and no text",
                   strstr(line, broken_pipe) ? early_end : "");
}

/* The marks of an exception, before its text: with the answer's tag, or without one. */
static size_t opening(char out[OPENING_MAX_BYTES], const char *tag)
{
    int n = snprintf(out, OPENING_MAX_BYTES, "\r\n__exception__\r\n%s%s", tag, *tag ? "\r\n" : "");

    return n > 0 && n < OPENING_MAX_BYTES ? (size_t)n : 0;
}

/*
 * How many bytes of text the exception has where all of it is here: behind it is their number, the tag and
 * a mark, and nothing else. n bytes begin at the exception; n itself where its end is missing.
 */
static size_t exception_bytes(const char *text, size_t n, const char *tag)
{
    char closing[OPENING_MAX_BYTES];
    int closing_n = snprintf(closing, sizeof closing, " %s\r\n__exception__\r\n", tag);
    size_t at, bytes = 0, place = 1;

    if (closing_n <= 0 || (size_t)closing_n > n ||
        memcmp(text + n - closing_n, closing, (size_t)closing_n) != 0)
        return n;
    for (at = n - (size_t)closing_n; at && text[at - 1] >= '0' && text[at - 1] <= '9'; at--) {
        bytes += place * (size_t)(text[at - 1] - '0');
        place = place < EXCEPTION_MAX_BYTES ? place * 10 : 0;
    }
    return bytes == at ? bytes : n;
}

/* The exception that the answer's tag marks. */
static bool find_tagged(const char *text, size_t n, const char *tag, struct lc_slice *found)
{
    char open[OPENING_MAX_BYTES];
    size_t open_n = opening(open, tag);
    const char *start = open_n ? memmem(text, n, open, open_n) : NULL;

    if (!start)
        return false;
    start += open_n;
    n -= (size_t)(start - text);
    *found = (struct lc_slice){(const uint8_t *)start, exception_bytes(start, n, tag)};
    return true;
}

/* The last line that reads as an exception; its text may go on over further lines. */
static bool find_plain(const char *text, size_t n, bool marked, struct lc_slice *found)
{
    static const char mark[] = "__exception__\r\n";
    const size_t mark_n = sizeof mark - 1;
    const char *end = text + n;
    const char *line = end;

    while (line > text && (size_t)(end - line) < EXCEPTION_MAX_BYTES) {
        const char *before = memrchr(text, '\n', (size_t)(line - text) - (line == end ? 0 : 1));
        size_t left;

        line = before ? before + 1 : text;
        left = (size_t)(end - line);
        if (marked && ((size_t)(line - text) < mark_n || memcmp(line - mark_n, mark, mark_n) != 0))
            continue;
        if (lc_server_error_code(line, left) && memmem(line, left, "DB::Exception", 13)) {
            *found = (struct lc_slice){(const uint8_t *)line, left};
            return true;
        }
    }
    return false;
}

bool lc_server_error_at_end(const char *text, size_t n, const char *tag, bool by_word,
                            struct lc_slice *found)
{
    if (tag && *tag)
        return find_tagged(text, n, tag, found);
    while (n && text[n - 1] == '\n')
        n--;
    return n && find_plain(text, n, !by_word, found);
}

bool lc_server_error_begins_at_end(const char *text, size_t n, const char *tag, bool is_table)
{
    char open[OPENING_MAX_BYTES];
    size_t open_n = tag && *tag ? opening(open, tag) : 0;

    for (size_t part = is_table ? 2 : 3; part < open_n && part <= n; part++)
        if (memcmp(text + n - part, open, part) == 0)
            return true;
    return false;
}
