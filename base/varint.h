/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variable-length unsigned integers (unsigned LEB128), as the Native and RowBinary formats use
 * them: seven bits a byte, the lowest first, the top bit set on all but the last; 10 bytes at most.
 *   https://clickhouse.com/docs/interfaces/formats/RowBinary
 */
#ifndef LC_BASE_VARINT_H
#define LC_BASE_VARINT_H
#include <stddef.h>
#include <stdint.h>

#define LC_VARINT_MAX 10

/*
 * Read one from p[0..n). Returns its length in bytes and sets *value; 0 where more bytes are
 * needed; -1 where it does not end within 10 bytes or does not fit 64 bits.
 */
int lc_varint_get(const uint8_t *p, size_t n, uint64_t *value);

/* Write one to out, which has room for LC_VARINT_MAX bytes; returns its length. */
size_t lc_varint_put(uint8_t *out, uint64_t value);

#endif
