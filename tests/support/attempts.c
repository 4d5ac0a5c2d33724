/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For livecol-udf-hooks: what must not be possible inside the sandbox is tried there, where
 * LIVECOL_TEST_ATTEMPTS is set. Names on stderr what worked, or failed by something else than a
 * refusal, and exits with 42; goes on where all was refused.
 */
#include "udf/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than any kernel has: a number that it does not know must be refused, too, not found missing. */
enum { CALLS = 1024 };

static long open_to_read(void)
{
    return open("/dev/null", O_RDONLY);
}

static long open_to_write(void)
{
    return open("/dev/null", O_WRONLY);
}

#ifdef SYS_open
static long open_by_the_old_call(void)
{
    return syscall(SYS_open, "/dev/null", O_RDONLY);
}
#endif

static long look_at_a_path(void)
{
    struct stat st;

    return stat("/", &st);
}

static long remove_a_file(void)
{
    return unlink("/dev/null/no/such/file") && errno != EPERM ? 0 : -1;
}

static long open_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long open_a_local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long make_a_process(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0)
        _exit(0);
    return pid;
}

static long map_memory_to_run(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static long make_memory_run(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long signal_the_server(void)
{
    return kill(getppid(), 0) && errno == EPERM ? -1 : 0;
}

static long copy_a_descriptor(void)
{
    return dup(STDIN_FILENO);
}

static long keep_a_file_in_memory(void)
{
    return syscall(SYS_memfd_create, "x", 0);
}

static long ask_for_a_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == EPERM ? -1 : 0;
}

#ifdef __x86_64__
/* The same call by the numbers of another interface, x32. */
static long call_as_x32(void)
{
    return syscall(0x40000000 | SYS_getpid);
}

/* By the gate of 32-bit programs, where 20 is getpid and 3 is read. */
static long call_as_i386(void)
{
    long result = 20;

    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    if (result < 0) {
        errno = (int)-result;
        result = -1;
    }
    return result;
}
#endif

/* What the filter lets through, and is not tried below: it works, ends the process, or waits. */
static bool is_allowed(long number)
{
    static const long allowed[] = {
        SYS_read,       SYS_write,        SYS_fstat,           SYS_mmap,   SYS_mremap,
        SYS_munmap,     SYS_brk,
#ifdef SYS_poll
        SYS_poll,
#endif
        SYS_ppoll,      SYS_close,        SYS_restart_syscall, SYS_writev, SYS_exit,
        SYS_exit_group, SYS_rt_sigreturn,
    };

#ifdef __x86_64__
    /* uretprobe and uprobe: the kernel's own, for its own trampolines, which no filter sees; SIGILL elsewhere. */
    if (number == 335 || number == 336)
        return true;
#endif
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i] == number)
            return true;
    return false;
}

static const struct {
    const char *name;
    long (*try)(void);
} attempts[] = {
    {"open", open_to_read},
    {"open-to-write", open_to_write},
#ifdef SYS_open
    {"old-open", open_by_the_old_call},
#endif
    {"stat", look_at_a_path},
    {"unlink", remove_a_file},
    {"socket", open_a_socket},
    {"local-socket", open_a_local_socket},
    {"fork", make_a_process},
    {"mmap-exec", map_memory_to_run},
    {"mprotect-exec", make_memory_run},
    {"kill", signal_the_server},
    {"dup", copy_a_descriptor},
    {"memfd", keep_a_file_in_memory},
    {"io_uring", ask_for_a_ring},
#ifdef __x86_64__
    {"x32", call_as_x32},
    {"i386", call_as_i386},
#endif
};

void lc_test_attempts(void)
{
    char *const run[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"echo exec >&2; exit 42"},
                         NULL};
    char block[65536];
    int worked = 0;

    if (!getenv("LIVECOL_TEST_ATTEMPTS"))
        return;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        errno = 0;
        if (attempts[i].try() == -1 && errno == EPERM)
            continue;
        fprintf(stderr, "%s ", attempts[i].name);
        worked++;
    }
    /* Without any sandbox some would hang up the terminal, or wait for good: one that works is enough. */
    for (long number = 0; number < CALLS && syscall(SYS_getppid) == -1; number++) {
        errno = 0; /* arguments that no kernel does anything with: what it says is what counts */
        if (is_allowed(number) || (syscall(number, -1, -1, -1, -1, -1, -1) == -1 && errno == EPERM))
            continue;
        fprintf(stderr, "call-%ld ", number);
        worked++;
    }
    /* Take what the server writes: a pipe that breaks under it would be its error, in place of these words. */
    if (worked && read(STDIN_FILENO, block, sizeof block) < 0)
        fprintf(stderr, "no input ");
    if (execv(run[0], run) && errno == EPERM && !worked)
        return;
    fprintf(stderr, "after an exec that failed\n");
    _exit(42);
}
