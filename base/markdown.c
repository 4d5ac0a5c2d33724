/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text from outside as GitHub Markdown that shows it unchanged and does nothing: no markup, no
 * HTML, no mention of a person or an issue. Secrets become ***, invisible and terminal control
 * characters become \xNN, as in lc_printable.
 */
#include "base/markdown.h"

#include "base/secret.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/*
 * Part of a word, as Markdown sees it: letters, digits, and all bytes of
 * a character outside ASCII.
 */
static bool is_word(const char *p, size_t n, size_t at)
{
    return at < n && (isalnum((unsigned char)p[at]) || (unsigned char)p[at] >= 0x80);
}

/* A picture's name, :word:, from this colon on. */
static bool is_picture(const char *p, size_t n, size_t at)
{
    size_t end = at + 1;

    while (end < n && (isalnum((unsigned char)p[end]) || (p[end] && strchr("_+-", p[end]))))
        end++;
    return end > at + 1 && end < n && p[end] == ':';
}

/*
 * The ASCII character at `at`. A numeric character reference is text to every Markdown parser,
 * also where a backslash would be shown. GitHub looks for @name, #1, $…$ and :word: after such
 * references are resolved, so there an empty HTML comment keeps the mark and the word apart.
 */
static int add_char(struct lc_buf *out, const char *p, size_t n, size_t at)
{
    char c = p[at];

    if (c == '_' && at > 0 && is_word(p, n, at - 1) && is_word(p, n, at + 1))
        return lc_buf_add(out, &c, 1); /* within a word it is no emphasis */
    if (strchr("\\`*_[]<>|~&", c))
        return lc_buf_addf(out, "&#%d;", c);
    if (strchr("@#$", c) || (c == ':' && is_picture(p, n, at)))
        return lc_buf_addf(out, "%c<!-- -->", c);
    return lc_buf_add(out, &c, 1);
}

int lc_markdown_text(struct lc_buf *out, const char *p, size_t n)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n;) {
        size_t secret = lc_secret_at(p + i, n - i);
        size_t bytes = lc_utf8_shown(p + i, n - i);

        if (secret) {
            rc = lc_buf_adds(out, "&#42;&#42;&#42;");
            i += secret;
        } else if (p[i] && strchr("\n\r\t", p[i])) {
            rc = lc_buf_adds(out, " ");
            i++;
        } else if (bytes > 1) {
            rc = lc_buf_add(out, p + i, bytes);
            i += bytes;
        } else if (bytes == 1) {
            rc = add_char(out, p, n, i++);
        } else {
            rc = lc_buf_addf(out, "&#92;x%02X", (unsigned)(unsigned char)p[i++]);
        }
    }
    return rc;
}

/*
 * The longest run of backticks in the text: a fence with one more cannot be
 * closed by the text itself.
 */
static size_t longest_fence(const char *p, size_t n)
{
    size_t longest = 0, now = 0;

    for (size_t i = 0; i < n; i++) {
        now = p[i] == '`' ? now + 1 : 0;
        longest = now > longest ? now : longest;
    }
    return longest;
}

/* n backticks, what is to follow them on the line (the language, or nothing), and a newline. */
static int add_fence(struct lc_buf *out, size_t n, const char *behind)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = lc_buf_adds(out, "`");
    return rc ? rc : lc_buf_addf(out, "%s\n", behind);
}

int lc_markdown_code(struct lc_buf *out, const char *language, const char *p, size_t n)
{
    size_t fence = longest_fence(p, n) + 1;
    int rc;

    fence = fence < 3 ? 3 : fence;
    rc = add_fence(out, fence, language);
    for (size_t i = 0; rc == 0 && i < n;) {
        size_t secret = lc_secret_at(p + i, n - i);
        size_t bytes = lc_utf8_shown(p + i, n - i);

        if (secret) {
            rc = lc_buf_adds(out, "***");
            i += secret;
        } else if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n') {
            i++;
        } else if (bytes || p[i] == '\n' || p[i] == '\t') {
            bytes = bytes ? bytes : 1;
            rc = lc_buf_add(out, p + i, bytes);
            i += bytes;
        } else {
            rc = lc_buf_addf(out, "\\x%02X", (unsigned)(unsigned char)p[i++]);
        }
    }
    if (rc == 0 && n && p[n - 1] != '\n')
        rc = lc_buf_adds(out, "\n");
    return rc ? rc : add_fence(out, fence, "");
}
