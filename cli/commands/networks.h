/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From two addresses to the networks between them.
 */
#ifndef LC_CLI_COMMANDS_NETWORKS_H
#define LC_CLI_COMMANDS_NETWORKS_H
#include "base/buf.h"
#include "base/error.h"
#include "udf/rules/scalar.h"

/* An address: IPv4 in the low 32 bits. */
struct lc_address {
    lc_uint128 bits;
    bool is_v6;
    bool is_number; /* it was read from decimal digits, which tell no family below 2^32 */
};

/*
 * Read an address: 10.0.0.1, 2001:db8::1, or the number of one, as GeoIP files have it: below 2^32 it is IPv4's.
 * False: it is none.
 */
bool lc_address_read(struct lc_slice text, struct lc_address *out);

/* A network as it is written: "2001:db8::/32". */
enum { LC_NETWORK_BYTES = 64 };

/*
 * The largest network that begins at *from and ends at or before `to`, written to `out`; *from becomes the address behind it.
 * False: that was the last. Both are of one family, and *from is not above `to`.
 */
bool lc_network_next(struct lc_address *from, const struct lc_address *to,
                     char out[LC_NETWORK_BYTES]);

/* A network that a range became, written somewhere. */
struct lc_network_piece {
    lc_uint128 first, last;
    lc_uint128 width; /* of the range: its last address less its first */
    bool is_v6, dropped;
    size_t at, n;  /* where it is written, by whoever does that */
    uint32_t line; /* of the range */
};

/*
 * Of ranges that nest two may become the same network, as 1.0.0.0 to 1.0.1.127 and 1.0.0.0 to 1.0.0.255 become 1.0.0.0/24
 * both: that of the wider range is dropped. Of the same range twice both stay. 0 or LC_ERR_NOMEM.
 */
int lc_network_pieces_drop(struct lc_network_piece *v, size_t n);

/* An address as text: "10.0.0.1". */
void lc_address_write(const struct lc_address *a, char out[LC_NETWORK_BYTES]);

/* From one address to another, both of one family and both inclusive, in a line of a file. */
struct lc_span {
    struct lc_address from, to;
    uint32_t line;
};

/*
 * Do two of n spans overlap, with neither holding the other? True: out[0] and out[1] are such two, the later line second.
 * Networks cannot say which of those is the narrower. The array is worked in: its contents are lost.
 */
bool lc_spans_cross(struct lc_span *spans, size_t n, struct lc_span out[2]);

#endif
