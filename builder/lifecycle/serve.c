/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/region.h>

#include "region/region.h"

enum { URL_BYTES = 300 };

struct ingot_region {
        struct region_server *server;
        char url[URL_BYTES];
};

enum ingot_code ingot_region_serve(const char *region_folder, const char *listen,
                                   struct ingot_region **ret_region, struct ingot_error *err)
{
        const struct region_options options = { .folder = region_folder,
                                                .listen = listen,
                                                .clock = &clock_of_system };
        struct ingot_region *region = calloc(1, sizeof(*region));
        const char *colon = strrchr(listen, ':');
        enum ingot_code r;

        if (!region)
                return ingot_fail_memory(err, sizeof(*region));
        r = region_start(&options, &region->server, err);
        if (r) {
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

void ingot_region_stop(struct ingot_region *region)
{
        if (!region)
                return;
        region_stop(region->server);
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
