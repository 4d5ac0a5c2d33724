/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options: one declarative table a command, from which parsing and help are made.
 * The parsing is popt's; this header hides it.
 */
#ifndef LC_CLI_TERM_OPTIONS_H
#define LC_CLI_TERM_OPTIONS_H
#include "base/error.h"
#include "base/strings.h"
#include "cli/term/connection.h"

#include <stdbool.h>
#include <stdint.h>

enum lc_opt_kind {
    LC_OPT_FLAG,   /* bool: true when given */
    LC_OPT_STRING, /* const char *: the last one given */
    LC_OPT_UINT,   /* uint64_t: decimal, with k, M, G (thousands) accepted */
    LC_OPT_COUNT,  /* uint64_t: as LC_OPT_UINT, from 1: not given is 0 */
    LC_OPT_DOUBLE, /* double */
    LC_OPT_ABOVE,  /* double above 0: not given is 0 */
    LC_OPT_LIST    /* struct lc_strings: every one given, in order */
};

struct lc_option {
    const char *name; /* long name, without -- */
    char short_name;  /* or 0; a command's own goes before a common option's */
    enum lc_opt_kind kind;
    void *value;      /* where it goes; keeps its first value as the default */
    const char *arg;  /* the argument's name in the help, "FILE"; NULL for a flag */
    const char *help; /* one line; the default in it where there is one */
};

/*
 * An option that takes a value has a name in the environment, LIVECOL_ and its own in capitals:
 * LIVECOL_LOCK_TIMEOUT. It counts where the option is not given; of a list each line is one. Into out;
 * "" for flags, and for the few whose name a hook is given for something else.
 */
enum { LC_OPTION_ENV_BYTES = 64 };
const char *lc_option_env(const struct lc_option *o, char out[LC_OPTION_ENV_BYTES]);

struct lc_command {
    const char *name;                /* as typed: "bench live" */
    const char *synopsis;            /* what follows the name: "[OPTIONS] FILE" */
    const char *about;               /* what it does: a paragraph */
    const struct lc_option *options; /* ends with name NULL; may be NULL */
    bool connects;                   /* takes the connection options too */
    const char *examples;            /* lines without the last newline, or NULL */
};

/*
 * Parse argv (argv[0] is skipped) for the command, take what it leaves out from the environment, settle lc_message_init by what was given, and take
 * the connection from options and environment. 0 and the operands in *rest; LC_ERR_USAGE with a
 * message; LC_ERR_IO where a password file cannot be read; LC_HELP_PRINTED
 * after --help, with err left alone. Strings live
 * until exit; passwords are known to lc_secret_redact.
 */
int lc_options_parse(const struct lc_command *cmd, int argc, const char **argv,
                     struct lc_global *global, struct lc_strings *rest, struct lc_error *err);

/*
 * Walk over the options of commands: until it is called with NULL, lc_options_parse hands each option
 * of its command to `take` in place of parsing, and gives LC_HELP_PRINTED.
 */
void lc_options_walk(void (*take)(void *ctx, const struct lc_option *o), void *ctx);

/* Print a command's help to stdout. */
void lc_options_help(const struct lc_command *cmd);

#endif
