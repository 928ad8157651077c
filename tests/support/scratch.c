/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"

static const char search_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

int scratch_setup(void **state)
{
        const char *base = getenv("TMPDIR");
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/ingot-test.XXXXXX", base && *base ? base : "/tmp");
        if (!mkdtemp(path))
                return -1;
        *state = strdup(path);
        return *state ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
        (void)status;
        (void)type;
        (void)where;
        return remove(path);
}

int scratch_teardown(void **state)
{
        int r = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);

        free(*state);
        *state = NULL;
        return r;
}

const char *scratch_path(void *const *state, const char *name)
{
        static _Thread_local char paths[4][4096];
        static _Thread_local unsigned next;
        char *path = paths[next++ % 4];

        (void)snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)*state, name);
        return path;
}

int scratch_run(void *const *state, const char *const argv[])
{
        const char *log = scratch_path(state, "log");
        int status;
        pid_t child = fork();

        if (child < 0)
                return -1;
        if (child == 0) {
                int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

                (void)dup2(fd, 1);
                (void)dup2(fd, 2);
                (void)setenv("PATH", search_path, 1);
                (void)execvp(argv[0], (char *const *)argv);
                _exit(127);
        }
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 127)
                return -1;
        return WEXITSTATUS(status);
}

int scratch_has_program(const char *name)
{
        char path[4096];

        for (const char *at = search_path; at;) {
                const char *end = strchr(at, ':');

                (void)snprintf(path, sizeof(path), "%.*s/%s", (int)(end ? end - at : (long)strlen(at)), at,
                               name);
                if (access(path, X_OK) == 0)
                        return 1;
                at = end ? end + 1 : NULL;
        }
        return 0;
}
