/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/doctor_limits.h"

#include <inttypes.h>
#include <stdio.h>

struct lc_limits lc_limits_of_parts(uint64_t delay, uint64_t refuse)
{
    return (struct lc_limits){delay, refuse};
}

struct lc_limits lc_limits_of_mutations(uint64_t delay, uint64_t refuse)
{
    return (struct lc_limits){delay ? delay : LC_LIMIT_NEVER, refuse ? refuse : LC_LIMIT_NEVER};
}

enum lc_level lc_limits_level(uint64_t n, const struct lc_limits *l)
{
    uint64_t first = l->slow_at < l->fail_at ? l->slow_at : l->fail_at;

    return n >= first ? LC_LEVEL_FAIL : n >= first - n ? LC_LEVEL_WARN : LC_LEVEL_OK;
}

void lc_limits_text(char out[LC_LIMITS_BYTES], const char *slow, const char *fail,
                    const struct lc_limits *l)
{
    if (l->slow_at < l->fail_at && l->fail_at != LC_LIMIT_NEVER)
        snprintf(out, LC_LIMITS_BYTES, "%s at %" PRIu64 ", %s at %" PRIu64, slow, l->slow_at, fail,
                 l->fail_at);
    else if (l->slow_at < l->fail_at)
        snprintf(out, LC_LIMITS_BYTES, "%s at %" PRIu64 ", never %s", slow, l->slow_at, fail);
    else if (l->fail_at != LC_LIMIT_NEVER)
        snprintf(out, LC_LIMITS_BYTES, "%s at %" PRIu64, fail, l->fail_at);
    else
        snprintf(out, LC_LIMITS_BYTES, "never %s", slow);
}
