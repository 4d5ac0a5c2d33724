/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LEB128, as ClickHouse's Native and RowBinary write lengths and counts: seven bits a byte, the
 * lowest first, the high bit set in all but the last byte.
 */
#include "base/varint.h"

int lc_varint_get(const uint8_t *p, size_t n, uint64_t *value)
{
    uint64_t v = 0;

    for (int i = 0; i < LC_VARINT_MAX; i++) {
        if ((size_t)i == n)
            return 0;
        /* Nine bytes hold 63 bits: the tenth has room for one more. */
        if (i == LC_VARINT_MAX - 1 && p[i] > 1)
            return -1;
        v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80) {
            *value = v;
            return i + 1;
        }
    }
    return -1;
}

size_t lc_varint_put(uint8_t *out, uint64_t value)
{
    size_t n = 0;

    while (value >= 0x80) {
        out[n++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (uint8_t)value;
    return n;
}
