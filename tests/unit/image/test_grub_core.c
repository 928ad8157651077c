/* SPDX-License-Identifier: Apache-2.0 */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/digest.h"
#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "support/grub_folder.h"
#include "support/scratch.h"

static const char *const debian_modules[] = { "biosdisk", "part_gpt",       "ext2",   "search",
                                              "normal",   "search_fs_uuid", "serial", "configfile",
                                              "linux",    "test",           "echo",   "ls" };
static const char early_config[] = "search.fs_uuid 01234567-89ab-cdef-0123-456789abcdef root\n"
                                   "set prefix=($root)/boot/grub\n";

/* Decompresses the core's LZMA stream; the decompressor has decompressor_bytes. */
static uint8_t *unpack(const uint8_t *core, size_t core_bytes, size_t decompressor_bytes, size_t *ret_bytes)
{
        lzma_options_lzma options = { .dict_size = 1U << 16, .lc = 3, .lp = 0, .pb = 2 };
        lzma_filter filters[] = { { .id = LZMA_FILTER_LZMA1EXT, .options = &options },
                                  { .id = LZMA_VLI_UNKNOWN } };
        size_t lzma_bytes = get_le32(core + 512 + 8), payload_bytes = get_le32(core + 512 + 12);
        size_t in_bytes = 0, out_bytes = 0;
        uint8_t *payload = malloc(payload_bytes);

        assert_non_null(payload);
        assert_int_equal(512 + decompressor_bytes + lzma_bytes, core_bytes);
        assert_int_equal(get_le16(core + 0x1FC), (core_bytes - 512 + 511) / 512);
        lzma_set_ext_size(options, payload_bytes);
        assert_int_equal(lzma_raw_buffer_decode(filters, NULL, core + 512 + decompressor_bytes, &in_bytes,
                                                lzma_bytes, payload, &out_bytes, payload_bytes),
                         LZMA_OK);
        assert_int_equal(out_bytes, payload_bytes);
        *ret_bytes = payload_bytes;
        return payload;
}

struct made {
        uint8_t kernel[GRUB_MADE_KERNEL_BYTES], diskboot[512], decompressor[600];
        struct grub_made_file files[8];
};

static void make_files(struct made *made)
{
        static const char moddep[] = "one: two\ntwo:\n";

        memset(made, 0, sizeof(*made));
        grub_made_kernel(made->kernel);
        grub_made_diskboot(made->diskboot);
        made->files[0] = (struct grub_made_file){ "kernel.img", made->kernel, sizeof(made->kernel) };
        made->files[1] = (struct grub_made_file){ "diskboot.img", made->diskboot, sizeof(made->diskboot) };
        made->files[2] = (struct grub_made_file){ "lzma_decompress.img", made->decompressor,
                                                  sizeof(made->decompressor) };
        made->files[3] = (struct grub_made_file){ "moddep.lst", moddep, sizeof(moddep) - 1 };
        made->files[4] = (struct grub_made_file){ "one.mod", "ONE", 3 };
        made->files[5] = (struct grub_made_file){ "two.mod", "TWO!", 4 };
}

static struct grub_core_request request_of(const struct made *made)
{
        static const char *const wanted[] = { "one" };

        return (struct grub_core_request){ .files = grub_made_files(made->files),
                                           .modules = wanted,
                                           .module_count = 1,
                                           .early_config = "abc",
                                           .prefix = "/p" };
}

static void payload_is_kernel_info_modules_config_prefix(void **state) /* rules 1 and 2 */
{
        static const char expected[] = "text of a kernel"
                                       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                       "its data"
                                       "mimg\x0c\0\0\0\x48\0\0\0"
                                       "\0\0\0\0\x0c\0\0\0TWO!"
                                       "\0\0\0\0\x0c\0\0\0ONE\0"
                                       "\x02\0\0\0\x0c\0\0\0"
                                       "abc\0"
                                       "\x03\0\0\0\x0c\0\0\0/p\0";
        struct made made;
        struct grub_core_request request;
        OWNED(heap_drop) uint8_t *payload = NULL;
        size_t payload_bytes;

        (void)state;
        make_files(&made);
        request = request_of(&made);
        assert_int_equal(grub_core_payload(&request, &payload, &payload_bytes, NULL), INGOT_OK);
        assert_int_equal(get_le32(payload + 40 + 8), payload_bytes - 40);
        put_le32(payload + 40 + 8, 0x48);
        assert_int_equal(payload_bytes, sizeof(expected));
        assert_memory_equal(payload, expected, payload_bytes);
}

static void the_core_unpacks_to_its_payload(void **state)
{
        struct made made;
        struct grub_core_request request;
        OWNED(heap_drop) uint8_t *payload = NULL;
        OWNED(heap_drop) uint8_t *core = NULL;
        OWNED(heap_drop) uint8_t *unpacked = NULL;
        size_t payload_bytes, core_bytes, unpacked_bytes;

        (void)state;
        make_files(&made);
        request = request_of(&made);
        assert_int_equal(grub_core_payload(&request, &payload, &payload_bytes, NULL), INGOT_OK);
        assert_int_equal(grub_core_build(&request, &core, &core_bytes, NULL), INGOT_OK);
        unpacked = unpack(core, core_bytes, sizeof(made.decompressor), &unpacked_bytes);
        assert_int_equal(unpacked_bytes, payload_bytes);
        assert_memory_equal(unpacked, payload, payload_bytes);
}

static void the_stream_is_the_same_for_every_liblzma(void **state) /* rule 3 */
{
        /* Digest of the core of the files made up here and 200 KiB of noise and text; liblzma 5.4.1 and 5.8.1
         * both make it. */
        static const char expected[] = "67889553cd13f51e4e0f600309896827d918f5468c9970971bce5327fc18420f";
        struct made made;
        struct grub_core_request request;
        OWNED(heap_drop) uint8_t *module = malloc(200 << 10);
        OWNED(heap_drop) uint8_t *core = NULL;
        struct digest digest;
        char hex[DIGEST_HEX_CHARS + 1];
        size_t core_bytes;
        uint32_t noise = 1;

        (void)state;
        assert_non_null(module);
        for (size_t i = 0; i < (200 << 10); i++) {
                noise = noise * 1664525 + 1013904223;
                module[i] = i % 4096 < 1024     ? (uint8_t)(noise >> 24)
                            : (noise >> 29) < 3 ? module[i - 1 - (noise >> 8) % 1000]
                                                : (uint8_t)("the quick brown fox "[i % 20]);
        }
        make_files(&made);
        made.files[4].bytes = module;
        made.files[4].size_bytes = 200 << 10;
        request = request_of(&made);
        assert_int_equal(grub_core_build(&request, &core, &core_bytes, NULL), INGOT_OK);
        assert_int_equal(digest_of(core, core_bytes, &digest, NULL), INGOT_OK);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        assert_string_equal(hex, expected);
}

static void bad_files_are_refused(void **state) /* rule 4 */
{
        static const struct {
                const char *name;
                unsigned file;
                size_t at;
                uint8_t value;
                enum ingot_code code;
        } rows[] = {
                { "no ELF", 0, 0, 0, INGOT_E_FORMAT },
                { "another machine", 0, 18, 62, INGOT_E_FORMAT },
                { "section headers past the end", 0, 33, 2, INGOT_E_FORMAT },
                { "too many section headers", 0, 48, 11, INGOT_E_FORMAT },
                { "a section below the link address", 0, 168 + 13, 0x8F, INGOT_E_FORMAT },
                { "a section past low memory", 0, 208 + 14, 0x10, INGOT_E_FORMAT },
                { "a section past the file", 0, 168 + 17, 2, INGOT_E_FORMAT },
                { "another diskboot", 1, 0x1FF, 0, INGOT_E_FORMAT },
        };
        uint8_t *core;
        size_t core_bytes;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct made made;
                struct grub_core_request request;

                make_files(&made);
                (rows[i].file == 0 ? made.kernel : made.diskboot)[rows[i].at] = rows[i].value;
                request = request_of(&made);
                if (grub_core_build(&request, &core, &core_bytes, NULL) != rows[i].code)
                        fail_msg("%s", rows[i].name);
        }
}

static void a_missing_module_is_named(void **state)
{
        struct made made;
        struct grub_core_request request;
        struct ingot_error err;
        uint8_t *core;
        size_t core_bytes;

        (void)state;
        make_files(&made);
        made.files[5].name = NULL;
        request = request_of(&made);
        assert_int_equal(grub_core_build(&request, &core, &core_bytes, &err), INGOT_E_NOT_FOUND);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "two.mod"));
}

static void a_core_past_real_mode_is_refused(void **state)
{
        struct made made;
        struct grub_core_request request;
        OWNED(heap_drop) uint8_t *module = malloc(1 << 20);
        uint8_t *core;
        size_t core_bytes;
        uint64_t noise = 1;

        (void)state;
        assert_non_null(module);
        for (size_t i = 0; i < 1 << 20; i++) {
                noise = noise * 6364136223846793005U + 1442695040888963407U;
                module[i] = (uint8_t)(noise >> 56);
        }
        make_files(&made);
        made.files[4].bytes = module;
        made.files[4].size_bytes = 1 << 20;
        request = request_of(&made);
        assert_int_equal(grub_core_build(&request, &core, &core_bytes, NULL), INGOT_E_LAYOUT);
}

static void grub_mkimage_lays_out_the_same(void **state) /* rule 1 */
{
        const char *folder = grub_folder_of_host();
        const char *theirs_path = scratch_path(state, "core.img"),
                   *config_path = scratch_path(state, "early.cfg");
        const char *argv[32] = { "grub-mkimage", "-O", "i386-pc",    "-d", folder,     "-c",
                                 config_path,    "-p", "/boot/grub", "-o", theirs_path };
        struct grub_core_request request = { .modules = debian_modules,
                                             .module_count =
                                                     sizeof(debian_modules) / sizeof(debian_modules[0]),
                                             .early_config = early_config,
                                             .prefix = "/boot/grub" };
        OWNED(heap_drop) char *theirs = NULL;
        OWNED(heap_drop) uint8_t *ours = NULL;
        OWNED(heap_drop) uint8_t *their_payload = NULL;
        OWNED(heap_drop) uint8_t *our_payload = NULL;
        OWNED(heap_drop) char *decompressor = NULL;
        size_t their_bytes, our_bytes, their_payload_bytes, our_payload_bytes, decompressor_bytes;

        if (!folder || !scratch_has_program("grub-mkimage")) {
                print_message(
                        "grub-mkimage or GRUB's i386-pc folder is not installed: nobody judges the core\n");
                skip();
        }
        for (size_t i = 0; i < request.module_count; i++)
                argv[11 + i] = debian_modules[i];
        assert_int_equal(fd_replace_file(config_path, early_config, strlen(early_config), 0600, NULL),
                         INGOT_OK);
        assert_int_equal(scratch_run(state, argv), 0);
        assert_int_equal(fd_read_file(theirs_path, 1 << 20, &theirs, &their_bytes, NULL), INGOT_OK);
        request.files = grub_folder_files(folder);
        assert_int_equal(request.files.read(request.files.context, "lzma_decompress.img", 1 << 20,
                                            (uint8_t **)&decompressor, &decompressor_bytes, NULL),
                         INGOT_OK);
        assert_int_equal(grub_core_build(&request, &ours, &our_bytes, NULL), INGOT_OK);
        our_payload = unpack(ours, our_bytes, decompressor_bytes, &our_payload_bytes);
        their_payload = unpack((uint8_t *)theirs, their_bytes, decompressor_bytes, &their_payload_bytes);
        assert_int_equal(our_payload_bytes, their_payload_bytes);
        assert_memory_equal(our_payload, their_payload, our_payload_bytes);
        /* But for the size of the stream, which is by another encoder, and the sectors that it takes. */
        put_le32(ours + 512 + 8, get_le32((uint8_t *)theirs + 512 + 8));
        put_le16(ours + 0x1FC, get_le16((uint8_t *)theirs + 0x1FC));
        assert_memory_equal(ours, theirs, 512 + decompressor_bytes);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(payload_is_kernel_info_modules_config_prefix),
                cmocka_unit_test(the_core_unpacks_to_its_payload),
                cmocka_unit_test(the_stream_is_the_same_for_every_liblzma),
                cmocka_unit_test(bad_files_are_refused),
                cmocka_unit_test(a_missing_module_is_named),
                cmocka_unit_test(a_core_past_real_mode_is_refused),
                cmocka_unit_test_setup_teardown(grub_mkimage_lays_out_the_same, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
