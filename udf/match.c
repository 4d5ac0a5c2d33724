/* Hot: runs once a row. */
#include "match.h"

#include "index.h"
#include "probe.h"

#define unlikely(x) __builtin_expect(!!(x), 0)

/* One key in the binary search over its node's lengths. */
struct search {
    uint64_t word;
    const struct lc_rules_slot *slot; /* to look at next */
    const struct lc_rules_table *table;
    uint32_t first; /* the node's part of LENGTHS */
    uint32_t lo, hi, mid;
    uint32_t key; /* index in the batch */
};

bool lc_kind_takes_numbers(enum lc_kind kind)
{
    return kind == LC_KIND_RANGE;
}

/*
 * Walk the probe sequence of a word in a table. 1: *slot is the entry of these key bytes; 0: there
 * is none; negative: the arena is corrupt.
 */
static inline int probe(const struct lc_rules *r, const struct lc_rules_table *t,
                        const struct lc_rules_slot **slot, uint64_t word, const uint8_t *p,
                        size_t n, bool whole_key)
{
    const struct lc_rules_slot *s = *slot, *first = r->slots + t->first, *end = first + t->slots;

    for (uint32_t looked = 0; looked < t->slots; looked++) {
        if (s->witness == LC_NONE)
            return 0;
        if (s->word == word) {
            struct lc_slice key;

            *slot = s;
            if (n <= 8 && !whole_key)
                return 1;
            if (unlikely(s->witness >= r->rules))
                return LC_ERR_INPUT;
            key = lc_rules_key(r, s->witness);
            if (key.n >= n && (!whole_key || key.n == n) && memcmp(key.p, p, n) == 0)
                return 1;
        }
        s = s + 1 == end ? first : s + 1;
    }
    return LC_ERR_INPUT; /* no empty slot: never so in a table that was built */
}

/* Choose the next length for a key, hash it and prefetch its slot. False: the search is over. */
static inline bool aim(const struct lc_rules *r, const struct lc_batch *b, struct search *s,
                       int *corrupt)
{
    size_t len = b->len[s->key];

    while (s->lo < s->hi) {
        uint32_t mid = (s->lo + s->hi) / 2;
        uint32_t number = r->lengths[s->first + mid];
        const struct lc_rules_table *t;

        if (unlikely(number >= r->table_count)) {
            *corrupt = 1;
            return false;
        }
        t = &r->tables[number];
        if (t->key_bytes > len) {
            s->hi = mid;
            continue;
        }
        s->mid = mid;
        s->table = t;
        s->word = lc_word(b->p[s->key], t->key_bytes);
        s->slot = r->slots + t->first + lc_first_slot(s->word, t->slots);
        __builtin_prefetch(s->slot);
        return true;
    }
    return false;
}

/* Search below two bytes for the keys in `s`, in rounds over all of them. */
static int search_nodes(const struct lc_rules *r, const struct lc_batch *b, struct search *s,
                        size_t n, uint32_t *rule)
{
    int corrupt = 0;

    while (n) {
        size_t aimed = 0;

        for (size_t i = 0; i < n; i++) {
            s[aimed] = s[i];
            aimed += aim(r, b, &s[aimed], &corrupt);
        }
        for (size_t i = 0; i < aimed; i++) {
            int hit = probe(r, s[i].table, &s[i].slot, s[i].word, b->p[s[i].key],
                            s[i].table->key_bytes, false);

            if (unlikely(hit < 0))
                return hit;
            if (hit) {
                rule[s[i].key] = s[i].slot->best;
                s[i].lo = s[i].mid + 1;
            } else {
                s[i].hi = s[i].mid;
            }
        }
        n = aimed;
    }
    return corrupt ? LC_ERR_INPUT : 0;
}

static int match_prefix(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint32_t miss = r->rules, none = r->default_rule == LC_NONE ? miss : r->default_rule;
    struct search s[LC_BATCH];
    uint16_t below[LC_BATCH];
    size_t nodes = 0;

    for (size_t i = 0; i < b->n; i++) {
        uint32_t e = unlikely(b->len[i] == 0) ? none : r->direct[lc_direct_at(b->p[i], b->len[i])];

        rule[i] = e;
        below[nodes] = (uint16_t)i;
        nodes += e >> 31;
    }
    for (size_t k = 0; k < nodes; k++) {
        uint32_t number = rule[below[k]] & ~LC_DIRECT_NODE;
        const struct lc_rules_node *node = &r->nodes[number];

        if (unlikely(number >= r->node_count || node->first > r->length_count ||
                     node->lengths > r->length_count - node->first))
            return LC_ERR_INPUT;
        rule[below[k]] = node->best;
        s[k] = (struct search){.first = node->first, .hi = node->lengths, .key = below[k]};
    }
    return nodes ? search_nodes(r, b, s, nodes, rule) : 0;
}

static int match_exact(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    const struct lc_rules_table *t = r->tables;
    const struct lc_rules_slot *slot[LC_BATCH];
    uint64_t word[LC_BATCH];

    for (size_t i = 0; i < b->n; i++) {
        word[i] = lc_hash64(b->p[i], b->len[i]);
        slot[i] = r->slots + t->first + lc_first_slot(word[i], t->slots);
        __builtin_prefetch(slot[i]);
    }
    for (size_t i = 0; i < b->n; i++) {
        int hit = probe(r, t, &slot[i], word[i], b->p[i], b->len[i], true);

        if (unlikely(hit < 0))
            return hit;
        rule[i] = hit ? slot[i]->best : none;
    }
    return 0;
}

/* How many of the n ascending bounds are ≤ key (upper bound), without an unpredictable branch. */
static inline uint32_t bounds_within(const uint64_t *bounds, uint32_t n, uint64_t key)
{
    const uint64_t *base = bounds;
    uint32_t left = n;

    if (n == 0)
        return 0;
    while (left > 1) {
        uint32_t half = left / 2;

        base = base[half - 1] <= key ? base + half : base;
        left -= half;
    }
    return (uint32_t)(base - bounds) + (*base <= key);
}

static void match_range(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    const uint64_t *to = r->bounds + r->rules;

    for (size_t i = 0; i < b->n; i++) {
        uint32_t at = bounds_within(r->bounds, r->rules, b->number[i]);

        rule[i] = at && b->number[i] <= to[at - 1] ? at - 1 : r->rules;
    }
}

static void match_bucket(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint64_t total = r->bounds[r->rules - 1];

    for (size_t i = 0; i < b->n; i++) {
        unsigned __int128 wide = (unsigned __int128)lc_hash64(b->p[i], b->len[i]) * total;

        rule[i] = bounds_within(r->bounds, r->rules, (uint64_t)(wide >> 64));
    }
}

int lc_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule)
{
    uint32_t highest = 0;
    int rc = 0;

    switch (r->kind) {
    case LC_KIND_PREFIX:
        rc = match_prefix(r, batch, rule);
        break;
    case LC_KIND_EXACT:
        rc = match_exact(r, batch, rule);
        break;
    case LC_KIND_RANGE:
        match_range(r, batch, rule);
        break;
    case LC_KIND_BUCKET:
        match_bucket(r, batch, rule);
        break;
    }
    for (size_t i = 0; i < batch->n; i++)
        highest = rule[i] > highest ? rule[i] : highest;
    return rc || highest > r->rules ? LC_ERR_INPUT : 0;
}
