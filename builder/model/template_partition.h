/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_PARTITION_H
#define MODEL_TEMPLATE_PARTITION_H

/* builder/model/template_partition.h
 * template_partition: one partition, or the one file system of a volume without a table.
 *
 * Rules    (1) Without file-system, an esp has vfat, a swap has swap, bios-boot has none, all others ext4.
 *          (2) Without a name, a partition bears its type's.
 *          (3) Sizes are multiples of 1 MiB, "fit" with or without more, or "rest".
 * Source   docs/template.md, "Partitions"
 * Tests    tests/unit/model/test_template_check.c
 */
#include "model/template_fields.h"

/* A partition as the keys say it, before defaults. */
struct asked_partition {
        struct template_partition partition;
        struct text_value type, file_system;
        const struct node *size;
};

/* For field.take: keeps the node itself, to be looked at once the others are known. */
void take_node(struct checker *checker, const struct node *value, const struct field *field, void *member);

/* Reads a size (rule 3) into ret_size; a complaint, and ret_size untouched, when it is none. */
void take_size(struct checker *checker, const struct node *value, struct size_value *ret_size);

/* Fills in the file system, once the type is known, and checks label, UUID, size and mount against it. */
void settle_partition(struct checker *checker, struct asked_partition *asked);

void release_asked_partition(struct asked_partition *asked); /* the texts that partition does not own */

/* Reads the partition that is number index + 1 of its list. */
void take_partition(struct checker *checker, const struct node *node, size_t index,
                    struct template_partition *ret_partition);

#endif
