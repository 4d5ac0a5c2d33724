/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a function or a dictionary where a server looks for it, and taking it away again.
 *
 *   SCRIPTS/livecol-udf                  the program: one for all; replaced by what differs
 *   SCRIPTS/region_v1.csv                the rules: never replaced by other content
 *   CONFIG/region_v1_function.xml        replaced only where it is as an install left it
 *   CONFIG/region_v1_dictionary.xml
 *   CONFIG/region_v1.livecol.json        the manifest: folder, name and SHA-256 of each of these
 *
 * Each file is put in place by rename, the manifest first, the XML last: what is cut short can be
 * removed, or done again, and no server sees a function whose program is not there. Versions
 * live side by side, each with its manifest; the program goes with the last of them, unless it was there
 * before, or was changed since; rules that were there before stay. One install or uninstall of the
 * folders at a time (flock).
 */
#ifndef LC_CLI_DEPLOY_INSTALL_H
#define LC_CLI_DEPLOY_INSTALL_H
#include "cli/deploy/install_options.h"
#include "cli/deploy/server_xml.h"

enum lc_install_what { LC_INSTALL_FUNCTION = 1, LC_INSTALL_DICTIONARY = 2 };

/*
 * Install what a settled setup describes; `what` is a set of enum lc_install_what. 0;
 * LC_ERR_REFUSED, with nothing changed (other rules or another attribute under that name, an XML
 * that somebody else made or edited); LC_ERR_IO, LC_ERR_NOMEM; the failures of lc_server_xml_function
 * and _dictionary.
 */
int lc_install(const struct lc_server_xml *s, unsigned what, const struct lc_install_options *o,
               struct lc_error *err);

/*
 * Remove what the manifest of `full` (region_v1) names: the XML first, the manifest last. A program
 * that another manifest of the folder names stays, and what no install has put there. 0;
 * LC_ERR_REFUSED, with nothing changed (no manifest; a file that was changed since); LC_ERR_INPUT
 * (a manifest that is none); LC_ERR_IO.
 */
int lc_uninstall(const char *full, const struct lc_install_options *o, struct lc_error *err);

/*
 * The functions that are installed under `full`: region_v1, region_v1_tier …; where no manifest says,
 * `full` alone. *n names, malloc'ed. 0, LC_ERR_INPUT (a manifest that is none), LC_ERR_IO, LC_ERR_NOMEM.
 */
int lc_installed_functions(const char *full, const struct lc_install_options *o,
                           char *names[LC_MAX_ATTRIBUTES], size_t *n, struct lc_error *err);

#endif
