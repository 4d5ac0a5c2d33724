/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled rules as earlier versions of livecol wrote them: those of addresses had other tables (udf/rules/ipv4.h).
 */
#ifndef LC_OLD_LAYOUT_H
#define LC_OLD_LAYOUT_H
#include "udf/rules/ruleset.h"

/*
 * The rule set as an arena of LC_RULES_LOWS, or of LC_RULES_UNSEEDED where its seed is 0; to be freed. `bits`: of the
 * blocks of IPv4, from LC_V4_BITS_MIN to LC_V4_BITS_MAX. Its hashes are right. NULL: not enough memory.
 */
uint8_t *lc_old_layout(const struct lc_rules *r, uint32_t layout, unsigned bits, size_t *size);

#endif
