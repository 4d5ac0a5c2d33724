/* SPDX-License-Identifier: Apache-2.0 */
/* result_page RESULT.json: the page of a result that is there, on standard output. */
#include "base/json.h"
#include "bench/result/page.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_json *result = NULL;
    struct lc_buf out;
    int rc;

    if (argc != 2)
        return 2;
    lc_buf_init(&out, (size_t)1 << 28);
    rc = lc_json_load(argv[1], &result, &err);
    if (rc == 0)
        rc = lc_page_write(result, &out);
    if (rc)
        fprintf(stderr, "%s\n", err.msg);
    fwrite(out.p, 1, out.n, stdout);
    lc_buf_release(&out);
    lc_json_free(result);
    return rc ? 1 : 0;
}
