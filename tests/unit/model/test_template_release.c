/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "model/manifest.h"
#include "model/template_check.h"
#include "support/cmocka_all.h"
#include "support/example.h"

/* The smallest template, with ami and release sections. */
static enum ingot_code parse(const char *sections, struct complaint_list *complaints,
                             struct template **ret_template)
{
        char text[4096];
        int chars = snprintf(text, sizeof(text),
                             "name: web\narchitecture: x86_64\nroot-device: /dev/xvda\n"
                             "volumes: {/dev/xvda: {file-system: ext4, label: r, size: 64MiB, mount: /}}\n%s",
                             sections);

        return template_parse(text, (size_t)chars, "t.yaml", NULL, 0, complaints, ret_template, NULL);
}

static void sections_are_taken(void **state)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(template_drop) struct template *template = NULL;

        (void)state;
        assert_int_equal(
                parse("ami: {boot-mode: uefi, tpm: none, uefi-data: vars, billing-products: [bp-1, bp-2],\n"
                      "  deprecate-after: 13w, deregistration-protection: with-cooldown}\n"
                      "release:\n"
                      "  regions: [us-east-1, {region: eu-west-1, required: false, profile: p,\n"
                      "            kms-key: 'arn:aws:kms:eu-west-1:111122223333:key/1'}]\n"
                      "  accounts: ['111122223333']\n"
                      "  organizations: "
                      "['arn:aws:organizations::111122223333:ou/o-abcdefghij/ou-ab12-12345678']\n"
                      "  share-snapshots: true\n",
                      &complaints, &template),
                INGOT_OK);
        assert_int_equal(template->ami.deprecate_after_days.value, 91);
        assert_int_equal(template->ami.protection, PROTECTION_WITH_COOLDOWN);
        assert_int_equal(template->ami.billing_products.count, 2);
        assert_int_equal(template->release.region_count, 2);
        assert_string_equal(template->release.regions[0].name.text, "us-east-1");
        assert_int_equal(template->release.regions[0].required, TRI_YES);
        assert_int_equal(template->release.regions[1].required, TRI_NO);
        assert_true(template->release.shares_snapshots && !template->release.is_public);
}

static void mistakes_are_told(void **state)
{
        static const struct {
                const char *sections, *text;
        } rows[] = {
                { "ami: {deprecate-after: 90}", "write it as 90d" },
                { "ami: {deprecate-after: 0d}", "out of range" },
                { "ami: {deprecate-after: 9999d}", "out of range" },
                { "ami: {deprecate-after: 1d, deprecate-at: 2030-01-01T00:00:00Z}", "exclude each other" },
                { "ami: {deprecate-at: soon}", "is no time" },
                { "ami: {deregistration-protection: maybe}", "with-cooldown" },
                { "ami: {boot-mode: legacy-bios, uefi-data: v}", "no UEFI variables" },
                { "ami: {tpm: v2.0}", "boot mode 'uefi' only" },
                { "release: {regions: [us-east-1, us-east-1]}", "named twice" },
                { "release: {regions: [US]}", "no name of a region" },
                { "release: {regions: [{required: true}]}", "region" },
                { "release: {regions: [{region: us-east-1, required: false}]}", "requires no region" },
                { "release: {accounts: ['12345']}", "has 12 digits" },
                { "release: {organizations: ['o-abc']}", "no ARN" },
                { "release: {regions: [{region: eu-west-1, kms-key: alias/x}]}", "no ARN of a key" },
                { "release: {regions: [{region: eu-west-1, kms-key: 'arn:aws:kms:eu-west-2:1:key/1'}]}",
                  "another region" },
                { "release: {public: true, regions: [{region: eu-west-1, kms-key: "
                  "'arn:aws:kms:eu-west-1:1:key/1'}]}",
                  "cannot be public" },
                { "release: {acounts: []}", "accounts" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
                OWNED(template_drop) struct template *template = NULL;
                bool told = false;

                assert_int_equal(parse(rows[i].sections, &complaints, &template), INGOT_E_TEMPLATE);
                for (size_t j = 0; j < complaints.count; j++)
                        told = told || strstr(complaints.complaints[j].text, rows[i].text);
                if (!told)
                        fail_msg("%s: '%s' was not told, but '%s'", rows[i].sections, rows[i].text,
                                 complaints.complaints[0].text);
        }
}

static void a_manifest_keeps_them(void **state)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        OWNED(manifest_drop) struct manifest *manifest = NULL, *again = NULL;
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1 << 20), second = BUFFER_INIT(1 << 20);
        const struct guid seed = { { 1 } };
        static const char mapping[] = "[{\"DeviceName\": \"/dev/xvda\", \"Ebs\": {\"VolumeSize\": 1}}]";

        (void)state;
        assert_int_equal(parse("ami: {billing-products: [bp-1], deprecate-at: 2030-01-01T00:00:00Z,\n"
                               "  deregistration-protection: true}\n"
                               "release: {regions: [us-east-1, {region: eu-west-1, required: false}],\n"
                               "  accounts: ['111122223333'], public: true}\n",
                               &complaints, &template),
                         INGOT_OK);
        assert_int_equal(manifest_new(template, &seed, 0, mapping, strlen(mapping), &manifest, NULL),
                         INGOT_OK);
        manifest->is_plan = true;
        manifest->ami.uefi_data = strdup("QUJD");
        assert_int_equal(manifest_print(manifest, &text, NULL), INGOT_OK);
        assert_int_equal(manifest_parse(text.bytes, text.size_bytes, "m", &again, NULL), INGOT_OK);
        assert_int_equal(again->ami.protection, PROTECTION_ON);
        assert_int_equal(again->ami.deprecate_at_seconds, 1893456000);
        assert_string_equal(again->ami.uefi_data, "QUJD");
        assert_int_equal(again->release.region_count, 2);
        assert_false(manifest_release_find(&again->release, "eu-west-1")->required);
        assert_true(again->release.is_public && manifest_release_shares(&again->release));
        assert_int_equal(manifest_print(again, &second, NULL), INGOT_OK);
        assert_int_equal(text.size_bytes, second.size_bytes);
        assert_memory_equal(text.bytes, second.bytes, text.size_bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(sections_are_taken),
                cmocka_unit_test(mistakes_are_told),
                cmocka_unit_test(a_manifest_keeps_them),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
