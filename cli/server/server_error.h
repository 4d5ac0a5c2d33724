/* SPDX-License-Identifier: Apache-2.0 */
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

/* The server's error numbers that livecol tells apart: system.errors has their names. */
enum lc_server_code {
    LC_SERVER_ATTEMPT_TO_READ_AFTER_EOF = 32,
    LC_SERVER_CANNOT_READ_ALL_DATA = 33,
    LC_SERVER_WRONG_ARGUMENTS = 42, /* their number */
    LC_SERVER_ILLEGAL_TYPE = 43,    /* of an argument */
    LC_SERVER_UNKNOWN_FUNCTION = 46,
    LC_SERVER_UNKNOWN_IDENTIFIER = 47,
    LC_SERVER_UNKNOWN_TYPE = 50,
    LC_SERVER_TYPE_MISMATCH = 53,
    LC_SERVER_TABLE_ALREADY_EXISTS = 57,
    LC_SERVER_UNKNOWN_TABLE = 60,
    LC_SERVER_SYNTAX_ERROR = 62,
    LC_SERVER_UNKNOWN_DATABASE = 81,
    LC_SERVER_UNKNOWN_SETTING = 115,
    LC_SERVER_INCOMPATIBLE_COLUMNS = 122,
    LC_SERVER_TIMEOUT_EXCEEDED = 159,
    LC_SERVER_READONLY = 164,
    LC_SERVER_UNKNOWN_USER = 192,
    LC_SERVER_WRONG_PASSWORD = 193,
    LC_SERVER_DNS_ERROR = 198,
    LC_SERVER_SOCKET_TIMEOUT = 209,
    LC_SERVER_NETWORK_ERROR = 210,
    LC_SERVER_QUERY_ID_RUNS = 216,
    LC_SERVER_TABLE_IS_DROPPED = 218,
    LC_SERVER_NO_ZOOKEEPER = 225,
    LC_SERVER_TABLE_IS_READ_ONLY = 242,
    LC_SERVER_REPLICA_IS_ALREADY_EXIST = 253,
    LC_SERVER_UNFINISHED = 341,
    LC_SERVER_CANNOT_INSERT_NULL = 349,
    LC_SERVER_AUTHENTICATION_FAILED = 516,
    LC_SERVER_CANNOT_ASSIGN_ALTER = 517,
    LC_SERVER_TOO_MANY_MUTATIONS = 692,
    LC_SERVER_KEEPER_EXCEPTION = 999
};

/*
 * Does the server say that the statement was not begun, and may succeed later? 517 (another ALTER
 * is being assigned), 692 (too many mutations), 242 (a replica that is read-only for now).
 */
bool lc_server_code_is_transient(int code);

/* Does this failure say that Keeper cannot be reached just now, or that a table waits for it? */
bool lc_keeper_is_away(const struct lc_error *err);

/* The number between "Code: " at the beginning of n bytes of text and a dot or comma; 0: there is none. */
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
 * X-ClickHouse-Exception-Tag, NULL or "" where it had none. The exception is behind the mark
 * "__exception__", with the tag where there is one, which no table can hold. by_word: without a tag and
 * a mark too, as old servers write it, the last line that reads as an exception is taken at its word.
 *
 * What is found may be cut where the connection was: lc_server_error_code is 0 then, unless the number is whole.
 */
bool lc_server_error_at_end(const char *text, size_t n, const char *tag, bool by_word,
                            struct lc_slice *found);

/*
 * True where the answer ends inside the marks of an exception with this tag, before its text: something on the
 * way has cut it, and made it whole again. is_table: it should be a table in TabSeparated.
 */
bool lc_server_error_begins_at_end(const char *text, size_t n, const char *tag, bool is_table);

#endif
