/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_acl.h"
#include "filesystem/ext4_xattr.h"

enum { BLOCK_BYTES = 4096 };

static struct tree_xattr xattr(const char *name, const void *value, size_t value_bytes)
{
        return (struct tree_xattr){ .name = (char *)name,
                                    .value = (uint8_t *)value,
                                    .value_bytes = value_bytes };
}

static void encode(const struct tree_xattr *xattrs, size_t count, struct ext4_xattr_image *image)
{
        struct ingot_error err = { .code = INGOT_OK };

        if (ext4_xattr_encode(xattrs, count, image, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_int_equal(image->block_bytes != NULL, ext4_xattr_needs_block(xattrs, count));
}

static void check_decoded(const struct ext4_xattr_image *image, const struct tree_xattr *xattrs, size_t count)
{
        OWNED(ext4_xattr_list_release) struct ext4_xattr_list list = { .xattrs = NULL };

        assert_int_equal(ext4_xattr_decode_inode(image->inode_bytes, sizeof(image->inode_bytes), &list, NULL),
                         INGOT_OK);
        if (image->block_bytes)
                assert_int_equal(ext4_xattr_decode_block(image->block_bytes, BLOCK_BYTES, &list, NULL),
                                 INGOT_OK);
        ext4_xattr_list_sort(&list);
        assert_int_equal(list.count, count);
        for (size_t i = 0; i < count; i++) {
                assert_string_equal(list.xattrs[i].name, xattrs[i].name);
                assert_int_equal(list.xattrs[i].value_bytes, xattrs[i].value_bytes);
                assert_memory_equal(list.xattrs[i].value, xattrs[i].value, xattrs[i].value_bytes);
        }
}

static void a_capability_stays_in_the_inode(void **state)
{
        static const uint8_t value[20] = { 1, 0, 0, 2 };
        struct tree_xattr one = xattr("security.capability", value, sizeof(value));
        struct ext4_xattr_image image;

        (void)state;
        encode(&one, 1, &image);
        assert_null(image.block_bytes);
        check_decoded(&image, &one, 1);
}

static void the_inode_is_filled_to_its_last_byte(void **state)
{
        uint8_t value[200];

        (void)state;
        memset(value, 7, sizeof(value));
        for (size_t value_bytes = 1; value_bytes < sizeof(value); value_bytes++) {
                struct tree_xattr one = xattr("user.a", value, value_bytes);
                struct ext4_xattr_image image;

                encode(&one, 1, &image);
                /* 96 bytes less 4 of magic, 20 of the entry and 4 at its end */
                assert_int_equal(image.block_bytes == NULL, value_bytes <= 68);
                check_decoded(&image, &one, 1);
                free(image.block_bytes);
        }
}

static void many_are_split_and_come_back(void **state)
{
        static const char long_name[] = "user.a-name-that-is-not-short-at-all-and-has-an-odd-length";
        static const uint8_t value[100] = { 1, 2, 3 };
        struct tree_xattr all[] = {
                xattr("security.capability", value, 20),
                xattr("security.selinux", value, 33),
                xattr("trusted.overlay.opaque", "y", 1),
                xattr("user.", value, 0),
                xattr(long_name, value, 99),
                xattr("user.empty", value, 0),
                xattr("user.z", value, 3),
        };
        struct ext4_xattr_image image;

        (void)state;
        all[3] = all[4];
        all[4] = xattr("user.b", value, 50);
        encode(all, 7, &image);
        assert_non_null(image.block_bytes);
        check_decoded(&image, all, 7);
        free(image.block_bytes);
}

static void acls_change_their_form(void **state)
{
        static const uint8_t outside[] = { 2, 0, 0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,  5,
                                           0, 1, 2,   3,   4,   4,   0,  5, 0,   255, 255, 255, 255, 16, 0,
                                           7, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255 };
        static const uint8_t inside[] = { 1, 0, 0, 0, 1, 0, 7,  0, 2, 0, 5,  0, 1, 2,
                                          3, 4, 4, 0, 5, 0, 16, 0, 7, 0, 32, 0, 0, 0 };
        OWNED(heap_drop) uint8_t *encoded = NULL;
        OWNED(heap_drop) uint8_t *decoded = NULL;
        size_t size_bytes = 0;

        (void)state;
        assert_int_equal(ext4_acl_encode(outside, sizeof(outside), &encoded, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(size_bytes, sizeof(inside));
        assert_memory_equal(encoded, inside, sizeof(inside));
        assert_int_equal(ext4_acl_decode(inside, sizeof(inside), &decoded, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(size_bytes, sizeof(outside));
        assert_memory_equal(decoded, outside, sizeof(outside));
}

static void what_is_no_acl_is_refused(void **state)
{
        static const uint8_t bytes[] = { 1, 0, 0, 0, 3, 0, 7, 0, 9, 9, 9, 9 };
        uint8_t *out = NULL;
        size_t size_bytes;

        (void)state;
        assert_int_equal(ext4_acl_encode(bytes, sizeof(bytes), &out, &size_bytes, NULL), INGOT_E_FORMAT);
        assert_int_equal(ext4_acl_encode(bytes, 0, &out, &size_bytes, NULL), INGOT_E_FORMAT);
        assert_int_equal(ext4_acl_decode(bytes, sizeof(bytes), &out, &size_bytes, NULL), INGOT_E_FORMAT);
        for (size_t size = 5; size < 8; size++)
                assert_int_equal(ext4_acl_decode(bytes, size, &out, &size_bytes, NULL), INGOT_E_FORMAT);
        assert_null(out);
}

static void damaged_bytes_never_lead_outside(void **state)
{
        static const uint8_t value[20] = { 1 };
        struct tree_xattr one = xattr("security.capability", value, sizeof(value));
        struct ext4_xattr_image good;

        (void)state;
        encode(&one, 1, &good);
        for (size_t at = 0; at < sizeof(good.inode_bytes); at++)
                for (unsigned change = 1; change < 256; change += 3) {
                        OWNED(ext4_xattr_list_release) struct ext4_xattr_list list = { .xattrs = NULL };
                        /* on the heap, so that a checker sees every step over its end */
                        OWNED(heap_drop) uint8_t *bytes = malloc(sizeof(good.inode_bytes));

                        assert_non_null(bytes);
                        memcpy(bytes, good.inode_bytes, sizeof(good.inode_bytes));
                        bytes[at] = (uint8_t)(bytes[at] + change);
                        (void)!ext4_xattr_decode_inode(bytes, sizeof(good.inode_bytes), &list, NULL);
                }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_capability_stays_in_the_inode),
                cmocka_unit_test(the_inode_is_filled_to_its_last_byte),
                cmocka_unit_test(many_are_split_and_come_back),
                cmocka_unit_test(acls_change_their_form),
                cmocka_unit_test(what_is_no_acl_is_refused),
                cmocka_unit_test(damaged_bytes_never_lead_outside),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
