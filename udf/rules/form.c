/* SPDX-License-Identifier: Apache-2.0 */
/* Hot: runs once a row, of kinds whose keys are not compared as they come. */
#include "udf/rules/form.h"

#include "udf/rules/hash.h"
#include "udf/rules/probe.h"

#include <string.h>

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

/* `padded`: eight bytes from p are readable, however few n are. */
static inline size_t form_folded(const uint8_t *p, size_t n, size_t cap, uint8_t *out, bool padded)
{
    size_t end = n < cap ? n : cap, i = 0;

    if (padded && end <= 16) { /* no branch on a length that is mixed: a third faster */
        store64(out, fold(lc_load64(p)));
        store64(out + 8, fold(lc_load64(p + 8)));
        return end;
    }
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

/*
 * As load_back, of the word that is `word` words before the end of the n bytes at p; 0 where p has begun before. No
 * branch.
 */
static inline uint64_t load_word_back(const uint8_t *p, size_t n, unsigned word)
{
    size_t left = n > 8 * word ? n - 8 * word : 0;
    size_t missing = left < 8 ? 8 - left : 0;
    uint64_t w = __builtin_bswap64(lc_load64(p + (left < 8 ? 0 : left - 8)));

    return w >> 8 * (missing & 7) & (0 - (uint64_t)(left != 0));
}

static inline size_t form_back(const uint8_t *p, size_t n, size_t cap, uint8_t *out, bool folded)
{
    size_t end = n < cap ? n : cap;

    if (end <= 16) { /* as in form_folded: the rules' length, not the keys', decides */
        uint64_t first = load_word_back(p, n, 0), second = load_word_back(p, n, 1);

        store64(out, folded ? fold(first) : first);
        store64(out + 8, folded ? fold(second) : second);
        return end;
    }
    for (size_t i = 0; i < end; i += 8) {
        uint64_t w = load_back(p, n - i);

        store64(out + i, folded ? fold(w) : w);
    }
    return end;
}

/* Is a byte of w 0? Not zero then. */
static inline uint64_t has_zero(uint64_t w)
{
    return (w - ONES) & ~w & HIGHS;
}

/* A host of any length, or behind an @; n does not count the dot at its end. */
static __attribute__((noinline)) size_t form_long_host(const uint8_t *p, size_t n, size_t cap,
                                                       uint8_t *out)
{
    uint64_t before = 0x80; /* the byte before was a dot: none may follow, nor be the first */
    size_t left = n, made = 0;

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

/* Up to 24 bytes without a branch on their number, which no processor foresees: a third faster. */
static inline size_t form_host(const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    uint64_t at = 0, empty = 0, before = 0; /* what is 0 was a dot: none may be first */

    n -= n && p[n - 1] == '.';
    if (n > 24)
        return form_long_host(p, n, cap, out);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t w = load_word_back(p, n, i), dots = w ^ (ONES * '.');

        at |= has_zero(w ^ (ONES * '@'));
        empty |= has_zero(dots | (dots << 8 | before));
        before = dots >> 56;
        store64(out + (size_t)8 * i, fold(w));
    }
    if (at)
        return form_long_host(p, n, cap, out);
    if (__builtin_expect((empty != 0) | (n == 0) | (p[0] == '.'), 0))
        return 0;
    if (n >= cap)
        return cap;
    out[n] = '.';
    return n + 1;
}

static inline size_t form_one(enum lc_form form, const uint8_t *p, size_t n, size_t cap,
                              uint8_t *out)
{
    switch (form) {
    case LC_FORM_FOLDED:
        return form_folded(p, n, cap, out, true);
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

size_t lc_form_key(enum lc_form form, const uint8_t *p, size_t n, size_t cap, uint8_t *out)
{
    return form_one(form, p, n, cap, out);
}

/* As lc_form_keys; made once for each form, which is a constant of it. */
static inline __attribute__((always_inline)) void form_all(enum lc_form form, size_t cap,
                                                           const struct lc_batch *in, size_t from,
                                                           struct lc_forms *out)
{
    size_t at = 0, i = 0, n = in->n - from;

    for (; i < n; i++) {
        size_t len = in->len[from + i], most = len < cap ? len + 1 : cap;

        if (most + LC_FORM_SLACK > sizeof out->bytes - at)
            break;
        out->keys.p[i] = out->bytes + at;
        out->keys.len[i] = form_one(form, in->p[from + i], len, cap, out->bytes + at);
        at += out->keys.len[i];
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
        return lc_hash64(folded, form_folded(p, n, HASHED_AT_ONCE, folded, false));
    XXH3_64bits_reset(&state);
    for (size_t i = 0; i < n; i += HASHED_AT_ONCE)
        XXH3_64bits_update(&state, folded,
                           form_folded(p + i, n - i, HASHED_AT_ONCE, folded, false));
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
