/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "model/tree_inode.h"

enum { XATTR_NAME_MAX_BYTES = 255, XATTR_VALUE_MAX_BYTES = 65536 };

struct tree_inode *tree_inode_new(enum tree_kind kind)
{
        struct tree_inode *inode = calloc(1, sizeof(*inode));

        if (inode)
                inode->kind = kind;
        return inode;
}

void tree_inode_free(struct tree_inode *inode)
{
        if (!inode)
                return;
        for (size_t i = 0; i < inode->xattr_count; i++) {
                free(inode->xattrs[i].name);
                free(inode->xattrs[i].value);
        }
        free(inode->xattrs);
        free(inode->runs);
        free(inode->target);
        free(inode);
}

void tree_inode_drop(struct tree_inode **inode)
{
        tree_inode_free(*inode);
        *inode = NULL;
}

static bool run_is_sound(const struct tree_inode *inode, const struct tree_run *run)
{
        const struct tree_run *last = inode->run_count ? &inode->runs[inode->run_count - 1] : NULL;
        uint64_t end, last_end;

        if (inode->kind != TREE_FILE || !run->source || run->size_bytes == 0 ||
            run->file_offset_bytes % TREE_HOLE_BYTES != 0 ||
            !checked_add_u64(run->file_offset_bytes, run->size_bytes, &end) ||
            !checked_add_u64(run->source_offset_bytes, run->size_bytes, &end))
                return false;
        if (!last)
                return true;
        last_end = last->file_offset_bytes + last->size_bytes;
        return last_end % TREE_HOLE_BYTES == 0 && last_end <= run->file_offset_bytes;
}

enum ingot_code tree_inode_add_run(struct tree_inode *inode, const struct tree_run *run,
                                   struct ingot_error *err)
{
        struct tree_run *last = inode->run_count ? &inode->runs[inode->run_count - 1] : NULL;

        if (!run_is_sound(inode, run))
                return ingot_fail(err, INGOT_E_BUG,
                                  "a run of %" PRIu64 " bytes at %" PRIu64 " is out of place",
                                  run->size_bytes, run->file_offset_bytes);
        if (last && last->source == run->source &&
            last->file_offset_bytes + last->size_bytes == run->file_offset_bytes &&
            last->source_offset_bytes + last->size_bytes == run->source_offset_bytes) {
                last->size_bytes += run->size_bytes;
                return INGOT_OK;
        }
        if (inode->run_count == inode->run_capacity) {
                size_t capacity = inode->run_capacity ? inode->run_capacity * 2 : 1;
                struct tree_run *runs = reallocarray(inode->runs, capacity, sizeof(*runs));

                if (!runs)
                        return ingot_fail_memory(err, capacity * sizeof(*runs));
                inode->runs = runs;
                inode->run_capacity = capacity;
        }
        inode->runs[inode->run_count++] = *run;
        return INGOT_OK;
}

static struct tree_xattr *find_xattr(const struct tree_inode *inode, const char *name)
{
        for (size_t i = 0; i < inode->xattr_count; i++)
                if (strcmp(inode->xattrs[i].name, name) == 0)
                        return &inode->xattrs[i];
        return NULL;
}

enum ingot_code tree_inode_set_xattr(struct tree_inode *inode, const char *name, const void *value,
                                     size_t value_bytes, struct ingot_error *err)
{
        const char *dot = strchr(name, '.');
        struct tree_xattr *xattr = find_xattr(inode, name), *xattrs;
        OWNED(heap_drop) uint8_t *copy = NULL;

        if (!dot || dot == name || !dot[1] || strlen(name) > XATTR_NAME_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%.255s' is no name of an extended attribute", name);
        if (value_bytes > XATTR_VALUE_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "extended attribute '%s' has %zu bytes; %d is the kernel's limit", name,
                                  value_bytes, XATTR_VALUE_MAX_BYTES);
        copy = malloc(value_bytes + 1);
        if (!copy)
                return ingot_fail_memory(err, value_bytes + 1);
        if (value_bytes)
                memcpy(copy, value, value_bytes);
        if (!xattr) {
                OWNED(heap_drop) char *name_copy = strdup(name);

                xattrs = name_copy ? reallocarray(inode->xattrs, inode->xattr_count + 1, sizeof(*xattrs))
                                   : NULL;
                if (!xattrs)
                        return ingot_fail_memory(err, (inode->xattr_count + 1) * sizeof(*xattrs));
                inode->xattrs = xattrs;
                xattr = &xattrs[inode->xattr_count++];
                *xattr = (struct tree_xattr){ .name = TAKE(name_copy) };
        }
        free(xattr->value);
        xattr->value = TAKE(copy);
        xattr->value_bytes = value_bytes;
        return INGOT_OK;
}

/* The first run that ends past offset_bytes; run_count when there is none. */
static size_t find_run(const struct tree_inode *inode, uint64_t offset_bytes)
{
        size_t low = 0, high = inode->run_count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const struct tree_run *run = &inode->runs[middle];

                if (run->file_offset_bytes + run->size_bytes <= offset_bytes)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

enum ingot_code tree_inode_read(const struct tree_inode *inode, uint64_t offset_bytes, void *bytes,
                                size_t size_bytes, struct ingot_error *err)
{
        uint8_t *out = bytes;
        uint64_t end;

        if (!checked_add_u64(offset_bytes, size_bytes, &end) || end > inode->size_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " of a file of %" PRIu64 " bytes", size_bytes,
                                  offset_bytes, inode->size_bytes);
        for (size_t i = find_run(inode, offset_bytes); offset_bytes < end; i++) {
                const struct tree_run *run = i < inode->run_count ? &inode->runs[i] : NULL;
                uint64_t run_start = run ? min_u64(max_u64(run->file_offset_bytes, offset_bytes), end) : end;
                uint64_t run_end = run ? min_u64(run->file_offset_bytes + run->size_bytes, end) : end;
                enum ingot_code r;

                memset(out, 0, (size_t)(run_start - offset_bytes));
                out += run_start - offset_bytes;
                offset_bytes = run_start;
                if (offset_bytes >= run_end)
                        continue;
                r = byte_source_read(run->source,
                                     run->source_offset_bytes + (offset_bytes - run->file_offset_bytes), out,
                                     (size_t)(run_end - offset_bytes), err);
                if (r)
                        return r;
                out += run_end - offset_bytes;
                offset_bytes = run_end;
        }
        return INGOT_OK;
}
