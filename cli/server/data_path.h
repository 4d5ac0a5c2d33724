/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder over which the embedded engine runs. The engine itself takes any path, makes it, and
 * fills a folder of somebody else's files with its own: a mistyped --path would answer as a server
 * without tables.
 *
 *   not there                        refused, unless the caller is to make it
 *   the engine's own                 it has store, metadata or status
 *   empty, or with what config       a database that nothing was put into yet
 *   install puts there
 *   anything else                    refused
 */
#ifndef LC_CLI_SERVER_DATA_PATH_H
#define LC_CLI_SERVER_DATA_PATH_H
#include "cli/server/backend.h"

/*
 * The absolute path of to->path into out (PATH_MAX bytes), made where to->make_path says so. 0;
 * LC_ERR_REFUSED (not there, no folder, or one that holds something else), LC_ERR_IO.
 */
int lc_data_path(const struct lc_connect *to, char *out, struct lc_error *err);

#endif
