/* SPDX-License-Identifier: Apache-2.0 */
/* chdb-http as a child of a test: on a free port, ended by its pid, and with the test at the
 * latest. */
#ifndef CHDB_SERVER_H
#define CHDB_SERVER_H
#include <sys/types.h>

struct chdb_server {
    pid_t pid;
    unsigned port;
    char url[64]; /* http://127.0.0.1:port, or https:// */
};

/*
 * Start the program that LIVECOL_CHDB_HTTP names over the data path, with further arguments (which
 * end with NULL; may be NULL itself), and wait until it answers. The test fails where it does not.
 */
void chdb_server_start(struct chdb_server *s, const char *path, const char *const *more);

/* SIGTERM, and wait; the test fails unless it ends with 0. */
void chdb_server_stop(struct chdb_server *s);

/* SIGKILL, and wait. */
void chdb_server_kill(struct chdb_server *s);

/* A new folder under TMPDIR, to be removed with all that is in it. */
char *scratch_new(void);
void scratch_remove(char *folder);

#endif
