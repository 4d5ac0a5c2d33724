/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each kind of rules, in one table.
 *
 * A new kind is an entry here, a function in csv.c that reads a line of it, its checks in check.c
 * and its search in match.c. What other parts ask (is the key a text or a number, does it have an
 * index, may case be ignored) is asked of the table, so that they need no switch of their own.
 */
#ifndef LC_UDF_RULES_KIND_H
#define LC_UDF_RULES_KIND_H
#include "base/buf.h"

#include <stdbool.h>

/* Numbers are those of compiled files: a number is never used for another kind. */
enum lc_kind {
    LC_KIND_PREFIX = 1,
    LC_KIND_EXACT = 2,
    LC_KIND_RANGE = 3,
    LC_KIND_BUCKET = 4,
    LC_KIND_SUFFIX = 5,
    LC_KIND_DOMAIN = 6,
    LC_KIND_CIDR = 7, /* networks */
    LC_KIND_SPAN = 8  /* ranges that are not of unsigned whole numbers alone; never in a header */
};

/* Options of a kind, written behind it in the header: prefix:nocase. Bits of a mask. */
enum lc_kind_option {
    LC_OPTION_NOCASE = 1,
    LC_OPTION_FLOAT = 2,    /* ranges: the bounds are floats */
    LC_OPTION_UTC = 4,      /* ranges: times that name no zone are UTC */
    LC_OPTION_NARROWEST = 8 /* ranges: they may overlap, and the narrowest wins */
};

/* What a kind is searched by. */
enum lc_index {
    LC_INDEX_TRIE, /* a trie of the bytes of the keys' form (form.h); an empty key is the default */
    LC_INDEX_HASH, /* one hash table; the key * is the default */
    LC_INDEX_BOUNDS,  /* sorted numbers */
    LC_INDEX_SEGMENTS /* points: segments.h */
};

#define LC_MAX_KEY_COLUMNS 2u

struct lc_kind_about {
    enum lc_kind kind;
    const char *name;                        /* in messages */
    const char *nocase_name;                 /* with that option; NULL: it has none */
    const char *columns[LC_MAX_KEY_COLUMNS]; /* the header before the attributes; NULL: no more */
    const char *example;                     /* of a header */
    enum lc_index index;
    unsigned options;   /* mask of enum lc_kind_option: those that it takes */
    bool takes_numbers; /* keys that come in are numbers rather than bytes */
};

/* All kinds that a header names, by number of entries *n. */
const struct lc_kind_about *lc_kinds(size_t *n);

/* The entry of a kind; NULL where the number is none. */
const struct lc_kind_about *lc_kind_about(uint32_t kind);

/* The kind whose header begins with this word; NULL: none. */
const struct lc_kind_about *lc_kind_of_word(struct lc_slice word);

/* "prefix", "exact", "range", "bucket", …; "?" where the number is none. */
const char *lc_kind_name(enum lc_kind kind);

/* As lc_kind_name, with the options: "prefix:nocase". */
const char *lc_kind_name_with(enum lc_kind kind, unsigned options);

/* Does this kind take numbers (range) rather than bytes? */
bool lc_kind_takes_numbers(enum lc_kind kind);

/* Do rules of this kind have a key of bytes (lc_rules_key)? Those without have bounds. */
bool lc_kind_has_keys(enum lc_kind kind);

/* The option of that name: its bit; 0: none. */
unsigned lc_kind_option_of_word(struct lc_slice word);

#endif
