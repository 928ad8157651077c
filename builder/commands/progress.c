/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "commands/progress.h"

enum {
        DRAW_EVERY_MS = 100,
        TELL_EVERY_MS = 15000,
        RATE_AFTER_MS = 300, /* a rate of less time is noise */
        BAR_COLUMNS_MAX = 30,
        BAR_COLUMNS_MIN = 8
};

bool terminal_is_utf8(void)
{
        /* Not setlocale(): the library's behaviour must not hang on this program's locale. */
        locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
        bool utf8;

        if (own == (locale_t)0)
                return false;
        utf8 = strcmp(nl_langinfo_l(CODESET, own), "UTF-8") == 0;
        freelocale(own);
        return utf8;
}

unsigned terminal_columns(int fd)
{
        const char *text = getenv("COLUMNS");
        struct winsize size;
        unsigned columns = 0;

        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
                columns = size.ws_col;
        for (; !columns && text && *text >= '0' && *text <= '9' && columns < 1000; text++)
                columns = columns * 10 + (unsigned)(*text - '0');
        for (; columns && text && *text >= '0' && *text <= '9' && columns < 1000; text++)
                columns = columns * 10 + (unsigned)(*text - '0');
        if (!columns)
                columns = 80;
        return columns < 20 ? 20 : columns > 400 ? 400 : columns;
}

void progress_init(struct progress *progress, bool quiet)
{
        const char *term = getenv("TERM");

        *progress = (struct progress){ .out = quiet ? NULL : stderr, .clock = &clock_of_system };
        progress->terminal = isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
        progress->utf8 = progress->terminal && terminal_is_utf8();
}

/* The width of text, one column a character: paths are seldom wider, and a line that is too short is fine. */
static size_t text_columns(const char *text)
{
        size_t columns = 0;

        for (; *text; text++)
                columns += (*text & 0xC0) != 0x80;
        return columns;
}

/* The bytes of text's first so many columns. */
static size_t text_cut(const char *text, size_t columns)
{
        size_t at = 0;

        while (text[at] && (columns || (text[at] & 0xC0) == 0x80)) {
                if ((text[at] & 0xC0) != 0x80)
                        columns--;
                at++;
        }
        return at;
}

static uint64_t elapsed_ms(const struct progress *progress, uint64_t since_ns)
{
        uint64_t now_ns = clock_monotonic_ns(progress->clock);

        return now_ns > since_ns ? (now_ns - since_ns) / 1000000 : 0;
}

static void duration_print(uint64_t ms, char *out, size_t out_bytes)
{
        uint64_t seconds = (ms + 500) / 1000;

        if (seconds < 60)
                (void)snprintf(out, out_bytes, "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
        else if (seconds < 3600)
                (void)snprintf(out, out_bytes, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60, seconds % 60);
        else
                (void)snprintf(out, out_bytes, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600,
                               seconds % 3600 / 60);
}

/* "63 %  601 MiB/s  0:02 left", as much as is known and as fits in columns. */
static void numbers_print(const struct progress *progress, size_t columns, char *out, size_t out_bytes)
{
        uint64_t ms = elapsed_ms(progress, progress->begun_ns);
        char size[BYTE_SIZE_TEXT_CHARS + 1];
        double rate = ms >= RATE_AFTER_MS ? (double)progress->done_bytes * 1000.0 / (double)ms : 0.0;
        size_t used = 0;

        out[0] = '\0';
        if (progress->total_bytes) {
                double part = (double)progress->done_bytes / (double)progress->total_bytes;

                used = (size_t)snprintf(out, out_bytes, "%3u %%",
                                        (unsigned)((part > 1.0 ? 1.0 : part) * 100.0));
        } else if (progress->done_bytes) {
                byte_size_print(progress->done_bytes, size);
                used = (size_t)snprintf(out, out_bytes, "%s", size);
        } else if (ms >= 1000) {
                (void)snprintf(out, out_bytes, "%" PRIu64 ":%02" PRIu64, ms / 60000, ms / 1000 % 60);
                return;
        }
        if (rate < 1.0 || columns < 44)
                return;
        byte_size_print((uint64_t)rate, size);
        used += (size_t)snprintf(out + used, out_bytes - used, "  %8s/s", size);
        if (progress->total_bytes > progress->done_bytes && columns >= 60) {
                uint64_t left =
                        (uint64_t)((double)(progress->total_bytes - progress->done_bytes) / rate + 0.5);

                (void)snprintf(out + used, out_bytes - used, "  %" PRIu64 ":%02" PRIu64 " left", left / 60,
                               left % 60);
        }
}

static void bar_print(const struct progress *progress, size_t columns, FILE *out)
{
        static const char *const eighths[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
        double part = (double)progress->done_bytes / (double)progress->total_bytes;
        size_t filled = (size_t)((part > 1.0 ? 1.0 : part) * (double)columns * 8.0);

        (void)fputs("[", out);
        for (size_t i = 0; i < columns; i++) {
                if (i < filled / 8)
                        (void)fputs(progress->utf8 ? "█" : "#", out);
                else if (i == filled / 8 && progress->utf8)
                        (void)fputs(eighths[filled % 8], out);
                else
                        (void)fputc(' ', out);
        }
        (void)fputs("]", out);
}

static void spaces_print(size_t count, FILE *out)
{
        (void)fprintf(out, "%*s", (int)count, "");
}

/* Draws the one line: phase, bar where there is room, numbers at the right. */
static void line_draw(struct progress *progress)
{
        /* The last column stays free: many terminals wrap when it is written. */
        size_t columns = (progress->columns ? progress->columns : terminal_columns(STDERR_FILENO)) - 1;
        char numbers[128];
        size_t numbers_columns, phase_columns, bar = 0, used;

        numbers_print(progress, columns, numbers, sizeof(numbers));
        numbers_columns = strlen(numbers) + (*numbers ? 2 : 0);
        phase_columns = text_columns(progress->phase);
        if (progress->total_bytes && columns > numbers_columns + 4 + BAR_COLUMNS_MIN + 16) {
                size_t room = columns - numbers_columns - 4;

                bar = room > phase_columns + BAR_COLUMNS_MIN ? room - phase_columns : BAR_COLUMNS_MIN;
                bar = bar > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : bar;
                if (phase_columns > room - bar)
                        phase_columns = room - bar;
        } else if (phase_columns + numbers_columns > columns) {
                phase_columns = columns > numbers_columns ? columns - numbers_columns : 0;
        }
        (void)fprintf(progress->out, "\r%.*s", (int)text_cut(progress->phase, phase_columns),
                      progress->phase);
        used = phase_columns;
        if (bar) {
                (void)fputs("  ", progress->out);
                bar_print(progress, bar, progress->out);
                used += bar + 4;
        }
        (void)fprintf(progress->out, "%s%s", *numbers ? "  " : "", numbers);
        used += numbers_columns;
        if (progress->shown_columns > used)
                spaces_print(progress->shown_columns - used, progress->out);
        progress->shown_columns = used;
        (void)fflush(progress->out);
}

/* "PHASE: 541 MiB in 0.9 s", or without the bytes. */
static void end_print(const struct progress *progress, bool whole, char *out, size_t out_bytes)
{
        char size[BYTE_SIZE_TEXT_CHARS + 1], duration[64];

        byte_size_print(progress->done_bytes, size);
        duration_print(elapsed_ms(progress, progress->begun_ns), duration, sizeof(duration));
        (void)snprintf(out, out_bytes, "%s%s%s in %s", whole ? "" : "stopped after ",
                       progress->done_bytes ? size : "", progress->done_bytes ? "" : "done", duration);
        if (!whole && !progress->done_bytes)
                (void)snprintf(out, out_bytes, "stopped after %s", duration);
}

static void phase_end(struct progress *progress, bool whole)
{
        bool brief = elapsed_ms(progress, progress->begun_ns) < 100;
        char tail[160];

        if (!progress->phase[0])
                return;
        end_print(progress, whole, tail, sizeof(tail));
        if (progress->terminal) {
                size_t columns =
                        (progress->columns ? progress->columns : terminal_columns(STDERR_FILENO)) - 1;
                size_t used = text_columns(progress->phase),
                       tail_columns = brief && whole ? 0 : strlen(tail) + 2;

                if (used + tail_columns > columns)
                        used = columns > tail_columns ? columns - tail_columns : 0;
                (void)fprintf(progress->out, "\r%.*s%s%s", (int)text_cut(progress->phase, used),
                              progress->phase, tail_columns ? "  " : "", tail_columns ? tail : "");
                if (progress->shown_columns > used + tail_columns)
                        spaces_print(progress->shown_columns - used - tail_columns, progress->out);
                (void)fputc('\n', progress->out);
        } else if (!brief || !whole) {
                (void)fprintf(progress->out, "ingot: %s: %s\n", progress->phase, tail);
        }
        (void)fflush(progress->out);
        progress->phase[0] = '\0';
        progress->shown_columns = 0;
}

/* Copies what can be shown: a phase may hold a file's name, and that any byte. */
static void phase_copy(char out[PROGRESS_PHASE_CHARS + 1], const char *phase)
{
        size_t used = 0;

        for (; *phase && used < PROGRESS_PHASE_CHARS; phase++)
                out[used++] = (char)((unsigned char)*phase < ' ' || *phase == 0x7F ? '?' : *phase);
        out[used] = '\0';
}

static void phase_begin(struct progress *progress, const char *phase)
{
        phase_end(progress, true);
        phase_copy(progress->phase, phase);
        progress->begun_ns = clock_monotonic_ns(progress->clock);
        progress->drawn_ns = progress->begun_ns;
        if (progress->terminal)
                progress->drawn_ns = 0;
        else
                (void)fprintf(progress->out, "ingot: %s\n", progress->phase);
}

void progress_show(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct progress *progress = context;
        char shown[PROGRESS_PHASE_CHARS + 1];
        char tail[160];

        if (!progress->out)
                return;
        phase_copy(shown, phase);
        if (strcmp(shown, progress->phase) != 0)
                phase_begin(progress, phase);
        progress->done_bytes = done_bytes;
        progress->total_bytes = total_bytes;
        if (progress->terminal) {
                if (progress->drawn_ns && elapsed_ms(progress, progress->drawn_ns) < DRAW_EVERY_MS)
                        return;
                progress->drawn_ns = clock_monotonic_ns(progress->clock);
                line_draw(progress);
        } else if (elapsed_ms(progress, progress->drawn_ns) >= TELL_EVERY_MS) {
                progress->drawn_ns = clock_monotonic_ns(progress->clock);
                numbers_print(progress, 80, tail, sizeof(tail));
                (void)fprintf(progress->out, "ingot: %s: %s\n", progress->phase, tail + strspn(tail, " "));
        }
}

void progress_end(struct progress *progress, bool whole)
{
        if (progress->out)
                phase_end(progress, whole);
}
