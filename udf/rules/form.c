/* SPDX-License-Identifier: Apache-2.0 */
/* Hot: runs once a row, of kinds whose keys are not compared as they come. */
#include "udf/rules/form.h"

#include "udf/rules/hash.h"
#include "udf/rules/probe.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS (ONES * 0x80)

enum { HASHED_AT_ONCE = 512 };

enum lc_form lc_form_of(enum lc_kind kind, unsigned options)
{
    bool nocase = options & LC_OPTION_NOCASE;

    switch (kind) {
    case LC_KIND_SUFFIX:
        return nocase ? LC_FORM_BACK_FOLDED : LC_FORM_BACK;
    case LC_KIND_DOMAIN:
        return LC_FORM_HOST;
    case LC_KIND_PREFIX:
    case LC_KIND_EXACT:
        return nocase ? LC_FORM_FOLDED : LC_FORM_PLAIN;
    case LC_KIND_RANGE:
    case LC_KIND_CIDR:
    case LC_KIND_SPAN:
    case LC_KIND_BUCKET:
        return LC_FORM_PLAIN;
    }
    return LC_FORM_PLAIN;
}

/* The high bit of each byte of w that is c; no others. */
static inline uint64_t bytes_that_are(uint64_t w, uint8_t c)
{
    uint64_t x = w ^ (ONES * c);

    return ~(((x & ~HIGHS) + ~HIGHS) | x | ~HIGHS);
}

/* A-Z of eight bytes as a-z. */
static inline uint64_t fold(uint64_t w)
{
    /*
     * The top bit of a byte of from_a is set from 'A' on, of past_z after 'Z': they differ for
     * A to Z alone. Shifted by two, that bit is 0x20, the case of a letter. Bytes from 0x80 on
     * stay as they are.
     */
    uint64_t low = w & ~HIGHS;
    uint64_t from_a = low + ONES * (0x80 - 'A'), past_z = low + ONES * (0x7f - 'Z');

    return w | ((from_a ^ past_z) & ~w & HIGHS) >> 2;
}

static inline void store64(uint8_t *p, uint64_t w)
{
    memcpy(p, &w, sizeof w);
}

/* The lowest n bytes of w, n from 0 to 7. */
static inline uint64_t lowest(uint64_t w, size_t n)
{
    return w & ((UINT64_C(1) << 8 * n) - 1);
}

static size_t form_folded(const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    size_t end = n < cap ? n : cap, i = 0;

    for (; i + 8 <= end; i += 8)
        store64(out + i, fold(lc_load64(p + i)));
    if (i < end && end >= 8)
        store64(out + end - 8, fold(lc_load64(p + end - 8)));
    else
        for (; i < end; i++)
            out[i] = (uint8_t)fold(p[i]);
    return end;
}

/*
 * The last eight of the `left` bytes at p, backwards; where there are fewer, zeroes follow. Eight bytes from p are
 * readable in any case; left is at least 1.
 */
static inline uint64_t load_back(const uint8_t *p, size_t left)
{
    if (left >= 8)
        return __builtin_bswap64(lc_load64(p + left - 8));
    return __builtin_bswap64(lc_load64(p)) >> 8 * (8 - left);
}

static size_t form_back(const uint8_t *p, size_t n, size_t cap, uint8_t *out, bool folded)
{
    size_t end = n < cap ? n : cap;

    for (size_t i = 0; i < end; i += 8) {
        uint64_t w = load_back(p, n - i);

        store64(out + i, folded ? fold(w) : w);
    }
    return end;
}

static size_t form_host(const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    uint64_t before = 0x80; /* the byte before was a dot: none may follow, nor be the first */
    size_t left, made = 0;

    n -= n && p[n - 1] == '.';
    left = n;
    while (left) {
        uint64_t w = load_back(p, left), at = bytes_that_are(w, '@'), dots;
        size_t took = left < 8 ? left : 8;

        if (__builtin_expect(at != 0, 0)) {
            took = (size_t)__builtin_ctzll(at) / 8;
            w = lowest(w, took);
            left = took;
        }
        dots = bytes_that_are(w, '.');
        if (__builtin_expect((dots & (dots << 8 | before)) != 0, 0))
            return 0;
        if (took)
            before = dots >> 8 * (took - 1);
        if (made < cap)
            store64(out + made, fold(w));
        made += took;
        left -= took;
    }
    if (made == 0 || before)
        return 0;
    if (made >= cap)
        return cap;
    out[made] = '.';
    return made + 1;
}

size_t lc_form_key(enum lc_form form, const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    switch (form) {
    case LC_FORM_FOLDED:
        return form_folded(p, n, cap, out);
    case LC_FORM_BACK:
        return form_back(p, n, cap, out, false);
    case LC_FORM_BACK_FOLDED:
        return form_back(p, n, cap, out, true);
    case LC_FORM_HOST:
        return form_host(p, n, cap, out);
    case LC_FORM_PLAIN:
        break;
    }
    n = n < cap ? n : cap;
    memcpy(out, p, n);
    return n;
}

/* ── Short keys, which most are ───────────────────────────────────────────────────────────────── */

/*
 * A form of up to 16 bytes has a slot of 32, one of up to 32 a slot of 48. No branch depends on a key's length, which
 * no processor foresees; a form begins where it comes to lie in the slot, which saves a shift.
 *
 *   key    b a c k ? ? …        what can be read of 16 bytes, or the last 16
 *   slot   ? ? … ? k c a b      backwards: the form begins at 16 - 4
 *
 * Against words of eight bytes, shifted to their place and one behind the other: 0.6 of the time of hosts and 0.7 to 0.9 of
 * suffixes, the search included (bench match).
 */
enum { SHORT = 16, SHORT_KEY = 2 * SHORT, NARROW_SLOT = 32, WIDE_SLOT = 48 };

_Static_assert(LC_FORMS_BYTES >= LC_BATCH * WIDE_SLOT + LC_FORM_SLACK,
               "a batch of short keys has room");

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words16 __attribute__((vector_size(16)));

static inline bytes16 load16(const uint8_t *p)
{
    bytes16 v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* A-Z as a-z. */
static inline bytes16 fold16(bytes16 v)
{
    return v | ((bytes16)(v - 'A' < 26) & 0x20);
}

static inline void store16(uint8_t *out, bytes16 v)
{
    memcpy(out, &v, sizeof v);
}

static inline void store16_back(uint8_t *out, bytes16 v)
{
    words16 w = (words16)v;

    store64(out, __builtin_bswap64(w[1]));
    store64(out + 8, __builtin_bswap64(w[0]));
}

/* A bit for each byte, which all are 0 or 0xff. */
static inline uint32_t mask_of(bytes16 is)
{
#ifdef __SSE2__
    return (uint32_t)_mm_movemask_epi8((__m128i)is);
#else
    /* The product has the lowest bits of eight bytes in its highest byte, in their order. */
    words16 w = ((words16)is & ONES) * UINT64_C(0x0102040810204080) >> 56;

    return (uint32_t)(w[0] | w[1] << 8);
#endif
}

static inline uint32_t mask_where(bytes16 v, uint8_t c)
{
    return mask_of((bytes16)(v == c));
}

/* Of a short key, or one of which 32 bytes count: its last 16, and where they begin; of a shorter one the first 16. */
static inline size_t tail_of(size_t n)
{
    return (n > SHORT ? n : SHORT) - SHORT;
}

/* `wide`: 32 bytes of the form count, else 16. Returns where the form begins. */
static inline uint8_t *short_back(const uint8_t *p, size_t n, bool wide, bool folded, uint8_t *slot)
{
    size_t tail = tail_of(n);

    if (wide) { /* what is not the key's is written over */
        size_t start = tail_of(tail);

        store16_back(slot + (tail - start), folded ? fold16(load16(p + start)) : load16(p + start));
    }
    store16_back(slot, folded ? fold16(load16(p + tail)) : load16(p + tail));
    return slot + (tail + SHORT - n);
}

static inline uint8_t *short_folded(const uint8_t *p, size_t n, bool wide, uint8_t *slot)
{
    store16(slot, fold16(load16(p)));
    if (wide) {
        size_t tail = tail_of(n < SHORT_KEY ? n : SHORT_KEY);

        store16(slot + tail, fold16(load16(p + tail)));
    }
    return slot;
}

/* By length: a bit for each byte of a key. */
static const uint32_t bits_of[SHORT_KEY + 1] = {
#define BITS(n) (uint32_t)((UINT64_C(1) << (n)) - 1)
#define EIGHT(n)                                                                                   \
    BITS(n), BITS((n) + 1), BITS((n) + 2), BITS((n) + 3), BITS((n) + 4), BITS((n) + 5),            \
        BITS((n) + 6), BITS((n) + 7)
    EIGHT(0), EIGHT(8), EIGHT(16), EIGHT(24), BITS(32)};

/*
 * The host of a key of at most 32 bytes; *len: 0 where it is none. Bit i of a mask is byte i of the key. The keys of a
 * batch have an @ or not, as a rule, and a dot at the end or not.
 */
static inline uint8_t *short_host(const uint8_t *p, size_t n, size_t cap, bool wide, uint8_t *slot,
                                  size_t *len)
{
    size_t tail = tail_of(n), end;
    bytes16 start = load16(p), rest = load16(p + tail);
    uint64_t all = bits_of[n], first = 1;
    uint64_t dots = (mask_where(start, '.') | (uint64_t)mask_where(rest, '.') << tail) & all;
    uint8_t *form = slot + (tail + SHORT - n);

    if (wide)
        store16_back(slot + tail, fold16(start));
    store16_back(slot, fold16(rest));
    if (__builtin_expect(dots > all >> 1, 0)) { /* the one at the end */
        all >>= 1;
        form++;
        n--;
    }
    /* There may be one behind the key; it does no harm but here. */
    if (__builtin_expect(mask_of((bytes16)(start == '@') | (bytes16)(rest == '@')) != 0, 0)) {
        uint64_t ats = (mask_where(start, '@') | (uint64_t)mask_where(rest, '@') << tail) & all;
        size_t before = 63 - (size_t)__builtin_clzll(ats << 1 | 1);

        first <<= before;
        dots &= 0 - first;
        n -= before;
    }
    end = n < cap ? n : cap;
    form[end] = '.';
    end += n < cap;
    /* A label is empty where a dot, or the start, is followed by a dot or the end. */
    *len = (dots << 1 | first) & (dots | (all + 1)) ? 0 : end;
    return form;
}

/* As lc_form_keys; made once for each form, which is a constant of it. */
static inline __attribute__((always_inline)) void form_all(enum lc_form form, size_t cap,
                                                           const struct lc_batch *in, size_t from,
                                                           struct lc_forms *out)
{
    /* A host may have a dot more at its end. */
    const bool wide = cap + (form == LC_FORM_HOST) > SHORT;
    const size_t slot = wide ? WIDE_SLOT : NARROW_SLOT;
    /* Of a host all is looked at, of others no more than counts. */
    const size_t longest = form == LC_FORM_HOST || cap > SHORT_KEY ? SHORT_KEY : SIZE_MAX;
    size_t at = 0, i = 0, n = in->n - from;

    for (; i < n && at <= sizeof out->bytes - WIDE_SLOT - LC_FORM_SLACK; i++) {
        const uint8_t *p = in->p[from + i];
        size_t len = in->len[from + i];
        uint8_t *to = out->bytes + at;

        if (__builtin_expect(len > longest || form == LC_FORM_PLAIN, 0)) {
            size_t most = len < cap ? len + 1 : cap;

            if (most + LC_FORM_SLACK > sizeof out->bytes - at)
                break;
            out->keys.p[i] = to;
            out->keys.len[i] = lc_form_key(form, p, len, cap, to);
            at += (most + NARROW_SLOT - 1) / NARROW_SLOT * NARROW_SLOT;
            continue;
        }
        at += slot;
        if (form == LC_FORM_HOST) {
            out->keys.p[i] = short_host(p, len, cap, wide, to, &out->keys.len[i]);
            continue;
        }
        out->keys.len[i] = len < cap ? len : cap;
        out->keys.p[i] = form == LC_FORM_FOLDED
                             ? short_folded(p, len, wide, to)
                             : short_back(p, len, wide, form == LC_FORM_BACK_FOLDED, to);
    }
    out->keys.n = i;
}

void lc_form_keys(enum lc_form form, size_t cap, const struct lc_batch *in, size_t from,
                  struct lc_forms *out)
{
    switch (form) {
    case LC_FORM_FOLDED:
        form_all(LC_FORM_FOLDED, cap, in, from, out);
        return;
    case LC_FORM_BACK:
        form_all(LC_FORM_BACK, cap, in, from, out);
        return;
    case LC_FORM_BACK_FOLDED:
        form_all(LC_FORM_BACK_FOLDED, cap, in, from, out);
        return;
    case LC_FORM_HOST:
        form_all(LC_FORM_HOST, cap, in, from, out);
        return;
    case LC_FORM_PLAIN:
        form_all(LC_FORM_PLAIN, cap, in, from, out);
        return;
    }
}

uint64_t lc_form_folded_hash(const uint8_t *p, size_t n)
{
    uint8_t folded[HASHED_AT_ONCE + LC_FORM_SLACK];
    XXH3_state_t state;

    if (n <= HASHED_AT_ONCE)
        return lc_hash64(folded, form_folded(p, n, HASHED_AT_ONCE, folded));
    XXH3_64bits_reset(&state);
    for (size_t i = 0; i < n; i += HASHED_AT_ONCE)
        XXH3_64bits_update(&state, folded, form_folded(p + i, n - i, HASHED_AT_ONCE, folded));
    return XXH3_64bits_digest(&state);
}

struct lc_slice lc_form_written(enum lc_form form, struct lc_slice key, bool below, uint8_t *out)
{
    size_t n = key.n, at = 0;

    if (form == LC_FORM_PLAIN || form == LC_FORM_FOLDED)
        return key;
    if (form == LC_FORM_HOST && n == 0)
        out[at++] = '*';
    if (below) {
        out[at++] = '*';
        out[at++] = '.';
    }
    n -= form == LC_FORM_HOST && n;
    for (size_t i = n; i-- > 0;)
        out[at++] = key.p[i];
    return (struct lc_slice){out, at};
}
