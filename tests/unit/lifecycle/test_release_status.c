/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/release_status.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static const char good[] =
        "{\"format\":\"ingot-release\",\"format_version\":1,\"ingot_version\":\"0.1.0\",\"name\":\"web\","
        "\"volumes_sha256\":\"00\",\"state\":\"failed\",\"updated\":\"2026-11-22T18:00:00.000Z\",\"regions\":"
        "["
        "{\"region\":\"us-east-1\",\"required\":true,\"state\":\"ready\",\"ami_id\":\"ami-0abc\","
        "\"snapshots\":["
        "{\"device_name\":\"/dev/xvda\",\"snapshot_id\":\"snap-0def\",\"made\":true}]},"
        "{\"region\":\"eu-west-1\",\"required\":false,\"state\":\"failed\",\"snapshots\":[],"
        "\"error\":{\"code\":\"denied\",\"text\":\"no\"}}]}";

static enum ingot_code parse(const char *text, struct ingot_release *release)
{
        *release = (struct ingot_release){ 0 };
        return release_status_parse(text, strlen(text), "release.json", release, NULL);
}

/* good with its first `from` replaced. */
static char *altered(const char *from, const char *to)
{
        const char *at = strstr(good, from);
        char *text = NULL;

        assert_non_null(at);
        assert_true(asprintf(&text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)) > 0);
        return text;
}

static void what_was_written_is_read(void **state)
{
        OWNED(ingot_release_clear) struct ingot_release release, again;
        OWNED(heap_drop) char *path = strdup(scratch_path(state, "release.json"));
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes;

        assert_int_equal(parse(good, &release), INGOT_OK);
        assert_int_equal(release.state, INGOT_RELEASE_FAILED);
        assert_int_equal(release_status_write(&release, path, NULL), INGOT_OK);
        assert_int_equal(fd_read_file(path, 1 << 20, &bytes, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(parse(bytes, &again), INGOT_OK);
        assert_string_equal(again.name, "web");
        assert_int_equal(again.region_count, 2);
        assert_string_equal(again.regions[0].ami_id, "ami-0abc");
        assert_int_equal(again.regions[0].snapshots[0].made, 1);
        assert_int_equal(again.regions[1].required, 0);
        assert_string_equal(again.regions[1].error_name, "denied");
        assert_ptr_equal(release_status_find(&again, "eu-west-1"), &again.regions[1]);
        assert_null(release_status_find(&again, "eu-west-2"));
}

static void what_breaks_the_form_is_refused(void **state) /* rule 2 */
{
        static const struct {
                const char *from, *to;
        } rows[] = {
                { "ingot-release", "ingot-manifest" },
                { "\"format_version\":1", "\"format_version\":2" },
                { "\"state\":\"failed\"", "\"state\":\"fine\"" },
                { "\"state\":\"ready\"", "\"state\":7" },
                { "\"updated\":\"2026", "\"updated\":\"soon" },
                { "\"ami-0abc\"", "\"ami-../../x\"" },
                { "\"ami-0abc\"", "\"ami-\"" },
                { "\"snap-0def\"", "\"ami-0abc\"" },
                { "\"snap-0def\"",
                  "\"snap-0000000000000000000000000000000000000000000000000000000000000000\"" },
                { "\"made\":true", "\"made\":1" },
                { "\"region\":\"eu-west-1\"", "\"region\":\"us-east-1\"" },
                { "\"region\":\"eu-west-1\"", "\"region\":\"\"" },
                { "\"required\":true,", "" },
                { "\"snapshots\":[]", "\"snapshots\":{}" },
                { "\"code\":\"denied\",", "" },
                { "\"regions\":[", "\"regions\":[7," },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(heap_drop) char *text = altered(rows[i].from, rows[i].to);
                OWNED(ingot_release_clear) struct ingot_release release;

                if (parse(text, &release) != INGOT_E_FORMAT)
                        fail_msg("'%s' for '%s' was taken", rows[i].to, rows[i].from);
        }
}

static void no_prefix_of_a_status_is_one(void **state)
{
        (void)state;
        for (size_t bytes = 0; bytes < strlen(good); bytes++) {
                OWNED(ingot_release_clear) struct ingot_release release = { 0 };

                assert_int_equal(release_status_parse(good, bytes, "release.json", &release, NULL),
                                 INGOT_E_FORMAT);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_was_written_is_read, scratch_setup, scratch_teardown),
                cmocka_unit_test(what_breaks_the_form_is_refused),
                cmocka_unit_test(no_prefix_of_a_status_is_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
