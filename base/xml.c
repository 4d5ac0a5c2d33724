/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the XML that a ClickHouse server reads, indented. A failure is kept in the struct and
 * turns later calls into nothing, so that a caller writes a whole document and checks once.
 */
#include "base/xml.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void lc_xml_init(struct lc_xml *x, struct lc_buf *out, struct lc_error *err)
{
    *x = (struct lc_xml){.out = out, .err = err};
}

/* Keep the first failure. */
static void note(struct lc_xml *x, int rc, const char *text)
{
    char shown[200];

    if (x->rc || !rc)
        return;
    x->rc = rc;
    if (rc == LC_ERR_INPUT)
        lc_fail(x->err, rc, "'%s' contains control bytes or invalid UTF-8, which XML cannot hold",
                lc_printable(text, strlen(text), shown, sizeof shown));
    else
        lc_fail(x->err, rc, "no memory for the XML");
}

/* Four spaces a level, as in the server's own files. */
static void indent(struct lc_xml *x)
{
    for (unsigned i = 0; i < x->depth; i++)
        note(x, lc_buf_adds(x->out, "    "), "");
}

void lc_xml_open(struct lc_xml *x, const char *name)
{
    if (x->rc)
        return;
    indent(x);
    note(x, lc_buf_addf(x->out, "<%s>\n", name), "");
    x->depth++;
}

void lc_xml_close(struct lc_xml *x, const char *name)
{
    if (x->rc)
        return;
    x->depth--;
    indent(x);
    note(x, lc_buf_addf(x->out, "</%s>\n", name), "");
}

int lc_xml_escape(struct lc_buf *out, const char *text, size_t n)
{
    static const char special[] = "&<>";
    static const char *const as[] = {"&amp;", "&lt;", "&gt;"};

    for (size_t i = 0; i < n;) {
        const char *at = text[i] ? strchr(special, text[i]) : NULL;
        size_t bytes = lc_utf8_char(text + i, n - i);
        unsigned char c = (unsigned char)text[i];
        /* U+FFFE and U+FFFF are no characters; a CR would be read back as a newline. */
        bool barred = bytes == 0 || (c < 0x20 && c != '\t' && c != '\n') ||
                      (bytes == 3 && memcmp(text + i, "\xef\xbf\xbe", 2) == 0 &&
                       (unsigned char)text[i + 2] >= 0xbe);

        if (barred)
            return LC_ERR_INPUT;
        if (at ? lc_buf_adds(out, as[at - special]) : lc_buf_add(out, text + i, bytes))
            return LC_ERR_NOMEM;
        i += bytes;
    }
    return 0;
}

void lc_xml_text(struct lc_xml *x, const char *name, const char *text)
{
    if (x->rc)
        return;
    indent(x);
    note(x, lc_buf_addf(x->out, "<%s>", name), "");
    note(x, lc_xml_escape(x->out, text, strlen(text)), text);
    note(x, lc_buf_addf(x->out, "</%s>\n", name), "");
}

void lc_xml_number(struct lc_xml *x, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    lc_xml_text(x, name, text);
}

void lc_xml_comment(struct lc_xml *x, const char *text)
{
    struct lc_buf checked;

    if (x->rc)
        return;
    /*
     * Only checked by the escaping: entities are not expanded in a comment, so
     * the text goes out as it is.
     */
    lc_buf_init(&checked, SIZE_MAX / 2);
    note(x, lc_xml_escape(&checked, text, strlen(text)), text);
    lc_buf_release(&checked);
    indent(x);
    note(x, lc_buf_adds(x->out, "<!-- "), "");
    for (const char *p = text; *p && !x->rc; p++) {
        note(x, lc_buf_add(x->out, p, 1), "");
        if (*p == '\n' && p[1] != '\n') {
            indent(x);
            note(x, lc_buf_adds(x->out, "     "), "");
            /* XML forbids "--" within a comment. */
        } else if (*p == '-' && p[1] == '-') {
            note(x, lc_buf_adds(x->out, " "), "");
        }
    }
    note(x, lc_buf_adds(x->out, " -->\n"), "");
}

void lc_xml_gap(struct lc_xml *x)
{
    if (!x->rc)
        note(x, lc_buf_adds(x->out, "\n"), "");
}
