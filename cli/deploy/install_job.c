/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that install and uninstall share: lock the folders, read the manifest, list the
 * files, and compare what is there with what the manifest says. Nothing here writes or removes
 * a file.
 */
#include "cli/deploy/install_job.h"

#include "base/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const lc_install_role_names[LC_ROLES] = {"program", "rules", "xml"};

void lc_install_tell(const struct lc_install_job *j, enum lc_install_did did, const char *path)
{
    if (j->o->tell)
        j->o->tell(j->o->ctx, did, path);
}

void lc_install_release(struct lc_install_job *j)
{
    for (unsigned i = 0; i < j->n; i++) {
        free(j->file[i].path);
        lc_buf_release(&j->file[i].content);
    }
    free(j->manifest_path);
    lc_json_free(j->manifest);
    for (unsigned i = 0; i < 2; i++)
        if (j->lock[i] >= 0)
            close(j->lock[i]);
}

/*
 * One install or uninstall of the folders at a time. The locks are flock() on the open
 * folders, so they leave no file and end with the process. Both commands take the scripts'
 * folder first: two runs on the same pair cannot wait for each other. A file system that knows
 * no locks is used without.
 */
static int lock_folders(struct lc_install_job *j, struct lc_error *err)
{
    const char *const folders[] = {j->o->scripts, j->o->config};
    struct stat st[2];

    for (unsigned i = 0; i < 2; i++) {
        int fd = open(folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fstat(fd, &st[i]) != 0) {
            lc_fail(err, LC_ERR_IO, "cannot read %s: %s", folders[i], strerror(errno));
            if (fd >= 0)
                close(fd);
            return LC_ERR_IO;
        }
        j->lock[i] = fd;
        /*
         * flock() belongs to the open file: a second open of one folder would wait for the
         * first.
         */
        if (i == 1 && st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino)
            break; /* the same folder */
        /* Tell before the wait that has no end of its own; a signal ends it. */
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK && j->o->waiting)
            j->o->waiting(j->o->ctx, folders[i]);
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
            if (lc_stop_asked())
                return lc_fail(err, LC_ERR_STOPPED, "stopped: nothing was changed");
    }
    return 0;
}

/*
 * The server reads XML from the folder of its configuration, and program and rules from its
 * user_scripts_path.
 */
static const char *folder_of(const struct lc_install_job *j, enum lc_install_role role)
{
    return role == LC_ROLE_XML ? j->o->config : j->o->scripts;
}

struct lc_install_file *lc_install_add(struct lc_install_job *j, enum lc_install_role role,
                                       const char *name, struct lc_error *err)
{
    struct lc_install_file *f = &j->file[j->n];

    *f = (struct lc_install_file){.role = role};
    snprintf(f->name, sizeof f->name, "%s", name);
    f->path = lc_path_join(folder_of(j, role), name, err);
    lc_buf_init(&f->content, LC_FILE_MAX_BYTES);
    j->n += f->path != NULL;
    return f->path ? f : NULL;
}

int lc_install_begin(struct lc_install_job *j, const char *full, const struct lc_install_options *o,
                     struct lc_error *err)
{
    char name[256];
    enum lc_file_state state;
    int rc;

    *j = (struct lc_install_job){.o = o, .lock = {-1, -1}};
    snprintf(j->full, sizeof j->full, "%s", full);
    snprintf(name, sizeof name, "%s" LC_MANIFEST_SUFFIX, full);
    j->manifest_path = lc_path_join(o->config, name, err);
    if (!j->manifest_path)
        return LC_ERR_NOMEM;
    rc = lock_folders(j, err);
    /* Compared with nothing: only whether it is there is asked. */
    rc = rc ? rc : lc_file_compare(j->manifest_path, "", 0, &state, err);
    if (rc == 0 && state != LC_FILE_ABSENT)
        rc = lc_json_load(j->manifest_path, &j->manifest, err);
    if (rc == 0 && j->manifest &&
        (lc_json_num(lc_json_get(j->manifest, "livecol_manifest"), 0) != LC_MANIFEST_LAYOUT ||
         strcmp(lc_json_str(lc_json_get(j->manifest, "name"), ""), full) != 0)) {
        rc = lc_fail(err, LC_ERR_INPUT, "%s is not a manifest of %s", j->manifest_path, full);
        lc_hint(err, "another version of livecol may have written it");
    }
    return rc;
}

const char *lc_install_installed_sha256(const struct lc_install_job *j,
                                        const struct lc_install_file *f, const char *member)
{
    const struct lc_json *files = lc_json_get(j->manifest, "files");

    for (size_t i = 0; i < lc_json_size(files); i++) {
        const struct lc_json *one = lc_json_at(files, i);

        if (strcmp(lc_json_str(lc_json_get(one, "file"), ""), f->name) == 0 &&
            strcmp(lc_json_str(lc_json_get(one, "role"), ""), lc_install_role_names[f->role]) == 0)
            return lc_json_str(lc_json_get(one, member), "");
    }
    return "";
}

int lc_install_is_as_installed(const struct lc_install_job *j, const struct lc_install_file *f,
                               bool *is, struct lc_error *err)
{
    char sha256[LC_SHA256_HEX];
    struct lc_buf have;
    int rc;

    /*
     * "replaces" counts too: the manifest is written before the files, so an install that was
     * cut short leaves the old file under the new manifest.
     */
    lc_buf_init(&have, LC_FILE_MAX_BYTES);
    rc = lc_file_read(f->path, &have, err);
    if (rc == 0 && lc_sha256_hex(have.p, have.n, sha256))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    *is = rc == 0 && (strcmp(sha256, lc_install_installed_sha256(j, f, "sha256")) == 0 ||
                      strcmp(sha256, lc_install_installed_sha256(j, f, "replaces")) == 0);
    lc_buf_release(&have);
    return rc;
}

const struct lc_json *lc_manifest_entry(const struct lc_json *manifest, enum lc_install_role role)
{
    const struct lc_json *files = lc_json_get(manifest, "files");

    for (size_t i = 0; i < lc_json_size(files); i++) {
        const struct lc_json *one = lc_json_at(files, i);

        if (strcmp(lc_json_str(lc_json_get(one, "role"), ""), lc_install_role_names[role]) == 0)
            return one;
    }
    return NULL;
}

bool lc_manifest_kept(const struct lc_json *entry)
{
    return lc_json_num(lc_json_get(entry, "kept"), 0) != 0;
}

enum lc_install_role lc_manifest_role(const struct lc_json *entry)
{
    const char *name = lc_json_str(lc_json_get(entry, "role"), "");
    enum lc_install_role role = 0;

    while (role < LC_ROLES && strcmp(name, lc_install_role_names[role]) != 0)
        role++;
    return role;
}

int lc_install_ask_manifests(const struct lc_install_job *j, bool *shared, bool *put,
                             struct lc_error *err)
{
    DIR *d = opendir(j->o->config);
    const struct dirent *e;
    int rc = 0;

    *shared = *put = false;
    if (!d)
        return lc_fail(err, LC_ERR_IO, "cannot read %s: %s", j->o->config, strerror(errno));
    /* Every NAME.livecol.json of the folder is a manifest; the program is one for all of them. */
    while (rc == 0 && (e = readdir(d))) {
        size_t n = strlen(e->d_name), suffix = sizeof LC_MANIFEST_SUFFIX - 1;
        size_t full = strlen(j->full);
        bool own = n == full + suffix && strncmp(e->d_name, j->full, full) == 0;
        struct lc_json *manifest = NULL;
        struct lc_error ignored = LC_ERROR_INIT;
        char *path;

        if (n <= suffix || strcmp(e->d_name + n - suffix, LC_MANIFEST_SUFFIX) != 0)
            continue;
        path = lc_path_join(j->o->config, e->d_name, err);
        rc = path ? 0 : LC_ERR_NOMEM;
        *shared = *shared || !own; /* one that cannot be read may name it, too */
        if (path && lc_json_load(path, &manifest, &ignored) == 0) {
            const struct lc_json *program = lc_manifest_entry(manifest, LC_ROLE_PROGRAM);

            *put = *put || (program && !lc_manifest_kept(program));
        }
        lc_json_free(manifest);
        free(path);
    }
    closedir(d);
    return rc;
}

bool lc_install_is_our_name(const struct lc_install_job *j, enum lc_install_role role,
                            const char *name)
{
    /* NULL ends each list. The program has one name, whatever the function is called. */
    static const char *const suffixes[LC_ROLES][3] = {
        [LC_ROLE_RULES] = {".csv", ".rules"}, [LC_ROLE_XML] = {"_function.xml", "_dictionary.xml"}};
    size_t n = strlen(j->full);

    if (role == LC_ROLE_PROGRAM)
        return strcmp(name, LC_INSTALL_PROGRAM) == 0;
    for (size_t i = 0; suffixes[role][i]; i++)
        if (strncmp(name, j->full, n) == 0 && strcmp(name + n, suffixes[role][i]) == 0)
            return true;
    return false;
}
