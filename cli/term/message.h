/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How livecol talks to a person: stdout is data, stderr is talk.
 *
 * Every message is one line: "livecol: what happened", then "  hint: what to do" where there is
 * one. Colour only on a terminal, never with NO_COLOR, --no-color or TERM=dumb. Secrets given to
 * lc_secret_add are replaced by *** in all that goes through here.
 */
#ifndef LC_CLI_TERM_MESSAGE_H
#define LC_CLI_TERM_MESSAGE_H
#include "base/error.h"

#include <stdbool.h>

/* Settle colour and quietness once, from the options and the environment. */
void lc_message_init(bool no_color, bool quiet);

/*
 * Replace what lc_utf8_shown does not let through in s, in place, by ?: a name of a table may hold
 * it, and a terminal would obey. Done by all that goes through here.
 */
void lc_message_plain(char *s);

/*
 * Make of stdout a stream that lets nothing through that steers a terminal, hides or turns text:
 * it becomes \xNN, line breaks and tabs stay. Once, before anything is printed.
 */
void lc_output_init(void);

/* What comes is data, to be kept byte for byte; a terminal is spared it all the same. */
void lc_output_is_data(void);

/* Flush it at the end. 0, or EOF with errno. */
int lc_output_end(void);

/*
 * Bytes of the text that one line of the terminal has room for: a longer one would wrap, and its
 * first lines could not be taken away. Characters of several bytes are kept whole.
 */
int lc_message_room(const char *text);

/*
 * The passing line of the terminal, on stderr: draw it in the place of the last one, as much of it as
 * one row has room for; take it away, where one is there. Of one thread at a time.
 */
void lc_message_redraw(const char *line);
void lc_message_erase(void);

/* A plain line of talk; not with --quiet. */
void lc_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A question: no line break behind it. */
void lc_ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "livecol: warning: ..." */
void lc_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "livecol: ..." with its hint; never silenced; nothing where err holds no failure. */
void lc_complain(const struct lc_error *err);

/*
 * The value of the option comes from that variable of the environment: an error about the option names it. Both
 * live until exit; option NULL: forget all of them.
 */
void lc_message_from_environment(const char *option, const char *variable);

/*
 * The end of a command that failed: lc_complain, and with `json` an object on stdout, so that a program
 * need not parse stderr: {"event":"failed","exit":3,"error":…,"hint":…}. Returns the exit code; where err
 * holds no failure that is 0, and nothing is printed.
 */
int lc_message_fail(bool json, const struct lc_error *failure);

/* True where stderr is a terminal (a progress line may be redrawn). */
bool lc_message_is_terminal(void);

/* The exit code for a failure, 0 where err holds none: see docs/design.md, "Exit codes". */
int lc_exit_code(const struct lc_error *err);

/* The exit code of a command that found what it was asked to look for. */
enum { LC_EXIT_FOUND = 8 };

#endif
