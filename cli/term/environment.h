/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables whose names begin with LIVECOL_ and that nothing reads: a misspelled one would pass in
 * silence, and its option would keep its default.
 */
#ifndef LC_CLI_TERM_ENVIRONMENT_H
#define LC_CLI_TERM_ENVIRONMENT_H

/*
 * Warn of each, with the nearest name that is read. `each` parses every command while a walk over
 * their options is on (lc_options_walk); it is called only where a name is none that is known here.
 */
void lc_environment_check(void (*each)(void));

#endif
