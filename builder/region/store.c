/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "region/import_jobs.h"
#include "region/store.h"

enum ingot_code random_bytes(void *out, size_t size_bytes, struct ingot_error *err)
{
        for (size_t done = 0; done < size_bytes;) {
                ssize_t got = getrandom((char *)out + done, size_bytes - done, 0);

                if (got < 0 && errno != EINTR)
                        return ingot_fail_errno(err, "asking the kernel for random bytes");
                done += got < 0 ? 0 : (size_t)got;
        }
        return INGOT_OK;
}

enum ingot_code random_resource_id(const char *prefix, char ret_id[RESOURCE_ID_CHARS + 1],
                                   struct ingot_error *err)
{
        uint8_t bytes[9];
        char digits[2 * sizeof(bytes) + 1];
        enum ingot_code r = random_bytes(bytes, sizeof(bytes), err);

        if (r)
                return r;
        hex_encode(bytes, sizeof(bytes), digits);
        (void)snprintf(ret_id, RESOURCE_ID_CHARS + 1, "%s%.*s", prefix, RESOURCE_DIGITS, digits);
        return INGOT_OK;
}

/* Fills out with chars characters of a 32-letter alphabet: 5 bits each. */
static enum ingot_code random_text(char *out, size_t chars, struct ingot_error *err)
{
        static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        uint8_t bytes[SECRET_ACCESS_KEY_CHARS];
        enum ingot_code r = random_bytes(bytes, chars, err);

        for (size_t i = 0; !r && i < chars; i++)
                out[i] = alphabet[bytes[i] % 32];
        out[chars] = '\0';
        return r;
}

static enum ingot_code settle_keys(struct region_store *store, struct ingot_error *err)
{
        char key_id[CATALOGUE_VALUE_BYTES] = "AKIA", secret[CATALOGUE_VALUE_BYTES],
             value[CATALOGUE_VALUE_BYTES];
        struct digest token_key;
        enum ingot_code r;

        r = random_text(key_id + 4, ACCESS_KEY_ID_CHARS - 4, err);
        if (!r)
                r = random_text(secret, SECRET_ACCESS_KEY_CHARS, err);
        if (!r)
                r = random_bytes(token_key.bytes, sizeof(token_key.bytes), err);
        if (!r)
                r = catalogue_settle_value(store->catalogue, "access-key-id", key_id, key_id, err);
        if (!r)
                r = catalogue_settle_value(store->catalogue, "secret-access-key", secret, secret, err);
        if (r)
                return r;
        hex_encode(token_key.bytes, DIGEST_BYTES, value);
        r = catalogue_settle_value(store->catalogue, "token-key", value, value, err);
        if (r)
                return r;
        if (strlen(key_id) != ACCESS_KEY_ID_CHARS || strlen(secret) != SECRET_ACCESS_KEY_CHARS ||
            !hex_decode(value, store->token_key.bytes, DIGEST_BYTES))
                return ingot_fail(err, INGOT_E_FORMAT, "the keys in the catalogue of '%s' are damaged",
                                  store->folder);
        memcpy(store->access_key_id, key_id, sizeof(store->access_key_id));
        memcpy(store->secret_access_key, secret, sizeof(store->secret_access_key));
        return INGOT_OK;
}

static enum ingot_code write_credentials(const struct region_store *store, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer wanted = BUFFER_INIT(1024);
        OWNED(heap_drop) char *found = NULL;
        size_t found_bytes;
        enum ingot_code r;

        buffer_appendf(&wanted, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
                       store->access_key_id, store->secret_access_key);
        r = buffer_check(&wanted, err);
        if (r)
                return r;
        if (fd_read_file(store->credentials_path, 4096, &found, &found_bytes, NULL) == INGOT_OK &&
            found_bytes == wanted.size_bytes && memcmp(found, wanted.bytes, found_bytes) == 0)
                return INGOT_OK;
        return fd_replace_file(store->credentials_path, wanted.bytes, wanted.size_bytes, 0600, err);
}

/* The run of the machine we are in; "" where the kernel does not say. */
static void read_boot_id(char out[BOOT_ID_CHARS + 1])
{
        OWNED(heap_drop) char *text = NULL;
        size_t size_bytes;

        out[0] = '\0';
        if (fd_read_file("/proc/sys/kernel/random/boot_id", 4096, &text, &size_bytes, NULL) == INGOT_OK &&
            size_bytes >= BOOT_ID_CHARS)
                (void)snprintf(out, BOOT_ID_CHARS + 1, "%s", text);
}

static enum ingot_code join(const char *folder, const char *name, char **ret_path, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        enum ingot_code r;

        buffer_appendf(&path, "%s/%s", folder, name);
        r = buffer_check(&path, err);
        if (r)
                return r;
        *ret_path = buffer_take(&path);
        return *ret_path ? INGOT_OK : ingot_fail_memory(err, strlen(folder));
}

static enum ingot_code make_folder(const char *folder, struct ingot_error *err)
{
        OWNED(heap_drop) char *parent = strdup(folder);
        char *slash = parent ? strrchr(parent, '/') : NULL;
        enum ingot_code r = INGOT_OK;

        if (!parent)
                return ingot_fail_memory(err, strlen(folder));
        if (slash && slash != parent) {
                *slash = '\0';
                r = fd_make_folders(parent, err);
        }
        if (!r && mkdir(folder, 0700) != 0 && errno != EEXIST)
                r = ingot_fail_errno(err, "making folder '%s'", folder);
        return r;
}

enum ingot_code region_store_new(const char *folder, bool is_new_allowed, const struct clock *clock,
                                 struct region_store **ret_store, struct ingot_error *err)
{
        OWNED(region_store_drop) struct region_store *store = calloc(1, sizeof(*store));
        OWNED(heap_drop) char *catalogue_path = NULL;
        OWNED(heap_drop) char *blocks_path = NULL;
        struct stat status;
        enum ingot_code r;

        if (!store)
                return ingot_fail_memory(err, sizeof(*store));
        store->clock = clock;
        store->folder = strdup(folder);
        if (!store->folder)
                return ingot_fail_memory(err, strlen(folder));
        r = join(folder, "catalogue.db", &catalogue_path, err);
        if (!r)
                r = join(folder, "blocks", &blocks_path, err);
        if (!r)
                r = join(folder, "credentials", &store->credentials_path, err);
        if (!r && !is_new_allowed && stat(catalogue_path, &status) != 0)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no region in '%s'", folder);
        if (!r && is_new_allowed)
                r = make_folder(folder, err);
        if (!r)
                r = catalogue_new(catalogue_path, &store->catalogue, err);
        if (!r)
                r = block_store_new(blocks_path, clock, &store->blocks, err);
        if (!r)
                r = settle_keys(store, err);
        if (!r)
                r = write_credentials(store, err);
        if (r)
                return r;
        read_boot_id(store->boot_id);
        *ret_store = TAKE(store);
        return INGOT_OK;
}

void region_store_free(struct region_store *store)
{
        if (!store)
                return;
        import_jobs_free(store->imports);
        block_store_free(store->blocks);
        catalogue_free(store->catalogue);
        free(store->credentials_path);
        free(store->folder);
        explicit_bzero(store->secret_access_key, sizeof(store->secret_access_key));
        free(store);
}

void region_store_drop(struct region_store **store)
{
        region_store_free(*store);
        *store = NULL;
}

void region_store_log(const struct region_store *store, const char *format, ...)
{
        char line[1024];
        va_list args;

        if (!store->log)
                return;
        va_start(args, format);
        (void)vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        store->log(store->log_context, line);
}
