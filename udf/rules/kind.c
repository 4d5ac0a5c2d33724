#include "udf/rules/kind.h"

#include <string.h>

static const struct lc_kind_about kinds[] = {
    {.kind = LC_KIND_PREFIX,
     .name = "prefix",
     .columns = {"prefix"},
     .example = "prefix,region",
     .index = LC_INDEX_TRIE},
    {.kind = LC_KIND_EXACT,
     .name = "exact",
     .columns = {"exact"},
     .example = "exact,region",
     .index = LC_INDEX_HASH},
    {.kind = LC_KIND_RANGE,
     .name = "range",
     .columns = {"from", "to"},
     .example = "from,to,band",
     .index = LC_INDEX_BOUNDS,
     .takes_numbers = true},
    {.kind = LC_KIND_BUCKET,
     .name = "bucket",
     .columns = {"bucket"},
     .example = "bucket,variant",
     .index = LC_INDEX_BOUNDS},
};

static const struct {
    const char *word;
    enum lc_kind_option option;
} options[] = {{"nocase", LC_OPTION_NOCASE}};

enum { KINDS = sizeof kinds / sizeof kinds[0], OPTIONS = sizeof options / sizeof options[0] };

static bool is_word(struct lc_slice s, const char *word)
{
    return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

const struct lc_kind_about *lc_kinds(size_t *n)
{
    *n = KINDS;
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
    for (size_t i = 0; i < KINDS; i++)
        if (is_word(word, kinds[i].columns[0]))
            return &kinds[i];
    return NULL;
}

const char *lc_kind_name(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k ? k->name : "?";
}

bool lc_kind_takes_numbers(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k && k->takes_numbers;
}

bool lc_kind_has_keys(enum lc_kind kind)
{
    const struct lc_kind_about *k = lc_kind_about((uint32_t)kind);

    return k && k->index != LC_INDEX_BOUNDS;
}

unsigned lc_kind_option_of_word(struct lc_slice word)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (is_word(word, options[i].word))
            return (unsigned)options[i].option;
    return 0;
}
