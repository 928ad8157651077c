/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault/faults.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"
#include "support/tar_maker.h"

#include "base/fd.h"
#include "base/own.h"
#include "content/archive_reader.h"

enum { SPAN_BYTES = 300000, SPANS = 16 };

static void fill(uint8_t *span, unsigned number)
{
        for (size_t i = 0; i < SPAN_BYTES; i++)
                span[i] = (uint8_t)(i * 7 + number + (i >> 8));
}

/* Every span that was taken reads back, whatever failed before it or after it. */
static unsigned spool_with(void (*begin)(unsigned fail_at), void **state)
{
        static uint8_t span[SPAN_BYTES], is[SPAN_BYTES];
        unsigned fail_at;
        bool fired = true;

        for (fail_at = 1; fired && fail_at < 1000; fail_at++) {
                OWNED(store_drop) struct content_store *store = NULL;
                uint64_t offsets[SPANS];
                bool taken[SPANS];
                struct ingot_error err;

                assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
                begin(fail_at);
                for (unsigned i = 0; i < SPANS; i++) {
                        enum ingot_code r;

                        fill(span, i);
                        r = store_append(store, span, SPAN_BYTES, &offsets[i], &err);
                        taken[i] = r == INGOT_OK;
                        assert_true(taken[i] || r == INGOT_E_SYSTEM || r == INGOT_E_MEMORY);
                }
                fired = faults_fired();
                faults_begin(0);
                for (unsigned i = 0; i < SPANS; i++) {
                        if (!taken[i])
                                continue;
                        fill(span, i);
                        assert_int_equal(
                                byte_source_read(store_spool(store), offsets[i], is, SPAN_BYTES, &err),
                                INGOT_OK);
                        assert_memory_equal(is, span, SPAN_BYTES);
                }
        }
        return fail_at - 2;
}

static void what_the_spool_took_is_there_whatever_fails(void **state)
{
        assert_in_range(spool_with(faults_begin, state), 3, 100);
        assert_in_range(spool_with(faults_begin_full, state), 3, 100);
        assert_in_range(spool_with(faults_begin_memory, state), 1, 100);
        assert_int_equal(rmdir(*state), 0); /* rule 2: no file was left */
        assert_int_equal(mkdir(*state, 0700), 0);
}

enum { DATA_BYTES = 65536 };

/* One file, plain or through gzip: then its data goes to the spool. */
static void make_archive(const char *path, bool is_packed)
{
        static uint8_t data[DATA_BYTES];
        OWNED(buffer_release) struct buffer tar = BUFFER_INIT(1 << 20);
        struct archive *out = archive_write_new();
        struct archive_entry *entry = archive_entry_new();

        for (size_t i = 0; i < DATA_BYTES; i++)
                data[i] = (uint8_t)(i * 13 + (i >> 8) + 1);
        tar_add(&tar, &(struct tar_member){
                              .name = "file", .type = '0', .mode = 0644, .data = data, .size = DATA_BYTES });
        tar_end(&tar);
        assert_int_equal(archive_write_set_format_raw(out), ARCHIVE_OK);
        if (is_packed)
                assert_int_equal(archive_write_add_filter_gzip(out), ARCHIVE_OK);
        assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_pathname(entry, "tar");
        assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(out, tar.bytes, tar.size_bytes), (int)tar.size_bytes);
        archive_entry_free(entry);
        assert_int_equal(archive_write_free(out), ARCHIVE_OK);
}

static void archive_is_read_whole_or_refused_whatever_fails(void **state)
{
        OWNED(heap_drop) char *path = strdup(scratch_path(state, "a.tar"));
        unsigned fail_at;

        for (int is_packed = 0; is_packed < 2; is_packed++) {
                bool fired = true;

                make_archive(path, is_packed);
                for (fail_at = 1; fired && fail_at < 1000; fail_at++) {
                        OWNED(store_drop) struct content_store *store = NULL;
                        OWNED(tree_drop) struct tree *tree = NULL;
                        const struct archive_request request = { .path = path, .want_digest = true };
                        struct tree_entry *file;
                        struct ingot_error err;
                        enum ingot_code r;

                        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
                        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
                        faults_begin(fail_at);
                        r = archive_read_into(tree, tree_root(tree), store, &request, NULL, &err);
                        fired = faults_fired();
                        faults_begin(0);
                        if (!fired)
                                assert_int_equal(r, INGOT_OK);
                        if (r)
                                continue;
                        file = tree_child(tree_root(tree), "file", 4);
                        assert_non_null(file);
                        assert_int_equal(file->inode->size_bytes, DATA_BYTES);
                        assert_int_equal(file->inode->run_count, 1);
                        assert_int_equal(file->inode->runs[0].size_bytes, DATA_BYTES);
                }
                assert_in_range(fail_at - 2, 3, 998);
        }
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(what_the_spool_took_is_there_whatever_fails),
                SCRATCH(archive_is_read_whole_or_refused_whatever_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
