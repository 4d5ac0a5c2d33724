/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a test so that its processes and files go with it, however it ends.
 *
 *   guard [--dir DIR] [--suite] -- COMMAND [ARGUMENT...]
 *                     runs COMMAND; its exit code is the answer
 *   guard --left DIR  shows what guards with --dir DIR have left
 *
 *   ctest ── guard ──┬── COMMAND, in a process group of its own, and all that it starts:
 *              │     │     LIVECOL_TEST_MARK names the guard in each one's environment
 *              │pipe │     TMPDIR is a folder of its own, livecol-test.XXXXXX
 *           watcher  └── orphans: they become children of the guard (PR_SET_CHILD_SUBREAPER)
 *
 * - COMMAND ends by itself: a process that is still there after a grace of some seconds, or a file
 *   in TMPDIR, is a failure (exit 1) that names what was left. All is removed.
 * - The guard gets INT, TERM or HUP, or ctest dies: COMMAND gets the signal and some seconds to
 *   end, then all is removed without a word.
 * - The guard itself is killed: the watcher, a child of init that no signal to a group or a tree
 *   reaches, reads the end of the pipe, and removes all.
 *
 * A process is found by its mark, or as a child of the guard: one that has cleared its environment
 * is found too, unless the guard is killed. Guards may be nested: a mark holds those of the guards
 * around it.
 *
 * LIVECOL_GUARD_TIMES=FILE: what each test takes is added to FILE.
 *
 * --suite is for a whole run of ctest: COMMAND stays in the process group of the terminal, and the
 * guard outlives the one who started it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK   "LIVECOL_TEST_MARK"
#define OWNER  ".livecol-test" /* in a TMPDIR: the mark of its guard */
#define PREFIX "livecol-test."

enum {
    GRACE_MS = 30000, /* for processes that are about to end; LIVECOL_GUARD_GRACE_MS */
    SWEEP_MS = 30000, /* for killed ones to go */
    ENVIRON_MAX_BYTES = 1 << 20,
    MARK_MAX_BYTES = 8192,
};

/* "DIR:PID-START", behind the marks of the guards around this one, with spaces between. */
static char mark[MARK_MAX_BYTES];
static char folder[PATH_MAX]; /* the TMPDIR of COMMAND; "": there is none */

static void say(const char *what, const char *detail)
{
    fprintf(stderr, "guard: %s%s\n", what, detail);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static long grace_ms(void)
{
    const char *set = getenv("LIVECOL_GUARD_GRACE_MS");

    return set && *set ? strtol(set, NULL, 10) : GRACE_MS;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Up to max - 1 bytes of a file of /proc/PID, with a 0 behind them; -1 where there is none. */
static ssize_t read_proc(pid_t pid, const char *name, char *out, size_t max)
{
    char path[64];
    size_t n = 0;
    ssize_t got = 0;
    int fd;

    out[0] = '\0';
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    while (n < max - 1 && (got = read(fd, out + n, max - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    out[n] = '\0';
    return got < 0 && n == 0 ? -1 : (ssize_t)n;
}

/* What /proc/PID/stat says; false where there is no such process, or it is a zombie. */
static bool process_alive(pid_t pid, pid_t *parent, unsigned long long *start)
{
    char text[1024], state;
    const char *after;
    int ppid;

    if (read_proc(pid, "stat", text, sizeof text) <= 0)
        return false;
    after = strrchr(text, ')');
    if (!after || sscanf(after + 1, " %c %d", &state, &ppid) != 2 || state == 'Z' || state == 'X')
        return false;
    *parent = ppid;
    return sscanf(after + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                  "%llu",
                  start) == 1;
}

/* The mark in a process's environment, in a buffer that the next call uses; NULL: it has none. */
static const char *process_mark(pid_t pid)
{
    static char env[ENVIRON_MAX_BYTES];
    ssize_t n = read_proc(pid, "environ", env, sizeof env);

    for (ssize_t at = 0; at < n; at += (ssize_t)strlen(env + at) + 1)
        if (strncmp(env + at, MARK "=", sizeof MARK) == 0)
            return env + at + sizeof MARK;
    return NULL;
}

/* A mark that is ours, or of a guard that runs in ours. */
static bool mark_is_ours(const char *other)
{
    size_t n = strlen(mark);

    return other && strncmp(other, mark, n) == 0 && (other[n] == '\0' || other[n] == ' ');
}

typedef void process_visit(pid_t pid, void *data);

/* Visit all processes that COMMAND has left: marked ones, and children of this process. */
static size_t each_of_ours(process_visit *visit, void *data)
{
    DIR *proc = opendir("/proc");
    const struct dirent *e;
    size_t n = 0;

    while (proc && (e = readdir(proc))) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10), parent;
        unsigned long long start;

        if (pid <= 0 || pid == getpid() || !process_alive(pid, &parent, &start))
            continue;
        if (parent == getpid() || mark_is_ours(process_mark(pid))) {
            visit(pid, data);
            n++;
        }
    }
    if (proc)
        closedir(proc);
    return n;
}

static void visit_nothing(pid_t pid, void *data)
{
    (void)pid, (void)data;
}

static void visit_kill(pid_t pid, void *data)
{
    (void)data;
    kill(pid, SIGKILL);
}

static void visit_name(pid_t pid, void *data)
{
    char line[512];
    ssize_t n = read_proc(pid, "cmdline", line, sizeof line);

    for (ssize_t i = 0; i + 1 < n; i++)
        if (line[i] == '\0')
            line[i] = ' ';
    fprintf(stderr, "guard: %s process %d: %s\n", (const char *)data, (int)pid, line);
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* True when nothing of ours runs any more, within the time. */
static bool wait_for_none(long ms)
{
    int64_t end = now_ms() + ms;

    for (long pause = 1;; pause = pause < 100 ? pause * 2 : pause) {
        reap();
        if (each_of_ours(visit_nothing, NULL) == 0)
            return true;
        if (now_ms() >= end)
            return false;
        pause_ms(pause);
    }
}

/* Kill until two looks find none: one that forks right now may escape a look. */
static void kill_all(void)
{
    int64_t end = now_ms() + SWEEP_MS;

    for (int quiet = 0; quiet < 2 && now_ms() < end;) {
        quiet = each_of_ours(visit_kill, NULL) == 0 ? quiet + 1 : 0;
        reap();
        pause_ms(quiet ? 1 : 10);
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)at;
    if (type == FTW_DNR)
        chmod(path, 0700);
    remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    struct stat st;

    /* Twice: a folder that nobody might read is opened by the first pass. */
    for (int i = 0; i < 2 && lstat(path, &st) == 0; i++)
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void sweep(void)
{
    kill_all();
    if (folder[0])
        remove_tree(folder);
}

/* --- the watcher ---------------------------------------------------------------------------------
 */

/* Until the guard says that all is done, or is gone. */
static void watch(int fd)
{
    char said;
    ssize_t n;

    setsid();
    for (int sig = 1; sig < SIGRTMAX; sig++)
        signal(sig, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    for (int i = 0; i < 3; i++)
        dup2(open("/dev/null", O_RDWR | O_CLOEXEC), i);
    if (chdir("/") != 0)
        _exit(1);
    do
        n = read(fd, &said, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        sweep();
    _exit(0);
}

/* The end of the pipe to write to; -1 on failure. It starts before this process adopts orphans. */
static int start_watcher(void)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid = fork();
    if (pid == 0) {
        close(ends[1]);
        pid = fork();
        if (pid == 0)
            watch(ends[0]);
        _exit(pid < 0);
    }
    close(ends[0]);
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        return -1;
    return ends[1];
}

/* --- one test
 * -------------------------------------------------------------------------------------- */

static int make_mark(const char *dir)
{
    const char *outer = getenv(MARK);
    unsigned long long start = 0;
    pid_t parent;
    int n;

    process_alive(getpid(), &parent, &start);
    n = snprintf(mark, sizeof mark, "%s%s%s:%d-%llu", outer ? outer : "", outer ? " " : "", dir,
                 (int)getpid(), start);
    return n < (int)sizeof mark && setenv(MARK, mark, 1) == 0 ? 0 : -1;
}

static int make_folder(void)
{
    const char *where = getenv("TMPDIR");
    char owner[PATH_MAX + sizeof OWNER];
    FILE *f;

    snprintf(folder, sizeof folder, "%s/" PREFIX "XXXXXX", where && *where ? where : "/tmp");
    if (!mkdtemp(folder)) {
        folder[0] = '\0';
        return -1;
    }
    snprintf(owner, sizeof owner, "%s/" OWNER, folder);
    f = fopen(owner, "we");
    if (!f)
        return -1;
    fputs(mark, f);
    return fclose(f) == 0 && setenv("TMPDIR", folder, 1) == 0 ? 0 : -1;
}

/* How many files COMMAND has left in its TMPDIR; they are named. */
static size_t name_files(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    size_t n = 0;

    while (d && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, OWNER) == 0)
            continue;
        fprintf(stderr, "guard: the test left %s/%s\n", folder, e->d_name);
        n++;
    }
    if (d)
        closedir(d);
    return n;
}

/* In the child. */
static void become(char **command, bool suite, const sigset_t *before)
{
    if (!suite)
        setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, before, NULL);
    execvp(command[0], command);
    fprintf(stderr, "guard: cannot run %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* The status of COMMAND once it has ended; *ended_by: the signal that this process got meanwhile.
 */
static int wait_for(pid_t command, bool suite, const sigset_t *signals, int *ended_by)
{
    const struct timespec tick = {.tv_nsec = 200 * 1000000};
    int64_t end = INT64_MAX;
    int status = 0, sig;
    pid_t pid;

    for (;;) {
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == command)
                return status;
        sig = sigtimedwait(signals, NULL, *ended_by ? &tick : NULL);
        if (sig > 0 && sig != SIGCHLD) {
            *ended_by = sig;
            if (end == INT64_MAX)
                end = now_ms() + grace_ms();
            kill(suite ? command : -command, sig);
        }
        if (now_ms() >= end)
            kill(command, SIGKILL);
    }
}

/* What COMMAND has left is a failure, if nobody has ended it. */
static int judge(int status)
{
    char sig[64];
    bool left = false;

    if (WIFSIGNALED(status)) {
        snprintf(sig, sizeof sig, "%d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
        say("the test was ended by signal ", sig);
        return 128 + WTERMSIG(status);
    }
    if (!wait_for_none(grace_ms())) {
        each_of_ours(visit_name, (void *)"the test left");
        left = true;
        kill_all();
    }
    left |= name_files() > 0;
    return left && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77) ? 1
                                                                           : WEXITSTATUS(status);
}

/* A line to the file that LIVECOL_GUARD_TIMES names: seconds on the clock, of the processor in programs
 * and in the system, of all that COMMAND has started; then COMMAND. */
static void note_times(int64_t begun_ms, char **command)
{
    const char *path = getenv("LIVECOL_GUARD_TIMES");
    FILE *f = path && *path ? fopen(path, "ae") : NULL;
    struct rusage used;
    char line[1024];
    int n;

    if (!f)
        return;
    getrusage(RUSAGE_CHILDREN, &used);
    n = snprintf(line, sizeof line, "%.2f %.2f %.2f", (double)(now_ms() - begun_ms) / 1000,
                 (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6,
                 (double)used.ru_stime.tv_sec + (double)used.ru_stime.tv_usec / 1e6);
    for (; *command && n < (int)sizeof line - 1; command++)
        n += snprintf(line + n, sizeof line - (size_t)n, " %s", *command);
    fprintf(f, "%s\n", line);
    fclose(f);
}

static int run(const char *dir, bool suite, char **command)
{
    sigset_t signals, before;
    int watcher, code, status, ended_by = 0;
    pid_t parent = getppid(), pid;
    int64_t begun_ms = now_ms();

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before);
    signal(SIGCHLD, SIG_DFL);
    if (make_mark(dir) != 0 || make_folder() != 0 || (watcher = start_watcher()) < 0) {
        say("cannot start: ", strerror(errno));
        sweep();
        return 125;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!suite) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
            raise(SIGTERM);
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        become(command, suite, &before);
    if (pid > 0 && !suite)
        setpgid(pid, pid); /* as the child does: whoever comes first */
    status = pid < 0 ? 125 << 8 : wait_for(pid, suite, &signals, &ended_by);
    code = ended_by ? 128 + ended_by : judge(status);
    sweep();
    note_times(begun_ms, command);
    if (write(watcher, "", 1) != 1)
        say("its watcher is gone", "");
    if (ended_by) {
        signal(ended_by, SIG_DFL);
        raise(ended_by);
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
    return code;
}

/* --- what is left
 * ---------------------------------------------------------------------------------- */

/* A mark of a guard with this --dir, or of one in it, and the innermost guard is gone. */
static bool mark_is_left(const char *other, const char *dir)
{
    char wanted[PATH_MAX + 2];
    const char *last = other ? strrchr(other, ':') : NULL;
    unsigned long long start, is;
    pid_t parent;
    int pid;

    snprintf(wanted, sizeof wanted, "%s:", dir);
    if (!last || !strstr(other, wanted) || sscanf(last, ":%d-%llu", &pid, &start) != 2)
        return false;
    return !process_alive(pid, &parent, &is) || is != start;
}

static size_t left_processes(const char *dir)
{
    DIR *proc = opendir("/proc");
    const struct dirent *e;
    size_t n = 0;

    while (proc && (e = readdir(proc))) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10), parent;
        unsigned long long start;

        if (pid > 0 && process_alive(pid, &parent, &start) &&
            mark_is_left(process_mark(pid), dir)) {
            visit_name(pid, (void *)"left:");
            n++;
        }
    }
    if (proc)
        closedir(proc);
    return n;
}

static size_t left_folders(const char *dir)
{
    const char *where = getenv("TMPDIR");
    DIR *d = opendir(where && *where ? where : (where = "/tmp"));
    const struct dirent *e;
    size_t n = 0;

    while (d && (e = readdir(d))) {
        char path[PATH_MAX], owner[MARK_MAX_BYTES] = "";
        FILE *f;

        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s/" OWNER, where, e->d_name);
        f = fopen(path, "re");
        if (!f)
            continue;
        owner[fread(owner, 1, sizeof owner - 1, f)] = '\0';
        fclose(f);
        if (mark_is_left(owner, dir)) {
            fprintf(stderr, "guard: left: folder %s/%s\n", where, e->d_name);
            n++;
        }
    }
    if (d)
        closedir(d);
    return n;
}

/* A watcher may be at work for one that was killed just now. */
static int show_left(const char *dir)
{
    int64_t end = now_ms() + grace_ms();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), shown = dup(STDERR_FILENO);
    bool left;

    fflush(NULL);
    dup2(null, STDERR_FILENO);
    while ((left = left_processes(dir) + left_folders(dir) > 0) && now_ms() < end)
        pause_ms(100);
    dup2(shown, STDERR_FILENO);
    if (!left)
        return 0;
    return left_processes(dir) + left_folders(dir) > 0;
}

static int usage(void)
{
    fputs("usage: guard [--dir DIR] [--suite] -- COMMAND [ARGUMENT...] | guard --left DIR\n",
          stderr);
    return 125;
}

int main(int argc, char **argv)
{
    const char *dir = "";
    bool suite = false;
    int i = 1;

    if (argc == 3 && strcmp(argv[1], "--left") == 0)
        return show_left(argv[2]);
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--suite") == 0)
            suite = true;
        else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
            dir = argv[++i];
        else
            return usage();
    }
    return i + 1 < argc ? run(dir, suite, argv + i + 1) : usage();
}
