/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How every part of livecol says that something failed.
 *
 * A function that can fail returns int: 0 is good, a negative enum lc_err is not. Where the caller
 * needs more than the kind of failure it also passes a struct lc_error, which the first failure
 * fills; later ones leave it alone. A struct lc_error starts as all zeroes (LC_ERROR_INIT).
 */
#ifndef LC_BASE_ERROR_H
#define LC_BASE_ERROR_H
#include <stddef.h>
#include <stdint.h>

enum lc_err {
    LC_OK = 0,
    LC_ERR_NOMEM = -1,    /* the allocator gave nothing, or a buffer is at its maximum */
    LC_ERR_IO = -2,       /* the system refused to read, write, open, map or rename */
    LC_ERR_INPUT = -3,    /* bytes from outside are not what they should be */
    LC_ERR_USAGE = -4,    /* the caller asked for what cannot be */
    LC_ERR_SERVER = -5,   /* the server answered with an error: see server_code */
    LC_ERR_NOT_SENT = -6, /* the statement did not reach the server: safe to send again */
    LC_ERR_UNKNOWN = -7,  /* the statement was sent and its answer is lost */
    LC_ERR_REFUSED = -8,  /* refused before any change was made */
    LC_ERR_LOCKED = -9,   /* somebody else holds the lock, or has the path open */
    LC_ERR_STOPPED = -10, /* interrupted by a signal, in a state that can be resumed */
    LC_ERR_FOUND = -11,   /* a check found something: drift, a conflict, pending work */
    LC_ERR_CRITICAL = -12 /* stopped by critical load, in a state that can be resumed */
};

/* No failure, and nothing left to do: the command line asked for help, and it was printed. */
enum { LC_HELP_PRINTED = 1 };

struct lc_error {
    int code;        /* an enum lc_err */
    int server_code; /* the server's own error number, 0 where it gave none */
    uint64_t byte;   /* offset in the input at which it went wrong, from 0 */
    uint64_t row;    /* row of the input, from 0; for text files line - 1 */
    char msg[1024];  /* what happened and where, one line, no newline at its end */
    char hint[512];  /* what to do; "" where there is nothing to advise */
};

#define LC_ERROR_INIT ((struct lc_error){0})

/*
 * Fill *err (may be NULL) unless it already holds a failure; returns code, so that a caller can
 * write `return lc_fail(err, LC_ERR_INPUT, "...", ...)`. Text that is too long is cut.
 */
int lc_fail(struct lc_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As lc_fail, and notes where in the input it was: see byte and row above. */
int lc_fail_at(struct lc_error *err, int code, uint64_t byte, uint64_t row, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* As lc_fail with LC_ERR_NOMEM. */
int lc_no_memory(struct lc_error *err);

/*
 * Pass on the failure `from`: *err (may be NULL) gets it, unless it already holds one. Returns
 * from->code.
 */
int lc_error_pass(struct lc_error *err, const struct lc_error *from);

/*
 * A failure has a reason: where rc is one and nobody has written down why, as where memory is short, *err gets
 * one, so that it does not end as a success. Returns rc.
 */
int lc_error_reason(int rc, struct lc_error *err);

/* Put text before the message of a failure that is there; what does not fit is cut at its end. */
void lc_error_prefix(struct lc_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Set the hint of a failure that is already there; a hint that is there is kept. */
void lc_hint(struct lc_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Write n bytes of p into out as printable text for a message: what lc_utf8_shown does not let
 * through becomes \xNN, as does the backslash, secrets become ***, and what does not fit into size
 * bytes is cut with "...". Returns out.
 */
const char *lc_printable(const void *p, size_t n, char *out, size_t size);

#endif
