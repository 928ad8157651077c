/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "wire/import_reply.h"
#include "wire/xml.h"

static bool copy_id(char out[EC2_ID_CHARS + 1], const struct xml_node *node, const char *name)
{
        const char *text = xml_text(xml_child(node, name));

        out[0] = '\0';
        if (text && strlen(text) > EC2_ID_CHARS)
                return false;
        if (text)
                memcpy(out, text, strlen(text) + 1);
        return true;
}

static enum ingot_code read_task(const struct xml_node *node, struct import_task *ret_task,
                                 struct ingot_error *err)
{
        const struct xml_node *detail = xml_child(node, "snapshotTaskDetail");
        struct import_task task = { .task_id = "" };

        if (!copy_id(task.task_id, node, "importTaskId") ||
            !copy_id(task.snapshot_id, detail, "snapshotId") || !*task.task_id)
                return ingot_fail(err, INGOT_E_FORMAT, "an import without an id of at most %d characters",
                                  EC2_ID_CHARS);
        fault_set_text(task.status, sizeof(task.status) - 1, xml_text(xml_child(detail, "status")));
        fault_set_text(task.status_message, IMPORT_TEXT_CHARS, xml_text(xml_child(detail, "statusMessage")));
        fault_set_text(task.progress, sizeof(task.progress) - 1, xml_text(xml_child(detail, "progress")));
        *ret_task = task;
        return INGOT_OK;
}

static enum ingot_code open_reply(const char *xml, size_t size_bytes, const char *root,
                                  struct xml_document **ret_document, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = xml_parse(xml, size_bytes, EC2_REPLY_BYTES_MAX, &document, err);

        if (r)
                return r;
        if (!xml_is(xml_root(document), root))
                return ingot_fail(err, INGOT_E_FORMAT, "the answer is a <%.60s>, not a <%s>",
                                  xml_name(xml_root(document)), root);
        *ret_document = TAKE(document);
        return INGOT_OK;
}

enum ingot_code import_reply_task(const char *xml, size_t size_bytes, struct import_task *ret_task,
                                  struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = open_reply(xml, size_bytes, "ImportSnapshotResponse", &document, err);

        return r ? r : read_task(xml_root(document), ret_task, err);
}

enum ingot_code import_reply_find(const char *xml, size_t size_bytes, const char *task_id,
                                  struct import_task *ret_task, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r =
                open_reply(xml, size_bytes, "DescribeImportSnapshotTasksResponse", &document, err);
        const struct xml_node *set = r ? NULL : xml_child(xml_root(document), "importSnapshotTaskSet");

        if (r)
                return r;
        for (const struct xml_node *item = xml_child(set, "item"); item; item = xml_next(item, "item")) {
                const char *id = xml_text(xml_child(item, "importTaskId"));

                if (id && strcmp(id, task_id) == 0)
                        return read_task(item, ret_task, err);
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND, "the region does not know the import '%s'", task_id);
}
