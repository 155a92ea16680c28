/* Build tool: writes files as C arrays. usage: embed OUT.c HEADER NAME FILE [NAME FILE]... */
#include <stdio.h>
#include <stdlib.h>

static void embed(FILE *out, const char *name, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        exit(1);
    }
    fprintf(out, "const char %s[] = {", name);
    size_t n = 0;
    for (int c; (c = getc(in)) != EOF; n++)
        fprintf(out, "%s%d,", n % 24 ? "" : "\n    ", c > 127 ? c - 256 : c);
    fprintf(out, "0};\nconst size_t %s_len = %zu;\n", name, n);
    fclose(in);
}

int main(int argc, char **argv)
{
    if (argc < 5 || argc % 2 == 0)
        return 2;
    FILE *out = fopen(argv[1], "wb");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "#include \"%s\"\n", argv[2]);
    for (int i = 3; i < argc; i += 2)
        embed(out, argv[i], argv[i + 1]);
    return fclose(out) == 0 ? 0 : 1;
}
