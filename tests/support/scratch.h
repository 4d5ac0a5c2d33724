/* SPDX-License-Identifier: Apache-2.0 */
/* New files and folders in TMPDIR, which goes with the test (support/guard.c). */
#ifndef LIVECOL_TEST_SCRATCH_H
#define LIVECOL_TEST_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_PATH_BYTES = 2048 };

static inline const char *scratch_where(void)
{
    const char *where = getenv("TMPDIR");

    return where && *where ? where : "/tmp";
}

/* A new file, open for reading and writing: its descriptor, or -1; its path in path. */
static inline int scratch_file(char path[SCRATCH_PATH_BYTES])
{
    snprintf(path, SCRATCH_PATH_BYTES, "%s/livecol-file-XXXXXX", scratch_where());
    return mkstemp(path);
}

/* A new folder: path, or NULL. */
static inline char *scratch_folder(char path[SCRATCH_PATH_BYTES])
{
    snprintf(path, SCRATCH_PATH_BYTES, "%s/livecol-folder-XXXXXX", scratch_where());
    return mkdtemp(path);
}

#endif
