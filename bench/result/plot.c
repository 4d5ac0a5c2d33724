/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gnuplot is run as a program over a script in a temporary file: data as inline blocks, every text
 * quoted, so that a name in a result cannot become a command.
 */
#include "bench/result/plot.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { SCRIPT_MAX_BYTES = 1 << 28, MARKED_POINTS = 40 };

/* Okabe and Ito's colours, the palest left out; orange first against black text. */
static const char *const colours[LC_CURVES_MAX] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                   "#E69F00", "#56B4E9", "#000000", "#999999"};
static const char *const shade_colours[] = {"#EEEEEE", "#FFE9B0", "#CFE3F5", "#DCEFDC"};

/* A string for gnuplot, in single quotes, where nothing but the quote itself has a meaning. */
static int add_quoted(struct lc_buf *b, const char *text)
{
    int rc = lc_buf_adds(b, "'");
    for (const char *c = text; rc == 0 && *c != '\0'; c++) {
        rc = *c == '\''   ? lc_buf_adds(b, "''")
             : *c == '\n' ? lc_buf_adds(b, " ")
                          : lc_buf_add(b, c, 1);
    }
    return rc == 0 ? lc_buf_adds(b, "'") : rc;
}

/* `noenhanced`: else '_' and '^' in a name would be read as sub- and superscripts. */
static int add_label(struct lc_buf *b, const char *command, const char *text)
{
    int rc = lc_buf_addf(b, "set %s ", command);
    rc = rc == 0 ? add_quoted(b, text != NULL ? text : "") : rc;
    return rc == 0 ? lc_buf_adds(b, " noenhanced\n") : rc;
}

enum { SHADES = sizeof shade_colours / sizeof *shade_colours };

/* The colour of a shade: by its name, in the order in which names come. */
static size_t shade_colour(const struct lc_picture *p, size_t i)
{
    size_t names = 0;
    for (size_t k = 0; k < p->n_shades; k++) {
        size_t first = 0;
        while (strcmp(p->shades[first].name, p->shades[k].name) != 0) {
            first++;
        }
        if (strcmp(p->shades[k].name, p->shades[i].name) == 0) {
            break;
        }
        names += first == k;
    }
    return names % SHADES;
}

static int add_shades(struct lc_buf *b, const struct lc_picture *p)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->n_shades; i++) {
        const struct lc_shade *s = &p->shades[i];
        rc = lc_buf_addf(b,
                         "set object rectangle from first %.6g, graph 0 to first %.6g, graph 1 "
                         "fillcolor rgb '%s' fillstyle solid noborder behind\n",
                         s->from, s->to, shade_colours[shade_colour(p, i)]);
    }
    return rc;
}

/* Each name once, in the key below: on the picture itself narrow shades have no room for it. */
static int add_shade_keys(struct lc_buf *b, const struct lc_picture *p)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->n_shades; i++) {
        size_t first = 0;
        while (strcmp(p->shades[first].name, p->shades[i].name) != 0) {
            first++;
        }
        if (first == i) {
            rc = lc_buf_addf(b,
                             ", keyentry with boxes fillstyle solid border linecolor rgb '#888888' "
                             "fillcolor rgb '%s' title ",
                             shade_colours[shade_colour(p, i)]);
            rc = rc == 0 ? add_quoted(b, p->shades[i].name) : rc;
        }
    }
    return rc;
}

/* Everything before the data: terminal, axes, labels, shades. */
static int add_head(struct lc_buf *b, const struct lc_picture *p, const char *path)
{
    int rc = lc_buf_adds(b, "set terminal svg size 960,540 dynamic font 'sans-serif,14' "
                            "background 'white'\nset output ");
    rc = rc == 0 ? add_quoted(b, path) : rc;
    rc =
        rc == 0
            ? lc_buf_adds(b, "\nset encoding utf8\nset border 3\nset rmargin 6\nset tics nomirror\n"
                             "set grid back linecolor rgb '#CCCCCC'\n"
                             "set key outside bottom center horizontal height 0.8 noenhanced\n")
            : rc;
    rc = rc == 0 ? add_label(b, "title", p->title) : rc;
    rc = rc == 0 ? add_label(b, "xlabel", p->x_label) : rc;
    rc = rc == 0 ? add_label(b, "ylabel", p->y_label) : rc;
    if (rc == 0 && p->log_x) {
        rc = lc_buf_adds(b, "set logscale x\n");
    }
    if (rc == 0 && p->log_y) {
        rc = lc_buf_adds(b, "set logscale y\nset format y '%g'\n");
    } else if (rc == 0) {
        rc = lc_buf_adds(b, "set yrange [0:*]\n");
    }
    if (rc == 0 && p->x_tics != NULL) {
        rc = lc_buf_addf(b, "set xtics %s\n", p->x_tics);
    }
    return rc == 0 ? add_shades(b, p) : rc;
}

/* On a logarithmic axis gnuplot would go on to the next power of ten: keep to what is drawn, with
 * room for the marks. */
static int add_x_range(struct lc_buf *b, const struct lc_picture *p, const struct lc_curve *curves,
                       size_t n)
{
    double low = 0;
    double high = 0;
    double room = 1;
    for (size_t i = 0; i < n; i++) {
        room = curves[i].n <= MARKED_POINTS ? 1.25 : room;
        for (size_t k = 0; k < curves[i].n; k++) {
            double x = curves[i].x[k];
            low = x > 0 && (low <= 0 || x < low) ? x : low;
            high = x > high ? x : high;
        }
    }
    if (!p->log_x || low <= 0 || high <= low) {
        return 0;
    }
    return lc_buf_addf(b, "set xrange [%.9g:%.9g]\n", low / room, high * room);
}

/* One curve's points as an inline block $cN. */
static int add_data(struct lc_buf *b, const struct lc_picture *p, const struct lc_curve *c,
                    size_t n)
{
    int rc = lc_buf_addf(b, "$c%zu << EOD\n", n);
    for (size_t i = 0; rc == 0 && i < c->n; i++) {
        if ((!p->log_x || c->x[i] > 0) && (!p->log_y || c->y[i] > 0)) {
            rc = lc_buf_addf(b, "%.9g %.9g\n", c->x[i], c->y[i]);
        }
    }
    return rc == 0 ? lc_buf_adds(b, "EOD\n") : rc;
}

/* Few points: marks joined by lines. Many: a line alone, told apart by its dashes too. */
static int add_style(struct lc_buf *b, const struct lc_curve *c, size_t n)
{
    static const unsigned marks[LC_CURVES_MAX] = {7, 5, 9, 13, 11, 6, 4, 8};
    if (c->points) {
        return lc_buf_addf(b, "points linecolor rgb '%s' pointtype %u pointsize 0.4", colours[n],
                           marks[n]);
    }
    if (c->n > MARKED_POINTS) {
        return lc_buf_addf(b, "lines linecolor rgb '%s' linewidth 2 dashtype %zu", colours[n],
                           n % 5 + 1);
    }
    return lc_buf_addf(b, "linespoints linecolor rgb '%s' linewidth 2 pointtype %u pointsize 0.8",
                       colours[n], marks[n]);
}

/* The plot command: the curves, the budget's line, and keys for the shades. */
static int add_plot(struct lc_buf *b, const struct lc_picture *p, const struct lc_curve *curves,
                    size_t n)
{
    int rc = lc_buf_adds(b, "plot ");
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = lc_buf_addf(b, "%s$c%zu using 1:2 with ", i > 0 ? ", " : "", i);
        rc = rc == 0 ? add_style(b, &curves[i], i) : rc;
        rc = rc == 0 ? lc_buf_adds(b, " title ") : rc;
        rc = rc == 0 ? add_quoted(b, curves[i].name) : rc;
    }
    if (rc == 0 && p->y_line > 0) {
        rc = lc_buf_addf(b, ", %.9g with lines linecolor rgb '#000000' dashtype 3 title ",
                         p->y_line);
        rc = rc == 0 ? add_quoted(b, p->y_line_name != NULL ? p->y_line_name : "") : rc;
    }
    rc = rc == 0 ? add_shade_keys(b, p) : rc;
    return rc == 0 ? lc_buf_adds(b, "\n") : rc;
}

/* The last line of what gnuplot said that holds a letter, without its path. */
static void last_words(const char *said, char *out, size_t size)
{
    out[0] = '\0';
    while (*said != '\0') {
        size_t n = strcspn(said, "\n");
        if (strspn(said, " \t^") < n) {
            const char *from = strstr(said, ": ");
            bool inside = from != NULL && from + 2 < said + n;
            const char *text = inside ? from + 2 : said;
            (void)snprintf(out, size, "%.*s", (int)(said + n - text), text);
        }
        said += n + (said[n] == '\n');
    }
}

/* Asked before a long run, rather than to find at its end that there is no gnuplot. */
static bool in_path(const char *program)
{
    const char *at = getenv("PATH");
    char path[4096];
    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ":");
        (void)snprintf(path, sizeof path, "%.*s/%s", (int)n, n > 0 ? at : ".", program);
        if (access(path, X_OK) == 0) {
            return true;
        }
        at += n + (at[n] == ':');
    }
    return false;
}

int lc_plot_ready(const char *dir, struct lc_error *err)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return lc_fail(err, LC_ERR_IO, "cannot make the folder %s: %s", dir, strerror(errno));
    }
    if (access(dir, W_OK | X_OK) != 0) {
        return lc_fail(err, LC_ERR_IO, "cannot draw into %s: %s", dir, strerror(errno));
    }
    if (!in_path("gnuplot")) {
        lc_fail(err, LC_ERR_IO, "--plot needs gnuplot, which is not in PATH");
        lc_hint(err, "Debian's package is gnuplot-nox");
        return LC_ERR_IO;
    }
    return 0;
}

/* Run gnuplot over a script file. */
static int run_gnuplot(const char *script, struct lc_error *err)
{
    char *argv[] = {(char[]){"gnuplot"}, strdup(script), NULL};
    char said[4096] = "";
    char words[300];
    int ends[2];
    pid_t pid;
    int status = 0;
    posix_spawn_file_actions_t actions;
    if (argv[1] == NULL || pipe2(ends, O_CLOEXEC) != 0) {
        free(argv[1]);
        return lc_fail(err, LC_ERR_IO, "cannot make a pipe to gnuplot");
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    /*
     * Both ends of the pipe close on exec, but for the copy that becomes stderr: the read
     * below ends when gnuplot does.
     */
    int rc = posix_spawnp(&pid, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    if (rc != 0) {
        lc_fail(err, LC_ERR_IO, "cannot run gnuplot: %s", strerror(rc));
        lc_hint(err, "Debian's package is gnuplot-nox");
    } else {
        FILE *f = fdopen(ends[0], "r");
        size_t n = f != NULL ? fread(said, 1, sizeof said - 1, f) : 0;
        said[n] = '\0';
        while (f != NULL && fgetc(f) != EOF) {
            /* what it says beyond that is let go, so that it can end */
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            last_words(said, words, sizeof words);
            rc = lc_fail(err, LC_ERR_IO, "gnuplot failed: %s", words);
        }
        if (f != NULL) {
            (void)fclose(f);
            ends[0] = -1;
        }
    }
    if (ends[0] >= 0) {
        (void)close(ends[0]);
    }
    free(argv[1]);
    return rc == 0 ? 0 : LC_ERR_IO;
}

/*
 * Write the script, run it, remove it. An exit code of 0 is no proof that there is a picture:
 * so the file is looked at.
 */
static int draw_script(struct lc_buf *b, const char *path, struct lc_error *err)
{
    const char *where = getenv("TMPDIR");
    char script[PATH_MAX];
    (void)snprintf(script, sizeof script, "%s/livecol-plot-XXXXXX",
                   where && *where ? where : "/tmp");
    int fd = mkstemp(script);
    if (fd < 0) {
        return lc_fail(err, LC_ERR_IO, "cannot make a temporary file: %s", strerror(errno));
    }
    struct stat st;
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < b->n;) {
        ssize_t n = write(fd, b->p + at, b->n - at);
        rc = n <= 0 ? lc_fail(err, LC_ERR_IO, "cannot write %s: %s", script, strerror(errno)) : 0;
        at += n > 0 ? (size_t)n : 0;
    }
    (void)close(fd);
    rc = rc == 0 ? run_gnuplot(script, err) : rc;
    (void)unlink(script);
    if (rc == 0 && (stat(path, &st) != 0 || st.st_size == 0)) {
        rc = lc_fail(err, LC_ERR_IO, "gnuplot wrote nothing to %s", path);
    }
    return rc;
}

int lc_plot_draw(const struct lc_picture *picture, const struct lc_curve *curves, size_t n,
                 const char *path, struct lc_error *err)
{
    if (n == 0 || n > LC_CURVES_MAX) {
        return lc_fail(err, LC_ERR_USAGE, "a picture holds 1 to %d curves, not %zu", LC_CURVES_MAX,
                       n);
    }
    struct lc_buf b;
    lc_buf_init(&b, SCRIPT_MAX_BYTES);
    int rc = add_head(&b, picture, path);
    rc = rc == 0 ? add_x_range(&b, picture, curves, n) : rc;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = add_data(&b, picture, &curves[i], i);
    }
    rc = rc == 0 ? add_plot(&b, picture, curves, n) : rc;
    rc =
        rc != 0 ? lc_fail(err, LC_ERR_NOMEM, "no memory for %s", path) : draw_script(&b, path, err);
    lc_buf_release(&b);
    return rc;
}
