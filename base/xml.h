/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XML, written: elements with text, indented by four spaces, and comments.
 *
 * Text is escaped here and nowhere else. What XML 1.0 cannot hold, even escaped (control bytes,
 * what is not UTF-8), is refused. The first failure is kept and later calls do nothing, so that a
 * document may be written without looking, and looked at once at its end.
 *   https://www.w3.org/TR/xml/#charsets
 */
#ifndef LC_BASE_XML_H
#define LC_BASE_XML_H
#include "base/buf.h"
#include "base/error.h"

struct lc_xml {
    struct lc_buf *out; /* the caller's */
    unsigned depth;
    int rc; /* of the first failure: LC_ERR_NOMEM, LC_ERR_INPUT */
    struct lc_error *err;
};

/* Write to `out`; failures are said in *err too. */
void lc_xml_init(struct lc_xml *x, struct lc_buf *out, struct lc_error *err);

/* <name> … </name>; names are the program's own. */
void lc_xml_open(struct lc_xml *x, const char *name);
void lc_xml_close(struct lc_xml *x, const char *name);

/* <name>text</name>. */
void lc_xml_text(struct lc_xml *x, const char *name, const char *text);
void lc_xml_number(struct lc_xml *x, const char *name, uint64_t value);

/*
 * A comment, each line of `text` behind the first indented to be under it; "--" in it, which a
 * comment cannot hold, becomes "- -".
 */
void lc_xml_comment(struct lc_xml *x, const char *text);

/* An empty line. */
void lc_xml_gap(struct lc_xml *x);

/* Append n bytes as an element's text: & < > escaped. 0, LC_ERR_NOMEM, or
 * LC_ERR_INPUT: see above. */
int lc_xml_escape(struct lc_buf *out, const char *text, size_t n);

#endif
