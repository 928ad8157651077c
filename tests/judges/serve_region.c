/* SPDX-License-Identifier: Apache-2.0 */
/* Usage: serve_region FOLDER [ADDRESS:PORT]
 * Serves a region until its standard input ends or SIGTERM comes, and prints its URL first and its log after:
 * what outside judges are set against, with nothing of the command line between. */
#include <stdio.h>
#include <unistd.h>

#include "region/region.h"

static void print_line(void *context, const char *line)
{
        (void)fprintf(context, "%s\n", line);
}

int main(int argc, char **argv)
{
        struct region_options options = { .folder = argc > 1 ? argv[1] : NULL,
                                          .listen = argc > 2 ? argv[2] : "127.0.0.1:0",
                                          .clock = &clock_of_system,
                                          .log = print_line,
                                          .log_context = stderr };
        struct region_server *server;
        struct ingot_error err = { 0 };
        char bytes[256];

        if (!options.folder) {
                (void)fprintf(stderr, "usage: serve_region FOLDER [ADDRESS:PORT]\n");
                return 2;
        }
        if (region_start(&options, &server, &err) != INGOT_OK) {
                (void)fprintf(stderr, "serve_region: %s\n", ingot_error_frame(&err, 0));
                return 3;
        }
        (void)printf("http://127.0.0.1:%u %s\n", (unsigned)region_port(server),
                     region_credentials_file(server));
        (void)fflush(stdout);
        while (read(0, bytes, sizeof(bytes)) > 0)
                ;
        region_stop(server);
        return 0;
}
