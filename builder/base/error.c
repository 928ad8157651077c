/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INGOT_ERROR_HOME 1
#include <ingot/error.h>

static void frame_vadd(struct ingot_error *err, const char *format, va_list args) INGOT_PRINTF(2, 0);

/* A frame that does not fit is cut; when nothing at all fits it is left out (rule 3). */
static void frame_vadd(struct ingot_error *err, const char *format, va_list args)
{
        size_t room = INGOT_ERROR_TEXT_BYTES - (size_t)err->text_used_bytes;
        int wanted;

        if (err->frame_count == INGOT_ERROR_FRAMES || room < 2)
                return;
        wanted = vsnprintf(err->text + err->text_used_bytes, room, format, args);
        if (wanted < 0)
                return;
        err->frame_start[err->frame_count++] = err->text_used_bytes;
        err->text_used_bytes =
                (uint16_t)(err->text_used_bytes + ((size_t)wanted < room ? (size_t)wanted + 1 : room));
}

static void frame_add(struct ingot_error *err, const char *format, ...) INGOT_PRINTF(2, 3);
static void frame_add(struct ingot_error *err, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        frame_vadd(err, format, args);
        va_end(args);
}

static void error_begin(struct ingot_error *err, enum ingot_code code)
{
        err->code = code;
        err->sys_errno = 0;
        err->retry_after_ms = 0;
        err->frame_count = 0;
        err->text_used_bytes = 0;
}

enum ingot_code ingot_vfail(struct ingot_error *err, enum ingot_code code, const char *format, va_list args)
{
        if (err) {
                error_begin(err, code);
                frame_vadd(err, format, args);
        }
        return code;
}

enum ingot_code ingot_fail(struct ingot_error *err, enum ingot_code code, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)ingot_vfail(err, code, format, args);
        va_end(args);
        return code;
}

enum ingot_code ingot_fail_errno(struct ingot_error *err, const char *format, ...)
{
        int saved = errno;
        enum ingot_code code = saved == ENOMEM ? INGOT_E_MEMORY : INGOT_E_SYSTEM;
        char what[INGOT_ERROR_TEXT_BYTES / 2];
        va_list args;

        if (err) {
                va_start(args, format);
                if (vsnprintf(what, sizeof(what), format, args) < 0)
                        what[0] = '\0';
                va_end(args);
                error_begin(err, code);
                err->sys_errno = saved;
                frame_add(err, "%s: %s", what, strerror(saved));
        }
        errno = saved;
        return code;
}

enum ingot_code ingot_fail_memory(struct ingot_error *err, uint64_t size_bytes)
{
        return ingot_fail(err, INGOT_E_MEMORY, "out of memory for %" PRIu64 " bytes", size_bytes);
}

enum ingot_code ingot_while(struct ingot_error *err, enum ingot_code code, const char *format, ...)
{
        va_list args;

        if (err && code != INGOT_OK) {
                va_start(args, format);
                frame_vadd(err, format, args);
                va_end(args);
        }
        return code;
}

const char *ingot_error_frame(const struct ingot_error *err, unsigned index)
{
        return err && index < err->frame_count ? err->text + err->frame_start[index] : NULL;
}

static const struct {
        const char *name;
        int exit_status;
} codes[INGOT_CODE_COUNT] = {
        [INGOT_OK] = { "ok", 0 },
        [INGOT_E_USAGE] = { "usage", 2 },
        [INGOT_E_TEMPLATE] = { "template", 2 },
        [INGOT_E_LAYOUT] = { "layout", 2 },
        [INGOT_E_SYSTEM] = { "system", 3 },
        [INGOT_E_MEMORY] = { "memory", 3 },
        [INGOT_E_FORMAT] = { "format", 4 },
        [INGOT_E_CHECKSUM] = { "checksum", 4 },
        [INGOT_E_DENIED] = { "denied", 5 },
        [INGOT_E_NOT_FOUND] = { "not found", 5 },
        [INGOT_E_CONFLICT] = { "conflict", 5 },
        [INGOT_E_THROTTLED] = { "throttled", 6 },
        [INGOT_E_REMOTE] = { "remote", 6 },
        [INGOT_E_CANCELLED] = { "cancelled", 7 },
        [INGOT_E_BUG] = { "bug", 70 },
};

const char *ingot_code_name(enum ingot_code code)
{
        return (unsigned)code < INGOT_CODE_COUNT ? codes[code].name : "unknown";
}

int ingot_code_exit_status(enum ingot_code code)
{
        return (unsigned)code < INGOT_CODE_COUNT ? codes[code].exit_status : 70;
}
