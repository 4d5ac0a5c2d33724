/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rules file may be replaced while it is in use, and must not be written to. A CSV is read at once: its
 * size and time before and after say whether somebody wrote meanwhile. A compiled file is mapped for as long
 * as the process lives, so lc_rules_look is asked again and again:
 *
 *   size or time of writing changed    it was written to: an error
 *   only the inode's change time did   it was renamed, or its time set back: its hash decides
 *   neither                            one system call, and nothing else
 */
#include "udf/rules/open.h"

#include "base/files.h"
#include "udf/rules/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a regular file shows that it was written to. */
static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int open_csv(struct lc_rules **out, int fd, const struct stat *seen, const char *path,
                    const struct lc_csv_options *options, struct lc_error *err)
{
    size_t size = (size_t)seen->st_size, n = 0;
    uint8_t *text = malloc(size + 1);
    struct stat now;
    int rc = 0;

    if (!text)
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory for %zu bytes", path, size);
    while (n < size && rc == 0) {
        ssize_t got = read(fd, text + n, size - n);

        if (got < 0 && errno != EINTR)
            rc = lc_fail(err, LC_ERR_IO, "%s: %s", path, strerror(errno));
        else if (got == 0)
            size = n;
        else if (got > 0)
            n += (size_t)got;
    }
    /* Half of the old rules and half of the new ones would be good CSV. */
    if (!rc && (fstat(fd, &now) || !same_state(seen, &now)))
        rc = lc_fail(err, LC_ERR_IO, "%s: the rules were written to while they were read", path);
    if (!rc)
        rc = lc_rules_parse_csv_with(out, text, n, path, options, err);
    free(text);
    return rc;
}

static int open_compiled(struct lc_rules **out, int fd, const struct stat *seen, const char *path,
                         struct lc_error *err)
{
    size_t size = (size_t)seen->st_size;
    void *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    struct lc_rules *r = NULL;
    int rc;

    if (base == MAP_FAILED)
        return lc_fail(err, LC_ERR_IO, "%s: cannot map it: %s", path, strerror(errno));
    rc = lc_rules_take(&r, base, size, false, path, err);
    if (rc) {
        munmap(base, size);
        return rc;
    }
    r->mapped = true;
    r->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    r->seen = *seen;
    memcpy(r->content, r->head->content, sizeof r->content);
    if (r->fd < 0)
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot keep it open: %s", path, strerror(errno));
    else if (size <= LC_RULES_CHECKED_BYTES)
        rc = lc_rules_check_content(r, path, err);
    if (!rc)
        rc = lc_rules_look(r, path, err);
    if (rc)
        lc_rules_free(r);
    else
        *out = r;
    return rc;
}

int lc_rules_open_with(struct lc_rules **out, const char *path,
                       const struct lc_csv_options *options, struct lc_error *err)
{
    /* Without O_NONBLOCK, to open a FIFO would wait for its writer. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    char start[sizeof(LC_RULES_MAGIC) - 1];
    int rc;

    if (fd < 0)
        return lc_fail(err, LC_ERR_IO, "%s: cannot open the rules: %s", path, strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        rc = lc_fail(err, LC_ERR_IO, "%s: not a regular file", path);
    } else if (pread(fd, start, sizeof start, 0) == sizeof start &&
               memcmp(start, LC_RULES_MAGIC, sizeof start) == 0) {
        rc = open_compiled(out, fd, &st, path, err);
    } else {
        rc = open_csv(out, fd, &st, path, options, err);
    }
    close(fd);
    return rc;
}

int lc_rules_open(struct lc_rules **out, const char *path, struct lc_error *err)
{
    static const struct lc_csv_options plain = {0};

    return lc_rules_open_with(out, path, &plain, err);
}

static int written_to(const char *path, bool cut, struct lc_error *err)
{
    return lc_fail(err, LC_ERR_INPUT,
                   "%s: the rules file was %s while it was in use; replace it by rename only", path,
                   cut ? "cut" : "written to");
}

int lc_rules_stat(int fd, struct stat *st)
{
#if defined(__x86_64__) || defined(__aarch64__)
    return (int)syscall(SYS_fstat, fd, st); /* the kernel's struct is the C library's there */
#else
    return fstat(fd, st);
#endif
}

int lc_rules_look(struct lc_rules *r, const char *path, struct lc_error *err)
{
    struct stat now;

    if (r->fd < 0)
        return 0;
    if (lc_rules_stat(r->fd, &now))
        return lc_fail(err, LC_ERR_IO, "%s: cannot look at the rules file: %s", path,
                       strerror(errno));
    if (!same_state(&r->seen, &now))
        return written_to(path, now.st_size < r->seen.st_size, err);
    if (now.st_ctim.tv_sec == r->seen.st_ctim.tv_sec &&
        now.st_ctim.tv_nsec == r->seen.st_ctim.tv_nsec)
        return 0;
    /* It was renamed, or its time was set back after a write, as cp -p does: its bytes tell. */
    if (memcmp(r->content, r->head->content, sizeof r->content) != 0 ||
        lc_rules_check_content(r, path, NULL))
        return written_to(path, false, err);
    r->seen = now;
    return 0;
}

int lc_rules_write(const struct lc_rules *r, const char *path, struct lc_error *err)
{
    return lc_file_write(path, r->base, r->size, 0644, err);
}
