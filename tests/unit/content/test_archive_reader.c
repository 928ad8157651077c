/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/archive_world.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"
#include "support/tar_maker.h"

#include "base/fd.h"
#include "base/own.h"
#include "content/archive_reader.h"

enum { BIG_BYTES = 700003, TAR_CEILING = 64 << 20 };

/* Data with stretches of zeros that do and do not fall on blocks. */
static uint8_t *make_data(size_t size, unsigned seed)
{
        uint8_t *data = calloc(1, size + 1);

        for (size_t at = 0; at < size;) {
                size_t stretch;

                seed = seed * 1664525u + 1013904223u;
                stretch = (seed >> 8) % 20000;
                for (size_t i = at; (seed & 4) && i < at + stretch && i < size; i++)
                        data[i] = (uint8_t)(i * 7 + seed);
                at += stretch + 1;
        }
        return data;
}

/* tree.h rule 4. */
static void expect_file(const struct tree_inode *inode, const uint8_t *data, size_t size)
{
        uint8_t *is = calloc(1, size + 1);
        uint64_t end = 0;

        assert_int_equal(inode->kind, TREE_FILE);
        assert_int_equal(inode->size_bytes, size);
        assert_int_equal(tree_inode_read(inode, 0, is, size, NULL), INGOT_OK);
        assert_memory_equal(is, data, size);
        for (size_t i = 0; i < inode->run_count; i++) {
                const struct tree_run *run = &inode->runs[i];

                assert_int_equal(run->file_offset_bytes % TREE_HOLE_BYTES, 0);
                assert_true(run->file_offset_bytes >= end);
                end = run->file_offset_bytes + run->size_bytes;
                assert_true(end % TREE_HOLE_BYTES == 0 || end == size);
                for (uint64_t at = run->file_offset_bytes; at < end; at += TREE_HOLE_BYTES) {
                        size_t block = end - at < TREE_HOLE_BYTES ? (size_t)(end - at) : TREE_HOLE_BYTES;

                        assert_false(data[at] == 0 && memcmp(data + at, data + at + 1, block - 1) == 0);
                }
        }
        free(is);
}

/* ---- archives by libarchive's own writer ---- */

static struct archive_entry *new_entry(const char *name, unsigned type, unsigned mode)
{
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, name);
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, mode);
        archive_entry_set_uid(entry, 70000);
        archive_entry_set_gid(entry, 80001);
        archive_entry_set_mtime(entry, 1600000000, 0);
        return entry;
}

static void write_entry(struct archive *out, struct archive_entry *entry, const void *data, size_t size)
{
        archive_entry_set_size(entry, (int64_t)size);
        if (archive_write_header(out, entry) != ARCHIVE_OK)
                fail_msg("%s", archive_error_string(out));
        if (size)
                assert_int_equal(archive_write_data(out, data, size), size);
        archive_entry_free(entry);
}

static void write_common(const char *path, int format, int filter, const uint8_t *big)
{
        struct archive *out = archive_write_new();
        struct archive_entry *link = new_entry("d/link", AE_IFLNK, 0777);

        assert_int_equal(archive_write_set_format(out, format), ARCHIVE_OK);
        assert_int_equal(archive_write_add_filter(out, filter), ARCHIVE_OK);
        assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
        archive_entry_set_symlink(link, "big");
        write_entry(out, new_entry("d/", AE_IFDIR, 01777), NULL, 0);
        write_entry(out, new_entry("d/big", AE_IFREG, 04755), big, BIG_BYTES);
        write_entry(out, new_entry("d/empty", AE_IFREG, 0600), NULL, 0);
        write_entry(out, link, NULL, 0);
        assert_int_equal(archive_write_close(out), ARCHIVE_OK);
        assert_int_equal(archive_write_free(out), ARCHIVE_OK);
}

static void every_format_and_filter_gives_the_same_tree(void **state) /* rule 1 */
{
        static const struct {
                const char *name;
                int format, filter;
                bool in_place;
        } rows[] = {
                { "pax", ARCHIVE_FORMAT_TAR_PAX_RESTRICTED, ARCHIVE_FILTER_NONE, true },
                { "ustar", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, true },
                { "gnutar", ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FILTER_NONE, true },
                { "cpio", ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_NONE, true },
                { "zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, false },
                { "tar.gz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, false },
                { "tar.bz2", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_BZIP2, false },
                { "tar.xz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, false },
                { "tar.lzma", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZMA, false },
                { "tar.lz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZIP, false },
                { "tar.lz4", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_LZ4, false },
                { "tar.zst", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_ZSTD, false },
                { "tar.Z", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_COMPRESS, false },
        };
        OWNED(heap_drop) uint8_t *big = make_data(BIG_BYTES, 1);

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const char *path = scratch_path(state, rows[i].name);
                struct world world;

                write_common(path, rows[i].format, rows[i].filter, big);
                world_open(&world, state);
                if (world_read(&world, path))
                        fail_msg("%s: %s", rows[i].name, ingot_error_frame(&world.err, 0));
                expect_file(inode_at(&world, "d/big"), big, BIG_BYTES);
                expect_file(inode_at(&world, "d/empty"), big, 0);
                assert_int_equal(inode_at(&world, "d")->mode, 01777);
                assert_int_equal(inode_at(&world, "d/big")->mode, 04755);
                assert_int_equal(inode_at(&world, "d/big")->uid, 70000);
                assert_int_equal(inode_at(&world, "d/big")->gid, 80001);
                assert_int_equal(inode_at(&world, "d/big")->mtime.seconds, 1600000000);
                assert_string_equal(inode_at(&world, "d/link")->target, "big");
                if (rows[i].in_place)
                        assert_true(world.report.spooled_bytes <= 4 * TREE_HOLE_BYTES);
                else
                        assert_true(world.report.spooled_bytes > 0);
                assert_int_equal(store_check_unchanged(world.store, &world.err), INGOT_OK);
                world_close(&world);
        }
}

static void a_cpio_is_not_unpacked(void **state) /* rule 10 */
{
        static const int formats[] = { ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FORMAT_CPIO_POSIX };
        OWNED(heap_drop) uint8_t *big = make_data(BIG_BYTES, 1);
        const char *path = scratch_path(state, "cpio");
        struct world world;

        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
                write_common(path, formats[i], ARCHIVE_FILTER_NONE, big);
                world_open(&world, state);
                assert_int_equal(world_read(&world, path), INGOT_OK);
                world_close(&world);
                write_common(path, formats[i], ARCHIVE_FILTER_GZIP, big);
                world_open(&world, state);
                assert_int_equal(world_read(&world, path), INGOT_E_FORMAT);
                expect_cause(&world, "a cpio has to be unpacked first");
                world_close(&world);
        }
}

static void a_header_without_end_is_refused(void **state) /* rule 10 */
{
        static const char header[] = "070701"
                                     "00000001"
                                     "000081a4"
                                     "00000000"
                                     "00000000"
                                     "00000001"
                                     "00000000"
                                     "00000001"
                                     "00000000"
                                     "00000000"
                                     "00000000"
                                     "00000000"
                                     "fffffff0"
                                     "00000000";
        OWNED(buffer_release) struct buffer cpio = BUFFER_INIT(TAR_CEILING);
        OWNED(heap_drop) char *name = malloc(16 << 20);
        struct world world;

        memset(name, 'n', 16 << 20);
        buffer_append(&cpio, header, sizeof(header) - 1);
        buffer_append(&cpio, name, 16 << 20);
        tar_save(&cpio, scratch_path(state, "c.cpio"));
        world_open(&world, state);
        assert_int_equal(world_read(&world, scratch_path(state, "c.cpio")), INGOT_E_FORMAT);
        expect_cause(&world, "the header of an entry has more than 4194304 bytes");
        world_close(&world);
}

static void a_tar_is_read_in_place_and_no_byte_of_it_copied(void **state) /* rule 5 */
{
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);
        struct world world;
        uint8_t *data[40];
        char name[16];

        for (unsigned i = 0; i < 40; i++) {
                size_t size = (i * 7919u) % 90000;

                data[i] = make_data(size, i);
                (void)snprintf(name, sizeof(name), "f%u", i);
                tar_add(&tar,
                        &(struct tar_member){
                                .name = name, .type = '0', .mode = 0644, .data = data[i], .size = size });
        }
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "t.tar"));
        world_open(&world, state);
        assert_int_equal(world_read(&world, scratch_path(state, "t.tar")), INGOT_OK);
        assert_int_equal(world.report.spooled_bytes, 0);
        assert_int_equal(world.report.entries, 40);
        for (unsigned i = 0; i < 40; i++) {
                (void)snprintf(name, sizeof(name), "f%u", i);
                expect_file(inode_at(&world, name), data[i], (i * 7919u) % 90000);
                free(data[i]);
        }
        world_close(&world);
}

static void every_fact_of_a_pax_entry_is_kept(void **state)
{
        static const uint8_t acl[] = { 2,    0,    0,    0,    1,    0,    7,  0,    0xff, 0xff, 0xff,
                                       0xff, 2,    0,    6,    0,    0xe9, 3,  0,    0,    4,    0,
                                       5,    0,    0xff, 0xff, 0xff, 0xff, 16, 0,    7,    0,    0xff,
                                       0xff, 0xff, 0xff, 32,   0,    4,    0,  0xff, 0xff, 0xff, 0xff };
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);
        struct tree_inode *inode;
        struct world world;

        tar_add(&tar, &(struct tar_member){
                              .name = "short",
                              .type = '0',
                              .mode = 0754,
                              .pax = "path=f\nmtime=1700000000.123456789\nuid=4294967294\ngid=3000000000\n"
                                     "SCHILY.xattr.user.note=hi\nSCHILY.xattr.com.apple.x=no\n"
                                     "SCHILY.acl.access=user::rwx,user:bob:rw-:1001,group::r-x,mask::rwx,"
                                     "other::r--" });
        tar_add(&tar, &(struct tar_member){ .name = "f2", .type = '1', .link = "f" });
        tar_add(&tar,
                &(struct tar_member){ .name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3 });
        tar_add(&tar, &(struct tar_member){
                              .name = "disk", .type = '4', .mode = 0660, .major = 259, .minor = 70000 });
        tar_add(&tar, &(struct tar_member){ .name = "fifo", .type = '6', .mode = 0600, .pax = "mtime=-1.5" });
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "t.tar"));
        world_open(&world, state);
        assert_int_equal(world_read(&world, scratch_path(state, "t.tar")), INGOT_OK);
        inode = inode_at(&world, "f");
        assert_int_equal(inode->mtime.seconds, 1700000000);
        assert_int_equal(inode->mtime.nanoseconds, 123456789);
        assert_int_equal(inode->uid, 4294967294u);
        assert_int_equal(inode->gid, 3000000000u);
        assert_int_equal(inode->link_count, 2);
        assert_ptr_equal(inode, inode_at(&world, "f2"));
        assert_int_equal(inode->mode, 0774); /* archive_acl.h rule 2: the mask */
        assert_int_equal(tree_seal(world.tree, INT64_MAX, NULL), INGOT_OK);
        assert_int_equal(inode->xattr_count, 2);
        assert_string_equal(inode->xattrs[0].name, "system.posix_acl_access");
        assert_int_equal(inode->xattrs[0].value_bytes, sizeof(acl));
        assert_memory_equal(inode->xattrs[0].value, acl, sizeof(acl));
        assert_string_equal(inode->xattrs[1].name, "user.note");
        assert_int_equal(world.report.xattrs_left_out, 1);
        assert_int_equal(inode_at(&world, "null")->kind, TREE_CHARACTER_DEVICE);
        assert_int_equal(inode_at(&world, "disk")->device_major, 259);
        assert_int_equal(inode_at(&world, "disk")->device_minor, 70000);
        assert_int_equal(inode_at(&world, "fifo")->kind, TREE_FIFO);
        assert_true(inode_at(&world, "fifo")->mtime.seconds < 0);
        world_close(&world);
}

static void names_keep_their_bytes_in_any_locale(void **state) /* rule 2 */
{
        static const char *const locales[] = { "C", "C.UTF-8" };
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);

        tar_add(&tar, &(struct tar_member){ .name = "raw-\xff\xfe", .type = '0' });
        tar_add(&tar, &(struct tar_member){ .name = "x", .type = '0', .pax = "path=nfd-e\xcc\x81" });
        tar_add(&tar, &(struct tar_member){ .name = "x", .type = '0', .pax = "path=nfc-\xc3\xa9" });
        tar_add(&tar, &(struct tar_member){
                              .name = "l", .type = '2', .link = "?", .pax = "linkpath=nfd-e\xcc\x81" });
        tar_add(&tar, &(struct tar_member){
                              .name = "h", .type = '1', .link = "?", .pax = "linkpath=nfd-e\xcc\x81" });
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "t.tar"));
        for (size_t i = 0; i < 2; i++) {
                struct world world;

                if (!setlocale(LC_ALL, locales[i]))
                        continue;
                world_open(&world, state);
                if (world_read(&world, scratch_path(state, "t.tar")))
                        fail_msg("%s", ingot_error_frame(&world.err, 0));
                assert_true(is_there(&world, "raw-\xff\xfe"));
                assert_true(is_there(&world, "nfd-e\xcc\x81"));
                assert_true(is_there(&world, "nfc-\xc3\xa9"));
                assert_string_equal(inode_at(&world, "l")->target, "nfd-e\xcc\x81");
                assert_ptr_equal(inode_at(&world, "h"), inode_at(&world, "nfd-e\xcc\x81"));
                world_close(&world);
        }
        assert_non_null(setlocale(LC_ALL, "C"));
}

static void sparse_entries_keep_their_holes(void **state) /* rule 5 */
{
        enum { SIZE = 10 << 20, FIRST = 5000, FIRST_BYTES = 9000, SECOND = 8 << 20, SECOND_BYTES = 4096 };
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);
        OWNED(heap_drop) uint8_t *data = calloc(1, SIZE);
        OWNED(heap_drop) uint8_t *packed = calloc(1, FIRST_BYTES + SECOND_BYTES);
        struct world world;

        memset(data + FIRST, 'a', FIRST_BYTES); /* neither end on a block */
        memset(data + SECOND, 'b', SECOND_BYTES);
        memcpy(packed, data + FIRST, FIRST_BYTES);
        memcpy(packed + FIRST_BYTES, data + SECOND, SECOND_BYTES);
        tar_add(&tar, &(struct tar_member){ .name = "GNUSparseFile.0/sparse",
                                            .type = '0',
                                            .data = packed,
                                            .size = FIRST_BYTES + SECOND_BYTES,
                                            .pax = "GNU.sparse.size=10485760\nGNU.sparse.numblocks=2\n"
                                                   "GNU.sparse.map=5000,9000,8388608,4096\n"
                                                   "GNU.sparse.name=sparse" });
        tar_end(&tar);
        tar_save(&tar, scratch_path(state, "s.tar"));
        world_open(&world, state);
        assert_int_equal(world_read(&world, scratch_path(state, "s.tar")), INGOT_OK);
        expect_file(inode_at(&world, "sparse"), data, SIZE);
        assert_int_equal(world.report.data_bytes, FIRST_BYTES + SECOND_BYTES);
        world_close(&world);
}

static void cpio_keeps_data_with_the_last_link(void **state)
{
        static const char cpio[] = /* newc: two links of inode 1, the data with the second */
                /* clang-format off */
                "070701" "00000001" "000081a4" "00000000" "00000000" "00000002" "00000000" "00000000" "00000000"
                "00000000" "00000000" "00000000" "00000002" "00000000" "a\0"
                "070701" "00000001" "000081a4" "00000000" "00000000" "00000002" "00000000" "00000004" "00000000"
                "00000000" "00000000" "00000000" "00000002" "00000000" "b\0" "data"
                "070701" "00000000" "00000000" "00000000" "00000000" "00000001" "00000000" "00000000" "00000000"
                "00000000" "00000000" "00000000" "0000000b" "00000000" "TRAILER!!!\0\0\0\0";
        /* clang-format on */
        OWNED(buffer_release) struct buffer bytes = BUFFER_INIT(TAR_CEILING);
        struct world world;

        buffer_append(&bytes, cpio, sizeof(cpio) - 1);
        tar_save(&bytes, scratch_path(state, "c.cpio"));
        world_open(&world, state);
        assert_int_equal(world_read(&world, scratch_path(state, "c.cpio")), INGOT_OK);
        assert_ptr_equal(inode_at(&world, "a"), inode_at(&world, "b"));
        expect_file(inode_at(&world, "a"), (const uint8_t *)"data", 4);
        world_close(&world);
}

static void limits_are_kept_and_named(void **state) /* rule 10 */
{
        struct archive_request request = { .limits = { .entries = 2 } };
        struct world world;

        world_open(&world, state);
        world_read_members(&world, state, "/", &request, INGOT_E_MEMORY,
                           MEMBERS(PLAIN("a"), PLAIN("b"), PLAIN("c")));
        expect_cause(&world, "more than 2 entries");
        world_read_members(&world, state, "/", &request, INGOT_E_MEMORY,
                           MEMBERS(PLAIN("p/q/r/s"), PLAIN("t")));
        expect_cause(&world, "more than 2 entries");
        request.limits = (struct archive_limits){ .expanded_bytes = 2 };
        world_read_members(&world, state, "/", &request, INGOT_E_MEMORY,
                           MEMBERS(PLAIN("a"), PLAIN("b"), PLAIN("c")));
        expect_cause(&world, "more than 2 bytes");
        world_close(&world);
}

static void an_archive_cut_anywhere_is_refused(void **state)
{
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING), gz = BUFFER_INIT(TAR_CEILING);
        OWNED(heap_drop) uint8_t *data = make_data(3000, 3);
        size_t whole;

        tar_add(&tar, &(struct tar_member){ .name = "d/", .type = '5' });
        tar_add(&tar, &(struct tar_member){ .name = "f", .type = '0', .data = data, .size = 3000 });
        tar_add(&tar, &(struct tar_member){ .name = "l", .type = '2', .link = "f", .pax = "mtime=1.5" });
        whole = tar.size_bytes;
        tar_end(&tar);
        for (size_t size = 1; size <= whole; size += size % 512 == 0 || size % 512 == 511 ? 1 : 170) {
                struct world world;

                gz.size_bytes = 0;
                buffer_append(&gz, tar.bytes, size);
                tar_save(&gz, scratch_path(state, "cut.tar"));
                world_open(&world, state);
                if (world_read(&world, scratch_path(state, "cut.tar")) != INGOT_E_FORMAT)
                        fail_msg("cut at %zu of %zu", size, whole);
                world_close(&world);
        }
}

static void what_is_no_archive_is_refused(void **state)
{
        static const char *const texts[] = { "", "hello, I am a text", "PK\3\4", "\x1f\x8b\x08" };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                OWNED(buffer_release) struct buffer bytes = BUFFER_INIT(1024);
                struct world world;

                buffer_append_text(&bytes, texts[i]);
                tar_save(&bytes, scratch_path(state, "not"));
                world_open(&world, state);
                assert_int_equal(world_read(&world, scratch_path(state, "not")), INGOT_E_FORMAT);
                assert_int_equal(world_read(&world, scratch_path(state, "absent")), INGOT_E_NOT_FOUND);
                world_close(&world);
        }
}

static void the_digest_is_that_of_the_file_and_is_compared(void **state)
{
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(TAR_CEILING);
        struct digest digest, wrong = { { 1 } };
        struct world world;
        const char *path = scratch_path(state, "t.tar");
        FILE *file;

        tar_add(&tar, &(struct tar_member)PLAIN("f"));
        tar_end(&tar);
        tar_save(&tar, path);
        assert_int_equal(digest_of(tar.bytes, tar.size_bytes, &digest, NULL), INGOT_OK);
        world_open(&world, state);
        assert_int_equal(world_read_to(&world, path, "/", (struct archive_request){ .expected = &digest }),
                         INGOT_OK);
        assert_true(digest_equal(&world.report.digest, &digest));
        assert_int_equal(world_read_to(&world, path, "/", (struct archive_request){ .expected = &wrong }),
                         INGOT_E_CHECKSUM);
        expect_cause(&world, "expected 0100000000");
        assert_int_equal(store_check_unchanged(world.store, NULL), INGOT_OK);
        file = fopen(path, "ab");
        assert_non_null(file);
        assert_int_equal(fputc('x', file), 'x');
        assert_int_equal(fclose(file), 0);
        assert_int_equal(store_check_unchanged(world.store, &world.err), INGOT_E_CHECKSUM);
        expect_cause(&world, "changed while it was being read");
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(every_format_and_filter_gives_the_same_tree),
                TEST(a_tar_is_read_in_place_and_no_byte_of_it_copied),
                TEST(every_fact_of_a_pax_entry_is_kept),
                TEST(names_keep_their_bytes_in_any_locale),
                TEST(sparse_entries_keep_their_holes),
                TEST(cpio_keeps_data_with_the_last_link),
                TEST(a_cpio_is_not_unpacked),
                TEST(a_header_without_end_is_refused),
                TEST(limits_are_kept_and_named),
                TEST(an_archive_cut_anywhere_is_refused),
                TEST(what_is_no_archive_is_refused),
                TEST(the_digest_is_that_of_the_file_and_is_compared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
