/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "content/apply.h"
#include "content/bootstrap.h"
#include "content/identity_reset.h"
#include "lifecycle/gather.h"
#include "model/template_content.h"

struct gatherer {
        struct preparation *preparation;
        struct volume *volume;
        const struct ingot_build_request *request;
        const struct ingot_observer *observer;
        bool is_root;
};

static bool step_is_base(const struct content_step *step)
{
        return step->verb == CONTENT_BOOTSTRAP || step->verb == CONTENT_TAR ||
               step->verb == CONTENT_DIRECTORY;
}

static enum ingot_code record_source(const struct gatherer *gatherer, const struct content_step *step,
                                     const char *name, const struct content_source *read,
                                     struct ingot_error *err)
{
        struct preparation *preparation = gatherer->preparation;
        struct undigested *later = preparation->undigested;
        struct manifest_source source = { .device_name = gatherer->volume->asked->device_name.text,
                                          .kind = (char *)template_verb_name(step->verb),
                                          .name = (char *)name,
                                          .size_bytes = read->size_bytes,
                                          .has_digest = true,
                                          .digest = read->digest };

        if (read->undigested) {
                later = realloc(later, (preparation->undigested_count + 1) * sizeof(*later));
                if (!later)
                        return ingot_fail_memory(err, sizeof(*later));
                preparation->undigested = later;
                later[preparation->undigested_count++] =
                        (struct undigested){ .source = read->undigested,
                                             .index = preparation->manifest->source_count };
        }
        return manifest_add_source(preparation->manifest, &source, err);
}

/* ---- bootstrap ---- */

/* The list's texts, and up to two more; owned by the caller (free), the texts borrowed. */
static const char **borrow_texts(const struct text_list *list, const char *const *more, size_t more_count)
{
        const char **texts = calloc(list->count + more_count + 1, sizeof(*texts));

        for (size_t i = 0; texts && i < list->count; i++)
                texts[i] = list->items[i].text;
        for (size_t i = 0; texts && i < more_count; i++)
                texts[list->count + i] = more[i];
        return texts;
}

/* Rule 3. */
static size_t boot_packages(const struct gatherer *gatherer, const char *out[2])
{
        const struct template *template = gatherer->preparation->inputs.template;
        size_t count = 0;

        if (!gatherer->is_root)
                return 0;
        if (template->boot.bios == BOOT_GRUB)
                out[count++] = "grub-pc-bin";
        if (template->boot.uefi == BOOT_GRUB)
                out[count++] = strcmp(template->architecture.text, "arm64") == 0 ? "grub-efi-arm64-bin"
                                                                                 : "grub-efi-amd64-bin";
        return count;
}

static enum ingot_code apply_tar(const struct content_target *target, const struct content_step *step,
                                 char *tar_path, const struct digest *digest,
                                 struct content_source *ret_source, struct ingot_error *err)
{
        char expected[DIGEST_HEX_CHARS + 1];
        struct content_step tar = { .verb = CONTENT_TAR,
                                    .mark = step->mark,
                                    .source = { .text = tar_path, .mark = step->mark },
                                    .sha256 = { .text = expected, .mark = step->mark },
                                    .to = step->to };

        hex_encode(digest->bytes, DIGEST_BYTES, expected);
        return content_apply(target, &tar, ret_source, err);
}

/* "mmdebstrap 1.3.5" */
static enum ingot_code record_bootstrap_tool(const struct gatherer *gatherer, const char *tool,
                                             struct ingot_error *err)
{
        size_t name_chars = strcspn(tool, " ");
        char name[BOOTSTRAP_TOOL_CHARS + 1];

        (void)snprintf(name, sizeof(name), "%.*s", (int)name_chars, tool);
        return manifest_add_tool(gatherer->preparation->manifest, name,
                                 tool + name_chars + (tool[name_chars] == ' '), err);
}

/* A relative cache folder is relative to where we were started; a step's source, to the template's folder. */
static enum ingot_code make_absolute(char **path, struct ingot_error *err)
{
        char *absolute = realpath(*path, NULL);

        if (!absolute)
                return ingot_fail_errno(err, "finding '%s'", *path);
        free(*path);
        *path = absolute;
        return INGOT_OK;
}

static enum ingot_code apply_bootstrap(const struct gatherer *gatherer, const struct content_target *target,
                                       const struct content_step *step, struct ingot_error *err)
{
        const char *more[2];
        size_t more_count = boot_packages(gatherer, more);
        OWNED(heap_drop) const char **packages = borrow_texts(&step->packages, more, more_count);
        OWNED(heap_drop) const char **components = borrow_texts(&step->components, NULL, 0);
        OWNED(heap_drop) char *tar_path = NULL;
        struct bootstrap_request asked = { .distribution = step->distribution.text,
                                           .suite = step->suite.text,
                                           .variant = step->variant.text,
                                           .components = components,
                                           .component_count = step->components.count,
                                           .packages = packages,
                                           .package_count = step->packages.count + more_count,
                                           .mirror = step->mirror.text,
                                           .architecture =
                                                   gatherer->preparation->inputs.template->architecture.text,
                                           .epoch_seconds = gatherer->preparation->epoch_seconds,
                                           .cache_folder = gatherer->request->cache_folder,
                                           .environment = gatherer->request->environment,
                                           .refresh = gatherer->request->refresh };
        struct content_source source = { 0 };
        struct bootstrap_result made = { 0 };
        char name[128];
        enum ingot_code r;

        if (!packages || !components)
                return ingot_fail_memory(err, step->packages.count * sizeof(*packages));
        r = bootstrap(&asked, gatherer->observer, &made, err);
        tar_path = made.tar_path;
        if (!r)
                r = make_absolute(&tar_path, err);
        if (!r)
                r = apply_tar(target, step, tar_path, &made.digest, &source, err);
        if (!r)
                r = record_bootstrap_tool(gatherer, made.tool, err);
        if (r)
                return r;
        (void)snprintf(name, sizeof(name), "%s %s", asked.distribution, asked.suite);
        return record_source(gatherer, step, name, &source, err);
}

/* ---- steps ---- */

static enum ingot_code apply_step(const struct gatherer *gatherer, const struct content_target *target,
                                  const struct content_step *step, struct ingot_error *err)
{
        struct content_source source = { 0 };
        enum ingot_code r;

        if (step->verb == CONTENT_BOOTSTRAP)
                return apply_bootstrap(gatherer, target, step, err);
        r = content_apply(target, step, &source, err);
        if (!r && source.used)
                r = record_source(gatherer, step, step->source.text, &source, err);
        return r;
}

enum ingot_code gather_content(struct preparation *preparation, size_t index,
                               const struct ingot_build_request *request,
                               const struct ingot_observer *observer, struct ingot_error *err)
{
        const struct template *template = preparation->inputs.template;
        struct volume *volume = &preparation->volumes[index];
        const struct gatherer gatherer = { .preparation = preparation,
                                           .volume = volume,
                                           .request = request,
                                           .observer = observer,
                                           .is_root = strcmp(volume->asked->device_name.text,
                                                             template->root_device.text) == 0 };
        const struct content_target target = { .tree = volume->tree,
                                               .store = preparation->store,
                                               .epoch_seconds = preparation->epoch_seconds,
                                               .folder = template->folder,
                                               .observer = observer,
                                               .digests_later = true };
        bool in_base = true;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i <= volume->asked->content_count; i++) {
                bool at_end = i == volume->asked->content_count;

                if (in_base && (at_end || !step_is_base(&volume->asked->content[i]))) {
                        in_base = false;
                        if (gatherer.is_root)
                                r = identity_reset(volume->tree, preparation->store, err);
                }
                if (!r && !at_end)
                        r = apply_step(&gatherer, &target, &volume->asked->content[i], err);
        }
        return ingot_while(err, r, "gathering the content of volume '%s'", volume->asked->device_name.text);
}
