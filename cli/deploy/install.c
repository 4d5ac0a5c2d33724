/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   look at all that is there ─▶ refuse, or ─▶ manifest ─▶ program ─▶ rules ─▶ XML
 *
 * Nothing is written before everything has been looked at. The manifest comes first, so that whatever is there
 * afterwards is listed; the XML last, since the server may read it at any moment and must find the rest.
 */
#include "cli/deploy/install.h"

#include "cli/deploy/install_job.h"
#include "cli/deploy/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20 };

/*
 * Read the file at `from` into f's content. f is what lc_install_add gave: NULL means that it
 * had no memory, and err says so already.
 */
static int read_into(struct lc_install_file *f, const char *from, struct lc_error *err)
{
    return f ? lc_file_read(from, &f->content, err) : LC_ERR_NOMEM;
}

/*
 * Fill j->file with all that is to be installed, each with its content and hash, in the order
 * in which the files are put in place: program, rules, XML. `what` is a mask of
 * LC_INSTALL_FUNCTION and LC_INSTALL_DICTIONARY. Nothing is written yet.
 */
static int collect(struct lc_install_job *j, const struct lc_server_xml *s, unsigned what,
                   struct lc_error *err)
{
    char name[256], *program = NULL;
    struct lc_install_file *f;
    int rc = lc_locate_udf(&program, err);

    rc = rc ? rc
            : read_into(lc_install_add(j, LC_ROLE_PROGRAM, LC_INSTALL_PROGRAM, err), program, err);
    rc = rc ? rc
            : read_into(lc_install_add(j, LC_ROLE_RULES, s->rules_name, err), s->rules_path, err);
    if (rc == 0 && (what & LC_INSTALL_FUNCTION)) {
        snprintf(name, sizeof name, "%s_function.xml", s->full);
        f = lc_install_add(j, LC_ROLE_XML, name, err);
        rc = f ? lc_server_xml_function(s, &f->content, err) : LC_ERR_NOMEM;
    }
    if (rc == 0 && (what & LC_INSTALL_DICTIONARY)) {
        snprintf(name, sizeof name, "%s_dictionary.xml", s->full);
        f = lc_install_add(j, LC_ROLE_XML, name, err);
        rc = f ? lc_server_xml_dictionary(s, &f->content, err) : LC_ERR_NOMEM;
    }
    for (unsigned i = 0; rc == 0 && i < j->n; i++)
        if (lc_sha256_hex(j->file[i].content.p, j->file[i].content.n, j->file[i].sha256))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    free(program);
    return rc;
}

/*
 * Was the file there before any install, so that no uninstall may remove it? Only the program
 * and the rules can be: somebody may have copied them by hand. `put`: some manifest of the
 * folder says that an install has put the program there. Rules are judged by this name's own
 * manifest, since no other name uses the file.
 */
static bool was_there(const struct lc_install_job *j, const struct lc_install_file *f, bool put)
{
    const struct lc_json *rules = lc_manifest_entry(j->manifest, LC_ROLE_RULES);

    if (f->state != LC_FILE_SAME)
        return false;
    return f->role == LC_ROLE_PROGRAM
               ? !put
               : f->role == LC_ROLE_RULES && (!rules || lc_manifest_kept(rules));
}

static bool is_name(struct lc_slice name, const char *text)
{
    return strlen(text) == name.n && memcmp(text, name.p, name.n) == 0;
}

/* Is the attribute among those that functions are made of now? */
static bool is_answered(const struct lc_server_xml *s, const char *attribute)
{
    for (unsigned i = 0; i < s->n; i++)
        if (is_name(s->rules->names[s->attribute[i]], attribute))
            return true;
    return false;
}

/* What was published under the name answers the same forever: its rules, and which attributes. */
static int check_published(const struct lc_install_job *j, const struct lc_server_xml *s,
                           unsigned what, struct lc_error *err)
{
    const char *rules =
        lc_json_str(lc_json_get(lc_manifest_entry(j->manifest, LC_ROLE_RULES), "file"), "");
    const char *attribute = lc_json_str(lc_json_get(j->manifest, "attribute"), "");
    const struct lc_json *more = lc_json_get(j->manifest, "attributes");
    struct lc_slice now = s->rules->names[s->attribute[0]];
    const char *lost = NULL;

    for (size_t i = 0; i < lc_json_size(more) && !lost; i++)
        if (!is_answered(s, lc_json_str(lc_json_at(more, i), "")))
            lost = lc_json_str(lc_json_at(more, i), "");
    /* region_v1.csv and region_v1.rules are two files, and the installed XML names one of them. */
    if (*rules && strcmp(rules, s->rules_name) != 0)
        lc_fail(err, LC_ERR_REFUSED, "%s is installed with the rules %s, not %s", j->full, rules,
                s->rules_name);
    else if ((what & LC_INSTALL_FUNCTION) && *attribute && !is_name(now, attribute))
        lc_fail(err, LC_ERR_REFUSED, "%s is installed to answer %s, not %.*s", j->full, attribute,
                (int)now.n, (const char *)now.p);
    else if ((what & LC_INSTALL_FUNCTION) && lost)
        lc_fail(err, LC_ERR_REFUSED, "%s_%s is installed, and would be lost", j->full, lost);
    else
        return 0;
    lc_hint(err, "a published version never changes: install other answers as a new version");
    return LC_ERR_REFUSED;
}

/*
 * Compare the file with what lies at its path; refuse what must not be replaced. The program
 * may always be: a newer livecol-udf answers old rules alike. Rules never are. An XML only
 * where it is as an install left it, so that what a person has edited is not lost.
 */
static int look(struct lc_install_job *j, struct lc_install_file *f, struct lc_error *err)
{
    bool ours = false;
    int rc = lc_file_compare(f->path, f->content.p, f->content.n, &f->state, err);

    if (rc || f->state != LC_FILE_OTHER || f->role == LC_ROLE_PROGRAM)
        return rc;
    if (f->role == LC_ROLE_RULES) {
        lc_fail(err, LC_ERR_REFUSED, "%s contains other rules than those to install", f->path);
        lc_hint(err, "published rules never change: install new rules as a new version");
        return LC_ERR_REFUSED;
    }
    rc = lc_install_is_as_installed(j, f, &ours, err);
    if (rc || ours)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s was not made by livecol, or was edited since", f->path);
    lc_hint(
        err,
        "compare it with what livecol config prints; move it away, and config install makes a new one");
    return LC_ERR_REFUSED;
}

/*
 * Carry over the entries of the old manifest that this install does not write, such as the
 * dictionary's XML when only the function is installed: what is no longer listed would never
 * be removed. An entry with a name that livecol does not give is dropped here, as uninstall
 * would refuse the whole manifest for it.
 */
static void keep_listed(const struct lc_install_job *j, struct lc_json *files)
{
    const struct lc_json *old = lc_json_get(j->manifest, "files");

    for (size_t i = 0; i < lc_json_size(old); i++) {
        const struct lc_json *one = lc_json_at(old, i);
        const char *name = lc_json_str(lc_json_get(one, "file"), "");
        struct lc_json *copy;
        enum lc_install_role role = lc_manifest_role(one);
        bool listed = role == LC_ROLES || !lc_install_is_our_name(j, role, name);

        for (unsigned k = 0; k < j->n; k++)
            listed = listed || strcmp(j->file[k].name, name) == 0;
        if (listed)
            continue;
        copy = lc_json_object();
        lc_json_set_str(copy, "role", lc_json_str(lc_json_get(one, "role"), ""));
        lc_json_set_str(copy, "file", name);
        lc_json_set_str(copy, "sha256", lc_json_str(lc_json_get(one, "sha256"), ""));
        lc_json_add(files, copy);
    }
}

/*
 * The manifest's "replaces" of an XML: the hash of the file as it is until this install has
 * written its own. Where nothing is replaced now, the last value is kept: the install before
 * may have been cut short, and the old file may still be there. "" of other roles.
 */
static const char *replaced_sha256(const struct lc_install_job *j, const struct lc_install_file *f)
{
    bool now = f->state == LC_FILE_OTHER &&
               strcmp(f->sha256, lc_install_installed_sha256(j, f, "sha256")) != 0;

    return f->role == LC_ROLE_XML ? lc_install_installed_sha256(j, f, now ? "sha256" : "replaces")
                                  : "";
}

/* What functions answer, as they are installed now, or were before; none: no function was ever installed. */
static void note_attributes(const struct lc_install_job *j, const struct lc_server_xml *s,
                            unsigned what, struct lc_json *o)
{
    const struct lc_json *old = lc_json_get(j->manifest, "attributes");
    const char *attribute = lc_json_str(lc_json_get(j->manifest, "attribute"), "");
    struct lc_json *all = lc_json_array();
    char name[256];

    for (unsigned i = 0; i < s->n && (what & LC_INSTALL_FUNCTION); i++) {
        struct lc_slice v = s->rules->names[s->attribute[i]];

        snprintf(name, sizeof name, "%.*s", (int)v.n, (const char *)v.p);
        if (i == 0)
            lc_json_set_str(o, "attribute", name);
        else
            lc_json_add_str(all, name);
    }
    if (!(what & LC_INSTALL_FUNCTION) && *attribute)
        lc_json_set_str(o, "attribute", attribute);
    for (size_t i = 0; i < lc_json_size(old) && !(what & LC_INSTALL_FUNCTION); i++)
        lc_json_add_str(all, lc_json_str(lc_json_at(old, i), ""));
    if (lc_json_size(all))
        lc_json_set(o, "attributes", all);
    else
        lc_json_free(all);
}

/*
 * Write the manifest for what is about to be put in place. One that reads the same is left
 * alone, so that a repeated install changes no file. With dry_run only tell.
 */
static int write_manifest(struct lc_install_job *j, const struct lc_server_xml *s, unsigned what,
                          struct lc_error *err)
{
    struct lc_json *o = lc_json_object(), *files = lc_json_array();
    enum lc_file_state state = LC_FILE_ABSENT;
    struct lc_buf line;
    char *text;
    int rc;

    /*
     * Optional members are left out rather than written empty: see the drawing in
     * install_job.h.
     */
    for (unsigned i = 0; i < j->n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "role", lc_install_role_names[j->file[i].role]);
        lc_json_set_str(one, "file", j->file[i].name);
        lc_json_set_str(one, "sha256", j->file[i].sha256);
        if (j->file[i].kept)
            lc_json_set_int(one, "kept", 1);
        if (*replaced_sha256(j, &j->file[i]))
            lc_json_set_str(one, "replaces", replaced_sha256(j, &j->file[i]));
        lc_json_add(files, one);
    }
    keep_listed(j, files);
    lc_json_set_int(o, "livecol_manifest", LC_MANIFEST_LAYOUT);
    lc_json_set_str(o, "name", j->full);
    note_attributes(j, s, what, o);
    lc_json_set(o, "files", files);
    text = lc_json_text(o);
    lc_buf_init(&line, TEXT_MAX);
    rc =
        text && lc_buf_addf(&line, "%s\n", text) == 0 ? 0 : lc_fail(err, LC_ERR_NOMEM, "no memory");
    rc = rc ? rc : lc_file_compare(j->manifest_path, line.p, line.n, &state, err);
    if (rc == 0 && !j->o->dry_run)
        lc_file_sweep(j->manifest_path);
    if (rc == 0 && state != LC_FILE_SAME && !j->o->dry_run)
        rc = lc_file_write(j->manifest_path, line.p, line.n, 0644, err);
    if (rc == 0)
        lc_install_tell(j,
                        state == LC_FILE_SAME     ? LC_INSTALL_KEPT
                        : state == LC_FILE_ABSENT ? LC_INSTALL_WROTE
                                                  : LC_INSTALL_REPLACED,
                        j->manifest_path);
    free(text);
    lc_buf_release(&line);
    lc_json_free(o);
    return rc;
}

/*
 * Put one file in place, unless the same bytes are there. The sweep removes the temporary file
 * of an install that was killed while it wrote.
 */
static int put(struct lc_install_job *j, const struct lc_install_file *f, struct lc_error *err)
{
    int rc = 0;

    if (!j->o->dry_run)
        lc_file_sweep(f->path);
    if (f->state != LC_FILE_SAME && !j->o->dry_run)
        rc = lc_file_write(f->path, f->content.p, f->content.n,
                           f->role == LC_ROLE_PROGRAM ? 0755 : 0644, err);
    if (rc == 0)
        lc_install_tell(j,
                        f->state == LC_FILE_SAME     ? LC_INSTALL_KEPT
                        : f->state == LC_FILE_ABSENT ? LC_INSTALL_WROTE
                                                     : LC_INSTALL_REPLACED,
                        f->path);
    return rc;
}

int lc_install(const struct lc_server_xml *s, unsigned what, const struct lc_install_options *o,
               struct lc_error *err)
{
    bool shared, put_there;
    struct lc_install_job j;
    /*
     * The folders stay locked from here to the release: what is looked at below cannot change
     * before it is written, at least not by another livecol.
     */
    int rc = lc_install_begin(&j, s->full, o, err);

    rc = rc ? rc : check_published(&j, s, what, err);
    rc = rc ? rc : collect(&j, s, what, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = look(&j, &j.file[i], err);
    rc = rc ? rc : lc_install_ask_manifests(&j, &shared, &put_there, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        j.file[i].kept = was_there(&j, &j.file[i], put_there);
    rc = rc ? rc : write_manifest(&j, s, what, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = put(&j, &j.file[i], err);
    lc_install_release(&j);
    return rc;
}
