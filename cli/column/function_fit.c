/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function is read from system.user_defined_functions, with the command as one line of
 * text. It is split at blanks, as the server does where it starts the program directly: neither
 * knows quotes.
 */
#include "cli/column/function_fit.h"

#include "livecol_sql.h"
#include "udf/argument.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_MAX_BYTES = 1 << 16 };

/* The program's name; the path before it does not matter. */
#define PROGRAM "livecol-udf"

/* Is livecol-udf what the command runs? */
static bool is_ours(const char *command)
{
    size_t n = strcspn(command, " ");
    size_t at = n;

    while (at && command[at - 1] != '/')
        at--;
    return n - at == strlen(PROGRAM) && memcmp(command + at, PROGRAM, n - at) == 0;
}

/* Is the option, of which `value` is NULL or becomes the text behind it, malloc'ed, there? */
static bool find_option(const char *command, const char *option, char **value)
{
    size_t n = strlen(option);

    for (const char *p = command; p; p = strchr(p, ' ')) {
        const char *text;

        p += *p == ' ';
        if (strncmp(p, option, n) != 0 || (p[n] && p[n] != ' ' && p[n] != '='))
            continue;
        if (!value)
            return true;
        text = p[n] ? p + n + 1 : p + n;
        *value = strndup(text, strcspn(text, " "));
        return true;
    }
    return false;
}

static int refuse(const struct lc_function_fit *f, const char *hint, struct lc_error *err,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int refuse(const struct lc_function_fit *f, const char *hint, struct lc_error *err,
                  const char *fmt, ...)
{
    char what[700];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    lc_fail(err, LC_ERR_REFUSED, "the function %.150s does not fit its program: %s", f->name, what);
    lc_hint(err, "%s; then SYSTEM RELOAD FUNCTIONS. livecol config function writes XML that fits",
            hint);
    return LC_ERR_REFUSED;
}

/*
 * The <format>, and --format, Native where it is left out. *format: an enum lc_format, where
 * they agree.
 */
static int judge_format(const struct lc_function_fit *f, const char *said, int *format,
                        struct lc_error *err)
{
    *format = said ? lc_format_from_name(said) : LC_FORMAT_NATIVE;
    if (*format >= 0 && lc_format_from_name(f->format) == *format)
        return 0;
    return refuse(f, "make <format> and --format equal: Native, RowBinary or TabSeparated", err,
                  "the server speaks %.60s, and the command %s%.60s", f->format,
                  said ? "says " : "leaves --format at ", said ? said : "Native");
}

/*
 * Without --argument: in RowBinary and TabSeparated String is read, or UInt64 for ranges. Which
 * of them it is depends on the rules, which are on the server, so both pass. A NULL is a byte
 * more in RowBinary, which the program does not wait for; TabSeparated writes it as a text.
 */
static bool is_taken_for_granted(const struct lc_argument *arg, int format)
{
    return (arg->base == LC_ARG_STRING || (arg->base == LC_ARG_UINT && arg->width == 8)) &&
           (!arg->nullable || format == LC_FORMAT_TSV);
}

/* A number of another type is text all the same, where rules are given its digits. */
static int judge_argument(const struct lc_function_fit *f, const char *said, int format,
                          struct lc_function_fit_note *note, struct lc_error *err)
{
    struct lc_argument there = {0}, command = {0};
    struct lc_error why = LC_ERROR_INIT;
    int rc = lc_argument_parse(&there, f->argument_type, &why);

    if (rc == LC_ERR_USAGE) {
        rc = refuse(f, why.hint, err, "%.400s", why.msg);
    } else if (rc == 0 && said && *said == '@') {
        snprintf(note->text, sizeof note->text,
                 "whether the argument of %.100s is %.100s for its program too is not known: "
                 "--argument %.100s is a file on the server",
                 f->name, f->argument_type, said);
    } else if (rc == 0 && said) {
        rc = lc_argument_parse(&command, said, &why);
        if (rc || !lc_argument_same(&there, &command))
            rc = refuse(f, "make the <type> of its <argument> and --argument equal", err,
                        "the server sends %.200s, and the command says --argument %.200s",
                        f->argument_type, said);
    } else if (rc == 0 && format != LC_FORMAT_NATIVE && !is_taken_for_granted(&there, format)) {
        char hint[400];

        snprintf(hint, sizeof hint, "add --argument %.250s to its <command>", f->argument_type);
        rc = refuse(
            f, hint, err,
            "the server sends %.200s in %s, which does not carry types, and the command has no "
            "--argument",
            f->argument_type, f->format);
    }
    lc_argument_release(&there);
    lc_argument_release(&command);
    return rc;
}

/* Does the server's cast from one to the other keep every value? Of types that are not the same. */
static bool keeps_all(const struct lc_argument *from, const struct lc_argument *to)
{
    if (to->base == LC_ARG_STRING || from->base == LC_ARG_STRING || from->base == LC_ARG_ENUM ||
        to->base == LC_ARG_ENUM)
        return true; /* a text; or one that the cast refuses, rather than change it */
    if (from->base == LC_ARG_DECIMAL && to->base == LC_ARG_DECIMAL)
        return to->scale >= from->scale &&
               to->precision - to->scale >= from->precision - from->scale;
    if (from->base == LC_ARG_UINT && to->base == LC_ARG_INT)
        return to->width > from->width;
    return from->base == to->base && to->width >= from->width;
}

/*
 * Results are types that an argument may have. Native names the type, and the server casts;
 * RowBinary must have the same bytes; TabSeparated is text, which the server reads as its own
 * type. What loses values is refused, what only is cast is a note.
 */
static int judge_result(const struct lc_function_fit *f, const char *said, int format,
                        struct lc_function_fit_note *note, struct lc_error *err)
{
    static const char hint[] = "make <return_type> and --type equal";
    struct lc_argument there = {0}, command = {0};
    const char *type = said ? said : "String";
    bool same = false;
    int rc = 0;

    if (*type == '@') {
        snprintf(
            note->text, sizeof note->text,
            "whether %.100s answers %.100s is not known: --type %.100s is a file on the server",
            f->name, f->return_type, type);
        return 0;
    }
    if (lc_argument_parse(&there, f->return_type, NULL) == 0 &&
        lc_argument_parse(&command, type, NULL) == 0) {
        there.low_cardinality = command.low_cardinality =
            false; /* the server casts it, losing nothing */
        same = lc_argument_same(&there, &command);
        if (!same && command.nullable && !there.nullable)
            rc = refuse(f, hint, err,
                        "it answers %.200s, and a NULL becomes the empty value of %.200s", type,
                        f->return_type);
        else if (!same && !keeps_all(&command, &there))
            rc = refuse(f, hint, err, "it answers %.200s, which the server cuts to %.200s", type,
                        f->return_type);
    }
    if (rc == 0 && !same && format == LC_FORMAT_ROWBINARY)
        rc = refuse(f, hint, err, "the server reads %.200s, and the command answers %.200s",
                    f->return_type, type);
    else if (rc == 0 && !same)
        snprintf(note->text, sizeof note->text,
                 "%.100s answers %.120s, which the server casts to %.120s", f->name, type,
                 f->return_type);
    lc_argument_release(&there);
    lc_argument_release(&command);
    return rc;
}

/* From the outside in: what the program is to do, the format of blocks, then the types in it. */
int lc_function_fit_judge(const struct lc_function_fit *f, struct lc_function_fit_note *note,
                          struct lc_error *err)
{
    char *format = NULL, *argument = NULL, *type = NULL, *emit = NULL;
    int is = LC_FORMAT_NATIVE, rc = 0;
    bool chunk = find_option(f->command, "--chunk-header", NULL);

    note->text[0] = '\0';
    if (!is_ours(f->command))
        return 0;
    find_option(f->command, "--format", &format);
    find_option(f->command, "--argument", &argument);
    find_option(f->command, "--type", &type);
    find_option(f->command, "--emit", &emit);
    if (emit && strcmp(emit, "values") != 0)
        rc = refuse(f, "remove --emit, which is for dictionaries", err,
                    "the command says --emit %.60s", emit);
    rc = rc ? rc : judge_format(f, format, &is, err);
    if (rc == 0 && f->arguments != 1)
        rc = refuse(f, "give it one <argument>", err,
                    "it has %llu arguments, and livecol-udf takes one",
                    (unsigned long long)f->arguments);
    if (rc == 0 && chunk != f->chunk_header)
        rc = refuse(f, "make <send_chunk_header> and --chunk-header equal", err,
                    f->chunk_header
                        ? "the server sends chunk headers, and the command does not expect them"
                        : "the command waits for chunk headers, which the server does "
                          "not send");
    if (rc == 0 && is == LC_FORMAT_NATIVE && strcmp(f->return_name, "result") != 0)
        rc = refuse(f, "set <return_name> to result", err,
                    "its return_name is %.100s, and livecol-udf calls its column result: every row "
                    "would be empty",
                    f->return_name);
    rc = rc ? rc : judge_argument(f, argument, is, note, err);
    rc = rc ? rc : judge_result(f, type, is, note, err);
    free(format);
    free(argument);
    free(type);
    free(emit);
    return rc;
}

/* A server without system.user_defined_functions is no failure: *attribute is NULL. */
int lc_function_fit_attribute(const struct lc_cluster *c, size_t i, const char *name,
                              char **attribute, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    struct lc_error why = LC_ERROR_INIT;
    struct lc_answer t = {0};
    int rc = lc_cluster_read(c, i, lc_sql_function_fit, lc_sql_host_function_fit, args, &t, &why);

    *attribute = NULL;
    if (rc == 0 && t.rows == 1)
        find_option(lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_COMMAND)->p, "--attribute", attribute);
    else if (rc && rc != LC_ERR_SERVER)
        lc_error_pass(err, &why);
    else
        rc = 0; /* a server that does not list them */
    lc_answer_release(&t);
    return rc;
}

int lc_function_fit_check(const struct lc_cluster *c, size_t i, const char *name,
                          struct lc_function_fit_note *note, struct lc_error *err)
{
    const struct lc_sql_arg args[] = {{"name", name}, {NULL, NULL}};
    struct lc_answer t = {0};
    int rc = lc_cluster_read(c, i, lc_sql_function_fit, lc_sql_host_function_fit, args, &t, err);

    note->text[0] = '\0';
    if (rc == 0 && t.rows == 1) {
        const struct lc_function_fit f = {
            .name = name,
            .command = lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_COMMAND)->p,
            .format = lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_FORMAT)->p,
            .return_type = lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_RETURN_TYPE)->p,
            .return_name = lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_RETURN_NAME)->p,
            .arguments = lc_answer_u64(&t, 0, LC_SQL_FUNCTION_FIT_ARGUMENTS, 0),
            .argument_type = lc_answer_at(&t, 0, LC_SQL_FUNCTION_FIT_ARGUMENT_TYPE)->p,
            .chunk_header = lc_answer_u64(&t, 0, LC_SQL_FUNCTION_FIT_CHUNK_HEADER, 0) != 0,
        };

        rc = lc_function_fit_judge(&f, note, err);
    }
    lc_answer_release(&t);
    return rc;
}
