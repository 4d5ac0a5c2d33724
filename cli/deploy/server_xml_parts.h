/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the writers of server_xml.h share. Private to cli/deploy/server_xml*.c:
 *
 *   server_xml_settle.c      settles what is asked for: target, names, attributes, types, layout
 *   server_xml_function.c    the function's XML
 *   server_xml_dictionary.c  the dictionary's XML
 *   server_xml_parts.c       commands and elements of both
 *
 * All take a settled struct. Text is appended to a buffer, whose failures show when it is read.
 */
#ifndef LC_CLI_DEPLOY_SERVER_XML_PARTS_H
#define LC_CLI_DEPLOY_SERVER_XML_PARTS_H
#include "base/xml.h"
#include "cli/deploy/server_xml.h"

/* Room for a text: a head, a command, a type. */
#define LC_SERVER_XML_TEXT_MAX ((size_t)1 << 20)

/* What a server of that version knows. */
struct lc_server_xml_target {
    const char *version;
    const char *root;     /* of a dictionary's file */
    bool functions;       /* executable UDFs */
    bool direct_commands; /* programs are looked up in user_scripts and run without a shell */
    bool pools;           /* executable_pool as a dictionary's source */
    bool nullable;        /* attributes may be Nullable; elsewhere only plain String and UInt */
    const char *layouts;  /* that this can be the source of, between spaces */
};

/* The i-th attribute that is answered, i < s->n. A slice of the rules. */
struct lc_slice lc_server_xml_attribute_name(const struct lc_server_xml *s, unsigned i);

/* The key's name in a dictionary: regexp_tree looks for one of its own. */
const char *lc_server_xml_key_name(const struct lc_server_xml *s);

/* The key's type that the rules ask for. */
const char *lc_server_xml_key_type(const struct lc_server_xml *s);

/* Append attribute i's type without LowCardinality, which no dictionary's attribute has. */
void lc_server_xml_plain_type(const struct lc_server_xml *s, unsigned i, struct lc_buf *out);

/* Is the dictionary loaded whole by this layout, rather than asked key by key? */
bool lc_server_xml_is_whole(const char *layout);

/*
 * Append the command: its arguments are split at spaces, or by a shell where the target has no direct
 * commands. A function's is that of the first attribute alone.
 */
void lc_server_xml_function_command(const struct lc_server_xml *s, struct lc_buf *out);
void lc_server_xml_dictionary_command(const struct lc_server_xml *s, struct lc_buf *out);

/* An element whose text is what `add` appends. */
void lc_server_xml_text_by(struct lc_xml *x, const char *element, const struct lc_server_xml *s,
                           void (*add)(const struct lc_server_xml *, struct lc_buf *));

/* Timeouts and errors of the program; with `pool` also how many processes there are. */
void lc_server_xml_limits(struct lc_xml *x, const struct lc_server_xml *s, bool pool);

#endif
