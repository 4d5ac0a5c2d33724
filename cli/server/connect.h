/* SPDX-License-Identifier: Apache-2.0 */
/* Making and ending connections of either kind. */
#ifndef LC_CLI_SERVER_CONNECT_H
#define LC_CLI_SERVER_CONNECT_H
#include "cli/server/backend.h"

/*
 * Open a connection and make sure that something answers. 0 and *out; else a negative code:
 * LC_ERR_USAGE (bad URL), LC_ERR_IO (no library), LC_ERR_LOCKED (path in use), LC_ERR_NOT_SENT
 * (nobody there), LC_ERR_SERVER (refused: wrong password, no such database), LC_ERR_STOPPED.
 */
int lc_backend_open(struct lc_backend **out, const struct lc_connect *to, struct lc_error *err);

/* A second connection to the same place. As lc_backend_open. */
int lc_backend_clone(struct lc_backend *from, struct lc_backend **out, struct lc_error *err);

/* The library that reaches servers, with those that it is made of: "libcurl/7.88.1 OpenSSL/3.0.15 …". */
const char *lc_backend_library(void);

/* Close and free; NULL is fine. */
void lc_backend_free(struct lc_backend *b);

#endif
