/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a prefix set is made in these steps:
 *
 *   fill_root     the entries for one and two bytes, by the rules that are no longer
 *   add_nodes     below them the trie: each node a table by byte, or a search by length
 *   enter_nodes   over the rules of the search nodes: counts the entries of each length
 *   make_tables   so the hash tables have their sizes
 *   enter_nodes   again: now stores the entries
 *
 * A search by length is a binary search (a plan): a hit at length n says that some rule begins with these n
 * bytes, and longer ones are worth a look. So a table has, next to the rules of its length, the starts of
 * longer rules that the search has to pass; each entry knows the longest rule that is a prefix of it (best).
 */
#include "udf/rules/index.h"

#include "udf/rules/probe.h"
#include "udf/rules/ruleset.h"

#include <stdlib.h>

/* The lowest n bytes of 8; for n taken within 0 … 8. */
#define ONES(n) ((n) <= 0 ? 0 : (n) >= 8 ? UINT64_MAX : (UINT64_C(1) << ((8 * (n)) & 63)) - 1)
#define LOW(n)  ONES(n)
#define HIGH(n) ONES((n)-8)

const uint64_t lc_mask_low[17] = {LOW(0),  LOW(1),  LOW(2),  LOW(3),  LOW(4),  LOW(5),
                                  LOW(6),  LOW(7),  LOW(8),  LOW(9),  LOW(10), LOW(11),
                                  LOW(12), LOW(13), LOW(14), LOW(15), LOW(16)};
const uint64_t lc_mask_high[17] = {HIGH(0),  HIGH(1),  HIGH(2),  HIGH(3),  HIGH(4),  HIGH(5),
                                   HIGH(6),  HIGH(7),  HIGH(8),  HIGH(9),  HIGH(10), HIGH(11),
                                   HIGH(12), HIGH(13), HIGH(14), HIGH(15), HIGH(16)};

/*
 * The searches made so far, so that nodes with the same lengths share one: a few hundred bytes then
 * serve all nodes, and stay in the level-1 cache.
 */
struct plans {
    struct lc_buf lengths; /* u32: the lengths of each plan, one after the other */
    struct lc_buf known;   /* struct plan */
    uint32_t *table;       /* by hash: number of the plan + 1, 0 = empty */
    uint32_t table_size;   /* a power of two; 0: none yet */
};

struct plan {
    uint64_t hash; /* of its lengths */
    uint32_t first_length, count, first_step;
};

/* A search node: the rules [begin, end) go on from its `depth` bytes, and are
 * found by this plan. */
struct node {
    uint32_t begin, end, plan;
};

/*
 * What is still to be made: the entry for what begins with the first `depth` bytes of the rules
 * [begin, end); `best` holds for them so far, and the trie's word `slot` waits for it.
 */
struct pending {
    uint32_t begin, end, depth, best, slot;
};

/*
 * A prefix set while it is indexed. Rules come in byte order, so all that share a start come in a
 * row, and the rules that are prefixes of the present one form a stack.
 */
struct indexer {
    const struct lc_index_in *in;
    const struct lc_index_out *out;
    struct plans plans;
    struct lc_buf nodes; /* struct node, in the order of their rules */
    struct lc_buf todo;  /* struct pending, the next one last: keys may be 4,096 bytes deep */
    uint32_t *stack;     /* rules that are prefixes of the present one, shortest first */
    uint32_t depth;
    uint32_t *table_of;            /* by length: table number */
    uint32_t *last;                /* by length: the witness of the last entry, LC_NONE */
    uint64_t *entries;             /* by length: counted in the first pass */
    uint8_t *seen;                 /* by length: scratch of add_search */
    uint32_t *lengths;             /* scratch of add_search */
    struct lc_rules_table *tables; /* in the second pass */
    struct lc_rules_bucket *buckets;
    uint32_t max_len;
};

static struct lc_slice key_of(const struct lc_index_in *in, uint32_t rule)
{
    return (struct lc_slice){in->keys + in->key_off[rule],
                             in->key_off[rule + 1] - in->key_off[rule]};
}

static bool begins_with(struct lc_slice key, struct lc_slice prefix)
{
    return prefix.n <= key.n && memcmp(key.p, prefix.p, prefix.n) == 0;
}

/* Put an entry into the first bucket with room, from its own on; full ones are marked as passed. */
static void put_entry(const struct lc_rules_table *t, const struct lc_seed *seed,
                      struct lc_rules_bucket *buckets, uint64_t word, uint32_t best, uint32_t at)
{
    uint64_t number = lc_first_bucket(word, t->buckets, seed);

    for (;;) {
        struct lc_rules_bucket *b = &buckets[t->first + number];

        for (unsigned i = 0; i < 4; i++)
            if (b->at[i] == LC_NONE) {
                b->word[i] = word;
                b->best[i] = best;
                b->at[i] = at;
                return;
            }
        b->best[3] |= LC_BUCKET_OVERFLOW;
        number = number + 1 == t->buckets ? 0 : number + 1;
    }
}

/* A table's buckets; one more than needed, so that some entry is always free. */
static uint32_t buckets_for(uint64_t entries)
{
    return (uint32_t)(entries / LC_ENTRIES_A_BUCKET + 1);
}

/* Room for n empty buckets. 0 or LC_ERR_NOMEM. */
static int make_buckets(struct lc_buf *out, uint64_t n)
{
    struct lc_rules_bucket *b;

    if (lc_buf_reserve(out, n * sizeof *b))
        return LC_ERR_NOMEM;
    out->n = n * sizeof *b;
    memset(out->p, 0, out->n);
    b = (struct lc_rules_bucket *)(void *)out->p;
    for (uint64_t i = 0; i < n; i++)
        memset(b[i].at, 0xff, sizeof b[i].at);
    return 0;
}

/* The longest rule on the stack of at most n bytes; the miss where there is none. */
static uint32_t best_within(const struct indexer *x, size_t n)
{
    for (uint32_t i = x->depth; i > 0; i--)
        if (key_of(x->in, x->stack[i - 1]).n <= n)
            return x->stack[i - 1];
    return x->in->miss;
}

/* One entry: the first n bytes of rule `witness`. Counts it, or stores it in the second pass. */
static void enter(struct indexer *x, uint32_t witness, uint32_t n)
{
    struct lc_slice key = key_of(x->in, witness);
    const struct lc_rules_table *t;

    if (x->last[n] != LC_NONE && memcmp(key_of(x->in, x->last[n]).p, key.p, n) == 0)
        return;
    x->last[n] = witness;
    if (!x->buckets) {
        x->entries[n]++;
        return;
    }
    t = &x->tables[x->table_of[n]];
    put_entry(t, &x->in->seed, x->buckets, lc_word(key.p, n, &x->in->seed), best_within(x, n),
              x->in->key_off[witness]);
}

/* Enter a rule and the markers that lead the binary search over `lengths` to it. */
static void enter_path(struct indexer *x, uint32_t rule, const uint32_t *lengths, uint32_t count)
{
    uint32_t n = (uint32_t)key_of(x->in, rule).n, lo = 0, hi = count;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;

        if (lengths[mid] <= n)
            enter(x, rule, lengths[mid]);
        if (lengths[mid] == n)
            return;
        if (lengths[mid] < n)
            lo = mid + 1;
        else
            hi = mid;
    }
}

static void push(struct indexer *x, uint32_t rule)
{
    while (x->depth && !begins_with(key_of(x->in, rule), key_of(x->in, x->stack[x->depth - 1])))
        x->depth--;
    x->stack[x->depth++] = rule;
}

/*
 * The steps of a binary search over lengths[lo..hi): as enter_path has it. LC_NONE: no memory.
 * Recursion is as deep as the search, 13 at most.
 */
/* NOLINTNEXTLINE(misc-no-recursion) */
static uint32_t add_steps(struct lc_buf *steps, const uint32_t *lengths, uint32_t lo, uint32_t hi,
                          int *rc)
{
    uint32_t mid = (lo + hi) / 2, number = (uint32_t)(steps->n / sizeof(struct lc_rules_step));
    struct lc_rules_step step = {.table = lengths[mid]};

    if (lo == hi)
        return LC_NONE;
    if (lc_buf_add(steps, &step, sizeof step)) {
        *rc = LC_ERR_NOMEM;
        return LC_NONE;
    }
    step.on_miss = add_steps(steps, lengths, lo, mid, rc);
    step.on_hit = add_steps(steps, lengths, mid + 1, hi, rc);
    ((struct lc_rules_step *)(void *)steps->p)[number] = step;
    return number;
}

static int grow_plans(struct plans *plans)
{
    const struct plan *known = (const struct plan *)(const void *)plans->known.p;
    uint32_t size = plans->table_size ? plans->table_size * 2 : 64;
    uint32_t *table = calloc(size, sizeof *table);

    if (!table)
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < plans->known.n / sizeof *known; i++) {
        uint32_t at = (uint32_t)known[i].hash & (size - 1);

        while (table[at])
            at = (at + 1) & (size - 1);
        table[at] = i + 1;
    }
    free(plans->table);
    plans->table = table;
    plans->table_size = size;
    return 0;
}

/* The plan for these lengths: one that is there already, or a new one. 0 or LC_ERR_NOMEM. */
static int find_plan(struct plans *plans, struct lc_buf *steps, const uint32_t *lengths,
                     uint32_t count, uint64_t seed, uint32_t *plan)
{
    size_t n = plans->known.n / sizeof(struct plan);
    struct plan made = {.hash = lc_hash64_seeded(lengths, count * sizeof *lengths, seed),
                        .count = count};
    uint32_t at;
    int rc = 0;

    if (n * 2 >= plans->table_size && grow_plans(plans))
        return LC_ERR_NOMEM;
    at = (uint32_t)made.hash & (plans->table_size - 1);
    for (; plans->table[at]; at = (at + 1) & (plans->table_size - 1)) {
        const struct plan *known =
            (const struct plan *)(const void *)plans->known.p + plans->table[at] - 1;
        const uint32_t *have = (const uint32_t *)(const void *)plans->lengths.p;

        if (known->hash == made.hash && known->count == count &&
            memcmp(have + known->first_length, lengths, count * sizeof *lengths) == 0) {
            *plan = plans->table[at] - 1;
            return 0;
        }
    }
    made.first_length = (uint32_t)(plans->lengths.n / sizeof *lengths);
    made.first_step = add_steps(steps, lengths, 0, count, &rc);
    *plan = (uint32_t)n;
    plans->table[at] = (uint32_t)n + 1;
    if (!rc)
        rc = lc_buf_add(&plans->lengths, lengths, count * sizeof *lengths);
    return rc ? rc : lc_buf_add(&plans->known, &made, sizeof made);
}

static uint32_t *trie(const struct indexer *x)
{
    return (uint32_t *)(void *)x->out->trie->p;
}

/* Append n words to the trie: the offset of the first, or LC_NONE where there is no memory. */
static uint32_t add_words(struct indexer *x, const uint32_t *words, size_t n)
{
    size_t at = x->out->trie->n / 4;

    if (at + n >= LC_TRIE_NODE || lc_buf_add(x->out->trie, words, n * sizeof *words))
        return LC_NONE;
    return (uint32_t)at;
}

/* A search node over the rules [begin, end), all longer than depth: its entry, or LC_NONE. */
static uint32_t add_search(struct indexer *x, uint32_t begin, uint32_t end, uint32_t depth,
                           uint32_t best)
{
    struct node node = {begin, end, 0};
    uint32_t longest = depth, count = 0, words[LC_TRIE_HEAD + 1] = {best, 0, 0}, at;

    for (uint32_t i = begin; i < end; i++) {
        uint32_t n = (uint32_t)key_of(x->in, i).n;

        x->seen[n] = 1;
        longest = n > longest ? n : longest;
    }
    for (uint32_t n = depth + 1; n <= longest; n++) {
        if (x->seen[n])
            x->lengths[count++] = n;
        x->seen[n] = 0;
    }
    if (find_plan(&x->plans, x->out->steps, x->lengths, count, x->in->seed.hash, &node.plan))
        return LC_NONE;
    words[LC_TRIE_HEAD] =
        ((const struct plan *)(const void *)x->plans.known.p)[node.plan].first_step;
    at = add_words(x, words, LC_TRIE_HEAD + 1);
    if (at == LC_NONE || lc_buf_add(&x->nodes, &node, sizeof node))
        return LC_NONE;
    return LC_TRIE_NODE | at;
}

/* The first rule from i on whose byte at `depth` is not that of rule i. */
static uint32_t group_end(const struct indexer *x, uint32_t i, uint32_t end, uint32_t depth)
{
    uint8_t byte = key_of(x->in, i).p[depth];

    while (i < end && key_of(x->in, i).p[depth] == byte)
        i++;
    return i;
}

/* How many bytes all rules of [begin, end) begin with; of a lone rule all. */
static uint32_t shared_bytes(const struct indexer *x, uint32_t begin, uint32_t end)
{
    struct lc_slice first = key_of(x->in, begin), last = key_of(x->in, end - 1);
    uint32_t n = 0;

    while (n < first.n && n < last.n && first.p[n] == last.p[n])
        n++;
    return n;
}

/* Are the rules of [begin, end), which share so many bytes more, found by tables? */
static bool by_tables(uint32_t begin, uint32_t end, uint32_t more)
{
    return more <= (end - begin > 1 ? LC_TABLE_SHARED : LC_TABLE_LONE);
}

/* A table by byte over the rules [low, high]; its children are to be made, first things last. */
static uint32_t add_table(struct indexer *x, const struct pending *n, uint32_t low, uint32_t high)
{
    uint32_t words[LC_TRIE_HEAD + 256] = {n->best, low | (high - low + 1) << 16}, at;
    struct pending *v;
    size_t first = x->todo.n;

    for (uint32_t k = 0; k <= high - low; k++)
        words[LC_TRIE_HEAD + k] = n->best;
    at = add_words(x, words, LC_TRIE_HEAD + high - low + 1);
    for (uint32_t i = n->begin, next; i < n->end && at != LC_NONE; i = next) {
        struct pending child = {.begin = i, .depth = n->depth + 1, .best = n->best};

        next = child.end = group_end(x, i, n->end, n->depth);
        child.slot = at + LC_TRIE_HEAD + key_of(x->in, i).p[n->depth] - low;
        if (lc_buf_add(&x->todo, &child, sizeof child))
            return LC_NONE;
    }
    v = (struct pending *)(void *)(x->todo.p + first);
    for (size_t a = 0, z = (x->todo.n - first) / sizeof *v; a + 1 < z; a++) {
        struct pending swap = v[a];

        v[a] = v[--z];
        v[z] = swap;
    }
    return at == LC_NONE ? at : LC_TRIE_NODE | at;
}

/* One entry; what is below it is left to be made. LC_NONE: no memory. */
static uint32_t add_node(struct indexer *x, struct pending n)
{
    uint32_t bytes = 0, low, high;

    if (n.begin < n.end && key_of(x->in, n.begin).n == n.depth)
        n.best = n.begin++;
    if (n.begin == n.end)
        return n.best;
    for (uint32_t i = n.begin; i < n.end; i = group_end(x, i, n.end, n.depth))
        bytes++;
    low = key_of(x->in, n.begin).p[n.depth];
    high = key_of(x->in, n.end - 1).p[n.depth];
    if (!by_tables(n.begin, n.end, shared_bytes(x, n.begin, n.end) - n.depth) ||
        high - low + 1 > LC_TABLE_SPAN * bytes)
        return add_search(x, n.begin, n.end, n.depth, n.best);
    return add_table(x, &n, low, high);
}

/* The entry n and all below it, in the order of their rules. */
static int add_tree(struct indexer *x, struct pending n)
{
    int rc = lc_buf_add(&x->todo, &n, sizeof n);

    while (rc == 0 && x->todo.n) {
        uint32_t entry;

        x->todo.n -= sizeof n;
        memcpy(&n, x->todo.p + x->todo.n, sizeof n);
        entry = add_node(x, n);
        if (entry == LC_NONE)
            rc = LC_ERR_NOMEM;
        else
            trie(x)[n.slot] = entry;
    }
    return rc;
}

/* Hang what is longer than two bytes below the root. */
static int add_nodes(struct indexer *x)
{
    const struct lc_index_in *in = x->in;

    for (uint32_t i = 0, end; i < in->rules; i = end) {
        struct lc_slice first = key_of(in, i);
        uint32_t two;

        end = i + 1;
        if (first.n < 2)
            continue;
        while (end < in->rules && key_of(in, end).n >= 2 && key_of(in, end).p[0] == first.p[0] &&
               key_of(in, end).p[1] == first.p[1])
            end++;
        two = 256 + ((uint32_t)first.p[0] << 8 | first.p[1]);
        if (add_tree(x, (struct pending){i, end, 2, trie(x)[two], two}))
            return LC_ERR_NOMEM;
    }
    return 0;
}

/* Enter the rules of all search nodes, with their markers: counts them, or stores them. */
static void enter_nodes(struct indexer *x)
{
    const struct node *nodes = (const struct node *)(const void *)x->nodes.p;
    size_t count = x->nodes.n / sizeof *nodes, at = 0;
    const struct plan *plans = (const struct plan *)(const void *)x->plans.known.p;
    const uint32_t *lengths = (const uint32_t *)(const void *)x->plans.lengths.p;

    x->depth = 0;
    for (uint32_t n = 0; n <= x->max_len; n++)
        x->last[n] = LC_NONE;
    for (uint32_t i = 0; i < x->in->rules && at < count; i++) {
        const struct plan *plan = &plans[nodes[at].plan];

        push(x, i);
        if (i < nodes[at].begin)
            continue;
        enter_path(x, i, lengths + plan->first_length, plan->count);
        at += i + 1 == nodes[at].end;
    }
}

/* n entries, the first of which is set: doubled, since there are many of the same. */
static void repeat(uint32_t *p, size_t n)
{
    for (size_t done = 1; done < n; done *= 2)
        memcpy(p + done, p, (done < n - done ? done : n - done) * sizeof *p);
}

/* The root as rules of 0, 1 and 2 bytes have it: the longest of them for each start. */
static int fill_root(const struct lc_index_in *in, struct lc_buf *out)
{
    size_t bytes = LC_TRIE_ROOT * sizeof(uint32_t);
    uint32_t *root, by_default = in->miss;
    uint32_t i = 0;

    if (lc_buf_reserve(out, bytes))
        return LC_ERR_NOMEM;
    root = (uint32_t *)(void *)out->p;
    out->n = bytes;
    if (in->rules && key_of(in, 0).n == 0)
        by_default = i++;
    root[0] = by_default;
    repeat(root, LC_TRIE_ROOT);
    for (uint32_t k = i; k < in->rules; k++) {
        struct lc_slice key = key_of(in, k);

        if (key.n == 1) {
            root[key.p[0]] = k;
            root[256 + ((uint32_t)key.p[0] << 8)] = k;
            repeat(root + 256 + ((uint32_t)key.p[0] << 8), 256);
        } else if (key.n == 2) {
            root[256 + ((uint32_t)key.p[0] << 8 | key.p[1])] = k;
        }
    }
    return 0;
}

static int make_tables(struct indexer *x)
{
    const struct lc_index_out *out = x->out;
    uint64_t first = 0;

    for (uint32_t n = 0; n <= x->max_len; n++) {
        struct lc_rules_table t = {first, buckets_for(x->entries[n]), n};

        if (!x->entries[n])
            continue;
        x->table_of[n] = (uint32_t)(out->tables->n / sizeof t);
        if (lc_buf_add(out->tables, &t, sizeof t))
            return LC_ERR_NOMEM;
        first += t.buckets;
    }
    if (first == 0)
        return 0;
    if (make_buckets(out->buckets, first))
        return LC_ERR_NOMEM;
    x->tables = (struct lc_rules_table *)(void *)out->tables->p;
    x->buckets = (struct lc_rules_bucket *)(void *)out->buckets->p;
    return 0;
}

/* Steps held lengths so far; the search wants the number of each length's table. */
static void lengths_to_tables(const struct indexer *x, struct lc_buf *steps)
{
    struct lc_rules_step *v = (struct lc_rules_step *)(void *)steps->p;

    for (size_t i = 0; i < steps->n / sizeof *v; i++)
        v[i].table = x->table_of[v[i].table];
}

static int allocate(struct indexer *x)
{
    for (uint32_t i = 0; i < x->in->rules; i++)
        if (key_of(x->in, i).n > x->max_len)
            x->max_len = (uint32_t)key_of(x->in, i).n;
    x->stack = malloc((size_t)(x->max_len + 2) * sizeof *x->stack);
    x->table_of = malloc((size_t)(x->max_len + 1) * sizeof *x->table_of);
    x->last = malloc((size_t)(x->max_len + 1) * sizeof *x->last);
    x->lengths = malloc((size_t)(x->max_len + 1) * sizeof *x->lengths);
    x->entries = calloc((size_t)x->max_len + 1, sizeof *x->entries);
    x->seen = calloc((size_t)x->max_len + 1, 1);
    lc_buf_init(&x->plans.lengths, SIZE_MAX / 2);
    lc_buf_init(&x->plans.known, SIZE_MAX / 2);
    lc_buf_init(&x->nodes, SIZE_MAX / 2);
    lc_buf_init(&x->todo, SIZE_MAX / 2);
    return x->stack && x->table_of && x->last && x->lengths && x->entries && x->seen ? 0
                                                                                     : LC_ERR_NOMEM;
}

int lc_index_prefix(const struct lc_index_in *in, const struct lc_index_out *out)
{
    struct indexer x = {.in = in, .out = out};
    int rc = allocate(&x);

    if (!rc)
        rc = fill_root(in, out->trie);
    if (!rc)
        rc = add_nodes(&x);
    if (!rc) {
        enter_nodes(&x);
        rc = make_tables(&x);
    }
    if (!rc && x.buckets)
        enter_nodes(&x);
    if (!rc)
        lengths_to_tables(&x, out->steps);
    lc_buf_release(&x.plans.lengths);
    lc_buf_release(&x.plans.known);
    free(x.plans.table);
    lc_buf_release(&x.nodes);
    lc_buf_release(&x.todo);
    free(x.stack);
    free(x.table_of);
    free(x.last);
    free(x.lengths);
    free(x.entries);
    free(x.seen);
    return rc;
}

int lc_index_exact(const struct lc_index_in *in, const struct lc_index_out *out)
{
    struct lc_rules_table t = {0, buckets_for(in->rules), 0};

    if (lc_buf_add(out->tables, &t, sizeof t) || make_buckets(out->buckets, t.buckets))
        return LC_ERR_NOMEM;
    for (uint32_t i = 0; i < in->rules; i++) {
        struct lc_slice key = key_of(in, i);

        put_entry(&t, &in->seed, (struct lc_rules_bucket *)(void *)out->buckets->p,
                  lc_hash64_seeded(key.p, key.n, in->seed.hash), i, in->key_off[i]);
    }
    return 0;
}
