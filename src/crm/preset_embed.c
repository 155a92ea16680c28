/* Build tool: writes the preset files as C arrays. usage: preset_embed OUT.c IN.json... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static long embed(FILE *out, const char *path, int number)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    fprintf(out, "static const char file_%d[] = {", number);
    long n = 0;
    for (int c; (c = getc(in)) != EOF; n++)
        fprintf(out, "%s%d,", n % 24 ? "" : "\n    ", c > 127 ? c - 256 : c);
    fprintf(out, "\n};\n");
    fclose(in);
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 66)
        return 2;
    FILE *out = fopen(argv[1], "wb");
    if (!out) {
        perror(argv[1]);
        return 1;
    }
    long size[64];
    fprintf(out, "#include \"crm/preset_data.h\"\n");
    for (int i = 2; i < argc; i++)
        size[i - 2] = embed(out, argv[i], i);
    fprintf(out, "const struct preset_file preset_files[] = {\n");
    for (int i = 2; i < argc; i++)
        fprintf(out, "    {\"%s\", {file_%d, %ld}},\n", base_name(argv[i]), i, size[i - 2]);
    fprintf(out, "};\nconst size_t preset_files_n = %d;\n", argc - 2);
    return fclose(out) == 0 ? 0 : 1;
}
