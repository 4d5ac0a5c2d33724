/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that are never shown: passwords, replaced by *** in what is printed or recorded.
 *
 * They are replaced before a text is cut to the room that there is for it: a password that was cut
 * is none that could be found. lc_fail, lc_hint and lc_printable do so; who copies text from outside
 * by other ways asks lc_secret_at. Secrets are added before threads are started.
 */
#ifndef LC_BASE_SECRET_H
#define LC_BASE_SECRET_H
#include <stdarg.h>
#include <stddef.h>

/* Redact this text from now on (copied). NULL and "" are ignored. */
void lc_secret_add(const char *secret);

/* Replace all known secrets in s, in place, by ***; for what is recorded rather than printed. */
void lc_secret_redact(char *s);

/* The bytes of the secret that p, of n bytes, begins with; 0: none does. */
size_t lc_secret_at(const char *p, size_t n);

/* vsnprintf, with the secrets of the whole text replaced before it is cut. */
void lc_secret_format(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
