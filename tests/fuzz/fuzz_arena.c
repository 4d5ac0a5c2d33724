/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled rule set of each kind, small but whole, with bytes changed in it: what a file of any size limit does not
 * reach, since a prefix set is over 256 KiB. The first byte chooses the set, the second the type that is put out; then
 * patches of seven bytes: a section (or the header), where in it, four bytes. Then keys, one a line. The header's hash
 * is made right; whatever opens is matched and put out whole, and must stay within its bounds.
 */
#include "old_layout.h"
#include "udf/export.h"
#include "udf/argument.h"
#include "udf/rules/build.h"
#include "udf/rules/csv.h"
#include "udf/rules/hash.h"
#include "within.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum {
    SETS = 19,
    LAYOUT_1 = 4,
    LAYOUT_2 = 18,
    PATCH_BYTES = 7,
    PATCHES = 8,
    KEYS = 8,
    KEY_ROOM = 4096 + 64
};

/* One good arena, and a copy that is changed and put right again after each run. */
struct good {
    uint8_t *arena, *changed;
    size_t size;
};

static void add(struct lc_builder *b, const char *key, uint64_t from, uint64_t to,
                const char *value)
{
    static uint32_t line = 1;
    struct lc_slice values[] = {{(const uint8_t *)value, strlen(value)}, {(const uint8_t *)"7", 1}};
    struct lc_rule_in in = {.line = ++line,
                            .key = {(const uint8_t *)key, strlen(key)},
                            .is_default = strcmp(key, "*") == 0,
                            .below = from & 1,
                            .from = from,
                            .to = to,
                            .values = values};
    struct lc_error err = LC_ERROR_INIT;

    if (lc_builder_add(b, &in, &err))
        abort();
}

/* Prefixes with table nodes, search nodes, plans of several lengths, and buckets that overflow. */
static void add_rules(struct lc_builder *b, enum lc_kind kind)
{
    static const char *const keys[] = {
        "u",       "u1",       "u22",      "u22_long_prefix",
        "u22_l",   "u22_long", "u23abc",   "u2_a_key_of_twenty_bytes",
        "v000001", "v000002",  "v0000031", "v00000312",
        "",        "w"};
    char many[16] = "x___0";

    static const char *const names[] = {"com", "a.com", "b.a.com", "www.b.a.com", "example.org"};

    for (uint64_t i = 0; i < sizeof keys / sizeof *keys; i++)
        add(b, keys[i], kind == LC_KIND_BUCKET ? i + 1 : i * 100, i * 100 + 50, i % 3 ? "a" : "bb");
    for (uint64_t i = 0; kind == LC_KIND_DOMAIN && i < 2 * sizeof names / sizeof *names; i++)
        add(b, names[i / 2], i % 2, 0, i % 3 ? "a" : "bb");
    for (char c = 'A'; c <= 'Z'; c++) {
        many[4] = c;
        if (lc_kind_has_keys(kind))
            add(b, many, 0, 0, "many");
    }
    if (kind == LC_KIND_EXACT)
        add(b, "*", 0, 0, "default");
}

/* Two copies of the arena, one to be changed; frees the rules. */
static void keep(struct good *g, struct lc_rules *r)
{
    g->size = r->size;
    g->arena = aligned_alloc(64, r->size);
    g->changed = aligned_alloc(64, r->size);
    if (!g->arena || !g->changed)
        abort();
    memcpy(g->arena, r->base, r->size);
    memcpy(g->changed, r->base, r->size);
    lc_rules_free(r);
}

static void make(struct good *g, enum lc_kind kind, unsigned options, uint64_t seed)
{
    struct lc_slice names[] = {{(const uint8_t *)"v", 1}, {(const uint8_t *)"n", 1}};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    struct lc_builder *b;

    if (lc_builder_new(&b, kind, names, 2))
        abort();
    lc_builder_options(b, options);
    lc_builder_seed(b, seed);
    add_rules(b, kind);
    if (lc_builder_finish(b, &r, "f", &err))
        abort();
    keep(g, r);
    lc_builder_free(b);
}

/* The same in layout 2. */
static struct lc_rules *in_layout_2(struct lc_rules *r)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *old = NULL;
    size_t n = 0;
    uint8_t *p = lc_old_layout(r, LC_RULES_LOWS, LC_V4_BITS_MIN, &n);

    if (!p || lc_rules_take(&old, p, n, true, "f", &err))
        abort();
    lc_rules_free(r);
    return old;
}

/* Rules of points, from CSV. */
static void make_points(struct good *g, const char *csv, bool old)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv(&r, csv, strlen(csv), "f", &err))
        abort();
    keep(g, old ? in_layout_2(r) : r);
}

/* More segments in 10.1/16 than a cell holds, so that there are tables (udf/rules/ipv4.h). */
#define NETWORKS                                                                                   \
    "cidr,v,n\n10.0.0.0/8,a,1\n10.1.0.0/16,b,2\n10.1.2.3,c,3\n::/0,d,4\n2001:db8::/32,e,5\n"       \
    "10.1.2.5,c,3\n10.1.2.7,c,3\n10.1.2.9,c,3\n10.1.2.11,c,3\n10.1.3.0/24,b,4\n10.1.3.5,c,1\n"     \
    "1.1.1.0/24,c,3\n2.2.2.2,c,3\n,z,6\n"

/*
 * Every kind, with its options and orders; a csv where rules are of points. LAYOUT_1 is of layout 1, which seed 0 gives
 * too, LAYOUT_2 of layout 2.
 */
static struct good *choose(uint8_t which)
{
    static struct good sets[SETS];
    static const struct {
        enum lc_kind kind;
        unsigned options;
        const char *csv;
    } kinds[SETS] = {
        {LC_KIND_PREFIX, 0, NULL},
        {LC_KIND_EXACT, 0, NULL},
        {LC_KIND_RANGE, 0, NULL},
        {LC_KIND_BUCKET, 0, NULL},
        [LAYOUT_1] = {LC_KIND_PREFIX, 0, NULL},
        {LC_KIND_SUFFIX, 0, NULL},
        {LC_KIND_DOMAIN, 0, NULL},
        {LC_KIND_PREFIX, LC_OPTION_NOCASE, NULL},
        {LC_KIND_EXACT, LC_OPTION_NOCASE, NULL},
        {LC_KIND_CIDR, 0,
         "cidr,v,n\n10.0.0.0/8,a,1\n10.1.0.0/16,b,2\n10.1.2.3,c,3\n::/0,d,4\n2001:db8::/32,e,5\n,z,6\n"},
        {LC_KIND_SPAN, 0, "from:narrowest,to,v,n\n-5,9.5,a,1\n0,1,b,2\n,-7,c,3\n100,,d,4\n,,z,5\n"},
        {LC_KIND_SPAN, 0, "from,to,v,n\n2024-01-01,2024-03-31,a,1\n2024-04-01,,b,2\n"},
        {LC_KIND_SUFFIX, LC_OPTION_NOCASE, NULL},
        {LC_KIND_BUCKET, LC_OPTION_NOCASE, NULL},
        {LC_KIND_SPAN, 0, "from:float,to,v,n\n,-1e300,a,1\n-0.5,0,b,2\n1.005,inf,c,3\n,,z,4\n"},
        {LC_KIND_SPAN, 0,
         "from,to,v,n\n1969-12-31T23:59:59Z,1970-01-01T00:00:00Z,a,1\n2024-02-29T12:00:00+02:00,,b,2\n"},
        {LC_KIND_SPAN, 0,
         "from,to,v,n\n10.0.0.0,10.0.0.9,a,1\n10.0.1.0,,b,2\n2001:db8::,2001:db8::9,c,3\n,,z,4\n"},
        {LC_KIND_CIDR, 0, NETWORKS},
        [LAYOUT_2] = {LC_KIND_CIDR, 0, NETWORKS},
    };
    unsigned w = which % SETS;
    struct good *g = &sets[w];

    if (!g->arena && kinds[w].csv) {
        make_points(g, kinds[w].csv, w == LAYOUT_2);
    } else if (!g->arena) {
        make(g, kinds[w].kind, kinds[w].options, w == LAYOUT_1 ? 0 : 99);
        if (w == LAYOUT_1)
            ((struct lc_rules_header *)(void *)g->arena)->layout = LC_RULES_UNSEEDED;
        memcpy(g->changed, g->arena, g->size);
    }
    return g;
}

/* Where a patch goes: within the section it names, or the header. */
static size_t place(const struct good *g, const uint8_t *patch)
{
    const struct lc_rules_header *h = (const struct lc_rules_header *)(const void *)g->arena;
    unsigned s = patch[0] % (LC_SECTIONS + 1);
    size_t off = s < LC_SECTIONS ? h->section[s].off : 0;
    size_t room = s < LC_SECTIONS ? h->section[s].bytes : sizeof *h;
    size_t at = patch[1] | (size_t)patch[2] << 8;

    /* Of the blocks of IPv4 (ROOT or V4_BLOCKS, by the layout) those of 1.1, 10.0 and 10.1, and 2.2. */
    if (h->takes == LC_ORDER_ADDRESS && patch[2] >= 128 && room > (4u << LC_V4_BITS_MIN) - 1) {
        static const uint32_t blocks[] = {0x101, 0xa00, 0xa01, 0x202};

        return off + (size_t)4 * blocks[patch[1] % 4];
    }
    if (s == LC_SEC_TRIE && patch[2] >= 128 &&
        room > LC_TRIE_ROOT * 4) { /* its nodes, not its root */
        off += LC_TRIE_ROOT * 4;
        room -= LC_TRIE_ROOT * 4;
        at &= 0x7fff;
    }
    return room < 4 ? off % (g->size - 4) : off + at % (room - 3);
}

/* All keys at once: rounds over a batch are where a search could run away. */
static void match(const struct lc_rules *r, const uint8_t *p, size_t n)
{
    static uint8_t keys[KEYS][KEY_ROOM];
    static struct lc_batch b;
    uint32_t rule[LC_BATCH];

    b.n = 0;
    while (b.n < KEYS) {
        const uint8_t *end = n ? memchr(p, '\n', n) : NULL;
        size_t len = end ? (size_t)(end - p) : n;

        len = len < KEY_ROOM - 64 ? len : KEY_ROOM - 64;
        if (len)
            memcpy(keys[b.n], p, len);
        b.p[b.n] = keys[b.n];
        b.len[b.n] = len;
        b.number[b.n] = len * 97;
        b.point[b.n] =
            len % 2 ? lc_point_of_ipv4((uint32_t)len * 0x01010101u) : (lc_point)len << 112;
        if (len % 4 == 1) /* in 10.1/16, of which NETWORKS has many */
            b.point[b.n] = lc_point_of_ipv4(0x0a010200u | keys[b.n][0]);
        if (len >= sizeof b.point[0])
            memcpy(&b.point[b.n], p, sizeof b.point[0]);
        b.n++;
        if (!end)
            break;
        n -= (size_t)(end + 1 - p);
        p = end + 1;
    }
    if (r->points) {
        char text[LC_POINT_TEXT_BYTES];

        lc_argument_usual(r, text, sizeof text);
        lc_point_text(&r->takes, r->points[0], text);
    }
    within_keys(r);
    for (uint32_t i = 0; i < r->rules && i < 100; i++)
        if (lc_kind_about(r->kind)->index == LC_INDEX_TRIE && lc_match_without(r, i) > r->rules)
            abort();
    if (lc_match(r, &b, rule))
        return;
    within_values(r, rule, b.n);
}

static void put_out(const struct lc_rules *r, uint8_t choice)
{
    static const char *const types[] = {"String", "Nullable(String)", "UInt16", "Enum8('a'=1)"};
    static const enum lc_format formats[] = {LC_FORMAT_NATIVE, LC_FORMAT_ROWBINARY, LC_FORMAT_TSV};
    struct lc_error err = LC_ERROR_INIT;
    struct lc_column_type res;
    struct lc_export *w;
    struct lc_slice bytes;

    if (lc_column_type_init(&res, r, r->attributes - 1, types[choice & 3], "f", &err))
        return;
    if (lc_export_new(&w, &res, 1, formats[(choice >> 2) % 3], "key", "f", &err) == 0)
        while (lc_export_next(w, &bytes, &err) > 0)
            ;
    lc_export_free(w);
    lc_column_type_release(&res);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    struct lc_rules_header *h;
    size_t at[PATCHES], patches, used;
    struct good *g;

    if (n < 3)
        return 0;
    g = choose(data[0]);
    h = (struct lc_rules_header *)(void *)g->changed;
    patches = data[2] % (PATCHES + 1);
    if (n < 3 + patches * PATCH_BYTES)
        return 0;
    used = 3 + patches * PATCH_BYTES;
    for (size_t i = 0; i < patches; i++) {
        const uint8_t *patch = data + 3 + i * PATCH_BYTES;

        at[i] = place(g, patch);
        memcpy(g->changed + at[i], patch + 3, 4);
    }
    h->header_hash = lc_rules_header_hash(h);
    if (lc_rules_take(&r, g->changed, g->size, false, "f", &err) == 0) {
        match(r, data + used, n - used);
        if (r->rules < 100000)
            put_out(r, data[1]);
        /* The arena is the fuzzer's: it outlives the set. */
        free(r);
    } else if (err.msg[0] == '\0' || patches == 0) {
        abort();
    }
    for (size_t i = 0; i < patches; i++)
        memcpy(g->changed + at[i], g->arena + at[i], 4);
    memcpy(g->changed, g->arena, sizeof *h);
    return 0;
}
