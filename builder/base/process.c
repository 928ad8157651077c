/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/process.h"

enum {
        LINE_CHARS = 500, /* a longer line is cut: the message could not hold it */
        TAIL_LINES = 6,
        TICK_MS = 100, /* how often the observer is asked */
        SOON_MS = 5,
        KILL_AFTER_MS = 5000,
        EXEC_FAILED_STATUS = 127
};

/* What a program has printed lately. */
struct tail {
        char lines[TAIL_LINES][LINE_CHARS + 1];
        unsigned next, count;
        char line[LINE_CHARS + 1]; /* being put together */
        size_t line_chars;
};

struct child {
        pid_t pid;
        int output_fd; /* FD_NONE once at its end */
        int status;
        bool ended;
};

static void line_finish(const struct process_request *request, struct tail *tail)
{
        if (!tail->line_chars)
                return;
        tail->line[tail->line_chars] = '\0';
        tail->line_chars = 0;
        if (request->on_line && !request->on_line(request->context, tail->line))
                return;
        memcpy(tail->lines[tail->next], tail->line, sizeof(tail->line));
        tail->next = (tail->next + 1) % TAIL_LINES;
        if (tail->count < TAIL_LINES)
                tail->count++;
}

static void tail_feed(const struct process_request *request, struct tail *tail, const char *bytes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (bytes[i] == '\n' || bytes[i] == '\r')
                        line_finish(request, tail);
                else if (tail->line_chars < LINE_CHARS &&
                         ((unsigned char)bytes[i] >= ' ' || bytes[i] == '\t'))
                        tail->line[tail->line_chars++] = bytes[i];
        }
}

/* The lines kept, oldest first, with " | " between: a cause is one line. */
static void tail_print(const struct tail *tail, struct buffer *out)
{
        for (unsigned i = 0; i < tail->count; i++) {
                buffer_append_text(out, i ? " | " : ": ");
                buffer_append_text(out,
                                   tail->lines[(tail->next + TAIL_LINES - tail->count + i) % TAIL_LINES]);
        }
}

static const char *environment_value(const char *const *envp, const char *key)
{
        size_t key_chars = strlen(key);

        for (; *envp; envp++) {
                if (strncmp(*envp, key, key_chars) == 0 && (*envp)[key_chars] == '=')
                        return *envp + key_chars + 1;
        }
        return NULL;
}

/* Finds the program; an empty element of PATH is not the current folder here, it is nothing. */
static enum ingot_code program_find(const struct process_request *request, char **ret_path,
                                    struct ingot_error *err)
{
        const char *name = request->argv[0], *at = environment_value(request->envp, "PATH"), *end;
        struct stat status;

        if (strchr(name, '/'))
                at = "";
        else if (!at)
                at = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (;; at = end + 1) {
                OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);

                end = at + strcspn(at, ":");
                buffer_append(&path, at, (size_t)(end - at));
                if (end != at)
                        buffer_append_char(&path, '/');
                buffer_append_text(&path, name);
                if (buffer_check(&path, err))
                        return INGOT_E_MEMORY;
                if ((end != at || strchr(name, '/')) && access(path.bytes, X_OK) == 0 &&
                    stat(path.bytes, &status) == 0 && S_ISREG(status.st_mode)) {
                        *ret_path = buffer_take(&path);
                        return *ret_path ? INGOT_OK : ingot_fail_memory(err, strlen(name));
                }
                if (!*end)
                        break;
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no program '%s'%s", name,
                          strchr(name, '/') ? "" : " on PATH");
}

/* In the child, after fork: only calls that are safe there.  Returns errno when exec did not happen. */
static int child_become(const struct process_request *request, const char *path, int output_fd, pid_t parent)
{
        int input_fd = request->input_fd ? request->input_fd : open("/dev/null", O_RDONLY | O_CLOEXEC);
        sigset_t none;

        if (input_fd < 0 || dup2(input_fd, 0) < 0)
                return errno;
        if (dup2(request->output_fd ? request->output_fd : output_fd, 1) < 0 || dup2(output_fd, 2) < 0)
                return errno;
        (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* ours are already; a library's may not be */
        for (int number = 1; number < NSIG; number++)
                (void)signal(number, SIG_DFL); /* refused for a few, which are at their default anyway */
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)umask(022);
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) /* died before we asked to be told */
                return ESRCH;
        (void)execve(path, (char *const *)request->argv, (char *const *)request->envp);
        return errno;
}

static enum ingot_code child_start(const struct process_request *request, const char *path,
                                   struct child *child, struct ingot_error *err)
{
        int output[2] = { FD_NONE, FD_NONE }, report[2] = { FD_NONE, FD_NONE }, failure = 0;
        pid_t parent = getpid();
        enum ingot_code r = INGOT_OK;
        ssize_t n;

        if (pipe2(output, O_CLOEXEC) || pipe2(report, O_CLOEXEC)) {
                r = ingot_fail_errno(err, "making a pipe for '%s'", path);
                goto undo;
        }
        child->pid = fork();
        if (child->pid < 0) {
                r = ingot_fail_errno(err, "starting '%s'", path);
                goto undo;
        }
        if (child->pid == 0) {
                failure = child_become(request, path, output[1], parent);
                (void)!write(report[1], &failure, sizeof(failure));
                _exit(EXEC_FAILED_STATUS);
        }
        (void)setpgid(child->pid, child->pid); /* both do, so that neither depends on the other's haste */
        fd_drop(&output[1]);
        fd_drop(&report[1]);
        do
                n = read(report[0], &failure, sizeof(failure));
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t)sizeof(failure)) { /* exec closes the pipe: nothing to read is success */
                while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
                        ;
                errno = failure;
                r = ingot_fail_errno(err, "starting '%s'", path);
                goto undo;
        }
        child->output_fd = output[0];
        output[0] = FD_NONE;
undo:
        fd_drop(&output[0]);
        fd_drop(&output[1]);
        fd_drop(&report[0]);
        fd_drop(&report[1]);
        return r;
}

/* Waits wait_ms at most for output or the end; returns whether anything was read. */
static bool child_listen_for(const struct process_request *request, struct child *child, struct tail *tail,
                             int wait_ms)
{
        struct pollfd wait_for = { .fd = child->output_fd, .events = POLLIN };
        int ready = poll(&wait_for, 1, child->ended ? 0 : wait_ms);
        char bytes[4096];
        ssize_t n;

        if (ready <= 0 || child->output_fd == FD_NONE)
                return false;
        n = read(child->output_fd, bytes, sizeof(bytes));
        if (n > 0) {
                tail_feed(request, tail, bytes, (size_t)n);
                return true;
        }
        if (n == 0 || errno != EINTR)
                fd_drop(&child->output_fd);
        return false;
}

static bool child_listen(const struct process_request *request, struct child *child, struct tail *tail)
{
        /* Once it prints no more it is about to end: look often. */
        return child_listen_for(request, child, tail, child->output_fd == FD_NONE ? SOON_MS : TICK_MS);
}

static void child_reap(struct child *child)
{
        if (!child->ended && waitpid(child->pid, &child->status, WNOHANG) == child->pid)
                child->ended = true;
}

/* SIGTERM to the group, time to clean up, SIGKILL to what is left. */
static void child_stop(const struct process_request *request, struct child *child, struct tail *tail)
{
        struct timespec start, now;
        long waited_ms = 0;

        (void)clock_gettime(CLOCK_MONOTONIC, &start);
        (void)kill(-child->pid, SIGTERM);
        while (!child->ended && waited_ms < KILL_AFTER_MS) {
                (void)child_listen(request, child, tail);
                child_reap(child);
                (void)clock_gettime(CLOCK_MONOTONIC, &now);
                waited_ms = (now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000;
        }
        (void)kill(-child->pid, SIGKILL);
        while (!child->ended && waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
                ;
        child->ended = true;
}

static enum ingot_code status_judge(const char *name, int status, const struct tail *tail,
                                    struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer printed = BUFFER_INIT(8192);
        const char *shown;
        enum { SHOWN_CHARS = 600 };

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return INGOT_OK;
        tail_print(tail, &printed);
        shown = printed.bytes;
        if (printed.size_bytes > SHOWN_CHARS) { /* the end says why */
                shown += printed.size_bytes - SHOWN_CHARS;
                while ((*shown & 0xC0) == 0x80)
                        shown++;
        }
        if (WIFSIGNALED(status))
                return ingot_fail(err, INGOT_E_SYSTEM, "'%s' was killed by signal %d (%s)%s%s", name,
                                  WTERMSIG(status), strsignal(WTERMSIG(status)),
                                  shown == printed.bytes ? "" : ": ...", shown);
        return ingot_fail(err, INGOT_E_SYSTEM, "'%s' ended with status %d%s%s", name, WEXITSTATUS(status),
                          shown == printed.bytes ? "" : ": ...", shown);
}

enum ingot_code process_run(const struct process_request *request, const struct ingot_observer *observer,
                            struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(heap_drop) struct tail *tail = calloc(1, sizeof(*tail));
        struct child child = { .output_fd = FD_NONE };
        enum ingot_code r;

        if (!tail)
                return ingot_fail_memory(err, sizeof(*tail));
        r = program_find(request, &path, err);
        if (r)
                return r;
        r = ingot_observe(observer, request->phase, 0, 0, err);
        if (r)
                return r;
        r = child_start(request, path, &child, err);
        if (r)
                return r;
        while (!child.ended) {
                (void)child_listen(request, &child, tail);
                child_reap(&child);
                r = ingot_observe(observer, request->phase, 0, 0, err);
                if (r) {
                        child_stop(request, &child, tail);
                        break;
                }
        }
        while (child.output_fd != FD_NONE && child_listen(request, &child, tail)) /* rule 4 */
                ;
        line_finish(request, tail);
        fd_drop(&child.output_fd);
        return r ? r : status_judge(request->argv[0], child.status, tail, err);
}

/* ---- beside us ---- */

struct process {
        const struct process_request *request; /* borrowed */
        struct child child;
        struct tail tail;
};

enum ingot_code process_start(const struct process_request *request, struct process **ret_process,
                              struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(heap_drop) struct process *process = calloc(1, sizeof(*process));
        enum ingot_code r;

        if (!process)
                return ingot_fail_memory(err, sizeof(*process));
        process->request = request;
        process->child.output_fd = FD_NONE;
        r = program_find(request, &path, err);
        if (!r)
                r = child_start(request, path, &process->child, err);
        if (r)
                return r;
        *ret_process = TAKE(process);
        return INGOT_OK;
}

bool process_is_running(struct process *process)
{
        (void)child_listen_for(process->request, &process->child, &process->tail, SOON_MS);
        child_reap(&process->child);
        if (!process->child.ended)
                return true;
        while (process->child.output_fd != FD_NONE &&
               child_listen(process->request, &process->child, &process->tail)) /* rule 4 */
                ;
        line_finish(process->request, &process->tail);
        fd_drop(&process->child.output_fd);
        return false;
}

enum ingot_code process_judge(const struct process *process, struct ingot_error *err)
{
        return status_judge(process->request->argv[0], process->child.status, &process->tail, err);
}

int process_exit_status(const struct process *process)
{
        return WIFEXITED(process->child.status) ? WEXITSTATUS(process->child.status) : -1;
}

void process_stop(struct process *process)
{
        if (!process)
                return;
        if (!process->child.ended)
                child_stop(process->request, &process->child, &process->tail);
        fd_drop(&process->child.output_fd);
        free(process);
}

void process_drop(struct process **process)
{
        process_stop(*process);
        *process = NULL;
}
