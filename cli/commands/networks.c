/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A range becomes the fewest networks: from its first address on, the largest network that begins there
 * (as many low bits as are 0) and does not go beyond the last one; then the same from the next address.
 *
 *   10.0.0.3 – 10.0.0.8     10.0.0.3/32, 10.0.0.4/30, 10.0.0.8/32
 */
#include "cli/commands/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits alone, up to 2^128 - 1. */
static bool read_number(const char *s, lc_uint128 *out)
{
    const lc_uint128 most = ~(lc_uint128)0;
    lc_uint128 v = 0;

    if (!*s)
        return false;
    for (; *s; s++) {
        unsigned digit = (unsigned)*s - '0';

        if (digit > 9 || v > most / 10 || v * 10 > most - digit)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool lc_address_read(struct lc_slice text, struct lc_address *out)
{
    uint8_t bytes[16];
    char s[64];
    size_t n;

    if (text.n >= sizeof s || memchr(text.p, 0, text.n))
        return false;
    memcpy(s, text.p, text.n);
    s[text.n] = '\0';
    *out = (struct lc_address){0};
    /* A number first: inet_pton would not take "16777216". */
    if (read_number(s, &out->bits)) {
        out->is_v6 = out->bits > UINT32_MAX;
        out->is_number = true;
        return true;
    }
    out->is_v6 = strchr(s, ':') != NULL;
    n = out->is_v6 ? 16 : 4;
    if (inet_pton(out->is_v6 ? AF_INET6 : AF_INET, s, bytes) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        out->bits = out->bits << 8 | bytes[i];
    return true;
}

void lc_address_write(const struct lc_address *a, char out[LC_NETWORK_BYTES])
{
    uint8_t bytes[16];
    size_t n = a->is_v6 ? 16 : 4;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(a->bits >> 8 * (n - 1 - i));
    if (!inet_ntop(a->is_v6 ? AF_INET6 : AF_INET, bytes, out, LC_NETWORK_BYTES))
        out[0] = '\0';
}

static void write_network(const struct lc_address *a, unsigned bits, char out[LC_NETWORK_BYTES])
{
    char text[LC_NETWORK_BYTES];

    lc_address_write(a, text);
    snprintf(out, LC_NETWORK_BYTES, "%.*s/%u", INET6_ADDRSTRLEN, text, bits);
}

bool lc_network_next(struct lc_address *from, const struct lc_address *to,
                     char out[LC_NETWORK_BYTES])
{
    unsigned width = from->is_v6 ? 128 : 32, free_bits = 0;
    lc_uint128 last = 0; /* of the network: free_bits ones */

    while (free_bits < width) {
        lc_uint128 larger = last << 1 | 1;

        if ((from->bits & larger) != 0 || to->bits - from->bits < larger)
            break;
        last = larger;
        free_bits++;
    }
    write_network(from, width - free_bits, out);
    if (to->bits - from->bits == last)
        return false;
    from->bits += last + 1;
    return true;
}

/*
 * By family and first address; of one first address the widest comes first, so that it holds
 * the next.
 */
static int compare_spans(const void *a, const void *b)
{
    const struct lc_span *x = a, *y = b;

    if (x->from.is_v6 != y->from.is_v6)
        return x->from.is_v6 ? 1 : -1;
    if (x->from.bits != y->from.bits)
        return x->from.bits < y->from.bits ? -1 : 1;
    if (x->to.bits != y->to.bits)
        return x->to.bits > y->to.bits ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

bool lc_spans_cross(struct lc_span *spans, size_t n, struct lc_span out[2])
{
    size_t open = 0; /* spans[0 .. open): each holds the next, and the last ends first */

    if (n)
        qsort(spans, n, sizeof *spans, compare_spans);
    for (size_t i = 0; i < n; i++) {
        struct lc_span at = spans[i];

        /*
         * Those that end before this one begins hold nothing that follows, since the spans are
         * sorted.
         */
        while (open && (spans[open - 1].from.is_v6 != at.from.is_v6 ||
                        spans[open - 1].to.bits < at.from.bits))
            open--;
        if (open && spans[open - 1].to.bits < at.to.bits) {
            bool later = at.line >= spans[open - 1].line;

            out[later ? 1 : 0] = at;
            out[later ? 0 : 1] = spans[open - 1];
            return true;
        }
        spans[open++] = at;
    }
    return false;
}

/*
 * Equal networks become neighbours, that of the narrowest range first: it is the one that
 * stays. The array is of pointers, since the pieces themselves keep the order of the file.
 */
static int compare_pieces(const void *a, const void *b)
{
    const struct lc_network_piece *x = *(struct lc_network_piece *const *)a;
    const struct lc_network_piece *y = *(struct lc_network_piece *const *)b;

    if (x->is_v6 != y->is_v6)
        return x->is_v6 ? 1 : -1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return (x->width > y->width) - (x->width < y->width);
}

int lc_network_pieces_drop(struct lc_network_piece *v, size_t n)
{
    struct lc_network_piece **order = malloc((n + 1) * sizeof(void *));
    const struct lc_network_piece *kept = NULL;

    if (!order)
        return LC_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        order[i] = &v[i];
    if (n)
        qsort(order, n, sizeof(void *), compare_pieces);
    for (size_t i = 0; i < n; i++) {
        struct lc_network_piece *at = order[i];

        at->dropped = kept && kept->is_v6 == at->is_v6 && kept->first == at->first &&
                      kept->last == at->last && kept->width < at->width;
        kept = at->dropped ? kept : at;
    }
    free(order);
    return 0;
}
