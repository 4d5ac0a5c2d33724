#include "index.h"

#include "probe.h"
#include "rules.h"

#include <stdlib.h>

/* A prefix set while it is indexed. Rules come in byte order, so all entries of a length that are
 * the same bytes come in a row, and the rules that are prefixes of the present one form a stack. */
struct indexer {
    const struct lc_index_in *in;
    uint32_t *stack; /* rules that are prefixes of the present one, shortest first */
    uint32_t depth;
    uint32_t *table_of;            /* by length: table number, LC_NONE */
    uint32_t *last;                /* by length: the witness of the last entry, LC_NONE */
    uint64_t *entries;             /* by length: counted in the first pass */
    struct lc_rules_table *tables; /* in the second pass */
    struct lc_rules_slot *slots;
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

static void put_slot(const struct lc_rules_table *t, struct lc_rules_slot *slots, uint64_t word,
                     uint32_t best, uint32_t witness)
{
    uint64_t at = lc_first_slot(word, t->slots);

    while (slots[t->first + at].witness != LC_NONE)
        at = at + 1 == t->slots ? 0 : at + 1;
    slots[t->first + at] = (struct lc_rules_slot){word, best, witness};
}

static uint32_t slots_for(uint64_t entries)
{
    return (uint32_t)(entries * LC_SLOTS_PER_16 / 16 + 2);
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
    if (!x->slots) {
        x->entries[n]++;
        return;
    }
    t = &x->tables[x->table_of[n]];
    put_slot(t, x->slots, lc_word(key.p, n), best_within(x, n), witness);
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

/* Walk all rules in groups that share two bytes; `plan` fills DIRECT, NODES and LENGTHS. */
static int walk(struct indexer *x, bool plan, const struct lc_index_out *out)
{
    const struct lc_index_in *in = x->in;
    uint32_t *lengths = malloc((size_t)(x->max_len + 1) * sizeof *lengths);
    uint8_t *seen = malloc((size_t)x->max_len + 1);
    uint32_t node = 0;
    int rc = lengths && seen ? 0 : LC_ERR_NOMEM;

    x->depth = 0;
    for (uint32_t n = 0; n <= x->max_len; n++)
        x->last[n] = LC_NONE;
    for (uint32_t i = 0; i < in->rules && !rc;) {
        struct lc_slice first = key_of(in, i);
        uint32_t end = i, count = 0, two;
        struct lc_rules_node made;

        if (first.n < 2) {
            push(x, i++);
            continue;
        }
        memset(seen, 0, (size_t)x->max_len + 1);
        for (; end < in->rules; end++) {
            struct lc_slice key = key_of(in, end);

            if (key.n < 2 || key.p[0] != first.p[0] || key.p[1] != first.p[1])
                break;
            seen[key.n] = key.n > 2;
        }
        for (uint32_t n = 3; n <= x->max_len; n++)
            if (seen[n])
                lengths[count++] = n;
        two = 256 + ((uint32_t)first.p[0] << 8 | first.p[1]);
        for (; i < end; i++) {
            push(x, i);
            if (key_of(in, i).n > 2)
                enter_path(x, i, lengths, count);
        }
        if (!plan || count == 0)
            continue;
        made = (struct lc_rules_node){((uint32_t *)(void *)out->direct->p)[two],
                                      (uint32_t)(out->lengths->n / 4), count};
        ((uint32_t *)(void *)out->direct->p)[two] = LC_DIRECT_NODE | node++;
        rc = lc_buf_add(out->nodes, &made, sizeof made);
        if (!rc)
            rc = lc_buf_add(out->lengths, lengths, count * sizeof *lengths);
    }
    free(lengths);
    free(seen);
    return rc;
}

/* DIRECT as rules of 0, 1 and 2 bytes have it: the longest of them for each start. */
static int fill_direct(const struct lc_index_in *in, struct lc_buf *out)
{
    size_t bytes = (256 + 65536) * sizeof(uint32_t);
    uint32_t *direct, by_default = in->miss;
    uint32_t i = 0;

    if (lc_buf_reserve(out, bytes))
        return LC_ERR_NOMEM;
    direct = (uint32_t *)(void *)out->p;
    out->n = bytes;
    if (in->rules && key_of(in, 0).n == 0)
        by_default = i++;
    for (uint32_t k = 0; k < 256 + 65536; k++)
        direct[k] = by_default;
    for (uint32_t k = i; k < in->rules; k++) {
        struct lc_slice key = key_of(in, k);

        if (key.n == 1) {
            direct[key.p[0]] = k;
            for (uint32_t second = 0; second < 256; second++)
                direct[256 + ((uint32_t)key.p[0] << 8 | second)] = k;
        } else if (key.n == 2) {
            direct[256 + ((uint32_t)key.p[0] << 8 | key.p[1])] = k;
        }
    }
    return 0;
}

static int make_tables(struct indexer *x, const struct lc_index_out *out)
{
    uint64_t first = 0;

    for (uint32_t n = 0; n <= x->max_len; n++) {
        struct lc_rules_table t = {first, slots_for(x->entries[n]), n};

        if (!x->entries[n])
            continue;
        x->table_of[n] = (uint32_t)(out->tables->n / sizeof t);
        if (lc_buf_add(out->tables, &t, sizeof t))
            return LC_ERR_NOMEM;
        first += t.slots;
    }
    if (first == 0)
        return 0;
    if (lc_buf_reserve(out->slots, first * sizeof(struct lc_rules_slot)))
        return LC_ERR_NOMEM;
    out->slots->n = first * sizeof(struct lc_rules_slot);
    memset(out->slots->p, 0xff, out->slots->n);
    x->tables = (struct lc_rules_table *)(void *)out->tables->p;
    x->slots = (struct lc_rules_slot *)(void *)out->slots->p;
    return 0;
}

/* LENGTHS held lengths so far; the search wants the number of each length's table. */
static void lengths_to_tables(const struct indexer *x, const struct lc_index_out *out)
{
    uint32_t *v = (uint32_t *)(void *)out->lengths->p;

    for (size_t i = 0; i < out->lengths->n / 4; i++)
        v[i] = x->table_of[v[i]];
}

int lc_index_prefix(const struct lc_index_in *in, const struct lc_index_out *out)
{
    struct indexer x = {.in = in};
    int rc = fill_direct(in, out->direct);

    for (uint32_t i = 0; i < in->rules; i++)
        if (key_of(in, i).n > x.max_len)
            x.max_len = (uint32_t)key_of(in, i).n;
    x.stack = malloc((size_t)(x.max_len + 2) * sizeof *x.stack);
    x.table_of = malloc((size_t)(x.max_len + 1) * sizeof *x.table_of);
    x.last = malloc((size_t)(x.max_len + 1) * sizeof *x.last);
    x.entries = calloc((size_t)x.max_len + 1, sizeof *x.entries);
    if (!x.stack || !x.table_of || !x.last || !x.entries)
        rc = LC_ERR_NOMEM;
    if (!rc)
        rc = walk(&x, true, out);
    if (!rc)
        rc = make_tables(&x, out);
    if (!rc && x.slots)
        rc = walk(&x, false, out);
    if (!rc)
        lengths_to_tables(&x, out);
    free(x.stack);
    free(x.table_of);
    free(x.last);
    free(x.entries);
    return rc;
}

int lc_index_exact(const struct lc_index_in *in, const struct lc_index_out *out)
{
    struct lc_rules_table t = {0, slots_for(in->rules), 0};
    struct lc_rules_slot *slots;

    if (lc_buf_add(out->tables, &t, sizeof t) ||
        lc_buf_reserve(out->slots, (size_t)t.slots * sizeof *slots))
        return LC_ERR_NOMEM;
    out->slots->n = (size_t)t.slots * sizeof *slots;
    memset(out->slots->p, 0xff, out->slots->n);
    slots = (struct lc_rules_slot *)(void *)out->slots->p;
    for (uint32_t i = 0; i < in->rules; i++) {
        struct lc_slice key = key_of(in, i);

        put_slot(&t, slots, lc_hash64(key.p, key.n), i, i);
    }
    return 0;
}
