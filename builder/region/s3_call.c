/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/s3_call.h"

enum { MESSAGE_BYTES = 1024 };

void s3_error_write(struct region_reply *reply, const char *resource, unsigned status, const char *code,
                    const char *message)
{
        size_t chars;

        region_reply_clear(reply);
        reply->status = status;
        reply->content_type = "application/xml";
        region_reply_add_header(reply, "x-amz-request-id", reply->request_id);
        buffer_append_text(&reply->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        element_text(&reply->body, "Code", code);
        element_text(&reply->body, "Message", message);
        if (is_plain_text(resource, &chars))
                element_text(&reply->body, "Resource", resource);
        element_text(&reply->body, "RequestId", reply->request_id);
        element_close(&reply->body, "Error");
}

enum ingot_code s3_refuse(struct s3_call *s3, unsigned status, const char *code, const char *format, ...)
{
        char message[MESSAGE_BYTES];
        size_t chars;
        va_list args;

        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (!is_plain_text(message, &chars)) /* what the client sent was cut in the middle of a character */
                (void)snprintf(message, sizeof(message), "The request is not valid.");
        s3_error_write(s3->reply, s3->request->path, status, code, message);
        return INGOT_OK;
}

void s3_begin(struct s3_call *s3, const char *root)
{
        buffer_appendf(&s3->reply->body,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"" S3_NAMESPACE "\">", root);
}

void s3_end(struct s3_call *s3, const char *root)
{
        element_close(&s3->reply->body, root);
        s3->reply->status = 200;
        s3->reply->content_type = "application/xml";
        region_reply_add_header(s3->reply, "x-amz-request-id", s3->reply->request_id);
}

void s3_reply_empty(struct s3_call *s3, unsigned status)
{
        s3->reply->status = status;
        region_reply_add_header(s3->reply, "x-amz-request-id", s3->reply->request_id);
}

const char *s3_parameter(const struct s3_call *s3, const char *name)
{
        return uri_query_find(&s3->query, name);
}

bool s3_read_number(struct s3_call *s3, const char *name, unsigned min, unsigned max, unsigned *out)
{
        const char *text = s3_parameter(s3, name);
        uint64_t value;

        if (!text)
                return true;
        if (!read_digits(text, &value) || value < min || value > max) {
                (void)s3_refuse(s3, 400, "InvalidArgument",
                                "%s must be an integer between %u and %u, inclusive", name, min, max);
                return false;
        }
        *out = (unsigned)value;
        return true;
}

bool s3_find_bucket(struct s3_call *s3, struct bucket_record *ret_bucket, enum ingot_code *ret_code,
                    struct ingot_error *err)
{
        enum ingot_code r = catalogue_find_bucket(s3->store->catalogue, s3->bucket, ret_bucket, err);

        *ret_code = r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (r == INGOT_E_NOT_FOUND)
                (void)s3_refuse(s3, 404, "NoSuchBucket", "The specified bucket does not exist");
        if (r)
                return false;
        if (strcmp(ret_bucket->account_id, s3->call->account_id) != 0) {
                (void)s3_refuse(s3, 403, "AccessDenied", "Access Denied");
                return false;
        }
        if (strcmp(ret_bucket->region, s3->call->region_name) != 0) {
                (void)s3_refuse(
                        s3, 400, "AuthorizationHeaderMalformed",
                        "The authorization header is malformed; the region '%s' is wrong; expecting '%s'",
                        s3->call->region_name, ret_bucket->region);
                return false;
        }
        return true;
}

void s3_print_date(int64_t seconds, char out[S3_DATE_CHARS + 1])
{
        static const char days[] = "ThuFriSatSunMonTueWed", /* 1970 began on a Thursday */
                months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        char basic[CLOCK_BASIC_CHARS + 1]; /* "20150830T123600Z" */
        unsigned month;

        clock_print_basic(seconds, basic);
        month = (unsigned)(basic[4] - '0') * 10 + (unsigned)(basic[5] - '0');
        (void)snprintf(out, S3_DATE_CHARS + 1, "%.3s, %.2s %.3s %.4s %.2s:%.2s:%.2s GMT",
                       days + (size_t)3 * (size_t)(seconds / 86400 % 7), basic + 6,
                       months + (size_t)3 * ((month + 11) % 12), basic, basic + 9, basic + 11, basic + 13);
}
