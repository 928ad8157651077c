/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_ERROR_H
#define INGOT_ERROR_H

/* include/ingot/error.h
 * error: one code that says what the caller can do, and a chain of frames that says what happened.
 *
 * Rules    (1) The returned value is the code; the struct is detail and may be NULL everywhere.
 *          (2) Recording cannot fail: the struct is a plain value that holds its own text.
 *          (3) The innermost frame, the cause, is written first and is never the one lost.
 *          (4) Codes are append only.  A cause states the fact with numbers and units; a frame is a
 *              present participle with the object in quotes.
 *          (5) The library never prints, exits or aborts.
 * Tests    tests/unit/base/test_error.c
 */
#include <stdarg.h>
#include <stdint.h>

#define INGOT_MUST_CHECK                  __attribute__((warn_unused_result))
#define INGOT_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

enum ingot_code {
        INGOT_OK = 0,
        INGOT_E_USAGE,     /* a precondition of the call is broken: fix the call or the command line */
        INGOT_E_TEMPLATE,  /* the template or the block device mapping is wrong: fix it at the mark */
        INGOT_E_LAYOUT,    /* partitions or file systems do not fit the volume: give more, or ask for less */
        INGOT_E_SYSTEM,    /* the kernel refused; sys_errno says why: fix the machine */
        INGOT_E_MEMORY,    /* an allocation failed, or a documented limit was reached */
        INGOT_E_FORMAT,    /* bytes that were read break their format: distrust the file */
        INGOT_E_CHECKSUM,  /* bytes do not match their digest: distrust the file */
        INGOT_E_DENIED,    /* the region refused: fix credentials, permissions or quota */
        INGOT_E_NOT_FOUND, /* the named thing is absent */
        INGOT_E_CONFLICT,  /* a name or token is taken, or an object changed meanwhile */
        INGOT_E_THROTTLED, /* ask again after retry_after_ms */
        INGOT_E_REMOTE,    /* the region failed, or answered outside its contract: try later */
        INGOT_E_CANCELLED, /* the caller asked to stop */
        INGOT_E_BUG,       /* an internal invariant does not hold: report it */
        INGOT_CODE_COUNT   /* not a code */
};

enum { INGOT_ERROR_FRAMES = 8, INGOT_ERROR_TEXT_BYTES = 1024 };

struct ingot_error {
        enum ingot_code code;
        int sys_errno;           /* 0 unless code came from the kernel */
        uint32_t retry_after_ms; /* with INGOT_E_THROTTLED */
        uint16_t frame_count, text_used_bytes;
        uint16_t frame_start[INGOT_ERROR_FRAMES]; /* offsets into text, innermost first */
        char text[INGOT_ERROR_TEXT_BYTES];
};

/* Records the cause, replacing whatever err held.  Returns code. */
enum ingot_code ingot_fail(struct ingot_error *err, enum ingot_code code, const char *format, ...)
        INGOT_PRINTF(3, 4);
enum ingot_code ingot_vfail(struct ingot_error *err, enum ingot_code code, const char *format, va_list args)
        INGOT_PRINTF(3, 0);

/* Records the cause and errno, whose text is appended after ": ".  Returns INGOT_E_SYSTEM, or
 * INGOT_E_MEMORY for ENOMEM. */
enum ingot_code ingot_fail_errno(struct ingot_error *err, const char *format, ...) INGOT_PRINTF(2, 3);

/* Records "out of memory" for a request of size_bytes.  Returns INGOT_E_MEMORY. */
enum ingot_code ingot_fail_memory(struct ingot_error *err, uint64_t size_bytes);

/* Adds a frame around what err holds; does nothing when code is INGOT_OK.  Returns code. */
enum ingot_code ingot_while(struct ingot_error *err, enum ingot_code code, const char *format, ...)
        INGOT_PRINTF(3, 4);

/* The analyzer does not look into other files: tell it that a recorded failure is never INGOT_OK. */
#if defined(__clang_analyzer__) && !defined(INGOT_ERROR_HOME)
#define ingot_fail(err, code, ...)    (code)
#define ingot_fail_errno(err, ...)    (INGOT_E_SYSTEM)
#define ingot_fail_memory(err, bytes) (INGOT_E_MEMORY)
#define ingot_while(err, code, ...)   (code)
#endif

/* Returns frame number index, innermost (the cause) first; NULL past the last. */
const char *ingot_error_frame(const struct ingot_error *err, unsigned index);

/* Returns the short lower-case name of a code: "template", "checksum"; never NULL. */
const char *ingot_code_name(enum ingot_code code);

/* Returns the program's exit status for a code: who must act (docs/exit-status). */
int ingot_code_exit_status(enum ingot_code code);

#endif
