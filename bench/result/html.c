/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/result/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keep the first failure: the page is written to its end, and is not used. */
static void keep(struct lc_html *h, int rc)
{
    h->rc = h->rc != 0 ? h->rc : rc;
}

void lc_html_put(struct lc_html *h, const char *fmt, ...)
{
    char text[1024]; /* of the program's own: text from outside goes by lc_html_text */
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    keep(h, n < 0 || (size_t)n >= sizeof text ? LC_ERR_NOMEM : lc_buf_adds(h->out, text));
}

void lc_html_text(struct lc_html *h, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const as[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    while (text != NULL && *text != '\0' && h->rc == 0) {
        size_t n = strcspn(text, special);
        keep(h, lc_buf_add(h->out, text, n));
        text += n;
        if (*text != '\0') {
            keep(h, lc_buf_adds(h->out, as[strchr(special, *text) - special]));
            text++;
        }
    }
}

void lc_html_json(struct lc_html *h, struct lc_json *v)
{
    char *text = lc_json_text(v);
    if (text == NULL) {
        keep(h, LC_ERR_NOMEM);
    }
    for (const char *p = text; p != NULL && *p != '\0' && h->rc == 0;) {
        /*
         * "</script>" would end the element, whatever JSON it is in. \u003c is
         * the same character to JSON.
         */
        size_t n = strcspn(p, "<");
        keep(h, lc_buf_add(h->out, p, n));
        p += n;
        if (*p == '<') {
            keep(h, lc_buf_adds(h->out, "\\u003c"));
            p++;
        }
    }
    free(text);
    lc_json_free(v);
}
