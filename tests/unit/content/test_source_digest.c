/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "content/source_digest.h"
#include "content/store.h"

static int make_file(void *const *state, const char *name, uint64_t size_bytes)
{
        int fd = open(scratch_path(state, name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
        assert_int_equal(fd_write_at(fd, name, 0, name, strlen(name), NULL), INGOT_OK);
        return fd;
}

static void the_digest_is_that_of_the_file_however_often_it_is_asked_for(void **state)
{
        static uint8_t bytes[300000] = "app";
        OWNED(fd_drop) int fd = make_file(state, "app", sizeof(bytes));
        struct source_digest *digest = NULL;
        struct digest wanted, made;

        assert_int_equal(digest_of(bytes, sizeof(bytes), &wanted, NULL), INGOT_OK);
        assert_int_equal(source_digest_begin(fd, "app", sizeof(bytes), &digest, NULL), INGOT_OK);
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(source_digest_await(digest, NULL, &made, NULL), INGOT_OK);
                assert_true(digest_equal(&made, &wanted));
        }
        source_digest_free(digest);
}

static void a_file_that_ends_too_early_has_no_digest(void **state)
{
        OWNED(fd_drop) int fd = make_file(state, "short", 1000);
        struct source_digest *digest = NULL;
        struct digest made;

        assert_int_equal(source_digest_begin(fd, "short", 1001, &digest, NULL), INGOT_OK);
        assert_int_equal(source_digest_await(digest, NULL, &made, NULL), INGOT_E_FORMAT);
        assert_int_equal(source_digest_await(digest, NULL, &made, NULL), INGOT_E_FORMAT);
        source_digest_free(digest);
        source_digest_free(NULL);
}

static int stop(void *context)
{
        ++*(unsigned *)context;
        return 1;
}

/* A hole of 1 TiB is ten minutes of hashing: neither waiting for it nor freeing it takes as long. */
static void whoever_waits_can_stop_and_freeing_ends_it(void **state) /* rule 2 */
{
        OWNED(fd_drop) int fd = make_file(state, "long", UINT64_C(1) << 40);
        unsigned asked = 0;
        const struct ingot_observer observer = { .context = &asked, .is_cancelled = stop };
        struct source_digest *digest = NULL;
        struct digest made;

        assert_int_equal(source_digest_begin(fd, "long", UINT64_C(1) << 40, &digest, NULL), INGOT_OK);
        assert_int_equal(source_digest_await(digest, &observer, &made, NULL), INGOT_E_CANCELLED);
        assert_int_equal(asked, 1);
        source_digest_free(digest);
}

static void a_store_makes_the_digests_of_its_files_and_lets_go_of_them(void **state) /* store.h rule 6 */
{
        OWNED(store_drop) struct content_store *store = NULL;
        static uint8_t bytes[2][5000] = { "a", "b" };
        static const char *const names[2] = { "a", "b" };
        const struct byte_source *sources[3];
        struct digest wanted, made;
        int fd;

        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
        for (unsigned i = 0; i < 2; i++) {
                fd = make_file(state, names[i], sizeof(bytes[i]));
                assert_int_equal(store_adopt(store, names[i], &fd, STORE_KEEP_OPEN, &sources[i], NULL),
                                 INGOT_OK);
                assert_int_equal(store_begin_digest(store, sources[i], NULL, NULL), INGOT_OK);
        }
        for (unsigned i = 2; i-- > 0;) {
                assert_int_equal(digest_of(bytes[i], sizeof(bytes[i]), &wanted, NULL), INGOT_OK);
                assert_int_equal(store_await_digest(sources[i], NULL, &made, NULL), INGOT_OK);
                assert_true(digest_equal(&made, &wanted));
        }
        fd = make_file(state, "long", UINT64_C(1) << 40);
        assert_int_equal(store_adopt(store, "long", &fd, STORE_KEEP_OPEN, &sources[2], NULL), INGOT_OK);
        assert_int_equal(store_begin_digest(store, sources[2], NULL, NULL), INGOT_OK);
        /* and here the store is freed */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(the_digest_is_that_of_the_file_however_often_it_is_asked_for),
                TEST(a_file_that_ends_too_early_has_no_digest),
                TEST(whoever_waits_can_stop_and_freeing_ends_it),
                TEST(a_store_makes_the_digests_of_its_files_and_lets_go_of_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
