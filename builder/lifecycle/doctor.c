/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "lifecycle/examination.h"
#include "lifecycle/folder.h"

enum { JSON_BYTES_MAX = 4 << 20 };

const char *ingot_verdict_name(enum ingot_verdict verdict)
{
        static const char *const names[] = { "ok", "warning", "problem", "unchecked" };

        return (unsigned)verdict < sizeof(names) / sizeof(names[0]) ? names[verdict] : "unknown";
}

/* ---- findings ---- */

void examination_note(struct examination *examination, const char *check, enum ingot_verdict verdict,
                      const char *format, ...)
{
        struct ingot_diagnosis *diagnosis = examination->diagnosis;
        struct ingot_finding *grown =
                reallocarray(diagnosis->findings, diagnosis->count + 1, sizeof(*diagnosis->findings));
        struct ingot_finding *finding;
        va_list args;

        if (!grown) {
                examination->out_of_memory = true;
                return;
        }
        diagnosis->findings = grown;
        finding = &grown[diagnosis->count];
        *finding =
                (struct ingot_finding){ .check = check,
                                        .verdict = verdict,
                                        .region = examination->region ? strdup(examination->region) : NULL };
        va_start(args, format);
        if (vasprintf(&finding->text, format, args) < 0)
                finding->text = NULL;
        va_end(args);
        diagnosis->count++;
        diagnosis->warnings += verdict == INGOT_VERDICT_WARNING;
        diagnosis->problems += verdict == INGOT_VERDICT_PROBLEM;
        diagnosis->unchecked += verdict == INGOT_VERDICT_UNCHECKED;
        if (!finding->text || (examination->region && !finding->region))
                examination->out_of_memory = true;
}

void examination_note_unchecked(struct examination *examination, const char *check,
                                const struct ingot_error *why)
{
        examination_note(examination, check, INGOT_VERDICT_UNCHECKED, "%s", ingot_error_frame(why, 0));
}

/* ---- the whole ---- */

static enum ingot_code visit(struct examination *examination, const struct ingot_target *target,
                             const struct ingot_observer *observer, struct ingot_error *err)
{
        struct region_session *session = &examination->session;
        const struct ingot_target one = release_place_target(examination->place, target);
        struct ingot_error why;
        enum ingot_code r = region_session_open(&one, observer, session, &why);

        examination->region = *session->region ? session->region : examination->place->region;
        if (r == INGOT_E_CANCELLED || r == INGOT_E_MEMORY || r == INGOT_E_USAGE) {
                region_session_close(session);
                if (err)
                        *err = why;
                return r;
        }
        if (r)
                examination_note(examination, "identity", INGOT_VERDICT_PROBLEM, "%s",
                                 ingot_error_frame(&why, 0));
        else
                examine_region(examination);
        examination->region = NULL;
        region_session_close(session);
        return ingot_observe(observer, "examining regions", 0, 0, err);
}

static enum ingot_code examine(struct examination *examination, const struct ingot_target *target,
                               const struct ingot_observer *observer, struct ingot_error *err)
{
        static const struct manifest_release no_section;
        struct release_places *places = &examination->places;
        enum ingot_code r =
                release_places_find(examination->manifest ? &examination->manifest->release : &no_section,
                                    target->to, places, err);

        if (r)
                return r;
        if (examination->manifest)
                examine_build(examination);
        for (size_t i = 0; !r && i < places->count; i++) {
                examination->place = &places->items[i];
                r = visit(examination, target, observer, err);
        }
        if (!r && examination->out_of_memory)
                r = ingot_fail_memory(err, sizeof(struct ingot_finding));
        return r;
}

enum ingot_code ingot_doctor(const struct ingot_doctor_request *request, const struct ingot_target *target,
                             const struct ingot_observer *observer, struct ingot_diagnosis **ret_diagnosis,
                             struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        struct examination examination = { .request = request,
                                           .diagnosis = calloc(1, sizeof(struct ingot_diagnosis)) };
        enum ingot_code r = INGOT_OK;

        if (!examination.diagnosis)
                return ingot_fail_memory(err, sizeof(struct ingot_diagnosis));
        if (request->folder)
                r = folder_read_build(request->folder, &manifest, err);
        examination.manifest = manifest;
        if (!r)
                r = examine(&examination, target, observer, err);
        if (r) {
                ingot_diagnosis_free(examination.diagnosis);
                return ingot_while(err, r, "examining '%s'", target->to ? target->to : request->folder);
        }
        *ret_diagnosis = examination.diagnosis;
        return INGOT_OK;
}

void ingot_diagnosis_free(struct ingot_diagnosis *diagnosis)
{
        if (!diagnosis)
                return;
        for (size_t i = 0; i < diagnosis->count; i++) {
                free(diagnosis->findings[i].region);
                free(diagnosis->findings[i].text);
        }
        free(diagnosis->findings);
        free(diagnosis);
}

enum ingot_code ingot_diagnosis_json(const struct ingot_diagnosis *diagnosis, char **ret_json,
                                     struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(JSON_BYTES_MAX);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_u64(&doc, doc.root, "problems", diagnosis->problems);
        json_doc_put_u64(&doc, doc.root, "warnings", diagnosis->warnings);
        json_doc_put_u64(&doc, doc.root, "unchecked", diagnosis->unchecked);
        list = json_doc_put_array(&doc, doc.root, "findings");
        for (size_t i = 0; i < diagnosis->count; i++) {
                const struct ingot_finding *finding = &diagnosis->findings[i];
                struct json_value *one = json_doc_push_object(&doc, list);

                if (finding->region)
                        json_doc_put_text(&doc, one, "region", finding->region);
                json_doc_put_text(&doc, one, "check", finding->check);
                json_doc_put_text(&doc, one, "verdict", ingot_verdict_name(finding->verdict));
                json_doc_put_text(&doc, one, "text", finding->text);
        }
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, JSON_BYTES_MAX);
}
