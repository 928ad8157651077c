/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_PARTITION_TYPE_H
#define MODEL_PARTITION_TYPE_H

/* builder/model/partition_type.h
 * partition_type: what a partition is for: as the template spells it, and as a GPT says it.
 *
 * Source   UEFI 2.10 table 5.7 (ESP); the Discoverable Partitions Specification (root, usr, home, srv, var,
 *          swap, xbootldr, linux); GRUB manual (BIOS boot).
 * Tests    tests/unit/model/test_partition_type.c
 */
#include "model/template.h"

/* "bios-boot", "esp", ...; never NULL. */
const char *partition_type_name(enum partition_type type);
bool partition_type_parse(const char *text, enum partition_type *ret_type);

/* The type GUID; architecture ("x86_64", "arm64") matters for root and usr. */
struct guid partition_type_guid(enum partition_type type, const char *architecture);

/* The template's type that has this type GUID on any architecture; false when none has. */
bool partition_type_of_guid(const struct guid *guid, enum partition_type *ret_type);

/* What a type GUID means, for people: "EFI system", "Linux LVM"; NULL when it is not known here. */
const char *partition_type_describe(const struct guid *guid);

/* "ext4", "vfat", "swap"; "none". */
const char *file_system_name(enum file_system file_system);
bool file_system_parse(const char *text, enum file_system *ret_file_system);

#endif
