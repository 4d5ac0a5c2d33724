/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is put in place by rename, so that no reader ever sees a part of it:
 *
 *   draft path.XXXXXX.new ─▶ write, chmod, fsync ─▶ rename over path ─▶ fsync the folder
 *
 * A crash before the rename leaves the draft, which lc_file_sweep removes; one after it leaves the new file.
 */
#include "base/files.h"

#include "base/test_points.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFT_SUFFIX ".new" /* so that no pattern of a server's takes a draft for the file */

enum { READ_BYTES = 1 << 16 };

int lc_file_read(const char *path, struct lc_buf *b, struct lc_error *err)
{
    /* Without O_NONBLOCK, to open a FIFO would wait for its writer. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), rc = 0;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    struct stat st;
    size_t n = 1;

    if (!f || fstat(fd, &st) != 0) {
        rc = lc_fail(err, LC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        if (f)
            fclose(f);
        else if (fd >= 0)
            close(fd);
        return rc;
    }
    if (!S_ISREG(st.st_mode)) {
        fclose(f);
        return lc_fail(err, LC_ERR_IO, "cannot read %s: not a regular file", path);
    }
    /* By fread until its end, not by st_size: files of /proc and /sys say 0. */
    while (rc == 0 && n > 0) {
        rc = lc_buf_reserve(b, READ_BYTES);
        n = rc == 0 ? fread(b->p + b->n, 1, READ_BYTES, f) : 0;
        b->n += n;
    }
    if (rc)
        lc_fail(err, LC_ERR_NOMEM, "no memory for %s", path);
    else if (ferror(f))
        rc = lc_fail(err, LC_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    fclose(f);
    return rc;
}

/* A rename or an unlink lasts once its folder is on the disk; a file system
 * that cannot is left alone. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int lc_write_all(int fd, const void *p, size_t n)
{
    const char *at = p;

    while (n) {
        ssize_t wrote = write(fd, at, n);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -1;
        at += wrote;
        n -= (size_t)wrote;
    }
    return 0;
}

/* A device, a FIFO: nobody reads a half of it by its name, and it is not to be replaced. */
static int write_straight(const char *path, const void *p, size_t n, struct lc_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && lc_write_all(fd, p, n) == 0;

    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    return ok ? 0 : lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

/*
 * The draft is in the folder of the file itself, since a rename works only within
 * one file system. fsync before the rename: without it a power cut can leave the new
 * name with no bytes in it.
 */
int lc_file_write(const char *path, const void *p, size_t n, unsigned mode, struct lc_error *err)
{
    char *draft = NULL;
    struct stat st;
    bool ok;
    int fd, rc = 0;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_straight(path, p, n, err);

    if (asprintf(&draft, "%s.XXXXXX" DRAFT_SUFFIX, path) < 0)
        return lc_fail(err, LC_ERR_NOMEM, "no memory");
    fd = mkostemps(draft, sizeof DRAFT_SUFFIX - 1, O_CLOEXEC);
    if (fd < 0) {
        rc = lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
        free(draft);
        return rc;
    }
    ok = lc_write_all(fd, p, n) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    LC_TEST_POINT("draft written");
    ok = ok && rename(draft, path) == 0;
    if (ok) {
        sync_folder(path);
    } else {
        rc = lc_fail(err, LC_ERR_IO, "cannot write %s: %s", path, strerror(errno));
        unlink(draft);
    }
    free(draft);
    LC_TEST_POINT("renamed");
    return rc;
}

void lc_file_sweep(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
    DIR *d = folder ? opendir(folder) : NULL;
    size_t n = strlen(name), random = sizeof ".XXXXXX" - 1;
    const struct dirent *e;

    /*
     * Matches NAME.XXXXXX.new exactly, so that a file of the operator's that
     * only begins alike is kept.
     */
    while (d && (e = readdir(d))) {
        if (strncmp(e->d_name, name, n) == 0 && e->d_name[n] == '.' &&
            strlen(e->d_name) == n + random + sizeof DRAFT_SUFFIX - 1 &&
            strcmp(e->d_name + n + random, DRAFT_SUFFIX) == 0)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
    free(folder);
}

int lc_file_remove(const char *path, struct lc_error *err)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return lc_fail(err, LC_ERR_IO, "cannot remove %s: %s", path, strerror(errno));
    sync_folder(path);
    LC_TEST_POINT("removed");
    return 0;
}

int lc_file_compare(const char *path, const void *p, size_t n, enum lc_file_state *state,
                    struct lc_error *err)
{
    struct lc_buf have;
    struct stat st;
    int rc = 0;

    *state = LC_FILE_ABSENT;
    if (lstat(path, &st) != 0)
        return errno == ENOENT
                   ? 0
                   : lc_fail(err, LC_ERR_IO, "cannot look at %s: %s", path, strerror(errno));
    lc_buf_init(&have, LC_FILE_MAX_BYTES);
    rc = lc_file_read(path, &have, err);
    *state = have.n == n && (n == 0 || memcmp(have.p, p, n) == 0) ? LC_FILE_SAME : LC_FILE_OTHER;
    lc_buf_release(&have);
    return rc;
}

int lc_folder_make(const char *path, struct lc_error *err)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return lc_fail(err, LC_ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
    return 0;
}

char *lc_path_join(const char *folder, const char *name, struct lc_error *err)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        lc_fail(err, LC_ERR_NOMEM, "no memory");
        return NULL;
    }
    return path;
}
