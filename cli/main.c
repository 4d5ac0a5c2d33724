/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's program: finds the command that the arguments name, and runs it. */
#include "base/json.h"
#include "base/signals.h"
#include "base/suggest.h"
#include "bench/cmd_bench.h"
#include "cli/commands/commands.h"
#include "cli/commands/config.h"
#include "cli/commands/rules.h"
#include "cli/commands/shared.h"
#include "cli/server/chdb_lib.h"
#include "cli/server/connect.h"
#include "cli/term/environment.h"
#include "cli/term/message.h"
#include "livecol_version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * In the order of the help. GROUP_HIDDEN comes after the count: it has no title and is not
 * listed.
 */
enum group {
    GROUP_RULES,
    GROUP_CONFIG,
    GROUP_MIGRATE,
    GROUP_LIVE,
    GROUP_BENCH,
    GROUPS,
    GROUP_HIDDEN
};

static const char *const group_titles[GROUPS] = {
    [GROUP_RULES] = "Rule sets",    [GROUP_CONFIG] = "A server's configuration",
    [GROUP_MIGRATE] = "Migrations", [GROUP_LIVE] = "Derived columns on live tables",
    [GROUP_BENCH] = "Benchmarks",
};

/* One line a command, in the order of the help; a name may have two words. */
struct entry {
    const char *name;
    enum group group;
    lc_command_fn *run;
    const char *summary;
};

static const struct entry commands[] = {
    {"try", GROUP_RULES, lc_cmd_try, "run the whole job in a new folder, without a server"},
    {"rules check", GROUP_RULES, lc_cmd_rules_check, "load rules files and describe them"},
    {"rules compile", GROUP_RULES, lc_cmd_rules_compile, "write rules in compiled form"},
    {"rules import", GROUP_RULES, lc_cmd_rules_import, "convert another file into a rules file"},
    {"rules match", GROUP_RULES, lc_cmd_rules_match, "show what the rules give for a key, and why"},
    {"rules diff", GROUP_RULES, lc_cmd_rules_diff, "compare two rules files"},
    {"config function", GROUP_CONFIG, lc_cmd_config_function, "print the XML of a function"},
    {"config dictionary", GROUP_CONFIG, lc_cmd_config_dictionary, "print the XML of a dictionary"},
    {"config all", GROUP_CONFIG, lc_cmd_config_all, "write both as files"},
    {"config install", GROUP_CONFIG, lc_cmd_config_install, "install program, rules and XML"},
    {"config show", GROUP_CONFIG, lc_cmd_config_show,
     "show the options in effect and where they come from"},
    {"config uninstall", GROUP_CONFIG, lc_cmd_config_uninstall,
     "remove what install has installed"},
    {"new", GROUP_MIGRATE, lc_cmd_new, "write the next migration file"},
    {"plan", GROUP_MIGRATE, lc_cmd_plan, "show what up would do, its cost and its hazards"},
    {"up", GROUP_MIGRATE, lc_cmd_up, "apply pending migrations"},
    {"down", GROUP_MIGRATE, lc_cmd_down, "revert migrations, newest first"},
    {"redo", GROUP_MIGRATE, lc_cmd_redo, "revert the last migration and apply it again"},
    {"wait", GROUP_MIGRATE, lc_cmd_wait, "wait until the server answers"},
    {"status", GROUP_MIGRATE, lc_cmd_status, "show what is applied, pending or failed"},
    {"validate", GROUP_MIGRATE, lc_cmd_validate,
     "check the files, and compare them with what was applied"},
    {"repair", GROUP_MIGRATE, lc_cmd_repair, "record what was fixed by hand"},
    {"baseline", GROUP_MIGRATE, lc_cmd_baseline, "mark migrations as applied without running them"},
    {"unlock", GROUP_MIGRATE, lc_cmd_unlock, "remove a lock that a run left"},
    {"reset", GROUP_MIGRATE, lc_cmd_reset, "forget what was applied"},
    {"dump", GROUP_MIGRATE, lc_cmd_dump, "write the tables' CREATE statements to a file"},
    {"doctor", GROUP_MIGRATE, lc_cmd_doctor, "look for present and future problems"},
    {"advise", GROUP_LIVE, lc_cmd_advise, "find the cheapest way to compute a column from rules"},
    {"backfill", GROUP_LIVE, lc_cmd_backfill, "store a column for existing rows"},
    {"verify", GROUP_LIVE, lc_cmd_verify, "compare the stored values with the DEFAULT"},
    {"inline", GROUP_LIVE, lc_cmd_inline, "replace the function in a column's DEFAULT"},
    {"bench live", GROUP_BENCH, lc_cmd_bench_live,
     "change a live table under load and verify the result"},
    {"bench udf", GROUP_BENCH, lc_cmd_bench_udf, "compare the function with its alternatives"},
    {"bench query", GROUP_BENCH, lc_cmd_bench_query,
     "time statements, alone or against a reference"},
    {"bench compare", GROUP_BENCH, lc_cmd_bench_compare, "compare two results"},
    {"bench match", GROUP_BENCH, lc_cmd_bench_match, "time the matcher alone"},
    {"complete", GROUP_HIDDEN, lc_cmd_complete, ""}, /* the shell's, not a person's */
    {0},
};

/* Every command that is not hidden, group by group, and the exit codes. */
static void print_help(void)
{
    printf("Usage: livecol COMMAND [OPTIONS]\n"
           "\n"
           "Adds derived columns to live ClickHouse tables: rules, migrations, backfill, "
           "verification.\n");
    for (enum group g = 0; g < GROUPS; g++) {
        bool titled = false;

        for (const struct entry *e = commands; e->name; e++) {
            if (e->group != g)
                continue;
            if (!titled)
                printf("\n%s:\n", group_titles[g]);
            titled = true;
            printf("  %-18s %s\n", e->name, e->summary);
        }
    }
    printf(
        "\n"
        "livecol COMMAND --help describes a command. CLICKHOUSE_URL or --url names the server;\n"
        "--backend embedded --path DIR selects the engine in this process.\n"
        "\n"
        "Exit codes: 0 done · 1 failed · 2 usage · 3 refused before any change · 4 budget missed\n"
        "5 locked · 6 regression proven · 7 outcome unknown · 8 a check found something\n"
        "9 stopped by critical load · 129, 130, 143 interrupted, resumable\n");
}

/* How many arguments name the entry: 1 or 2; 0 where they do not. */
static int words_matched(const struct entry *e, int argc, const char **argv)
{
    const char *space = strchr(e->name, ' ');
    size_t n = space ? (size_t)(space - e->name) : strlen(e->name);

    if (strncmp(argv[1], e->name, n) != 0 || argv[1][n])
        return 0;
    if (!space)
        return 1;
    return argc > 2 && strcmp(argv[2], space + 1) == 0 ? 2 : 0;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* True where the entry's name has two words, of which this is the first. */
static bool in_family(const struct entry *e, const char *word)
{
    size_t n = strcspn(e->name, " ");

    return e->name[n] && strncmp(word, e->name, n) == 0 && !word[n];
}

/* The commands of one first word: livecol rules --help. */
static void print_family(const char *word)
{
    printf("Usage: livecol %s COMMAND [OPTIONS]\n\n", word);
    for (const struct entry *e = commands; e->name; e++)
        if (in_family(e, word))
            printf("  %-18s %s\n", e->name, e->summary);
}

/* What other tools call it. */
static const struct {
    const char *theirs, *ours;
} other_words[] = {
    {"create", "new NAME writes the next file"},
    {"generate", "new NAME writes the next file"},
    {"init", "new NAME writes the first file, and up creates the tracking table"},
    {"migrate", "up applies what is pending"},
    {"apply", "up applies what is pending"},
    {"upgrade", "up applies what is pending"},
    {"db:migrate", "up applies what is pending"},
    {"up-by-one", "up --steps 1 applies the next one"},
    {"up-to", "up --to VERSION applies up to that one"},
    {"rollback", "down reverts what was applied last"},
    {"revert", "down reverts what was applied last"},
    {"downgrade", "down reverts what was applied last"},
    {"undo", "down reverts what was applied last"},
    {"down-to", "down --to VERSION reverts what is above that one"},
    {"goto", "up --to VERSION and down --to VERSION go there"},
    {"version", "status shows each version; --version is livecol's own"},
    {"force",
     "repair VERSION --done N or --redo N says what was done, baseline VERSION marks as applied"},
    {"drop", "down --to 0 reverts all; reset forgets what was applied"},
    {"info", "status shows each version"},
    {"history", "status shows each version"},
    {"current", "status shows each version"},
    {"show", "status shows each version"},
    {"list", "status shows each version"},
    {"add", "new NAME writes the next file"},
    {"lint", "validate checks the files, and compares them with what was applied"},
    {"diff", "plan shows what up would do; rules diff compares rules files"},
    {"test", "plan shows what up would do; up --dry-run sends nothing"},
    {"clean", "down --to 0 reverts all; reset forgets what was applied"},
    {"check", "validate checks the files, and compares them with what was applied"},
    {"load", "up applies the migrations; livecol has no schema file to load"},
    {"stamp", "baseline VERSION marks as applied without running"},
    {"set", "baseline VERSION marks as applied without running"},
    {"fix", "repair VERSION --done N or --redo N says what was done"},
    {"hash", "up records a hash of each file by itself; validate compares them"},
    {"inspect", "dump writes the tables' CREATE statements to a file"},
    {"schema", "dump writes the tables' CREATE statements to a file"},
    {"update", "up applies what is pending"},
    {"deploy", "up applies what is pending"},
    {"run", "up applies what is pending"},
    {"execute", "up applies what is pending"},
    {"db:rollback", "down reverts what was applied last"},
    {"revision", "new NAME writes the next file"},
    {"pending", "status shows each version"},
    {"log", "status shows each version"},
    {"ls", "status shows each version"},
    {"make", "new NAME writes the next file"},
    {"steps", "up --steps N applies the next N, down --steps N reverts the last N"},
    {"step", "up --steps N applies the next N, down --steps N reverts the last N"},
    {"to", "up --to VERSION and down --to VERSION go there"},
    {"latest", "up applies what is pending"},
    {"head", "up applies what is pending"},
    {"push", "up applies what is pending"},
    {"sync", "up applies what is pending"},
    {"refresh", "redo reverts the last migration and applies it again"},
    {"mark", "baseline VERSION marks as applied without running"},
    {"resolve", "repair VERSION --done N or --redo N says what was done"},
    {"seed", "up applies INSERTs of a migration, too; there are no seeds apart"},
    {"squash", "dump writes the tables' CREATE statements to a file"},
    {"goose", "up, down and status read goose's files as they are"},
    {"dbmate", "up, down and status read dbmate's files as they are"},
};

/* The hint for another tool's word; NULL: it is none. */
static const char *our_word(const char *theirs)
{
    for (size_t i = 0; i < sizeof other_words / sizeof *other_words; i++) {
        if (strcmp(other_words[i].theirs, theirs) == 0)
            return other_words[i].ours;
    }
    return NULL;
}

/* Of what is no command: are its errors to be objects? */
static bool is_json(int argc, const char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
    return false;
}

/*
 * Says what is wrong and what is near; returns the exit code. The hint is the first that there
 * is: the commands of a family, the word of another tool, the nearest name.
 */
static int unknown_command(int argc, const char **argv)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_suggest near = {0};
    char typed[64];
    bool family = false;

    for (const struct entry *e = commands; e->name; e++)
        family = family || in_family(e, argv[1]);
    if (family && argc > 2 && is_help(argv[2])) {
        print_family(argv[1]);
        return 0;
    }
    if (family && argc > 2)
        snprintf(typed, sizeof typed, "%s %s", argv[1], argv[2]);
    else
        snprintf(typed, sizeof typed, "%s", argv[1]);
    for (const struct entry *e = commands; e->name; e++)
        if (e->group != GROUP_HIDDEN)
            lc_suggest_offer(&near, typed, e->name);
    if (family && argc == 2)
        lc_fail(&err, LC_ERR_USAGE, "%s needs a second word", argv[1]);
    else if (*argv[1] == '-' && argc > 2)
        lc_fail(&err, LC_ERR_USAGE, "%.*s is before the command", (int)strcspn(typed, "="), typed);
    else
        lc_fail(&err, LC_ERR_USAGE, "%s is not a command", typed);
    if (family && argc == 2)
        lc_hint(&err, "livecol %s --help lists its commands", argv[1]);
    else if (*argv[1] == '-' && argc > 2)
        lc_hint(&err, "options come behind it: livecol COMMAND [OPTIONS]");
    else if (our_word(argv[1]))
        lc_hint(&err, "livecol %s", our_word(argv[1]));
    else if (near.best)
        lc_hint(&err, "did you mean livecol %s?", near.best);
    else
        lc_hint(&err, "livecol --help lists the commands");
    return lc_message_fail(is_json(argc, argv), &err);
}

/*
 * The library of the engine, its links resolved, and its version, which npm's package has next to
 * it. It is not loaded: that takes a tenth of a second.
 */
static void print_engine(const char *library)
{
    char *path = realpath(library, NULL), *about = NULL;
    struct lc_json *package = NULL;
    const char *version = "";

    if (path && asprintf(&about, "%.*s/package.json", (int)(strrchr(path, '/') - path), path) < 0)
        about = NULL;
    if (about && lc_json_load(about, &package, NULL) == 0)
        version = lc_json_str(lc_json_get(package, "version"), "");
    printf("engine for --backend embedded: %s%s%s%s\n", path ? path : library,
           *version ? " (libchdb " : "", version, *version ? ")" : "");
    lc_json_free(package);
    free(about);
    free(path);
}

static void print_version(void)
{
    char engine[LC_CHDB_PATH_BYTES];

    printf("livecol %s (%s, %s, %s)\n", LIVECOL_VERSION, LIVECOL_COMMIT, LIVECOL_COMPILER,
           LIVECOL_BUILD_TYPE);
    printf("libraries: %s jansson/%s\n", lc_backend_library(), lc_json_library());
    if (lc_chdb_where(engine))
        print_engine(engine);
    else
        printf("engine for --backend embedded: none found; LIVECOL_LIBCHDB names one\n");
}

/* Of every command its parsing: for a walk over their options. */
static void parse_each(void)
{
    for (const struct entry *e = commands; e->name; e++)
        e->run(1, (const char *[]){e->name, NULL});
}

enum { HELP_WORDS_MAX = 8 };

/* The command gets argv from the last word of its name on. Returns the exit code. */
static int dispatch(int argc, const char **argv)
{
    const char *words[HELP_WORDS_MAX + 1]; /* "help up" is "up --help" */

    if (argc < 2) {
        struct lc_error err = LC_ERROR_INIT;

        lc_fail(&err, LC_ERR_USAGE, "no command is given");
        lc_hint(&err, "livecol --help lists the commands");
        return lc_message_fail(false, &err);
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2 && argc <= HELP_WORDS_MAX) {
        words[0] = argv[0];
        for (int i = 2; i < argc; i++)
            words[i - 1] = argv[i];
        words[argc - 1] = "--help";
        words[argc] = NULL;
        argv = words;
    }
    /* help alone, or with more words than there is room for */
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_version();
        return 0;
    }
    for (const struct entry *e = commands; e->name; e++) {
        int matched = words_matched(e, argc, argv);

        if (matched && e->group != GROUP_HIDDEN)
            lc_environment_check(parse_each);
        if (matched)
            return e->run(argc - matched, argv + matched);
    }
    return unknown_command(argc, argv);
}

/*
 * A descriptor that was closed by the caller must not become a connection to the server: what is
 * printed would be sent there. Opened for reading, so that writing to it fails as it should.
 */
static void hold_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    int code, error;

    /* Before anything else: nothing that is opened may get a descriptor below 3. */
    hold_standard_descriptors();
    lc_stop_init();
    lc_message_init(false, false);
    lc_output_init();
    code = dispatch(argc, (const char **)argv);
    /* Data that did not reach stdout is a failure, unless its reader has gone away on purpose. */
    error = lc_output_end() != 0 ? errno : lc_json_write_error();
    if (error && error != EPIPE && code == 0) {
        struct lc_error err = LC_ERROR_INIT;

        lc_fail(&err, LC_ERR_IO, "cannot write to standard output: %s", strerror(error));
        lc_complain(&err);
        code = lc_exit_code(&err);
    }
    return code;
}
