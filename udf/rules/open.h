/* Rule files: CSV or compiled, read from and written to disk. The only rules code that does input or
 * output. */
#ifndef LC_UDF_RULES_OPEN_H
#define LC_UDF_RULES_OPEN_H
#include "udf/rules/ruleset.h"

/*
 * Open a rules file, CSV or compiled (told apart by the magic). A compiled one is mapped: header,
 * size and section bounds are checked, the content hash is not (lc_rules_check_content).
 * 0 and *out, to be freed by lc_rules_free; or LC_ERR_IO, LC_ERR_INPUT (err names file, line or
 * byte), LC_ERR_NOMEM.
 */
int lc_rules_open(struct lc_rules **out, const char *path, struct lc_error *err);

/*
 * Write the arena to `path` by way of a temporary file next to it: written, fsync'ed, renamed.
 * 0 or LC_ERR_IO; on failure what was at `path` is untouched and the temporary file is gone.
 */
int lc_rules_write(const struct lc_rules *r, const char *path, struct lc_error *err);

#endif
