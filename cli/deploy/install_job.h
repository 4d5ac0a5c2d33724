/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What install and uninstall share: the folders, locked; the files of one name; the manifest. Private to
 * cli/deploy/install.c, install_job.c and uninstall.c.
 *
 *   CONFIG/region_v1.livecol.json
 *   { "livecol_manifest": 1, "name": "region_v1",
 *     "attribute": "region",                  the first that functions answer; absent: no function
 *     "attributes": ["tier", …],              the others
 *     "files": [ { "role": "program" | "rules" | "xml",
 *                  "file": "region_v1.csv", "sha256": "…",
 *                  "kept": 1,                 it was there before any install: never removed
 *                  "replaces": "…" }, … ] }   SHA-256 of what an XML replaces
 *
 * The manifest is written before the files. An install that was cut short leaves a file as it was
 * ("replaces") or as it should be ("sha256"): both count as installed, so that it can be done again or
 * taken back.
 */
#ifndef LC_CLI_DEPLOY_INSTALL_JOB_H
#define LC_CLI_DEPLOY_INSTALL_JOB_H
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "cli/deploy/install_options.h"

#define LC_INSTALL_PROGRAM "livecol-udf"
#define LC_MANIFEST_SUFFIX ".livecol.json"

enum { LC_INSTALL_FILES_MAX = 4, LC_MANIFEST_LAYOUT = 1 };

/* What a file is, in the order in which files are put in place. */
enum lc_install_role { LC_ROLE_PROGRAM, LC_ROLE_RULES, LC_ROLE_XML, LC_ROLES };

extern const char *const lc_install_role_names[LC_ROLES];

struct lc_install_file {
    enum lc_install_role role;
    char name[256];
    char *path;
    struct lc_buf content; /* to be installed */
    char sha256[LC_SHA256_HEX];
    enum lc_file_state state; /* what lies at the path, compared with the content */
    bool kept; /* the program or the rules: they were there, and no install had put them there */
};

struct lc_install_job {
    const struct lc_install_options *o;
    char full[200]; /* region_v1 */
    char *manifest_path;
    struct lc_json *manifest; /* the one that is there; NULL: none */
    struct lc_install_file file[LC_INSTALL_FILES_MAX];
    unsigned n;
    int lock[2]; /* the folders, open and locked; -1: not */
};

/*
 * Lock the folders, waiting for whoever has them, and read the manifest. Release it in any case.
 * 0; LC_ERR_STOPPED; LC_ERR_INPUT (a manifest that is none); LC_ERR_IO; LC_ERR_NOMEM.
 */
int lc_install_begin(struct lc_install_job *j, const char *full, const struct lc_install_options *o,
                     struct lc_error *err);
void lc_install_release(struct lc_install_job *j);

/* Tell the caller what is done with a file. */
void lc_install_tell(const struct lc_install_job *j, enum lc_install_did did, const char *path);

/* One more file, its content empty. NULL: no memory, in err. */
struct lc_install_file *lc_install_add(struct lc_install_job *j, enum lc_install_role role,
                                       const char *name, struct lc_error *err);

/*
 * The SHA-256 that the manifest has for the file; "" where it has none. `member` is "sha256" or
 * "replaces".
 */
const char *lc_install_installed_sha256(const struct lc_install_job *j,
                                        const struct lc_install_file *f, const char *member);

/* Is what lies at the file's path as an install left it? 0, LC_ERR_IO, LC_ERR_NOMEM. */
int lc_install_is_as_installed(const struct lc_install_job *j, const struct lc_install_file *f,
                               bool *is, struct lc_error *err);

/* Is it a name that an install gives to a file of that role? Nothing else is ever removed. */
bool lc_install_is_our_name(const struct lc_install_job *j, enum lc_install_role role,
                            const char *name);

/*
 * Ask all manifests of the folder. *shared: one other than this job's may name the program. *put: one
 * of them put the program there. 0, LC_ERR_IO, LC_ERR_NOMEM.
 */
int lc_install_ask_manifests(const struct lc_install_job *j, bool *shared, bool *put,
                             struct lc_error *err);

/* A manifest's first entry of that role, NULL: none; an entry's role, LC_ROLES: none; its "kept". */
const struct lc_json *lc_manifest_entry(const struct lc_json *manifest, enum lc_install_role role);
enum lc_install_role lc_manifest_role(const struct lc_json *entry);
bool lc_manifest_kept(const struct lc_json *entry);

#endif
