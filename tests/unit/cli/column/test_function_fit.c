/* SPDX-License-Identifier: Apache-2.0 */
/* A function's XML against its program's command: what fits, what does not, and what is not known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/column/function_fit.h"

#include <string.h>

struct fit {
    const char *command, *format, *argument, *type;
    const char *message; /* NULL: fits; a part of it */
    const char *note;    /* a part of it; "" none */
};

#define UDF "livecol-udf --rules r.csv"

static const struct fit fits[] = {
    {UDF " --format Native --argument String --type String", "Native", "String", "String", NULL,
     ""},
    {UDF, "Native", "String", "String", NULL, ""},
    {"/opt/bin/" UDF, "Native", "String", "String", NULL, ""},
    {UDF, "Native", "Nullable(Int32)", "String", NULL, ""},
    {UDF " --format TSV", "TabSeparated", "Nullable(String)", "String", NULL, ""},
    {UDF " --format=RowBinary", "RowBinary", "LowCardinality(String)", "String", NULL, ""},
    {UDF " --format RowBinary", "RowBinary", "UInt64", "String", NULL, ""},
    {UDF " --type LowCardinality(String)", "Native", "String", "String", NULL, ""},
    {UDF " --type Enum8('b'=2,'a'=1)", "Native", "String", "Enum8('a' = 1, 'b' = 2)", NULL, ""},
    {UDF " --argument Enum8('b'=2,'a'=1) --format RowBinary", "RowBinary",
     "Enum8('a' = 1, 'b' = 2)", "String", NULL, ""},
    {UDF " --argument DateTime64(3,'UTC')", "Native", "DateTime64(3, 'UTC')", "String", NULL, ""},
    /* Another program is nobody's business. */
    {"cat --format RowBinary", "Native", "Int128", "Array(String)", NULL, ""},
    {"livecol-udf2 --format RowBinary", "Native", "Int128", "Array(String)", NULL, ""},

    {UDF " --format RowBinary", "Native", "String", "String",
     "the server speaks Native, and the command says RowBinary", ""},
    {UDF, "RowBinary", "String", "String", "the command leaves --format at Native", ""},
    {UDF " --format JSON", "JSON", "String", "String", "the server speaks JSON", ""},
    {UDF " --emit rows", "Native", "String", "String", "--emit rows", ""},
    {UDF " --chunk-header", "Native", "String", "String", "waits for chunk headers", ""},
    {UDF " --format RowBinary", "RowBinary", "Nullable(String)", "String",
     "sends Nullable(String) in RowBinary, which does not carry types", ""},
    {UDF " --format RowBinary", "RowBinary", "FixedString(4)", "String", "has no --argument", ""},
    {UDF " --format RowBinary", "RowBinary", "UInt32", "String", "has no --argument", ""},
    {UDF " --format RowBinary", "RowBinary", "IPv4", "String", "has no --argument", ""},
    {UDF " --format TabSeparated", "TabSeparated", "Int32", "String", "has no --argument", ""},
    {UDF " --argument String", "Native", "Nullable(String)", "String",
     "sends Nullable(String), and the command says --argument String", ""},
    {UDF " --argument UInt64 --format RowBinary", "RowBinary", "UInt32", "String",
     "sends UInt32, and the command says --argument UInt64", ""},
    {UDF " --argument Strin", "Native", "String", "String", "--argument Strin", ""},
    {UDF, "Native", "Int128", "String", "Int128 is not supported", ""},
    {UDF, "Native", "Array(String)", "String", "rules take one value", ""},
    {UDF " --type Nullable(String)", "Native", "String", "String", "a NULL becomes the empty value",
     ""},
    {UDF " --type UInt64", "Native", "String", "UInt8", "cuts to UInt8", ""},
    {UDF " --format RowBinary --type UInt8", "RowBinary", "String", "UInt64",
     "the server reads UInt64, and the command answers UInt8", ""},
    {UDF " --format RowBinary", "RowBinary", "String", "Nullable(String)",
     "the server reads Nullable(String), and the command answers String", ""},

    {UDF " --type UInt8", "Native", "String", "UInt64", NULL, "which the server casts to UInt64"},
    {UDF " --type @type", "Native", "String", "UInt64", NULL, "--type @type is a file"},
    {UDF " --argument @type", "Native", "String", "String", NULL, "--argument @type is a file"},
};

static void test_xml_and_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        const struct fit *t = &fits[i];
        const struct lc_function_fit f = {.name = "f",
                                          .command = t->command,
                                          .format = t->format,
                                          .argument_type = t->argument,
                                          .return_type = t->type,
                                          .return_name = "result",
                                          .arguments = 1};
        struct lc_function_fit_note note;
        struct lc_error err = LC_ERROR_INIT;
        int rc = lc_function_fit_judge(&f, &note, &err);

        if (rc != (t->message ? LC_ERR_REFUSED : 0) ||
            (t->message && (!strstr(err.msg, t->message) || !err.hint[0])))
            fail_msg("%s, %s, %s, %s: %d '%s' ('%s')", t->command, t->format, t->argument, t->type,
                     rc, err.msg, err.hint);
        if (!rc && (*t->note ? !strstr(note.text, t->note) : note.text[0]))
            fail_msg("%s: note '%s'", t->command, note.text);
    }
}

static void test_name_of_the_result_and_number_of_arguments(void **state)
{
    struct lc_function_fit f = {.name = "f",
                                .command = UDF,
                                .format = "Native",
                                .argument_type = "String",
                                .return_type = "String",
                                .return_name = "region",
                                .arguments = 1};
    struct lc_function_fit_note note;
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_function_fit_judge(&f, &note, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "its return_name is region"));
    err = LC_ERROR_INIT;
    f.return_name = "result";
    f.arguments = 2;
    assert_int_equal(lc_function_fit_judge(&f, &note, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "it has 2 arguments"));
    err = LC_ERROR_INIT;
    f.arguments = 1;
    f.chunk_header = true;
    assert_int_equal(lc_function_fit_judge(&f, &note, &err), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "the server sends chunk headers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml_and_command),
        cmocka_unit_test(test_name_of_the_result_and_number_of_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
