/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "commands/listing.h"

static const char *or_dash(const char *text)
{
        return text && *text ? text : "-";
}

/* "2026-11-22 13:47" of "2026-11-22T13:47:00.000Z" */
static void minute_print(const char *time, char out[17])
{
        (void)snprintf(out, 17, "%.16s", or_dash(time));
        if (strlen(out) == 16 && out[10] == 'T')
                out[10] = ' ';
}

static uint64_t ami_gib(const struct ingot_ami_info *ami)
{
        uint64_t gib = 0;

        for (size_t i = 0; i < ami->device_count; i++)
                gib += ami->devices[i].volume_size_gib;
        return gib;
}

void listing_print_table(const struct ingot_listing *listing, FILE *out)
{
        char minute[17];

        if (!listing->ami_count && !listing->snapshot_count) {
                (void)fprintf(out, "Region %s holds neither AMIs nor snapshots of yours.\n", listing->region);
                return;
        }
        if (listing->ami_count)
                (void)fprintf(out, "%-21s  %-9s  %5s  %-16s  %s\n", "AMI", "STATE", "GiB", "CREATED", "NAME");
        for (size_t i = 0; i < listing->ami_count; i++) {
                const struct ingot_ami_info *ami = &listing->amis[i];

                minute_print(ami->created, minute);
                (void)fprintf(out, "%-21s  %-9s  %5" PRIu64 "  %-16s  %s\n", or_dash(ami->ami_id),
                              or_dash(ami->state), ami_gib(ami), minute, or_dash(ami->name));
        }
        if (listing->snapshot_count)
                (void)fprintf(out, "%s%-22s  %-9s  %5s  %-16s  %s\n", listing->ami_count ? "\n" : "",
                              "SNAPSHOT", "STATE", "GiB", "STARTED", "DESCRIPTION");
        for (size_t i = 0; i < listing->snapshot_count; i++) {
                const struct ingot_snapshot_info *snapshot = &listing->snapshots[i];

                minute_print(snapshot->started, minute);
                (void)fprintf(out, "%-22s  %-9s  %5" PRIu64 "  %-16s  %s\n", or_dash(snapshot->snapshot_id),
                              or_dash(snapshot->state), snapshot->volume_size_gib, minute,
                              or_dash(snapshot->description));
        }
}

static void field_print(const char *name, const char *value, FILE *out)
{
        if (value && *value)
                (void)fprintf(out, "  %-14s %s\n", name, value);
}

static void device_print(const struct ingot_device_info *device, const char *root_device, FILE *out)
{
        (void)fprintf(out, "  %-10s ", or_dash(device->device_name));
        if (device->no_device) {
                (void)fputs("no device\n", out);
                return;
        }
        if (device->virtual_name) {
                (void)fprintf(out, "instance store %s\n", device->virtual_name);
                return;
        }
        (void)fprintf(out, "%4" PRIu64 " GiB  %-8s  %s", device->volume_size_gib,
                      or_dash(device->volume_type), device->snapshot_id ? device->snapshot_id : "blank");
        if (root_device && device->device_name && strcmp(device->device_name, root_device) == 0)
                (void)fputs(", root", out);
        if (device->iops)
                (void)fprintf(out, ", %" PRIu64 " IOPS", device->iops);
        if (device->throughput_mibs)
                (void)fprintf(out, ", %" PRIu64 " MiB/s", device->throughput_mibs);
        if (device->encrypted == 1)
                (void)fputs(", encrypted", out);
        if (device->delete_on_termination == 0)
                (void)fputs(", kept after termination", out);
        (void)fputc('\n', out);
}

static void ami_print(const struct ingot_ami_info *ami, FILE *out)
{
        (void)fprintf(out, "%s  %s  (%s)\n", or_dash(ami->ami_id), or_dash(ami->name), or_dash(ami->state));
        field_print("description", ami->description, out);
        field_print("created", ami->created, out);
        field_print("architecture", ami->architecture, out);
        field_print("boot mode", ami->boot_mode, out);
        field_print("metadata", ami->imds, out);
        field_print("ENA", ami->ena ? "yes" : "no", out);
        field_print("image digest", ami->image_digest, out);
        (void)fputs("block device mapping\n", out);
        for (size_t i = 0; i < ami->device_count; i++)
                device_print(&ami->devices[i], ami->root_device, out);
}

static void snapshot_print(const struct ingot_snapshot_info *snapshot, FILE *out)
{
        (void)fprintf(out, "%s  %" PRIu64 " GiB  (%s)\n", or_dash(snapshot->snapshot_id),
                      snapshot->volume_size_gib, or_dash(snapshot->state));
        field_print("description", snapshot->description, out);
        field_print("started", snapshot->started, out);
        field_print("progress", snapshot->progress, out);
        field_print("encrypted", snapshot->encrypted ? "yes" : "no", out);
        field_print("image digest", snapshot->image_digest, out);
}

void listing_print_details(const struct ingot_listing *listing, FILE *out)
{
        for (size_t i = 0; i < listing->ami_count; i++) {
                if (i)
                        (void)fputc('\n', out);
                ami_print(&listing->amis[i], out);
        }
        for (size_t i = 0; i < listing->snapshot_count; i++) {
                if (i || listing->ami_count)
                        (void)fputc('\n', out);
                snapshot_print(&listing->snapshots[i], out);
        }
}

void shell_word_print(const char *text, FILE *out)
{
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "/._-+:,@%=";

        if (*text && text[strspn(text, plain)] == '\0') {
                (void)fputs(text, out);
                return;
        }
        (void)fputc('\'', out);
        for (; *text; text++)
                (void)fprintf(out, *text == '\'' ? "'\\''" : "%c", *text);
        (void)fputc('\'', out);
}

void listing_print_aws(const char *program, const char *region, const char *region_folder, bool is_default,
                       const char *id, FILE *out)
{
        bool snapshot = strncmp(id, "snap-", 5) == 0;

        (void)fputs("  ", out);
        shell_word_print(program, out);
        (void)fputs(" region serve", out);
        if (!is_default) {
                (void)fputs(" --region-dir ", out);
                shell_word_print(region_folder, out);
        }
        (void)fputs(" &\n  export AWS_SHARED_CREDENTIALS_FILE=", out);
        shell_word_print(region_folder, out);
        (void)fprintf(out, "/credentials\n  aws ec2 describe-%s --%s-ids %s \\\n",
                      snapshot ? "snapshots" : "images", snapshot ? "snapshot" : "image", id);
        (void)fprintf(out, "      --region %s --endpoint-url http://127.0.0.1:5810\n", region);
}

void listing_print_ids(const struct ingot_listing *listing, FILE *out)
{
        for (size_t i = 0; i < listing->ami_count; i++)
                (void)fprintf(out, "%s\n", listing->amis[i].ami_id);
        for (size_t i = 0; i < listing->snapshot_count; i++)
                (void)fprintf(out, "%s\n", listing->snapshots[i].snapshot_id);
}
