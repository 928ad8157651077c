/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_H
#define MODEL_TEMPLATE_H

/* builder/model/template.h
 * template: what was asked for: the root-volume template as a structure, every value with its mark.
 *
 * Rules    (1) Values are as the template says, with defaults filled in and ${...} expanded; nothing here
 *              has been looked up on disk.
 *          (2) The template owns every text; marks borrow its file name.
 *          (3) A text that was not given has .text == NULL; a number that was not given has .given false.
 *          (4) Lists of texts end where count says.
 * Tests    tests/unit/model/test_template_check.c
 */
#include <stdbool.h>

#include "base/digest.h"
#include "base/guid.h"
#include "model/mark.h"

struct text_value {
        char *text; /* owned by the template; NULL: not given */
        struct mark mark;
};

struct number_value {
        uint64_t value;
        bool given;
        struct mark mark;
};

struct text_list {
        struct text_value *items;
        size_t count;
};

enum tri_state { TRI_UNSET, TRI_NO, TRI_YES };

enum partition_table { PARTITION_TABLE_NONE, PARTITION_TABLE_GPT };

/* Template spellings: bios-boot esp xbootldr root linux swap home srv var usr. */
enum partition_type {
        PARTITION_BIOS_BOOT,
        PARTITION_ESP,
        PARTITION_XBOOTLDR,
        PARTITION_ROOT,
        PARTITION_LINUX,
        PARTITION_SWAP,
        PARTITION_HOME,
        PARTITION_SRV,
        PARTITION_VAR,
        PARTITION_USR,
        PARTITION_TYPE_COUNT
};

enum file_system { FILE_SYSTEM_NONE, FILE_SYSTEM_EXT4, FILE_SYSTEM_VFAT, FILE_SYSTEM_SWAP };

enum size_kind { SIZE_FIXED, SIZE_FIT, SIZE_REST };

/* fit: what the content needs, times (100 + extra_percent) / 100, plus extra_bytes. */
struct size_value {
        enum size_kind kind;
        uint64_t bytes; /* SIZE_FIXED */
        uint64_t extra_bytes;
        uint32_t extra_percent; /* 0..10000 */
        struct mark mark;
};

struct template_partition {
        struct text_value name; /* the GPT name: at most 36 UTF-16 units */
        enum partition_type type;
        struct number_value number; /* 1..128; default: its place in the list, from 1 */
        struct size_value size;
        enum file_system file_system;
        struct text_value label; /* of the file system */
        struct text_value mount; /* absolute; NULL: not mounted */
        struct text_value uuid;  /* of the file system; NULL: derived */
        struct mark mark;
};

enum content_verb {
        CONTENT_BOOTSTRAP,
        CONTENT_TAR,
        CONTENT_DIRECTORY,
        CONTENT_ARCHIVE,
        CONTENT_FILE,
        CONTENT_WRITE,
        CONTENT_APPEND,
        CONTENT_MKDIR,
        CONTENT_LINK,
        CONTENT_DELETE,
        CONTENT_MODE,
        CONTENT_OWNER,
        CONTENT_USER,
        CONTENT_GROUP,
        CONTENT_HOSTNAME,
        CONTENT_ENABLE,
        CONTENT_DISABLE,
        CONTENT_MASK,
        CONTENT_AUTHORIZED_KEY,
        CONTENT_VERB_COUNT
};

/* One step of a volume's content; which members a verb uses is in docs/template.md. */
struct content_step {
        enum content_verb verb;
        struct mark mark;         /* of the verb's key */
        struct text_value source; /* tar directory archive file: a path, relative to the template's folder */
        struct text_value sha256; /* tar archive file: 64 hex digits */
        struct text_value to;   /* where in the volume; archive directory write append file mkdir link ... */
        struct text_value text; /* write append hostname; authorized-key: the key line */
        struct text_value target; /* link: what it points to */
        struct text_value
                name; /* user group: its name; enable disable mask: the unit; authorized-key: user */
        struct text_value mode;                                /* file write mkdir mode: octal text, "0644" */
        struct text_value owner;                               /* "user:group", each a name or a number */
        struct number_value strip_components;                  /* tar archive */
        struct number_value uid, gid;                          /* user group */
        bool hard;                                             /* link: a hard link */
        bool recursive;                                        /* delete mode owner */
        bool system;                                           /* user group */
        struct text_value home, shell, comment, primary_group; /* user */
        struct text_list groups;                               /* user: supplementary */
        struct text_value distribution, suite, variant, mirror; /* bootstrap */
        struct text_list packages, components;                  /* bootstrap */
};

struct template_volume {
        struct text_value device_name; /* the key: "/dev/xvda" */
        enum partition_table partition_table;
        struct template_partition *partitions; /* with PARTITION_TABLE_NONE: exactly one, the file system */
        size_t partition_count;
        struct content_step *content;
        size_t content_count;
};

enum boot_loader { BOOT_NONE, BOOT_GRUB };

struct template_boot {
        enum boot_loader bios, uefi;
        struct text_value command_line; /* appended to root=UUID=... ro */
        struct number_value timeout_seconds;
        struct mark mark; /* of the section; line 0 when there is none */
};

struct template_tag {
        struct text_value key, value;
};

enum deregistration_protection { PROTECTION_OFF, PROTECTION_ON, PROTECTION_WITH_COOLDOWN };

struct template_ami {
        struct text_value boot_mode; /* legacy-bios uefi uefi-preferred; default from boot */
        enum tri_state ena;          /* default yes */
        struct text_value imds;      /* "v2.0"; default v2.0 */
        struct text_value sriov;     /* "simple" or "none"; default: simple on x86_64 */
        struct text_value tpm;       /* "v2.0" or "none" */
        struct text_value uefi_data; /* a file, relative to the template's folder */
        struct text_list billing_products;
        struct number_value deprecate_after_days; /* counted from registration */
        struct text_value deprecate_at;           /* "2027-06-30T00:00:00Z"; not with the one above */
        enum deregistration_protection protection;
        struct template_tag *tags;
        size_t tag_count;
        struct mark mark;
};

/* One region of a release. */
struct template_region {
        struct text_value name;    /* "eu-west-1" */
        struct text_value kms_key; /* its volumes are encrypted with it */
        struct text_value profile; /* of AWS's files: who publishes there */
        enum tri_state required;   /* TRI_NO: best effort */
        struct mark mark;
};

struct template_release {
        struct template_region *regions;
        size_t region_count;
        struct text_list accounts;      /* "123456789012" */
        struct text_list organizations; /* ARNs of organizations and organizational units */
        bool is_public, shares_snapshots;
        struct mark mark; /* of the section; line 0 when there is none */
};

/* One --set KEY=VALUE. */
struct template_setting {
        const char *key, *value;
};

struct template
{
        char *file;             /* as given; what marks and messages say */
        struct digest digest;   /* SHA-256 of the template's bytes */
        char *folder;           /* of the file, for relative sources */
        struct text_value name; /* the AMI's: 3 to 128 characters */
        struct text_value description;
        struct text_value architecture; /* x86_64 or arm64 */
        struct text_value version;
        struct text_value root_device;
        struct text_value seed;                /* a UUID; NULL: derived */
        struct number_value source_date_epoch; /* seconds; not given: the caller's choice */
        struct template_volume *volumes;
        size_t volume_count;
        struct template_boot boot;
        struct template_ami ami;
        struct template_release release;
        struct template_setting *settings; /* sorted by key; texts owned */
        size_t setting_count;
};

void template_free(struct template *template);
void template_drop(struct template **template);

/* The volume of that device name; NULL when the template has none. */
const struct template_volume *template_volume_find(const struct template *template, const char *device_name);

#endif
