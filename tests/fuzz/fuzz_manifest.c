/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a manifest says, uninstall removes nothing but what an install of that name puts there:
 * the files next to it stay.
 */
#include "base/files.h"
#include "cli/deploy/install.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], manifest[128];
/* Others' files, all empty: their hash is the one that the seeds name. */
static const char *const others[] = {"users.xml", "region_v2.csv", "region_v1.csv.bak", "x"};

static void remove_all(void)
{
    char path[128];

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, others[i]);
        unlink(path);
    }
    unlink(manifest);
    rmdir(folder);
}

static void begin(void)
{
    char path[128];

    snprintf(folder, sizeof folder, "%s/fuzz-manifest.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(folder))
        abort();
    snprintf(manifest, sizeof manifest, "%s/region_v1.livecol.json", folder);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, others[i]);
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
    atexit(remove_all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lc_error err = LC_ERROR_INIT;
    struct lc_install_options o = {0};
    int fd, rc;

    if (!folder[0])
        begin();
    o.scripts = o.config = folder;
    fd = open(manifest, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
    rc = lc_uninstall("region_v1", &o, &err);
    if ((rc != 0) != (err.code != 0))
        abort();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", folder, others[i]);
        if (access(path, F_OK) != 0)
            abort();
    }
    return 0;
}
