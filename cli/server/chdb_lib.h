/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libchdb, ClickHouse's engine as a library, loaded when it is first asked for. Only the functions
 * below are taken from it; the optional ones are NULL where the library has none.
 *   https://clickhouse.com/docs/chdb, programs/local/chdb.h of chdb-core
 */
#ifndef LC_CLI_SERVER_CHDB_LIB_H
#define LC_CLI_SERVER_CHDB_LIB_H
#include "base/error.h"

#include <stdbool.h>

struct lc_chdb_analysis {
    uint32_t struct_bytes; /* set by the caller */
    uint32_t statements;
    uint32_t flags;
    uint32_t class; /* 0 reads only, 4 unknown, between them what writes more and more */
};

struct lc_chdb_lib {
    void **(*connect)(int argc, char **argv);
    void (*close_conn)(void **conn);
    void *(*query_n)(void *conn, const char *sql, size_t n, const char *format, size_t format_n);
    void *(*query_with_params_n)(void *conn, const char *sql, size_t n, const char *format,
                                 size_t format_n, const char *const *names, const size_t *name_ns,
                                 const char *const *values, const size_t *value_ns, size_t params);
    void (*destroy_query_result)(void *result);
    char *(*result_buffer)(void *result);
    size_t (*result_length)(void *result);
    const char *(*result_error)(void *result);
    double (*result_elapsed)(void *result);
    uint64_t (*result_storage_rows_read)(void *result);
    uint64_t (*result_storage_bytes_read)(void *result);
    uint64_t (*result_rows_written)(void *result);
    uint64_t (*result_bytes_written)(void *result);
    /* an INSERT whose data is handed over apart */
    void *(*stream_insert_with_params_n)(void *conn, const char *sql, size_t n, const char *format,
                                         size_t format_n, const char *const *names,
                                         const size_t *name_ns, const char *const *values,
                                         const size_t *value_ns, size_t params);
    int (*stream_append)(void *stream, const void *data, size_t n);
    void *(*stream_done)(void *stream);
    const char *(*stream_insert_error)(void *stream);
    void (*destroy_insert_stream)(void *stream);
    int (*classify_query_n)(void *conn, const char *sql, size_t n, const char *database,
                            size_t database_n, struct lc_chdb_analysis *out);
    /* optional */
    void *(*stream_query_with_params_n)(void *conn, const char *sql, size_t n, const char *format,
                                        size_t format_n, const char *const *names,
                                        const size_t *name_ns, const char *const *values,
                                        const size_t *value_ns, size_t params);
    void *(*stream_fetch_result)(void *conn, void *stream);
    void (*stream_cancel_query)(void *conn, void *stream);
    void (*set_signal_handlers_enabled)(int enabled);
};

/*
 * Load the library once a process: `named`, or LIVECOL_LIBCHDB, or the one of the install prefix
 * (../lib/livecol/libchdb.so from the program). 0 and *out, valid until exit; LC_ERR_IO with a hint
 * how to get it. Not to be called from two threads at once.
 */
int lc_chdb_lib_load(const char *named, const struct lc_chdb_lib **out, struct lc_error *err);

enum { LC_CHDB_PATH_BYTES = 8192 };

/* Where it would be loaded from: LIVECOL_LIBCHDB, or one that was found. False: there is none. */
bool lc_chdb_where(char out[LC_CHDB_PATH_BYTES]);

#endif
