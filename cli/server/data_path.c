/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server/data_path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

/* What tells the engine's own folder: made with its first table, or there while it runs. */
static bool is_engines(const char *name)
{
    return strcmp(name, "store") == 0 || strcmp(name, "metadata") == 0 ||
           strcmp(name, "status") == 0;
}

/* Does `given`, a file or a pattern of files, lie in folder/name, or is it that? */
static bool lies_in(const char *given, const char *folder, const char *name)
{
    char entry[PATH_MAX + NAME_MAX + 2], real[PATH_MAX], above[PATH_MAX];
    size_t n;

    if (!given)
        return false;
    snprintf(above, sizeof above, "%.*s", (int)strcspn(given, "*?[{"), given);
    if (strlen(above) < strlen(given)) { /* a pattern: its folder */
        char *slash = strrchr(above, '/');

        if (!slash)
            return false;
        *slash = '\0';
    }
    if (!realpath(above, real))
        return false;
    snprintf(entry, sizeof entry, "%s/%s", folder, name);
    n = strlen(entry);
    return strncmp(real, entry, n) == 0 && (real[n] == '\0' || real[n] == '/');
}

/* What may be there before the engine has put anything in: functions, and what it leaves at its end. */
static bool is_expected(const struct lc_connect *to, const char *folder, const char *name)
{
    static const char *const names[] = {"tmp", "user_scripts", "user_files", "lost+found"};
    static const char *const ends[] = {".xml", ".livecol.json"};

    if (name[0] == '.')
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(name, ends[i]))
            return true;
    return lies_in(to->scripts, folder, name) || lies_in(to->functions, folder, name);
}

/* Refuse a folder of somebody else's files, naming the first of them. */
static int check_content(const struct lc_connect *to, const char *folder, struct lc_error *err)
{
    char foreign[NAME_MAX + 1] = "";
    bool engines = false;
    const struct dirent *e;
    DIR *d = opendir(folder);

    if (!d)
        return lc_fail(err, LC_ERR_IO, "cannot read the data path %s: %s", to->path,
                       strerror(errno));
    while ((e = readdir(d)) != NULL) {
        engines = engines || is_engines(e->d_name);
        if (!is_expected(to, folder, e->d_name) && (!*foreign || strcmp(e->d_name, foreign) < 0))
            snprintf(foreign, sizeof foreign, "%s", e->d_name);
    }
    closedir(d);
    if (engines || !*foreign)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "%s is no data path of ClickHouse: it holds %s", to->path,
            foreign);
    lc_hint(err, "--path names the folder of the database, or an empty one for a new database");
    return LC_ERR_REFUSED;
}

static int refuse_missing(const struct lc_connect *to, struct lc_error *err)
{
    lc_fail(err, LC_ERR_REFUSED, "there is no data path %s", to->path);
    lc_hint(err, "is --path right? livecol up --create-database makes a new database there");
    return LC_ERR_REFUSED;
}

int lc_data_path(const struct lc_connect *to, char *out, struct lc_error *err)
{
    struct stat st;

    if (stat(to->path, &st) != 0) {
        if (errno == ENOENT && !to->make_path)
            return refuse_missing(to, err);
        if (errno != ENOENT || (mkdir(to->path, 0777) != 0 && errno != EEXIST) ||
            stat(to->path, &st) != 0)
            return lc_fail(err, LC_ERR_IO, "cannot use the data path %s: %s", to->path,
                           strerror(errno));
    }
    if (!S_ISDIR(st.st_mode))
        return lc_fail(err, LC_ERR_REFUSED, "the data path %s is no folder", to->path);
    if (!realpath(to->path, out))
        return lc_fail(err, LC_ERR_IO, "cannot use the data path %s: %s", to->path,
                       strerror(errno));
    return check_content(to, out, err);
}
