/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_NAME_H
#define FILESYSTEM_FAT_NAME_H

/* builder/filesystem/fat_name.h
 * fat_name: a file's name as FAT keeps it: short, long, or both.
 *
 * Rules    (1) A name that is 8.3 in upper case, but for a base or an extension that is all lower case, is short
 *              alone; two case bits keep the case.
 *          (2) A name that is 8.3 but for mixed case is long, and its alias is itself in upper case.
 *          (3) Any other name is long, and its alias is made: upper case, spaces and all dots but the last left
 *              out, what 8.3 does not know replaced by '_', cut, and ended by ~N.  N is the smallest number
 *              that is free in the directory, where names of rules 1 and 2 come before all of rule 3, and
 *              these come in the order in which they are added.
 *          (4) Refused: not UTF-8, over 255 units, " * / : < > ? \ | or a control character, a '.' or ' ' at
 *              the end.
 * Source   Microsoft FAT32 File System Specification 1.03: name limits, basis-name and numeric-tail generation.
 * Tests    tests/unit/filesystem/test_fat_name.c
 */
#include <ingot/error.h>

#include "filesystem/fat_entry.h"

enum { FAT_LONG_NAME_UNITS = 255 };

struct fat_name {
        uint8_t short_name[FAT_SHORT_NAME_BYTES];
        uint8_t case_bits;
        bool is_short_known; /* rules 1 and 2: short_name is final */
        uint8_t long_units;  /* units of the long name; 0: none is needed */
};

/*
 * Reads a name; where rule 3 applies, short_name is what precedes ~N.
 *
 * units        the long name, whether it is needed or not
 * Returns NULL, or what is wrong with the name: "is not UTF-8".
 */
const char *fat_name_read(const char *name, size_t name_bytes, uint16_t units[FAT_LONG_NAME_UNITS],
                          struct fat_name *ret_name);

/* Reads a volume label; false when it is over 11 bytes or not of the 8.3 alphabet and ' '. */
bool fat_label_read(const char *label, uint8_t out[FAT_SHORT_NAME_BYTES]);

/* The short names that are taken in one directory. */
struct fat_alias_set {
        uint8_t (*names)[FAT_SHORT_NAME_BYTES]; /* owned; first byte 0: empty */
        size_t capacity;                        /* a power of two, over twice the names to come */
        uint8_t last_basis[FAT_SHORT_NAME_BYTES];
        uint32_t last_number; /* given to last_basis: neighbours in order often share it */
};

/*
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code fat_alias_set_init(struct fat_alias_set *set, size_t name_count,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void fat_alias_set_release(struct fat_alias_set *set); /* also for OWNED */

/* Takes a final short name; false when it is taken. */
bool fat_alias_set_add(struct fat_alias_set *set, const uint8_t short_name[FAT_SHORT_NAME_BYTES]);

/* Makes a basis final by the smallest free number, and takes it; false when 999,999 are taken. */
bool fat_alias_set_number(struct fat_alias_set *set, uint8_t short_name[FAT_SHORT_NAME_BYTES]);

#endif
