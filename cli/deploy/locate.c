/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds what comes with livecol, by the place of the running program. Two layouts are known:
 *
 *   PREFIX/bin/livecol                  build/NAME/cli/livecol
 *   PREFIX/bin/livecol-udf              build/NAME/udf/livecol-udf
 *   PREFIX/share/livecol/config/…       config/…, up to LEVELS_UP folders above
 *
 * The working directory is the last resort for data, and never for the program: what runs in
 * the server must come from the same build.
 */
#include "cli/deploy/locate.h"

#include "base/files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS_UP = 4 };

/* The folder that the running program lies in; false where the kernel does not tell. */
static bool program_folder(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    return true;
}

/* base + "/" + rest, malloc'ed, where such a thing exists; else NULL. */
static char *existing(const char *base, const char *rest, int mode)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", base, rest) < 0) {
        return NULL;
    }
    if (access(path, mode) != 0) {
        free(path);
        return NULL;
    }
    return path;
}

int lc_locate_udf(char **out, struct lc_error *err)
{
    char folder[PATH_MAX];
    *out = NULL;
    if (program_folder(folder, sizeof folder)) {
        *out = existing(folder, "livecol-udf", X_OK);
        if (*out == NULL) {
            *out = existing(folder, "../udf/livecol-udf", X_OK);
        }
    }
    if (*out == NULL) {
        lc_fail(err, LC_ERR_IO, "livecol-udf is not next to livecol");
        lc_hint(err, "build or install it too: both come from one build");
        return LC_ERR_IO;
    }
    return 0;
}

int lc_locate_shipped(const char *name, char **out, struct lc_error *err)
{
    char folder[PATH_MAX];
    *out = NULL;
    if (program_folder(folder, sizeof folder)) {
        char *share = existing(folder, "../share/livecol", R_OK);
        if (share != NULL) {
            *out = existing(share, name, R_OK);
            free(share);
        }
        for (int i = 0; *out == NULL && i < LEVELS_UP; i++) {
            char *slash = strrchr(folder, '/');
            if (slash == NULL || slash == folder) {
                break;
            }
            *slash = '\0';
            *out = existing(folder, name, R_OK);
        }
    }
    if (*out == NULL) {
        *out = existing(".", name, R_OK);
    }
    if (*out == NULL) {
        lc_fail(err, LC_ERR_IO, "%s is neither where livecol is installed nor here", name);
        lc_hint(err, "run it from the source tree, or install livecol with its data");
        return LC_ERR_IO;
    }
    return 0;
}

/* Bring `from` to folder/name. replace: another content that is there gives way. */
static int put(const char *from, const char *folder, const char *name, unsigned mode, bool replace,
               struct lc_error *err)
{
    enum lc_file_state state = LC_FILE_ABSENT;
    struct lc_buf want;
    lc_buf_init(&want, LC_FILE_MAX_BYTES);
    char *to = lc_path_join(folder, name, err);
    int rc = to == NULL ? LC_ERR_NOMEM : lc_file_read(from, &want, err);
    rc = rc == 0 ? lc_file_compare(to, want.p, want.n, &state, err) : rc;
    if (rc == 0 && state == LC_FILE_OTHER && !replace) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s exists and is not %s", to, from);
        lc_hint(err, "name an empty folder with --path");
    }
    if (rc == 0 && state != LC_FILE_SAME) {
        rc = lc_file_write(to, want.p, want.n, mode, err);
    }
    lc_buf_release(&want);
    free(to);
    return rc;
}

int lc_locate_function(const char *path, const char *scripts, struct lc_error *err)
{
    char *own_scripts = NULL;
    char *udf = NULL;
    char *rules = NULL;
    char *xml = NULL;
    int rc = 0;
    if (scripts == NULL) {
        if (asprintf(&own_scripts, "%s/user_scripts", path) < 0) {
            return lc_fail(err, LC_ERR_NOMEM, "no memory");
        }
        scripts = own_scripts;
    }
    rc = lc_locate_udf(&udf, err);
    rc = rc == 0 ? lc_locate_shipped("config/region.csv", &rules, err) : rc;
    rc = rc == 0 ? lc_locate_shipped("config/livecol_function.xml", &xml, err) : rc;
    rc = rc == 0 ? lc_folder_make(path, err) : rc;
    rc = rc == 0 ? lc_folder_make(scripts, err) : rc;
    rc = rc == 0 ? put(rules, scripts, "region_v1.csv", 0644, false, err) : rc;
    rc = rc == 0 ? put(xml, path, "livecol_function.xml", 0644, false, err) : rc;
    rc = rc == 0 ? put(udf, scripts, "livecol-udf", 0755, true, err) : rc;
    free(own_scripts);
    free(udf);
    free(rules);
    free(xml);
    return rc;
}
