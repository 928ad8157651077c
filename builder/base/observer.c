/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include <ingot/observer.h>

enum ingot_code ingot_observe(const struct ingot_observer *observer, const char *phase, uint64_t done_bytes,
                              uint64_t total_bytes, struct ingot_error *err)
{
        if (!observer)
                return INGOT_OK;
        if (observer->is_cancelled && observer->is_cancelled(observer->context))
                return ingot_fail(err, INGOT_E_CANCELLED, "stopped on request while %s", phase);
        if (observer->progress)
                observer->progress(observer->context, phase, done_bytes, total_bytes);
        return INGOT_OK;
}
