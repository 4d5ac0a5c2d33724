/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
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
    if (read_number(s, &out->bits)) {
        out->is_v6 = out->bits > UINT32_MAX;
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

static void write_network(const struct lc_address *a, unsigned bits, char out[LC_NETWORK_BYTES])
{
    uint8_t bytes[16];
    char text[INET6_ADDRSTRLEN] = "";
    size_t n = a->is_v6 ? 16 : 4;

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(a->bits >> 8 * (n - 1 - i));
    inet_ntop(a->is_v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
    snprintf(out, LC_NETWORK_BYTES, "%s/%u", text, bits);
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
