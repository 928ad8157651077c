/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/template_release.h"
#include "model/template_rules.h"

enum { ACCOUNT_DIGITS = 12, REGION_NAME_CHARS = 63, ARN_CHARS = 2048 };

static void rule_region(struct checker *checker, const struct text_value *value)
{
        static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

        if (!*value->text || value->text[strspn(value->text, alphabet)])
                checker_complain(checker, &value->mark, "'%s' is no name of a region, as us-east-1 is",
                                 value->text);
}

static void rule_account(struct checker *checker, const struct text_value *value)
{
        if (strlen(value->text) != ACCOUNT_DIGITS || strspn(value->text, "0123456789") != ACCOUNT_DIGITS)
                checker_complain(checker, &value->mark,
                                 "'%s' is no AWS account: it has 12 digits; write it in quotes", value->text);
}

/* arn:aws:organizations::MGMT:organization/o-..., or :ou/o-.../ou-... */
static void rule_organization(struct checker *checker, const struct text_value *value)
{
        if (strncmp(value->text, "arn:aws", 7) != 0 || !strstr(value->text, ":organizations::") ||
            (!strstr(value->text, ":organization/o-") && !strstr(value->text, ":ou/o-")))
                checker_complain(checker, &value->mark,
                                 "'%s' is no ARN of an organization or organizational unit", value->text);
}

static void rule_key(struct checker *checker, const struct text_value *value)
{
        if (strncmp(value->text, "arn:aws", 7) != 0 || !strstr(value->text, ":kms:") ||
            !strstr(value->text, ":key/"))
                checker_complain(
                        checker, &value->mark,
                        "'%s' is no ARN of a key; EBS takes arn:aws:kms:REGION:ACCOUNT:key/ID and no "
                        "alias",
                        value->text);
}

static void take_regions(struct checker *checker, const struct node *value, const struct field *field,
                         void *member);

#define AT(member) offsetof(struct template_region, member)
static const struct field region_fields[] = {
        { .key = "region",
          .take = take_text,
          .offset = AT(name),
          .required = true,
          .min = 1,
          .max = REGION_NAME_CHARS,
          .rule = rule_region },
        { .key = "kms-key",
          .take = take_text,
          .offset = AT(kms_key),
          .min = 1,
          .max = ARN_CHARS,
          .rule = rule_key },
        { .key = "profile",
          .take = take_text,
          .offset = AT(profile),
          .min = 1,
          .max = 128,
          .rule = rule_one_line },
        { .key = "required", .take = take_tri, .offset = AT(required) },
};
#undef AT
#define AT(member) offsetof(struct template_release, member)
static const struct field release_fields[] = {
        { .key = "regions", .take = take_regions, .offset = 0 },
        { .key = "accounts", .take = take_texts, .offset = AT(accounts), .rule = rule_account },
        { .key = "organizations",
          .take = take_texts,
          .offset = AT(organizations),
          .min = 1,
          .max = ARN_CHARS,
          .rule = rule_organization },
        { .key = "public", .take = take_bool, .offset = AT(is_public) },
        { .key = "share-snapshots", .take = take_bool, .offset = AT(shares_snapshots) },
};
#undef AT

static void take_region(struct checker *checker, const struct node *value, struct template_region *region)
{
        region->mark = value->mark;
        if (value->kind == NODE_SCALAR)
                take_text(checker, value, &region_fields[0], &region->name);
        else
                (void)checker_take_fields(checker, value, region_fields, FIELD_COUNT(region_fields), region);
        if (region->required == TRI_UNSET)
                region->required = TRI_YES;
        if (region->name.text && region->kms_key.text) {
                const char *at = strstr(region->kms_key.text, ":kms:");
                size_t chars = strlen(region->name.text);

                if (at && (strncmp(at + 5, region->name.text, chars) != 0 || at[5 + chars] != ':'))
                        checker_complain_at(checker, "kms-key", &region->kms_key.mark,
                                            "is a key of another region than '%s'", region->name.text);
        }
}

static void take_regions(struct checker *checker, const struct node *value, const struct field *field,
                         void *member)
{
        struct template_release *release = member;

        (void)field;
        if (!checker_need(checker, value, NODE_SEQUENCE))
                return;
        if (value->count > RELEASE_REGIONS_MAX) {
                checker_complain(checker, &value->mark, "has %zu regions; at most %d are taken", value->count,
                                 RELEASE_REGIONS_MAX);
                return;
        }
        release->regions = checker_allocate(checker, value->count, sizeof(*release->regions));
        for (size_t i = 0; release->regions && i < value->count; i++) {
                struct template_region *region = &release->regions[i];
                size_t outer = checker_enter_index(checker, i);

                release->region_count++;
                take_region(checker, value->children[i].value, region);
                for (size_t j = 0; j < i && region->name.text; j++) {
                        const char *other = release->regions[j].name.text;

                        if (other && strcmp(other, region->name.text) == 0)
                                checker_complain(checker, &region->name.mark, "region '%s' is named twice",
                                                 other);
                }
                checker_leave(checker, outer);
        }
}

void take_release(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct template_release *release = member;
        size_t shares;

        (void)field;
        release->mark = value->mark;
        (void)checker_take_fields(checker, value, release_fields, FIELD_COUNT(release_fields), release);
        shares = release->accounts.count + release->organizations.count;
        if (shares > RELEASE_ACCOUNTS_MAX) /* UG ami-quotas */
                checker_complain(checker, &value->mark,
                                 "shares with %zu accounts and organizations; EC2 allows %d for an AMI",
                                 shares, RELEASE_ACCOUNTS_MAX);
}

void check_release(struct checker *checker, const struct template *template)
{
        const struct template_release *release = &template->release;
        size_t outer = checker_enter_key(checker, "release"), best_effort = 0;

        for (size_t i = 0; i < release->region_count; i++) {
                const struct template_region *region = &release->regions[i];

                best_effort += region->required == TRI_NO;
                if (release->is_public && region->kms_key.text)
                        checker_complain(checker, &region->kms_key.mark,
                                         "an AMI with encrypted volumes cannot be public; leave 'kms-key' or "
                                         "'public' out");
        }
        if (release->region_count && best_effort == release->region_count)
                checker_complain(checker, &release->mark,
                                 "requires no region: leave 'required: false' out of one at least");
        checker_leave(checker, outer);
}
