/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/json_call.h"

/* Service Quotas: the quotas that publishing comes near to, at AWS's defaults (facts: EBS direct API quotas). */

struct quota_facts {
        const char *service_code, *service_name, *code, *name;
        double value;
        bool is_adjustable;
};

static const struct quota_facts quotas[] = {
        { "ebs", "Amazon Elastic Block Store (Amazon EBS)", "L-AFAE1BE8",
          "PutSnapshotBlock requests per account", 1000, true },
        { "ebs", "Amazon Elastic Block Store (Amazon EBS)", "L-1774F84A",
          "PutSnapshotBlock requests per snapshot", 1000, false },
        { "ebs", "Amazon Elastic Block Store (Amazon EBS)", "L-C125AE42",
          "GetSnapshotBlock requests per account", 1000, true },
        { "ebs", "Amazon Elastic Block Store (Amazon EBS)", "L-028ACFB9",
          "GetSnapshotBlock requests per snapshot", 1000, false },
        { "ec2", "Amazon Elastic Compute Cloud (Amazon EC2)", "L-0E3CBAB9", "Public AMIs", 5, true },
};
enum { QUOTA_COUNT = sizeof(quotas) / sizeof(quotas[0]) };

static void write_quota(struct json_call *json, struct json_value *object, const struct quota_facts *quota)
{
        struct json_doc *doc = &json->reply;
        char arn[256];

        (void)snprintf(arn, sizeof(arn), "arn:aws:servicequotas:%s:%s:%s/%s", json->call->region_name,
                       json->call->account_id, quota->service_code, quota->code);
        json_doc_put_text(doc, object, "ServiceCode", quota->service_code);
        json_doc_put_text(doc, object, "ServiceName", quota->service_name);
        json_doc_put_text(doc, object, "QuotaArn", arn);
        json_doc_put_text(doc, object, "QuotaCode", quota->code);
        json_doc_put_text(doc, object, "QuotaName", quota->name);
        json_doc_put_real(doc, object, "Value", quota->value);
        json_doc_put_text(doc, object, "Unit", "None");
        json_doc_put_bool(doc, object, "Adjustable", quota->is_adjustable);
        json_doc_put_bool(doc, object, "GlobalQuota", false);
}

static enum ingot_code serve_get_service_quota(struct json_call *json, struct ingot_error *err)
{
        const char *service = json_read_text(json, "ServiceCode", 63, true);
        const char *code = json_read_text(json, "QuotaCode", 128, true);

        (void)err;
        if (!json_may_go_on(json))
                return INGOT_OK;
        for (size_t i = 0; i < QUOTA_COUNT; i++) {
                if (strcmp(quotas[i].service_code, service) == 0 && strcmp(quotas[i].code, code) == 0) {
                        write_quota(json, json_doc_put_object(&json->reply, json->reply.root, "Quota"),
                                    &quotas[i]);
                        return INGOT_OK;
                }
        }
        return json_refuse(json, "NoSuchResourceException",
                           "The request failed because the specified quota %.128s of %.63s does not exist.",
                           code, service);
}

/* One page: MaxResults changes nothing while there are so few. */
static enum ingot_code serve_list_service_quotas(struct json_call *json, struct ingot_error *err)
{
        const char *service = json_read_text(json, "ServiceCode", 63, true);
        uint64_t result_max = 100;
        struct json_value *list;
        size_t count = 0;

        (void)err;
        json_read_number(json, "MaxResults", 1, 100, &result_max);
        if (json_read(json, "NextToken"))
                (void)json_refuse(json, "InvalidPaginationTokenException", "The token was never given.");
        if (!json_may_go_on(json))
                return INGOT_OK;
        list = json_doc_put_array(&json->reply, json->reply.root, "Quotas");
        for (size_t i = 0; i < QUOTA_COUNT; i++) {
                if (strcmp(quotas[i].service_code, service) != 0)
                        continue;
                write_quota(json, json_doc_push_object(&json->reply, list), &quotas[i]);
                count++;
        }
        if (count == 0)
                return json_refuse(json, "NoSuchResourceException", "There is no service '%.63s'.", service);
        return INGOT_OK;
}

static const struct json_operation operations[] = {
        { "GetServiceQuota", serve_get_service_quota },
        { "ListServiceQuotas", serve_list_service_quotas },
        { NULL, NULL },
};

static const struct json_service service = { "ServiceQuotasV20190624", "IllegalArgumentException",
                                             operations };

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        return json_serve(&service, call, err);
}

static const char *find_operation(const struct region_request *request)
{
        return json_find_operation(&service, request);
}

static const char *operation_at(size_t index)
{
        return json_operation_at(&service, index);
}

const struct region_service quotas_service = { "servicequotas", serve,     json_refuse_stranger,
                                               json_break_down, json_fail, find_operation,
                                               operation_at };
