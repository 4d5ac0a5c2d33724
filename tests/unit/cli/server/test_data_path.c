/* SPDX-License-Identifier: Apache-2.0 */
/* cli/server/data_path.c: which folders the embedded engine is let into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/data_path.h"
#include "scratch.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[SCRATCH_PATH_BYTES];
static struct lc_error err;

static int setup(void **state)
{
    (void)state;
    err = LC_ERROR_INIT;
    return scratch_folder(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[SCRATCH_PATH_BYTES + 32];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Put an entry into the folder: a folder where its name ends with a slash. */
static const char *put(const char *name)
{
    static char path[2 * SCRATCH_PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (path[strlen(path) - 1] == '/') {
        assert_int_equal(mkdir(path, 0777), 0);
    } else {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fclose(f);
    }
    return path;
}

static int ask(const struct lc_connect *to)
{
    char out[PATH_MAX];

    err = LC_ERROR_INIT;
    return lc_data_path(to, out, &err);
}

static void test_not_there(void **state)
{
    char path[2 * SCRATCH_PATH_BYTES], real[PATH_MAX];
    struct lc_connect to = {.path = path};
    struct stat st;

    (void)state;
    snprintf(path, sizeof path, "%s/mistyped", folder);
    assert_int_equal(ask(&to), LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "there is no data path"));
    assert_non_null(strstr(err.hint, "livecol up makes"));
    assert_int_not_equal(stat(path, &st), 0);
    to.make_path = true;
    assert_int_equal(lc_data_path(&to, real, NULL), 0);
    assert_int_equal(stat(real, &st), 0);
    /* Its parents are not made: one of them is what was mistyped. */
    snprintf(path, sizeof path, "%s/none/data", folder);
    assert_int_equal(ask(&to), LC_ERR_IO);
}

static void test_no_folder(void **state)
{
    (void)state;
    assert_int_equal(ask(&(struct lc_connect){.path = put("file"), .make_path = true}),
                     LC_ERR_REFUSED);
    assert_non_null(strstr(err.msg, "is not a folder"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_folder, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
