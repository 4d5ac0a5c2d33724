/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded engine: one data path a process, any number of statements side by side.
 *
 *   start ── run, run, run … (any thread) ── stop        counted: the last stop ends the engine
 *
 * Every statement has a connection of its own (0.2 ms), so that SET, USE and temporary tables end
 * with it, as they do over HTTP, and nothing of a failed one is left for the next: a connection
 * whose query failed in mid-result hands the blocks made before to its next query (seen with 26.7).
 * It carries its id in the setting log_comment, by which a thread that watches the clock stops it.
 * The process's stdin is /dev/null from the start on, unless it is a terminal: the engine would insert what is
 * in it. Read it before.
 * Two defaults of libchdb are set to the server's: mutations_sync=0 and implicit_select=0.
 */
#ifndef LC_CLI_SERVER_CHDB_H
#define LC_CLI_SERVER_CHDB_H
#include "cli/server/backend.h"

struct lc_chdb_call {
    const char *sql; /* one statement, any bytes */
    size_t sql_n;
    const char *format;                /* of the answer, unless the statement names one */
    const char *database;              /* NULL: "default" */
    const char *id;                    /* its log_comment; NULL: a fresh one */
    const struct lc_setting *settings; /* ends with name NULL; may be NULL */
    const char *const *param_names;    /* values of {name:Type}, in escaped text */
    const char *const *param_values;
    size_t params;
    unsigned timeout_ms;       /* 0: none */
    const atomic_bool *cancel; /* NULL: never */
};

struct lc_chdb_answer {
    void *result; /* what the slices below belong to */
    const char *p;
    size_t n;
    double elapsed_s;
    uint64_t rows_read, bytes_read, rows_written, bytes_written;
};

/*
 * Start the engine over to->path (cli/server/data_path.h), or count one more user of it. 0;
 * LC_ERR_IO (no library, the path cannot be used), LC_ERR_REFUSED (it is no data path),
 * LC_ERR_LOCKED (another process has the path open), LC_ERR_USAGE (this process has another path
 * open), LC_ERR_NOMEM.
 */
int lc_chdb_start(const struct lc_connect *to, struct lc_error *err);

/* Count one user less; the last one ends the engine. */
void lc_chdb_stop(void);

/*
 * Run one statement. 0 and *answer, to be given to lc_chdb_release; LC_ERR_SERVER with the engine's
 * code; LC_ERR_UNKNOWN (too late, and stopped: what it had done stays done), LC_ERR_STOPPED (cancel
 * became true; stopped too), LC_ERR_NOMEM. Two statements in one text are refused (62), as a
 * server does.
 */
int lc_chdb_run(const struct lc_chdb_call *call, struct lc_chdb_answer *answer,
                struct lc_error *err);

void lc_chdb_release(struct lc_chdb_answer *answer);

/*
 * For who runs the statement by chdb_lib.h: a connection that has its id (which is needed), database and settings.
 * NULL with *err: as of lc_chdb_run, two statements in one text too. To be closed.
 */
void **lc_chdb_connect(const struct lc_chdb_call *call, struct lc_error *err);
void lc_chdb_close(void **conn);

enum lc_chdb_class { LC_CHDB_READS, LC_CHDB_WRITES, LC_CHDB_UNCLEAR };

/* What the engine takes the text for; LC_CHDB_UNCLEAR where it does not parse. Runs nothing. */
enum lc_chdb_class lc_chdb_class_of(const char *sql, size_t n);

#endif
