#include "places.h"

#include "buf.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEVELS_UP = 4, FILE_MAX_BYTES = 64 << 20 };

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

int lc_place_udf(char **out, struct lc_error *err)
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
        lc_fail(err, LC_ERR_IO, "livecol-udf is not beside livecol");
        lc_hint(err, "build or install it too: both come from one build");
        return LC_ERR_IO;
    }
    return 0;
}

int lc_place_shipped(const char *name, char **out, struct lc_error *err)
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

/* The whole file into b. 0, LC_ERR_IO, LC_ERR_NOMEM. */
static int read_file(const char *path, struct lc_buf *b, struct lc_error *err)
{
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return lc_fail(err, LC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    int rc = 0;
    size_t n = 1;
    while (rc == 0 && n > 0) {
        rc = lc_buf_reserve(b, 1 << 16);
        n = rc == 0 ? fread(b->p + b->n, 1, 1 << 16, f) : 0;
        b->n += n;
    }
    if (rc != 0) {
        lc_fail(err, LC_ERR_NOMEM, "no memory for %s", path);
    } else if (ferror(f) != 0) {
        rc = lc_fail(err, LC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    (void)fclose(f);
    return rc;
}

/* Written beside `path`, then renamed onto it: whoever runs or reads the old one keeps it whole. */
static int write_file(const char *path, const struct lc_buf *b, mode_t mode, struct lc_error *err)
{
    char *draft = NULL;
    if (asprintf(&draft, "%s.new", path) < 0) {
        return lc_fail(err, LC_ERR_NOMEM, "no memory");
    }
    FILE *f = fopen(draft, "w");
    bool ok = f != NULL && fwrite(b->p, 1, b->n, f) == b->n;
    ok = f != NULL && fclose(f) == 0 && ok;
    ok = ok && chmod(draft, mode) == 0 && rename(draft, path) == 0;
    int rc = ok ? 0 : lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
    if (!ok) {
        (void)unlink(draft);
    }
    free(draft);
    return rc;
}

/* Bring `from` to folder/name. replace: another content that is there gives way. */
static int put(const char *from, const char *folder, const char *name, mode_t mode, bool replace,
               struct lc_error *err)
{
    struct lc_buf want;
    struct lc_buf have;
    char *to = NULL;
    lc_buf_init(&want, FILE_MAX_BYTES);
    lc_buf_init(&have, FILE_MAX_BYTES);
    int rc = asprintf(&to, "%s/%s", folder, name) < 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory") : 0;
    rc = rc == 0 ? read_file(from, &want, err) : rc;
    if (rc == 0 && access(to, F_OK) == 0) {
        rc = read_file(to, &have, err);
        bool same = rc == 0 && have.n == want.n && memcmp(have.p, want.p, want.n) == 0;
        if (rc != 0 || same) {
            goto done;
        }
        if (!replace) {
            rc = lc_fail(err, LC_ERR_REFUSED, "%s is there and is not %s", to, from);
            lc_hint(err, "name an empty folder by --path");
            goto done;
        }
    }
    rc = rc == 0 ? write_file(to, &want, mode, err) : rc;
done:
    lc_buf_release(&want);
    lc_buf_release(&have);
    free(to);
    return rc;
}

static int make_folder(const char *path, struct lc_error *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return lc_fail(err, LC_ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
    }
    return 0;
}

int lc_place_function(const char *path, const char *scripts, struct lc_error *err)
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
    rc = lc_place_udf(&udf, err);
    rc = rc == 0 ? lc_place_shipped("config/region.csv", &rules, err) : rc;
    rc = rc == 0 ? lc_place_shipped("config/livecol_function.xml", &xml, err) : rc;
    rc = rc == 0 ? make_folder(path, err) : rc;
    rc = rc == 0 ? make_folder(scripts, err) : rc;
    rc = rc == 0 ? put(rules, scripts, "region_v1.csv", 0644, false, err) : rc;
    rc = rc == 0 ? put(xml, path, "livecol_function.xml", 0644, false, err) : rc;
    rc = rc == 0 ? put(udf, scripts, "livecol-udf", 0755, true, err) : rc;
    free(own_scripts);
    free(udf);
    free(rules);
    free(xml);
    return rc;
}
