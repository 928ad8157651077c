/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_LAYOUT_H
#define MODEL_LAYOUT_H

/* builder/model/layout.h
 * layout: where the partitions of one volume stand, and every identifier that they bear.
 *
 * Unit     sector = 512 bytes; LBAs count from the start of the volume; ranges are half-open.
 * Rules    (1) Partitions start and end at multiples of 1 MiB (2048 sectors), in the template's order, the
 *              first at 1 MiB; the root partition of a table stands last, so that it can grow.
 *          (2) With a GPT the image ends with 1 MiB that holds the backup table: its size is a multiple of
 *              1 MiB.  Without a table the one file system is the whole image, from LBA 0.
 *          (3) `rest` runs to the end of the mapping's VolumeSize; without a VolumeSize it is refused.
 *          (4) Every identifier is in the layout: nothing below draws one of its own.
 *          (5) The image is never larger than VolumeSize.
 *          (6) With a lock, `fit` keeps the size that the partition had for as long as the content fits it; then it
 *              becomes what `fit` says, and at least a sixteenth larger than it was.
 * Tests    tests/unit/model/test_layout.c
 */
#include "base/guid.h"
#include "model/template.h"

struct mapping_entry;

enum { LAYOUT_ALIGN_SECTORS = 2048, LAYOUT_PARTITIONS_MAX = 128 };

struct layout_partition {
        const struct template_partition
                *asked;  /* borrowed from the template; NULL when read from a manifest */
        char *name;      /* GPT name; "" when there is none; owned */
        uint32_t number; /* 1..128; 0 with PARTITION_TABLE_NONE */
        enum partition_type type;
        struct guid type_guid, unique_guid;
        uint64_t start_lba, end_lba;
        enum file_system file_system;
        char *label;           /* of the file system; "" when none; owned */
        char *mount;           /* NULL: not mounted; owned */
        struct guid uuid;      /* of ext4 and swap */
        struct guid hash_seed; /* of ext4 */
        uint32_t vfat_serial;  /* of vfat: its "UUID" is XXXX-XXXX */
};

struct layout {
        char *device_name; /* owned */
        enum partition_table table;
        struct guid disk_guid;
        uint64_t size_sectors;    /* of the image */
        uint64_t volume_size_gib; /* as registered: at least the image's */
        struct layout_partition *partitions;
        size_t partition_count;
};

/* What the caller found out about one partition of the template before placing. */
struct layout_need {
        uint64_t fit_bytes;    /* what the content needs as a file system of its kind; 0 without one */
        uint64_t locked_bytes; /* of a partition that an earlier build had; 0: none is kept */
        bool outgrew_lock;     /* it has to be larger than that */
};

/*
 * Places the partitions of one volume and derives its identifiers from seed.
 *
 * volume       borrowed; outlives the layout
 * entry        the mapping's entry for the device; borrowed for this call
 * needs        one for each partition of the volume
 * ret_layout   owned by the caller: layout_release()
 * Fails with   INGOT_E_LAYOUT  it does not fit; the mark of what is too large is in the cause, with what to
 *                              write instead
 *              INGOT_E_MEMORY
 */
enum ingot_code layout_place(const struct template *template, const struct template_volume *volume,
                             const struct mapping_entry *entry, const struct layout_need *needs,
                             const struct guid *seed, struct layout *ret_layout,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Derives the identifiers alone, with all LBAs 0: they do not depend on sizes, and fstab and the boot
 * loader need them before sizes are known.  layout_place() gives the same ones.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code layout_identify(const struct template *template, const struct template_volume *volume,
                                const struct guid *seed, struct layout *ret_layout,
                                struct ingot_error *err) INGOT_MUST_CHECK;

void layout_release(struct layout *layout);

/* The partition that is mounted there; NULL when none is. */
const struct layout_partition *layout_find_mount(const struct layout *layout, const char *mount);

/* How fstab names the file system: "UUID=..." (vfat: "UUID=ABCD-1234").  out holds 48 bytes. */
void layout_partition_print_uuid(const struct layout_partition *partition, char out[48]);

#endif
