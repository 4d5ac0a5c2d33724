/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libchdb is opened by dlopen, not linked: it is larger than all else together, and most
 * commands run without it. It is looked for in this order: the caller's path, LIVECOL_LIBCHDB,
 * the install prefix, the source tree's .deps.
 */
#include "cli/server/chdb_lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the install rules put it, seen from the folder of the program. */
#ifndef LIVECOL_LIBCHDB_FROM_BIN
#error "LIVECOL_LIBCHDB_FROM_BIN is set by CMake"
#endif

static struct lc_chdb_lib lib;
static bool loaded;

/* Where scripts/bootstrap puts it, seen from a program in build/NAME/cli or
 * build/NAME/tests/support. */
static const char *const fetched[] = {
    "../../../.deps/chdb/node_modules/@chdb/lib-linux-*/libchdb.so",
    "../../../../.deps/chdb/node_modules/@chdb/lib-linux-*/libchdb.so",
};

/* The folder of this program with its '/', in out[PATH_MAX]; "" where the system cannot say. */
static void own_folder(char *out)
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;

    out[n > 0 ? n : 0] = '\0';
    slash = strrchr(out, '/');
    if (slash)
        slash[1] = '\0';
}

/*
 * The library next to the installed program; where it is not there, the one that was fetched for
 * this source tree; else the first path again, to be complained of.
 */
static void find_library(char out[2 * PATH_MAX])
{
    char folder[PATH_MAX];
    glob_t found = {0};

    own_folder(folder);
    snprintf(out, (size_t)2 * PATH_MAX, "%s%s", folder, LIVECOL_LIBCHDB_FROM_BIN);
    for (size_t i = 0; access(out, F_OK) != 0 && i < sizeof fetched / sizeof *fetched; i++) {
        char pattern[2 * PATH_MAX];

        snprintf(pattern, sizeof pattern, "%s%s", folder, fetched[i]);
        if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0)
            snprintf(out, (size_t)2 * PATH_MAX, "%s", found.gl_pathv[0]);
        globfree(&found);
    }
}

/* Fill `lib`. A library without one of the functions that are needed is refused by name. */
static int find_functions(void *handle, const char *path, struct lc_error *err)
{
    /* ISO C has no cast from an object pointer to a function pointer; POSIX has the value fit. */
    const struct {
        const char *name;
        void *at;
        bool optional;
    } all[] = {
        {"chdb_connect", &lib.connect, false},
        {"chdb_close_conn", &lib.close_conn, false},
        {"chdb_query_n", &lib.query_n, false},
        {"chdb_query_with_params_n", &lib.query_with_params_n, false},
        {"chdb_destroy_query_result", &lib.destroy_query_result, false},
        {"chdb_result_buffer", &lib.result_buffer, false},
        {"chdb_result_length", &lib.result_length, false},
        {"chdb_result_error", &lib.result_error, false},
        {"chdb_result_elapsed", &lib.result_elapsed, false},
        {"chdb_result_storage_rows_read", &lib.result_storage_rows_read, false},
        {"chdb_result_storage_bytes_read", &lib.result_storage_bytes_read, false},
        {"chdb_result_rows_written", &lib.result_rows_written, false},
        {"chdb_result_bytes_written", &lib.result_bytes_written, false},
        {"chdb_stream_insert_with_params_n", &lib.stream_insert_with_params_n, false},
        {"chdb_stream_append", &lib.stream_append, false},
        {"chdb_stream_done", &lib.stream_done, false},
        {"chdb_stream_insert_error", &lib.stream_insert_error, false},
        {"chdb_destroy_insert_stream", &lib.destroy_insert_stream, false},
        {"chdb_classify_query_n", &lib.classify_query_n, false},
        {"chdb_stream_query_with_params_n", &lib.stream_query_with_params_n, true},
        {"chdb_stream_fetch_result", &lib.stream_fetch_result, true},
        {"chdb_stream_cancel_query", &lib.stream_cancel_query, true},
        {"chdb_set_signal_handlers_enabled", &lib.set_signal_handlers_enabled, true},
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        void *f = dlsym(handle, all[i].name);

        if (!f && !all[i].optional) {
            lc_fail(err, LC_ERR_IO, "%s has no function %s: it is too old", path, all[i].name);
            lc_hint(err, "livecol is tested with 26.7.3; scripts/bootstrap demo fetches it");
            return LC_ERR_IO;
        }
        memcpy(all[i].at, &f, sizeof f);
    }
    return 0;
}

int lc_chdb_lib_load(const char *named, const struct lc_chdb_lib **out, struct lc_error *err)
{
    char installed[2 * PATH_MAX];
    const char *path = named ? named : getenv("LIVECOL_LIBCHDB");
    void *handle;
    int rc;

    *out = &lib;
    if (loaded)
        return 0;
    if (!path || !*path) {
        find_library(installed);
        path = installed;
    }
    if (access(path, R_OK) != 0) {
        lc_fail(err, LC_ERR_IO, "cannot read the embedded engine's library, %s: %s%s", path,
                strerror(errno), path == installed ? " (and LIVECOL_LIBCHDB is not set)" : "");
        lc_hint(err, "scripts/bootstrap demo fetches it (npm package @chdb/lib-linux-x64-gnu); "
                     "LIVECOL_LIBCHDB names a libchdb.so that is elsewhere");
        return LC_ERR_IO;
    }
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return lc_fail(err, LC_ERR_IO, "cannot load the embedded engine: %s", dlerror());
    rc = find_functions(handle, path, err);
    if (rc) {
        dlclose(handle);
        return rc;
    }
    /* Its handlers print a trace and sleep for minutes; a crash shall be a crash. */
    if (lib.set_signal_handlers_enabled)
        lib.set_signal_handlers_enabled(0);
    loaded = true;
    return 0;
}

bool lc_chdb_where(char out[LC_CHDB_PATH_BYTES])
{
    const char *named = getenv("LIVECOL_LIBCHDB");

    if (named)
        snprintf(out, LC_CHDB_PATH_BYTES, "%s", named);
    else
        find_library(out);
    return access(out, R_OK) == 0;
}
