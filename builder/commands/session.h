/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_SESSION_H
#define COMMANDS_SESSION_H

/* builder/commands/session.h
 * session: one run of one command: what was asked for, where things are, how it ends.
 *
 * Rules    (1) Standard output holds results only, and exactly one document with --json; all else goes to
 *              standard error.  Without success nothing is printed there, but for the complaints of
 *              "check --json".
 *          (2) The environment is read here and nowhere else: HOME, XDG_DATA_HOME, XDG_CACHE_HOME,
 *              XDG_STATE_HOME, SOURCE_DATE_EPOCH, TMPDIR; what a call below may need of it goes down as an argument.
 *          (3) SIGINT, SIGTERM and SIGHUP ask for an orderly stop; a second one, half a second later or more,
 *              ends the program at once.  A signal that was ignored when ingot started stays ignored.
 *          (4) A result that could not be written is a failure: status 3.
 * Tests    tests/cli/
 */
#include <signal.h>

#include <ingot/ingot.h>

#include "base/buffer.h"
#include "commands/options.h"
#include "commands/picture.h"
#include "commands/progress.h"

struct session {
        const struct command *command;
        const char *program; /* how it was called: "ingot", or a path */
        struct arguments arguments;
        struct progress progress;
        struct ingot_observer observer;
        struct buffer region_folder, cache_folder;
        int64_t source_date_epoch; /* -1: not given */
        bool json, quiet;
        size_t complaint_count;
};

/* Runs a command on the words after its name; returns the exit status. */
int session_run(const char *program, const struct command *command, int argc, const char *const *argv);

/* Makes stops orderly (rule 3) and lost descriptors 0 to 2 harmless. */
void session_prepare_process(void);
/* Waits until a stop is asked for. */
void session_wait_for_stop(void);
/* Holds stops back from threads that are started between this and session_wait_for_stop(). */
void session_hold_stops(void);

/*
 * Tells a failure, as
 *
 *   ingot: cannot build 'web.yaml' [layout]
 *     cause  web.yaml:14:11: partition 'data' ends at ...
 *     while  placing partitions of disk 'root'
 *
 * verb         "build"; object: the thing in quotes, or NULL
 * Returns the exit status.
 */
int session_fail(struct session *session, const char *verb, const char *object, enum ingot_code code,
                 const struct ingot_error *err);
int report_failure(const char *verb, const char *object, enum ingot_code code, const struct ingot_error *err);

/* Prints a document that a library call made, or fails with code. */
int session_print_json(struct session *session, const char *json);

/* For ingot_complaint_sink: prints "file:line:column: [key.path] text" and counts. */
struct ingot_complaint_sink session_sink(struct session *session);

/* How a picture may look on standard output. */
struct picture_style session_style(void);

/* The build request and the target that the arguments stand for. */
enum ingot_code session_build_request(struct session *session, struct ingot_build_request *ret_request,
                                      char *compressor, size_t compressor_bytes,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
struct ingot_target session_target(struct session *session);
const char *session_temp_folder(const struct session *session); /* --temp-dir, TMPDIR or /var/tmp */
/* Where uploads keep their journals; appended to out.  Fails with   INGOT_E_USAGE  it is not known; INGOT_E_MEMORY */
enum ingot_code session_journal_folder(struct buffer *out, struct ingot_error *err) INGOT_MUST_CHECK;
bool session_is_local(const struct session *session); /* --to is no "aws:..." */

#endif
