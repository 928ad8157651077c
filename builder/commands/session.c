/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "commands/session.h"

enum { FOLDER_BYTES = 8192, SAME_WISH_MS = 500 };

extern char **environ;

/* ---- stopping ---- */

static volatile sig_atomic_t stop_was_asked;

static struct timespec stop_asked_at;

/* timeout(1), sudo(8) and others deliver one wish twice, once to the process and once to its group: what comes
 * within half a second is the same wish. */
static void note_stop(int number)
{
        struct timespec now;
        int64_t since_ms;

        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* signal-safety(7) allows it */
        if (!stop_was_asked) {
                stop_was_asked = 1;
                stop_asked_at = now;
                return;
        }
        since_ms = (int64_t)(now.tv_sec - stop_asked_at.tv_sec) * 1000 +
                   (now.tv_nsec - stop_asked_at.tv_nsec) / 1000000;
        if (since_ms < SAME_WISH_MS)
                return;
        (void)signal(number, SIG_DFL);
        (void)raise(number);
}

static int is_cancelled(void *context)
{
        (void)context;
        return stop_was_asked != 0;
}

static void stops_make(sigset_t *ret_stops)
{
        (void)sigemptyset(ret_stops);
        (void)sigaddset(ret_stops, SIGINT);
        (void)sigaddset(ret_stops, SIGTERM);
        (void)sigaddset(ret_stops, SIGHUP);
}

/* A signal that came ignored stays so: nohup and a shell's background jobs count on it. */
static void stop_on(int number, const struct sigaction *stop)
{
        struct sigaction before;

        if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
                (void)sigaction(number, stop, NULL);
}

void session_prepare_process(void)
{
        struct sigaction stop = { .sa_handler = note_stop, .sa_flags = SA_RESTART };
        struct sigaction ignore = { .sa_handler = SIG_IGN };

        /* A descriptor 0 to 2 that is closed would be the next file opened, and then be printed on.  This
         * one can be neither read nor written to any purpose: printing fails, as it should. */
        for (int fd = 0; fd <= 2; fd++) {
                if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
                        (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
        }
        stops_make(&stop.sa_mask); /* the handler is not interrupted by itself */
        (void)sigemptyset(&ignore.sa_mask);
        stop_on(SIGINT, &stop);
        stop_on(SIGTERM, &stop);
        stop_on(SIGHUP, &stop);
        (void)sigaction(SIGPIPE, &ignore, NULL); /* a write to a pipe nobody reads fails instead */
        (void)sigaction(SIGXFSZ, &ignore, NULL); /* and so does one past the limit of a file's size */
}

void session_hold_stops(void)
{
        sigset_t stops;

        stops_make(&stops);
        (void)sigprocmask(SIG_BLOCK, &stops, NULL);
}

void session_wait_for_stop(void)
{
        sigset_t stops;
        int number;

        stops_make(&stops);
        while (!stop_was_asked && sigwait(&stops, &number))
                ;
        (void)sigprocmask(SIG_UNBLOCK, &stops, NULL);
}

/* ---- failing ---- */

int report_failure(const char *verb, const char *object, enum ingot_code code, const struct ingot_error *err)
{
        const char *frame;

        (void)fprintf(stderr, "ingot: cannot %s%s%s%s [%s]\n", verb, object ? " '" : "", object ? object : "",
                      object ? "'" : "", ingot_code_name(code));
        for (unsigned i = 0; (frame = ingot_error_frame(err, i)) != NULL; i++)
                (void)fprintf(stderr, "  %s  %s\n", i ? "while" : "cause", frame);
        return ingot_code_exit_status(code);
}

int session_fail(struct session *session, const char *verb, const char *object, enum ingot_code code,
                 const struct ingot_error *err)
{
        progress_end(&session->progress, false);
        return report_failure(verb, object, code, err);
}

int session_print_json(struct session *session, const char *json)
{
        (void)session;
        (void)fputs(json, stdout); /* looked at when the session ends */
        return 0;
}

static void show_complaint(void *context, const struct ingot_complaint *complaint)
{
        struct session *session = context;

        progress_end(&session->progress, false);
        session->complaint_count++;
        (void)fputs(complaint->file, stderr);
        if (complaint->line)
                (void)fprintf(stderr, ":%u:%u", complaint->line, complaint->column);
        (void)fputs(": ", stderr);
        if (complaint->key_path && *complaint->key_path)
                (void)fprintf(stderr, "[%s] ", complaint->key_path);
        (void)fprintf(stderr, "%s\n", complaint->text);
}

struct ingot_complaint_sink session_sink(struct session *session)
{
        return (struct ingot_complaint_sink){ .context = session, .on_complaint = show_complaint };
}

/* ---- what was asked for ---- */

/* OPTION, or ${XDG}/ingot/LAST, or ~/HOME_PART/ingot/LAST. */
static enum ingot_code folder_find(const char *option, const char *xdg, const char *home_part,
                                   const char *last, struct buffer *out, struct ingot_error *err)
{
        const char *base = getenv(xdg), *home = getenv("HOME");

        if (option)
                buffer_append_text(out, option);
        else if (base && base[0] == '/') /* the specification: a relative one is to be ignored */
                buffer_appendf(out, "%s/ingot%s", base, last);
        else if (home && home[0] == '/')
                buffer_appendf(out, "%s/%s/ingot%s", strcmp(home, "/") == 0 ? "" : home, home_part, last);
        else
                return ingot_fail(err, INGOT_E_USAGE,
                                  "neither %s nor HOME is set; say with an option where ingot keeps its data",
                                  xdg);
        return buffer_check(out, err);
}

static enum ingot_code epoch_read(int64_t *ret_epoch, struct ingot_error *err)
{
        const char *text = getenv("SOURCE_DATE_EPOCH");
        int64_t epoch = 0;

        *ret_epoch = -1;
        if (!text)
                return INGOT_OK;
        for (const char *at = text; *at || at == text; at++) {
                if (*at < '0' || *at > '9' || epoch > INT64_C(25340230079)) /* year 9999 */
                        return ingot_fail(
                                err, INGOT_E_USAGE,
                                "SOURCE_DATE_EPOCH is '%s', not the seconds since 1970 of a year before "
                                "10000",
                                text);
                epoch = epoch * 10 + (*at - '0');
        }
        *ret_epoch = epoch;
        return INGOT_OK;
}

static enum ingot_code session_look_around(struct session *session, struct ingot_error *err)
{
        const struct arguments *arguments = &session->arguments;
        uint64_t options = session->command->options;
        enum ingot_code r = INGOT_OK;

        session->source_date_epoch = -1;
        if ((options & OPTION_BIT(OPTION_REGION_DIR)) && session_is_local(session))
                r = folder_find(arguments->value[OPTION_REGION_DIR], "XDG_DATA_HOME", ".local/share",
                                "/region", &session->region_folder, err);
        if (r == INGOT_OK && (options & OPTION_BIT(OPTION_CACHE_DIR)))
                r = folder_find(arguments->value[OPTION_CACHE_DIR], "XDG_CACHE_HOME", ".cache", "",
                                &session->cache_folder, err);
        if (r == INGOT_OK && (options & OPTION_BIT(OPTION_CACHE_DIR)))
                r = epoch_read(&session->source_date_epoch, err);
        return r;
}

enum ingot_code session_build_request(struct session *session, struct ingot_build_request *ret_request,
                                      char *compressor, size_t compressor_bytes, struct ingot_error *err)
{
        const struct arguments *arguments = &session->arguments;
        struct ingot_build_request request = {
                .inputs = { .template_path = arguments->operands[0],
                            .mapping_path = arguments->value[OPTION_MAPPING],
                            .settings = arguments->settings,
                            .setting_count = arguments->setting_count },
                .folder = arguments->value[OPTION_OUTPUT],
                .cache_folder = session->cache_folder.bytes,
                .environment = (const char *const *)environ,
                .lock_path = arguments->value[OPTION_LOCK],
                .refresh = arguments->given[OPTION_REFRESH],
                .source_date_epoch = session->source_date_epoch,
        };
        enum ingot_code r;

        r = arguments_formats(arguments, INGOT_FORMAT_RAW | INGOT_FORMAT_VMDK, &request.formats, err);
        if (r)
                return r;
        r = arguments_number(arguments, OPTION_THREADS, 0, &request.threads, err);
        if (r)
                return r;
        r = arguments_compressor(arguments, compressor, compressor_bytes, &request.compressor,
                                 &request.compression_level, err);
        if (r)
                return r;
        *ret_request = request;
        return INGOT_OK;
}

/* What --to or --from says; no command takes both. */
static const char *target_text(const struct arguments *arguments)
{
        const char *from = arguments->value[OPTION_FROM];

        return from ? from : arguments->value[OPTION_TO];
}

const char *session_temp_folder(const struct session *session)
{
        const char *option = session->arguments.value[OPTION_TEMP_DIR], *folder = getenv("TMPDIR");

        if (option)
                return option;
        return folder && folder[0] == '/' ? folder : "/var/tmp"; /* /tmp may be memory */
}

enum ingot_code session_journal_folder(struct buffer *out, struct ingot_error *err)
{
        return folder_find(NULL, "XDG_STATE_HOME", ".local/state", "/uploads", out, err);
}

struct ingot_target session_target(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        const char *to = target_text(arguments);

        return (struct ingot_target){ .to = to ? to : "local",
                                      .region_folder = session->region_folder.bytes,
                                      .environment = (const char *const *)environ,
                                      .profile = arguments->value[OPTION_PROFILE],
                                      .ca_bundle = arguments->value[OPTION_CA_BUNDLE] };
}

bool session_is_local(const struct session *session)
{
        const char *to = target_text(&session->arguments);

        return !to || strncmp(to, "aws:", 4) != 0;
}

struct picture_style session_style(void)
{
        bool terminal = isatty(STDOUT_FILENO);

        return (struct picture_style){ .columns = terminal ? terminal_columns(STDOUT_FILENO) : 80,
                                       .utf8 = terminal_is_utf8() };
}

/* ---- the run ---- */

/* A result nobody could read is no success (rule 4). */
static int output_settle(int status)
{
        struct ingot_error err;
        bool failed = ferror(stdout) != 0;
        enum ingot_code r;

        if (fflush(stdout) == 0 && !failed)
                return status;
        if (status)
                return status;
        r = ingot_fail_errno(&err, "writing to standard output");
        return report_failure("print the result", NULL, r, &err);
}

int session_run(const char *program, const struct command *command, int argc, const char *const *argv)
{
        struct session session = { .command = command,
                                   .program = program,
                                   .region_folder = BUFFER_INIT(FOLDER_BYTES),
                                   .cache_folder = BUFFER_INIT(FOLDER_BYTES) };
        struct ingot_error err;
        enum ingot_code r;
        int status;

        r = arguments_parse(command, argc, argv, &session.arguments, &err);
        session.json = session.arguments.given[OPTION_JSON];
        session.quiet = session.arguments.given[OPTION_QUIET];
        progress_init(&session.progress, session.quiet);
        session.observer = (struct ingot_observer){ .context = &session.progress,
                                                    .progress = progress_show,
                                                    .is_cancelled = is_cancelled };
        if (r == INGOT_OK && session.arguments.given[OPTION_HELP]) {
                command_help_print(command, stdout);
                status = 0;
        } else if (r || (r = session_look_around(&session, &err))) {
                status = report_failure(command->name, NULL, r, &err);
        } else {
                status = command->run(&session);
                progress_end(&session.progress, status == 0);
        }
        status = output_settle(status);
        arguments_release(&session.arguments);
        buffer_release(&session.region_folder);
        buffer_release(&session.cache_folder);
        return status;
}
