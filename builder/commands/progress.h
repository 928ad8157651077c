/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_PROGRESS_H
#define COMMANDS_PROGRESS_H

/* builder/commands/progress.h
 * progress: what a long call is at, on standard error.
 *
 *   terminal   writing volume '/dev/xvda'  [##########      ]  63 %  601 MiB/s  0:02 left
 *   otherwise  ingot: writing volume '/dev/xvda'
 *              ingot: writing volume '/dev/xvda': 34 %, 190 MiB in 15 s         every 15 s
 *              ingot: writing volume '/dev/xvda': 541 MiB in 44.1 s             at its end
 *
 * Rules    (1) A terminal gets one line that is drawn anew at most ten times a second, by carriage return and
 *              spaces alone: no escape sequence, ever.  It fits the width the terminal has at that moment.
 *          (2) TERM=dumb, or no TERM, is no terminal.
 *          (3) A phase's line stays when the phase ends; one of less than 0.1 s leaves no line of its end.
 *          (4) Nothing is written when quiet.
 * Tests    tests/unit/commands/test_progress.c, tests/cli/terminal.sh
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

enum { PROGRESS_PHASE_CHARS = 159, PROGRESS_LINE_CHARS = 512 };

struct progress {
        FILE *out; /* NULL: quiet */
        const struct clock *clock;
        bool terminal;
        bool utf8;                            /* blocks rather than '#' */
        unsigned columns;                     /* 0: ask the terminal */
        char phase[PROGRESS_PHASE_CHARS + 1]; /* "": none yet */
        uint64_t begun_ns, drawn_ns;
        uint64_t done_bytes, total_bytes;
        size_t shown_columns; /* of the line on the terminal now */
};

/* Sets up for standard error as rules 1, 2 and 4 say. */
void progress_init(struct progress *progress, bool quiet);

/* As ingot_observer's progress; context is the struct progress. */
void progress_show(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes);

/* Ends the last phase; whole says whether it was finished. */
void progress_end(struct progress *progress, bool whole);

/* Whether standard output or error may be given UTF-8, by LC_ALL, LC_CTYPE and LANG. */
bool terminal_is_utf8(void);
/* The width of the terminal behind fd; else COLUMNS; else 80.  At least 20, at most 400. */
unsigned terminal_columns(int fd);

#endif
