/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/template_check.h"
#include "model/template_expand.h"
#include "model/template_fields.h"
#include "model/template_reader.h"
#include "model/template_rules.h"
#include "model/template_volume.h"

enum { TAGS_MAX = 50, TAG_KEY_MAX_CHARS = 127, TAG_VALUE_MAX_CHARS = 256 };

/* The first day that a FAT can say, and the end of the last year that everything can. */
#define EPOCH_MIN_SECONDS UINT64_C(315532800)  /* 1980-01-01T00:00:00Z */
#define EPOCH_MAX_SECONDS UINT64_C(4102444799) /* 2099-12-31T23:59:59Z */

static const char *const architectures[] = { "x86_64", "arm64", NULL };
static const char *const loaders[] = { "grub", "none", NULL };
static const char *const boot_modes[] = { "legacy-bios", "uefi", "uefi-preferred", NULL };
static const char *const imds_choices[] = { "v2.0", "none", NULL };
static const char *const sriov_choices[] = { "simple", "none", NULL };
static const char *const tpm_choices[] = { "v2.0", NULL };

static void take_boot(struct checker *checker, const struct node *value, const struct field *field,
                      void *member);
static void take_ami(struct checker *checker, const struct node *value, const struct field *field,
                     void *member);
static void take_tags(struct checker *checker, const struct node *value, const struct field *field,
                      void *member);
static void take_loader(struct checker *checker, const struct node *value, const struct field *field,
                        void *member);

#define AT(member) offsetof(struct template, member)
static const struct field top_fields[] = {
        { .key = "name",
          .take = take_text,
          .offset = AT(name),
          .required = true,
          .min = 3,
          .max = 128,
          .rule = rule_ami_name },
        { .key = "description",
          .take = take_text,
          .offset = AT(description),
          .min = 0,
          .max = 255,
          .rule = rule_one_line },
        { .key = "architecture",
          .take = take_text,
          .offset = AT(architecture),
          .required = true,
          .choices = architectures },
        { .key = "version",
          .take = take_text,
          .offset = AT(version),
          .min = 1,
          .max = 128,
          .rule = rule_one_line },
        { .key = "root-device",
          .take = take_text,
          .offset = AT(root_device),
          .required = true,
          .rule = rule_device_name },
        { .key = "volumes", .take = take_volumes, .offset = 0, .required = true },
        { .key = "boot", .take = take_boot, .offset = AT(boot) },
        { .key = "ami", .take = take_ami, .offset = AT(ami) },
        { .key = "seed", .take = take_text, .offset = AT(seed), .rule = rule_uuid },
        { .key = "source-date-epoch",
          .take = take_number,
          .offset = AT(source_date_epoch),
          .min = EPOCH_MIN_SECONDS,
          .max = EPOCH_MAX_SECONDS },
};
#undef AT
#define AT(member) offsetof(struct template_boot, member)
static const struct field boot_fields[] = {
        { .key = "bios", .take = take_loader, .offset = AT(bios), .choices = loaders },
        { .key = "uefi", .take = take_loader, .offset = AT(uefi), .choices = loaders },
        { .key = "command-line",
          .take = take_text,
          .offset = AT(command_line),
          .max = 2048,
          .rule = rule_one_line },
        { .key = "timeout", .take = take_number, .offset = AT(timeout_seconds), .max = 3600 },
};
#undef AT
#define AT(member) offsetof(struct template_ami, member)
static const struct field ami_fields[] = {
        { .key = "boot-mode", .take = take_text, .offset = AT(boot_mode), .choices = boot_modes },
        { .key = "ena", .take = take_tri, .offset = AT(ena) },
        { .key = "imds", .take = take_text, .offset = AT(imds), .choices = imds_choices },
        { .key = "sriov", .take = take_text, .offset = AT(sriov), .choices = sriov_choices },
        { .key = "tpm", .take = take_text, .offset = AT(tpm), .choices = tpm_choices },
        { .key = "tags", .take = take_tags, .offset = 0 },
};
#undef AT

static void take_loader(struct checker *checker, const struct node *value, const struct field *field,
                        void *member)
{
        struct text_value text = { 0 };

        take_text(checker, value, field, &text);
        if (text.text)
                *(enum boot_loader *)member = strcmp(text.text, "grub") == 0 ? BOOT_GRUB : BOOT_NONE;
        free(text.text);
}

static void take_boot(struct checker *checker, const struct node *value, const struct field *field,
                      void *member)
{
        struct template_boot *boot = member;

        (void)field;
        boot->mark = value->mark;
        (void)checker_take_fields(checker, value, boot_fields, FIELD_COUNT(boot_fields), boot);
}

static void take_ami(struct checker *checker, const struct node *value, const struct field *field,
                     void *member)
{
        struct template_ami *ami = member;

        (void)field;
        ami->mark = value->mark;
        (void)checker_take_fields(checker, value, ami_fields, FIELD_COUNT(ami_fields), ami);
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

/* Whether the root device has a partition of that type. */
static bool root_has(const struct template *template, enum partition_type type)
{
        const struct template_volume *root =
                template->root_device.text ? template_volume_find(template, template->root_device.text)
                                           : NULL;

        if (!root || !root->partition_count)
                return true; /* that is another mistake, told already */
        for (size_t i = 0; i < root->partition_count; i++) {
                if (root->partition_table == PARTITION_TABLE_GPT && root->partitions[i].type == type)
                        return true;
        }
        return false;
}

static void check_boot(struct checker *checker, const struct template *template)
{
        const struct template_boot *boot = &template->boot;
        size_t outer = checker_enter_key(checker, "boot");

        if (boot->bios == BOOT_GRUB && template->architecture.text &&
            strcmp(template->architecture.text, "arm64") == 0)
                checker_complain(checker, &boot->mark, "arm64 has no BIOS; leave 'bios: grub' out");
        else if (boot->bios == BOOT_GRUB && !root_has(template, PARTITION_BIOS_BOOT))
                checker_complain(
                        checker, &boot->mark,
                        "'bios: grub' needs a partition for GRUB's core on the root device; add {name: "
                        "bios, type: bios-boot, size: 1MiB}");
        if (boot->uefi == BOOT_GRUB && !root_has(template, PARTITION_ESP))
                checker_complain(
                        checker, &boot->mark,
                        "'uefi: grub' needs a partition of type esp on the root device; add {name: esp, "
                        "type: esp, size: 64MiB, mount: /boot/efi}");
        checker_leave(checker, outer);
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

static void check_ami(struct checker *checker, const struct template *template)
{
        const struct template_ami *ami = &template->ami;
        const char *mode = ami->boot_mode.text ? ami->boot_mode.text : default_boot_mode(&template->boot);
        size_t outer = checker_enter_key(checker, "ami"), inner;

        if (ami->boot_mode.text) {
                inner = checker_enter_key(checker, "boot-mode");
                check_boot_mode(checker, template);
                checker_leave(checker, inner);
        }
        if (ami->tpm.text && (!mode || strcmp(mode, "uefi") != 0)) {
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

static void fill_defaults(struct checker *checker, struct template *template)
{
        struct template_ami *ami = &template->ami;
        bool is_x86 = template->architecture.text && strcmp(template->architecture.text, "x86_64") == 0;

        if (ami->ena == TRI_UNSET)
                ami->ena = TRI_YES;
        fill_text(checker, &ami->imds, "v2.0", &ami->mark);
        fill_text(checker, &ami->sriov, is_x86 ? "simple" : "none", &ami->mark);
        fill_text(checker, &ami->boot_mode, default_boot_mode(&template->boot), &ami->mark);
}

static int compare_settings(const void *left, const void *right)
{
        const struct template_setting *a = left, *b = right;

        return strcmp(a->key, b->key);
}

/* Keeps what the template was called with; false: out of memory. */
static bool keep_call(struct template *template, const char *file, const struct template_setting *settings,
                      size_t setting_count)
{
        const char *slash = strrchr(file, '/');
        size_t folder_bytes = slash ? (size_t)(slash - file) + (slash == file) : 0;

        template->file = strdup(file);
        template->folder = folder_bytes ? strndup(file, folder_bytes) : strdup(".");
        template->settings = calloc(setting_count ? setting_count : 1, sizeof(*template->settings));
        if (!template->file || !template->folder || !template->settings)
                return false;
        for (size_t i = 0; i < setting_count; i++) {
                struct template_setting *kept = &template->settings[template->setting_count++];

                kept->key = strdup(settings[i].key);
                kept->value = strdup(settings[i].value);
                if (!kept->key || !kept->value)
                        return false;
        }
        if (setting_count > 1)
                qsort(template->settings, setting_count, sizeof(*template->settings), compare_settings);
        return true;
}

static enum ingot_code fill_template(struct template *template, const struct node *root,
                                     struct complaint_list *complaints, struct ingot_error *err)
{
        struct checker checker = {
                .complaints = complaints,
                .path = CHECKER_PATH_INIT,
                .file = template->file,
                .context = template,
        };

        if (checker_take_fields(&checker, root, top_fields, FIELD_COUNT(top_fields), template)) {
                check_volumes(&checker, template);
                check_boot(&checker, template);
                check_ami(&checker, template);
                fill_defaults(&checker, template);
        }
        return checker_finish(&checker, err);
}

enum ingot_code template_parse(const char *bytes, size_t size_bytes, const char *file,
                               const struct template_setting *settings, size_t setting_count,
                               struct complaint_list *complaints, struct template **ret_template,
                               struct ingot_error *err)
{
        OWNED(template_drop) struct template *template = calloc(1, sizeof(*template));
        OWNED(node_drop) struct node *root = NULL;
        size_t before = complaints->count + complaints->left_out;
        enum ingot_code r;

        if (!template || !keep_call(template, file, settings, setting_count))
                return ingot_fail_memory(err, sizeof(*template));
        r = digest_of(bytes, size_bytes, &template->digest, err);
        if (!r)
                r = template_read(bytes, size_bytes, template->file, complaints, &root, err);
        if (!r && root->kind != NODE_MAPPING)
                complain(complaints, &root->mark, NULL,
                         "not a template: it starts with keys, as 'name:', 'architecture:', 'volumes:'");
        else if (!r)
                r = template_expand(root, settings, setting_count, complaints, err);
        if (!r && root->kind == NODE_MAPPING)
                r = fill_template(template, root, complaints, err);
        complaint_list_sort(complaints);
        if (!r && complaints->count + complaints->left_out > before)
                r = complaint_list_fail(complaints, file, err);
        if (r) {
                complaint_list_rename(complaints, template->file, file);
                return r;
        }
        *ret_template = TAKE(template);
        return INGOT_OK;
}
