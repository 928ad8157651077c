/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/partition_type.h"

/* One type GUID, in text for the sake of whoever compares it with the specification. */
struct known_type {
        const char *guid;
        const char *architecture; /* NULL: the same on all */
        int type;                 /* enum partition_type; -1: foreign */
        const char *description;
};

static const struct known_type known_types[] = {
        { "21686148-6449-6e6f-744e-656564454649", NULL, PARTITION_BIOS_BOOT, "BIOS boot" },
        { "c12a7328-f81f-11d2-ba4b-00a0c93ec93b", NULL, PARTITION_ESP, "EFI system" },
        { "bc13c2ff-59e6-4262-a352-b275fd6f7172", NULL, PARTITION_XBOOTLDR, "Linux extended boot" },
        { "4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "x86_64", PARTITION_ROOT, "Linux root (x86-64)" },
        { "b921b045-1df0-41c3-af44-4c6f280d3fae", "arm64", PARTITION_ROOT, "Linux root (ARM-64)" },
        { "0fc63daf-8483-4772-8e79-3d69d8477de4", NULL, PARTITION_LINUX, "Linux filesystem" },
        { "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", NULL, PARTITION_SWAP, "Linux swap" },
        { "933ac7e1-2eb4-4f13-b844-0e14e2aef915", NULL, PARTITION_HOME, "Linux home" },
        { "3b8f8425-20e0-4f3b-907f-1a25a76f98e8", NULL, PARTITION_SRV, "Linux server data" },
        { "4d21b016-b534-45c2-a9fb-5c16e091fd2d", NULL, PARTITION_VAR, "Linux variable data" },
        { "8484680c-9521-48c6-9c11-b0720656f69e", "x86_64", PARTITION_USR, "Linux /usr (x86-64)" },
        { "b0e01050-ee5f-4390-949a-9101b17104e9", "arm64", PARTITION_USR, "Linux /usr (ARM-64)" },
        { "44479540-f297-41b2-9af7-d131d5f0458a", NULL, -1, "Linux root (x86)" },
        { "69dad710-2ce4-4e3c-b16c-21a1d49abed3", NULL, -1, "Linux root (ARM)" },
        { "72ec70a6-cf74-40e6-bd49-4bda08e8f224", NULL, -1, "Linux root (RISC-V-64)" },
        { "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5", NULL, -1, "Linux root verity (x86-64)" },
        { "df3300ce-d69f-4c92-978c-9bfb0f38d820", NULL, -1, "Linux root verity (ARM-64)" },
        { "7ec6f557-3bc5-4aca-b293-16ef5df639d1", NULL, -1, "Linux temporary data" },
        { "e6d6d379-f507-44c2-a23c-238f2a3df928", NULL, -1, "Linux LVM" },
        { "a19d880f-05fc-4d3b-a006-743f0f84911e", NULL, -1, "Linux RAID" },
        { "ca7d7ccb-63ed-4c53-861c-1742536059cc", NULL, -1, "Linux LUKS" },
        { "8da63339-0007-60c0-c436-083ac8230908", NULL, -1, "Linux reserved" },
        { "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", NULL, -1, "Microsoft basic data" },
        { "e3c9e316-0b5c-4db8-817d-f92df00215ae", NULL, -1, "Microsoft reserved" },
        { "de94bba4-06d1-4d40-a16a-bfd50179d6ac", NULL, -1, "Windows recovery environment" },
        { "9e1a2d38-c612-4316-aa26-8b49521e5a8b", NULL, -1, "PowerPC PReP boot" },
        { "fe3a2a5d-4f32-41a7-b725-accc3285a309", NULL, -1, "ChromeOS kernel" },
        { "83bd6b9d-7f41-11dc-be0b-001560b84f0f", NULL, -1, "FreeBSD boot" },
        { "516e7cb6-6ecf-11d6-8ff8-00022d09712b", NULL, -1, "FreeBSD UFS" },
        { "7c3457ef-0000-11aa-aa11-00306543ecac", NULL, -1, "Apple APFS" },
};
enum { KNOWN_TYPE_COUNT = sizeof(known_types) / sizeof(known_types[0]) };

static const char *const type_names[PARTITION_TYPE_COUNT] = {
        [PARTITION_BIOS_BOOT] = "bios-boot",
        [PARTITION_ESP] = "esp",
        [PARTITION_XBOOTLDR] = "xbootldr",
        [PARTITION_ROOT] = "root",
        [PARTITION_LINUX] = "linux",
        [PARTITION_SWAP] = "swap",
        [PARTITION_HOME] = "home",
        [PARTITION_SRV] = "srv",
        [PARTITION_VAR] = "var",
        [PARTITION_USR] = "usr",
};

const char *partition_type_name(enum partition_type type)
{
        return (unsigned)type < PARTITION_TYPE_COUNT ? type_names[type] : "unknown";
}

bool partition_type_parse(const char *text, enum partition_type *ret_type)
{
        for (unsigned i = 0; i < PARTITION_TYPE_COUNT; i++) {
                if (strcmp(text, type_names[i]) == 0) {
                        *ret_type = (enum partition_type)i;
                        return true;
                }
        }
        return false;
}

struct guid partition_type_guid(enum partition_type type, const char *architecture)
{
        struct guid guid = { { 0 } };

        for (unsigned i = 0; i < KNOWN_TYPE_COUNT; i++) {
                const struct known_type *known = &known_types[i];

                if (known->type == (int)type &&
                    (!known->architecture || strcmp(known->architecture, architecture) == 0)) {
                        (void)guid_parse(known->guid, &guid); /* a constant; the test parses each */
                        break;
                }
        }
        return guid;
}

static const struct known_type *find_guid(const struct guid *guid)
{
        char text[GUID_TEXT_CHARS + 1];

        guid_print(guid, text);
        for (unsigned i = 0; i < KNOWN_TYPE_COUNT; i++) {
                if (strcmp(text, known_types[i].guid) == 0)
                        return &known_types[i];
        }
        return NULL;
}

bool partition_type_of_guid(const struct guid *guid, enum partition_type *ret_type)
{
        const struct known_type *known = find_guid(guid);

        if (!known || known->type < 0)
                return false;
        *ret_type = (enum partition_type)known->type;
        return true;
}

const char *partition_type_describe(const struct guid *guid)
{
        const struct known_type *known = find_guid(guid);

        return known ? known->description : NULL;
}

static const char *const file_system_names[] = {
        [FILE_SYSTEM_NONE] = "none",
        [FILE_SYSTEM_EXT4] = "ext4",
        [FILE_SYSTEM_VFAT] = "vfat",
        [FILE_SYSTEM_SWAP] = "swap",
};
enum { FILE_SYSTEM_COUNT = sizeof(file_system_names) / sizeof(file_system_names[0]) };

const char *file_system_name(enum file_system file_system)
{
        return (unsigned)file_system < FILE_SYSTEM_COUNT ? file_system_names[file_system] : "unknown";
}

bool file_system_parse(const char *text, enum file_system *ret_file_system)
{
        for (unsigned i = 0; i < FILE_SYSTEM_COUNT; i++) {
                if (strcmp(text, file_system_names[i]) == 0) {
                        *ret_file_system = (enum file_system)i;
                        return true;
                }
        }
        return false;
}
