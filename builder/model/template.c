/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "model/template.h"

static void text_release(struct text_value *value)
{
        free(value->text);
        value->text = NULL;
}

static void texts_release(struct text_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                text_release(&list->items[i]);
        free(list->items);
        *list = (struct text_list){ 0 };
}

static void step_release(struct content_step *step)
{
        struct text_value *const texts[] = {
                &step->source,       &step->sha256, &step->to,      &step->text,
                &step->target,       &step->name,   &step->mode,    &step->owner,
                &step->home,         &step->shell,  &step->comment, &step->primary_group,
                &step->distribution, &step->suite,  &step->variant, &step->mirror,
        };

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                text_release(texts[i]);
        texts_release(&step->groups);
        texts_release(&step->packages);
        texts_release(&step->components);
}

static void volume_release(struct template_volume *volume)
{
        text_release(&volume->device_name);
        for (size_t i = 0; i < volume->partition_count; i++) {
                text_release(&volume->partitions[i].name);
                text_release(&volume->partitions[i].label);
                text_release(&volume->partitions[i].mount);
                text_release(&volume->partitions[i].uuid);
        }
        free(volume->partitions);
        for (size_t i = 0; i < volume->content_count; i++)
                step_release(&volume->content[i]);
        free(volume->content);
}

static void ami_release(struct template_ami *ami)
{
        text_release(&ami->boot_mode);
        text_release(&ami->imds);
        text_release(&ami->sriov);
        text_release(&ami->tpm);
        text_release(&ami->uefi_data);
        texts_release(&ami->billing_products);
        text_release(&ami->deprecate_at);
        for (size_t i = 0; i < ami->tag_count; i++) {
                text_release(&ami->tags[i].key);
                text_release(&ami->tags[i].value);
        }
        free(ami->tags);
}

static void release_release(struct template_release *release)
{
        for (size_t i = 0; i < release->region_count; i++) {
                text_release(&release->regions[i].name);
                text_release(&release->regions[i].kms_key);
                text_release(&release->regions[i].profile);
        }
        free(release->regions);
        texts_release(&release->accounts);
        texts_release(&release->organizations);
}

void template_free(struct template *template)
{
        if (!template)
                return;
        free(template->file);
        free(template->folder);
        text_release(&template->name);
        text_release(&template->description);
        text_release(&template->architecture);
        text_release(&template->version);
        text_release(&template->root_device);
        text_release(&template->seed);
        for (size_t i = 0; i < template->volume_count; i++)
                volume_release(&template->volumes[i]);
        free(template->volumes);
        text_release(&template->boot.command_line);
        ami_release(&template->ami);
        release_release(&template->release);
        for (size_t i = 0; i < template->setting_count; i++) {
                free((char *)template->settings[i].key);
                free((char *)template->settings[i].value);
        }
        free(template->settings);
        free(template);
}

void template_drop(struct template **template)
{
        template_free(*template);
        *template = NULL;
}

const struct template_volume *template_volume_find(const struct template *template, const char *device_name)
{
        for (size_t i = 0; i < template->volume_count; i++) {
                if (strcmp(template->volumes[i].device_name.text, device_name) == 0)
                        return &template->volumes[i];
        }
        return NULL;
}
