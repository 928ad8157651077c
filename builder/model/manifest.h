/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MANIFEST_H
#define MODEL_MANIFEST_H

/* builder/model/manifest.h
 * manifest: what was made, as data: enough to verify every block, to upload without scanning, to register.
 *
 * Rules    (1) The JSON is the same bytes for the same manifest: keys sorted, lists in the order of the
 *              template or of the disk, tools sorted by name.  parse(print(m)) prints as m.
 *          (2) A plan is a manifest of volumes that are not built: no block maps, no digests of images, no
 *              files.  Same members otherwise.
 *          (3) Nothing in a manifest that was read is trusted: counts and sizes are bounded, runs ascend,
 *              partitions lie within the image, the digests that can be computed from the block map must
 *              match, the mapping is checked as any mapping is.
 *          (4) The manifest owns all of its texts.  What the add functions are given is copied, except where
 *              it says taken.
 * Source   docs/manifest.md
 * Tests    tests/unit/model/test_manifest.c, tests/fuzz/fuzz_manifest.c
 */
#include "base/digest.h"
#include "base/json.h"
#include "model/block_map.h"
#include "model/layout.h"
#include "model/mapping.h"

enum { MANIFEST_VERSION = 1, MANIFEST_MAX_BYTES = 1 << 30, MANIFEST_VOLUMES_MAX = 64 };

enum manifest_format { MANIFEST_RAW, MANIFEST_VMDK };

/* One image file of a volume. */
struct manifest_file {
        enum manifest_format format;
        char *name; /* without a folder: it stands beside the manifest */
        uint64_t size_bytes;
        bool has_digest;
        struct digest digest;     /* plain SHA-256 of the file */
        char *compressor;         /* vmdk: "libdeflate"; else NULL */
        char *compressor_version; /* vmdk; else NULL */
        uint32_t compression_level;
};

/* What the file system of a partition is made of; 0 and no features: not known, or no file system. */
struct manifest_file_system {
        char **features; /* in the order that they were added */
        size_t feature_count;
        uint64_t fit_bytes; /* what the content needs */
        uint64_t block_bytes, inode_count, file_count;
};

/* The layout lock that a volume left behind, beside the manifest. */
struct manifest_lock {
        char *name; /* NULL: none */
        uint64_t size_bytes;
        struct digest digest; /* of the file */
        bool has_followed;
        struct digest followed; /* of the lock's file that the build was given for this volume */
};

struct manifest_volume {
        struct layout layout;                      /* asked is NULL in its partitions */
        struct manifest_file_system *file_systems; /* one for each partition of layout */
        struct manifest_lock lock;
        bool built; /* the three below are known */
        struct block_map map;
        struct digest image_digest, linear_digest; /* manifest_volume_seal() */
        struct manifest_file *files;
        size_t file_count;
};

struct manifest_source {
        char *device_name; /* whose content it is; NULL: none's, as GRUB's modules */
        char *kind;        /* "tar", "directory", "file", "bootstrap", ... */
        char *name;        /* as the template gives it */
        uint64_t size_bytes;
        bool has_digest;
        struct digest digest; /* of the file; of a directory or bootstrap: of its canonical tree */
};

struct manifest_tool {
        char *name, *version;
};

struct manifest_tag {
        char *key, *value;
};

/* The ami section with every default resolved. */
struct manifest_ami {
        char *boot_mode;          /* NULL: not given to RegisterImage */
        char *imds, *sriov, *tpm; /* NULL: not given */
        bool ena;
        char *uefi_data; /* base64; NULL: not given */
        char **billing_products;
        size_t billing_product_count;
        uint64_t deprecate_after_days; /* from registration; 0: not given */
        int64_t deprecate_at_seconds;  /* since 1970; 0: not given */
        enum deregistration_protection protection;
        struct manifest_tag *tags;
        size_t tag_count;
};

/* One region of a release. */
struct manifest_region {
        char *name, *kms_key, *profile; /* the latter may be NULL */
        bool required;                  /* false: best effort */
};

/* The release section; nothing and nobody where there was none. */
struct manifest_release {
        struct manifest_region *regions;
        size_t region_count;
        char **accounts, **organizations;
        size_t account_count, organization_count;
        bool is_public, shares_snapshots;
};

struct manifest {
        bool is_plan;
        char *ingot_version;
        char *name, *description, *architecture, *version; /* description and version may be NULL */
        char *root_device;
        char *template_name; /* the file's name, without its folder */
        struct digest template_digest;
        struct manifest_tag *settings; /* --set, sorted by key */
        size_t setting_count;
        struct guid seed;
        uint64_t source_date_epoch;
        struct manifest_ami ami;
        struct manifest_release release;
        struct json_value *mapping_json; /* the array as it was given; owned */
        struct mapping *mapping;         /* the same, parsed; owned */
        struct manifest_volume *volumes;
        size_t volume_count;
        struct manifest_source *sources;
        size_t source_count;
        struct manifest_tool *tools;
        size_t tool_count;
        char **warnings;
        size_t warning_count;
};

void manifest_free(struct manifest *manifest);
void manifest_drop(struct manifest **manifest);

/*
 * Starts a manifest from what is known before anything is built.
 *
 * template, seed, mapping_bytes   borrowed for this call
 * Fails with   INGOT_E_MEMORY; INGOT_E_TEMPLATE, INGOT_E_FORMAT  mapping_bytes are no good mapping
 */
enum ingot_code manifest_new(const struct template *template, const struct guid *seed,
                             uint64_t source_date_epoch, const char *mapping_bytes, size_t mapping_size_bytes,
                             struct manifest **ret_manifest, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds a volume, not yet built.
 *
 * layout       copied (without asked)
 * ret_volume   borrowed from manifest until the next volume is added; may be NULL
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code manifest_add_volume(struct manifest *manifest, const struct layout *layout,
                                    struct manifest_volume **ret_volume,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_MEMORY; all of them.  Texts are copied. */
enum ingot_code manifest_add_feature(struct manifest_file_system *file_system, const char *feature,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code manifest_add_file(struct manifest_volume *volume, const struct manifest_file *file,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code manifest_add_source(struct manifest *manifest, const struct manifest_source *source,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
/* A tool that is there already in that version is not added again; tools are kept sorted. */
enum ingot_code manifest_add_tool(struct manifest *manifest, const char *name, const char *version,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code manifest_add_warning(struct manifest *manifest, struct ingot_error *err, const char *format,
                                     ...) INGOT_PRINTF(3, 4) INGOT_MUST_CHECK;

/*
 * Gives a volume its block map and computes both digests; the volume is built then.
 *
 * map          taken: its memory is the volume's, and map is left empty; also on failure
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code manifest_volume_seal(struct manifest_volume *volume, struct block_map *map,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* NULL when there is none. */
const struct manifest_volume *manifest_find_volume(const struct manifest *manifest, const char *device_name);
const struct manifest_file *manifest_find_file(const struct manifest_volume *volume,
                                               enum manifest_format format);

/*
 * Appends the manifest as JSON; a plan as a plan.
 *
 * Fails with   INGOT_E_MEMORY  out is full, or a text is not UTF-8
 *              INGOT_E_BUG     not a plan, and a volume is not built
 */
enum ingot_code manifest_print(const struct manifest *manifest, struct buffer *out,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a manifest (or a plan).
 *
 * name         what messages call it: its path
 * Fails with   INGOT_E_FORMAT    not a manifest of version 1, or it breaks rule 3
 *              INGOT_E_CHECKSUM  a digest in it is not the block map's
 *              INGOT_E_MEMORY
 */
enum ingot_code manifest_parse(const char *bytes, size_t size_bytes, const char *name,
                               struct manifest **ret_manifest, struct ingot_error *err) INGOT_MUST_CHECK;

/* "disabled", "enabled-without-cooldown", "enabled-with-cooldown": as EC2 says it. */
const char *manifest_protection_name(enum deregistration_protection protection);
/* Whether anybody is to be given the AMI. */
bool manifest_release_shares(const struct manifest_release *release);
/* NULL when the release does not name the region. */
const struct manifest_region *manifest_release_find(const struct manifest_release *release,
                                                    const char *region);

/* "raw", "vmdk". */
const char *manifest_format_name(enum manifest_format format);

#endif
