/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the parts of livecol lie that are needed next to its own program: livecol-udf, config/ and
 * migrations/. Looked for, in this order, where `livecol` is installed (bin/ and
 * share/livecol/), in the folders above the program (a build inside the source tree), and in the
 * working directory.
 */
#ifndef LC_CLI_DEPLOY_LOCATE_H
#define LC_CLI_DEPLOY_LOCATE_H
#include "base/error.h"

/* Path of the program livecol-udf, malloc'ed. 0, or LC_ERR_IO with what to do. */
int lc_locate_udf(char **out, struct lc_error *err);

/* Path of a shipped file or folder, "config/region.csv", "migrations", malloc'ed. As above. */
int lc_locate_shipped(const char *name, char **out, struct lc_error *err);

/*
 * Make an embedded engine's data path ready for the example function: livecol-udf and the rules, as
 * region_v1.csv, into `scripts` (NULL: path/user_scripts), the function's XML into `path`. A
 * program is replaced by rename; rules or XML that are there and differ are somebody else's:
 * LC_ERR_REFUSED, nothing changed. Else 0, LC_ERR_IO, LC_ERR_NOMEM.
 */
int lc_locate_function(const char *path, const char *scripts, struct lc_error *err);

#endif
