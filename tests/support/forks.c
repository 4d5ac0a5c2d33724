/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many runs of one program, each in a child of a process that has loaded its libraries: to load them takes longer
 * than a run does. Linked with --wrap=main and --wrap=getrandom.
 *
 *   LIVECOL_TEST_FORKS=1   stdin has the runs, a line each thing: "out FILE", "err FILE", "set NAME=VALUE" and
 *                          "arg WORD", as often as needed, then "run". Answered on stdout by "pid N" when the
 *                          run begins and "end STATUS", as waitpid gives it, when it is over; then comes the next.
 *   LIVECOL_TEST_RANDOM=1  random bytes are the same in each run: the n-th sixteen of a run are all n, so that what
 *                          was recorded of one run answers another one. Any other number of them is all 1.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, LINE_MAX_BYTES = 4096, RANDOM_BYTES = 16 };

int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);
ssize_t __real_getrandom(void *p, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags);

ssize_t __wrap_getrandom(void *p, size_t n, unsigned flags)
{
    static atomic_uint calls;

    if (!getenv("LIVECOL_TEST_RANDOM"))
        return __real_getrandom(p, n, flags);
    memset(p, n == RANDOM_BYTES ? (int)(atomic_fetch_add(&calls, 1) + 1) : 1, n);
    return (ssize_t)n;
}

/* What the lines of a run say; its words are in `text`, one behind the other. */
struct run {
    char text[WORDS_MAX * 256];
    size_t text_n;
    char *argv[WORDS_MAX + 1], *set[WORDS_MAX + 1];
    int argc;
    size_t set_n;
    const char *out, *err;
};

static char *keep(struct run *r, const char *word)
{
    size_t n = strlen(word) + 1;
    char *at = r->text + r->text_n;

    if (n > sizeof r->text - r->text_n || r->argc == WORDS_MAX || r->set_n == WORDS_MAX)
        abort();
    memcpy(at, word, n);
    r->text_n += n;
    return at;
}

/* False: there are no more runs. */
static int read_run(struct run *r, char *program)
{
    char line[LINE_MAX_BYTES];

    *r = (struct run){.argv = {program}, .argc = 1};
    while (fgets(line, sizeof line, stdin)) {
        char *word = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "run") == 0)
            return r->out && r->err;
        if (!word)
            abort();
        *word++ = '\0';
        if (strcmp(line, "out") == 0)
            r->out = keep(r, word);
        else if (strcmp(line, "err") == 0)
            r->err = keep(r, word);
        else if (strcmp(line, "set") == 0)
            r->set[r->set_n++] = keep(r, word);
        else if (strcmp(line, "arg") == 0)
            r->argv[r->argc++] = keep(r, word);
        else
            abort();
    }
    return 0;
}

static void become(int fd, const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (file < 0 || dup2(file, fd) < 0)
        _exit(126);
    close(file);
}

/* In the child. */
static int run(struct run *r)
{
    become(STDIN_FILENO, "/dev/null");
    become(STDOUT_FILENO, r->out);
    become(STDERR_FILENO, r->err);
    unsetenv("LIVECOL_TEST_FORKS");
    for (size_t i = 0; i < r->set_n; i++)
        putenv(r->set[i]);
    return __real_main(r->argc, r->argv);
}

int __wrap_main(int argc, char **argv)
{
    static struct run r;

    if (!getenv("LIVECOL_TEST_FORKS"))
        return __real_main(argc, argv);
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        abort();
    while (read_run(&r, argv[0])) {
        int status = 0;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0)
            return run(&r); /* as a program of its own ends: with all that exit does */
        if (pid < 0)
            abort();
        printf("pid %ld\n", (long)pid);
        fflush(stdout);
        if (waitpid(pid, &status, 0) != pid)
            abort();
        printf("end %d\n", status);
        fflush(stdout);
    }
    return 0;
}
