/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read and put in place: what is there is the old content or the new, never a part. */
#ifndef LC_BASE_FILES_H
#define LC_BASE_FILES_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/* The most that lc_file_read takes: a program, or rules. */
#define LC_FILE_MAX_BYTES ((size_t)4 << 30)

/* Append the whole file to b. 0, LC_ERR_IO (it is not there; no regular file), LC_ERR_NOMEM (too
 * long). */
int lc_file_read(const char *path, struct lc_buf *b, struct lc_error *err);

/*
 * Put n bytes at `path` with that mode: written to a temporary file next to it, fsync'ed, renamed,
 * and the folder fsync'ed. Whoever runs or maps the old file keeps it whole. A machine that stops
 * meanwhile leaves path.XXXXXX.new behind, at most. What is no regular file (a device, a FIFO) is
 * written to as it is. 0; LC_ERR_IO, with
 * what was at `path` untouched and the temporary file gone; LC_ERR_NOMEM.
 */
int lc_file_write(const char *path, const void *p, size_t n, unsigned mode, struct lc_error *err);

/*
 * Remove what lc_file_write left next to `path` where it was killed. Only where nobody else writes
 * it at the time.
 */
void lc_file_sweep(const char *path);

/* Remove it, and fsync the folder; a file that is not there is fine. 0, LC_ERR_IO. */
int lc_file_remove(const char *path, struct lc_error *err);

/* How the file at `path` compares with n bytes. */
enum lc_file_state { LC_FILE_ABSENT, LC_FILE_SAME, LC_FILE_OTHER };
int lc_file_compare(const char *path, const void *p, size_t n, enum lc_file_state *state,
                    struct lc_error *err);

/* Make the folder unless it is there; its parents must be. 0, LC_ERR_IO. */
int lc_folder_make(const char *path, struct lc_error *err);

/* "folder/name", malloc'ed. NULL: no memory, said in *err. */
char *lc_path_join(const char *folder, const char *name, struct lc_error *err);

/* Write all n bytes, whatever a signal cuts short. 0; -1 with errno. */
int lc_write_all(int fd, const void *p, size_t n);

#endif
