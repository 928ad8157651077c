/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "region/chaos.h"
#include "region/ec2_call.h"
#include "region/query_error.h"

enum { MESSAGE_BYTES = 1024 };

static void refuse_with(struct ec2_call *ec2, unsigned status, const char *code, const char *format,
                        va_list args) INGOT_PRINTF(4, 0);

static void refuse_with(struct ec2_call *ec2, unsigned status, const char *code, const char *format,
                        va_list args)
{
        char message[MESSAGE_BYTES];
        size_t chars;

        if (ec2->is_refused)
                return;
        ec2->is_refused = true;
        (void)vsnprintf(message, sizeof(message), format, args);
        if (!is_plain_text(message, &chars)) /* what the client sent was cut in the middle of a character */
                (void)snprintf(message, sizeof(message), "The request is not valid.");
        query_error_write(QUERY_EC2, ec2->call->reply, status, code, message);
}

enum ingot_code ec2_refuse(struct ec2_call *ec2, unsigned status, const char *code, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        refuse_with(ec2, status, code, format, args);
        va_end(args);
        return INGOT_OK;
}

enum ingot_code ec2_refuse_value(struct ec2_call *ec2, const char *code, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        refuse_with(ec2, 400, code, format, args);
        va_end(args);
        return INGOT_OK;
}

bool ec2_may_go_on(struct ec2_call *ec2, bool has_dry_run)
{
        bool is_dry_run = false;
        const char *unknown;

        if (has_dry_run)
                (void)ec2_read_bool(ec2, "DryRun", &is_dry_run);
        unknown = form_unasked(&ec2->form);
        if (unknown)
                (void)ec2_refuse_value(ec2, "UnknownParameter", "The parameter %.100s is not recognized",
                                       unknown);
        if (is_dry_run)
                (void)ec2_refuse(ec2, 412, "DryRunOperation",
                                 "Request would have succeeded, but DryRun flag is set.");
        return !ec2->is_refused;
}

bool ec2_read_bool(struct ec2_call *ec2, const char *name, bool *ret_value)
{
        const char *text = form_find(&ec2->form, "%s", name);

        if (!text)
                return false;
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "%s must be true or false.", name);
                return false;
        }
        *ret_value = *text == 't';
        return true;
}

bool ec2_read_number(struct ec2_call *ec2, const char *name, uint32_t min, uint32_t max, uint32_t *ret_value)
{
        const char *text = form_find(&ec2->form, "%s", name);
        uint64_t value;

        if (!text)
                return false;
        if (!read_digits(text, &value) || value < min || value > max) {
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value ( %.40s ) for parameter %s is invalid. It must be %u to %u.",
                                       text, name, min, max);
                return false;
        }
        *ret_value = (uint32_t)value;
        return true;
}

bool ec2_read_text(struct ec2_call *ec2, const char *name, size_t chars_max, char *out, size_t room_bytes)
{
        const char *text = form_find(&ec2->form, "%s", name);
        size_t chars;

        if (!text)
                return false;
        if (!is_plain_text(text, &chars) || chars > chars_max) {
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "%s must have at most %zu characters.",
                                       name, chars_max);
                return false;
        }
        (void)snprintf(out, room_bytes, "%s", text);
        return true;
}

bool ec2_is_id(const char *text, const char *prefix)
{
        size_t prefix_chars = strlen(prefix);
        size_t digits = strncmp(text, prefix, prefix_chars) == 0
                                ? strspn(text + prefix_chars, "0123456789abcdef")
                                : 0;

        return (digits == 8 || digits == RESOURCE_DIGITS) && text[prefix_chars + digits] == '\0';
}

bool ec2_is_hidden(const struct ec2_call *ec2, const char *id)
{
        return ec2->store->chaos && chaos_hides(ec2->store->chaos, ec2->call->region_name, ec2->action, id);
}

void ec2_begin(struct ec2_call *ec2)
{
        buffer_appendf(ec2->out,
                       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<%sResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">",
                       ec2->action);
        element_text(ec2->out, "requestId", ec2->call->reply->request_id);
}

void ec2_end(struct ec2_call *ec2)
{
        buffer_appendf(ec2->out, "</%sResponse>", ec2->action);
        ec2->call->reply->status = 200;
        ec2->call->reply->content_type = "text/xml;charset=UTF-8";
        region_reply_add_header(ec2->call->reply, "x-amzn-RequestId", ec2->call->reply->request_id);
}
