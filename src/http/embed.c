/* Build tool: turns a folder of built web files into a C table of struct http_file and one file of bytes beside it,
 * which the table takes in by .incbin. Each text file is stored plain, gzipped and as brotli. Usage: embed DIR OUT.c
 * OUT.bin. It writes only when the content has changed, so that it may run on every build; without DIR the table is
 * empty. */
#include <brotli/encode.h>
#include <dirent.h>
#include <errno.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct bytes {
    uint8_t *ptr;
    size_t len;
};
struct file {
    char *path; /* "/assets/index-abc.js" */
    const char *type;
    struct bytes plain, gzip, brotli;
    uint64_t hash;
};
static struct file *files;
static size_t n_files;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "embed: %s %s: %s\n", what, name, strerror(errno));
    exit(1);
}

static void *need(void *p)
{
    if (!p)
        die("out of", "memory");
    return p;
}

static uint64_t fnv(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    return h;
}
#define FNV_START UINT64_C(0xcbf29ce484222325)

static struct bytes read_all(const char *name)
{
    struct bytes b = {0};
    FILE *f = fopen(name, "rb");
    if (!f)
        return b;
    size_t cap = 1 << 16, got;
    b.ptr = need(malloc(cap));
    while ((got = fread(b.ptr + b.len, 1, cap - b.len, f)) > 0) {
        b.len += got;
        if (b.len == cap)
            b.ptr = need(realloc(b.ptr, cap *= 2));
    }
    if (ferror(f))
        die("cannot read", name);
    fclose(f);
    return b;
}

static const struct {
    const char *ending, *type;
    int text;
} types[] = {
    {".html", "text/html; charset=utf-8", 1},
    {".js", "text/javascript; charset=utf-8", 1},
    {".mjs", "text/javascript; charset=utf-8", 1},
    {".css", "text/css; charset=utf-8", 1},
    {".json", "application/json", 1},
    {".webmanifest", "application/manifest+json", 1},
    {".svg", "image/svg+xml", 1},
    {".txt", "text/plain; charset=utf-8", 1},
    {".xml", "application/xml", 1},
    {".wasm", "application/wasm", 1},
    {".ico", "image/x-icon", 1},
    {".png", "image/png", 0},
    {".jpg", "image/jpeg", 0},
    {".webp", "image/webp", 0},
    {".avif", "image/avif", 0},
    {".gif", "image/gif", 0},
    {".woff2", "font/woff2", 0},
    {".woff", "font/woff", 0},
    {".ttf", "font/ttf", 1},
};

static int type_of(struct file *f)
{
    const char *dot = strrchr(f->path, '.');
    f->type = "application/octet-stream";
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++) {
        if (strcmp(dot, types[i].ending) == 0) {
            f->type = types[i].type;
            return types[i].text;
        }
    }
    return 0;
}

static void add_file(const char *name, const char *path)
{
    files = need(realloc(files, (n_files + 1) * sizeof *files));
    struct file *f = &files[n_files++];
    *f = (struct file){.path = need(strdup(path)), .plain = read_all(name)};
    if (!f->plain.ptr)
        die("cannot read", name);
    f->hash = fnv(FNV_START, f->plain.ptr, f->plain.len);
}

static void scan(const char *dir, const char *path)
{
    DIR *d = opendir(dir);
    if (!d) {
        if (errno == ENOENT && !*path)
            return; /* nothing has been built yet */
        die("cannot open", dir);
    }
    for (struct dirent *e; (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] == '.' || (len > 4 && strcmp(e->d_name + len - 4, ".map") == 0))
            continue;
        char name[4096], sub[4096];
        struct stat st;
        if (snprintf(name, sizeof name, "%s/%s", dir, e->d_name) >= (int)sizeof name ||
            snprintf(sub, sizeof sub, "%s/%s", path, e->d_name) >= (int)sizeof sub)
            continue;
        if (stat(name, &st) != 0)
            die("cannot look at", name);
        if (S_ISDIR(st.st_mode))
            scan(name, sub);
        else if (S_ISREG(st.st_mode))
            add_file(name, sub);
    }
    closedir(d);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

/* Worth keeping only when it saves a tenth. */
static struct bytes keep(struct bytes small, struct bytes plain)
{
    if (small.len && small.len < plain.len - plain.len / 10)
        return small;
    free(small.ptr);
    return (struct bytes){0};
}

static void compress_file(struct file *f)
{
    if (!type_of(f) || f->plain.len < 256)
        return;
    struct libdeflate_compressor *c = need(libdeflate_alloc_compressor(12));
    size_t room = libdeflate_gzip_compress_bound(c, f->plain.len);
    struct bytes gz = {need(malloc(room)), 0};
    gz.len = libdeflate_gzip_compress(c, f->plain.ptr, f->plain.len, gz.ptr, room);
    libdeflate_free_compressor(c);
    f->gzip = keep(gz, f->plain);
    struct bytes br = {need(malloc(room + 1024)), room + 1024};
    if (!BrotliEncoderCompress(11, BROTLI_MAX_WINDOW_BITS, BROTLI_MODE_TEXT, f->plain.len, f->plain.ptr, &br.len,
                               br.ptr))
        br.len = 0;                 /* NOLINT(clang-analyzer-unix.Malloc): as below */
    f->brotli = keep(br, f->plain); /* NOLINT(clang-analyzer-unix.Malloc): the table of files lives to the end */
}

static void put(FILE *out, struct bytes b, size_t *at)
{
    if (b.len && fwrite(b.ptr, 1, b.len, out) != b.len)
        die("cannot", "write");
    *at += b.len;
}

static void row_part(FILE *c, const char *name, struct bytes b, size_t *at)
{
    if (b.ptr)
        fprintf(c, ", .%s = {web_bytes + %zu, %zu}", name, *at, b.len);
}

static void write_out(const char *c_name, const char *bin_name, uint64_t print)
{
    FILE *c = fopen(c_name, "w"), *bin = fopen(bin_name, "wb");
    if (!c || !bin)
        die("cannot write", c ? bin_name : c_name);
    fprintf(c, "/* %016llx, made by embed */\n#include \"http/web_files.h\"\n", (unsigned long long)print);
    fprintf(c,
            "extern const char web_bytes[];\n"
            "__asm__(\".pushsection .rodata\\n.balign 16\\n.global web_bytes\\nweb_bytes:\\n"
            ".incbin \\\"%s\\\"\\n.byte 0\\n.popsection\");\n",
            bin_name);
    fprintf(c, "const size_t web_files_n = %zu;\nconst struct http_file web_files[] = {\n", n_files);
    size_t at = 0;
    for (size_t i = 0; i < n_files; i++) {
        struct file *f = &files[i];
        fprintf(c, "    {.path = \"%s\", .type = \"%s\", .etag = \"\\\"%016llx\\\"\", .immutable = %s", f->path,
                f->type, (unsigned long long)f->hash, strncmp(f->path, "/assets/", 8) == 0 ? "true" : "false");
        row_part(c, "plain", f->plain, &at);
        put(bin, f->plain, &at);
        row_part(c, "gzip", f->gzip, &at);
        put(bin, f->gzip, &at);
        row_part(c, "brotli", f->brotli, &at);
        put(bin, f->brotli, &at);
        fprintf(c, "},\n");
    }
    if (n_files == 0)
        fprintf(c, "    {0},\n");
    fprintf(c, "};\n");
    if (fclose(bin) != 0 || fclose(c) != 0)
        die("cannot write", c_name);
}

static int unchanged(const char *c_name, const char *bin_name, uint64_t print)
{
    char want[32], got[32] = "";
    struct stat st;
    snprintf(want, sizeof want, "/* %016llx,", (unsigned long long)print);
    FILE *f = stat(bin_name, &st) == 0 ? fopen(c_name, "r") : NULL;
    if (!f)
        return 0;
    size_t n = fread(got, 1, strlen(want), f);
    fclose(f);
    return n == strlen(want) && memcmp(want, got, n) == 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: embed DIR OUT.c OUT.bin\n");
        return 2;
    }
    char bin[4096];
    FILE *touch = fopen(argv[3], "ab"); /* so that its full name can be told */
    if (!touch || !realpath(argv[3], bin))
        die("cannot write", argv[3]);
    fclose(touch);
    scan(argv[1], "");
    if (n_files)
        qsort(files, n_files, sizeof *files, by_path);
    uint64_t print = fnv(FNV_START, bin, strlen(bin));
    for (size_t i = 0; i < n_files; i++) {
        print = fnv(print, files[i].path, strlen(files[i].path) + 1);
        print = fnv(print, &files[i].hash, sizeof files[i].hash);
    }
    if (unchanged(argv[2], bin, print))
        return 0;
    for (size_t i = 0; i < n_files; i++)
        compress_file(&files[i]);
    write_out(argv[2], bin, print);
    return 0;
}
