/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   text ─▶ the server's formatter ─▶ canonical form ─▶ compare word by word
 *                                         ▲
 *                        system.functions, asked once for all names of both texts;
 *                        again only for names that an alias or a definition brings in
 */
#include "cli/server/same_sql.h"

#include "cli/server/query.h"
#include "cli/sql/canonical.h"
#include "cli/sql/fragment.h"
#include "livecol_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Aliases of aliases that are followed; a ring of them ends here. */
enum { ALIAS_HOPS = 4 };

/* What the server has said of functions: an answer a question, kept until the comparison ends. */
struct functions {
    struct lc_backend *b;
    struct lc_answer *v;
    char **asked; /* ",name,name," of each answer, in lower case */
    size_t n;
    struct lc_buf names; /* of the next question */
};

/*
 * Add a name to the next question, in lower case. The list has commas between names, so a name
 * with a comma is left out, and counts as one that the server does not list.
 */
static int note_name(void *ctx, const char *name)
{
    struct functions *f = ctx;

    if (strchr(name, ','))
        return 0;
    for (const char *p = name; *p; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;

        if (lc_buf_add(&f->names, &c, 1))
            return LC_ERR_NOMEM;
    }
    return lc_buf_adds(&f->names, ",");
}

/* Ask for the names that were noted, all at once. */
static int ask(struct functions *f, struct lc_error *err)
{
    struct lc_answer *v = realloc(f->v, (f->n + 1) * sizeof *v);
    char **asked = realloc(f->asked, (f->n + 1) * sizeof *asked);
    struct lc_sql_arg args[] = {{"names", NULL}, {NULL, NULL}};
    int rc;

    if (v)
        f->v = v;
    if (asked)
        f->asked = asked;
    if (!v || !asked)
        return lc_no_memory(err);
    v[f->n] = (struct lc_answer){0};
    asked[f->n] = lc_buf_detach(&f->names);
    args[0].value = asked[f->n];
    if (!asked[f->n])
        return lc_no_memory(err);
    rc = lc_query_read(f->b, lc_sql_functions, args, &v[f->n], err);
    f->n++;
    return rc;
}

/* The row of that name: as it is written, else one that is known in any case. */
static bool find(const struct functions *f, const char *name, const struct lc_answer **t,
                 size_t *row)
{
    for (int any_case = 0; any_case < 2; any_case++) {
        for (size_t k = 0; k < f->n; k++) {
            for (size_t i = 0; i < f->v[k].rows; i++) {
                const char *is = lc_answer_at(&f->v[k], i, LC_SQL_FUNCTIONS_NAME)->p;

                if (any_case ? strcasecmp(is, name) != 0 ||
                                   !lc_answer_u64(&f->v[k], i, LC_SQL_FUNCTIONS_ANY_CASE, 0)
                             : strcmp(is, name) != 0)
                    continue;
                *t = &f->v[k];
                *row = i;
                return true;
            }
        }
    }
    return false;
}

/* A name that was asked for and has no row is not known to the server: do not ask again. */
static bool was_asked(const struct functions *f, const char *name)
{
    size_t n = strlen(name);

    for (size_t k = 0; k < f->n; k++) {
        for (const char *p = f->asked[k]; *p; p += strcspn(p, ",") + 1) {
            if (strcspn(p, ",") == n && strncasecmp(p, name, n) == 0)
                return true;
        }
    }
    return false;
}

/* The row of a name, asked for where it was not; *t NULL: the server lists no such function. */
static int look_up(struct functions *f, const char *name, const struct lc_answer **t, size_t *row,
                   struct lc_error *err)
{
    int rc = 0;

    *t = NULL;
    if (find(f, name, t, row) || was_asked(f, name) || strchr(name, ','))
        return 0;
    rc = note_name(f, name);
    rc = rc ? lc_no_memory(err) : ask(f, err);
    if (rc == 0)
        find(f, name, t, row);
    return rc;
}

/* What an alias stands for may be an alias, or another spelling of the name, in turn. */
static int look(void *ctx, const char *name, struct lc_known_function *out, struct lc_error *err)
{
    struct functions *f = ctx;
    const struct lc_answer *t;
    size_t row;
    int rc = look_up(f, name, &t, &row, err);

    *out = (struct lc_known_function){0};
    for (int hops = 0; rc == 0 && t && hops < ALIAS_HOPS; hops++) {
        const struct lc_cell *alias = lc_answer_at(t, row, LC_SQL_FUNCTIONS_ALIAS_TO);
        const struct lc_cell *definition = lc_answer_at(t, row, LC_SQL_FUNCTIONS_DEFINITION);

        out->canonical = alias->n ? alias->p : lc_answer_at(t, row, LC_SQL_FUNCTIONS_NAME)->p;
        out->definition = definition->n ? definition->p : NULL;
        if (!alias->n)
            break;
        rc = look_up(f, alias->p, &t, &row, err);
    }
    return rc;
}

static void release(struct functions *f)
{
    for (size_t i = 0; i < f->n; i++) {
        lc_answer_release(&f->v[i]);
        free(f->asked[i]);
    }
    free(f->v);
    free(f->asked);
    lc_buf_release(&f->names);
}

/* Two texts to compare. */
struct pair {
    struct lc_backend *b;
    const struct lc_abilities *facts;
    const char *database;
    const char *head; /* makes a statement of a text; cut off again once it is formatted */
    struct lc_slice texts[2];
    bool expressions; /* else commands of an ALTER */
    char *sql[2];     /* as the server's formatter writes them, the head before it */
    struct lc_canonical forms[2];
};

/* Head and text, by the server's formatter; as they are where it cannot. */
static int format(const struct pair *p, struct lc_slice text, char **out, struct lc_error *err)
{
    struct lc_error one = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = 0;

    if (asprintf(out, "%s%.*s", p->head, (int)text.n, (const char *)text.p) < 0) {
        *out = NULL;
        return lc_no_memory(err);
    }
    if (p->facts->format_query)
        rc = lc_query_read(p->b, lc_sql_format_query,
                           (const struct lc_sql_arg[]){{"sql", *out}, {NULL, NULL}}, &t, &one);
    if (rc == 0 && t.rows == 1) {
        free(*out);
        *out = strdup(lc_answer_at(&t, 0, LC_SQL_FORMAT_QUERY_SQL)->p);
        rc = *out ? 0 : lc_no_memory(err);
    } else if (rc == LC_ERR_SERVER) {
        rc = 0;
    } else if (rc) {
        lc_error_pass(err, &one);
    }
    lc_answer_release(&t);
    return rc;
}

/* Bring both into their canonical form. LC_ERR_INPUT: one is not SQL as the lexer knows it. */
static int make_forms(struct pair *p, struct functions *f, struct lc_error *err)
{
    const struct lc_function_source source = {look, f};
    struct lc_error one = LC_ERROR_INIT;
    size_t cut = strlen(p->head);
    int rc = 0;

    for (int i = 0; rc == 0 && i < 2; i++)
        rc = format(p, p->texts[i], &p->sql[i], err);
    for (int i = 0; rc == 0 && i < 2; i++) {
        rc = lc_canonical_functions(p->sql[i] + cut, strlen(p->sql[i] + cut), note_name, f);
        if (rc == LC_ERR_INPUT)
            rc = 0; /* lc_canonical_make says so again */
        else if (rc)
            lc_no_memory(err);
    }
    if (rc == 0)
        rc = ask(f, err);
    if (rc)
        return rc;
    for (int i = 0; rc == 0 && i < 2; i++)
        rc = lc_canonical_make(&p->forms[i], p->sql[i] + cut, strlen(p->sql[i] + cut), p->database,
                               &source, &one);
    if (rc && rc != LC_ERR_INPUT)
        lc_error_pass(err, &one);
    return rc;
}

int lc_type_name(struct lc_backend *b, struct lc_slice type, char **name, struct lc_error *err)
{
    char *plain = lc_fragment_declared_type(type), *array = NULL;
    struct lc_answer t = {0};
    size_t around = strlen("Array()");
    int rc = plain && asprintf(&array, "Array(%s)", plain) >= 0 ? 0 : lc_no_memory(err);
    const struct lc_sql_arg args[] = {{"array_of", array}, {NULL, NULL}};

    *name = NULL;
    if (rc == 0)
        rc = lc_query_read(b, lc_sql_type_name, args, &t, err);
    if (rc == 0 && t.rows == 1 && lc_answer_at(&t, 0, LC_SQL_TYPE_NAME_TYPE)->n > around) {
        const struct lc_cell *is = lc_answer_at(&t, 0, LC_SQL_TYPE_NAME_TYPE);

        *name = strndup(is->p + around - 1, is->n - around);
        rc = *name ? 0 : lc_no_memory(err);
    }
    lc_answer_release(&t);
    free(array);
    free(plain);
    return rc;
}

/* The word's type by the server's own name. *told false: the server does not say, and it stays as it is. */
static int name_type(struct lc_backend *b, struct lc_word *w, bool *told, struct lc_error *err)
{
    const struct lc_slice type = {(const uint8_t *)w->text, strlen(w->text)};
    struct lc_error why = LC_ERROR_INIT;
    char *name;
    int rc = lc_type_name(b, type, &name, &why);

    *told = name != NULL;
    if (name) {
        free(w->text);
        w->text = name;
    }
    return rc == 0 || rc == LC_ERR_SERVER ? 0 : lc_error_pass(err, &why);
}

/*
 * The server is asked only for types in which the two differ, since each costs a question. *told false:
 * it does not say what one of them is, and a difference there proves nothing.
 */
static int name_types(struct pair *p, bool *told, struct lc_error *err)
{
    size_t named = 0; /* up to here nothing differs */
    int rc = 0;

    *told = true;
    for (;;) {
        size_t at = lc_canonical_mismatch(&p->forms[0], &p->forms[1]);

        if (at == SIZE_MAX || at < named || at >= p->forms[0].n || at >= p->forms[1].n ||
            !p->forms[0].v[at].is_type || !p->forms[1].v[at].is_type)
            return 0;
        for (int i = 0; rc == 0 && *told && i < 2; i++)
            rc = name_type(p->b, &p->forms[i].v[at], told, err);
        if (rc || !*told)
            return rc;
        named = at + 1;
    }
}

/* What the forms prove. *same stays as it is where they prove nothing. */
static void judge(const struct pair *p, enum lc_sameness *same)
{
    const struct lc_canonical *x = &p->forms[0], *y = &p->forms[1];
    bool vague = !p->facts->format_query || x->expanded || y->expanded || x->unknown || y->unknown;
    size_t at = lc_canonical_mismatch(x, y);

    if (at == SIZE_MAX)
        *same = LC_SAME;
    else if (p->expressions)
        *same = vague ? LC_UNSURE : LC_DIFFERENT;
    else if (lc_canonical_proves(x, y, at))
        *same = LC_DIFFERENT;
}

static int compare(struct pair *p, enum lc_sameness *same, struct lc_error *err)
{
    struct functions f = {.b = p->b};
    bool told = true;
    int rc;

    lc_buf_init(&f.names, (size_t)1 << 20);
    rc = make_forms(p, &f, err);
    if (rc == 0)
        rc = name_types(p, &told, err);
    if (rc == LC_ERR_INPUT)
        rc = 0; /* nothing is proven */
    else if (rc == 0 && told)
        judge(p, same);
    for (int i = 0; i < 2; i++) {
        lc_canonical_release(&p->forms[i]);
        free(p->sql[i]);
    }
    release(&f);
    return rc;
}

int lc_same_expression(struct lc_backend *b, const struct lc_abilities *facts, const char *database,
                       struct lc_slice x, struct lc_slice y, enum lc_sameness *same,
                       struct lc_error *err)
{
    struct pair p = {b, facts, database, "SELECT ", {x, y}, .expressions = true};

    *same = lc_lex_same((const char *)x.p, x.n, (const char *)y.p, y.n) ? LC_SAME : LC_UNSURE;
    return *same == LC_SAME || !facts->function_origin ? 0 : compare(&p, same, err);
}

int lc_same_command(struct lc_backend *b, const struct lc_abilities *facts, const char *database,
                    struct lc_slice x, struct lc_slice y, enum lc_sameness *same,
                    struct lc_error *err)
{
    struct pair p = {b, facts, database, "ALTER TABLE t ", {x, y}, .expressions = false};
    const char *text = (const char *)y.p;
    bool inside = y.n > 2 && text[0] == '(' && text[y.n - 1] == ')';

    *same = LC_UNSURE;
    if (lc_lex_same((const char *)x.p, x.n, text, y.n) ||
        (inside && lc_lex_same((const char *)x.p, x.n, text + 1, y.n - 2)))
        *same = LC_SAME;
    return *same == LC_SAME || !facts->function_origin ? 0 : compare(&p, same, err);
}
