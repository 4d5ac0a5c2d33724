/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chdb_server.h"

#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 24 };

/* Where the test itself is ended by a signal: what it started goes, then its folder. */
static char *removal[] = {"rm", "-rf", "--", NULL, NULL};
static volatile pid_t started;
static pid_t owner; /* of the folder */

static void on_end(int sig)
{
    (void)sig;
    if (started > 0)
        kill(started, SIGKILL);
    execv("/bin/rm", removal);
    _exit(1);
}

/* In the child: give up together with the test, then become the server. Never returns. */
static void become_server(const char *path, const char *const *more, int out)
{
    const char *argv[ARGS_MAX] = {getenv("LIVECOL_CHDB_HTTP"), "--path", path};
    size_t n = 3;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (more && *more && n < ARGS_MAX - 1)
        argv[n++] = *more++;
    if (argv[0] && dup2(out, STDOUT_FILENO) >= 0)
        execv(argv[0], (char *const *)argv);
    _exit(127);
}

static bool is_tls(const char *const *more)
{
    for (; more && *more; more++)
        if (strcmp(*more, "--tls-cert") == 0)
            return true;
    return false;
}

void chdb_server_start(struct chdb_server *s, const char *path, const char *const *more)
{
    int out[2];
    FILE *said;
    bool answers;

    assert_non_null(getenv("LIVECOL_CHDB_HTTP"));
    assert_int_equal(pipe(out), 0);
    fflush(NULL);
    s->pid = started = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0)
        become_server(path, more, out[1]);
    close(out[1]);
    said = fdopen(out[0], "r");
    assert_non_null(said);
    answers = fscanf(said, "port %u", &s->port) == 1;
    fclose(said);
    assert_true(answers);
    snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%u", is_tls(more) ? "s" : "", s->port);
}

void chdb_server_stop(struct chdb_server *s)
{
    int status;

    assert_int_equal(kill(s->pid, SIGTERM), 0);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    s->pid = started = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

void chdb_server_kill(struct chdb_server *s)
{
    assert_int_equal(kill(s->pid, SIGKILL), 0);
    assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
    s->pid = started = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

/* What a test that failed has left: its server, then its folder. */
static void remove_left(void)
{
    if (getpid() != owner) /* a child that ends */
        return;
    if (started > 0) {
        kill(started, SIGKILL);
        waitpid(started, NULL, 0);
        started = 0;
    }
    if (removal[3]) {
        nftw(removal[3], remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(removal[3]);
        removal[3] = NULL;
    }
}

char *scratch_new(void)
{
    const char *where = getenv("TMPDIR");
    char *folder;

    assert_true(asprintf(&folder, "%s/livecol-test-XXXXXX", where && *where ? where : "/tmp") > 0);
    assert_non_null(mkdtemp(folder));
    if (owner == 0)
        atexit(remove_left);
    owner = getpid();
    remove_left(); /* of the test before, if it failed */
    removal[3] = folder;
    signal(SIGINT, on_end);
    signal(SIGTERM, on_end);
    return folder;
}

void scratch_remove(char *folder)
{
    assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    removal[3] = NULL;
    free(folder);
}
