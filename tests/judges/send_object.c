/* SPDX-License-Identifier: Apache-2.0 */
/* Usage: send_object URL KEY_ID SECRET BUCKET KEY FILE [PARTS]
 * Makes the bucket and sends a file in parts, as publishing by way of S3 does; with PARTS it stops after so many, and
 * then goes on: what an outside server of S3 is set against. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "publish/s3_upload.h"

static enum ingot_code send(const struct s3_client *s3, const char *key, const char *path,
                            const char *upload_id, unsigned parts_max, char *out_id, struct ingot_error *err)
{
        const struct s3_upload_request request = {
                .key = key, .part_bytes = S3_PART_BYTES_MIN, .parts_in_flight = 2, .upload_id = upload_id
        };
        OWNED(s3_upload_drop) struct s3_upload *upload = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        static char piece[1 << 20];
        uint64_t size_bytes = 0, at = 0;
        enum ingot_code r = fd_open_read(path, &fd, err);

        if (!r)
                r = fd_size(fd, path, &size_bytes, err);
        if (!r)
                r = s3_upload_begin(s3, &request, &upload, err);
        while (!r && at < size_bytes && (!parts_max || at < (uint64_t)parts_max * S3_PART_BYTES_MIN)) {
                size_t some = size_bytes - at < sizeof(piece) ? (size_t)(size_bytes - at) : sizeof(piece);

                r = fd_read_at(fd, path, at, piece, some, err);
                if (!r)
                        r = byte_sink_write(s3_upload_sink(upload), piece, some, err);
                at += some;
        }
        if (!r)
                (void)snprintf(out_id, S3_UPLOAD_ID_CHARS + 1, "%s", s3_upload_id(upload));
        if (!r && parts_max) {
                while (!r && s3_upload_receipt(upload).bytes_sent < (uint64_t)parts_max * S3_PART_BYTES_MIN)
                        r = region_link_pump(s3->link, 100, err);
                return r;
        }
        if (!r)
                r = s3_upload_finish(upload, err);
        if (!r)
                (void)printf("%u parts, %u of them were there\n", s3_upload_receipt(upload).parts,
                             s3_upload_receipt(upload).parts_resumed);
        return r;
}

int main(int argc, char **argv)
{
        struct ingot_error err = { 0 };
        char upload_id[S3_UPLOAD_ID_CHARS + 1] = "";
        struct credentials credentials = { 0 };
        struct region_link_options options = { .credentials = &credentials };
        OWNED(region_link_drop) struct region_link *link = NULL;
        struct endpoint endpoint;
        struct s3_client s3;
        unsigned parts = argc > 7 ? (unsigned)strtoul(argv[7], NULL, 10) : 0;
        uint64_t size_bytes;
        enum ingot_code r;

        if (argc < 7) {
                (void)fprintf(stderr, "usage: send_object URL KEY_ID SECRET BUCKET KEY FILE [PARTS]\n");
                return 2;
        }
        credentials.access_key_id = argv[2];
        credentials.secret_access_key = argv[3];
        r = endpoint_of_url(argv[1], "us-east-1", "s3", &endpoint, &err);
        if (!r)
                r = region_link_new(&options, &link, &err);
        if (!r)
                r = s3_client_init(&s3, link, &endpoint, argv[4], &err);
        if (!r)
                r = s3_create_bucket(&s3, &err);
        if (r == INGOT_E_CONFLICT)
                r = INGOT_OK;
        if (!r && parts)
                r = send(&s3, argv[5], argv[6], NULL, parts, upload_id, &err);
        if (!r)
                r = send(&s3, argv[5], argv[6], *upload_id ? upload_id : NULL, 0, upload_id, &err);
        if (!r)
                r = s3_head_object(&s3, argv[5], &size_bytes, &err);
        if (r)
                (void)fprintf(stderr, "send_object: %s [%s]\n", ingot_error_frame(&err, 0),
                              ingot_code_name(r));
        return r ? 1 : 0;
}
