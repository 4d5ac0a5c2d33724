/*
 * What a ClickHouse server writes when a statement fails, as a struct lc_error:
 *
 *   Code: 60. DB::Exception: Unknown table ... (UNKNOWN_TABLE) (version 26.7.2.1)        today's
 *   Code: 60, e.displayText() = DB::Exception: Table ... doesn't exist., e.what() = ...  18.16's
 */
#ifndef LC_CLI_SERVER_SERVER_ERROR_H
#define LC_CLI_SERVER_SERVER_ERROR_H
#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>

/* The number after "Code: " at the beginning of n bytes of text; 0 where there is none. */
int lc_server_error_code(const char *text, size_t n);

/*
 * Fill *err from n bytes of such text: on one line, without the server's version and with a long
 * list of expected tokens cut; with a word more where the text alone misleads. Returns
 * LC_ERR_SERVER.
 */
int lc_server_error(struct lc_error *err, const char *text, size_t n);

/*
 * True where an answer that began as a success ends with an exception, which is then in *found: a
 * server that has sent its first rows has no other place to put it. `tag` is the answer's
 * X-ClickHouse-Exception-Tag, NULL or "" where it had none; with a tag the exception stands in
 * "__exception__" marks that no data can hold; without one the last line that reads as an
 * exception is taken at its word.
 */
bool lc_server_error_at_end(const char *text, size_t n, const char *tag, struct lc_slice *found);

#endif
