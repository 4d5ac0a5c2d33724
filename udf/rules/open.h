/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule files: CSV or compiled, read from and written to disk. The only rules code that does input or
 * output.
 */
#ifndef LC_UDF_RULES_OPEN_H
#define LC_UDF_RULES_OPEN_H
#include "udf/rules/csv.h"

/* A compiled file up to this size is compared with its content's hash when it is opened: a few ms. */
#define LC_RULES_CHECKED_BYTES ((size_t)64 << 20)

/*
 * Open a rules file, CSV or compiled (told apart by the magic). A compiled one is mapped: header,
 * size and section bounds are checked, and the content's hash up to LC_RULES_CHECKED_BYTES (above:
 * lc_rules_check_content). What is no regular file, a FIFO or a device, is refused without waiting.
 * 0 and *out, to be freed by lc_rules_free; or LC_ERR_IO, LC_ERR_INPUT (err names file, line or
 * byte), LC_ERR_NOMEM.
 */
int lc_rules_open(struct lc_rules **out, const char *path, struct lc_error *err);

/* As lc_rules_open; a CSV is read by these options. */
int lc_rules_open_with(struct lc_rules **out, const char *path,
                       const struct lc_csv_options *options, struct lc_error *err);

/* As fstat, by the call of that name: the C library's takes paths too, and is not in the sandbox. */
int lc_rules_stat(int fd, struct stat *st);

/*
 * Was the mapped file written to since it was opened? Whoever looks after an answer is made and
 * before it is given away gives none that is mixed of two rule sets. Size and time of the last
 * write are compared; where only the inode's own time differs (it was renamed, or its time set
 * back), the content with its hash. One fstat else. `path` is for the message. 0, also for rules
 * that are not mapped; LC_ERR_INPUT: it was; LC_ERR_IO.
 */
int lc_rules_look(struct lc_rules *r, const char *path, struct lc_error *err);

/*
 * Write the arena to `path`, as lc_file_write does. 0, LC_ERR_IO, LC_ERR_NOMEM; on failure what was at
 * `path` is untouched.
 */
int lc_rules_write(const struct lc_rules *r, const char *path, struct lc_error *err);

#endif
