/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "fault/faults.h"

#include "base/own.h"
#include "model/identity.h"
#include "model/manifest.h"
#include "model/template_check.h"

static const struct guid seed = { { 1 } };

/* A template and a mapping to a plan in JSON: every step that allocates. */
static enum ingot_code go_through_all(struct buffer *out, struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        OWNED(mapping_drop) struct mapping *mapping = NULL;
        OWNED(manifest_drop) struct manifest *manifest = NULL, *read = NULL;
        OWNED(layout_release) struct layout layout = { 0 };
        struct layout_need needs[3] = { { 0 }, { .fit_bytes = 1 << 20 }, { .fit_bytes = 1 << 20 } };
        enum ingot_code r;

        r = template_parse(example_template, strlen(example_template), "web.yaml", NULL, 0, &list, &template,
                           err);
        if (!r)
                r = mapping_parse(example_mapping, strlen(example_mapping), "web.json", &list, &mapping, err);
        if (!r)
                r = template_check_mapping(template, mapping, &list, err);
        if (!r)
                r = layout_place(template, &template->volumes[0], mapping_find(mapping, "/dev/xvda"), needs,
                                 &seed, &layout, err);
        if (!r)
                r = manifest_new(template, &seed, 1700000000, example_mapping, strlen(example_mapping),
                                 &manifest, err);
        if (!r)
                r = manifest_add_volume(manifest, &layout, NULL, err);
        if (!r)
                r = manifest_add_tool(manifest, "zlib", "1.2.13", err);
        if (!r)
                r = manifest_add_warning(manifest, err, "none");
        if (r)
                return r;
        manifest->is_plan = true;
        r = manifest_print(manifest, out, err);
        return r ? r : manifest_parse(out->bytes, out->size_bytes, "plan", &read, err);
}

/* With a duplicate key, an unknown key and a bad value. */
static enum ingot_code complain_about_all(struct buffer *out, struct ingot_error *err)
{
        static const char bad[] = "name: x\nname: y\ncolour: red\nvolumes: 1\n";
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        enum ingot_code r = template_parse(bad, strlen(bad), "web.yaml", NULL, 0, &list, &template, err);

        (void)out;
        assert_true(r == INGOT_E_MEMORY || r == INGOT_E_TEMPLATE);
        assert_true(r == INGOT_E_MEMORY || list.count + list.left_out == 6);
        return r == INGOT_E_TEMPLATE ? INGOT_OK : r;
}

/* Fails one more allocation each round, until a round has none left to fail. */
static unsigned fail_each(enum ingot_code (*run)(struct buffer *out, struct ingot_error *err))
{
        for (unsigned fail_at = 1;; fail_at++) {
                OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
                struct ingot_error err = { 0 };
                enum ingot_code r;

                faults_begin_memory(fail_at);
                r = run(&out, &err);
                if (!faults_fired()) {
                        faults_begin_memory(0);
                        assert_int_equal(r, INGOT_OK);
                        return fail_at - 1;
                }
                faults_begin_memory(0);
                /* A complaint that could not be kept is counted instead. */
                if (r != INGOT_E_MEMORY && !(r == INGOT_OK && run == complain_about_all))
                        fail_msg("allocation %u: %s: %s", fail_at, ingot_code_name(r),
                                 ingot_error_frame(&err, 0));
        }
}

static void no_allocation_that_fails_is_taken_for_success(void **state)
{
        (void)state;
        assert_true(fail_each(go_through_all) > 50);
        assert_true(fail_each(complain_about_all) > 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_allocation_that_fails_is_taken_for_success),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
