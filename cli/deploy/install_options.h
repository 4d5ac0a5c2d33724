/* SPDX-License-Identifier: Apache-2.0 */
/* How an install, or its undoing, is to be done: for install.h and those who do the work. */
#ifndef LC_CLI_DEPLOY_INSTALL_OPTIONS_H
#define LC_CLI_DEPLOY_INSTALL_OPTIONS_H
#include <stdbool.h>

enum lc_install_did { LC_INSTALL_KEPT, LC_INSTALL_WROTE, LC_INSTALL_REPLACED, LC_INSTALL_REMOVED };

struct lc_install_options {
    const char *scripts, *config; /* folders that are there */
    bool dry_run;                 /* tell, and change nothing */
    /* What is done, or would be, with each file, in order. May be NULL. */
    void (*tell)(void *ctx, enum lc_install_did did, const char *path);
    /* Another livecol config works in the folder, and is waited for. May be NULL. */
    void (*waiting)(void *ctx, const char *folder);
    void *ctx;
};

#endif
