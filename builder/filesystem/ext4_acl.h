/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_ACL_H
#define FILESYSTEM_EXT4_ACL_H

/* builder/filesystem/ext4_acl.h
 * ext4_acl: POSIX ACLs between the form of Linux xattrs (version 2) and ext4's own (version 1).
 *
 * Rules    (1) Outside an entry is tag, permissions, id: 8 bytes; inside, the id is there for named users and
 *              groups only.  Without an id it reads as 0xffffffff, as the kernel shows it.
 *          (2) Decoding is of hostile bytes.
 * Source   Linux fs/ext4/acl.c, include/uapi/linux/posix_acl_xattr.h
 * Tests    tests/unit/filesystem/test_ext4_xattr.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

/*
 * Translates an ACL.
 *
 * ret_bytes    owned by the caller (free)
 * Fails with   INGOT_E_FORMAT  it is none; INGOT_E_MEMORY
 */
enum ingot_code ext4_acl_encode(const uint8_t *value, size_t value_bytes, uint8_t **ret_bytes,
                                size_t *ret_size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ext4_acl_decode(const uint8_t *bytes, size_t size_bytes, uint8_t **ret_value,
                                size_t *ret_value_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
