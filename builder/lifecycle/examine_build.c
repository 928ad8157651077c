/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/clock.h"
#include "lifecycle/examination.h"

/* EC2 user guide: deprecation at most 10 years ahead, 2 for public AMIs. */
#define YEAR_SECONDS INT64_C(31557600)
enum { YEARS_MAX = 10, YEARS_PUBLIC_MAX = 2, DAY_SECONDS = 86400 };

static void examine_boot(struct examination *examination)
{
        const struct manifest *manifest = examination->manifest;
        const char *mode = manifest->ami.boot_mode;
        bool is_arm = strcmp(manifest->architecture, "arm64") == 0;
        bool is_uefi = mode && strcmp(mode, "uefi") == 0;

        if (is_arm && mode && !is_uefi)
                examination_note(examination, "boot mode", INGOT_VERDICT_PROBLEM,
                                 "arm64 boots by uefi only, and the AMI says '%s'", mode);
        else if (!mode)
                examination_note(examination, "boot mode", INGOT_VERDICT_WARNING,
                                 "none is said: each instance type takes its own (%s)",
                                 is_arm ? "uefi" : "legacy-bios, or uefi on some");
        else
                examination_note(examination, "boot mode", INGOT_VERDICT_OK, "%s on %s", mode,
                                 manifest->architecture);
        if (manifest->ami.tpm && !is_uefi)
                examination_note(examination, "tpm", INGOT_VERDICT_PROBLEM,
                                 "TPM %s needs boot mode uefi, and the AMI has %s", manifest->ami.tpm,
                                 mode ? mode : "none");
        else if (manifest->ami.tpm)
                examination_note(examination, "tpm", INGOT_VERDICT_OK, "%s", manifest->ami.tpm);
        if (!manifest->ami.ena)
                examination_note(examination, "network", INGOT_VERDICT_WARNING,
                                 "ENA is off: current instance types will not start the AMI");
}

/* UG device_naming: root /dev/sda1 or /dev/xvda, data /dev/sd[f-p]. */
static void examine_devices(struct examination *examination)
{
        const struct manifest *manifest = examination->manifest;
        size_t odd = 0;

        if (strcmp(manifest->root_device, "/dev/sda1") != 0 &&
            strcmp(manifest->root_device, "/dev/xvda") != 0) {
                examination_note(examination, "device names", INGOT_VERDICT_WARNING,
                                 "the root device is '%s'; instances expect /dev/xvda or /dev/sda1",
                                 manifest->root_device);
                odd++;
        }
        for (size_t i = 0; i < manifest->mapping->entry_count; i++) {
                const struct mapping_entry *entry = &manifest->mapping->entries[i];
                const char *name = entry->device_name;

                if (entry->kind != MAPPING_EBS || strcmp(name, manifest->root_device) == 0 ||
                    (strncmp(name, "/dev/sd", 7) == 0 && name[7] >= 'f' && name[7] <= 'p' && !name[8]))
                        continue;
                examination_note(
                        examination, "device names", INGOT_VERDICT_WARNING,
                        "'%s' is not one of /dev/sdf to /dev/sdp, which EC2 recommends for data volumes",
                        name);
                odd++;
        }
        if (!odd)
                examination_note(examination, "device names", INGOT_VERDICT_OK, "as EC2 recommends them");
}

static void examine_deprecation(struct examination *examination)
{
        const struct manifest_ami *ami = &examination->manifest->ami;
        bool is_public = examination->manifest->release.is_public;
        int64_t now = clock_wall_seconds(&clock_of_system), moment = ami->deprecate_at_seconds;
        int64_t most = now + YEAR_SECONDS * (is_public ? YEARS_PUBLIC_MAX : YEARS_MAX);
        char text[CLOCK_ISO_CHARS + 1];

        if (ami->deprecate_after_days)
                moment = now + (int64_t)ami->deprecate_after_days * DAY_SECONDS;
        if (!moment) {
                if (is_public)
                        examination_note(examination, "deprecation", INGOT_VERDICT_WARNING,
                                         "none is asked for: EC2 deprecates a public AMI after 2 years");
                return;
        }
        clock_print_iso(moment, text);
        if (moment <= now || moment > most)
                examination_note(examination, "deprecation", INGOT_VERDICT_PROBLEM,
                                 "%s is %s; EC2 takes at most %d years", text,
                                 moment <= now ? "past" : "too far",
                                 is_public ? YEARS_PUBLIC_MAX : YEARS_MAX);
        else
                examination_note(examination, "deprecation", INGOT_VERDICT_OK, "from %s on", text);
}

void examine_build(struct examination *examination)
{
        examine_boot(examination);
        examine_devices(examination);
        examine_deprecation(examination);
}
