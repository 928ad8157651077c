/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/byte_size.h"
#include "base/own.h"
#include "commands/picture.h"

enum {
        BOX_COLUMNS_MAX = 100,
        PARTS_MAX = 128 * 2 + 1, /* partitions, and a gap before each and after the last */
        GAP_BYTES_MIN = 4 * 1024 * 1024,
        LABEL_CHARS = 127
};

/* A part of the disk as drawn: a partition, or free space. */
struct part {
        uint64_t start_bytes, size_bytes;
        const struct ingot_partition_info *partition; /* NULL: free space */
        char label[LABEL_CHARS + 1];
        unsigned label_min_columns; /* what must be seen of it */
};

struct strokes {
        const char *across, *down, *top_left, *top, *top_right, *bottom_left, *bottom, *bottom_right, *used,
                *empty;
};

static const struct strokes of_utf8 = { "─", "│", "┌", "┬", "┐", "└", "┴", "┘", "█", "░" };
static const struct strokes of_ascii = { "-", "|", "+", "+", "+", "+", "+", "+", "#", "." };

static size_t text_columns(const char *text)
{
        size_t columns = 0;

        for (; *text; text++)
                columns += (*text & 0xC0) != 0x80;
        return columns;
}

/* Prints the first so many columns of text, what is no printable character as '?'; then spaces. */
static void cell_print(const char *text, size_t columns, bool utf8, FILE *out)
{
        size_t used = 0;

        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;

                if ((c & 0xC0) != 0x80 && used++ >= columns)
                        break;
                if (c < ' ' || c == 0x7F)
                        (void)fputc('?', out);
                else if (c < 0x80 || utf8)
                        (void)fputc(c, out);
                else if ((c & 0xC0) != 0x80)
                        (void)fputc('?', out);
        }
        for (; used < columns; used++)
                (void)fputc(' ', out);
}

static void repeat(const char *stroke, size_t count, FILE *out)
{
        for (size_t i = 0; i < count; i++)
                (void)fputs(stroke, out);
}

void picture_divide(const uint64_t *sizes, const unsigned *minima, size_t count, unsigned columns,
                    unsigned *widths)
{
        unsigned taken = 0;
        long double total = 0;

        for (size_t i = 0; i < count; i++)
                total += (long double)sizes[i];
        for (size_t i = 0; i < count; i++) {
                widths[i] = total > 0 ? (unsigned)((long double)sizes[i] * columns / total + 0.5L) : 0;
                if (widths[i] < minima[i])
                        widths[i] = minima[i];
                taken += widths[i];
        }
        /* One column at a time: from who has most beyond its minimum, or to the widest. */
        while (taken != columns) {
                size_t chosen = count;

                for (size_t i = 0; i < count; i++) {
                        if (taken > columns && widths[i] <= minima[i])
                                continue;
                        if (chosen == count || widths[i] > widths[chosen])
                                chosen = i;
                }
                if (chosen == count)
                        return;
                if (taken > columns)
                        widths[chosen]--, taken--;
                else
                        widths[chosen]++, taken++;
        }
}

static int by_start(const void *a, const void *b)
{
        const struct part *one = a, *other = b;

        return one->start_bytes < other->start_bytes ? -1 : one->start_bytes > other->start_bytes;
}

static void part_label(struct part *part)
{
        const struct ingot_partition_info *partition = part->partition;
        const char *name = partition->name && *partition->name ? partition->name
                           : partition->label                  ? partition->label
                           : partition->type                   ? partition->type
                                                               : "";

        if (partition->number)
                part->label_min_columns =
                        (unsigned)snprintf(part->label, sizeof(part->label), "%" PRIu32, partition->number);
        (void)snprintf(part->label + part->label_min_columns, sizeof(part->label) - part->label_min_columns,
                       "%s%s%s%s", part->label_min_columns ? " " : "", name, partition->mount ? " " : "",
                       partition->mount ? partition->mount : "");
}

/* Lays the partitions out in the order of the disk, with the gaps that are worth showing. */
static size_t parts_make(const struct ingot_image_info *image, struct part *parts)
{
        size_t count = 0, partitions;
        uint64_t end_bytes = 0;

        for (size_t i = 0; i < image->partition_count && count < (PARTS_MAX - 1) / 2; i++) {
                struct part *part = &parts[count++];

                part->partition = &image->partitions[i];
                part->start_bytes = image->partitions[i].start_bytes;
                part->size_bytes = image->partitions[i].size_bytes;
                part_label(part);
        }
        qsort(parts, count, sizeof(*parts), by_start);
        partitions = count;
        for (size_t i = 0; i <= partitions; i++) {
                uint64_t start_bytes = i < partitions ? parts[i].start_bytes : image->size_bytes;

                if (start_bytes > end_bytes && start_bytes - end_bytes >= GAP_BYTES_MIN) {
                        parts[count].start_bytes = end_bytes;
                        parts[count].size_bytes = start_bytes - end_bytes;
                        (void)snprintf(parts[count].label, sizeof(parts[count].label), "free");
                        count++;
                }
                if (i < partitions && parts[i].start_bytes + parts[i].size_bytes > end_bytes)
                        end_bytes = parts[i].start_bytes + parts[i].size_bytes;
        }
        qsort(parts, count, sizeof(*parts), by_start);
        return count;
}

static void edge_print(const char *left, const char *between, const char *right,
                       const struct strokes *strokes, const unsigned *widths, size_t count, FILE *out)
{
        (void)fputs(left, out);
        for (size_t i = 0; i < count; i++) {
                repeat(strokes->across, widths[i], out);
                (void)fputs(i + 1 < count ? between : right, out);
        }
        (void)fputc('\n', out);
}

/* Columns of a part that stand for what is used: at least one as soon as a byte is. */
static unsigned used_columns(const struct ingot_partition_info *partition, unsigned width)
{
        uint64_t total_bytes = partition->used_bytes + partition->free_bytes;
        unsigned columns;

        if (!total_bytes)
                return 0;
        columns = (unsigned)((long double)partition->used_bytes * width / (long double)total_bytes + 0.5L);
        if (!columns && partition->used_bytes && width)
                columns = 1;
        return columns > width ? width : columns;
}

static void box_print(const struct part *parts, size_t count, const struct picture_style *style, FILE *out)
{
        const struct strokes *strokes = style->utf8 ? &of_utf8 : &of_ascii;
        unsigned box_columns = style->columns > BOX_COLUMNS_MAX ? BOX_COLUMNS_MAX : style->columns;
        unsigned widths[PARTS_MAX], minima[PARTS_MAX], minimum = 0;
        uint64_t sizes[PARTS_MAX];

        for (size_t i = 0; i < count; i++) {
                sizes[i] = parts[i].size_bytes;
                minima[i] = parts[i].label_min_columns ? parts[i].label_min_columns : 1;
                minimum += minima[i] + 1;
        }
        if (!count || minimum + 1 > box_columns) /* more partitions than a line holds: the legend has them */
                return;
        picture_divide(sizes, minima, count, box_columns - 1 - (unsigned)count, widths);
        edge_print(strokes->top_left, strokes->top, strokes->top_right, strokes, widths, count, out);
        for (size_t i = 0; i < count; i++) {
                (void)fputs(strokes->down, out);
                cell_print(parts[i].label, widths[i], style->utf8, out);
        }
        (void)fprintf(out, "%s\n", strokes->down);
        for (size_t i = 0; i < count; i++) {
                const struct ingot_partition_info *partition = parts[i].partition;
                unsigned used = partition ? used_columns(partition, widths[i]) : 0;
                bool known = partition && partition->used_bytes + partition->free_bytes > 0;

                (void)fputs(strokes->down, out);
                repeat(strokes->used, used, out);
                repeat(known ? strokes->empty : " ", widths[i] - used, out);
        }
        (void)fprintf(out, "%s\n", strokes->down);
        edge_print(strokes->bottom_left, strokes->bottom, strokes->bottom_right, strokes, widths, count, out);
}

/* A line cut at the width; every line of the legend goes through here. */
static void line_print(const struct buffer *line, const struct picture_style *style, FILE *out)
{
        size_t columns = text_columns(line->bytes);

        cell_print(line->bytes, columns < style->columns ? columns : style->columns, style->utf8, out);
        (void)fputc('\n', out);
}

static void legend_line_make(const struct part *part, struct buffer *line)
{
        const struct ingot_partition_info *partition = part->partition;
        char size[BYTE_SIZE_TEXT_CHARS + 1], used[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(part->size_bytes, size);
        if (!partition) {
                buffer_appendf(line, "     %-18s %10s", "free", size);
                return;
        }
        if (partition->number)
                buffer_appendf(line, " %3" PRIu32 " %-10.30s", partition->number,
                               partition->name ? partition->name : "");
        else
                buffer_appendf(line, "     %-10.30s", partition->label ? partition->label : "");
        buffer_appendf(line, " %-7s %10s", partition->file_system ? partition->file_system : "-", size);
        if (partition->used_bytes + partition->free_bytes) {
                byte_size_print(partition->used_bytes, used);
                buffer_appendf(line, "  %10s used (%2u %%)", used,
                               (unsigned)((long double)partition->used_bytes * 100 /
                                          (long double)(partition->used_bytes + partition->free_bytes)));
        }
        if (partition->mount)
                buffer_appendf(line, "  %s", partition->mount);
}

/* The boot loader goes behind the rest where there is room, else on a line of its own. */
static void boot_loader_print(const struct part *part, struct buffer *line, const struct picture_style *style,
                              FILE *out)
{
        const char *boot_loader = part->partition ? part->partition->boot_loader : NULL;

        if (boot_loader && text_columns(line->bytes) + 2 + text_columns(boot_loader) > style->columns) {
                line_print(line, style, out);
                buffer_clear(line);
                buffer_append_text(line, "                 ");
        }
        if (boot_loader)
                buffer_appendf(line, "  %s", boot_loader);
}

static void legend_print(const struct part *parts, size_t count, const struct picture_style *style, FILE *out)
{
        const struct strokes *strokes = style->utf8 ? &of_utf8 : &of_ascii;
        bool known = false;

        for (size_t i = 0; i < count; i++) {
                OWNED(buffer_release) struct buffer line = BUFFER_INIT(8192);

                legend_line_make(&parts[i], &line);
                boot_loader_print(&parts[i], &line, style, out);
                line_print(&line, style, out);
                known = known || (parts[i].partition &&
                                  parts[i].partition->used_bytes + parts[i].partition->free_bytes > 0);
        }
        if (known)
                (void)fprintf(out, "     %s used  %s empty\n", strokes->used, strokes->empty);
}

static const char *file_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash && slash[1] ? slash + 1 : path;
}

static void title_print(const struct ingot_image_info *image, const struct picture_style *style, FILE *out)
{
        OWNED(buffer_release) struct buffer line = BUFFER_INIT(8192);
        char size[BYTE_SIZE_TEXT_CHARS + 1], allocated[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(image->size_bytes, size);
        byte_size_print(image->allocated_bytes, allocated);
        buffer_appendf(&line, "%s%s%s  %s  %s disk, %s in the file",
                       image->device_name ? image->device_name : "", image->device_name ? "  " : "",
                       file_name(image->path), image->format, size, allocated);
        if (image->partition_table && strcmp(image->partition_table, "none") != 0)
                buffer_appendf(&line, ", %s", image->partition_table);
        line_print(&line, style, out);
}

static void totals_print(const struct ingot_image_info *image, const struct picture_style *style, FILE *out)
{
        OWNED(buffer_release) struct buffer line = BUFFER_INIT(8192);

        if (image->data_blocks + image->zero_blocks + image->absent_blocks) {
                buffer_appendf(&line,
                               "     blocks of 512 KiB: %" PRIu64 " data, %" PRIu64 " zero, %" PRIu64
                               " absent",
                               image->data_blocks, image->zero_blocks, image->absent_blocks);
                line_print(&line, style, out);
                buffer_clear(&line);
        }
        if (image->boot_loader) {
                buffer_appendf(&line, "     master boot record: %s", image->boot_loader);
                line_print(&line, style, out);
                buffer_clear(&line);
        }
        if (image->image_digest) {
                buffer_appendf(&line, "     digest %s", image->image_digest);
                line_print(&line, style, out);
        }
        for (size_t i = 0; i < image->warning_count; i++) {
                buffer_clear(&line);
                buffer_appendf(&line, "     warning: %s", image->warnings[i]);
                line_print(&line, style, out);
        }
}

void picture_print(const struct ingot_image_info *image, const struct picture_style *style, FILE *out)
{
        OWNED(heap_drop) struct part *parts = calloc(PARTS_MAX, sizeof(*parts));
        size_t count;

        title_print(image, style, out);
        if (!parts) /* the title alone is better than no word at all */
                return;
        count = parts_make(image, parts);
        box_print(parts, count, style, out);
        legend_print(parts, count, style, out);
        totals_print(image, style, out);
}
