/* SPDX-License-Identifier: Apache-2.0 */
#include "region/query_error.h"
#include "region/xml_writer.h"

void query_error_write(enum query_protocol protocol, struct region_reply *reply, unsigned status,
                       const char *code, const char *message)
{
        struct buffer *out = &reply->body;

        region_reply_clear(reply);
        reply->status = status;
        reply->content_type = protocol == QUERY_EC2 ? "text/xml;charset=UTF-8" : "text/xml";
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
        if (protocol == QUERY_EC2)
                buffer_append_text(out,
                                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
        else
                buffer_appendf(out,
                               "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                               "<Type>%s</Type>",
                               status < 500 ? "Sender" : "Receiver");
        element_text(out, "Code", code);
        element_text(out, "Message", message);
        element_close(out, "Error");
        if (protocol == QUERY_EC2)
                element_close(out, "Errors");
        element_text(out, protocol == QUERY_EC2 ? "RequestID" : "RequestId", reply->request_id);
        element_close(out, protocol == QUERY_EC2 ? "Response" : "ErrorResponse");
}
