/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of servers: taken apart, and put together without the password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/server/url.h"

#include <stdlib.h>
#include <string.h>

struct good {
    const char *text;
    bool tls;
    const char *host;
    unsigned port;
    const char *user, *password, *database;
    const char *again; /* what lc_url_text gives */
};

static const struct good goods[] = {
    {"http://h", false, "h", 8123, NULL, NULL, NULL, "http://h:8123"},
    {"https://h", true, "h", 8443, NULL, NULL, NULL, "https://h:8443"},
    {"HTTP://H:1/", false, "H", 1, NULL, NULL, NULL, "http://H:1"},
    {"http://me@h:9/db", false, "h", 9, "me", NULL, "db", "http://me@h:9/db"},
    {"http://me:pw@h/db", false, "h", 8123, "me", "pw", "db", "http://me@h:8123/db"},
    {"http://me:@h", false, "h", 8123, "me", "", NULL, "http://me@h:8123"},
    {"http://:pw@h", false, "h", 8123, NULL, "pw", NULL, "http://h:8123"},
    {"http://me:p@w:d@h", false, "h", 8123, "me", "p@w:d", NULL, "http://me@h:8123"},
    {"http://m%40e:p%3aw%2F@h/d%2fb%25", false, "h", 8123, "m@e", "p:w/", "d/b%",
     "http://m%40e@h:8123/d%2Fb%25"},
    {"http://[::1]:81/x", false, "[::1]", 81, NULL, NULL, "x", "http://[::1]:81/x"},
    {"http://[fe80::1]", false, "[fe80::1]", 8123, NULL, NULL, NULL, "http://[fe80::1]:8123"},
    {"http://h:65535/caf\xc3\xa9", false, "h", 65535, NULL, NULL, "caf\xc3\xa9",
     "http://h:65535/caf%C3%A9"},
};

static void assert_text(const char *got, const char *want)
{
    if (!want)
        assert_null(got);
    else {
        assert_non_null(got);
        assert_string_equal(got, want);
    }
}

static void test_good_urls(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof goods[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_url u;
        char *text;

        assert_int_equal(lc_url_parse(&u, goods[i].text, &err), 0);
        assert_int_equal(u.tls, goods[i].tls);
        assert_string_equal(u.host, goods[i].host);
        assert_int_equal(u.port, goods[i].port);
        assert_text(u.user, goods[i].user);
        assert_text(u.password, goods[i].password);
        assert_text(u.database, goods[i].database);
        text = lc_url_text(&u);
        assert_text(text, goods[i].again);
        free(text);
        lc_url_release(&u);
    }
}

static void test_bad_urls(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "the URL does not begin with http:// or https://"},
        {"h:8123", "the URL does not begin with http:// or https://"},
        {"tcp://h:9000", "the URL does not begin with http:// or https://"},
        {"http://", "the URL names no host"},
        {"http://me@/db", "the URL names no host"},
        {"http://:81/", "the URL names no host"},
        {"http://h:", "the URL's port is not a number from 1 to 65535"},
        {"http://h:0", "the URL's port is not a number from 1 to 65535"},
        {"http://h:65536", "the URL's port is not a number from 1 to 65535"},
        {"http://h:99999999999999999999", "the URL's port is not a number from 1 to 65535"},
        {"http://h:80a/", "the URL's port is not a number from 1 to 65535"},
        {"http://a b/", "the URL's host contains a byte that no host name has"},
        {"http://a\nb/", "the URL's host contains a byte that no host name has"},
        {"http://[::1]x/", "the URL has text between its host and its port"},
        {"http://h/a/b", "the URL continues after its database: a \"/\" in a name is written %2F"},
        {"http://h/a?max_threads=1",
         "the URL continues after its database: a \"?\" in a name is written %3F"},
        {"http://h/a#b", "the URL continues after its database: a \"#\" in a name is written %23"},
        {"http://h?x=1", "the URL has a \"?\" after its host"},
        {"http://me:secret%@h",
         "the URL's password holds a % without two hexadecimal digits of a byte"},
        {"http://me%0@h", "the URL's user holds a % without two hexadecimal digits of a byte"},
        {"http://h/%00", "the URL's database holds a % without two hexadecimal digits of a byte"},
        {"http://h/%zz", "the URL's database holds a % without two hexadecimal digits of a byte"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_url u;

        assert_int_equal(lc_url_parse(&u, cases[i].text, &err), LC_ERR_USAGE);
        assert_string_equal(err.msg, cases[i].message);
        assert_null(strstr(err.msg, "secret"));
        assert_string_equal(err.hint, "a URL reads http(s)://user@host:port/database");
        assert_null(u.host);
        assert_null(u.password);
    }
}

static void test_too_long_a_url(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_url u;
    char text[9000];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "http://", 7);
    text[sizeof text - 1] = '\0';
    assert_int_equal(lc_url_parse(&u, text, &err), LC_ERR_USAGE);
    assert_string_equal(err.msg, "the URL is longer than 8192 bytes");
}

static void test_proxies_of_the_environment(void **state)
{
    static const struct {
        const char *url, *variable, *value, *none, *wanted;
    } cases[] = {{"http://db/", "http_proxy", "http://p:1", NULL, "http://p:1"},
                 {"http://db/", "https_proxy", "http://p:1", NULL, NULL},
                 {"https://db/", "HTTPS_PROXY", "http://p:1", NULL, "http://p:1"},
                 {"https://db/", "ALL_PROXY", "http://p:1", NULL, "http://p:1"},
                 {"http://127.0.0.1/", "http_proxy", "http://p:1", NULL, NULL},
                 {"http://db.example.org/", "http_proxy", "http://p:1", "x, .example.org", NULL},
                 {"http://db.example.org/", "http_proxy", "http://p:1", "ample.org", "http://p:1"},
                 {"http://db/", "http_proxy", "http://p:1", "*", NULL},
                 {"http://db/", "http_proxy", "", NULL, NULL}};
    static const char *const all[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_url u;
        const char *got;

        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            unsetenv(all[k]);
        setenv(cases[i].variable, cases[i].value, 1);
        if (cases[i].none)
            setenv("no_proxy", cases[i].none, 1);
        assert_int_equal(lc_url_parse(&u, cases[i].url, NULL), 0);
        got = lc_url_proxy(&u);
        assert_int_equal(got != NULL, cases[i].wanted != NULL);
        if (got)
            assert_string_equal(got, cases[i].wanted);
        lc_url_release(&u);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_urls),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_too_long_a_url),
        cmocka_unit_test(test_proxies_of_the_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
