/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of an install backwards: XML, rules, program, manifest. What is there decides, not only what the
 * manifest says: a file that was changed since ends the whole before anything is removed, and the program
 * stays while another manifest of the folder names it.
 */
#include "cli/deploy/install.h"

#include "cli/deploy/install_job.h"

#include <stdio.h>
#include <string.h>

/* The files of the manifest into j->file. A name that no install gives is refused. */
static int read_manifest(struct lc_install_job *j, struct lc_error *err)
{
    const struct lc_json *files = lc_json_get(j->manifest, "files");
    size_t n = lc_json_size(files);

    if (n == 0) {
        lc_fail(err, LC_ERR_INPUT, "%s lists no files", j->manifest_path);
        lc_hint(err,
                "it is damaged: run config install of the same rules again, which rewrites it");
        return LC_ERR_INPUT;
    }
    for (size_t i = 0; i < n; i++) {
        const struct lc_json *one = lc_json_at(files, i);
        const char *name = lc_json_str(lc_json_get(one, "file"), "");
        enum lc_install_role role = lc_manifest_role(one);

        if (n > LC_INSTALL_FILES_MAX || role == LC_ROLES || !lc_install_is_our_name(j, role, name))
            return lc_fail(err, LC_ERR_INPUT, "%s: entry %zu is not one that livecol writes",
                           j->manifest_path, i + 1);
        if (!lc_install_add(j, role, name, err))
            return LC_ERR_NOMEM;
        j->file[j->n - 1].kept = lc_manifest_kept(one);
    }
    return 0;
}

/*
 * A file that is gone already is fine; one that was changed is not ours to remove. The program
 * stays where others need it, where it was there before, and where it was changed.
 */
static int look_at_installed(struct lc_install_job *j, struct lc_install_file *f, bool shared,
                             struct lc_error *err)
{
    bool same = false;
    int rc = lc_file_compare(f->path, "", 0, &f->state, err);

    if (f->role == LC_ROLE_PROGRAM)
        f->kept = f->kept || shared;
    if (rc || f->state == LC_FILE_ABSENT || f->kept)
        return rc;
    rc = lc_install_is_as_installed(j, f, &same, err);
    if (f->role == LC_ROLE_PROGRAM)
        f->kept = !same;
    if (rc || same || f->role == LC_ROLE_PROGRAM)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s was changed since it was installed", f->path);
    lc_hint(err, "move it away if you want it removed; nothing was removed");
    return LC_ERR_REFUSED;
}

/*
 * Remove one file that look_at_installed has approved, and tell so. One that is gone is not
 * told.
 */
static int take_away(struct lc_install_job *j, const struct lc_install_file *f,
                     struct lc_error *err)
{
    int rc = 0;

    if (!j->o->dry_run)
        lc_file_sweep(f->path);
    if (f->state == LC_FILE_ABSENT)
        return 0;
    if (f->kept) {
        lc_install_tell(j, LC_INSTALL_KEPT, f->path);
        return 0;
    }
    if (!j->o->dry_run)
        rc = lc_file_remove(f->path, err);
    if (rc == 0)
        lc_install_tell(j, LC_INSTALL_REMOVED, f->path);
    return rc;
}

int lc_uninstall(const char *full, const struct lc_install_options *o, struct lc_error *err)
{
    bool shared = false, put_there;
    struct lc_install_job j;
    int rc = lc_install_begin(&j, full, o, err);

    if (rc == 0 && !j.manifest) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s is not there: %s was not installed there by livecol",
                     j.manifest_path, full);
        lc_hint(err, "--config names the folder of the XML files");
    }
    rc = rc ? rc : read_manifest(&j, err);
    rc = rc ? rc : lc_install_ask_manifests(&j, &shared, &put_there, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = look_at_installed(&j, &j.file[i], shared, err);
    /* XML first, so that the server never reads one whose program or rules are gone. */
    for (int role = LC_ROLES - 1; rc == 0 && role >= 0; role--)
        for (unsigned i = 0; rc == 0 && i < j.n; i++)
            if (j.file[i].role == (enum lc_install_role)role)
                rc = take_away(&j, &j.file[i], err);
    /* Last, so that an uninstall that was cut short can be done again. */
    if (rc == 0 && !o->dry_run) {
        lc_file_sweep(j.manifest_path);
        rc = lc_file_remove(j.manifest_path, err);
    }
    if (rc == 0)
        lc_install_tell(&j, LC_INSTALL_REMOVED, j.manifest_path);
    lc_install_release(&j);
    return rc;
}

int lc_installed_functions(const char *full, const struct lc_install_options *o,
                           char *names[LC_MAX_ATTRIBUTES], size_t *n, struct lc_error *err)
{
    struct lc_install_job j;
    const struct lc_json *more;
    int rc = lc_install_begin(&j, full, o, err);

    *n = 0;
    more = rc == 0 ? lc_json_get(j.manifest, "attributes") : NULL;
    /* i 0 is the first attribute's function, which has no suffix and is not in "attributes". */
    for (size_t i = 0; rc == 0 && i <= lc_json_size(more) && *n < LC_MAX_ATTRIBUTES; i++) {
        const char *attribute = i ? lc_json_str(lc_json_at(more, i - 1), "") : "";

        if (asprintf(&names[*n], "%s%s%s", full, i ? "_" : "", attribute) < 0)
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
        else
            ++*n;
    }
    lc_install_release(&j);
    return rc;
}
