/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder over which the embedded engine runs. The engine itself makes a path that is not there: a
 * mistyped --path would answer as a server without tables. So only commands that apply migrations make
 * one, and its parents have to be there.
 */
#ifndef LC_CLI_SERVER_DATA_PATH_H
#define LC_CLI_SERVER_DATA_PATH_H
#include "cli/server/backend.h"

/*
 * The absolute path of to->path into out (PATH_MAX bytes), made where to->make_path says so. 0;
 * LC_ERR_REFUSED (not there, or no folder), LC_ERR_IO.
 */
int lc_data_path(const struct lc_connect *to, char *out, struct lc_error *err);

#endif
