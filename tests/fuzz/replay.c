/*
 * Runs a fuzz target over every file of the folders given, each from a buffer of its exact size,
 * and over every prefix of it. Fails when a folder has no file: then nothing would have been
 * tested.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1 << 16)

static void
run_exact(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int
run_file(const char *path)
{
    static uint8_t data[FILE_MAX];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    (void)fclose(file);
    for (size_t prefix = 0; prefix <= size; prefix++) {
        run_exact(data, prefix);
    }
    return 0;
}

static int
run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        perror(folder);
        return -1;
    }
    size_t files = 0;
    int rc = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        rc |= run_file(path);
        files++;
    }
    (void)closedir(dir);
    (void)printf("%s: %zu files\n", folder, files);
    return files == 0 ? -1 : rc;
}

int
main(int argc, char **argv)
{
    int rc = argc > 1 ? 0 : -1;
    for (int i = 1; i < argc; i++) {
        rc |= run_folder(argv[i]);
    }
    return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
