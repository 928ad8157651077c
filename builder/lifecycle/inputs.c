/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "base/plural.h"
#include "lifecycle/inputs.h"
#include "model/template_check.h"

enum { INPUT_MAX_BYTES = 1 << 20 }; /* a template is some kilobytes; template_reader has the same ceiling */

static enum ingot_code report_complaints(struct complaint_list *complaints,
                                         const struct ingot_complaint_sink *sink,
                                         const struct ingot_inputs *asked, struct ingot_error *err)
{
        size_t total = complaints->count + complaints->left_out;

        if (!total)
                return INGOT_OK;
        complaint_list_sort(complaints);
        for (size_t i = 0; sink && i < complaints->count; i++) {
                const struct complaint *one = &complaints->complaints[i];
                struct ingot_complaint shown = { .file = one->mark.file,
                                                 .line = one->mark.line,
                                                 .column = one->mark.column,
                                                 .key_path = one->key_path,
                                                 .text = one->text };

                sink->on_complaint(sink->context, &shown);
        }
        if (asked->mapping_path)
                return ingot_fail(err, INGOT_E_TEMPLATE, "%zu %s in '%s' and '%s'", total,
                                  plural(total, "mistake", "mistakes"), asked->template_path,
                                  asked->mapping_path);
        return ingot_fail(err, INGOT_E_TEMPLATE, "%zu %s in '%s'", total,
                          plural(total, "mistake", "mistakes"), asked->template_path);
}

/* A complaint is not the end: the other file is checked too. */
static enum ingot_code unless_complained(enum ingot_code r)
{
        return r == INGOT_E_TEMPLATE ? INGOT_OK : r;
}

static enum ingot_code read_template(const struct ingot_inputs *asked, struct complaint_list *complaints,
                                     struct inputs *made, struct ingot_error *err)
{
        OWNED(heap_drop) struct template_setting *settings = NULL;
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes = 0;
        enum ingot_code r;

        r = fd_read_file(asked->template_path, INPUT_MAX_BYTES, &bytes, &size_bytes, err);
        if (r)
                return r;
        settings = calloc(asked->setting_count + 1, sizeof(*settings));
        if (!settings)
                return ingot_fail_memory(err, (asked->setting_count + 1) * sizeof(*settings));
        for (size_t i = 0; i < asked->setting_count; i++) {
                settings[i].key = asked->settings[i].key;
                settings[i].value = asked->settings[i].value;
        }
        return unless_complained(template_parse(bytes, size_bytes, asked->template_path, settings,
                                                asked->setting_count, complaints, &made->template, err));
}

static enum ingot_code read_mapping(const struct ingot_inputs *asked, struct complaint_list *complaints,
                                    struct inputs *made, struct ingot_error *err)
{
        enum ingot_code r;

        r = fd_read_file(asked->mapping_path, INPUT_MAX_BYTES, &made->mapping_bytes,
                         &made->mapping_size_bytes, err);
        if (r)
                return r;
        r = unless_complained(mapping_parse(made->mapping_bytes, made->mapping_size_bytes,
                                            asked->mapping_path, complaints, &made->mapping, err));
        if (!r && made->template && made->mapping)
                r = unless_complained(template_check_mapping(made->template, made->mapping, complaints, err));
        return r;
}

enum ingot_code inputs_read(const struct ingot_inputs *asked, const struct ingot_complaint_sink *sink,
                            struct inputs *ret_inputs, struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(inputs_release) struct inputs made = { 0 };
        enum ingot_code r;

        r = read_template(asked, &complaints, &made, err);
        if (!r && asked->mapping_path)
                r = read_mapping(asked, &complaints, &made, err);
        if (!r)
                r = report_complaints(&complaints, sink, asked, err);
        if (r)
                return r;
        *ret_inputs = made;
        made = (struct inputs){ 0 };
        return INGOT_OK;
}

void inputs_release(struct inputs *inputs)
{
        template_free(inputs->template);
        mapping_free(inputs->mapping);
        free(inputs->mapping_bytes);
        *inputs = (struct inputs){ 0 };
}

enum ingot_code ingot_check(const struct ingot_inputs *inputs, const struct ingot_complaint_sink *sink,
                            struct ingot_error *err)
{
        OWNED(inputs_release) struct inputs read = { 0 };

        return inputs_read(inputs, sink, &read, err);
}
