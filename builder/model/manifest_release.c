/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/manifest_members.h"
#include "model/manifest_release.h"

enum { REGIONS_MAX = 64, TEXTS_MAX = 1000, BILLING_PRODUCTS_MAX = 100, DEPRECATE_DAYS_MAX = 3652 };

static const char protection_on[] = "enabled-without-cooldown";
static const char protection_with_cooldown[] = "enabled-with-cooldown";

static bool copy_text(const char *text, char **ret_copy)
{
        *ret_copy = text ? strdup(text) : NULL;
        return !text || *ret_copy;
}

static bool copy_texts(const struct text_list *from, char ***ret_texts, size_t *count)
{
        char **texts = from->count ? calloc(from->count, sizeof(*texts)) : NULL;

        if (from->count && !texts)
                return false;
        *ret_texts = texts;
        for (size_t i = 0; i < from->count; i++) {
                if (!copy_text(from->items[i].text, &texts[i]))
                        return false;
                (*count)++;
        }
        return true;
}

static bool copy_regions(const struct template_release *from, struct manifest_release *to)
{
        to->regions = calloc(from->region_count + 1, sizeof(*to->regions));
        for (size_t i = 0; to->regions && i < from->region_count; i++) {
                struct manifest_region *region = &to->regions[i];

                to->region_count++;
                region->required = from->regions[i].required != TRI_NO;
                if (!copy_text(from->regions[i].name.text, &region->name) ||
                    !copy_text(from->regions[i].kms_key.text, &region->kms_key) ||
                    !copy_text(from->regions[i].profile.text, &region->profile))
                        return false;
        }
        return to->regions != NULL;
}

bool manifest_copy_release(const struct template *template, struct manifest *manifest)
{
        const struct template_ami *ami = &template->ami;
        const struct template_release *from = &template->release;
        struct manifest_release *to = &manifest->release;

        manifest->ami.deprecate_after_days = ami->deprecate_after_days.value;
        if (ami->deprecate_at.text)
                manifest->ami.deprecate_at_seconds = clock_parse_iso(ami->deprecate_at.text);
        manifest->ami.protection = ami->protection;
        if (!copy_texts(&ami->billing_products, &manifest->ami.billing_products,
                        &manifest->ami.billing_product_count))
                return false;
        to->is_public = from->is_public;
        to->shares_snapshots = from->shares_snapshots;
        return copy_regions(from, to) && copy_texts(&from->accounts, &to->accounts, &to->account_count) &&
               copy_texts(&from->organizations, &to->organizations, &to->organization_count);
}

static void free_texts(char **texts, size_t count)
{
        for (size_t i = 0; i < count; i++)
                free(texts[i]);
        free(texts);
}

void manifest_release_free(struct manifest_release *release)
{
        for (size_t i = 0; i < release->region_count; i++) {
                free(release->regions[i].name);
                free(release->regions[i].kms_key);
                free(release->regions[i].profile);
        }
        free(release->regions);
        free_texts(release->accounts, release->account_count);
        free_texts(release->organizations, release->organization_count);
}

void manifest_ami_extras_free(struct manifest_ami *ami)
{
        free(ami->uefi_data);
        free_texts(ami->billing_products, ami->billing_product_count);
}

/* ---- printing ---- */

static void put_texts(struct json_doc *doc, struct json_value *object, const char *key, char *const *texts,
                      size_t count)
{
        struct json_value *list;

        if (!count)
                return;
        list = json_doc_put_array(doc, object, key);
        for (size_t i = 0; i < count; i++)
                json_doc_push_text(doc, list, texts[i]);
}

void manifest_put_ami_extras(struct json_doc *doc, struct json_value *object, const struct manifest_ami *ami)
{
        char moment[CLOCK_ISO_CHARS + 1];

        if (ami->uefi_data)
                json_doc_put_text(doc, object, "uefi_data", ami->uefi_data);
        put_texts(doc, object, "billing_products", ami->billing_products, ami->billing_product_count);
        if (ami->deprecate_after_days)
                json_doc_put_u64(doc, object, "deprecate_after_days", ami->deprecate_after_days);
        if (ami->deprecate_at_seconds) {
                clock_print_iso(ami->deprecate_at_seconds, moment);
                json_doc_put_text(doc, object, "deprecate_at", moment);
        }
        if (ami->protection != PROTECTION_OFF)
                json_doc_put_text(doc, object, "deregistration_protection",
                                  manifest_protection_name(ami->protection));
}

void manifest_put_release(struct json_doc *doc, const struct manifest *manifest)
{
        const struct manifest_release *release = &manifest->release;
        struct json_value *object, *list;

        if (!release->region_count && !manifest_release_shares(release))
                return;
        object = json_doc_put_object(doc, doc->root, "release");
        if (release->region_count) {
                list = json_doc_put_array(doc, object, "regions");
                for (size_t i = 0; i < release->region_count; i++) {
                        const struct manifest_region *region = &release->regions[i];
                        struct json_value *one = json_doc_push_object(doc, list);

                        json_doc_put_text(doc, one, "region", region->name);
                        json_doc_put_bool(doc, one, "required", region->required);
                        if (region->kms_key)
                                json_doc_put_text(doc, one, "kms_key", region->kms_key);
                        if (region->profile)
                                json_doc_put_text(doc, one, "profile", region->profile);
                }
        }
        put_texts(doc, object, "accounts", release->accounts, release->account_count);
        put_texts(doc, object, "organizations", release->organizations, release->organization_count);
        json_doc_put_bool(doc, object, "public", release->is_public);
        json_doc_put_bool(doc, object, "share_snapshots", release->shares_snapshots);
}

/* ---- reading ---- */

static enum ingot_code read_texts(const struct json_value *object, const char *where, const char *key,
                                  size_t most, char ***ret_texts, size_t *count, struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r;

        if (!json_value_member(object, key))
                return INGOT_OK;
        r = member_need_list(object, where, key, most, &list, err);
        if (r)
                return r;
        *ret_texts = calloc(json_value_count(list) + 1, sizeof(**ret_texts));
        if (!*ret_texts)
                return ingot_fail_memory(err, json_value_count(list) * sizeof(**ret_texts));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                const char *text = json_value_text(json_value_at(list, i));

                if (!text)
                        return ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s has an item that is no text", key,
                                          where);
                r = member_copy(text, &(*ret_texts)[i], err);
                if (!r)
                        (*count)++;
        }
        return r;
}

/* A truth value that may be left out. */
static enum ingot_code read_bool(const struct json_value *object, const char *where, const char *key,
                                 bool *ret_value, struct ingot_error *err)
{
        const struct json_value *value = json_value_member(object, key);

        if (value && !json_value_bool(value, ret_value))
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is neither true nor false", key, where);
        return INGOT_OK;
}

enum ingot_code manifest_read_ami_extras(const struct json_value *object, struct manifest_ami *ami,
                                         struct ingot_error *err)
{
        static const char where[] = "ami";
        const char *text = NULL;
        enum ingot_code r = member_may_copy(object, where, "uefi_data", &ami->uefi_data, err);

        if (!r)
                r = read_texts(object, where, "billing_products", BILLING_PRODUCTS_MAX,
                               &ami->billing_products, &ami->billing_product_count, err);
        if (!r)
                r = member_may_u64(object, where, "deprecate_after_days", &ami->deprecate_after_days, err);
        if (!r && ami->deprecate_after_days > DEPRECATE_DAYS_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "'deprecate_after_days' is more than 10 years");
        if (!r && json_value_member(object, "deprecate_at")) {
                r = json_need_text(object, where, "deprecate_at", &text, err);
                if (!r && (ami->deprecate_at_seconds = clock_parse_iso(text)) < 0)
                        r = member_fail(err, "'deprecate_at' is no time:", text);
        }
        if (r || !json_value_member(object, "deregistration_protection"))
                return r;
        r = json_need_text(object, where, "deregistration_protection", &text, err);
        if (r)
                return r;
        if (strcmp(text, protection_with_cooldown) == 0)
                ami->protection = PROTECTION_WITH_COOLDOWN;
        else if (strcmp(text, protection_on) == 0)
                ami->protection = PROTECTION_ON;
        else
                return member_fail(err, "there is no deregistration protection", text);
        return INGOT_OK;
}

static enum ingot_code read_region(const struct json_value *from, struct manifest_region *region,
                                   struct ingot_error *err)
{
        static const char where[] = "region of the release",
                          allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
        enum ingot_code r = member_need_copy(from, where, "region", &region->name, err);

        region->required = true;
        if (!r &&
            (!*region->name || strlen(region->name) > 63 || region->name[strspn(region->name, allowed)]))
                r = member_fail(err, "this is no name of a region:", region->name);
        if (!r)
                r = read_bool(from, where, "required", &region->required, err);
        if (!r)
                r = member_may_copy(from, where, "kms_key", &region->kms_key, err);
        return r ? r : member_may_copy(from, where, "profile", &region->profile, err);
}

static enum ingot_code read_regions(const struct json_value *from, struct manifest_release *release,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r;

        if (!json_value_member(from, "regions"))
                return INGOT_OK;
        r = member_need_list(from, "release", "regions", REGIONS_MAX, &list, err);
        if (r)
                return r;
        release->regions = calloc(json_value_count(list) + 1, sizeof(*release->regions));
        if (!release->regions)
                return ingot_fail_memory(err, json_value_count(list) * sizeof(*release->regions));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                release->region_count++;
                r = read_region(json_value_at(list, i), &release->regions[i], err);
                for (size_t j = 0; !r && j < i; j++) {
                        if (strcmp(release->regions[j].name, release->regions[i].name) == 0)
                                r = member_fail(
                                        err, "the release names a region twice:", release->regions[i].name);
                }
        }
        return r;
}

enum ingot_code manifest_read_release(const struct json_value *root, struct manifest *manifest,
                                      struct ingot_error *err)
{
        static const char where[] = "release";
        struct manifest_release *release = &manifest->release;
        const struct json_value *from;
        enum ingot_code r;

        if (!json_value_member(root, where))
                return INGOT_OK;
        r = json_need_object(root, "manifest", where, &from, err);
        if (!r)
                r = read_regions(from, release, err);
        if (!r)
                r = read_texts(from, where, "accounts", TEXTS_MAX, &release->accounts,
                               &release->account_count, err);
        if (!r)
                r = read_texts(from, where, "organizations", TEXTS_MAX, &release->organizations,
                               &release->organization_count, err);
        if (!r)
                r = read_bool(from, where, "public", &release->is_public, err);
        return r ? r : read_bool(from, where, "share_snapshots", &release->shares_snapshots, err);
}

/* ---- asking ---- */

const char *manifest_protection_name(enum deregistration_protection protection)
{
        return protection == PROTECTION_OFF  ? "disabled"
               : protection == PROTECTION_ON ? protection_on
                                             : protection_with_cooldown;
}

bool manifest_release_shares(const struct manifest_release *release)
{
        return release->is_public || release->account_count || release->organization_count;
}

const struct manifest_region *manifest_release_find(const struct manifest_release *release,
                                                    const char *region)
{
        for (size_t i = 0; i < release->region_count; i++)
                if (strcmp(release->regions[i].name, region) == 0)
                        return &release->regions[i];
        return NULL;
}
