/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/fstab.h"
#include "content/tree_edit.h"

enum { FSTAB_MAX_BYTES = 1 << 20 }; /* it is some hundred bytes; a hostile image may differ */

static const char *file_system_name(enum file_system file_system)
{
        switch (file_system) {
        case FILE_SYSTEM_EXT4: return "ext4";
        case FILE_SYSTEM_VFAT: return "vfat";
        case FILE_SYSTEM_SWAP: return "swap";
        case FILE_SYSTEM_NONE: break;
        }
        return "none";
}

/* Options and the order of fsck (fstab(5), fields 4 and 6). */
static void fstab_add_line(struct buffer *out, const struct layout_partition *partition, bool of_root_volume)
{
        const char *options = of_root_volume ? "defaults" : "defaults,nofail,x-systemd.device-timeout=30s";
        const char *mount = partition->mount;
        const char *pass = "2";
        char uuid[48];

        layout_partition_print_uuid(partition, uuid);
        if (partition->file_system == FILE_SYSTEM_SWAP) {
                buffer_appendf(out, "%s none swap %s 0 0\n", uuid, of_root_volume ? "sw" : "sw,nofail");
                return;
        }
        if (partition->file_system == FILE_SYSTEM_VFAT) {
                options = "umask=0077,nofail,x-systemd.device-timeout=30s";
                pass = "0"; /* no fsck.vfat in a minimal image */
        } else if (strcmp(mount, "/") == 0) {
                options = "defaults,errors=remount-ro";
                pass = "1";
        }
        buffer_appendf(out, "%s %s %s %s 0 %s\n", uuid, mount, file_system_name(partition->file_system),
                       options, pass);
}

static bool partition_is_in_fstab(const struct layout_partition *partition)
{
        return partition->file_system == FILE_SYSTEM_SWAP ||
               (partition->file_system != FILE_SYSTEM_NONE && partition->mount);
}

/* Whether ingot's own lines speak of that mount point. */
static bool mount_is_ours(const struct fstab_request *request, const char *mount, size_t size_bytes)
{
        for (size_t i = 0; i < request->layout_count; i++)
                for (size_t j = 0; j < request->layouts[i].partition_count; j++) {
                        const char *ours = request->layouts[i].partitions[j].mount;

                        if (ours && strlen(ours) == size_bytes && memcmp(ours, mount, size_bytes) == 0)
                                return true;
                }
        return false;
}

/* Appends the lines of old that are neither comments nor about a mount point of ours (rule 2). */
static void fstab_keep_lines(struct buffer *out, const struct fstab_request *request, const char *old)
{
        while (*old) {
                size_t line_bytes = strcspn(old, "\n");
                size_t at = strspn(old, " \t");
                size_t device_bytes = strcspn(old + at, " \t\n");
                size_t mount_at = at + device_bytes;
                size_t mount_bytes;

                mount_at += strspn(old + mount_at, " \t");
                mount_bytes = strcspn(old + mount_at, " \t\n");
                if (device_bytes && old[at] != '#' && mount_bytes &&
                    !mount_is_ours(request, old + mount_at, mount_bytes)) {
                        buffer_append(out, old, line_bytes);
                        buffer_append_char(out, '\n');
                }
                old += line_bytes + (old[line_bytes] == '\n');
        }
}

static enum ingot_code make_mount_points(const struct fstab_request *request, struct ingot_error *err)
{
        for (size_t i = 0; i < request->layout_count; i++)
                for (size_t j = 0; j < request->layouts[i].partition_count; j++) {
                        const char *mount = request->layouts[i].partitions[j].mount;
                        enum ingot_code r;

                        if (!mount)
                                continue;
                        r = tree_edit_mkdir(request->tree, mount, 0755, NULL, err);
                        if (r)
                                return ingot_while(err, r, "making mount point '%s'", mount);
                }
        return INGOT_OK;
}

enum ingot_code fstab_write(const struct fstab_request *request, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(2 * FSTAB_MAX_BYTES);
        OWNED(heap_drop) char *old = NULL;
        enum ingot_code r;

        r = make_mount_points(request, err);
        if (r)
                return r;
        r = tree_edit_read_text(request->tree, "/etc/fstab", FSTAB_MAX_BYTES, &old, NULL, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return ingot_while(err, r, "reading '/etc/fstab'");
        buffer_append_text(&out, "# file system, mount point, type, options, dump, pass: written by ingot\n");
        for (size_t i = 0; i < request->layout_count; i++) {
                const struct layout *layout = &request->layouts[i];

                for (size_t j = 0; j < layout->partition_count; j++)
                        if (partition_is_in_fstab(&layout->partitions[j]))
                                fstab_add_line(&out, &layout->partitions[j], layout == request->root_layout);
        }
        if (!r)
                fstab_keep_lines(&out, request, old);
        r = buffer_check(&out, err);
        if (!r)
                r = tree_edit_mkdir(request->tree, "/etc", 0755, NULL, err);
        if (!r)
                r = tree_edit_write_text(request->tree, request->store, "/etc/fstab", out.bytes, 0644, err);
        return ingot_while(err, r, "writing '/etc/fstab'");
}
