#include "base/secret.h"

#include <string.h>

enum { SECRETS_MAX = 16 };

static char *secrets[SECRETS_MAX];

static size_t secrets_n;

void lc_secret_add(const char *secret)
{
    if (!secret || !*secret || secrets_n == SECRETS_MAX)
        return;
    for (size_t i = 0; i < secrets_n; i++)
        if (strcmp(secrets[i], secret) == 0)
            return;
    secrets[secrets_n] = strdup(secret);
    if (secrets[secrets_n])
        secrets_n++;
}

void lc_secret_redact(char *s)
{
    for (size_t i = 0; i < secrets_n; i++) {
        size_t n = strlen(secrets[i]);
        size_t stars = n < 3 ? n : 3;
        char *at = s;

        while ((at = strstr(at, secrets[i])) != NULL) {
            memset(at, '*', stars);
            memmove(at + stars, at + n, strlen(at + n) + 1);
            at += stars;
        }
    }
}
