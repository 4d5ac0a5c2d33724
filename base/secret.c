/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets are hidden in the text as a whole, before it is cut: what is left of a secret that was cut in two
 * would match nothing any more. Where there is no memory for the whole text, its end is hidden if it could be
 * the beginning of a secret.
 */
#include "base/secret.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STARS = 3 };

/* The longest first, so that of one that begins with another nothing is left. */
static char **secrets;
static size_t secrets_n;

/* One found no memory: from then on nothing is shown, since it could not be told from the rest. */
static bool lost;

void lc_secret_add(const char *secret)
{
    char **grown, *copy;
    size_t at = 0;

    if (!secret || !*secret)
        return;
    for (size_t i = 0; i < secrets_n; i++) {
        if (strcmp(secrets[i], secret) == 0)
            return;
        at += strlen(secrets[i]) >= strlen(secret);
    }
    copy = strdup(secret);
    grown = copy ? realloc(secrets, (secrets_n + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(copy);
        lost = true;
        return;
    }
    secrets = grown;
    memmove(secrets + at + 1, secrets + at, (secrets_n - at) * sizeof *secrets);
    secrets[at] = copy;
    secrets_n++;
}

size_t lc_secret_at(const char *p, size_t n)
{
    if (lost)
        return n;
    for (size_t i = 0; i < secrets_n; i++) {
        size_t secret_n = strlen(secrets[i]);

        if (secret_n <= n && memcmp(secrets[i], p, secret_n) == 0)
            return secret_n;
    }
    return 0;
}

void lc_secret_redact(char *s)
{
    size_t n = strlen(s), at = 0, hidden;

    /*
     * In place from the left: what is written is never longer than what was
     * read, so `at` never passes i.
     */
    for (size_t i = 0; i < n; i += hidden ? hidden : 1) {
        hidden = lc_secret_at(s + i, n - i);
        for (size_t k = 0; k < hidden && k < STARS; k++)
            s[at++] = '*';
        if (!hidden)
            s[at++] = s[i];
    }
    s[at] = '\0';
}

/* Without memory for the whole text: its end may be the start of a secret. */
static void hide_end(char *s)
{
    size_t n = strlen(s);

    for (size_t i = 0; i < secrets_n; i++) {
        for (size_t k = strlen(secrets[i]); k-- > 1;) {
            if (k <= n && memcmp(s + n - k, secrets[i], k) == 0)
                memset(s + n - k, '*', k);
        }
    }
}

void lc_secret_format(char *out, size_t size, const char *fmt, va_list ap)
{
    va_list again;
    char *whole;
    int n;

    va_copy(again, ap);
    /*
     * A text that fits is redacted in place. Only one that is cut is formatted again,
     * whole, in memory of its own.
     */
    n = vsnprintf(out, size, fmt, ap);
    whole = (secrets_n || lost) && n >= 0 && (size_t)n >= size ? malloc((size_t)n + 1) : NULL;
    if (whole) {
        vsnprintf(whole, (size_t)n + 1, fmt, again);
        lc_secret_redact(whole);
        snprintf(out, size, "%s", whole);
        free(whole);
    } else if ((secrets_n || lost) && size) {
        lc_secret_redact(out);
        if (n < 0 || (size_t)n >= size)
            hide_end(out);
    }
    if (size && n >= 0 && (size_t)n >= size)
        lc_utf8_cut(out);
    va_end(again);
}
