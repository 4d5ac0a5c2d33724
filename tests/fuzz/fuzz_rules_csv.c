/* SPDX-License-Identifier: Apache-2.0 */
/* The CSV loader: any bytes load or are refused with a message; what loads is whole. */
#include "udf/rules/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    if (lc_rules_parse_csv(&r, data, n, "f", &err)) {
        if (r || err.code == 0 || err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (r->rules == 0 || lc_rules_check_content(r, "f", &err))
        abort();
    for (uint32_t i = 0; i <= r->rules; i++)
        for (uint32_t a = 0; a < r->attributes; a++)
            if (lc_rules_value_id(r, a, i) == LC_NONE)
                abort();
    lc_rules_free(r);
    return 0;
}
