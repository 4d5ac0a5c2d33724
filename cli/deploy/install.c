/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/deploy/install.h"

#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/signals.h"
#include "cli/deploy/locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM         "livecol-udf"
#define MANIFEST_SUFFIX ".livecol.json"

enum { FILES_MAX = 4, LAYOUT = 1, TEXT_MAX = 1 << 20 };

/* What a file is, in the order in which files are put in place. */
enum role { PROGRAM_FILE, RULES_FILE, XML_FILE, ROLES };

static const char *const role_names[ROLES] = {"program", "rules", "xml"};

struct file {
    enum role role;
    char name[256];
    char *path;
    struct lc_buf content;
    char sha256[LC_SHA256_HEX];
    enum lc_file_state state;
    bool kept; /* the program or the rules: they were there, and no install had put them there */
};

struct job {
    const struct lc_install_options *o;
    char full[200];
    char *manifest_path;
    struct lc_json *manifest; /* the one that is there; NULL: none */
    struct file file[FILES_MAX];
    unsigned n;
    int lock[2]; /* the folders, open and locked; -1: not */
};

static void tell(const struct job *j, enum lc_install_did did, const char *path)
{
    if (j->o->tell)
        j->o->tell(j->o->ctx, did, path);
}

static void release(struct job *j)
{
    for (unsigned i = 0; i < j->n; i++) {
        free(j->file[i].path);
        lc_buf_release(&j->file[i].content);
    }
    free(j->manifest_path);
    lc_json_free(j->manifest);
    for (unsigned i = 0; i < 2; i++)
        if (j->lock[i] >= 0)
            close(j->lock[i]);
}

/* One install or uninstall of the folders at a time. A file system that knows
 * no locks is left alone. */
static int lock_folders(struct job *j, struct lc_error *err)
{
    const char *const folders[] = {j->o->scripts, j->o->config};
    struct stat st[2];

    for (unsigned i = 0; i < 2; i++) {
        int fd = open(folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fstat(fd, &st[i]) != 0) {
            lc_fail(err, LC_ERR_IO, "cannot read %s: %s", folders[i], strerror(errno));
            if (fd >= 0)
                close(fd);
            return LC_ERR_IO;
        }
        j->lock[i] = fd;
        if (i == 1 && st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino)
            break; /* the same folder */
        if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK && j->o->waiting)
            j->o->waiting(j->o->ctx, folders[i]);
        while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
            if (lc_stop_asked())
                return lc_fail(err, LC_ERR_STOPPED, "stopped: nothing was changed");
    }
    return 0;
}

static const char *folder_of(const struct job *j, enum role role)
{
    return role == XML_FILE ? j->o->config : j->o->scripts;
}

/* One more file, its content empty. NULL: no memory, said. */
static struct file *add_file(struct job *j, enum role role, const char *name, struct lc_error *err)
{
    struct file *f = &j->file[j->n];

    *f = (struct file){.role = role};
    snprintf(f->name, sizeof f->name, "%s", name);
    f->path = lc_path_join(folder_of(j, role), name, err);
    lc_buf_init(&f->content, LC_FILE_MAX_BYTES);
    j->n += f->path != NULL;
    return f->path ? f : NULL;
}

static int begin(struct job *j, const char *full, const struct lc_install_options *o,
                 struct lc_error *err)
{
    char name[256];
    enum lc_file_state state;
    int rc;

    *j = (struct job){.o = o, .lock = {-1, -1}};
    snprintf(j->full, sizeof j->full, "%s", full);
    snprintf(name, sizeof name, "%s" MANIFEST_SUFFIX, full);
    j->manifest_path = lc_path_join(o->config, name, err);
    if (!j->manifest_path)
        return LC_ERR_NOMEM;
    rc = lock_folders(j, err);
    rc = rc ? rc : lc_file_compare(j->manifest_path, "", 0, &state, err);
    if (rc == 0 && state != LC_FILE_ABSENT)
        rc = lc_json_load(j->manifest_path, &j->manifest, err);
    if (rc == 0 && j->manifest &&
        (lc_json_num(lc_json_get(j->manifest, "livecol_manifest"), 0) != LAYOUT ||
         strcmp(lc_json_str(lc_json_get(j->manifest, "name"), ""), full) != 0)) {
        rc = lc_fail(err, LC_ERR_INPUT, "%s is no manifest of %s", j->manifest_path, full);
        lc_hint(err, "another version of livecol may have written it");
    }
    return rc;
}

/*
 * The SHA-256 that the manifest has for the file; "" where it has none. `member` is "sha256", or
 * "replaces": what lay there before, which an install that was cut short has left.
 */
static const char *installed_sha256(const struct job *j, const struct file *f, const char *member)
{
    const struct lc_json *files = lc_json_get(j->manifest, "files");

    for (size_t i = 0; i < lc_json_size(files); i++) {
        const struct lc_json *one = lc_json_at(files, i);

        if (strcmp(lc_json_str(lc_json_get(one, "file"), ""), f->name) == 0 &&
            strcmp(lc_json_str(lc_json_get(one, "role"), ""), role_names[f->role]) == 0)
            return lc_json_str(lc_json_get(one, member), "");
    }
    return "";
}

/* Is what lies at the file's path as an install left it? */
static int is_as_installed(const struct job *j, const struct file *f, bool *is,
                           struct lc_error *err)
{
    char sha256[LC_SHA256_HEX];
    struct lc_buf have;
    int rc;

    lc_buf_init(&have, LC_FILE_MAX_BYTES);
    rc = lc_file_read(f->path, &have, err);
    if (rc == 0 && lc_sha256_hex(have.p, have.n, sha256))
        rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    *is = rc == 0 && (strcmp(sha256, installed_sha256(j, f, "sha256")) == 0 ||
                      strcmp(sha256, installed_sha256(j, f, "replaces")) == 0);
    lc_buf_release(&have);
    return rc;
}

static int read_into(struct file *f, const char *from, struct lc_error *err)
{
    return f ? lc_file_read(from, &f->content, err) : LC_ERR_NOMEM;
}

static int collect(struct job *j, const struct lc_server_xml *s, unsigned what,
                   struct lc_error *err)
{
    char name[256], *program = NULL;
    struct file *f;
    int rc = lc_locate_udf(&program, err);

    rc = rc ? rc : read_into(add_file(j, PROGRAM_FILE, PROGRAM, err), program, err);
    rc = rc ? rc : read_into(add_file(j, RULES_FILE, s->rules_name, err), s->rules_path, err);
    if (rc == 0 && (what & LC_INSTALL_FUNCTION)) {
        snprintf(name, sizeof name, "%s_function.xml", s->full);
        f = add_file(j, XML_FILE, name, err);
        rc = f ? lc_server_xml_function(s, &f->content, err) : LC_ERR_NOMEM;
    }
    if (rc == 0 && (what & LC_INSTALL_DICTIONARY)) {
        snprintf(name, sizeof name, "%s_dictionary.xml", s->full);
        f = add_file(j, XML_FILE, name, err);
        rc = f ? lc_server_xml_dictionary(s, &f->content, err) : LC_ERR_NOMEM;
    }
    for (unsigned i = 0; rc == 0 && i < j->n; i++)
        if (lc_sha256_hex(j->file[i].content.p, j->file[i].content.n, j->file[i].sha256))
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
    free(program);
    return rc;
}

/* The manifest's entry of that role; NULL: none. */
static const struct lc_json *entry_of(const struct lc_json *manifest, enum role role)
{
    const struct lc_json *files = lc_json_get(manifest, "files");

    for (size_t i = 0; i < lc_json_size(files); i++) {
        const struct lc_json *one = lc_json_at(files, i);

        if (strcmp(lc_json_str(lc_json_get(one, "role"), ""), role_names[role]) == 0)
            return one;
    }
    return NULL;
}

static bool is_kept(const struct lc_json *entry)
{
    return lc_json_num(lc_json_get(entry, "kept"), 0) != 0;
}

/* Was the file there before any install? put: an install of the folders has
 * put the program there. */
static bool was_there(const struct job *j, const struct file *f, bool put)
{
    const struct lc_json *rules = entry_of(j->manifest, RULES_FILE);

    if (f->state != LC_FILE_SAME)
        return false;
    return f->role == PROGRAM_FILE ? !put : f->role == RULES_FILE && (!rules || is_kept(rules));
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
static int check_published(const struct job *j, const struct lc_server_xml *s, unsigned what,
                           struct lc_error *err)
{
    const char *rules = lc_json_str(lc_json_get(entry_of(j->manifest, RULES_FILE), "file"), "");
    const char *attribute = lc_json_str(lc_json_get(j->manifest, "attribute"), "");
    const struct lc_json *more = lc_json_get(j->manifest, "attributes");
    struct lc_slice now = s->rules->names[s->attribute[0]];
    const char *lost = NULL;

    for (size_t i = 0; i < lc_json_size(more) && !lost; i++)
        if (!is_answered(s, lc_json_str(lc_json_at(more, i), "")))
            lost = lc_json_str(lc_json_at(more, i), "");
    if (*rules && strcmp(rules, s->rules_name) != 0)
        lc_fail(err, LC_ERR_REFUSED, "%s is installed with the rules %s, not %s", j->full, rules,
                s->rules_name);
    else if ((what & LC_INSTALL_FUNCTION) && *attribute && !is_name(now, attribute))
        lc_fail(err, LC_ERR_REFUSED, "%s is installed to answer %s, not %.*s", j->full, attribute,
                (int)now.n, (const char *)now.p);
    else if ((what & LC_INSTALL_FUNCTION) && lost)
        lc_fail(err, LC_ERR_REFUSED, "%s_%s is installed, and would be gone", j->full, lost);
    else
        return 0;
    lc_hint(err, "what was published is never changed: other answers are a new version");
    return LC_ERR_REFUSED;
}

/* Do manifests of the folder name the program, and was it put there by one of them? */
static int ask_manifests(const struct job *j, bool *shared, bool *put, struct lc_error *err)
{
    DIR *d = opendir(j->o->config);
    const struct dirent *e;
    int rc = 0;

    *shared = *put = false;
    if (!d)
        return lc_fail(err, LC_ERR_IO, "cannot read %s: %s", j->o->config, strerror(errno));
    while (rc == 0 && (e = readdir(d))) {
        size_t n = strlen(e->d_name), suffix = sizeof MANIFEST_SUFFIX - 1;
        size_t full = strlen(j->full);
        bool own = n == full + suffix && strncmp(e->d_name, j->full, full) == 0;
        struct lc_json *manifest = NULL;
        struct lc_error ignored = LC_ERROR_INIT;
        char *path;

        if (n <= suffix || strcmp(e->d_name + n - suffix, MANIFEST_SUFFIX) != 0)
            continue;
        path = lc_path_join(j->o->config, e->d_name, err);
        rc = path ? 0 : LC_ERR_NOMEM;
        *shared = *shared || !own; /* one that cannot be read may name it, too */
        if (path && lc_json_load(path, &manifest, &ignored) == 0) {
            const struct lc_json *program = entry_of(manifest, PROGRAM_FILE);

            *put = *put || (program && !is_kept(program));
        }
        lc_json_free(manifest);
        free(path);
    }
    closedir(d);
    return rc;
}

/* Look at what is there already; refuse what must not be replaced. */
static int look(struct job *j, struct file *f, struct lc_error *err)
{
    bool ours = false;
    int rc = lc_file_compare(f->path, f->content.p, f->content.n, &f->state, err);

    if (rc || f->state != LC_FILE_OTHER || f->role == PROGRAM_FILE)
        return rc;
    if (f->role == RULES_FILE) {
        lc_fail(err, LC_ERR_REFUSED, "%s holds other rules than those to install", f->path);
        lc_hint(err, "rules that were published are never changed: new rules are a new version");
        return LC_ERR_REFUSED;
    }
    rc = is_as_installed(j, f, &ours, err);
    if (rc || ours)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s was not made by livecol, or was edited since", f->path);
    lc_hint(err, "compare it with what livecol config prints; move it away to have it made anew");
    return LC_ERR_REFUSED;
}

/* Is it a name that an install gives to a file of that role? Nothing else is ever removed. */
static bool is_our_name(const struct job *j, enum role role, const char *name)
{
    static const char *const suffixes[ROLES][3] = {
        [RULES_FILE] = {".csv", ".rules"}, [XML_FILE] = {"_function.xml", "_dictionary.xml"}};
    size_t n = strlen(j->full);

    if (role == PROGRAM_FILE)
        return strcmp(name, PROGRAM) == 0;
    for (size_t i = 0; suffixes[role][i]; i++)
        if (strncmp(name, j->full, n) == 0 && strcmp(name + n, suffixes[role][i]) == 0)
            return true;
    return false;
}

static enum role role_of(const struct lc_json *entry)
{
    const char *name = lc_json_str(lc_json_get(entry, "role"), "");
    enum role role = 0;

    while (role < ROLES && strcmp(name, role_names[role]) != 0)
        role++;
    return role;
}

/* What the manifest had, and no install of now would write: it stays listed,
 * so as to be removed. */
static void keep_listed(const struct job *j, struct lc_json *files)
{
    const struct lc_json *old = lc_json_get(j->manifest, "files");

    for (size_t i = 0; i < lc_json_size(old); i++) {
        const struct lc_json *one = lc_json_at(old, i);
        const char *name = lc_json_str(lc_json_get(one, "file"), "");
        struct lc_json *copy;
        enum role role = role_of(one);
        bool listed = role == ROLES || !is_our_name(j, role, name);

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

/* What the XML replaces, or did when it was last replaced. */
static const char *replaced_sha256(const struct job *j, const struct file *f)
{
    bool now =
        f->state == LC_FILE_OTHER && strcmp(f->sha256, installed_sha256(j, f, "sha256")) != 0;

    return f->role == XML_FILE ? installed_sha256(j, f, now ? "sha256" : "replaces") : "";
}

/* What functions answer, as they are installed now, or were before; none: no function was ever installed. */
static void note_attributes(const struct job *j, const struct lc_server_xml *s, unsigned what,
                            struct lc_json *o)
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

static int write_manifest(struct job *j, const struct lc_server_xml *s, unsigned what,
                          struct lc_error *err)
{
    struct lc_json *o = lc_json_object(), *files = lc_json_array();
    enum lc_file_state state = LC_FILE_ABSENT;
    struct lc_buf line;
    char *text;
    int rc;

    for (unsigned i = 0; i < j->n; i++) {
        struct lc_json *one = lc_json_object();

        lc_json_set_str(one, "role", role_names[j->file[i].role]);
        lc_json_set_str(one, "file", j->file[i].name);
        lc_json_set_str(one, "sha256", j->file[i].sha256);
        if (j->file[i].kept)
            lc_json_set_int(one, "kept", 1);
        if (*replaced_sha256(j, &j->file[i]))
            lc_json_set_str(one, "replaces", replaced_sha256(j, &j->file[i]));
        lc_json_add(files, one);
    }
    keep_listed(j, files);
    lc_json_set_int(o, "livecol_manifest", LAYOUT);
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
        tell(j,
             state == LC_FILE_SAME     ? LC_INSTALL_KEPT
             : state == LC_FILE_ABSENT ? LC_INSTALL_WROTE
                                       : LC_INSTALL_REPLACED,
             j->manifest_path);
    free(text);
    lc_buf_release(&line);
    lc_json_free(o);
    return rc;
}

static int put(struct job *j, const struct file *f, struct lc_error *err)
{
    int rc = 0;

    if (!j->o->dry_run)
        lc_file_sweep(f->path);
    if (f->state != LC_FILE_SAME && !j->o->dry_run)
        rc = lc_file_write(f->path, f->content.p, f->content.n,
                           f->role == PROGRAM_FILE ? 0755 : 0644, err);
    if (rc == 0)
        tell(j,
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
    struct job j;
    int rc = begin(&j, s->full, o, err);

    rc = rc ? rc : check_published(&j, s, what, err);
    rc = rc ? rc : collect(&j, s, what, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = look(&j, &j.file[i], err);
    rc = rc ? rc : ask_manifests(&j, &shared, &put_there, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        j.file[i].kept = was_there(&j, &j.file[i], put_there);
    rc = rc ? rc : write_manifest(&j, s, what, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = put(&j, &j.file[i], err);
    release(&j);
    return rc;
}

/* The files of the manifest into j->file. A name that no install gives is refused. */
static int read_manifest(struct job *j, struct lc_error *err)
{
    const struct lc_json *files = lc_json_get(j->manifest, "files");
    size_t n = lc_json_size(files);

    if (n == 0) {
        lc_fail(err, LC_ERR_INPUT, "%s lists no files", j->manifest_path);
        lc_hint(err, "it is damaged: config install of the same rules writes it anew");
        return LC_ERR_INPUT;
    }
    for (size_t i = 0; i < n; i++) {
        const struct lc_json *one = lc_json_at(files, i);
        const char *name = lc_json_str(lc_json_get(one, "file"), "");
        enum role role = role_of(one);

        if (n > FILES_MAX || role == ROLES || !is_our_name(j, role, name))
            return lc_fail(err, LC_ERR_INPUT, "%s: entry %zu is not one that livecol writes",
                           j->manifest_path, i + 1);
        if (!add_file(j, role, name, err))
            return LC_ERR_NOMEM;
        j->file[j->n - 1].kept = is_kept(one);
    }
    return 0;
}

/*
 * A file that is gone already is fine; one that was changed is not ours to remove. The program
 * stays where others need it, where it was there before, and where it was changed.
 */
static int look_at_installed(struct job *j, struct file *f, bool shared, struct lc_error *err)
{
    bool same = false;
    int rc = lc_file_compare(f->path, "", 0, &f->state, err);

    if (f->role == PROGRAM_FILE)
        f->kept = f->kept || shared;
    if (rc || f->state == LC_FILE_ABSENT || f->kept)
        return rc;
    rc = is_as_installed(j, f, &same, err);
    if (f->role == PROGRAM_FILE)
        f->kept = !same;
    if (rc || same || f->role == PROGRAM_FILE)
        return rc;
    lc_fail(err, LC_ERR_REFUSED, "%s was changed since it was installed", f->path);
    lc_hint(err, "move it away, if it is to go; nothing was removed");
    return LC_ERR_REFUSED;
}

static int take_away(struct job *j, const struct file *f, struct lc_error *err)
{
    int rc = 0;

    if (!j->o->dry_run)
        lc_file_sweep(f->path);
    if (f->state == LC_FILE_ABSENT)
        return 0;
    if (f->kept) {
        tell(j, LC_INSTALL_KEPT, f->path);
        return 0;
    }
    if (!j->o->dry_run)
        rc = lc_file_remove(f->path, err);
    if (rc == 0)
        tell(j, LC_INSTALL_REMOVED, f->path);
    return rc;
}

int lc_uninstall(const char *full, const struct lc_install_options *o, struct lc_error *err)
{
    bool shared = false, put_there;
    struct job j;
    int rc = begin(&j, full, o, err);

    if (rc == 0 && !j.manifest) {
        rc = lc_fail(err, LC_ERR_REFUSED, "%s is not there: %s was not installed there by livecol",
                     j.manifest_path, full);
        lc_hint(err, "--config names the folder of the XML files");
    }
    rc = rc ? rc : read_manifest(&j, err);
    rc = rc ? rc : ask_manifests(&j, &shared, &put_there, err);
    for (unsigned i = 0; rc == 0 && i < j.n; i++)
        rc = look_at_installed(&j, &j.file[i], shared, err);
    for (int role = ROLES - 1; rc == 0 && role >= 0; role--)
        for (unsigned i = 0; rc == 0 && i < j.n; i++)
            if (j.file[i].role == (enum role)role)
                rc = take_away(&j, &j.file[i], err);
    if (rc == 0 && !o->dry_run) {
        lc_file_sweep(j.manifest_path);
        rc = lc_file_remove(j.manifest_path, err);
    }
    if (rc == 0)
        tell(&j, LC_INSTALL_REMOVED, j.manifest_path);
    release(&j);
    return rc;
}

int lc_installed_functions(const char *full, const struct lc_install_options *o,
                           char *names[LC_MAX_ATTRIBUTES], size_t *n, struct lc_error *err)
{
    struct job j;
    const struct lc_json *more;
    int rc = begin(&j, full, o, err);

    *n = 0;
    more = rc == 0 ? lc_json_get(j.manifest, "attributes") : NULL;
    for (size_t i = 0; rc == 0 && i <= lc_json_size(more) && *n < LC_MAX_ATTRIBUTES; i++) {
        const char *attribute = i ? lc_json_str(lc_json_at(more, i - 1), "") : "";

        if (asprintf(&names[*n], "%s%s%s", full, i ? "_" : "", attribute) < 0)
            rc = lc_fail(err, LC_ERR_NOMEM, "no memory");
        else
            ++*n;
    }
    release(&j);
    return rc;
}
