/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal digits. */
#ifndef LC_BASE_HEX_H
#define LC_BASE_HEX_H

/* The value of a digit, of either case; -1 for any other byte. */
static inline int lc_hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
