/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/kind.h"

#include <string.h>

/*
 * The columns are the words that a header begins with, and the number of columns before the
 * attributes. Where the index is LC_INDEX_BOUNDS or LC_INDEX_SEGMENTS, rules have no key bytes.
 * takes_numbers is for keys that reach the matcher as 64-bit numbers, which of the ranges only
 * those of unsigned whole numbers do: SPAN, into which lc_builder_points turns the others, has
 * points.
 */
static const struct lc_kind_about kinds[] = {
    {.kind = LC_KIND_PREFIX,
     .name = "prefix",
     .nocase_name = "prefix:nocase",
     .columns = {"prefix"},
     .example = "prefix,region",
     .index = LC_INDEX_TRIE,
     .options = LC_OPTION_NOCASE},
    {.kind = LC_KIND_EXACT,
     .name = "exact",
     .nocase_name = "exact:nocase",
     .columns = {"exact"},
     .example = "exact,region",
     .index = LC_INDEX_HASH,
     .options = LC_OPTION_NOCASE},
    {.kind = LC_KIND_RANGE,
     .name = "range",
     .columns = {"from", "to"},
     .example = "from,to,band",
     .index = LC_INDEX_BOUNDS,
     .options = LC_OPTION_FLOAT | LC_OPTION_UTC | LC_OPTION_NARROWEST,
     .takes_numbers = true},
    {.kind = LC_KIND_BUCKET,
     .name = "bucket",
     .nocase_name = "bucket:nocase",
     .columns = {"bucket"},
     .example = "bucket,variant",
     .index = LC_INDEX_BOUNDS,
     .options = LC_OPTION_NOCASE},
    {.kind = LC_KIND_SUFFIX,
     .name = "suffix",
     .nocase_name = "suffix:nocase",
     .columns = {"suffix"},
     .example = "suffix,type",
     .index = LC_INDEX_TRIE,
     .options = LC_OPTION_NOCASE},
    {.kind = LC_KIND_DOMAIN,
     .name = "domain",
     .columns = {"domain"},
     .example = "domain,company",
     .index = LC_INDEX_TRIE,
     .options = LC_OPTION_NOCASE}, /* nothing changes by it */
    {.kind = LC_KIND_CIDR,
     .name = "cidr",
     .columns = {"cidr"},
     .example = "cidr,country",
     .index = LC_INDEX_SEGMENTS},
    {.kind = LC_KIND_SPAN, /* last: no header names it */
     .name = "range",
     .columns = {"from", "to"},
     .example = "from,to,band",
     .index = LC_INDEX_SEGMENTS,
     .options = LC_OPTION_FLOAT | LC_OPTION_UTC | LC_OPTION_NARROWEST},
};

static const struct {
    const char *word;
    enum lc_kind_option option;
} known_options[] = {{"nocase", LC_OPTION_NOCASE},
                     {"float", LC_OPTION_FLOAT},
                     {"utc", LC_OPTION_UTC},
                     {"narrowest", LC_OPTION_NARROWEST}};

enum {
    KINDS = sizeof kinds / sizeof kinds[0],
    OPTIONS = sizeof known_options / sizeof known_options[0]
};

static bool is_word(struct lc_slice s, const char *word)
{
    return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

const struct lc_kind_about *lc_kinds(size_t *n)
{
    /* Without SPAN. */
    *n = KINDS - 1;
    return kinds;
}

const struct lc_kind_about *lc_kind_about(uint32_t kind)
{
    for (size_t i = 0; i < KINDS; i++)
        if ((uint32_t)kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

const struct lc_kind_about *lc_kind_of_word(struct lc_slice word)
{
    for (size_t i = 0; i < KINDS - 1; i++)
        if (is_word(word, kinds[i].columns[0]))
            return &kinds[i];
    return NULL;
}

const char *lc_kind_name(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k ? k->name : "?";
}

const char *lc_kind_name_with(enum lc_kind kind, unsigned options)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k && k->nocase_name && options & LC_OPTION_NOCASE ? k->nocase_name : lc_kind_name(kind);
}

bool lc_kind_takes_numbers(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k && k->takes_numbers;
}

bool lc_kind_has_keys(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k && k->index != LC_INDEX_BOUNDS && k->index != LC_INDEX_SEGMENTS;
}

unsigned lc_kind_option_of_word(struct lc_slice word)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (is_word(word, known_options[i].word))
            return (unsigned)known_options[i].option;
    return 0;
}
