/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: nothing here returns. */
static void become(const char *command, const struct lc_hook_fact *facts)
{
    for (const struct lc_hook_fact *f = facts; f && f->name; f++)
        setenv(f->name, f->value ? f->value : "", 1);
    /*
     * Our stdout is data for another program. SIGPIPE, which we ignore, and the handlers go
     * back to their defaults: an ignored signal would stay ignored after exec.
     */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (signal(SIGHUP, SIG_DFL) == SIG_IGN)
        signal(SIGHUP, SIG_IGN); /* nohup holds for it, too */
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

int lc_hook_run(const char *command, const struct lc_hook_fact *facts, struct lc_error *err)
{
    int status;
    pid_t child;

    if (!command)
        return 0;
    child = fork();
    if (child < 0)
        return lc_fail(err, LC_ERR_IO, "cannot start \"%.200s\": %s", command, strerror(errno));
    if (child == 0)
        become(command, facts);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return lc_fail(err, LC_ERR_IO, "cannot wait for \"%.200s\": %s", command,
                           strerror(errno));
    }
    if (WIFSIGNALED(status))
        return lc_fail(err, LC_ERR_IO, "\"%.200s\" was ended by signal %d", command,
                       WTERMSIG(status));
    if (WEXITSTATUS(status))
        return lc_fail(err, LC_ERR_IO, "\"%.200s\" ended with exit code %d", command,
                       WEXITSTATUS(status));
    return 0;
}
