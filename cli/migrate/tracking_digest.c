/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate/tracking_digest.h"

#include "cli/server/query.h"
#include "livecol_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What the statement tracking_digest makes of a version that is applied; NULL: no memory. */
static char *text_of(const struct lc_migration *m)
{
    char *text;

    return asprintf(&text, "%" PRIu64 " %s\n", m->version, m->file.sha256) < 0 ? NULL : text;
}

/*
 * The hash that the server gives where all files are applied. Another engine than MergeTree may have rows that this
 * server does not show yet.
 */
static int digest_of(const struct lc_migrations *files, char out[LC_SHA256_HEX])
{
    char **texts = calloc(files->n + 1, sizeof *texts);
    struct lc_buf all;
    int rc = texts ? 0 : LC_ERR_NOMEM;

    lc_buf_init(&all, SIZE_MAX);
    for (size_t i = 0; rc == 0 && i < files->n; i++) {
        texts[i] = text_of(&files->v[i]);
        rc = texts[i] ? 0 : LC_ERR_NOMEM;
    }
    if (rc == 0 && files->n)
        qsort(texts, files->n, sizeof *texts, by_bytes);
    rc = rc || lc_buf_adds(&all, "MergeTree\n") ? LC_ERR_NOMEM : 0;
    for (size_t i = 0; rc == 0 && i < files->n; i++)
        rc = lc_buf_adds(&all, texts[i]) ? LC_ERR_NOMEM : 0;
    rc = rc || lc_sha256_hex(all.p, all.n, out) ? LC_ERR_NOMEM : 0;
    for (size_t i = 0; texts && i < files->n; i++)
        free(texts[i]);
    free(texts);
    lc_buf_release(&all);
    return rc;
}

int lc_tracking_all_applied(struct lc_backend *b, const char *database, const char *table,
                            const struct lc_migrations *files, bool *are, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"database", database}, {"table", table}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer a = {0};
    char digest[LC_SHA256_HEX];
    int rc;

    *are = false;
    for (size_t i = 0; i < files->n; i++) {
        if (!files->v[i].file.sha256[0]) /* a pair without its first half */
            return 0;
    }
    if (digest_of(files, digest))
        return lc_no_memory(err);
    rc = lc_query_read(b, lc_sql_tracking_digest, args, &a, &why);
    *are = rc == 0 && strcmp(lc_answer_at(&a, 0, LC_SQL_TRACKING_DIGEST_DIGEST)->p, digest) == 0;
    lc_answer_release(&a);
    return rc == LC_ERR_STOPPED || rc == LC_ERR_NOMEM ? lc_error_pass(err, &why) : 0;
}
