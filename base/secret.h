/* Texts that are never shown: passwords, replaced by *** in what is printed or recorded. */
#ifndef LC_BASE_SECRET_H
#define LC_BASE_SECRET_H

/* Redact this text from now on (copied). NULL and "" are ignored. */
void lc_secret_add(const char *secret);

/* Replace all known secrets in s, in place, by ***; for what is recorded rather than printed. */
void lc_secret_redact(char *s);

#endif
