/* SPDX-License-Identifier: Apache-2.0 */
/* Both readers of KMS's and Service Quotas' answers on the same bytes. */
#include "wire/account_shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        const char *json = (const char *)bytes;
        struct kms_key key;
        struct quota quota;

        (void)!kms_shape_key(json, size_bytes, &key, NULL);
        (void)!quota_shape_quota(json, size_bytes, &quota, NULL);
        return 0;
}
