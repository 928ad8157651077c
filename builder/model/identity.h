/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_IDENTITY_H
#define MODEL_IDENTITY_H

/* builder/model/identity.h
 * identity: one seed, and from it every identifier of every volume.
 *
 * Rules    (1) A seed that the template gives is the seed.  Otherwise it is the first 16 bytes, with version
 *              8 and variant set, of SHA-256 over: "ingot seed 1\n", the template's SHA-256, then the name,
 *              the version and each --set key and value in order of keys, each preceded by its length as
 *              a 64-bit big-endian number.
 *          (2) An identifier is guid_derive(seed, purpose).  Purposes name the device and the partition's
 *              number, which is why two never share one:
 *                  "disk /dev/xvda"              the disk GUID of its GPT
 *                  "partition /dev/xvda 3"       the unique GUID of partition 3
 *                  "file-system /dev/xvda 3"     the UUID of its ext4 or swap; the first 4 bytes, big-endian,
 *                                                are the serial of a vfat
 *                  "hash-seed /dev/xvda 3"       the hash seed of its ext4
 *              The number is 0 on a volume without a partition table.
 * Tests    tests/unit/model/test_identity.c
 */
#include "model/template.h"

/*
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG  OpenSSL refused
 */
enum ingot_code identity_seed(const struct template *template, struct guid *ret_seed,
                              struct ingot_error *err) INGOT_MUST_CHECK;

enum identity_purpose { IDENTITY_DISK, IDENTITY_PARTITION, IDENTITY_FILE_SYSTEM, IDENTITY_HASH_SEED };

/*
 * Derives one identifier (rule 2); number is not used for IDENTITY_DISK.
 *
 * Fails with   INGOT_E_BUG  OpenSSL refused
 */
enum ingot_code identity_derive(const struct guid *seed, enum identity_purpose purpose,
                                const char *device_name, uint32_t number, struct guid *ret_guid,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
