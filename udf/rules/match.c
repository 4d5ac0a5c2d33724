/* SPDX-License-Identifier: Apache-2.0 */
/* Hot: runs once a row. */
#include "udf/rules/match.h"

#include "udf/rules/index.h"
#include "udf/rules/probe.h"
#include "udf/rules/segments.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define unlikely(x) __builtin_expect(!!(x), 0)

/* A probe under way: where in the table, and for which word. */
struct probe {
    const struct lc_rules_bucket *bucket;
    const struct lc_rules_table *table;
    uint64_t word;
};

/*
 * yes ? a : b, without a branch. Of the operator the compiler made branches that the keys decide, and of those one in two
 * is foreseen wrongly: 1,000 prefixes and a million different keys took 24 ns instead of 14 (bench/README.md). The same
 * few keys again and again do not show it: their branches are learned.
 */
static inline uint32_t choose(bool yes, uint32_t a, uint32_t b)
{
    return b ^ ((a ^ b) & (0 - (uint32_t)yes));
}

/* The entry of a bucket that has this word: 0 to 3, or 4 where none has. No branch. */
static inline unsigned find_word(const struct lc_rules_bucket *b, uint64_t word)
{
#ifdef __SSE2__
    const __m128i *const words = (const __m128i *)(const void *)b->word;
    const __m128i *const at = (const __m128i *)(const void *)b->at;
    __m128i wanted = _mm_set1_epi64x((long long)word), none = _mm_set1_epi32(-1);
    /* Halves of 32 bits: those of an entry's word side by side, to be both equal. */
    __m128 first = _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(words), wanted));
    __m128 second = _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(words + 1), wanted));
    __m128 low = _mm_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0));
    __m128 high = _mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1));
    __m128 empty = _mm_castsi128_ps(_mm_cmpeq_epi32(_mm_load_si128(at), none));
    unsigned found = (unsigned)_mm_movemask_ps(_mm_andnot_ps(empty, _mm_and_ps(low, high)));

    return (unsigned)__builtin_ctz(found | 1u << 4);
#else
    unsigned found = 1u << 4;

    for (unsigned i = 0; i < 4; i++)
        found |= (unsigned)((b->word[i] == word) & (b->at[i] != LC_NONE)) << i;
    return (unsigned)__builtin_ctz(found);
#endif
}

/*
 * The rest of a search whose first bucket overflowed. Leaves *bucket where the entry is; 4 where
 * there is none, -1 where the arena is corrupt.
 */
static __attribute__((noinline)) int find_further(const struct lc_rules *r, struct probe *p)
{
    const struct lc_rules_bucket *first = r->buckets + p->table->first;
    const struct lc_rules_bucket *end = first + p->table->buckets;

    for (uint32_t looked = 0; looked < p->table->buckets; looked++) {
        unsigned found;

        if (!(p->bucket->best[3] & LC_BUCKET_OVERFLOW))
            return 4;
        p->bucket = p->bucket + 1 == end ? first : p->bucket + 1;
        found = find_word(p->bucket, p->word);
        if (found < 4)
            return (int)found;
    }
    return -1; /* every bucket overflows: never so in a table that was built */
}

/* Are the n bytes at offset `at` of KEYS those of p? */
static inline bool confirm(const struct lc_rules *r, uint32_t at, const uint8_t *p, size_t n)
{
    if (unlikely(at > r->keys_bytes || n > r->keys_bytes - at))
        return false;
    if (n <= 16) /* both may be read past their end: see match.h and the arena */
        return ((lc_load64(r->keys + at) ^ lc_load64(p)) & lc_mask_low[n]) == 0 &&
               ((lc_load64(r->keys + at + 8) ^ lc_load64(p + 8)) & lc_mask_high[n]) == 0;
    return memcmp(r->keys + at, p, n) == 0;
}

/*
 * Two keys with one hash: what was found is not the key at hand. Look at every entry of the chain.
 * 1: p->bucket and *found are the entry of these n bytes; 0: there is none. `whole`: the entry's
 * rule must be of n bytes too.
 */
static __attribute__((noinline)) int find_other(const struct lc_rules *r, struct probe *p,
                                                const uint8_t *key, size_t n, bool whole,
                                                uint8_t *found)
{
    const struct lc_rules_bucket *first = r->buckets + p->table->first;
    const struct lc_rules_bucket *end = first + p->table->buckets;

    p->bucket = first + lc_first_bucket(p->word, p->table->buckets, &r->seed);
    for (uint32_t looked = 0; looked < p->table->buckets; looked++) {
        for (uint8_t i = 0; i < 4; i++) {
            uint32_t best = p->bucket->best[i] & ~LC_BUCKET_OVERFLOW;

            if (p->bucket->at[i] == LC_NONE || p->bucket->word[i] != p->word ||
                (whole && lc_rules_key(r, best).n != n) || !confirm(r, p->bucket->at[i], key, n))
                continue;
            *found = i;
            return 1;
        }
        if (!(p->bucket->best[3] & LC_BUCKET_OVERFLOW))
            return 0;
        p->bucket = p->bucket + 1 == end ? first : p->bucket + 1;
    }
    return 0;
}

/* One key in the search by length. */
struct search {
    struct probe probe;
    uint32_t step; /* index into STEPS */
    uint16_t key;  /* index in the batch */
    bool fits;     /* the key is long enough for the table */
    uint8_t found; /* entry of the bucket; 4: none */
};

/* Choose the table of a key's step, hash the key's start and prefetch its bucket. */
static inline int aim(const struct lc_rules *r, const struct lc_seed *seed,
                      const struct lc_batch *b, struct search *s)
{
    const struct lc_rules_table *t;

    if (unlikely(s->step >= r->step_count || r->steps[s->step].table >= r->table_count))
        return LC_ERR_INPUT;
    t = &r->tables[r->steps[s->step].table];
    s->fits = b->len[s->key] >= t->key_bytes;
    /* A key that is too short gets the word of nothing; it is no hit, whatever is found. */
    s->probe.table = t;
    s->probe.word = lc_word(b->p[s->key], choose(s->fits, t->key_bytes, 0), seed);
    s->probe.bucket = r->buckets + t->first + lc_first_bucket(s->probe.word, t->buckets, seed);
    __builtin_prefetch(s->probe.bucket);
    return 0;
}

/* Look into the bucket; where a hash was found, prefetch the bytes that confirm it. */
static inline int look(const struct lc_rules *r, struct search *s, uint16_t *doubtful,
                       size_t *doubts, size_t i)
{
    unsigned found = find_word(s->probe.bucket, s->probe.word);

    if (unlikely(found == 4 && s->probe.bucket->best[3] & LC_BUCKET_OVERFLOW)) {
        int further = find_further(r, &s->probe);

        if (further < 0)
            return LC_ERR_INPUT;
        found = (unsigned)further;
    }
    found = choose(s->fits, found, 4);
    s->found = (uint8_t)found;
    doubtful[*doubts] = (uint16_t)i;
    *doubts += (found < 4) & (s->probe.table->key_bytes > 8);
    __builtin_prefetch(r->keys + choose(found < 4, s->probe.bucket->at[found & 3], 0));
    return 0;
}

/* Search by length for the n keys in `s`, in rounds over all of them. */
static int search_nodes(const struct lc_rules *r, const struct lc_batch *b, struct search *s,
                        size_t n, uint32_t *rule)
{
    const struct lc_seed *const seed = &r->seed;
    uint16_t doubtful[LC_BATCH];

    while (n) {
        size_t left = 0, doubts = 0;

        for (size_t i = 0; i < n; i++)
            if (unlikely(aim(r, seed, b, &s[i])))
                return LC_ERR_INPUT;
        for (size_t i = 0; i < n; i++)
            if (unlikely(look(r, &s[i], doubtful, &doubts, i)))
                return LC_ERR_INPUT;
        for (size_t i = 0; i < doubts; i++) {
            struct search *d = &s[doubtful[i]];

            if (unlikely(!confirm(r, d->probe.bucket->at[d->found], b->p[d->key],
                                  d->probe.table->key_bytes)) &&
                !find_other(r, &d->probe, b->p[d->key], d->probe.table->key_bytes, false,
                            &d->found))
                d->found = 4;
        }
        for (size_t i = 0; i < n; i++) {
            const struct lc_rules_step *step = &r->steps[s[i].step];
            bool hit = s[i].found < 4;
            uint32_t best = s[i].probe.bucket->best[s[i].found & 3] & ~LC_BUCKET_OVERFLOW;
            uint32_t next = choose(hit, step->on_hit, step->on_miss);
            uint16_t key = s[i].key;

            if (unlikely(next <= s[i].step))
                return LC_ERR_INPUT; /* steps lead forward, or the search might never end */
            rule[key] = choose(hit, best, rule[key]);
            s[left].step = next;
            s[left].key = key;
            left += next != LC_NONE;
        }
        n = left;
    }
    return 0;
}

/* Keys below the root of the trie. */
struct below {
    size_t n;        /* on their way down */
    size_t searches; /* arrived at a search node */
    uint16_t key[LC_BATCH];
    uint32_t node[LC_BATCH];
    struct search search[LC_BATCH];
};

/* Is a node that begins at `at` within TRIE, up to its last entry or its step? */
static __attribute__((noinline)) bool node_is_inside(const struct lc_rules *r, uint32_t at)
{
    return at + LC_TRIE_HEAD < r->trie_count &&
           r->trie[at + 1] >> 16 <= r->trie_count - LC_TRIE_HEAD - at;
}

/*
 * Where a node may begin so that no byte leads out of the arena, whatever its table says: no more is asked of it. TRIE has
 * its root at least, which is more than a table.
 */
static uint32_t last_safe_node(const struct lc_rules *r)
{
    size_t words = (size_t)(r->base + r->size - (const uint8_t *)r->trie) / sizeof *r->trie;
    size_t last = words - LC_TRIE_HEAD - 256;

    return last < r->trie_count ? (uint32_t)last : r->trie_count - 1;
}

/* Go down by table nodes, a byte a round, until every key has a rule or a search node. */
static int descend(const struct lc_rules *r, const struct lc_batch *b, struct below *w,
                   uint32_t *rule)
{
    const uint32_t *const trie = r->trie;
    const uint32_t safe = last_safe_node(r);
    size_t n = w->n, searches = 0;

    for (size_t depth = 2; n; depth++) {
        size_t left = 0;

        if (unlikely(depth > LC_MAX_KEY_BYTES + 1))
            return LC_ERR_INPUT; /* no rule is that long: the walk might never end */
        for (size_t i = 0; i < n; i++) {
            uint32_t at = w->node[i], head, low, entries, next, entry;
            uint16_t key = w->key[i];
            const uint32_t *node = trie + at;

            if (unlikely(at > safe) && !node_is_inside(r, at))
                return LC_ERR_INPUT;
            head = node[1];
            entries = head >> 16;
            low = head & 0xff;
            w->search[searches].step = node[LC_TRIE_HEAD];
            w->search[searches].key = key;
            searches += entries == 0;
            /* Past the table, or past the key: what holds here. Unsigned: below low is past it. */
            next = depth < b->len[key] ? (uint32_t)b->p[key][depth] - low : UINT32_MAX;
            entry = node[choose(next < entries, LC_TRIE_HEAD + next, 0)];
            rule[key] = entry;
            w->node[left] = entry & ~LC_TRIE_NODE;
            w->key[left] = key;
            __builtin_prefetch(trie + choose(entry >> 31, w->node[left], 0));
            left += entry >> 31;
        }
        if (unlikely(searches + left > b->n))
            return LC_ERR_INPUT; /* a search node that leads on: a key has one or the other */
        n = left;
    }
    w->searches = searches;
    return 0;
}

/*
 * Each key with each rule. Rules are in the order of their bytes, so that of those that take a key the longest is the
 * last. No branch depends on a key.
 */
static void match_few(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    const struct lc_few *const f = &r->few;

    for (size_t i = 0; i < b->n; i++) {
        uint64_t low = lc_load64(b->p[i]), high = lc_load64(b->p[i] + 8);
        uint32_t found = r->rules;

        for (uint32_t k = 0; k < f->n; k++) {
            uint64_t differ =
                ((low ^ f->low[k]) & f->mask_low[k]) | ((high ^ f->high[k]) & f->mask_high[k]);

            differ |= b->len[i] < f->bytes[k];
            found = differ ? found : k;
        }
        rule[i] = found;
    }
}

static int match_prefix(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    struct below w;
    int rc = 0;

    if (r->few.n) {
        match_few(r, b, rule);
        return 0;
    }
    w.n = w.searches = 0;
    for (size_t i = 0; i < b->n; i++) {
        uint32_t e = unlikely(b->len[i] == 0) ? none : lc_match_direct(r, b->p[i], b->len[i]);

        rule[i] = e;
        w.key[w.n] = (uint16_t)i;
        w.node[w.n] = e & ~LC_TRIE_NODE;
        w.n += e >> 31;
    }
    if (w.n)
        rc = descend(r, b, &w, rule);
    return !rc && w.searches ? search_nodes(r, b, w.search, w.searches, rule) : rc;
}

static int match_exact(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint32_t none = r->default_rule == LC_NONE ? r->rules : r->default_rule;
    const struct lc_rules_table *t = r->tables;
    const struct lc_seed *const seed = &r->seed;
    struct probe probe[LC_BATCH];

    for (size_t i = 0; i < b->n; i++) {
        probe[i].table = t;
        probe[i].word = lc_hash64_seeded(b->p[i], b->len[i], seed->hash);
        probe[i].bucket = r->buckets + t->first + lc_first_bucket(probe[i].word, t->buckets, seed);
        __builtin_prefetch(probe[i].bucket);
    }
    for (size_t i = 0; i < b->n; i++) {
        int found = (int)find_word(probe[i].bucket, probe[i].word);
        uint32_t best;

        if (unlikely(found == 4 && probe[i].bucket->best[3] & LC_BUCKET_OVERFLOW))
            found = find_further(r, &probe[i]);
        if (unlikely(found < 0))
            return LC_ERR_INPUT;
        best = probe[i].bucket->best[found & 3] & ~LC_BUCKET_OVERFLOW;
        if (found < 4 && unlikely(lc_rules_key(r, best).n != b->len[i] ||
                                  !confirm(r, probe[i].bucket->at[found], b->p[i], b->len[i]))) {
            uint8_t other;

            if (find_other(r, &probe[i], b->p[i], b->len[i], true, &other))
                best = probe[i].bucket->best[other] & ~LC_BUCKET_OVERFLOW;
            else
                best = none;
        }
        rule[i] = found < 4 ? best : none;
    }
    return 0;
}

/*
 * Of each key how many of the n ascending bounds are <= it. All keys are halved in step, and what is found is added
 * behind a mask: one key at a time took six times as long, since a branch that the key decides is missed half the time.
 */
static void bounds_within(const uint64_t *bounds, uint32_t n, const uint64_t *key, size_t keys,
                          uint32_t *at)
{
    memset(at, 0, keys * sizeof *at);
    for (uint32_t left = n, half; left > 1; left -= half) {
        half = left / 2;
        for (size_t i = 0; i < keys; i++)
            at[i] += half & (0 - (uint32_t)(bounds[at[i] + half - 1] <= key[i]));
    }
    for (size_t i = 0; i < keys && n; i++)
        at[i] += bounds[at[i]] <= key[i];
}

static void match_range(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    const uint64_t *to = r->bounds + r->rules;

    bounds_within(r->bounds, r->rules, b->number, b->n, rule);
    for (size_t i = 0; i < b->n && r->rules; i++) {
        uint32_t last = rule[i] - (rule[i] != 0);
        bool within = (rule[i] != 0) & (b->number[i] <= to[last]);

        rule[i] = r->rules ^ ((r->rules ^ last) & (0 - (uint32_t)within));
    }
}

static void match_bucket(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    uint64_t total = r->bounds[r->rules - 1], place[LC_BATCH];
    bool folded = r->options & LC_OPTION_NOCASE;

    for (size_t i = 0; i < b->n; i++) {
        uint64_t hash = unlikely(folded) ? lc_form_folded_hash(b->p[i], b->len[i])
                                         : lc_hash64(b->p[i], b->len[i]);

        place[i] = (uint64_t)((unsigned __int128)hash * total >> 64);
    }
    bounds_within(r->bounds, r->rules, place, b->n, rule);
}

/*
 * What holds for the name itself of a rule for what is below it; LC_NONE where the arena is
 * corrupt.
 */
static __attribute__((noinline)) uint32_t holds_itself(const struct lc_rules *r, uint32_t rule)
{
    uint32_t from = 0, to = r->below_count;

    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (r->below[middle].rule == rule)
            return r->below[middle].itself;
        if (r->below[middle].rule < rule)
            from = middle + 1;
        else
            to = middle;
    }
    return LC_NONE;
}

/* Where a rule for what is below a name was found by the name itself, put what holds for that. */
static void match_below(const struct lc_rules *r, const struct lc_batch *b, uint32_t *rule)
{
    for (size_t i = 0; i < b->n; i++)
        if (lc_rules_is_below(r, rule[i]) && lc_rules_key(r, rule[i]).n == b->len[i])
            rule[i] = holds_itself(r, rule[i]);
}

_Static_assert(LC_FORMS_BYTES >= LC_MAX_KEY_BYTES + 1 + LC_FORM_SLACK, "a key has room");

/* Bring the keys to their form, as many as there is room for at a time, and match that. */
static __attribute__((noinline)) int match_forms(const struct lc_rules *r, const struct lc_batch *b,
                                                 uint32_t *rule)
{
    struct lc_forms forms;

    for (size_t done = 0; done < b->n; done += forms.keys.n) {
        int rc;

        lc_form_keys(r->form, r->form_bytes, b, done, &forms);
        rc = r->kind == LC_KIND_EXACT ? match_exact(r, &forms.keys, rule + done)
                                      : match_prefix(r, &forms.keys, rule + done);
        if (rc)
            return rc;
        if (r->below_bits)
            match_below(r, &forms.keys, rule + done);
    }
    return 0;
}

int lc_match(const struct lc_rules *r, const struct lc_batch *batch, uint32_t *rule)
{
    uint32_t highest = 0;
    int rc = 0;

    switch (r->kind) {
    case LC_KIND_PREFIX:
    case LC_KIND_SUFFIX:
    case LC_KIND_DOMAIN:
        rc = r->form == LC_FORM_PLAIN ? match_prefix(r, batch, rule) : match_forms(r, batch, rule);
        break;
    case LC_KIND_EXACT:
        rc = r->form == LC_FORM_PLAIN ? match_exact(r, batch, rule) : match_forms(r, batch, rule);
        break;
    case LC_KIND_RANGE:
        match_range(r, batch, rule);
        break;
    case LC_KIND_BUCKET:
        match_bucket(r, batch, rule);
        break;
    case LC_KIND_CIDR:
    case LC_KIND_SPAN:
        rc = lc_segments_match(r, batch, rule);
        break;
    }
    for (size_t i = 0; i < batch->n; i++)
        highest = rule[i] > highest ? rule[i] : highest;
    return rc || highest > r->rules ? LC_ERR_INPUT : 0;
}

enum lc_key_is lc_batch_set_text(const struct lc_rules *r, struct lc_batch *b, size_t i,
                                 struct lc_slice key)
{
    bool negative;
    double real; /* what is a float and has no point: NaN */

    b->p[i] = key.p;
    b->len[i] = key.n;
    b->number[i] = 0;
    b->point[i] = 0;
    switch (r->takes.order) {
    case LC_ORDER_TEXT:
        return LC_KEY_GOOD;
    case LC_ORDER_UINT:
        if (!lc_scalar_whole(key, &negative, &b->number[i]))
            return negative ? LC_KEY_IN_NONE : LC_KEY_GOOD;
        return LC_KEY_BAD;
    default:
        if (lc_point_of_key(&r->takes, key, r->options & LC_OPTION_UTC, &b->point[i]))
            return LC_KEY_GOOD;
        if (r->takes.order == LC_ORDER_ADDRESS ||
            (r->takes.order == LC_ORDER_FLOAT && !lc_scalar_float(key, false, &real)))
            return LC_KEY_IN_NONE;
        return LC_KEY_BAD;
    }
}

uint32_t lc_match_without(const struct lc_rules *r, uint32_t rule)
{
    struct lc_slice key = lc_rules_key(r, rule);
    struct lc_batch batch;
    uint32_t found[1] = {r->rules};

    if (key.n == 0)
        return r->rules;
    if (lc_rules_is_below(r, rule))
        return holds_itself(r, rule) < r->rules ? holds_itself(r, rule) : r->rules;
    /* Every shorter rule that begins its form begins that without the last byte, too. */
    batch.n = 1;
    batch.p[0] = key.p;
    batch.len[0] = key.n - 1;
    return match_prefix(r, &batch, found) == 0 && found[0] < r->rules ? found[0] : r->rules;
}
