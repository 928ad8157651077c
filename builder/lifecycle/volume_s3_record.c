/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "lifecycle/volume_s3_record.h"

enum { RECORD_BYTES_MAX = 16384, RECORD_VERSION = 1 };

char *volume_s3_record_path(const char *journal_path)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        const char *slash = strrchr(journal_path, '/');
        const char *name = slash ? slash + 1 : journal_path;

        buffer_append(&path, journal_path, (size_t)(name - journal_path));
        buffer_appendf(&path, "s3-%s.json", strncmp(name, "journal-", 8) == 0 ? name + 8 : name);
        return path.failed ? NULL : buffer_take(&path);
}

static bool copy_text(const struct json_value *json, const char *key, char *out, size_t room_bytes)
{
        const char *text;

        if (json_need_text(json, "", key, &text, NULL) || strlen(text) >= room_bytes)
                return false;
        (void)snprintf(out, room_bytes, "%s", text);
        return true;
}

void volume_s3_record_read(const char *path, struct volume_s3_record *ret_record)
{
        OWNED(json_value_drop) struct json_value *json = NULL;
        OWNED(heap_drop) char *text = NULL;
        struct volume_s3_record record = { .bucket = "" };
        uint64_t version = 0, is_whole = 0;
        size_t size_bytes = 0;

        *ret_record = record;
        if (fd_read_file(path, RECORD_BYTES_MAX, &text, &size_bytes, NULL) ||
            json_value_parse(text, size_bytes, path, &json, NULL) ||
            json_need_u64(json, "", "version", &version, NULL) || version != RECORD_VERSION)
                return;
        if (!copy_text(json, "bucket", record.bucket, sizeof(record.bucket)) ||
            !copy_text(json, "key", record.key, sizeof(record.key)) ||
            !copy_text(json, "upload_id", record.upload_id, sizeof(record.upload_id)) ||
            json_need_u64(json, "", "part_bytes", &record.part_bytes, NULL) ||
            json_need_u64(json, "", "object_is_whole", &is_whole, NULL))
                return;
        record.is_whole = is_whole != 0;
        *ret_record = record;
}

enum ingot_code volume_s3_record_write(const char *path, const struct volume_s3_record *record,
                                       struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECORD_BYTES_MAX);
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_u64(&doc, doc.root, "version", RECORD_VERSION);
        json_doc_put_text(&doc, doc.root, "bucket", record->bucket);
        json_doc_put_text(&doc, doc.root, "key", record->key);
        json_doc_put_text(&doc, doc.root, "upload_id", record->upload_id);
        json_doc_put_u64(&doc, doc.root, "part_bytes", record->part_bytes);
        json_doc_put_u64(&doc, doc.root, "object_is_whole", record->is_whole);
        r = json_doc_print(&doc, false, &out, err);
        if (!r)
                r = fd_replace_file(path, out.bytes, out.size_bytes, 0666, err);
        return ingot_while(err, r, "writing '%s'", path);
}

void volume_s3_record_remove(const char *path)
{
        (void)unlink(path); /* one that stays names what is gone, which is no harm */
}
