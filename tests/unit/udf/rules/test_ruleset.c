/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled rule sets: written, opened, matched; and each way in which a file can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "udf/argument.h"
#include "udf/rules/open.h"
#include "udf/rules/csv.h"
#include "udf/rules/hash.h"
#include "udf/rules/match.h"
#include "match_naive.h"
#include "old_layout.h"
#include "scratch.h"
#include "udf_support.h"

#include <pthread.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RULES                                                                                      \
    "prefix,region,n\nu1,us-east,1\nu22,eu-west,2\nu22_long_prefix,x,3\nu22_long_one,y,4\n"        \
    "u22_l,z,5\nu2_,v,6\n,unknown,0\n"

#define DOMAINS                                                                                    \
    "domain,v,n\n*,0,0\nu2,1,1\n*.u2,2,2\n*.u2.u2,3,3\nb.u2,4,4\n!c.b.u2,5,5\nlong.example.com,6,6\n"

/* Of 10.1/16 there are too many for one cell (ipv4.h). */
#define NETWORKS                                                                                   \
    "cidr,v,n\n10.0.0.0/8,1,1\n10.1.2.3,2,2\n::/0,3,3\n2001:db8::/32,4,4\n10.1.2.5,5,5\n"          \
    "10.1.2.7,7,7\n10.1.2.9,9,9\n10.1.2.11,11,11\n10.1.3.0/24,12,12\n10.1.3.5,13,13\n"

static char folder[SCRATCH_PATH_BYTES];
static char path[SCRATCH_PATH_BYTES + 16];

static int make_folder(void **state)
{
    (void)state;
    if (!scratch_folder(folder))
        return -1;
    snprintf(path, sizeof path, "%s/r.rules", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_arena(const char *csv)
{
    struct lc_rules *r = support_rules(csv);
    struct lc_error err = LC_ERROR_INIT;

    assert_int_equal(lc_rules_write(r, path, &err), 0);
    lc_rules_free(r);
}

static void test_compiled_file_matches_as_the_csv(void **state)
{
    static const char *const sets[] = {RULES,
                                       "exact,v\na,1\nbb,2\n*,3\n",
                                       "bucket,v\n1,a\n2,b\n",
                                       "suffix,v\n2,1\n22,2\n9,3\n",
                                       "suffix:nocase,v\nU2,1\n2,2\n,3\n",
                                       "prefix:nocase,v\nU2,1\nu22_L,2\n,3\n",
                                       "exact:nocase,v\nU2,1\nBB,2\n",
                                       "bucket:nocase,v\n1,a\n2,b\n",
                                       DOMAINS};

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct lc_rules *csv = support_rules(sets[i]), *file = NULL;
        struct lc_error err = LC_ERROR_INIT;
        static const char *const keys[] = {"",      "u1",     "u2",    "u22", "u22_long_prefix9",
                                           "a",     "bb",     "U22",   "Bb",  "x.u2",
                                           "x@U2.", "a.B.u2", "c.b.u2"};

        write_arena(sets[i]);
        assert_int_equal(lc_rules_open(&file, path, &err), 0);
        assert_true(file->mapped);
        assert_int_equal(lc_rules_check_content(file, path, &err), 0);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            struct lc_slice key = {(const uint8_t *)keys[k], strlen(keys[k])};
            struct lc_batch batch = {.n = 1, .p = {key.p}, .len = {key.n}};
            uint8_t room[64] = {0};
            uint32_t got[LC_BATCH];

            memcpy(room, key.p, key.n);
            batch.p[0] = room;
            assert_int_equal(lc_match(file, &batch, got), 0);
            assert_int_equal(got[0], lc_match_naive(csv, key));
        }
        lc_rules_free(csv);
        lc_rules_free(file);
    }
}

/* The arena of such rules, changed by the caller and given back to lc_rules_take. */
static uint8_t *arena_of(const char *csv, size_t *n)
{
    struct lc_rules *r = support_rules(csv);
    uint8_t *copy = aligned_alloc(64, r->size);

    assert_non_null(copy);
    *n = r->size;
    memcpy(copy, r->base, r->size);
    lc_rules_free(r);
    return copy;
}

/* The same in layout 2. */
static uint8_t *old_arena_of(const char *csv, size_t *n)
{
    struct lc_rules *r = support_rules(csv);
    uint8_t *p = lc_old_layout(r, LC_RULES_LOWS, LC_V4_BITS_MIN, n);

    assert_non_null(p);
    lc_rules_free(r);
    return p;
}

static uint8_t *arena(size_t *n)
{
    return arena_of(RULES, n);
}

static void seal(uint8_t *p)
{
    struct lc_rules_header *h = (struct lc_rules_header *)(void *)p;

    h->header_hash = lc_rules_header_hash(h);
}

static void expect_refused(uint8_t *p, size_t n, const char *message)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    assert_int_equal(lc_rules_take(&r, p, n, true, "f", &err), LC_ERR_INPUT);
    assert_null(r);
    assert_string_equal(err.msg, message);
    assert_true(err.hint[0] != '\0');
}

static void test_wrong_headers(void **state)
{
    struct lc_rules_header *h;
    char message[200];
    size_t n;
    uint8_t *p = arena(&n);

    (void)state;
    p[0] = 'X';
    expect_refused(p, n, "f: not a compiled rule set (byte 0)");
    p = arena(&n);
    h = (struct lc_rules_header *)(void *)p;
    h->layout = 4;
    expect_refused(p, n, "f: layout 4, this program reads layouts 1 to 3");
    p = arena(&n);
    h = (struct lc_rules_header *)(void *)p;
    h->layout = 0;
    expect_refused(p, n, "f: layout 0, this program reads layouts 1 to 3");
    p = arena(&n);
    h = (struct lc_rules_header *)(void *)p;
    h->endian = 0x04030201;
    expect_refused(p, n, "f: compiled on a machine with another byte order (byte 12)");
    p = arena(&n);
    h = (struct lc_rules_header *)(void *)p;
    h->rules++;
    snprintf(message, sizeof message,
             "f: the header is damaged: its hash does not match (byte %zu)",
             offsetof(struct lc_rules_header, header_hash));
    expect_refused(p, n, message);
    p = arena(&n);
    expect_refused(p, 40, "f: a compiled rule set that ends inside its header (byte 40)");
    p = arena(&n);
    snprintf(message, sizeof message, "f: %zu bytes, its header says %zu", n - 64, n);
    expect_refused(p, n - 64, message);
    for (int s = 0; s < LC_SECTIONS; s++) {
        p = arena(&n);
        h = (struct lc_rules_header *)(void *)p;
        h->section[s].bytes = UINT64_MAX - 10;
        seal(p);
        snprintf(message, sizeof message, "f: a section lies outside the file (byte %zu)",
                 offsetof(struct lc_rules_header, section) + (size_t)s * 16);
        expect_refused(p, n, message);
    }
    /* Options that the kind has not, and a kind that is none: what a newer program may write. */
    for (int i = 0; i < 2; i++) {
        p = arena(&n);
        h = (struct lc_rules_header *)(void *)p;
        h->kind = i ? 99 : h->kind | 2u << LC_RULES_OPTIONS_SHIFT;
        seal(p);
        snprintf(message, sizeof message, "f: the header's counts are out of bounds (byte %zu)",
                 offsetof(struct lc_rules_header, kind));
        expect_refused(p, n, message);
    }
    p = arena(&n);
    h = (struct lc_rules_header *)(void *)p;
    h->rules = LC_MAX_RULES;
    seal(p);
    snprintf(message, sizeof message, "f: the sections do not fit the header's counts (byte %zu)",
             sizeof *h);
    expect_refused(p, n, message);
}

/* The offset of a random byte of a section, past `from`; 0 of the content where it has none. */
static size_t section_byte(const uint8_t *p, enum lc_section section, uint64_t from, uint64_t *seed)
{
    const struct lc_rules_header *h = (const struct lc_rules_header *)(const void *)p;
    struct lc_rules_section s = h->section[section];

    if (s.bytes <= from)
        return sizeof *h;
    return (size_t)(s.off + from + support_random(seed) % (s.bytes - from));
}

/* Of the tables that the networks of NETWORKS are found by, in either layout. */
static size_t network_byte(const uint8_t *p, uint64_t *seed)
{
    const struct lc_rules_header *h = (const struct lc_rules_header *)(const void *)p;
    enum lc_section block = h->layout < LC_RULES_LAYOUT ? LC_SEC_ROOT : LC_SEC_V4_BLOCKS;

    switch (support_random(seed) % 3) {
    case 0: /* the entry of 10.1 */
        return (size_t)(h->section[block].off + (10u << 8 | 1) * 4 + support_random(seed) % 4);
    case 1:
        return section_byte(p, LC_SEC_V4_TABLES, 0, seed);
    default:
        return section_byte(p, LC_SEC_V4_CELLS, 0, seed);
    }
}

/* Points at random, and those that the arena has. */
static void match_points(const struct lc_rules *r, uint64_t *seed)
{
    static struct lc_batch b;
    uint32_t got[LC_BATCH];
    char usual[60], text[2][LC_POINT_TEXT_BYTES];

    b.n = LC_BATCH;
    for (size_t i = 0; i < b.n; i++)
        b.point[i] = i % 2 ? r->points[support_random(seed) % (2 * r->rules)]
                           : (lc_point)0xffff << 32 | (uint32_t)support_random(seed);
    if (lc_match(r, &b, got) == 0)
        for (size_t i = 0; i < b.n; i++)
            assert_true(got[i] <= r->rules);
    lc_argument_usual(r, usual, sizeof usual);
    lc_point_text(&r->takes, r->points[0], text[0]);
    if (lc_network_text(r->points[0], r->points[r->rules], text[1]))
        assert_true(strlen(text[1]) < sizeof text[1]);
}

/* Any byte of the content may be anything: matching stays within the arena (ASan watches). */
static void test_damaged_content_is_never_read_out_of_bounds(void **state)
{
    uint64_t seed = support_seed("damage");

    (void)state;
    for (int round = 0; round < (support_long() ? 20000 : 300); round++) {
        static const char *const types[] = {"String", "LowCardinality(String)", "UInt8"};
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;
        struct lc_column_type res;
        struct lc_buf out;
        size_t n;
        static const char *const sets[] = {
            RULES,
            DOMAINS,
            RULES,
            "suffix,v,n\n2,1,1\n22,2,2\n,3,3\nlong_suffix,4,4\n",
            "prefix:nocase,v,n\nU2,1,1\nu22,2,2\nu22_long_prefix,4,4\n",
            NETWORKS,
            "from,to,v,n\n-5,-1,1,1\n0,9.5,2,2\n,-6,3,3\n"};
        uint8_t *p = round % 14 == 12 ? old_arena_of(sets[5], &n) : arena_of(sets[round % 7], &n);

        for (int k = 0; k < 40; k++) {
            size_t at = sizeof(struct lc_rules_header) +
                        support_random(&seed) % (n - sizeof(struct lc_rules_header));

            /* Most of the arena is the direct table: aim at the rest too. */
            if (k % 2)
                at = n - 1 - support_random(&seed) % (n < 2500 ? n / 2 : 2048);
            if (k % 4 == 2)
                at = section_byte(p, LC_SEC_TRIE, LC_TRIE_ROOT * 4, &seed);
            if (k % 4 == 3)
                at = section_byte(p, LC_SEC_STEPS, 0, &seed);
            if (k % 8 == 4 && round % 7 == 1)
                at = section_byte(p, LC_SEC_BOUNDS, 0, &seed);
            if (k % 4 == 0 && round % 7 == 5)
                at = network_byte(p, &seed);
            p[at] = (uint8_t)support_random(&seed);
        }
        if (lc_rules_take(&r, p, n, true, "f", &err))
            continue;
        assert_int_equal(lc_rules_check_content(r, "f", &err), LC_ERR_INPUT);
        for (uint32_t i = 0; i < r->rules; i++) {
            struct lc_key_text text;

            (void)lc_rules_key_text(r, i, &text);
            if (r->points) {
                match_points(r, &seed);
                continue;
            }
            assert_true(lc_match_without(r, i) <= r->rules);
        }
        if (!lc_column_type_init(&res, r, r->attributes - 1, types[round % 3], "f", &err)) {
            struct lc_slice in = {
                (const uint8_t *)"\x01\x04\x01k\x06String\x02u1\x04u22_\x0fu22_long_prefix\0", 34};

            lc_buf_init(&out, 1 << 20);
            (void)support_stream(&res, LC_FORMAT_NATIVE, false, in, in.n, &out, &err);
            lc_buf_release(&out);
            lc_column_type_release(&res);
        }
        lc_rules_free(r);
    }
}

static void test_write_leaves_the_old_file_when_it_fails(void **state)
{
    struct lc_rules *r = support_rules(RULES);
    struct lc_error err = LC_ERROR_INIT;

    (void)state;
    assert_int_equal(lc_rules_write(r, "/nowhere/at/all.rules", &err), LC_ERR_IO);
    assert_string_equal(err.msg, "cannot write /nowhere/at/all.rules: No such file or directory");
    lc_rules_free(r);
}

static void test_files_that_cannot_be_opened(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;

    (void)state;
    assert_int_equal(lc_rules_open(&r, "/nowhere/rules.csv", &err), LC_ERR_IO);
    assert_string_equal(err.msg,
                        "/nowhere/rules.csv: cannot open the rules: No such file or directory");
    err = LC_ERROR_INIT;
    assert_int_equal(lc_rules_open(&r, "/", &err), LC_ERR_IO);
    assert_string_equal(err.msg, "/: not a regular file");
}

/*
 * A trie of 4,094 tables below each other, where each key fans out at every byte, and a chain of
 * prefixes: both are made on a stack of 256 KiB.
 */
static void *make_deep(void *text)
{
    struct lc_rules *r = support_rules(text);
    char key[4096 + 64];

    memset(key, 'a', sizeof key);
    for (uint32_t n = 1; n <= 4094; n += 7) {
        struct lc_slice slice = {(const uint8_t *)key, n + 1};
        struct lc_batch batch = {.n = 1, .p = {slice.p}, .len = {n + 1}};
        uint32_t rule[LC_BATCH];

        key[n] = 'b';
        assert_int_equal(lc_match(r, &batch, rule), 0);
        assert_int_equal(rule[0], lc_match_naive(r, slice));
        assert_int_equal(r->lines[rule[0]], 2 * n + 1);
        key[n] = 'a';
    }
    lc_rules_free(r);
    return NULL;
}

static void test_deep_keys_need_no_deep_stack(void **state)
{
    struct lc_buf csv;
    pthread_attr_t attr;
    pthread_t thread;
    char key[4096];

    (void)state;
    memset(key, 'a', sizeof key);
    lc_buf_init(&csv, (size_t)1 << 26);
    assert_int_equal(lc_buf_adds(&csv, "prefix,v\n"), 0);
    for (int n = 1; n <= 4094; n++)
        assert_int_equal(lc_buf_addf(&csv, "%.*s,x\n%.*sb,y\n", n, key, n, key), 0);
    assert_non_null(lc_buf_str(&csv));
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstacksize(&attr, (size_t)256 << 10), 0);
    assert_int_equal(pthread_create(&thread, &attr, make_deep, csv.p), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
    lc_buf_release(&csv);
}

/* A line of 1 GiB without an end is refused by what is in its first MiB: the rest cannot be read. */
static void test_a_long_line_is_refused_early(void **state)
{
    static const struct {
        const char *start;
        char fill;
        const char *message;
    } cases[] = {{"prefix,v\n", 'a', "in one field"},
                 {"prefix,v\nu1,\"", 'a', "in one field"},
                 {"prefix,v\n", ',', "fields"},
                 {"", ',', "fields"}};
    size_t n = (size_t)1 << 30, readable = (size_t)1 << 20;
    char *text = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)state;
    assert_ptr_not_equal(text, MAP_FAILED);
    assert_int_equal(mprotect(text, readable, PROT_READ | PROT_WRITE), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;

        memset(text, cases[i].fill, readable);
        memcpy(text, cases[i].start, strlen(cases[i].start));
        assert_int_equal(lc_rules_parse_csv(&r, text, n, "long", &err), LC_ERR_INPUT);
        assert_non_null(strstr(err.msg, cases[i].message));
    }
    munmap(text, n);
}

/* What is done to the compiled file while it is mapped, and what is said of it. */
enum touch { NOTHING, SAME_BYTES, OTHER_BYTES, TIME_SET_BACK, CUT, GROWN, CHMOD, LINKED, REPLACED };

static void touch_file(enum touch how, const struct stat *was)
{
    char other[sizeof path + 8];
    int fd = open(path, O_RDWR);
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, was->st_mtim};
    struct stat now;
    char byte;

    assert_true(fd >= 0);
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(pread(fd, &byte, 1, was->st_size - 70), 1);
    switch (how) {
    case NOTHING:
        break;
    case SAME_BYTES:
        assert_int_equal(pwrite(fd, &byte, 1, was->st_size - 70), 1);
        break;
    case OTHER_BYTES:
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, was->st_size - 70), 1);
        break;
    case TIME_SET_BACK:
        byte ^= 1;
        do { /* the file system's clock ticks in steps */
            assert_int_equal(pwrite(fd, &byte, 1, was->st_size - 70), 1);
            assert_int_equal(futimens(fd, times), 0);
            assert_int_equal(fstat(fd, &now), 0);
        } while (now.st_ctim.tv_sec == was->st_ctim.tv_sec &&
                 now.st_ctim.tv_nsec == was->st_ctim.tv_nsec);
        break;
    case CUT:
        assert_int_equal(ftruncate(fd, was->st_size - 64), 0);
        break;
    case GROWN:
        assert_int_equal(ftruncate(fd, was->st_size + 1), 0);
        break;
    case CHMOD:
        assert_int_equal(fchmod(fd, 0600), 0);
        break;
    case LINKED:
        assert_int_equal(link(path, other), 0);
        assert_int_equal(unlink(other), 0);
        break;
    case REPLACED:
        assert_int_equal(rename(path, other), 0);
        write_arena("prefix,v\nu1,other\n");
        assert_int_equal(unlink(other), 0);
        break;
    }
    close(fd);
}

static void test_a_write_into_a_mapped_file_is_seen(void **state)
{
    static const struct {
        enum touch how;
        const char *said;
    } cases[] = {{NOTHING, NULL},
                 {CHMOD, NULL},
                 {LINKED, NULL},
                 {REPLACED, NULL},
                 {SAME_BYTES, "written to"},
                 {OTHER_BYTES, "written to"},
                 {TIME_SET_BACK, "written to"},
                 {GROWN, "written to"},
                 {CUT, "cut"}};

    /* A clock of coarse steps is no part of this. */
    const struct timespec long_ago[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lc_error err = LC_ERROR_INIT;
        struct lc_rules *r = NULL;
        char message[sizeof path + 100];
        struct stat was;

        write_arena(RULES);
        assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
        assert_int_equal(lc_rules_open(&r, path, &err), 0);
        assert_int_equal(stat(path, &was), 0);
        touch_file(cases[i].how, &was);
        for (int look = 0; look < 2; look++) {
            err = LC_ERROR_INIT;
            assert_int_equal(lc_rules_look(r, path, &err), cases[i].said ? LC_ERR_INPUT : 0);
            snprintf(message, sizeof message,
                     "%s: the rules file was %s while it was in use; replace it by rename only",
                     path, cases[i].said ? cases[i].said : "");
            assert_string_equal(err.msg, cases[i].said ? message : "");
        }
        lc_rules_free(r);
    }
}

static void test_damaged_content_is_refused_when_opened(void **state)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_rules *r = NULL;
    struct stat was;

    (void)state;
    write_arena(RULES);
    assert_int_equal(stat(path, &was), 0);
    touch_file(OTHER_BYTES, &was);
    assert_int_equal(lc_rules_open(&r, path, &err), LC_ERR_INPUT);
    assert_null(r);
    assert_non_null(strstr(err.msg, "the content is damaged: its hash does not match"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compiled_file_matches_as_the_csv),
        cmocka_unit_test(test_wrong_headers),
        cmocka_unit_test(test_damaged_content_is_never_read_out_of_bounds),
        cmocka_unit_test(test_write_leaves_the_old_file_when_it_fails),
        cmocka_unit_test(test_files_that_cannot_be_opened),
        cmocka_unit_test(test_a_write_into_a_mapped_file_is_seen),
        cmocka_unit_test(test_damaged_content_is_refused_when_opened),
        cmocka_unit_test(test_deep_keys_need_no_deep_stack),
        cmocka_unit_test(test_a_long_line_is_refused_early),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
