/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is worth a warning in a rules file that is good: told by the form of its fields. What a column as a whole tells
 * is in rewritten.h.
 */
#ifndef LC_UDF_RULES_NOTES_H
#define LC_UDF_RULES_NOTES_H
#include "udf/rules/records.h"
#include "udf/rules/rewritten.h"

/* Each with the line where it is first, from 1. */
struct lc_csv_notes {
    uint32_t blanks, blanks_line;     /* fields that begin or end with a blank */
    uint32_t networks, networks_line; /* keys of texts that look like 10.0.0.0/8 */
    uint32_t hard_blanks,
        hard_blanks_line; /* fields that begin or end with a character that nobody sees, as U+00A0 */
    uint32_t stars, stars_line;       /* prefix and suffix rules whose key is *: no default there */
    uint32_t patterns, patterns_line; /* keys of texts with a * at an end: +49* */
    uint32_t comments;
    uint32_t alone, alone_line;       /* exceptions of domain rules (!name) that no *. rule takes */
    uint32_t no_hosts, no_hosts_line; /* domain rules with a character that no host name has */
    uint8_t no_host_byte;             /* the first such character, as in example.com:8080 */
    uint32_t nothing, nothing_line;   /* rules of which all fields are empty */
    uint32_t repeats, repeats_line;   /* rules that are there before, with the same values */
    uint32_t doubtful, doubtful_line; /* comments that have the form of a rule: #1,us-east */
    /* by enum lc_rewritten_kind: fields that a program has rewritten, as 4.91E+11 */
    struct lc_rewritten_found rewritten[LC_REWRITTEN_KINDS];
};

/* Count the fields of the record at hand that begin or end with a blank. */
void lc_notes_blanks(struct lc_csv_notes *notes, const struct lc_records *records);

/* The key of a prefix, suffix or exact rule: a pattern, a network, a *. The default of exact rules is an empty one. */
void lc_notes_text(struct lc_csv_notes *notes, struct lc_slice key, uint32_t line);

/* The name of a domain rule, which a host may not have: a port, a scheme, a blank is in it. Blanks at an end are
   counted by lc_notes_blanks. */
void lc_notes_host(struct lc_csv_notes *notes, struct lc_slice name, uint32_t line);

/*
 * 10.0.0.0/8, 10.0/16, 2001:db8::/32: numbers up to 255 with dots, or hexadecimal ones with colons, a slash and
 * up to three digits. A DOI (10.1000/182) is none.
 */
bool lc_looks_like_network(struct lc_slice key);

#endif
