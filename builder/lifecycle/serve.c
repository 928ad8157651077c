/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/region.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/region.h"

enum { URL_BYTES = 300, CHAOS_MAX_BYTES = 1 << 20, CHAOS_REPORT_MAX_BYTES = 1 << 20 };

struct ingot_region {
        struct region_server *server;
        struct chaos_plan *chaos; /* NULL: none */
        char url[URL_BYTES];
};

static enum ingot_code read_chaos(const char *path, struct chaos_plan **ret_plan, struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes;
        enum ingot_code r = fd_read_file(path, CHAOS_MAX_BYTES, &bytes, &size_bytes, err);

        return r ? r : chaos_plan_parse(bytes, size_bytes, path, &complaints, ret_plan, err);
}

enum ingot_code ingot_region_serve(const char *region_folder, const char *listen, const char *chaos_path,
                                   struct ingot_region **ret_region, struct ingot_error *err)
{
        struct region_options options = { .folder = region_folder,
                                          .listen = listen,
                                          .clock = &clock_of_system };
        struct ingot_region *region = calloc(1, sizeof(*region));
        const char *colon = strrchr(listen, ':');
        enum ingot_code r = INGOT_OK;

        if (!region)
                return ingot_fail_memory(err, sizeof(*region));
        if (chaos_path)
                r = read_chaos(chaos_path, &region->chaos, err);
        options.chaos = region->chaos;
        if (!r)
                r = region_start(&options, &region->server, err);
        if (r) {
                chaos_plan_free(region->chaos);
                free(region);
                return ingot_while(err, r, "serving the region in '%s' at '%s'", region_folder, listen);
        }
        (void)snprintf(region->url, sizeof(region->url), "http://%.*s:%u", colon ? (int)(colon - listen) : 0,
                       listen, (unsigned)region_port(region->server));
        *ret_region = region;
        return INGOT_OK;
}

const char *ingot_region_url(const struct ingot_region *region)
{
        return region->url;
}

const char *ingot_region_credentials_file(const struct ingot_region *region)
{
        return region_credentials_file(region->server);
}

char *ingot_region_stop_chaos(struct ingot_region *region)
{
        OWNED(buffer_release) struct buffer report = BUFFER_INIT(CHAOS_REPORT_MAX_BYTES);

        if (!region->chaos)
                return NULL;
        region_stop_chaos(region->server, &report);
        return buffer_take(&report);
}

void ingot_region_stop(struct ingot_region *region)
{
        if (!region)
                return;
        region_stop(region->server);
        chaos_plan_free(region->chaos);
        free(region);
}

enum ingot_code ingot_region_check(const char *region_folder, struct ingot_region_census *ret_census,
                                   struct ingot_error *err)
{
        struct region_census census = { 0 };
        enum ingot_code r = region_check(region_folder, &census, err);

        if (r)
                return ingot_while(err, r, "checking the region in '%s'", region_folder);
        *ret_census = (struct ingot_region_census){ .snapshots_pending = census.snapshots_pending,
                                                    .snapshots_completed = census.snapshots_completed,
                                                    .snapshots_error = census.snapshots_error,
                                                    .amis = census.images,
                                                    .blocks = census.blocks };
        return INGOT_OK;
}
