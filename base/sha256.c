/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include "base/error.h"

#include <openssl/evp.h>

int lc_sha256_hex(const void *p, size_t n, char out[LC_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned sum_n = 0;

    out[0] = '\0';
    /* p may be NULL when n is 0; the library gets a pointer in any case. */
    if (EVP_Digest(n ? p : "", n, sum, &sum_n, EVP_sha256(), NULL) != 1 || sum_n != 32)
        return LC_ERR_NOMEM;
    for (unsigned i = 0; i < sum_n; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[64] = '\0';
    return 0;
}
