/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server/data_path.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int refuse_missing(const struct lc_connect *to, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "there is no data path %s", to->path);
    lc_hint(err, "is --path right? livecol up makes a new database there");
    return LC_ERR_REFUSED;
}

int lc_data_path(const struct lc_connect *to, char *out, struct lc_error *err)
{
    struct stat st;

    if (stat(to->path, &st) != 0) {
        if (errno == ENOENT && !to->make_path)
            return refuse_missing(to, err);
        /* EEXIST: another process was faster, and what it made is looked at as any other. */
        if (errno != ENOENT || (mkdir(to->path, 0777) != 0 && errno != EEXIST) ||
            stat(to->path, &st) != 0)
            return lc_fail(err, LC_ERR_IO, "cannot use the data path %s: %s", to->path,
                           strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return lc_fail(err, LC_ERR_REFUSED, "the data path %s is not a folder", to->path);
    if (!realpath(to->path, out))
        return lc_fail(err, LC_ERR_IO, "cannot use the data path %s: %s", to->path,
                       strerror(errno));
    return 0;
}
