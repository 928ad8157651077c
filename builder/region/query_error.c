/* SPDX-License-Identifier: Apache-2.0 */
#include "region/query_error.h"
#include "region/xml_writer.h"

const char *query_namespace(enum query_protocol protocol)
{
        switch (protocol) {
        case QUERY_EC2: return "http://ec2.amazonaws.com/doc/2016-11-15/";
        case QUERY_IAM: return "https://iam.amazonaws.com/doc/2010-05-08/";
        case QUERY_STS:
        default: return "https://sts.amazonaws.com/doc/2011-06-15/";
        }
}

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
                buffer_appendf(out, "<ErrorResponse xmlns=\"%s\"><Error><Type>%s</Type>",
                               query_namespace(protocol), status < 500 ? "Sender" : "Receiver");
        element_text(out, "Code", code);
        element_text(out, "Message", message);
        element_close(out, "Error");
        if (protocol == QUERY_EC2)
                element_close(out, "Errors");
        element_text(out, protocol == QUERY_EC2 ? "RequestID" : "RequestId", reply->request_id);
        element_close(out, protocol == QUERY_EC2 ? "Response" : "ErrorResponse");
}
