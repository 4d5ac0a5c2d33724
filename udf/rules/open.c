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
#include <unistd.h>

static int open_csv(struct lc_rules **out, int fd, size_t size, const char *path,
                    struct lc_error *err)
{
    uint8_t *text = malloc(size + 1);
    size_t n = 0;
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
    if (!rc)
        rc = lc_rules_parse_csv(out, text, n, path, err);
    free(text);
    return rc;
}

static int open_compiled(struct lc_rules **out, int fd, size_t size, const char *path,
                         struct lc_error *err)
{
    void *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    int rc;

    if (base == MAP_FAILED)
        return lc_fail(err, LC_ERR_IO, "%s: cannot map it: %s", path, strerror(errno));
    rc = lc_rules_take(out, base, size, false, path, err);
    if (rc)
        munmap(base, size);
    else
        (*out)->mapped = true;
    return rc;
}

int lc_rules_open(struct lc_rules **out, const char *path, struct lc_error *err)
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
        rc = open_compiled(out, fd, (size_t)st.st_size, path, err);
    } else {
        rc = open_csv(out, fd, (size_t)st.st_size, path, err);
    }
    close(fd);
    return rc;
}

/* Make a rename last: fsync the folder that holds the path. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int lc_rules_write(const struct lc_rules *r, const char *path, struct lc_error *err)
{
    size_t room = strlen(path) + 16;
    char *temporary = malloc(room);
    int fd, rc = 0;

    if (!temporary)
        return lc_fail(err, LC_ERR_NOMEM, "%s: not enough memory", path);
    snprintf(temporary, room, "%s.XXXXXX", path);
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot write next to it: %s", path, strerror(errno));
        free(temporary);
        return rc;
    }
    if (lc_write_all(fd, r->base, r->size) || fchmod(fd, 0644) || fsync(fd))
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot write: %s", temporary, strerror(errno));
    if (close(fd) && !rc)
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot write: %s", temporary, strerror(errno));
    if (!rc && rename(temporary, path))
        rc = lc_fail(err, LC_ERR_IO, "%s: cannot rename to it: %s", path, strerror(errno));
    if (rc)
        unlink(temporary);
    else
        sync_folder(path);
    free(temporary);
    return rc;
}
