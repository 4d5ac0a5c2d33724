/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter is a program of classic BPF, which the kernel runs at each system call. It loads
 * words of struct seccomp_data (architecture, number of the call, arguments) and returns what
 * to do. The last two figures of a jump are how many instructions it skips, if true and if not.
 */
#include "udf/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#if defined(SANDBOX_ARCH) && !defined(LIVECOL_NO_SANDBOX)

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(what)  BPF_STMT(BPF_RET | BPF_K, what)
#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), ANSWER(SECCOMP_RET_ALLOW)

/* The low half of an argument is first: both processors are little-endian. */
static struct sock_filter filter[] = {
    /* Another architecture's numbers would mean other calls. */
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0),
    ANSWER(SECCOMP_RET_ERRNO | EPERM),
    LOAD(nr),
    /* What each block needs. */
    ALLOW(__NR_read),
    ALLOW(__NR_write),
    ALLOW(__NR_fstat),
    /* Memory, but none that can be run; mprotect is not here. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 0, 4),
    LOAD(args[2]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
    ANSWER(SECCOMP_RET_ERRNO | EPERM),
    ANSWER(SECCOMP_RET_ALLOW),
    ALLOW(__NR_mremap),
    ALLOW(__NR_munmap),
    ALLOW(__NR_brk),
/* Waiting, where the input is drained; SIGSTOP and SIGCONT may come then. */
#ifdef __NR_poll
    ALLOW(__NR_poll),
#endif
    ALLOW(__NR_ppoll),
    ALLOW(__NR_restart_syscall),
    /* The end: a handler, the last words, those of the C library too. */
    ALLOW(__NR_close),
    ALLOW(__NR_writev),
    ALLOW(__NR_rt_sigreturn),
    ALLOW(__NR_exit),
    ALLOW(__NR_exit_group),
    ANSWER(SECCOMP_RET_ERRNO | EPERM),
};

/* Kernels before 5.9 have no close_range: then they stay open. */
static void close_others(int keep)
{
#ifdef SYS_close_range
    if (keep > STDERR_FILENO + 1)
        syscall(SYS_close_range, STDERR_FILENO + 1, keep - 1, 0);
    syscall(SYS_close_range, (keep > STDERR_FILENO ? keep : STDERR_FILENO) + 1, INT_MAX, 0);
#else
    (void)keep;
#endif
}

/* 0, or errno. */
static int enter(int keep)
{
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return errno;
    close_others(keep);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? errno : 0;
}

#else

static int enter(int keep)
{
    (void)keep;
    return ENOSYS;
}

#endif

int lc_sandbox_enter(enum lc_sandbox want, int keep, struct lc_error *err)
{
    int rc = want == LC_SANDBOX_NONE ? 0 : enter(keep);

    if (!rc || want != LC_SANDBOX_NEEDED)
        return 0;
    lc_fail(err, LC_ERR_REFUSED, "no sandbox: %s",
            rc == ENOSYS ? "this build has none" : strerror(rc));
    lc_hint(err, rc == ENOSYS ? "remove --sandbox, or use another build"
                              : "the kernel refuses a seccomp filter; remove --sandbox");
    return LC_ERR_REFUSED;
}
