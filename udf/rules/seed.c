/* SPDX-License-Identifier: Apache-2.0 */
#include "udf/rules/seed.h"

#include "base/error.h"
#include "udf/rules/hash.h"

#include <errno.h>
#include <sys/random.h>

struct lc_seed lc_seed_from(uint64_t seed)
{
    /*
     * Sixteen bytes of XXH3's default secret, from its byte 8 on; then the first prime of
     * XXH64.
     */
    static const struct lc_seed unseeded = {0x1cad21f72c81017cu, 0xdb979083e96dd4deu,
                                            0x9E3779B185EBCA87u, 0};

    if (seed == 0)
        return unseeded;
    return (struct lc_seed){lc_hash64_seeded("low", 3, seed), lc_hash64_seeded("high", 4, seed),
                            lc_hash64_seeded("multiplier", 10, seed) | 1, seed};
}

int lc_seed_choose(uint64_t *seed)
{
    *seed = 0;
    /* 0 is the seed of files that have none. A call that a signal ends is made again. */
    while (*seed == 0)
        if (getrandom(seed, sizeof *seed, 0) != sizeof *seed && errno != EINTR)
            return LC_ERR_IO;
    return 0;
}
