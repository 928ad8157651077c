/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/template_ami.h"
#include "model/template_rules.h"

enum {
        TAGS_MAX = 50,
        TAG_KEY_MAX_CHARS = 127,
        TAG_VALUE_MAX_CHARS = 256,
        BILLING_PRODUCTS_MAX = 20,
        DEPRECATE_DAYS_MAX = 3652 /* EnableImageDeprecation: at most 10 years ahead */
};

static const char *const boot_modes[] = { "legacy-bios", "uefi", "uefi-preferred", NULL };
static const char *const imds_choices[] = { "v2.0", "none", NULL };
static const char *const sriov_choices[] = { "simple", "none", NULL };
static const char *const tpm_choices[] = { "v2.0", "none", NULL };
static const char *const protections[] = { "true", "false", "with-cooldown", NULL };

static void take_tags(struct checker *checker, const struct node *value, const struct field *field,
                      void *member);
static void take_days(struct checker *checker, const struct node *value, const struct field *field,
                      void *member);
static void take_protection(struct checker *checker, const struct node *value, const struct field *field,
                            void *member);

/* A moment as EC2 writes them. */
static void rule_moment(struct checker *checker, const struct text_value *value)
{
        if (clock_parse_iso(value->text) < 0)
                checker_complain(checker, &value->mark, "'%s' is no time; write it as 2027-06-30T00:00:00Z",
                                 value->text);
}

#define AT(member) offsetof(struct template_ami, member)
static const struct field ami_fields[] = {
        { .key = "boot-mode", .take = take_text, .offset = AT(boot_mode), .choices = boot_modes },
        { .key = "ena", .take = take_tri, .offset = AT(ena) },
        { .key = "imds", .take = take_text, .offset = AT(imds), .choices = imds_choices },
        { .key = "sriov", .take = take_text, .offset = AT(sriov), .choices = sriov_choices },
        { .key = "tpm", .take = take_text, .offset = AT(tpm), .choices = tpm_choices },
        { .key = "uefi-data", .take = take_text, .offset = AT(uefi_data), .rule = rule_source },
        { .key = "billing-products",
          .take = take_texts,
          .offset = AT(billing_products),
          .min = 1,
          .max = 128,
          .rule = rule_word },
        { .key = "deprecate-after", .take = take_days, .offset = AT(deprecate_after_days) },
        { .key = "deprecate-at", .take = take_text, .offset = AT(deprecate_at), .rule = rule_moment },
        { .key = "deregistration-protection",
          .take = take_protection,
          .offset = AT(protection),
          .choices = protections },
        { .key = "tags", .take = take_tags, .offset = 0 },
};
#undef AT

/* "90d", "13w". */
static void take_days(struct checker *checker, const struct node *value, const struct field *field,
                      void *member)
{
        static const struct field text_field = { .min = 2, .max = 6 };
        struct number_value *days = member;
        struct text_value text = { 0 };
        uint64_t count = 0;
        const char *at;

        (void)field;
        take_text(checker, value, &text_field, &text);
        if (!text.text)
                return;
        for (at = text.text; *at >= '0' && *at <= '9'; at++)
                count = count * 10 + (uint64_t)(*at - '0');
        if (strcmp(at, "w") == 0)
                count *= 7;
        if (at == text.text || (strcmp(at, "d") != 0 && strcmp(at, "w") != 0))
                checker_complain(checker, &value->mark, "'%s' is no number of days; write it as 90d or 13w",
                                 text.text);
        else if (!count || count > DEPRECATE_DAYS_MAX)
                checker_complain(checker, &value->mark, "'%s' is out of range: EC2 takes 1d to %dd",
                                 text.text, DEPRECATE_DAYS_MAX);
        else
                *days = (struct number_value){ .value = count, .given = true, .mark = value->mark };
        free(text.text);
}

static void take_protection(struct checker *checker, const struct node *value, const struct field *field,
                            void *member)
{
        enum deregistration_protection *protection = member;
        struct text_value text = { 0 };

        take_text(checker, value, field, &text);
        if (text.text)
                *protection = strcmp(text.text, "true") == 0            ? PROTECTION_ON
                              : strcmp(text.text, "with-cooldown") == 0 ? PROTECTION_WITH_COOLDOWN
                                                                        : PROTECTION_OFF;
        free(text.text);
}

static void take_tag(struct checker *checker, const struct node_child *child, struct template_tag *tag)
{
        static const struct field value_field = { .min = 0, .max = TAG_VALUE_MAX_CHARS };
        size_t characters = count_characters(child->key);

        tag->key = (struct text_value){ .text = strdup(child->key), .mark = child->key_mark };
        if (!tag->key.text)
                checker->out_of_memory = true;
        if (strncmp(child->key, "aws:", 4) == 0)
                checker_complain(checker, &child->key_mark, "the key of a tag cannot start with 'aws:'");
        if (characters == 0 || characters > TAG_KEY_MAX_CHARS)
                checker_complain(checker, &child->key_mark,
                                 "the key of a tag has 1 to %d characters, not %zu", TAG_KEY_MAX_CHARS,
                                 characters);
        take_text(checker, child->value, &value_field, &tag->value);
}

static void take_tags(struct checker *checker, const struct node *value, const struct field *field,
                      void *member)
{
        struct template_ami *ami = member;

        (void)field;
        if (!checker_need(checker, value, NODE_MAPPING))
                return;
        if (value->count > TAGS_MAX) {
                checker_complain(checker, &value->mark, "has %zu tags; EC2 takes %d", value->count, TAGS_MAX);
                return;
        }
        ami->tags = checker_allocate(checker, value->count, sizeof(*ami->tags));
        for (size_t i = 0; ami->tags && i < value->count; i++) {
                size_t outer = checker_enter_key(checker, value->children[i].key);

                take_tag(checker, &value->children[i], &ami->tags[i]);
                ami->tag_count++;
                checker_leave(checker, outer);
        }
}

void take_ami(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct template_ami *ami = member;

        (void)field;
        ami->mark = value->mark;
        (void)checker_take_fields(checker, value, ami_fields, FIELD_COUNT(ami_fields), ami);
        if (ami->deprecate_after_days.given && ami->deprecate_at.text)
                checker_complain_at(checker, "deprecate-at", &ami->deprecate_at.mark,
                                    "and 'deprecate-after' exclude each other");
        if (ami->billing_products.count > BILLING_PRODUCTS_MAX)
                checker_complain_at(checker, "billing-products", &ami->billing_products.items[0].mark,
                                    "has %zu products; at most %d are taken", ami->billing_products.count,
                                    BILLING_PRODUCTS_MAX);
}

/* What boots, by the boot section, that EC2 should be told of; NULL when ingot installs no loader. */
static const char *default_boot_mode(const struct template_boot *boot)
{
        if (boot->bios == BOOT_GRUB)
                return boot->uefi == BOOT_GRUB ? "uefi-preferred" : "legacy-bios";
        return boot->uefi == BOOT_GRUB ? "uefi" : NULL;
}

static void check_boot_mode(struct checker *checker, const struct template *template)
{
        const struct template_boot *boot = &template->boot;
        const struct text_value *mode = &template->ami.boot_mode;
        bool any = boot->bios == BOOT_GRUB || boot->uefi == BOOT_GRUB;
        bool is_bios = strcmp(mode->text, "legacy-bios") == 0, is_uefi = strcmp(mode->text, "uefi") == 0;

        if (template->architecture.text && strcmp(template->architecture.text, "arm64") == 0 && !is_uefi)
                checker_complain(checker, &mode->mark, "arm64 boots by UEFI only; write 'uefi'");
        else if (any && !is_uefi && boot->bios != BOOT_GRUB)
                checker_complain(checker, &mode->mark, "'%s' needs 'bios: grub' in the boot section",
                                 mode->text);
        else if (any && !is_bios && boot->uefi != BOOT_GRUB)
                checker_complain(checker, &mode->mark, "'%s' needs 'uefi: grub' in the boot section",
                                 mode->text);
}

void check_ami(struct checker *checker, const struct template *template)
{
        const struct template_ami *ami = &template->ami;
        const char *mode = ami->boot_mode.text ? ami->boot_mode.text : default_boot_mode(&template->boot);
        size_t outer = checker_enter_key(checker, "ami"), inner;

        if (ami->boot_mode.text) {
                inner = checker_enter_key(checker, "boot-mode");
                check_boot_mode(checker, template);
                checker_leave(checker, inner);
        }
        if (ami->uefi_data.text && mode && strcmp(mode, "legacy-bios") == 0)
                checker_complain_at(checker, "uefi-data", &ami->uefi_data.mark,
                                    "the boot mode 'legacy-bios' has no UEFI variables");
        if (ami->tpm.text && strcmp(ami->tpm.text, "none") != 0 && (!mode || strcmp(mode, "uefi") != 0)) {
                inner = checker_enter_key(checker, "tpm");
                checker_complain(checker, &ami->tpm.mark,
                                 "EC2 gives a TPM to AMIs of boot mode 'uefi' only, and this one has %s%s%s; "
                                 "write 'boot-mode: uefi'",
                                 mode ? "'" : "", mode ? mode : "none", mode ? "'" : "");
                checker_leave(checker, inner);
        }
        checker_leave(checker, outer);
}

static void fill_text(struct checker *checker, struct text_value *value, const char *text,
                      const struct mark *mark)
{
        if (value->text || !text)
                return;
        value->text = strdup(text);
        value->mark = *mark;
        if (!value->text)
                checker->out_of_memory = true;
}

void fill_ami(struct checker *checker, struct template *template)
{
        struct template_ami *ami = &template->ami;
        bool is_x86 = template->architecture.text && strcmp(template->architecture.text, "x86_64") == 0;

        if (ami->ena == TRI_UNSET)
                ami->ena = TRI_YES;
        fill_text(checker, &ami->imds, "v2.0", &ami->mark);
        fill_text(checker, &ami->sriov, is_x86 ? "simple" : "none", &ami->mark);
        fill_text(checker, &ami->boot_mode, default_boot_mode(&template->boot), &ami->mark);
}
